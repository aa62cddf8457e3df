// Draw the company's tables: each cell with what the last sync did there.

import { editor, make } from "./dom.js";

// A sign for each colour: statuses differ without seeing colours.
const SIGNS = { gray: "○", green: "●", yellow: "◐", red: "▲", blue: "✔", default: "○" };
const LONG = 28;

export function drawTable(table, tools) {
  const heading = `table-${table.id}`;
  const rows = table.rows.length === 1 ? "1 row" : `${table.rows.length} rows`;
  const head = [...table.columns.map((column) => make("th", { role: "columnheader", scope: "col", class: column.kind }, column.name)),
    make("th", { role: "columnheader", scope: "col" }, "Last edited")];
  const body = table.rows.flatMap((row, index) => drawRow(table, row, table.rows[index - 1], tools));
  return make("section", { "aria-labelledby": heading },
    make("h2", { id: heading }, table.title),
    make("p", { class: "meta" }, [table.note, rows].filter(Boolean).join(" · ")),
    make("div", { class: "tablebox", role: "region", "aria-label": [`Rows of ${table.title}`, table.note].filter(Boolean).join(", "), tabindex: "0" },
      make("table", { role: "table", "aria-labelledby": heading },
        make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...head)),
        make("tbody", { role: "rowgroup" }, ...body))));
}

function drawRow(table, row, before, tools) {
  const name = row.cells[table.columns.findIndex((column) => column.kind === "title")].text;
  const classes = [row.trashed && "trashed", row.notes.length && "has-note"].filter(Boolean).join(" ");
  const cells = row.cells.map((cell, index) => drawCell(table.columns[index], cell, row, name, tools));
  const drawn = make("tr", { role: "row", class: classes || null, title: row.trashed ? "in the trash" : null }, ...cells,
    make("td", { role: "cell", class: "editor", "data-label": "Last edited" }, make("b", { class: row.machine ? "machine" : null }, row.editor), row.edited));
  if (!row.notes.length) return [drawn];
  const lines = row.notes.map((note, index) => make("p", { id: noteId(row, index) },
    ...(before?.notes.some((one) => !one.action && one.reason === note.reason) ? [make("b", {}, "HELD "), "for the same reason."] : reasonOf(table, note))));
  return [drawn, make("tr", { role: "row", class: "note" },
    make("td", { role: "cell", colspan: String(table.columns.length + 1) }, ...lines))];
}

function reasonOf(table, note) {
  const whole = table.columns.filter((column) => column.owned).every((column) => note.cells.includes(column.name));
  return [make("b", {}, "HELD "), `${whole ? "" : `${note.cells.join(", ")}: `}${note.reason}${/[.!?]$/.test(note.reason) ? "" : "."}${note.wanted ? ` okrsync has ${note.wanted}.` : ""}`,
    note.hint ? make("span", { class: "todo" }, " → ", note.action ? `${button(note.action)}, or: ${note.hint}` : note.hint) : ""];
}

const noteId = (row, index) => `note-${row.id}-${index}`;
const button = (action) => action[0].toUpperCase() + action.slice(1);

function drawCell(column, cell, row, name, tools) {
  const mark = cell.mark ?? {};
  const long = (column.kind === "rich_text" && cell.text.length > LONG) || column.name === "Source";
  const classes = [column.kind, long && "long", !long && cell.text.length < 9 && "key", mark.kind, mark.first && "lead", column.owned && "owned", !cell.text && !mark.kind && !column.owned && "blank"];
  const holder = make("td", { role: "cell", class: classes.filter(Boolean).join(" "), "data-label": column.name });
  const label = `${column.name} of ${name}`;
  const edit = () => {
    tools.editing(true);
    editor(holder, {
      label, text: cell.text,
      options: column.kind === "status" || column.kind === "select" ? Object.keys(column.options) : null,
      save: (text) => tools.act("edit", { row: row.id, column: column.name, text }),
      done: () => tools.editing(false),
    });
  };
  const value = shown(column, cell);
  holder.append(column.editable
    ? make("button", { type: "button", class: "value", "data-key": `${row.id} ${column.name}`, title: long ? cell.text : null, on: { click: edit } },
      ...value, make("span", { class: "sr" }, `, ${label}, edit`))
    : make("div", { class: "value", title: long ? cell.text : null }, ...value));
  holder.append(...markOf(mark, row, label, tools));
  return holder;
}

function shown(column, cell) {
  if (!cell.text) return [make("span", { class: "empty" }, "–")];
  if (column.options[cell.text]) {
    const color = column.options[cell.text];
    const pill = make("span", { class: "pill", "data-sign": SIGNS[color] ?? "◆" }, cell.text);
    const known = getComputedStyle(document.documentElement).getPropertyValue(`--${color}`) ? color : "gray";
    pill.style.background = `var(--${known})`;
    pill.style.color = `var(--${known}-ink)`;
    return [pill];
  }
  if (cell.share === null) return [make("span", { class: "clamp" }, cell.text)];
  const bar = make("i");
  bar.style.width = `${Math.min(Math.max(cell.share, 0), 1) * 100}%`;
  return [cell.text, make("span", { class: "meter", "aria-hidden": "true" }, bar)];
}

function markOf(mark, row, label, tools) {
  if (mark.kind === "changed")
    return mark.before === "empty" ? [make("span", { class: "sr" }, "new")] : [make("span", { class: "sr" }, "was"), make("del", { title: mark.before }, mark.before)];
  if (mark.kind === "typed") return [make("span", { class: "tag blue" }, "typed, not synced")];
  if (mark.kind === "claimed") return [make("span", { class: "tag blue" }, "okrsync may write at the next sync")];
  if (mark.kind !== "held") return [];
  if (!mark.first) return [make("span", { class: "sr" }, "held")];
  const parts = [make("span", { class: "tag red" }, "HELD")];
  if (mark.action)
    parts.push(make("button", {
      type: "button", class: "go", "data-key": `${mark.action} ${row.id} ${mark.cell}`, "aria-describedby": noteId(row, mark.note),
      on: { click: () => tools.act(mark.action, { subject: mark.subject }) },
    }, button(mark.action), make("span", { class: "sr" }, ` ${label}`)));
  return parts;
}
