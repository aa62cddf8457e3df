"""Answer requests about views, which are stored and never drawn; their filters are not emulated."""

from __future__ import annotations

from typing import Any

from okrsync_emulators.notion import dates
from okrsync_emulators.notion.calls import Call, State, uuid_at
from okrsync_emulators.notion.refusals import invalid, malformed, undefined, unsupported
from okrsync_emulators.notion.workspace import stable

KINDS = ("table", "board", "list", "calendar", "timeline", "gallery", "form", "chart", "map", "dashboard")


def create(state: State, call: Call) -> dict[str, Any]:
    """A view of a data source, in its own database. Shapes are those of the official client's types.

    Unknown: Notion's sentences for a configuration that does not fit its view.
    """
    call.only_keys("data_source_id", "name", "type", "database_id", "sorts", "configuration", "position")
    for key in ("data_source_id", "name", "type"):
        if not isinstance(call.body.get(key), str):
            raise undefined(f"body.{key}")
    source = state.source(call.body["data_source_id"], "body.data_source_id")
    if call.body["type"] not in KINDS:
        raise malformed("body.type", f"one of {', '.join(KINDS)}", call.body["type"])
    if call.body.get("database_id") not in {None, source.database}:
        raise unsupported("a view in another database")
    configuration = call.body.get("configuration")
    if configuration is not None:
        if configuration.get("type") != call.body["type"]:
            raise malformed("body.configuration.type", f'`"{call.body["type"]}"`', configuration.get("type"))
        for key in ("group_by", "x_axis", "y_axis"):
            named = (configuration.get(key) or {}).get("property_id")
            if named is not None and source.column_by_id(named) is None:
                raise invalid(f"{named} is not a property that exists.")
    state.spend_block()
    stamp = dates.exact_stamp(state.workspace.now())
    identity = stable("view", source.id, str(state.workspace.next_serial()))
    author = {"object": "user", "id": state.workspace.bot.id}
    view = {
        "object": "view",
        "id": identity,
        "parent": {"type": "database_id", "database_id": source.database},
        "name": call.body["name"],
        "type": call.body["type"],
        "created_time": stamp,
        "last_edited_time": stamp,
        "url": f"https://app.notion.com/p/{source.database.replace('-', '')}?v={identity.replace('-', '')}",
        "data_source_id": source.id,
        "created_by": author,
        "last_edited_by": author,
        "filter": None,
        "sorts": call.body.get("sorts"),
        "quick_filters": None,
        # Unknown: what a default configuration holds; that there always is one was recorded.
        "configuration": configuration or {"type": call.body["type"]},
    }
    state.workspace.views.append(view)
    return view


def retrieve(state: State, _call: Call, view_id: str) -> dict[str, Any]:
    wanted = uuid_at("path.view_id", view_id)
    found = next((view for view in state.workspace.views if view["id"] == wanted), None)
    if found is None:
        raise state.missing("view", view_id)
    return found
