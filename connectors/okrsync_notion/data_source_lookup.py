"""Find the one data source that an address in the YAML means."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from contextlib import suppress
from typing import Any

from okrsync.errors import AccessError, ConfigError
from okrsync.spelling import did_you_mean
from okrsync_notion.addresses import beside, database_id
from okrsync_notion.client import Notion
from okrsync_notion.http_errors import NotFound, Refused
from okrsync_notion.settings import NotionTable
from okrsync_notion.table_layout import Schema, parse

SHARE = "open it in Notion, choose ••• > Connections, and add the connection that the token belongs to"


def locate(api: Notion, table: NotionTable, state: MutableMapping[str, str]) -> Schema:
    """The data source that ``table`` means, freshly read.

    One request where ``state`` still knows the way, else two or three. Raises ``AccessError`` if the token does not
    see it, ``ConfigError`` where the address means no data source, or several.
    """
    wanted = database_id(table.database)
    if wanted is None:
        raise ConfigError(f"{table.database!r} holds no Notion id", hint="copy the database's link in Notion")
    note = f"data source of {wanted} {table.data_source or ''}".rstrip()
    known = state.get(note)
    if known is not None:
        with suppress(NotFound, Refused):
            schema = parse(api.data_source(known))
            if _still(schema, wanted, table.data_source):
                return schema
        del state[note]
    schema = _search(api, wanted, table)
    if schema.in_trash:
        raise ConfigError(
            f"{schema.title!r} is in Notion's trash", hint="restore it, or name another database"
        )
    state[note] = schema.id
    return schema


def _still(schema: Schema, wanted: str, chosen: str | None) -> bool:
    fits = chosen is None or _is(chosen, schema.id, schema.title)
    return not schema.in_trash and wanted in {schema.database, schema.id} and fits


def _is(chosen: str, identity: str, name: str) -> bool:
    return chosen.strip().casefold() == name.strip().casefold() or database_id(chosen) == identity


def _search(api: Notion, wanted: str, table: NotionTable) -> Schema:
    try:
        database = api.database(wanted)
    except (NotFound, Refused):
        return _as_data_source(api, wanted, table)
    if database.get("in_trash"):
        raise ConfigError(
            f"the database {table.database} is in Notion's trash", hint="restore it, or name another database"
        )
    chosen = _choose(database.get("data_sources") or (), table)
    try:
        return parse(api.data_source(str(chosen["id"])))
    except NotFound as error:
        raise AccessError(
            f"the token does not see the data source {chosen.get('name')!r} of {table.database} ({error.message})",
            hint=SHARE,
        ) from error


def _as_data_source(api: Notion, wanted: str, table: NotionTable) -> Schema:
    """The id may be that of a data source itself."""
    try:
        schema = parse(api.data_source(wanted))
    except (NotFound, Refused) as error:
        with suppress(NotFound, Refused):
            api.page(wanted)
            raise ConfigError(
                f"{table.database} is the address of a page, not of a database",
                hint=_beside(table) or "open the database itself as a full page in Notion, and copy its link",
            ) from error
        raise AccessError(
            f"Notion shows nothing at {table.database}: it is not shared with the token's connection, or was deleted "
            f"({error.message})",
            hint=_beside(table) or SHARE,
        ) from error
    if table.data_source is not None and not _is(table.data_source, schema.id, schema.title):
        raise ConfigError(
            f"{table.database} is itself the data source {schema.title!r}, not {table.data_source!r}",
            hint="remove `data_source`",
        )
    return schema


def _beside(table: NotionTable) -> str:
    """The hint for an address that was copied while something was open beside the page."""
    found = beside(table.database)
    said = "the address names two things: a page, and what was open beside it (behind `?p=`)"
    return f"{said}; if that was the database, write `database: {found}`" if found else ""


def _choose(sources: Sequence[dict[str, Any]], table: NotionTable) -> dict[str, Any]:
    names = [str(source.get("name") or "") for source in sources]
    listed = ", ".join(repr(name) for name in names)
    if not sources:
        raise AccessError(
            f"the database {table.database} has no data source that the token sees",
            hint="where it is a linked view, use the link of the original database; " + SHARE,
        )
    if table.data_source is None:
        if len(sources) == 1:
            return sources[0]
        ids = ", ".join(f"{one.get('name')!r} is {one['id']}" for one in sources)
        raise ConfigError(
            f"the database {table.database} has {len(sources)} data sources: {listed}",
            hint="write the one you mean under `data_source`; `okrsync init` takes its id instead of the address: "
            + ids,
        )
    fitting = [one for one in sources if _is(table.data_source, str(one["id"]), str(one.get("name") or ""))]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        ids = ", ".join(str(one["id"]) for one in fitting)
        raise ConfigError(
            f"{len(fitting)} data sources are called {table.data_source!r}: {ids}",
            hint="write the id of the one you mean under `data_source`",
        )
    raise ConfigError(
        f"the database {table.database} has no data source {table.data_source!r}",
        hint=f"fix `data_source`: {did_you_mean(table.data_source, names)}",
    )
