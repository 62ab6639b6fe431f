"use strict";
const $ = (id) => document.getElementById(id);
const items = [];
const rest = JSON.parse($("rest").textContent); // files with the items that are not on the page itself
const lost = []; // those that can't be loaded
const STEP = 120; // items added to the page at once
let shown = [];
let at = -1;
let drawn = 0;

const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const tallies = { category: new Map(), flaw: new Map() };
function tally(select, value) {
  const seen = tallies[select].get(value) || { count: 0 };
  if (!seen.count) {
    seen.option = Object.assign(document.createElement("option"), { value });
    $(select).append(seen.option);
    tallies[select].set(value, seen);
  }
  seen.count += 1;
}

// Takes items onto the page: its own first, then those of each file beside it. Where nothing is searched or sorted they
// are only more of the same; else all are chosen from anew, once the details are closed.
function take(found) {
  for (const item of found) {
    item.text = folded([item.name, item.category, item.description, item.prompt, item.id].join(" "));
    tally("category", item.category);
    for (const flaw of item.flaws) tally("flaw", flaw.kind);
    items.push(item);
  }
  for (const select of Object.keys(tallies))
    for (const [value, seen] of tallies[select]) seen.option.textContent = `${value} (${seen.count})`;
  const plain = !$("search").value && !$("category").value && !$("flaw").value && $("sort").value === "order";
  if (plain && drawn) {
    shown.push(...found);
    count();
  } else if ($("details").open) $("details").addEventListener("close", choose, { once: true });
  else choose();
}

// The files are scripts, since a page that was opened from a disk may load no others.
function load() {
  const name = rest.shift();
  if (!name) return;
  const script = Object.assign(document.createElement("script"), { src: name });
  script.addEventListener("load", () => { script.remove(); load(); });
  script.addEventListener("error", () => { lost.push(name); count(); load(); });
  document.head.append(script);
}

const ORDERS = {
  order: (a, b) => a.place - b.place,
  name: (a, b) => a.name.localeCompare(b.name),
  category: (a, b) => a.category.localeCompare(b.category) || a.place - b.place,
  worst: (a, b) => a.quality - b.quality || a.place - b.place,
  best: (a, b) => b.quality - a.quality || a.place - b.place,
};

function choose() {
  const words = folded($("search").value).split(/\s+/).filter(Boolean);
  const category = $("category").value, flaw = $("flaw").value;
  shown = items.filter((item) =>
    (!category || item.category === category) &&
    (!flaw || (flaw === "*" ? item.flaws.length : item.flaws.some((one) => one.kind === flaw)) ||
      (window.fits && window.fits(item, flaw))) &&
    words.every((word) => item.text.includes(word)));
  shown.sort(ORDERS[$("sort").value]);
  $("grid").replaceChildren();
  drawn = 0;
  more();
  count();
}

function count() {
  const without = lost.length ? `, without those in ${lost.join(", ")}` : "";
  $("count").textContent = `${shown.length} of ${items.length} items${without}`;
  $("none").hidden = shown.length > 0;
}

function picture(item) {
  if (!item.thumb) return Object.assign(document.createElement("span"), { className: "empty", textContent: "no picture" });
  return Object.assign(document.createElement("img"), {
    src: item.thumb, alt: "", loading: "lazy", decoding: "async", width: 256, height: 256 });
}

function card(item, index) {
  const line = document.createElement("li");
  const button = Object.assign(document.createElement("button"), { type: "button", className: "item" });
  const title = Object.assign(document.createElement("span"), { className: "title", textContent: item.name });
  const sub = Object.assign(document.createElement("span"), { className: "sub", textContent: `${item.category} · quality ${item.quality}` });
  button.append(picture(item), title, sub);
  if (item.flaws.length) sub.append(Object.assign(document.createElement("span"), {
    className: "flawed", textContent: `⚠ ${item.flaws.length === 1 ? item.flaws[0].kind : item.flaws.length + " flaws"}`, style: "padding:0" }));
  if (window.decorate) window.decorate(item, button, sub);
  button.addEventListener("click", () => open(index));
  line.append(button);
  return line;
}

function more() {
  const part = document.createDocumentFragment();
  const end = Math.min(drawn + STEP, shown.length);
  for (; drawn < end; drawn += 1) part.append(card(shown[drawn], drawn));
  $("grid").append(part);
}

function open(index) {
  if (index < 0 || index >= shown.length) return;
  while (drawn <= index && drawn < shown.length) more();
  at = index;
  const item = shown[index];
  $("name").textContent = item.name;
  $("where").textContent = `${item.category} · ${item.id}`;
  $("description").textContent = item.description;
  $("prompt").textContent = item.prompt || "(none)";
  $("place").textContent = `${index + 1} of ${shown.length}`;
  $("picture").src = item.image || "";
  $("picture").hidden = !item.image;
  $("picture").alt = item.image ? `Picture of ${item.name}` : "";
  item.image ? ($("full").href = item.image) : $("full").removeAttribute("href");
  const parts = [["in all", item.quality], ...Object.entries(item.parts)];
  $("parts").replaceChildren(...parts.flatMap(([name, value]) => [
    Object.assign(document.createElement("dt"), { textContent: name }),
    Object.assign(document.createElement("dd"), { textContent: `${value} of 100` })]));
  if (item.grade !== undefined) $("parts").append(
    Object.assign(document.createElement("dt"), { textContent: "the model's grade" }),
    Object.assign(document.createElement("dd"), { textContent: `${item.grade} of 100: ${item.reason}` }));
  $("flaws").replaceChildren(...item.flaws.map((flaw) => Object.assign(document.createElement("li"), { textContent: flaw.text })));
  $("previous").disabled = index === 0;
  $("next").disabled = index === shown.length - 1;
  if (window.opened) window.opened(item);
  if (!$("details").open) $("details").showModal();
  document.querySelector(".body").scrollTop = 0;
}

const typing = (event) => event.target.matches("input, textarea, select");
$("previous").addEventListener("click", () => open(at - 1));
$("next").addEventListener("click", () => open(at + 1));
$("close").addEventListener("click", () => $("details").close());
$("details").addEventListener("close", () => { const card = $("grid").children[at]; if (card) card.firstChild.focus(); });
$("details").addEventListener("click", (event) => { if (event.target === $("details")) $("details").close(); });
document.addEventListener("keydown", (event) => {
  if (typing(event) || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/" && !$("details").open) { event.preventDefault(); $("search").focus(); }
  if ($("details").open && event.key === "ArrowLeft") open(at - 1);
  if ($("details").open && event.key === "ArrowRight") open(at + 1);
});
let waiting = 0;
$("search").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(choose, 80); });
for (const id of ["category", "flaw", "sort"]) $(id).addEventListener("change", choose);
$("tools").addEventListener("submit", (event) => event.preventDefault());
new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting)) more(); }, { rootMargin: "1200px" }).observe(
  document.querySelector("main").appendChild(Object.assign(document.createElement("div"), { ariaHidden: "true" })));
take(JSON.parse($("data").textContent));
load();
