"""Show a cell as a person sees it, and take what a person types; plain data in both directions."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from okrsync_emulators.notion import cells, dates, relations, texts, writes
from okrsync_emulators.notion.workspace import AUTHORS, COMPUTED, Column, Row, Workspace, only


def put(workspace: Workspace, column: Column, row: Row, value: Any) -> None:
    """Type a value into a cell, or the literal result into a formula's; None empties it.

    Raises LookupError for a name that is not there, and for a cell that nobody can type into.
    """
    if column.kind in COMPUTED - {"formula", "rollup", "unique_id", "verification"}:
        raise LookupError(f"nobody can type into {column.name!r}: it is a {column.kind} column")
    stored = _typed(workspace, column, value)
    before = row.cells.get(column.id) or [] if column.kind == "relation" else []
    if stored is None:
        row.cells.pop(column.id, None)
    else:
        row.cells[column.id] = stored
    relations.follow(workspace, column, row, before)


def _typed(workspace: Workspace, column: Column, value: Any) -> Any:
    """The stored value: from names of options, titles or ids of rows, ISO texts of dates."""
    if value is None or value in ("", []):
        return None
    kind = column.kind
    if kind in {"title", "rich_text"}:
        return texts.stored(str(value))
    if kind == "number":
        return writes.number(column.name, Decimal(value) if isinstance(value, str) else value)
    if kind == "checkbox":
        return bool(value)
    if kind in {"select", "status"}:
        return _option(column, str(value))
    if kind == "multi_select":
        return [_option(column, str(item)) for item in value]
    if kind == "date" or (kind in COMPUTED and column.result == "date"):
        return _date(value)
    if kind == "relation":
        return [_target(workspace, column, str(item)) for item in _as_list(value)]
    if kind == "people":
        return [_person(workspace, str(item)) for item in _as_list(value)]
    return value


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _option(column: Column, name: str) -> str:
    option = column.option(name)
    if option is None and column.kind == "status":
        raise LookupError(
            f"status {column.name!r} has no option {name!r}; people add one in the schema first"
        )
    return (option or writes.make_option(column, name)).id


def _date(value: Any) -> Any:
    if isinstance(value, dict):
        return dates.accept("date", {key: str(text) for key, text in value.items() if text is not None})
    if isinstance(value, date | datetime):
        return {"start": dates.spelled(value), "end": None, "time_zone": None}
    return value if value in ("unsupported", "incomplete") else dates.accept("date", {"start": value})


def _target(workspace: Workspace, column: Column, name: str) -> str:
    source = workspace.sources[column.target]
    title = source.titled().id
    hits = (row.id for row in source.rows.values() if name in {row.id, texts.plain(row.cells.get(title))})
    return only(hits, f"{column.name}: row {name!r} of {source.title!r}")


def _person(workspace: Workspace, name: str) -> str:
    hits = (user.id for user in workspace.users() if name in {user.id, user.name, user.email})
    return only(hits, f"user {name!r}")


def plain(workspace: Workspace, column: Column, row: Row) -> Any:
    """The cell as plain data, the inverse of typing: None, number, text, bool or a list of texts."""
    value, kind = cells.content(workspace, column, row, cut=False), column.kind
    if kind in {"title", "rich_text"}:
        return texts.plain(row.cells.get(column.id)) or None
    if value is None or kind in {"number", "checkbox", "url", "email", "phone_number"}:
        return value
    if kind in {"select", "status"}:
        return value["name"]
    if kind == "date":
        return _span(value)
    if kind == "relation":
        return [title_of(workspace, item["id"]) for item in value]
    if kind in {"people", "files", "multi_select"}:
        return [item["name"] for item in value]
    if kind in {"formula", "rollup"}:
        return _result(value)
    if kind in AUTHORS:
        return value["name"]
    if kind == "unique_id":
        return f"{value['prefix']}-{value['number']}" if value["prefix"] else value["number"]
    return value or None


def _result(value: dict[str, Any]) -> Any:
    inner = value[value["type"]]
    if inner == {}:
        return value["type"]
    return _span(inner) if value["type"] == "date" and inner is not None else inner


def _span(value: dict[str, Any]) -> str:
    return str(value["start"]) if value["end"] is None else f"{value['start']} → {value['end']}"


def title_of(workspace: Workspace, identity: str) -> str:
    """A row's title; empty if the row is gone."""
    row = workspace.row(identity)
    return "" if row is None else texts.plain(row.cells.get(workspace.sources[row.source].titled().id))


def shown(workspace: Workspace, column: Column, row: Row) -> str:
    """The cell as a person reads it in Notion: percent as percent, lists with commas, a tick for true."""
    value = plain(workspace, column, row)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "✓" if value else ""
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, int | float) and column.format == "percent":
        return f"{_digits(Decimal(repr(value)) * 100)}%"
    if isinstance(value, int | float) and column.format == "number_with_commas":
        return f"{value:,}"
    return _digits(Decimal(repr(value))) if isinstance(value, int | float) else str(value)


def _digits(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
