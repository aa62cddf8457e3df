"""Turn Notion's pages into rows, and say what prevents writing one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from okrsync.cells import RELEASE
from okrsync.errors import DataError
from okrsync.model import COUNT, PERCENT, CellState, Quantity, Row
from okrsync_notion.property_values import NotionColumn, decode, key, number, title
from okrsync_notion.table_layout import Layout


def row_of(layout: Layout, page: Mapping[str, Any], name: str, problem: str = "") -> Row:
    """The row that ``page`` holds for ``name``, an id of the YAML; what cannot be read becomes its problem."""
    held = by_id(page)
    problems = [problem, away(layout, page, name)]
    cells: dict[str, CellState] = {}
    for cell, column in layout.cells.items():
        why = layout.locked.get(cell, "")
        value = None
        if not why:
            try:
                value = decode(_part(held, column), column)
            except DataError as error:
                problems.append(error.message)
        cells[cell] = CellState(
            address=column.id, value=value, initial=column.initial, locked=why, fraction=column.percent
        )
    quantities: list[Quantity | None] = []
    for column_or_none in (layout.baseline, layout.target):
        try:
            quantities.append(_quantity(held, column_or_none))
        except DataError as error:
            quantities.append(None)
            problems.append(error.message)
    return Row(
        id=str(page["id"]),
        key=name,
        title=title_of(layout, page),
        url=url_of(page),
        cells=cells,
        baseline=quantities[0],
        target=quantities[1],
        problem="; ".join(one for one in problems if one),
        released=RELEASE.name in cells and cells[RELEASE.name].value is True,
        edited_at=edited_at(page),
        owner=_owner(held, layout),
    )


def cells_of_page(page: Mapping[str, Any], columns: Mapping[str, NotionColumn]) -> dict[str, CellState]:
    """What ``page`` holds in ``columns``; a value that cannot be read is none that a person left empty."""
    held = by_id(page)
    cells: dict[str, CellState] = {}
    for cell, column in columns.items():
        try:
            value = decode(_part(held, column), column)
        except DataError as error:
            value = error.message
        cells[cell] = CellState(address=column.id, value=value, initial=column.initial)
    return cells


def lost_row(layout: Layout, page: str, name: str, problem: str) -> Row:
    """The row of a page that cannot be seen."""
    cells = {
        cell: CellState(address=column.id, locked=layout.locked.get(cell, ""))
        for cell, column in layout.cells.items()
    }
    url = f"https://www.notion.so/{page.replace('-', '')}"
    return Row(id=page, key=name, title="", url=url, cells=cells, problem=problem)


def names_of(page: Mapping[str, Any]) -> dict[str, str]:
    """What the columns of ``page`` are called now, by their ids."""
    return {unquote(str(one["id"])): name for name, one in (page.get("properties") or {}).items()}


def key_of(layout: Layout, page: Mapping[str, Any]) -> str:
    """The id in the matching column; empty if there is none, or none that can be read."""
    return key_or_fault(layout, page)[0]


def key_or_fault(layout: Layout, page: Mapping[str, Any]) -> tuple[str, str]:
    """As ``read_key``, of the matching column."""
    return read_key(by_id(page).get(layout.match.id) if layout.match is not None else None)


def read_key(held: Mapping[str, Any] | None) -> tuple[str, str]:
    """The id that a column's part of a page holds, and why it cannot be read; both empty if there is none."""
    try:
        return (key(held), "") if held is not None else ("", "")
    except DataError as error:
        return "", error.message


def key_is(column: NotionColumn, key: str) -> dict[str, Any]:
    """The condition of a query that holds for the rows with ``key`` in the matching ``column``, and perhaps for others."""
    if column.type == "number":
        number = Decimal(key)
        return {"equals": int(number) if number == int(number) else float(number)}
    if column.type == "unique_id":
        return {"equals": int(key.rpartition("-")[2])}
    return {"string": {"equals": key}} if column.type == "formula" else {"equals": key}


def title_of(layout: Layout, page: Mapping[str, Any]) -> str:
    held = by_id(page).get(layout.title.id) or {}
    return title(held.get("title"))


def url_of(page: Mapping[str, Any]) -> str:
    return str(page.get("url") or f"https://www.notion.so/{str(page['id']).replace('-', '')}")


def away(layout: Layout, page: Mapping[str, Any], name: str) -> str:
    """Why the page is no longer a row of the table, and what to do; else empty."""
    or_drop = f"or take {name} out of the YAML" if name and not layout.adds_rows else "or leave it there"
    if page.get("in_trash"):
        return f"the row is in Notion's trash: restore it there, {or_drop}"
    # Unknown: what Notion lets one do with a row that is archived but not in the trash; somebody has put it away.
    if page.get("is_archived"):
        return f"the row is archived: bring it back in Notion, {or_drop}"
    parent = page.get("parent") or {}
    if parent.get("data_source_id") != layout.schema.id:
        place = "another table" if parent.get("data_source_id") else "a page"
        return f"the row was moved out of {layout.schema.title!r} into {place}: move it back, {or_drop}"
    return ""


def edited_at(page: Mapping[str, Any]) -> datetime | None:
    """When the page was edited last, to the minute."""
    try:
        moment = datetime.fromisoformat(str(page.get("last_edited_time")))
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None


def editor_of(page: Mapping[str, Any]) -> str | None:
    """The id of who edited the page last."""
    editor = (page.get("last_edited_by") or {}).get("id")
    return str(editor) if editor else None


def by_id(page: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The parts of ``page`` by their columns' ids: a name may change between two answers."""
    held = page.get("properties") or {}
    return {unquote(str(one["id"])): one for one in held.values()}


def _part(held: Mapping[str, Mapping[str, Any]], column: NotionColumn) -> Mapping[str, Any]:
    if column.id not in held:
        raise DataError(f"the row has no column {column.name!r} any more")
    return held[column.id]


def _owner(held: Mapping[str, Mapping[str, Any]], layout: Layout) -> str:
    """Who a row belongs to, as people read it there. Without it nothing of the row is wrong."""
    column = layout.owner
    if column is None or column.id not in held:
        return layout.no_owner
    value = held[column.id].get(column.type) or ()
    if column.type == "rich_text":
        return title(value)
    several = value if isinstance(value, list) else [value] if isinstance(value, Mapping) else []
    # A connection that may not read users gets people without their names.
    return ", ".join(str(one.get("name") or "?") if isinstance(one, Mapping) else "?" for one in several)


def _quantity(held: Mapping[str, Mapping[str, Any]], column: NotionColumn | None) -> Quantity | None:
    if column is None:
        return None
    part = _part(held, column)
    try:
        value = number(part[column.type])
    except (KeyError, ValueError) as error:
        raise DataError(f"the column {column.name!r} holds no number") from error
    if value is None:
        return None
    return (
        Quantity(value=value.scaleb(2), unit=PERCENT) if column.percent else Quantity(value=value, unit=COUNT)
    )
