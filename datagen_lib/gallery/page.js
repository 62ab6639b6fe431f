"use strict";
const $ = (id) => document.getElementById(id);
const items = JSON.parse($("data").textContent);
const STEP = 120; // items added to the page at once
let shown = items.slice();
let at = -1;
let drawn = 0;

const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
for (const item of items) item.text = folded([item.name, item.category, item.description, item.prompt, item.id].join(" "));

const option = (select, value, text) => select.append(Object.assign(document.createElement("option"), { value, textContent: text }));
const tally = (values) => values.reduce((map, value) => map.set(value, (map.get(value) || 0) + 1), new Map());
for (const [name, count] of tally(items.map((item) => item.category))) option($("category"), name, `${name} (${count})`);
for (const [flaw, count] of tally(items.flatMap((item) => item.flaws.map((one) => one.kind)))) option($("flaw"), flaw, `${flaw} (${count})`);

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
    (!flaw || (flaw === "*" ? item.flaws.length : item.flaws.some((one) => one.kind === flaw))) &&
    words.every((word) => item.text.includes(word)));
  shown.sort(ORDERS[$("sort").value]);
  $("grid").replaceChildren();
  drawn = 0;
  more();
  $("count").textContent = `${shown.length} of ${items.length} items`;
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
choose();
