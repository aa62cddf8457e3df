"""The emulator itself: the server, its seed, and what people and mishaps do to the workspace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal

from okrsync.emulation import LoopbackServer, TableView
from okrsync_notion.emulator import cells, schema, seeding, texts
from okrsync_notion.emulator.api import Api
from okrsync_notion.emulator.queries import Cursors
from okrsync_notion.emulator.workspace import Column, DataSource, Option, Row, Workspace, only, stable


def _real_time() -> datetime:
    return datetime.now(UTC)


class NotionEmulator:
    """Notion on 127.0.0.1, from construction to ``server.close()``.

    ``now`` gives the time of every time stamp. ``query_cap`` is how many rows a query yields at the most (Notion:
    10,000). ``unknown_property`` chooses between the two documented answers to a write of a property that does not
    exist. A row created over the API stays out of the next ``visibility_lag`` queries of its table.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = _real_time,
        query_cap: int = 10_000,
        unknown_property: Literal["error", "ignore"] = "error",
        visibility_lag: int = 0,
        port: int = 0,
    ) -> None:
        self._now = now
        self.api = Api(
            workspace=seeding.workspace_from({}, now),
            cursors=Cursors(query_cap),
            strict=unknown_property == "error",
            lag=visibility_lag,
        )
        self.server = LoopbackServer(_application(self), port=port)

    @property
    def workspace(self) -> Workspace:
        return self.api.workspace

    def load(self, seed: Mapping[str, Any]) -> None:
        """Replace everything by what ``seed`` says::

            token: secret_demo
            workspace: Acme
            bot: {id: optional, name: okrsync}
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
                      Status: {type: status, options: [{name: On track, group: In progress}, At risk]}
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
        starts as Notion starts it, at the first to-do option; ``Status: null`` is an empty one. Missing ids are
        derived from names. Raises LookupError, KeyError or ValueError for a seed that does not add up.
        """
        with self.server.lock:
            self.api.workspace = seeding.workspace_from(seed, self._now)

    def secret(self) -> str:
        return self.workspace.token

    def tables(self) -> Sequence[TableView]:
        with self.server.lock:
            return [self._view(source) for source in self.workspace.sources.values()]

    def _view(self, source: DataSource) -> TableView:
        columns = list(source.columns.values())
        rows = [row for row in source.rows.values() if not row.in_trash]
        return TableView(
            title=source.title,
            columns=[column.name for column in columns],
            rows=[[cells.shown(self.workspace, column, row) for column in columns] for row in rows],
        )

    # What people do

    def edit(self, table: str, row: str, column: str, value: Any) -> None:
        """A person types ``value`` (as in a seed; None empties the cell)."""
        with self.server.lock:
            source = self.workspace.source(table)
            found = self._row(source, row)
            seeding.put(self.workspace, self._column(source, column), found, value)
            found.edited, found.edited_by = self._now(), self.workspace.people[0].id

    def _column(self, source: DataSource, name: str) -> Column:
        return only((c for c in source.columns.values() if c.name == name), f"column {name!r}")

    def _row(self, source: DataSource | None, name: str) -> Row:
        """By id, then by title, then by any text cell that equals ``name``."""
        sources = [source] if source else list(self.workspace.sources.values())
        rows = [(s, row) for s in sources for row in s.rows.values()]
        exact = [row for _, row in rows if row.id == name]
        titled = exact or [r for s, r in rows if texts.plain(r.cells.get(s.titled().id)) == name]
        keyed = titled or [
            row
            for s, row in rows
            if any(texts.plain(row.cells.get(c.id)) == name for c in s.columns.values() if c.kind == "rich_text")
        ]
        return only(keyed, f"row {name!r}")


def _application(emulator: NotionEmulator) -> Any:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import HTMLResponse, JSONResponse, Response
    from starlette.routing import Route

    async def v1(request: Request) -> Response:
        status, headers, body = emulator.api.answer(
            request.method, request.url.path, request.url.query, request.headers, await request.body()
        )
        return JSONResponse(body, status_code=status, headers=headers)

    verbs = ["GET", "POST", "PATCH", "PUT", "DELETE"]
    return Starlette(routes=[Route("/{path:path}", v1, methods=verbs)])
