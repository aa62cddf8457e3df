// Draw the sources as cards: what they hold, what can be changed, and what can be broken.

import { editor, make } from "./dom.js";

export function drawSource(source, tools) {
  const title = `source-${source.name}`;
  return make("section", { class: source.broken ? "card broken" : "card", "aria-labelledby": title },
    make("h3", { id: title }, source.title, make("span", {}, source.broken ? "broken" : "works")),
    make("p", { class: "meta" }, source.broken ? source.broken : source.text),
    source.changes.length ? make("div", { class: "buttons" }, ...source.changes.map((change) => drawChange(source, change, tools))) : null,
    ...source.grids.map((grid, index) => drawGrid(source, grid, index, tools)),
    make("h4", {}, "Break it"),
    make("div", { class: "buttons" }, ...source.mishaps.map((mishap) => drawMishap(source, mishap, tools))));
}

function drawChange(source, change, tools) {
  return make("button", {
    type: "button", "data-key": `${source.name} change ${change.number}`, disabled: change.left === 0,
    on: { click: () => tools.act("change", { source: source.name, number: change.number }) },
  }, `${change.label} `, make("small", {}, `${change.left} left`));
}

function drawMishap(source, mishap, tools) {
  return make("button", {
    type: "button", class: mishap.on ? "repair" : null, "data-key": `${source.name} ${mishap.id}`,
    on: { click: () => tools.act(mishap.on ? "repair" : "break", { source: source.name, mishap: mishap.id }) },
  }, mishap.on ? "Repair" : mishap.label, make("span", { class: "sr" }, mishap.on ? ` ${source.title}: ${mishap.label}` : `, in ${source.title}`));
}

function drawGrid(source, grid, index, tools) {
  const cell = (text, row, column) => {
    const holder = make("td", {});
    const label = `${grid.columns[column]} of ${grid.rows[row][0]}`;
    const edit = () => {
      tools.editing(true);
      editor(holder, {
        label, text, options: null,
        save: (typed) => tools.act("type", { source: source.name, table: grid.title, row, column, text: typed }),
        done: () => tools.editing(false),
      });
    };
    holder.append(make("button", { type: "button", class: "value", "data-key": `${grid.title} ${row} ${column}`, on: { click: edit } },
      text || make("span", { class: "empty" }, "–"), make("span", { class: "sr" }, `, ${label}, edit`)));
    return holder;
  };
  const table = make("div", { class: "tablebox", role: "region", "aria-label": grid.title, tabindex: "0" }, make("table", { "aria-label": grid.title },
    make("thead", {}, make("tr", {}, ...grid.columns.map((name) => make("th", { scope: "col" }, name)))),
    make("tbody", {}, ...grid.rows.map((row, number) => make("tr", {}, ...row.map((text, column) => cell(text, number, column)))))));
  return make("details", { open: index === 0 && grid.rows.length < 8, "data-key": `${source.name} ${grid.title}` }, make("summary", {}, grid.title), table);
}
