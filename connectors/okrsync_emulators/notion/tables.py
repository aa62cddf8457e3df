"""Answer requests about users, databases, data sources and searches."""

from __future__ import annotations

import copy
from typing import Any

from okrsync_emulators.notion import answers, cells, people, schema, texts
from okrsync_emulators.notion.calls import Call, State, uuid_at
from okrsync_emulators.notion.queries import matching, page_size
from okrsync_emulators.notion.refusals import (
    RefusalError,
    invalid,
    malformed,
    not_found,
    undefined,
    unsupported,
)
from okrsync_emulators.notion.workspace import Database, DataSource, stable


def me(state: State, _call: Call) -> dict[str, Any]:
    return cells.user_object(state.workspace.bot, state.workspace)


def users(state: State, call: Call) -> dict[str, Any]:
    known = {user.id: user for user in state.workspace.users()}
    part = call.slice_of_get(state.cursors, "users", list(known))
    results = [cells.user_object(known[identity], state.workspace) for identity in part.ids]
    return answers.listing("user", results, part.cursor)


def user(state: State, _call: Call, user_id: str) -> dict[str, Any]:
    found = state.workspace.user(uuid_at("path.user_id", user_id))
    if found is None:
        raise state.missing("user", user_id)
    return cells.user_object(found, state.workspace)


def database(state: State, call: Call, database_id: str) -> dict[str, Any]:
    return answers.database(state.workspace, state.database(database_id), legacy=call.legacy)


def create_database(state: State, call: Call) -> dict[str, Any]:
    """A database with one data source; ``properties`` beside ``initial_data_source`` are ignored, as documented."""
    call.only_keys(
        "parent", "title", "description", "is_inline", "initial_data_source", "icon", "cover", "properties"
    )
    state.spend_block()
    workspace, moment = state.workspace, state.workspace.now()
    parent = call.body.get("parent")
    if not isinstance(parent, dict) or parent.get("type") not in {"page_id", "workspace"}:
        raise undefined("body.parent")
    if {str(parent.get("page_id"))} & {*workspace.databases, *workspace.sources}:
        # Unknown: Notion's answer to a database as the parent of a database; that it must be a page is documented.
        raise not_found("page", str(parent["page_id"]), workspace.bot)
    title = _title(call)
    made = Database(
        id=stable("created database", str(workspace.next_serial())),
        title=title,
        created=moment,
        edited=moment,
        parent=parent,
        is_inline=call.flag("is_inline", False),
        created_by=workspace.bot.id,
    )
    source = DataSource(
        id=stable("created data source", made.id),
        database=made.id,
        title=title,
        created=moment,
        edited=moment,
        edited_by=workspace.bot.id,
    )
    wanted = (call.body.get("initial_data_source") or {}).get("properties") or {"Name": {"title": {}}}
    workspace.databases[made.id], workspace.sources[source.id] = made, source
    try:
        for name, config in wanted.items():
            schema.create(workspace, source, name, f"body.initial_data_source.properties.{name}", config)
        if not any(column.kind == "title" for column in source.columns.values()):
            raise invalid("Title is not provided")
    except RefusalError:
        del workspace.databases[made.id], workspace.sources[source.id]
        raise
    made.sources.append(source.id)
    return answers.database(workspace, made, legacy=call.legacy)


def update_database(state: State, call: Call, database_id: str) -> dict[str, Any]:
    """Only what moves a database to the trash and back."""
    call.only_keys("in_trash")
    found = state.database(database_id)
    found.in_trash = call.flag("in_trash", found.in_trash)
    found.edited = state.workspace.now()
    return answers.database(state.workspace, found, legacy=call.legacy)


def children(state: State, call: Call, block_id: str) -> dict[str, Any]:
    """What is on a page: its databases. Pages as such are not emulated, so every id is that of a page."""
    page = uuid_at("path.block_id", block_id)
    below = {
        one.id: one
        for one in state.workspace.databases.values()
        if one.parent.get("page_id") == page and not one.in_trash
    }
    part = call.slice_of_get(state.cursors, page, list(below))
    blocks = [answers.child_database(state.workspace, below[one], legacy=call.legacy) for one in part.ids]
    return answers.listing("block", blocks, part.cursor)


def _title(call: Call) -> str:
    return texts.plain(texts.accept("body.title", call.body.get("title") or []))


def data_source(state: State, call: Call, data_source_id: str) -> dict[str, Any]:
    return answers.data_source(state.workspace, state.source(data_source_id), legacy=call.legacy)


def update_data_source(state: State, call: Call, data_source_id: str) -> dict[str, Any]:
    source = state.source(data_source_id)
    call.only_keys(
        "title", "icon", "properties", "in_trash", "parent", *(["archived"] if call.legacy else [])
    )
    for key in ("icon", "parent"):
        if key in call.body:
            raise unsupported(f"{key} in an update of a data source")
    title = _title(call) if "title" in call.body else source.title
    trashed = call.flag("in_trash", call.flag("archived", source.in_trash))
    if "properties" in call.body:
        before = copy.deepcopy(state.workspace.sources)
        try:
            schema.patch(state.workspace, source, call.body["properties"])
        except RefusalError:
            # A refused change leaves nothing half done, in the related tables neither.
            state.workspace.sources = before
            raise
    source.title, source.in_trash = title, trashed
    source.edited, source.edited_by = state.workspace.now(), state.workspace.bot.id
    return answers.data_source(state.workspace, source, legacy=call.legacy)


def query(state: State, call: Call, data_source_id: str) -> dict[str, Any]:
    source = state.source(data_source_id)
    # ``archived`` is refused in every version: seen on the live API.
    call.only_keys("filter", "sorts", "start_cursor", "page_size", "in_trash", "result_type")
    only = call.columns(source, strict=True)
    size = page_size("body.page_size", call.body.get("page_size"))
    cursor = call.body.get("start_cursor")
    if cursor is not None and not isinstance(cursor, str):
        raise malformed("body.start_cursor", "a string or `undefined`", cursor)
    rows = {row.id: row for row in matching(state.workspace, source, call.body)}
    if call.body.get("result_type") == "data_source":
        rows = {}
    for row in source.rows.values():
        row.was_listed()
    part = state.cursors.slice(source.id, list(rows), cursor, size)
    # A row that left the query since its first page makes this page shorter.
    results = [
        answers.page(state.workspace, rows[identity], legacy=call.legacy, only=only)
        for identity in part.ids
        if identity in rows
    ]
    listing = answers.listing("page_or_data_source", results, part.cursor)
    if part.capped:
        listing["request_status"] = {"type": "incomplete", "incomplete_reason": "query_result_limit_reached"}
    return listing


def search(state: State, call: Call) -> dict[str, Any]:
    """By title, newest edit first. Notion's own is neither exhaustive nor consistent: rely on nothing."""
    call.only_keys("query", "page_size", "filter", "start_cursor")
    size = page_size("body.page_size", call.body.get("page_size"))
    wanted = str(call.body.get("query", "")).casefold()
    kind = (call.body.get("filter") or {}).get("value")
    if kind not in {None, "page", "data_source"}:
        raise malformed("body.filter.value", '`"page"` or `"data_source"`', kind)
    workspace, legacy = state.workspace, call.legacy
    found: list[dict[str, Any]] = []
    for source in workspace.sources.values():
        if not workspace.databases[source.database].shared:
            continue
        if kind != "page" and wanted in source.title.casefold():
            found.append(answers.data_source(workspace, source, legacy=legacy))
        rows = [
            row for row in source.rows.values() if row.shared and not row.in_trash and kind != "data_source"
        ]
        found += [
            answers.page(workspace, row, legacy=legacy)
            for row in rows
            if wanted in people.title_of(workspace, row.id).casefold()
        ]
    found.sort(key=lambda item: str(item["last_edited_time"]), reverse=True)
    by_id = {str(item["id"]): item for item in found}
    part = state.cursors.slice(f"search {wanted} {kind}", list(by_id), call.body.get("start_cursor"), size)
    # Unknown: whether a search ends at some number of results, as a query does.
    return answers.listing(
        "page_or_data_source", [by_id[one] for one in part.ids if one in by_id], part.cursor
    )
