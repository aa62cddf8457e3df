"""Build the objects of Notion's answers, key for key and in Notion's order.

``legacy`` is true for version 2025-09-03, whose objects carry ``archived`` before ``in_trash``. Since October 2026 those of
2026-03-11 end with it. Unknown: what it says of a page in the trash; here it says the same as ``in_trash``.
"""

from __future__ import annotations

import re
from typing import Any

from okrsync_emulators.notion import cells, dates, schema, texts
from okrsync_emulators.notion.workspace import Column, Database, DataSource, Row, Workspace

SITE = "https://app.notion.com/p"
# Seen on the live API in October 2026. Unknown: what other values there are.
DATABASE_TYPE = "default"


def _archived(in_trash: bool, *, legacy: bool) -> dict[str, Any]:
    return {"archived": in_trash} if legacy else {}


def _archived_last(in_trash: bool, *, legacy: bool) -> dict[str, Any]:
    return {} if legacy else {"archived": in_trash}


def _address(identity: str, title: str = "") -> str:
    words = re.sub(r"[^A-Za-z0-9]+", "-", title).strip("-")
    return f"{SITE}/{words + '-' if words else ''}{identity.replace('-', '')}"


def _partial(identity: str) -> dict[str, Any]:
    return {"object": "user", "id": identity}


def page(workspace: Workspace, row: Row, *, legacy: bool, only: list[Column] | None = None) -> dict[str, Any]:
    """A page with all its properties, or with those of ``only``."""
    source = workspace.sources[row.source]
    shown = workspace.columns(source)
    columns = [one for one in (shown.values() if only is None else only) if one.id in shown]
    if row.moved_to:
        columns = [source.titled()]
    return {
        "object": "page",
        "id": row.id,
        "created_time": dates.stamp(row.created),
        "last_edited_time": dates.stamp(row.edited),
        "created_by": _partial(row.created_by),
        "last_edited_by": _partial(row.edited_by),
        "cover": row.cover,
        "icon": row.icon,
        "parent": _parent(source, row),
        **_archived(row.in_trash, legacy=legacy),
        "in_trash": row.in_trash,
        "is_archived": row.is_archived,
        "is_locked": row.is_locked,
        "properties": {
            "title" if row.moved_to else column.name: cells.answered(workspace, column, row)
            for column in columns
        },
        "url": _address(row.id, texts.plain(row.cells.get(source.titled().id))),
        "public_url": None,
        **_archived_last(row.in_trash, legacy=legacy),
    }


def _parent(source: DataSource, row: Row) -> dict[str, Any]:
    if row.moved_to:
        return {"type": "page_id", "page_id": row.moved_to}
    return {"type": "data_source_id", "data_source_id": source.id, "database_id": source.database}


def data_source(workspace: Workspace, source: DataSource, *, legacy: bool) -> dict[str, Any]:
    database = workspace.databases[source.database]
    return {
        "object": "data_source",
        "id": source.id,
        "cover": None,
        "icon": None,
        "created_time": dates.stamp(source.created),
        "created_by": _partial(workspace.bot.id),
        "last_edited_by": _partial(source.edited_by),
        "last_edited_time": dates.stamp(source.edited),
        "title": texts.answered(texts.stored(source.title)),
        "description": [],
        "is_inline": database.is_inline,
        "properties": {
            column.name: schema.answered(workspace, column) for column in workspace.columns(source).values()
        },
        "parent": {"type": "database_id", "database_id": source.database},
        "database_parent": database.parent,
        "url": _address(source.database),
        "public_url": None,
        **_archived(source.in_trash, legacy=legacy),
        "in_trash": source.in_trash,
        "database_type": DATABASE_TYPE,
        **_archived_last(source.in_trash, legacy=legacy),
    }


def database(workspace: Workspace, found: Database, *, legacy: bool) -> dict[str, Any]:
    return {
        "object": "database",
        "id": found.id,
        "title": texts.answered(texts.stored(found.title)),
        "description": [],
        "parent": found.parent,
        "is_inline": found.is_inline,
        **_archived(found.in_trash, legacy=legacy),
        "in_trash": found.in_trash,
        "is_locked": False,
        "created_time": dates.exact_stamp(found.created),
        "last_edited_time": dates.exact_stamp(found.edited),
        "data_sources": [
            {"id": identity, "name": workspace.sources[identity].title} for identity in found.sources
        ],
        "icon": None,
        "cover": None,
        "url": _address(found.id),
        "public_url": None,
        "database_type": DATABASE_TYPE,
        **_archived_last(found.in_trash, legacy=legacy),
    }


def child_database(workspace: Workspace, found: Database, *, legacy: bool) -> dict[str, Any]:
    """A database as a block of the page that it is on."""
    author = _partial(found.created_by or workspace.people[0].id)
    return {
        "object": "block",
        "id": found.id,
        "parent": found.parent,
        "created_time": dates.stamp(found.created),
        "last_edited_time": dates.stamp(found.edited),
        "created_by": author,
        "last_edited_by": author,
        "has_children": False,
        **_archived(found.in_trash, legacy=legacy),
        "in_trash": found.in_trash,
        "type": "child_database",
        "child_database": {"title": found.title},
        **_archived_last(found.in_trash, legacy=legacy),
    }


def listing(kind: str, results: list[dict[str, Any]], cursor: str | None) -> dict[str, Any]:
    """One page of a list; ``kind`` names what it lists."""
    return {
        "object": "list",
        "results": results,
        "next_cursor": cursor,
        "has_more": cursor is not None,
        "type": kind,
        kind: {},
    }
