"""Answer requests about pages."""

from __future__ import annotations

from typing import Any

from okrsync_emulators.notion import answers, cells, relations, seeds, writes
from okrsync_emulators.notion.calls import Call, State
from okrsync_emulators.notion.refusals import RefusalError, invalid, malformed, undefined
from okrsync_emulators.notion.workspace import DataSource, Row, stable

TEMPLATES = frozenset({"none", "default", "template_id"})


def retrieve(state: State, call: Call, page_id: str) -> dict[str, Any]:
    row = state.row(page_id)
    only = call.columns(state.workspace.sources[row.source])
    return answers.page(state.workspace, row, legacy=call.legacy, only=only)


def create(state: State, call: Call) -> dict[str, Any]:
    """A row. A template and Markdown are taken as recorded, but nothing is made of them: pages have no content here."""
    call.only_keys("parent", "properties", "icon", "cover", "template", "markdown")
    _no_content(call)
    parent = call.body.get("parent")
    if not isinstance(parent, dict) or "data_source_id" not in parent:
        raise undefined("body.parent.data_source_id")
    workspace = state.workspace
    source = state.source(str(parent["data_source_id"]), "body.parent.data_source_id")
    only = call.columns(source)
    changes = _changes(state, source, call.body.get("properties") or {})
    state.spend_block()
    moment, serial = workspace.now(), workspace.next_serial()
    row = Row(
        id=stable("created row", source.id, str(serial)),
        source=source.id,
        serial=serial,
        created=moment,
        edited=moment,
        created_by=workspace.bot.id,
        edited_by=workspace.bot.id,
        hidden_for=state.lag,
        icon=call.body.get("icon"),
        cover=call.body.get("cover"),
    )
    source.rows[row.id] = row
    _store(state, source, row, changes)
    seeds.fill_in(source, row, {source.columns[identity].name for identity in changes})
    return answers.page(workspace, row, legacy=call.legacy, only=only)


def update(state: State, call: Call, page_id: str) -> dict[str, Any]:
    """Merge property by property. Everything is checked before anything is stored."""
    row = state.row(page_id)
    source = state.workspace.sources[row.source]
    allowed = ("properties", "icon", "cover", "is_locked", "in_trash", "is_archived")
    call.only_keys(*allowed, *(["archived"] if call.legacy else []))
    only = call.columns(source)
    trashed = call.flag("in_trash", call.flag("archived", row.in_trash))
    locked, archived = call.flag("is_locked", row.is_locked), call.flag("is_archived", row.is_archived)
    changes = _changes(state, source, call.body.get("properties") or {}, moved=bool(row.moved_to))
    if row.in_trash and trashed and changes:
        # Unknown: whether the sentence speaks of the trash since version 2026-03-11.
        raise invalid("Can't edit block that is archived. You must unarchive the block before editing.")
    before = (dict(row.cells), row.icon, row.cover)
    _store(state, source, row, changes)
    row.icon, row.cover = call.body.get("icon", row.icon), call.body.get("cover", row.cover)
    # Trashing is reported not to move last_edited_time.
    row.in_trash, row.is_locked, row.is_archived = trashed, locked, archived
    if before != (row.cells, row.icon, row.cover):
        # Unknown: whether a PATCH of equal values moves last_edited_time; one live report says it does not.
        row.edited, row.edited_by = state.workspace.now(), state.workspace.bot.id
    return answers.page(state.workspace, row, legacy=call.legacy, only=only)


def _changes(state: State, source: DataSource, properties: Any, *, moved: bool = False) -> dict[str, Any]:
    """Column ids with what to store in them. A page that was moved out of its table has only its title left."""
    if not isinstance(properties, dict):
        raise malformed("body.properties", "an object", properties)
    before = {identity: list(column.options) for identity, column in source.columns.items()}
    try:
        return _accepted(state, source, properties, moved=moved)
    except RefusalError:
        # An option that came into being for a write that is refused goes again.
        for identity, options in before.items():
            source.columns[identity].options = options
        raise


def _accepted(state: State, source: DataSource, properties: dict[str, Any], *, moved: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, payload in properties.items():
        behaviour = state.workspace.behaviour
        column = source.column_by_key(name, escaped=behaviour.escaped_keys)
        if column is None or (moved and column.kind != "title"):
            if not behaviour.silent:
                raise invalid(f"{name} is not a property that exists.")
            continue
        found[column.id] = writes.accept(state.workspace, column, f"body.properties.{name}", payload)
    return found


def _no_content(call: Call) -> None:
    template, markdown = call.body.get("template"), call.body.get("markdown")
    if template is not None and not (isinstance(template, dict) and template.get("type") in TEMPLATES):
        raise malformed("body.template.type", "one of " + ", ".join(sorted(TEMPLATES)), template)
    if markdown is not None and not isinstance(markdown, str):
        raise malformed("body.markdown", "a string or `undefined`", markdown)


def _store(state: State, source: DataSource, row: Row, changes: dict[str, Any]) -> None:
    for identity, value in changes.items():
        before = list(row.cells.get(identity) or []) if source.columns[identity].kind == "relation" else []
        if value is None:
            row.cells.pop(identity, None)
        else:
            row.cells[identity] = value
        relations.follow(state.workspace, source.columns[identity], row, before)


def retrieve_property(state: State, call: Call, page_id: str, property_id: str) -> dict[str, Any]:
    """One property, uncut: a list in pages for texts, relations and people, else a single item."""
    row = state.row(page_id)
    column = state.workspace.sources[row.source].columns.get(property_id)
    if column is None:
        raise invalid(f"{property_id} is not a property that exists.")
    content = cells.content(state.workspace, column, row, cut=False)
    head = {"object": "property_item", "type": column.kind, "id": column.wire}
    if column.kind not in {"title", "rich_text", "relation", "people"}:
        return {**head, column.kind: content}
    numbers = [str(position) for position in range(len(content))]
    part = call.slice_of_get(state.cursors, f"{row.id} {column.id}", numbers)
    items = [{**head, column.kind: content[int(number)]} for number in part.ids if int(number) < len(content)]
    listing = answers.listing("property_item", items, part.cursor)
    listing["property_item"] = {"id": column.wire, "next_url": None, "type": column.kind, column.kind: {}}
    return listing
