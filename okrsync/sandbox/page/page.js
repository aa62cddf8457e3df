// Show the demo's state on the page, and send what the visitor does.

import { make } from "./dom.js";
import { drawSource } from "./sources.js";
import { drawTable } from "./tables.js";

const EVERY = 800;
const find = (id) => document.getElementById(id);
let shown = {};
let waiting = null; // a state that came while the visitor was typing
let typing = false;
let working = false;

const tools = {
  act,
  editing(on) {
    typing = on;
    if (!on) draw(waiting ?? shown, true);
  },
};

async function act(action, given = {}) {
  if (working) return;
  working = true;
  busy(action === "sync");
  try {
    const answer = await fetch(`/do/${action}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(given) });
    const data = await answer.json();
    if (answer.ok) draw(data, true);
    else { draw(shown, true); say({ tone: "bad", text: data.error }); }
  } catch {
    lost();
  } finally {
    working = false;
    busy(false);
  }
}

function busy(on) {
  find("sync").disabled = on;
  find("sync").textContent = on ? "Syncing…" : "Sync";
  document.body.setAttribute("aria-busy", String(on));
}

function lost() {
  say({ tone: "bad", text: "The demo has ended. Start it again: okrsync demo --serve" });
}

async function poll() {
  try {
    if (!document.hidden && !working) {
      const answer = await fetch(`/state?known=${encodeURIComponent(shown.version ?? "")}`);
      if (answer.status === 200 && !working) draw(await answer.json(), false);
      if (answer.status === 204 && find("said").hasAttribute("data-lost")) draw(shown, true);
    }
  } catch {
    if (!working) lost();
  }
  setTimeout(poll, EVERY);
}

function draw(state, always) {
  if (!state.tables || (!always && state.version === shown.version)) return;
  if (typing) { waiting = state; return; }
  waiting = null;
  shown = state;
  if (!working) busy(state.busy);
  const active = document.activeElement;
  const focused = [active, active?.closest("td")?.querySelector("[data-key]")].map((one) => one?.dataset.key).filter(Boolean);
  const open = new Map([...document.querySelectorAll("details[data-key]")].map((one) => [one.dataset.key, one.open]));
  find("cycle").textContent = `A made-up company · ${state.cycle}`;
  find("now").textContent = state.now;
  say(state.said, state.notice);
  drawSteps(state.steps);
  find("tables").replaceChildren(...state.homeless.map(drawHomeless), ...state.tables.map((table) => drawTable(table, tools)));
  find("sources").replaceChildren(...state.sources.map((source) => drawSource(source, tools)));
  for (const one of document.querySelectorAll("details[data-key]")) if (open.has(one.dataset.key)) one.open = open.get(one.dataset.key);
  // A button that is gone, such as Release, leaves the focus in its cell.
  focused.map((key) => document.querySelector(`[data-key="${CSS.escape(key)}"]`)).find(Boolean)?.focus({ preventScroll: true });
  document.body.dataset.version = state.version;
}

function drawHomeless(one) {
  return make("p", { class: "said bad" }, `HELD ${one.id}: ${one.reason}${one.hint ? ` → ${one.hint}` : ""}`);
}

function say(said, notice = "") {
  const line = said?.text
    ? make("p", {}, make("b", { class: said.tone }, said.text), said.held ? make("b", { class: "waits" }, ` ${said.held}`) : "", said.hint ? make("code", {}, ` → ${said.hint}`) : "",
      said.force ? make("button", { type: "button", on: { click: () => act("sync", { force: true }) } }, "Sync anyway") : "")
    : "";
  const more = notice && notice !== said?.text ? make("p", { class: "waits" }, notice) : "";
  const lines = make("div", {}, line, more);
  if (find("said").innerHTML !== lines.outerHTML) find("said").replaceChildren(lines);
  find("said").toggleAttribute("data-lost", Boolean(said?.text?.startsWith("The demo has ended")));
}

function drawSteps(done) {
  const next = done.indexOf(false);
  [...find("steps").children].forEach((step, index) => {
    step.className = done[index] ? "done" : index === next ? "next" : "";
    if (index === next) step.setAttribute("aria-current", "step");
    else step.removeAttribute("aria-current");
  });
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-do]");
  if (pressed) act(pressed.dataset.do, pressed.dataset.step ? { step: pressed.dataset.step } : {});
});
poll();
