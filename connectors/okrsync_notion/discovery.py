"""List the data sources that a Notion token can see, for ``okrsync init``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from okrsync.cells import CURRENT, PROGRESS, STATUS
from okrsync.discovery import Discovery, Resource
from okrsync.ports import ConnectorContext
from okrsync_notion.client import Notion
from okrsync_notion.property_values import text
from okrsync_notion.settings import NotionSettings
from okrsync_notion.vocabulary import COLUMNS, rank

# Search is neither complete nor in step with the workspace: it is good for a list to choose from, and for no more.
MOST_PAGES: Final = 5
_ROLES: Final = (CURRENT.name, PROGRESS.name, STATUS.name, "baseline", "target")


def discover(settings: NotionSettings, context: ConnectorContext) -> Discovery:
    """The bot behind the token, and the databases that are shared with it; the likeliest key results first."""
    api = Notion(settings, context)
    bot = api.me()
    workspace = (bot.get("bot") or {}).get("workspace_name") or "an unnamed workspace"
    found, more = _listed(api)
    seen = sorted((_seen(one) for one in found), key=lambda one: not one.fits)
    notes = ["Notion lists more than is shown here: give the address of the database itself"] if more else []
    if not seen:
        notes.append(
            "no database is shared with this connection: open it in Notion, choose ••• › Connections, and add the "
            "connection; a new share can take a minute to be listed"
        )
    return Discovery(
        account=f"bot {bot.get('name')!r} of {workspace}", resources=tuple(seen), notes=tuple(notes)
    )


def _listed(api: Notion) -> tuple[list[Mapping[str, Any]], bool]:
    found: list[Mapping[str, Any]] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        answer = api.search_data_sources(cursor)
        found += [one for one in answer["results"] if one.get("object") == "data_source"]
        cursor = answer.get("next_cursor") if answer.get("has_more") else None
        if not cursor:
            return found, False
    return found, True


def _seen(source: Mapping[str, Any]) -> Resource:
    columns = source.get("properties") or {}
    roles = {role for role in _ROLES if any(rank(COLUMNS, role, name) is not None for name in columns)}
    database = str((source.get("parent") or {}).get("database_id") or source["id"])
    numbers = sum(one.get("type") == "number" for one in columns.values())
    return Resource(
        kind="database",
        name=text(source.get("title") or []) or "(no title)",
        address=f"https://app.notion.com/p/{database.replace('-', '')}",
        detail=f"{len(columns)} columns",
        # The objectives have a progress and a status too; only key results have a number of their own.
        fits=CURRENT.name in roles and len(roles) > 1 and numbers > 0,
    )
