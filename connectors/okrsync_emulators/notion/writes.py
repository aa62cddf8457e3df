"""Check what a request puts into a cell: types, limits and options, refused in Notion's words."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

from okrsync_emulators.notion import dates, texts
from okrsync_emulators.notion.refusals import invalid, malformed, not_found, too_long, undefined
from okrsync_emulators.notion.workspace import COMPUTED, Column, Option, Workspace, stable

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
    "place",
)
PLACE = ("lat", "lon", "name", "address", "aws_place_id", "google_place_id")


def accept(workspace: Workspace, column: Column, path: str, payload: Any) -> Any:
    """What to store for a property value of a request; None empties the cell. Options may come into being."""
    if not isinstance(payload, dict):
        raise malformed(path, "an object", payload)
    # Recorded: a relation may be sent back as it was read, with ``has_more`` beside it.
    ignored = {"type", "id", "name", "has_more"} if column.kind == "relation" else {"type", "id", "name"}
    given = [key for key in payload if key not in ignored]
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
        return _accepted_line(path, LIMITS[kind], value)
    if kind == "date":
        return dates.accept(path, value)
    if kind == "place":
        return place(path, value)
    return _accepted_option(column, path, value).id


def _accepted_line(path: str, limit: int, value: Any) -> str | None:
    if not isinstance(value, str):
        raise malformed(path, "a string or `null`", value)
    if texts.length(value) > limit:
        raise too_long(path, limit, texts.length(value))
    return value or None


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
            raise not_found("user", identity, workspace.bot)
        return user.id
    row = workspace.row(identity)
    if row is None or not workspace.visible(row):
        raise not_found("page", identity, workspace.bot)
    return row.id


def _accepted_option(column: Column, path: str, value: Any) -> Option:
    """The option that is meant. A select makes an unknown one, silently; a status refuses it."""
    if not isinstance(value, dict):
        raise malformed(path, "an object or `null`", value)
    name, identity = value.get("name"), value.get("id")
    if identity is None and not isinstance(name, str):
        raise undefined(f"{path}.name")
    option = column.option_by_id(str(identity)) if identity is not None else column.option(str(name))
    if option is not None:
        if value.get("color", option.color) != option.color:
            raise invalid("Select option color doesn't match existing.")
        return option
    if column.kind == "status" or name is None:
        raise invalid(f'Invalid status option. Status option "{name or identity}" does not exist.')
    return make_option(column, name, value.get("color") or "default")


def make_option(column: Column, name: str, color: str = "default") -> Option:
    """Add an option, with a status in the group To-do. Raises RefusalError for a name that Notion does not take."""
    if "," in name:
        raise invalid(f"Invalid select option, commas not allowed: {name}")
    if not name or len(name) > 100:
        raise too_long(f"body.properties.{column.name}.name", 100, len(name))
    option = Option(id=option_id(column, name), name=name, color=color)
    column.options.append(option)
    return option


def option_id(column: Column, name: str) -> str:
    """An id that no option of the column has: a renamed option keeps the id made from its old name."""
    salt = 0
    while column.option_by_id(candidate := stable("option", column.id, name, str(salt))[:8]) is not None:
        salt += 1
    return candidate


def place(path: str, value: Any) -> dict[str, Any]:
    """A place, key for key; Notion looks nothing up for it."""
    if not isinstance(value, dict):
        raise malformed(path, "an object or `null`", value)
    for key in ("lat", "lon"):
        number(f"{path}.{key}", value.get(key))
    return {key: value.get(key) for key in PLACE}


def number(path: str, value: Any) -> int | float:
    """JSON's numbers are doubles to Notion; a whole one is answered without a fraction."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise malformed(path, "a number or `null`", value)
    double = float(value)
    if not math.isfinite(double):
        raise malformed(path, "a number or `null`", str(value))
    return int(double) if double.is_integer() and abs(double) < 1e21 else double
