let current = null;
const WORDS = { approved: "✓ approved", rejected: "✗ rejected", waiting: "… waiting" };
const stateOf = (item) => (window.review.states[item.id] || {}).review || "waiting";

window.decorate = (item, button, sub) => {
  const badge = document.createElement("span");
  badge.className = "badge";
  badge.id = `badge-${item.id}`;
  badge.textContent = WORDS[stateOf(item)];
  sub.append(document.createElement("br"), badge);
};

window.opened = (item) => {
  current = item;
  const known = window.review.states[item.id];
  document.getElementById("state").textContent = WORDS[stateOf(item)];
  document.getElementById("edit-name").value = item.name;
  document.getElementById("edit-description").value = item.description;
  document.getElementById("edit-prompt").value = item.asked || item.prompt;
  document.getElementById("problem").textContent = "";
  document.getElementById("choice").hidden = !known.candidate;
  if (known.candidate) document.getElementById("other").src = `candidates/${item.id}.png?${Date.now()}`;
};

async function act(action, values) {
  const problem = document.getElementById("problem");
  problem.textContent = action === "repicture" ? "The picture is being made…" : "";
  const item = current;
  let answer, body;
  try {
    answer = await fetch(`/${action}`, { method: "POST", headers: { "X-Review-Key": window.review.key, "Content-Type": "application/json" },
      body: JSON.stringify({ id: item.id, ...values }) });
    body = await answer.json();
  } catch (error) {
    problem.textContent = "The review's command does not answer. Is it still running?";
    return false;
  }
  if (!answer.ok) { problem.textContent = body.error; return false; }
  Object.assign(window.review.states[item.id], { review: body.review, candidate: body.candidate });
  Object.assign(item, { name: body.name, description: body.description, prompt: body.prompt });
  const badge = document.getElementById(`badge-${item.id}`);
  if (badge) badge.textContent = WORDS[body.review];
  tell(body.counts);
  problem.textContent = "";
  return true;
}

function tell(counts) {
  document.getElementById("facts").textContent =
    `${counts.approved} approved, ${counts.rejected} rejected, ${counts.waiting} waiting. In an item: A approves, R rejects, E edits, arrows move.`;
  document.getElementById("begin").disabled = counts.waiting === 0;
}

// The items in this state: a review goes on with those that wait.
window.fits = (item, choice) => choice === `review:${stateOf(item)}`;

function begin() {
  document.getElementById("flaw").value = "review:waiting";
  choose();
  open(0);
}

async function decide(state) {
  if (!await act("decide", { state })) return;
  open(state === "waiting" || at + 1 >= shown.length ? at : at + 1);
  if (document.getElementById("begin").disabled) document.getElementById("problem").textContent = "Nothing waits any more.";
}

document.addEventListener("DOMContentLoaded", () => {
  for (const state of Object.keys(WORDS))
    document.getElementById("flaw").append(Object.assign(document.createElement("option"), { value: `review:${state}`, textContent: WORDS[state] }));
  const button = Object.assign(document.createElement("button"), { type: "button", id: "begin", textContent: "Review what waits (W)" });
  button.setAttribute("aria-keyshortcuts", "w");
  button.addEventListener("click", begin);
  document.getElementById("tools").append(button);
  const states = Object.values(window.review.states).map((one) => one.review);
  tell(Object.fromEntries(["approved", "rejected", "waiting"].map((state) => [state, states.filter((one) => one === state).length])));
});
document.getElementById("approve").addEventListener("click", () => decide("approved"));
document.getElementById("reject").addEventListener("click", () => decide("rejected"));
document.getElementById("undo").addEventListener("click", () => decide("waiting"));
document.getElementById("change").addEventListener("click", () => {
  const editor = document.getElementById("editor");
  editor.hidden = !editor.hidden;
  if (!editor.hidden) document.getElementById("edit-name").focus();
});
document.getElementById("editor").addEventListener("submit", async (event) => {
  event.preventDefault();
  const values = { name: document.getElementById("edit-name").value, description: document.getElementById("edit-description").value };
  if (await act("edit", values)) open(at);
});
document.getElementById("again").addEventListener("click", async () => {
  current.asked = document.getElementById("edit-prompt").value;
  if (await act("repicture", { prompt: current.asked })) open(at);
});
document.getElementById("take").addEventListener("click", async () => {
  if (await act("choose", { new: true })) {
    current.image = `images/${current.id}.png?${Date.now()}`;
    open(at);
  }
});
document.getElementById("leave").addEventListener("click", async () => { if (await act("choose", { new: false })) open(at); });
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea, select")) return;
  if (!document.getElementById("details").open) {
    if (event.key.toLowerCase() === "w") begin();
    return;
  }
  const keys = { a: () => decide("approved"), r: () => decide("rejected"), u: () => decide("waiting"), e: () => document.getElementById("change").click() };
  const key = keys[event.key.toLowerCase()];
  if (key) { event.preventDefault(); key(); }
});
