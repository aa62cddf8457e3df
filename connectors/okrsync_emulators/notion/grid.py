"""Show Notion's tables as people see them, and understand what a person types into a cell."""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from okrsync.emulation import Grid, GridCell, GridColumn, GridRow
from okrsync_emulators.notion import people
from okrsync_emulators.notion.workspace import GROUPS, Column, DataSource, Row, Workspace

TYPED: Final = frozenset(
    {
        "title",
        "rich_text",
        "url",
        "email",
        "phone_number",
        "number",
        "select",
        "status",
        "checkbox",
        "date",
    }
)


def grids(workspace: Workspace, zone: tzinfo) -> list[Grid]:
    """Every table, with times in ``zone``. Two of one title get notes that tell them apart."""
    sources = list(workspace.sources.values())
    titles = Counter(source.title for source in sources)
    places = Counter((source.title, workspace.databases[source.database].title) for source in sources)
    notes = {source.id: _note(workspace, source, titles, places) for source in sources}
    return [_grid(workspace, source, notes[source.id], zone) for source in sources]


def _note(
    workspace: Workspace, source: DataSource, titles: Counter[str], places: Counter[tuple[str, str]]
) -> str:
    database = workspace.databases[source.database]
    notes = []
    if titles[source.title] > 1 or database.title != source.title:
        notes.append(f"in the database {database.title}")
    if places[source.title, database.title] > 1:
        notes.append(f"id {source.id[:8]}")
    if not database.shared:
        notes.append("not shared with okrsync")
    return " · ".join(notes)


def _grid(workspace: Workspace, source: DataSource, note: str, zone: tzinfo) -> Grid:
    columns = list(source.columns.values())
    return Grid(
        id=source.id,
        title=source.title,
        note=note,
        columns=[_column(column) for column in columns],
        rows=[_row(workspace, columns, row, zone) for row in source.rows.values() if not row.moved_to],
    )


def _column(column: Column) -> GridColumn:
    """A status that nobody coloured takes its group's colour, as people know it from Notion."""
    grouped = column.kind == "status"
    return GridColumn(
        name=column.name,
        kind="percent" if column.format == "percent" else column.kind,
        options={
            option.name: GROUPS[option.group] if grouped and option.color == "default" else option.color
            for option in column.options
        },
        editable=column.kind in TYPED,
    )


def _row(workspace: Workspace, columns: list[Column], row: Row, zone: tzinfo) -> GridRow:
    user = workspace.user(row.edited_by)
    return GridRow(
        id=row.id,
        cells=[_cell(workspace, column, row, zone) for column in columns],
        editor=user.name if user is not None else "somebody",
        edited=row.edited,
        by_integration=row.edited_by == workspace.bot.id,
        in_trash=row.in_trash,
    )


def _cell(workspace: Workspace, column: Column, row: Row, zone: tzinfo) -> GridCell:
    text = people.shown(workspace, column, row)
    if column.kind == "date":
        text = re.sub(r"[\d-]+T\S+", lambda found: _local(found.group(), zone), text)
    value = people.plain(workspace, column, row)
    counted = isinstance(value, int | float) and not isinstance(value, bool)
    return GridCell(text=text, share=float(value) if counted and column.format == "percent" else None)


def _local(text: str, zone: tzinfo) -> str:
    return f"{datetime.fromisoformat(text).astimezone(zone):%Y-%m-%d %H:%M}"


def typed(column: Column, text: str, zone: tzinfo) -> Any:
    """What a person in ``zone`` means by ``text`` in this column, for ``people.put``; None for nothing.

    Raises ``LookupError`` for a column that nobody types into, ``ValueError`` for a text that it does not take.
    """
    if column.kind not in TYPED:
        raise LookupError(f"nobody types into {column.name}: it is a {column.kind.replace('_', ' ')} column")
    text = text.strip()
    if not text:
        return None
    if column.kind == "number":
        return _number(column, text)
    if column.kind == "checkbox":
        return text.lower() in {"true", "yes", "✓"}
    return _date(column, text, zone) if column.kind == "date" else text


def _date(column: Column, text: str, zone: tzinfo) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{column.name} takes a date such as 2026-11-23, not {text!r}") from None
    if len(text) == 10:
        return text
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).isoformat(timespec="milliseconds")


def _number(column: Column, text: str) -> float | int:
    """In a percent column people type per cent; Notion keeps the fraction."""
    try:
        value = Decimal(re.sub(r"[\s,]|%$", "", text))
    except InvalidOperation:
        raise ValueError(f"{column.name} takes a number, not {text!r}") from None
    if not value.is_finite() or abs(value.adjusted()) > 15:
        raise ValueError(f"{column.name} takes a number of up to 15 digits, not {text!r}")
    value = value / 100 if column.format == "percent" else value
    return int(value) if value == value.to_integral_value() else float(value)
