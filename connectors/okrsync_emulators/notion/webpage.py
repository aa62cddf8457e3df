"""What Notion holds now, as a web page for people: every table, with pills, bars and who edited last."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Any

from okrsync_emulators.notion import people
from okrsync_emulators.notion.workspace import Column, DataSource, Option, Row, Workspace

_STYLE = """
:root { color-scheme: light; --ink: #37352f; --soft: #787774; --line: #e9e9e7; --wash: #f7f6f3; }
* { box-sizing: border-box; }
body { margin: 0; background: #fff; color: var(--ink); font: 15px/1.5 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; }
main { max-width: 1360px; margin: 0 auto; padding: 40px 28px 80px; }
header p { color: var(--soft); margin: 4px 0 0; }
h1 { font-size: 32px; line-height: 1.2; margin: 0; letter-spacing: -.01em; }
h2 { font-size: 20px; margin: 40px 0 2px; }
.meta { color: var(--soft); font-size: 13px; margin: 0 0 10px; }
.tablebox { overflow-x: auto; border-top: 1px solid var(--line); }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
th { color: var(--soft); font-weight: 400; text-align: left; white-space: nowrap; }
th, td { border-bottom: 1px solid var(--line); padding: 8px 12px 8px 0; vertical-align: middle; }
th + th, td + td { border-left: 1px solid var(--line); padding-left: 12px; }
td.title { font-weight: 600; min-width: 170px; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
tr.trashed { opacity: .5; }
tr.trashed td.title { text-decoration: line-through; }
.empty { color: #c8c7c4; }
.pill { display: inline-block; border-radius: 10px; padding: 1px 9px; white-space: nowrap; font-size: 13px; }
.tag { border-radius: 4px; padding: 1px 7px; }
.pill.status::before { content: ""; display: inline-block; width: 8px; height: 8px; border-radius: 50%; background: currentColor;
  opacity: .65; margin-right: 6px; }
.bar { display: inline-block; vertical-align: middle; width: 84px; height: 6px; border-radius: 3px; background: #e9e9e7;
  overflow: hidden; margin-left: 10px; }
.bar i { display: block; height: 100%; background: #4f9768; }
td.date, .key { white-space: nowrap; }
.by { display: block; white-space: nowrap; color: var(--soft); font-size: 13px; line-height: 1.35; }
.by time { display: block; font-size: 12px; }
.by b { color: var(--ink); font-weight: 500; }
.bot { background: #e7f3f8; color: #2b6a8a; border-radius: 4px; padding: 1px 6px; font-weight: 500; }
footer { color: var(--soft); font-size: 13px; margin-top: 40px; }
"""
_INK = {
    "default": ("#e9e8e6", "#4b4a46"),
    "gray": ("#e9e8e6", "#4b4a46"),
    "brown": ("#eee0da", "#5c3b2a"),
    "orange": ("#fadec9", "#7a3d0d"),
    "yellow": ("#fdecc8", "#6b4a00"),
    "green": ("#dbeddb", "#1f5a35"),
    "blue": ("#d3e5ef", "#1b4f70"),
    "purple": ("#e8deee", "#54306b"),
    "pink": ("#f5e0e9", "#7a2450"),
    "red": ("#ffe2dd", "#8a2318"),
}
# A status that nobody coloured takes its group's colour, as people know it from Notion.
_GROUP_INK = {"To-do": "gray", "In progress": "blue", "Complete": "green"}


def rendered(workspace: Workspace) -> str:
    """The whole page. It needs nothing from elsewhere."""
    tables = "".join(_table(workspace, source) for source in workspace.sources.values())
    name = escape(workspace.name)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name} · Notion</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="data:,"><style>{_STYLE}</style></head><body><main>'
        f"<header><h1>{name}</h1><p>What this emulated Notion holds at {_moment(workspace.now())}."
        " Reload to see changes.</p></header>"
        f"{tables or '<p>There is no table yet.</p>'}"
        "<footer>Nothing here leaves this machine.</footer></main></body></html>"
    )


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _table(workspace: Workspace, source: DataSource) -> str:
    columns = list(source.columns.values())
    rows = [row for row in source.rows.values() if not row.moved_to]
    database = workspace.databases[source.database]
    notes = [f"{len(rows)} {'row' if len(rows) == 1 else 'rows'}"]
    if database.title != source.title:
        notes.insert(0, f"in {database.title}")
    if not database.shared:
        notes.append("not shared with the integration")
    head = "".join(f'<th class="{column.kind}">{escape(column.name)}</th>' for column in columns)
    body = "".join(_row(workspace, columns, row) for row in rows)
    return (
        f'<section><h2>{escape(source.title)}</h2><p class="meta">{escape(" · ".join(notes))}</p>'
        f'<div class="tablebox"><table><thead><tr>{head}<th>Last edited (UTC)</th></tr></thead>'
        f"<tbody>{body}</tbody></table></div></section>"
    )


def _row(workspace: Workspace, columns: list[Column], row: Row) -> str:
    cells = "".join(
        f'<td class="{_class(column)}">{_cell(workspace, column, row)}</td>' for column in columns
    )
    trashed = ' class="trashed" title="in the trash"' if row.in_trash else ""
    return f"<tr{trashed}>{cells}<td>{_editor(workspace, row)}</td></tr>"


def _class(column: Column) -> str:
    counts = column.kind == "number" or (column.kind in {"formula", "rollup"} and column.result == "number")
    return "number" if counts else column.kind


def _cell(workspace: Workspace, column: Column, row: Row) -> str:
    text = people.shown(workspace, column, row)
    if not text:
        return '<span class="empty">–</span>'
    if column.kind in {"select", "status", "multi_select"}:
        value = row.cells[column.id]
        options = [
            column.option_by_id(identity) for identity in (value if isinstance(value, list) else [value])
        ]
        return " ".join(_pill(column, option) for option in options if option is not None)
    if column.format == "percent":
        return f"{escape(text)}{_bar(people.plain(workspace, column, row))}"
    if column.kind == "date":
        return escape(text.replace("T", " ").replace(":00.000", "").replace("+00:00", " UTC"))
    # A key such as KR-1 must not break at its hyphen.
    return escape(text) if " " in text or len(text) > 20 else f'<span class="key">{escape(text)}</span>'


def _pill(column: Column, option: Option) -> str:
    color = option.color
    if column.kind == "status" and color == "default":
        color = _GROUP_INK[option.group]
    paper, ink = _INK.get(color, _INK["default"])
    shape = "status" if column.kind == "status" else "tag"
    return f'<span class="pill {shape}" style="background:{paper};color:{ink}">{escape(option.name)}</span>'


def _bar(value: Any) -> str:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return ""
    return f'<span class="bar"><i style="width:{min(max(float(value), 0.0), 1.0) * 100:.1f}%"></i></span>'


def _editor(workspace: Workspace, row: Row) -> str:
    user = workspace.user(row.edited_by)
    name = escape(user.name if user is not None else "somebody")
    mark = f'<span class="bot">{name}</span>' if row.edited_by == workspace.bot.id else f"<b>{name}</b>"
    return f'<span class="by">{mark}<time>{row.edited:%Y-%m-%d %H:%M}</time></span>'
