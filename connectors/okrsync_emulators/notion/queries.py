"""Answer a query of a data source: which rows, in which order, and one page of them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from okrsync_emulators.notion import dates, people
from okrsync_emulators.notion.filters import compile_filter
from okrsync_emulators.notion.refusals import invalid, malformed, out_of_range, undefined
from okrsync_emulators.notion.workspace import CHOICES, STAMPS, Column, DataSource, Row, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One page of a list: what is in it, the cursor of the next, and whether the cap cut the rest off."""

    ids: Sequence[str]
    cursor: str | None
    capped: bool = False


@dataclass(slots=True)
class Cursors:
    """The place of every cursor that was given out: the list's owner, its ids, and how many were delivered.

    Unknown: what Notion does to a cursor when rows change under it. Here the order is the one of the first page.
    """

    cap: int
    _open: dict[str, tuple[str, Sequence[str], int]] = field(default_factory=dict)

    def slice(self, owner: str, ids: Sequence[str], cursor: str | None, size: int) -> Slice:
        """The first ``size`` of ``ids``, or what follows ``cursor`` in the list that it was handed out for."""
        if cursor is None:
            return self._slice(owner, ids, 0, size)
        found = self._open.get(cursor)
        if found is None or found[0] != owner:
            raise invalid(f"The start_cursor provided is invalid: {cursor}")
        return self._slice(owner, found[1], found[2], size)

    def _slice(self, owner: str, ids: Sequence[str], start: int, size: int) -> Slice:
        end = min(start + size, self.cap)
        if end >= len(ids):
            return Slice(ids=ids[start:], cursor=None)
        if end == self.cap:
            return Slice(ids=ids[start:end], cursor=None, capped=True)
        # Recorded cursors look like this one; a client must not look inside.
        cursor = f"s:{uuid.uuid5(uuid.NAMESPACE_OID, f'{owner} {start} {len(self._open)}')}:{ids[end]}"
        self._open[cursor] = (owner, ids, end)
        return Slice(ids=ids[start:end], cursor=cursor)


def page_size(path: str, value: Any) -> int:
    """Between 1 and 100; 100 if it is not given."""
    if value is None:
        return 100
    if isinstance(value, bool) or not isinstance(value, int):
        raise malformed(path, "a number or `undefined`", value)
    if value > 100:
        raise out_of_range(path, "≤ `100`", value)
    if value < 1:
        raise out_of_range(path, "≥ `1`", value)
    return value


def matching(workspace: Workspace, source: DataSource, body: dict[str, Any]) -> list[Row]:
    """The rows that a query sees, in its order: newest first if it names none."""
    rows = [
        row
        for row in (one.listed for one in reversed(source.rows.values()))
        if row.shared
        and not row.moved_to
        and row.hidden_for <= 0
        and row.in_trash is bool(body.get("in_trash", False))
    ]
    if body.get("filter") is not None:
        keep = compile_filter(workspace, source, body["filter"])
        rows = [row for row in rows if keep(row)]
    return _sorted(workspace, source, rows, body.get("sorts"))


def _sorted(workspace: Workspace, source: DataSource, rows: list[Row], sorts: Any) -> list[Row]:
    if sorts is None:
        return rows
    if not isinstance(sorts, list):
        raise malformed("body.sorts", "an array or `undefined`", sorts)
    for position, sort in reversed(list(enumerate(sorts))):
        path = f"body.sorts[{position}]"
        if not isinstance(sort, dict) or not ("property" in sort or "timestamp" in sort):
            raise undefined(f"{path}.property")
        direction = sort.get("direction")
        if direction not in {"ascending", "descending"}:
            raise malformed(f"{path}.direction", '`"ascending"` or `"descending"`', direction)
        keys = _keys(workspace, source, path, sort, rows)
        filled = [row for row in rows if keys[row.id] is not None]
        filled.sort(key=lambda row, keys=keys: keys[row.id], reverse=direction == "descending")  # type: ignore[misc]
        # Unknown: where Notion puts empty cells; here they come last in both directions.
        rows = filled + [row for row in rows if keys[row.id] is None]
    return rows


def _keys(
    workspace: Workspace, source: DataSource, path: str, sort: dict[str, Any], rows: list[Row]
) -> dict[str, Any]:
    """What to sort each row by; None for an empty cell."""
    if "timestamp" in sort:
        if sort["timestamp"] not in STAMPS:
            raise malformed(
                f"{path}.timestamp", '`"created_time"` or `"last_edited_time"`', sort["timestamp"]
            )
        return {row.id: _stamp(sort["timestamp"], row) for row in rows}
    escaped = workspace.behaviour.escaped_keys
    column = source.column_by_key(str(sort["property"]), escaped=escaped)
    if column is None:
        raise invalid(f"Could not find sort property with name or id: {sort['property']}")
    return {row.id: _key(workspace, column, row) for row in rows}


def _stamp(which: str, row: Row) -> Any:
    return (row.created if which == "created_time" else row.edited, row.serial)


def _key(workspace: Workspace, column: Column, row: Row) -> Any:
    value = row.cells.get(column.id)
    if column.kind in STAMPS:
        return _stamp(column.kind, row)
    if column.kind in CHOICES and column.kind != "multi_select":
        order = [option.id for option in column.options]
        return order.index(value) if value in order else None
    if column.kind == "checkbox":
        return bool(value)
    if column.kind == "date":
        return None if value is None else dates.parsed(value["start"]).isoformat()
    plain = people.plain(workspace, column, row)
    if isinstance(plain, str):
        return plain.casefold()
    return str(plain) if isinstance(plain, list) else plain
