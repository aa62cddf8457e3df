"""One cell: what a write may put into it, what an answer says of it, and what a person sees and types.

Stored values: runs of text for title and rich_text, option ids for choices, ids for relation and people, the answered
object for date, plain JSON for the rest. An empty cell is absent from ``Row.cells``.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from okrsync_notion.emulator import dates, texts
from okrsync_notion.emulator.refusals import invalid, malformed, not_found, too_long, undefined
from okrsync_notion.emulator.workspace import COMPUTED, Column, Option, Row, User, Workspace, stable

LIMITS = {"url": 2000, "email": 200, "phone_number": 200}
WRITABLE = (
    "title",
    "rich_text",
    "number",
    "url",
    "select",
    "multi_select",
    "people",
    "email",
    "phone_number",
    "date",
    "checkbox",
    "relation",
    "files",
    "status",
)


def accept(workspace: Workspace, column: Column, path: str, payload: Any) -> Any:
    """What to store for a property value of a request; None empties the cell. Options may come into being."""
    if not isinstance(payload, dict):
        raise malformed(path, "an object", payload)
    given = [key for key in payload if key not in {"type", "id", "name"}]
    if column.kind in COMPUTED:
        # Unknown: Notion's sentence for a computed property; that it answers 400 is documented.
        raise invalid(f"{column.name} is a {column.kind} property and cannot be updated via the API.")
    if not any(key in WRITABLE for key in given):
        raise invalid(
            "body failed validation. Fix one:\n"
            + "\n".join(f"{path}.{kind} should be defined, instead was `undefined`." for kind in WRITABLE)
        )
    if given != [column.kind]:
        raise invalid(f"{column.name} is expected to be {column.kind}.")
    return _accepted(workspace, column, f"{path}.{column.kind}", payload[column.kind])


def _accepted(workspace: Workspace, column: Column, path: str, value: Any) -> Any:
    kind = column.kind
    if kind in {"title", "rich_text"}:
        return texts.accept(path, value) or None
    if kind == "checkbox":
        if not isinstance(value, bool):
            raise malformed(path, "a boolean", value)
        return value
    if kind in {"multi_select", "people", "relation", "files"}:
        return _accepted_list(workspace, column, path, value)
    if value is None:
        return None
    if kind == "number":
        return number(path, value)
    if kind in LIMITS:
        if not isinstance(value, str):
            raise malformed(path, "a string or `null`", value)
        if len(value) > LIMITS[kind]:
            raise too_long(path, LIMITS[kind], len(value))
        return value or None
    if kind == "date":
        return dates.accept(path, value)
    return _accepted_option(column, path, value).id


def _accepted_list(workspace: Workspace, column: Column, path: str, value: Any) -> list[Any] | None:
    if not isinstance(value, list):
        raise malformed(path, "an array", value)
    if len(value) > 100:
        raise too_long(path, 100, len(value))
    found: list[Any] = []
    for position, item in enumerate(value):
        here = f"{path}[{position}]"
        if not isinstance(item, dict):
            raise malformed(here, "an object", item)
        if column.kind == "multi_select":
            found.append(_accepted_option(column, here, item).id)
        elif column.kind == "files":
            found.append({"name": item.get("name", ""), "type": "external", "external": item.get("external")})
        else:
            found.append(_accepted_id(workspace, column, here, item))
    unique = [item for position, item in enumerate(found) if item not in found[:position]]
    return unique or None


def _accepted_id(workspace: Workspace, column: Column, path: str, item: dict[str, Any]) -> str:
    if not isinstance(item.get("id"), str):
        raise undefined(f"{path}.id")
    identity: str = item["id"]
    if column.kind == "people":
        user = workspace.user(identity)
        if user is None:
            raise not_found("user", identity, workspace.bot.id, workspace.bot.name)
        return user.id
    row = workspace.row(identity)
    if row is None or not workspace.visible(row):
        raise not_found("page", identity, workspace.bot.id, workspace.bot.name)
    return row.id


def _accepted_option(column: Column, path: str, value: Any) -> Option:
    """The option that is meant. A select makes an unknown one, silently; a status refuses it."""
    if not isinstance(value, dict):
        raise malformed(path, "an object or `null`", value)
    name, identity = value.get("name"), value.get("id")
    if identity is None and not isinstance(name, str):
        raise undefined(f"{path}.name")
    option = column.option_by_id(identity) if identity is not None else column.option(name)
    if option is not None:
        color = value.get("color")
        if color is not None and color != option.color:
            raise invalid("Select option color doesn't match existing.")
        return option
    if column.kind == "status" or name is None:
        raise invalid(f'Invalid status option. Status option "{name or identity}" does not exist.')
    return make_option(column, name, value.get("color") or "default")


def make_option(column: Column, name: str, color: str = "default") -> Option:
    """Add an option to the column. Raises RefusalError for a name that Notion does not take."""
    if "," in name:
        raise invalid(f"Invalid select option, commas not allowed: {name}")
    if not name or len(name) > 100:
        raise too_long("body.name", 100, len(name))
    option = Option(id=stable("option", column.id, name)[:8], name=name, color=color)
    column.options.append(option)
    return option


def number(path: str, value: Any) -> int | float:
    """JSON's numbers are doubles to Notion; a whole one is answered without a fraction."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise malformed(path, "a number or `null`", value)
    double = float(value)
    return int(double) if double.is_integer() and abs(double) < 1e21 else double


def answered(workspace: Workspace, column: Column, row: Row) -> dict[str, Any]:
    """The property value as a page carries it."""
    answer = {"id": column.wire, "type": column.kind, column.kind: content(workspace, column, row)}
    if column.kind == "relation":
        answer["has_more"] = len(row.cells.get(column.id, [])) > 25
    return answer


def content(workspace: Workspace, column: Column, row: Row, *, cut: bool = True) -> Any:
    """What stands under the property's type. Lists of ids end after 25 where ``cut``."""
    kind, value = column.kind, row.cells.get(column.id)
    end = 25 if cut else None
    if kind in {"title", "rich_text"}:
        return texts.answered(value)
    if kind == "checkbox":
        return bool(value)
    if kind in {"select", "status"}:
        return None if value is None else _option(column, value)
    if kind == "multi_select":
        return [_option(column, identity) for identity in value or []]
    if kind == "relation":
        return [{"id": identity} for identity in (value or [])[:end]]
    if kind == "people":
        users = (workspace.user(identity) for identity in (value or [])[:end])
        return [user_object(user, workspace) for user in users if user is not None]
    if kind == "files":
        return value or []
    return _computed(workspace, column, row) if kind in COMPUTED else value


def _computed(workspace: Workspace, column: Column, row: Row) -> Any:
    if column.kind in {"created_time", "last_edited_time"}:
        return dates.stamp(row.created if column.kind == "created_time" else row.edited)
    if column.kind in {"created_by", "last_edited_by"}:
        user = workspace.user(row.created_by if column.kind == "created_by" else row.edited_by)
        return None if user is None else user_object(user, workspace)
    value = row.cells.get(column.id)
    if column.kind == "unique_id":
        return {"prefix": column.details.get("prefix"), "number": value}
    if column.kind == "button":
        return {}
    return _result(column, value)


def _result(column: Column, value: Any) -> dict[str, Any]:
    """A formula's or a rollup's value. The emulator computes nothing: rows carry the literal."""
    kind = value if value in ("unsupported", "incomplete") else column.result
    inner: Any = {} if kind == value else value
    if kind == "array" and inner is None:
        inner = []
    answer: dict[str, Any] = {"type": kind, kind: inner}
    if column.kind == "rollup":
        answer["function"] = column.details.get("function", "sum")
    return answer


def _option(column: Column, identity: str) -> dict[str, Any] | None:
    option = column.option_by_id(identity)
    return None if option is None else {"id": option.id, "name": option.name, "color": option.color}


def user_object(user: User, workspace: Workspace) -> dict[str, Any]:
    """A full user. Only the bot itself is shown with the details of its owner and workspace."""
    common = {"object": "user", "id": user.id, "name": user.name, "avatar_url": None, "type": user.kind}
    if user.kind == "person":
        return {**common, "person": {} if user.email is None else {"email": user.email}}
    return {
        **common,
        "bot": {
            "owner": {"type": "workspace", "workspace": True},
            "workspace_name": workspace.name,
            "workspace_limits": {"max_file_upload_size_in_bytes": 5 * 1024 * 1024},
            "workspace_id": stable("workspace", workspace.name),
        },
    }


def typed(workspace: Workspace, column: Column, value: Any) -> Any:
    """What a person puts into a cell, from plain data: names for options, titles or ids for rows, ISO for dates."""
    if value is None or value in ("", []):
        return None
    kind = column.kind
    if kind in {"title", "rich_text"}:
        return texts.stored(str(value))
    if kind == "number":
        return number(column.name, Decimal(value) if isinstance(value, str) else value)
    if kind == "checkbox":
        return bool(value)
    if kind in {"select", "status"}:
        return _typed_option(column, str(value))
    if kind == "multi_select":
        return [_typed_option(column, str(item)) for item in value]
    if kind == "date":
        return _typed_date(value)
    if kind == "relation":
        return [_target(workspace, column, str(item)) for item in _as_list(value)]
    if kind == "people":
        return [_person(workspace, str(item)) for item in _as_list(value)]
    return value.isoformat() if isinstance(value, date) else value


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _typed_option(column: Column, name: str) -> str:
    option = column.option(name)
    if option is None and column.kind == "status":
        raise LookupError(f"status {column.name!r} has no option {name!r}; people add one in the schema first")
    return (option or make_option(column, name)).id


def _typed_date(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return dates.accept("date", {key: str(text) for key, text in value.items() if text is not None})
    if isinstance(value, date | datetime):
        return {"start": dates.spelled(value), "end": None, "time_zone": None}
    return dates.accept("date", {"start": value})


def _target(workspace: Workspace, column: Column, name: str) -> str:
    source = workspace.sources[column.target]
    title = source.titled().id
    hits = [row.id for row in source.rows.values() if name in {row.id, texts.plain(row.cells.get(title))}]
    if len(hits) != 1:
        raise LookupError(f"{column.name}: {len(hits)} rows of {source.title!r} are called {name!r}")
    return hits[0]


def _person(workspace: Workspace, name: str) -> str:
    hits = [user.id for user in workspace.users() if name in {user.id, user.name, user.email}]
    if len(hits) != 1:
        raise LookupError(f"{len(hits)} users are called {name!r}")
    return hits[0]


def plain(workspace: Workspace, column: Column, row: Row) -> Any:
    """The cell as plain data, the inverse of ``typed``: None, number, text, bool or list of texts."""
    value = content(workspace, column, row, cut=False)
    kind = column.kind
    if kind in {"title", "rich_text"}:
        return texts.plain(row.cells.get(column.id)) or None
    if value is None or kind in {"number", "checkbox", "url", "email", "phone_number"}:
        return value
    if kind in {"select", "status"}:
        return value["name"]
    if kind == "multi_select":
        return [option["name"] for option in value]
    if kind == "date":
        return value["start"] if value["end"] is None else f"{value['start']} → {value['end']}"
    if kind == "relation":
        return [_title(workspace, item["id"]) for item in value]
    if kind in {"people", "files"}:
        return [item["name"] for item in value]
    if kind in {"formula", "rollup"}:
        return value[value["type"]] if value[value["type"]] != {} else value["type"]
    if kind in {"created_by", "last_edited_by"}:
        return value["name"]
    if kind == "unique_id":
        return f"{value['prefix']}-{value['number']}" if value["prefix"] else value["number"]
    return value or None


def _title(workspace: Workspace, identity: str) -> str:
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
    if isinstance(value, int | float):
        return f"{value:,}" if column.format == "number_with_commas" else _digits(Decimal(repr(value)))
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _digits(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
