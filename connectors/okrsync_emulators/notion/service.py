"""Start the emulator of Notion: its seed, and what people and mishaps do to the workspace."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from okrsync.emulation import Grid, Mishap, TableView
from okrsync.loopback import LoopbackServer
from okrsync_emulators.notion import grid, mishaps, people, schema, seeds, texts, webpage
from okrsync_emulators.notion.api import Api, Budget
from okrsync_emulators.notion.calls import State
from okrsync_emulators.notion.queries import Cursors
from okrsync_emulators.notion.workspace import (
    KINDS,
    Behaviour,
    Column,
    DataSource,
    Option,
    Row,
    Workspace,
    only,
    stable,
)


def _real_time() -> datetime:
    return datetime.now(UTC)


class NotionEmulator:
    """Notion on 127.0.0.1, from construction to ``server.close()``.

    ``now`` gives the time of every time stamp. ``query_cap`` is how many rows a query yields at the most (Notion:
    10,000). A row created over the API stays out of the next ``visibility_lag`` queries of its table; one that a person edits
    or puts away is listed by the next ``edit_lag`` queries as it was before. Unknown: how late Notion lists an edit, and
    whether a page by itself is ever late; here it never is. A token may send
    ``requests_per_minute`` in a window of 60 seconds of ``monotonic``; None is without limit. ``behaviour`` chooses
    between the answers that Notion may give where none was recorded; a test may change it at any time.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = _real_time,
        monotonic: Callable[[], float] = time.monotonic,
        query_cap: int = 10_000,
        visibility_lag: int = 0,
        edit_lag: int = 0,
        requests_per_minute: int | None = None,
        behaviour: Behaviour | None = None,
        port: int = 0,
    ) -> None:
        self._now = now
        self.edit_lag = edit_lag
        self.behaviour = behaviour or Behaviour()
        self._state = State(
            workspace=self._workspace({}),
            cursors=Cursors(query_cap),
            lag=visibility_lag,
        )
        self.api = Api(state=self._state, budget=Budget(requests=requests_per_minute, monotonic=monotonic))
        self.server = LoopbackServer(_application(self), port=port)

    @property
    def workspace(self) -> Workspace:
        return self._state.workspace

    def _workspace(self, seed: Mapping[str, Any]) -> Workspace:
        made = seeds.workspace_from(seed, self._now)
        made.behaviour = self.behaviour
        return made

    def reset(self) -> None:
        with self.server.lock:
            self._state.workspace = self._workspace({})
            self.server.faults.clear()
            self.server.forget()

    def load(self, seed: Mapping[str, Any]) -> None:
        """Replace everything by what ``seed`` says.

        Its keys, by example::

            token: secret_demo
            workspace: Acme
            bot: {id: optional, name: okrsync, capabilities: [read, update, insert, users]}
            people: [Ada Lovelace, {id: optional, name: Grace Hopper, email: grace@acme.test}]
            databases:
              - id: optional
                title: Company OKRs
                shared: true                      # false: the integration gets 404
                data_sources:
                  - id: optional
                    title: Key results            # optional: the database's title
                    properties:
                      Name: {type: title}         # or just: title
                      KR ID: {type: rich_text}
                      Current: {type: number, format: percent}
                      Status: {type: status, options: [{name: On track, group: In progress}, At risk], default: At risk}
                      Tier: {type: select, options: [{name: Gold, color: yellow}, Silver]}
                      Synced: {type: date}
                      Done: {type: checkbox}
                      Objective: {type: relation, data_source: Objectives}   # its title or id
                      Progress: {type: formula, result: number}              # number, string, boolean, date
                      Total: {type: rollup, result: number, function: sum}
                      No: {type: unique_id, prefix: KR}
                    rows:
                      - {id: optional, Name: Open bugs, KR ID: KR-1, Current: 84, Status: On track, Progress: 0.4}

        Rows are created in order, by the first person. Options, people and related rows are named; a formula's or
        rollup's value is the literal to answer, or ``unsupported`` (``incomplete``). A status that a row leaves out
        starts as Notion starts it: at the column's ``default``, else at the first to-do option, where ``ranked`` may name
        options in another order than ``options`` does; ``Status: null`` is an empty one. Missing ids are
        derived from names. Raises LookupError, KeyError or ValueError for a seed that does not add up.
        """
        with self.server.lock:
            self._state.workspace = self._workspace(seed)

    def secret(self) -> str:
        return self.workspace.token

    def tables(self) -> Sequence[TableView]:
        with self.server.lock:
            return [self._view(source) for source in self.workspace.sources.values()]

    def _view(self, source: DataSource) -> TableView:
        columns = list(source.columns.values())
        rows = [row for row in source.rows.values() if not row.in_trash and not row.moved_to]
        return TableView(
            title=source.title,
            columns=[column.name for column in columns],
            rows=[[people.shown(self.workspace, column, row) for column in columns] for row in rows],
        )

    def grids(self, zone: tzinfo) -> Sequence[Grid]:
        with self.server.lock:
            return grid.grids(self.workspace, zone)

    def mishaps(self) -> Sequence[Mishap]:
        return mishaps.mishaps(self.server, lambda: self.workspace)

    def row(self, key: str) -> dict[str, Any]:
        """The row as plain data: its column names with None, numbers, texts, booleans and lists of texts."""
        with self.server.lock:
            row = self._row(key)
            columns = self.workspace.sources[row.source].columns.values()
            return {column.name: people.plain(self.workspace, column, row) for column in columns}

    def page_id(self, key: str) -> str:
        """The id of a row, for a test that asks the API itself."""
        with self.server.lock:
            return self._row(key).id

    # What people do. A table is named by its title or id, or by its database's title; a row by its id, title or any text.

    def edit(self, table: str, row: str, column: str, value: Any) -> None:
        """A person types ``value`` (as in a seed; None empties the cell)."""
        with self.server.lock:
            source = self.workspace.source(table)
            found = self._row(row, source)
            found.lag(self.edit_lag)
            people.put(self.workspace, _column(source, column), found, value)
            found.edited, found.edited_by = self._now(), self.workspace.people[0].id

    def type_in(self, row: str, column: str, text: str, zone: tzinfo) -> None:
        with self.server.lock:
            source = self.workspace.sources[self._row(row).source]
            self.edit(source.id, row, column, grid.typed(_column(source, column), text, zone))

    def add_row(self, table: str, values: Mapping[str, Any]) -> str:
        """A person adds a row, as in a seed; its id."""
        with self.server.lock:
            return seeds.add_rows(self.workspace, [(self.workspace.source(table), values)])[0].id

    def trash(self, row: str) -> None:
        with self.server.lock:
            found = self._row(row)
            found.lag(self.edit_lag)
            found.in_trash = True

    def restore(self, row: str) -> None:
        with self.server.lock:
            self._row(row).in_trash = False

    def move(self, row: str) -> None:
        """Drag the row out of its table, below a page: it keeps its id and its title only."""
        with self.server.lock:
            self._row(row).moved_to = stable("page", "Archive of old rows")

    def unshare(self, database: str) -> None:
        """Take the connection off a database, by its id or title: everything in it is 404 from now on."""
        with self.server.lock:
            found = (d for d in self.workspace.databases.values() if database in {d.id, d.title})
            only(found, f"database {database!r}").shared = False

    def unshare_row(self, row: str) -> None:
        with self.server.lock:
            self._row(row).shared = False

    def rename_column(self, table: str, column: str, name: str) -> None:
        with self.server.lock:
            source = self.workspace.source(table)
            schema.rename(source, _column(source, column), name)

    def retype_column(self, table: str, column: str, kind: str) -> None:
        """Raises LookupError for a type that the emulator does not have, or that needs more than its name."""
        if kind not in KINDS - {"relation"}:
            raise LookupError(f"no column can be made a {kind!r} here")
        with self.server.lock:
            source = self.workspace.source(table)
            schema.retype(self.workspace, source, _column(source, column), kind)

    def delete_column(self, table: str, column: str) -> None:
        with self.server.lock:
            source = self.workspace.source(table)
            schema.delete(self.workspace, source, _column(source, column))

    def rename_option(self, table: str, column: str, option: str, name: str) -> None:
        """In the app a renamed option keeps its id, and every row that has it."""
        with self.server.lock:
            found = _column(self.workspace.source(table), column)
            _option(found, option).name = name

    def delete_option(self, table: str, column: str, option: str) -> None:
        with self.server.lock:
            source = self.workspace.source(table)
            found = _column(source, column)
            found.options.remove(_option(found, option))
            schema.forget_lost_options(source, found)

    def add_data_source(self, database: str, table: Mapping[str, Any]) -> str:
        """A second table in a database, described as in a seed; its id."""
        with self.server.lock:
            found = only(
                (d for d in self.workspace.databases.values() if database in {d.id, d.title}),
                f"database {database!r}",
            )
            source = seeds.add_source(self.workspace, found, table)
            seeds.add_rows(self.workspace, [(source, values) for values in table.get("rows") or []])
            return source.id

    def _row(self, key: str, source: DataSource | None = None) -> Row:
        """By id, else by title, else by any rich text that equals ``key``. Raises LookupError unless there is one."""
        sources = [source] if source else list(self.workspace.sources.values())
        rows = [row for table in sources for row in table.rows.values()]
        for kinds in (set(), {"title"}, {"rich_text"}):
            hits = [row for row in rows if row.id == key or key in self._texts(row, kinds)]
            if hits:
                return only(hits, f"row {key!r}")
        raise LookupError(f"row {key!r}: none found")

    def _texts(self, row: Row, kinds: set[str]) -> list[str]:
        columns = self.workspace.sources[row.source].columns.values()
        return [texts.plain(row.cells.get(c.id)) for c in columns if c.kind in kinds]


def _column(source: DataSource, name: str) -> Column:
    return only((c for c in source.columns.values() if c.name == name), f"column {name!r}")


def _option(column: Column, name: str) -> Option:
    return only((o for o in column.options if o.name == name), f"option {name!r} of {column.name!r}")


def _application(emulator: NotionEmulator) -> Any:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, JSONResponse, Response
    from starlette.routing import Route

    async def v1(request: Request) -> Response:
        status, headers, body = emulator.api.answer(
            request.method, request.scope["path"], request.url.query, request.headers, await request.body()
        )
        return JSONResponse(body, status_code=status, headers=headers)

    async def front(_request: Request) -> Response:
        return HTMLResponse(webpage.rendered(emulator.workspace))

    verbs = ["GET", "POST", "PATCH", "PUT", "DELETE"]
    return Starlette(routes=[Route("/", front), Route("/{path:path}", v1, methods=verbs)])
