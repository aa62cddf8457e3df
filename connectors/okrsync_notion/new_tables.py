"""Make new OKR tables in Notion: objectives, key results and check-ins, related, with views.

What Notion made is read back, and goes on from there: a table is kept as soon as it is made, so that a failure leaves a
YAML that names it; the far column of a relation is found by its id, because Notion calls it as it likes; what is only a
comfort (names of far columns, a rollup, views) comes last and costs nothing if it fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from okrsync.cells import (
    CHECK_INS,
    KEY_RESULTS,
    NOTE,
    OBJECTIVES,
    PROGRESS,
    RELEASE,
    STAMP,
    STATUS,
    SUMMARY,
    UPDATED,
    Cell,
    cells_of,
)
from okrsync.discovery import Proposed
from okrsync.errors import ConfigError, DataError, OkrsyncError, Unavailable
from okrsync.ports import Clock
from okrsync_notion.client import Notion
from okrsync_notion.data_source_lookup import locate
from okrsync_notion.http_errors import BlockLimit, NotFound, Refused
from okrsync_notion.new_columns import TITLES, columns_of, rollup, views
from okrsync_notion.settings import NotionTable
from okrsync_notion.table_layout import Schema, parse

ORDER: Final = (OBJECTIVES, KEY_RESULTS, CHECK_INS)
TODO: Final = "TODO"
# Unknown: how long Notion takes to list a new database on its page. Between the looks it is given so many seconds.
LOOKS: Final = (0, 2, 4, 8)
PAGE: Final = "give the address of a page, not of a database, and share that page with the connection: ••• › Connections"
ROLLUP: Final = "Average of key results"
Keep = Callable[[Proposed], None]


class NewTables:
    """Three databases below the page ``parent``: those that are not among the addresses in ``made`` yet.

    After an earlier try (``made`` is not None) each is looked for on the page before it is made.
    """

    def __init__(self, api: Notion, clock: Clock, parent: str, made: Mapping[str, str] | None) -> None:
        self._api = api
        self._clock = clock
        self._parent = parent
        self._addresses = dict(made or {})
        self._resumed = made is not None

    def make(self, keep: Keep) -> Proposed:
        """Make what is missing; ``keep`` is called with what there is after each table. See ``Setup.create``."""
        schemas: dict[str, Schema] = {}
        for table in ORDER:
            wanted = columns_of(table, schemas)
            if table in self._addresses:
                address = NotionTable(database=self._addresses[table], cells={})
                schema = locate(self._api, address, {})
            else:
                schema = self._schema_of_new(table, wanted, keep)
            schemas[table] = self._completed(schema, wanted)
        return self._proposed(tuple(_comforts(self._api, schemas)))

    def _schema_of_new(self, table: str, wanted: Mapping[str, Any], keep: Keep) -> Schema:
        try:
            made = self._orphan(table, (0,)) if self._resumed else None
            made = made or self._created(table, wanted)
        except Unavailable:
            # It may be there all the same; the next try looks for it before it makes another.
            keep(self._proposed())
            raise
        self._addresses[table] = f"https://app.notion.com/p/{made['id'].replace('-', '')}"
        keep(self._proposed())
        if not made["data_sources"]:
            raise DataError(f"Notion made {TITLES[table]!r} without a data source")
        return parse(self._api.data_source(str(made["data_sources"][0]["id"])))

    def _created(self, table: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """The database that Notion answers with or, if its answer was lost, the one that is on the page since."""
        title = TITLES[table]
        body = {
            "parent": {"type": "page_id", "page_id": self._parent},
            "title": [{"type": "text", "text": {"content": title}}],
            "initial_data_source": {"properties": dict(wanted)},
        }
        try:
            return self._api.create_database(body)
        except BlockLimit:
            raise
        except (NotFound, Refused) as error:
            if not self._addresses:
                error.hint = PAGE
            raise
        except OkrsyncError:
            raise
        except Exception as error:
            passing = self._api.passing(error)
            if passing is None:
                raise
            found = self._orphan(table, LOOKS)
            if found is None:
                raise Unavailable(
                    f"creating the database {title!r}: {passing.again.reason}; it may have been created all the same",
                    hint="look at the page in Notion",
                ) from error
            return found

    def _orphan(self, table: str, looks: tuple[int, ...]) -> dict[str, Any] | None:
        """The database that an earlier request made on the page although its answer was lost."""
        ours = self._api.me()["id"]
        for pause in looks:
            if pause:
                self._clock.sleep(pause)
            found = [
                str(block["id"])
                for block in self._children()
                if (block.get("child_database") or {}).get("title") == TITLES[table]
                and (block.get("created_by") or {}).get("id") == ours
                and not block.get("in_trash")
            ]
            if len(found) > 1:
                raise ConfigError(
                    f"the page holds {len(found)} databases called {TITLES[table]!r} that this token has made",
                    hint="delete those that are not needed, or write the address of the right one into the YAML",
                )
            if found:
                return self._api.database(found[0])
        return None

    def _children(self) -> Iterator[dict[str, Any]]:
        cursor, followed = None, set[str]()
        while True:
            answer = self._api.children(self._parent, cursor)
            yield from answer["results"]
            cursor = answer.get("next_cursor")
            if not answer["has_more"] or not cursor or cursor in followed:
                return
            followed.add(cursor)

    def _completed(self, schema: Schema, wanted: Mapping[str, Any]) -> Schema:
        """The schema with all columns: what Notion left out is added. Raises ``DataError`` if it stays away."""
        missing = {
            name: config
            for name, config in wanted.items()
            if name not in schema.columns and "title" not in config
        }
        if not missing:
            return schema
        changed = parse(self._api.change_data_source(schema.id, missing))
        if left := [name for name in missing if name not in changed.columns]:
            raise DataError(f"Notion made {schema.title!r} without the columns {', '.join(left)}")
        return changed

    def _proposed(self, remarks: tuple[str, ...] = ()) -> Proposed:
        """The YAML's tables. One that is not made yet says TODO for its database."""
        keys: Mapping[str, Mapping[str, Any]] = {
            OBJECTIVES: {"match": "ID", "cells": _columns(PROGRESS, STATUS, SUMMARY, UPDATED, NOTE, STAMP)},
            KEY_RESULTS: {
                "match": "KR",
                "baseline": "Start",
                "target": "Target",
                "cells": _columns(*cells_of(KEY_RESULTS)),
                "release": RELEASE.title,
            },
            CHECK_INS: {"match": "Check-in", "cells": _columns(*cells_of(CHECK_INS))},
        }
        tables = {name: {"database": self._addresses.get(name, TODO), **rest} for name, rest in keys.items()}
        return Proposed(tables=tables, goals=True, remarks=remarks)


def _columns(*cells: Cell) -> dict[str, str]:
    """Which column okrsync makes for each cell."""
    return {one.name: one.title for one in cells}


def _comforts(api: Notion, schemas: Mapping[str, Schema]) -> Iterator[str]:
    """Names for far columns, an average for objectives, two views. What fails is a remark and no more."""
    objectives, key_results, check_ins = (schemas[table] for table in ORDER)
    steps: list[tuple[str, Callable[[], object]]] = [
        (
            f"the column of {objectives.title!r} that leads to the key results could not be named",
            lambda: _name_far(api, objectives, key_results, "Objective", "Key results"),
        ),
        (
            f"the column of {key_results.title!r} that leads to the check-ins could not be named",
            lambda: _name_far(api, key_results, check_ins, "Key result", "Check-ins"),
        ),
        (
            f"the column {ROLLUP!r} of {objectives.title!r} could not be made",
            lambda: _average(api, objectives, key_results),
        ),
    ]
    for name, schema, configuration in views(key_results, check_ins):
        body = {
            "data_source_id": schema.id,
            "database_id": schema.database,
            "name": name,
            "type": configuration["type"],
            "configuration": configuration,
        }
        steps.append(
            (
                f"the view {name!r} of {schema.title!r} could not be made",
                lambda body=body: api.create_view(body),  # type: ignore[misc]
            )
        )
    for sentence, step in steps:
        try:
            step()
        except OkrsyncError as error:
            yield f"{sentence}: {error.message}"


def _name_far(api: Notion, table: Schema, other: Schema, relation: str, wanted: str) -> None:
    """Give the far column of ``other``'s ``relation``, which is in ``table``, a readable name."""
    far = other.columns[relation].far
    fresh = parse(api.data_source(table.id))
    column = next((one for one in fresh.columns.values() if one.id == far), None)
    if column is None:
        raise DataError(f"Notion made the relation {relation!r} of {other.title!r} one-way")
    if column.name != wanted and wanted not in fresh.columns:
        api.change_data_source(table.id, {column.wire: {"name": wanted}})


def _average(api: Notion, objectives: Schema, key_results: Schema) -> None:
    """A rollup over the far column: by ids, because a name may have changed; by names where Notion wants those."""
    far = key_results.columns["Objective"].far
    fresh = parse(api.data_source(objectives.id))
    if ROLLUP in fresh.columns:
        return
    column = next((one for one in fresh.columns.values() if one.id == far), None)
    if column is None:
        raise DataError("Notion made no column that leads from an objective to its key results")
    progress = key_results.columns[PROGRESS.title]
    try:
        api.change_data_source(objectives.id, {ROLLUP: rollup(column, progress, "id")})
    except Refused:
        api.change_data_source(objectives.id, {ROLLUP: rollup(column, progress, "name")})
