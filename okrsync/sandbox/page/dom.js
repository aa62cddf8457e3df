// Build elements from data: texts only ever become text.

export function make(name, options = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

// A box in place of a cell's value: Enter or leaving it saves, Escape does not.
export function editor(holder, { label, text, options, save, done }) {
  let ended = false;
  const box = options
    ? make("select", { "aria-label": label }, ...["", ...options].map((one) => make("option", { value: one }, one || "–")))
    : make("input", { "aria-label": label, autocomplete: "off", spellcheck: "false" });
  box.value = text;
  const end = (keep) => {
    if (ended) return;
    ended = true;
    done();
    if (keep && box.value !== text) save(box.value);
  };
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); end(true); }
    if (event.key === "Escape") end(false);
  });
  box.addEventListener("blur", () => end(true));
  if (options) box.addEventListener("change", () => end(true));
  holder.replaceChildren(box);
  box.focus();
  if (!options) box.select();
}
