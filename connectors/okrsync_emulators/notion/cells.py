"""Build what an answer says of one cell.

Stored values: runs of text for title and rich_text, option ids for choices, ids for relation and people, the answered
object for date, plain JSON for the rest. An empty cell is absent from ``Row.cells``.
"""

from __future__ import annotations

from typing import Any

from okrsync_emulators.notion import dates, texts
from okrsync_emulators.notion.workspace import AUTHORS, COMPUTED, STAMPS, Column, Row, User, Workspace, stable

CUT = 25


def answered(workspace: Workspace, column: Column, row: Row) -> dict[str, Any]:
    """The property value as a page carries it."""
    answer = {"id": column.wire, "type": column.kind, column.kind: content(workspace, column, row)}
    if column.kind == "relation":
        answer["has_more"] = len(row.cells.get(column.id, [])) > CUT
    return answer


def content(workspace: Workspace, column: Column, row: Row, *, cut: bool = True) -> Any:
    """The value under the property's type. Lists of ids end after 25 if ``cut``."""
    kind, value = column.kind, row.cells.get(column.id)
    end = CUT if cut else None
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


def _option(column: Column, identity: str) -> dict[str, Any] | None:
    option = column.option_by_id(identity)
    return None if option is None else {"id": option.id, "name": option.name, "color": option.color}


def _computed(workspace: Workspace, column: Column, row: Row) -> Any:
    if column.kind in STAMPS:
        return dates.stamp(row.created if column.kind == "created_time" else row.edited)
    if column.kind in AUTHORS:
        user = workspace.user(row.created_by if column.kind == "created_by" else row.edited_by)
        return None if user is None else user_object(user, workspace)
    value = row.cells.get(column.id)
    if column.kind == "unique_id":
        return {"prefix": column.details.get("prefix"), "number": value}
    if column.kind == "button":
        return {}
    if column.kind == "verification":
        return value or {"state": "unverified", "verified_by": None, "date": None}
    return _result(column, value)


def _result(column: Column, value: Any) -> dict[str, Any]:
    """A formula's or a rollup's value. The emulator computes nothing: rows carry the literal."""
    if value in ("unsupported", "incomplete"):
        answer: dict[str, Any] = {"type": value, value: {}}
    else:
        empty: Any = [] if column.result == "array" else None
        answer = {"type": column.result, column.result: empty if value is None else value}
    if column.kind == "rollup":
        answer["function"] = column.details.get("function", "sum")
    return answer


def user_object(user: User, workspace: Workspace) -> dict[str, Any]:
    """A full user; a bot with its owner and workspace."""
    common = {"object": "user", "id": user.id, "name": user.name, "avatar_url": None, "type": user.kind}
    if user.kind == "person":
        mail = {} if user.email is None else {"email": user.email, "email_verified": True}
        return {**common, "person": mail}
    return {
        **common,
        "bot": {
            "owner": {"type": "workspace", "workspace": True},
            "workspace_name": workspace.name,
            "workspace_limits": {"max_file_upload_size_in_bytes": workspace.upload_limit},
            "workspace_id": stable("workspace", workspace.name),
        },
    }
