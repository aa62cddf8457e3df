"""Check a Notion connection without writing; each finding is one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from okrsync.cells import Kind, kind_of
from okrsync.errors import AccessError, OkrsyncError
from okrsync.ports import ConnectorContext, Finding, TableSpec
from okrsync_notion import table_layout
from okrsync_notion.canonical_values import canonical
from okrsync_notion.client import Notion
from okrsync_notion.data_source_lookup import locate
from okrsync_notion.http_errors import TOKENS
from okrsync_notion.open_table import OpenTable
from okrsync_notion.property_values import NotionColumn
from okrsync_notion.settings import NotionSettings, NotionTable
from okrsync_notion.table_layout import Schema

OWNERLESS: Final = "reports name no owners; numbers are written all the same"
FREE_UPLOAD: Final = 5 * 1024 * 1024


def examine(
    settings: NotionSettings, tables: Sequence[TableSpec], context: ConnectorContext
) -> Iterator[Finding]:
    """Look at the token, then at every table: columns, options, ids. Only a refused token ends it early."""
    api = Notion(settings, context)
    try:
        bot = api.me()
    except OkrsyncError as error:
        yield Finding(subject=f"token from {settings.token}", ok=False, detail=error.message, hint=error.hint)
        return
    workspace = (bot.get("bot") or {}).get("workspace_name") or "an unnamed workspace"
    yield Finding(
        subject=f"token from {settings.token}", ok=True, detail=f"bot {bot.get('name')!r} of {workspace}"
    )
    if any(table.adds_rows for table in tables) and _free(bot):
        yield Finding(
            subject="plan of the workspace",
            ok=True,
            detail="it looks free: with several members Notion adds no more check-ins once the workspace holds 1,000 "
            "blocks; numbers in rows that are there are still written",
        )
    yield from _rights(api, tables)
    for table in tables:
        yield from _TableCheck(api, settings, table, context).findings()


def _rights(api: Notion, tables: Sequence[TableSpec]) -> Iterator[Finding]:
    """What the token may do, if there is something to be written. Notion lists a token's capabilities nowhere."""
    if not any(table.keys for table in tables):
        return
    yield _right("right to change rows", "Update content", api.may_update)
    if any(table.adds_rows for table in tables):
        yield _right("right to add rows", "Insert content", api.may_insert)


def _right(subject: str, capability: str, ask: Callable[[], None]) -> Finding:
    try:
        ask()
    except AccessError as error:
        hint = f"give the connection the capability {capability!r} at {TOKENS}"
        return Finding(subject=subject, ok=False, detail=error.message, hint=hint)
    except OkrsyncError as error:
        return Finding(subject=subject, ok=False, detail=error.message, hint=error.hint)
    detail = f"the token has the capability {capability!r}; nothing was written to find out"
    return Finding(subject=subject, ok=True, detail=detail)


def _free(bot: Mapping[str, Any]) -> bool:
    """Whether the workspace looks like a free one: only there a file may have no more than 5 MiB."""
    limits = (bot.get("bot") or {}).get("workspace_limits")
    allowed = limits.get("max_file_upload_size_in_bytes") if isinstance(limits, dict) else None
    return isinstance(allowed, int) and allowed <= FREE_UPLOAD


@dataclass(frozen=True, slots=True)
class _TableCheck:
    api: Notion
    settings: NotionSettings
    spec: TableSpec
    context: ConnectorContext

    @property
    def table(self) -> NotionTable:
        settings: NotionTable = self.spec.settings
        return settings

    def findings(self) -> Iterator[Finding]:
        try:
            found = locate(self.api, self.table, self.context.state)
        except OkrsyncError as error:
            yield Finding(
                subject=f"database {self.table.database}", ok=False, detail=error.message, hint=error.hint
            )
            return
        yield Finding(
            subject=f"database {found.title!r}", ok=True, detail="shared with the connection and readable"
        )
        columns = [*self._cells(found), *self._others(found)]
        yield from columns
        # okrsync adds the check-ins itself: the trial reads those of the period that runs, and nobody needs the others.
        if all(finding.ok for finding in columns) and not self.spec.adds_rows:
            yield from self._rows(found)

    def _cells(self, found: Schema) -> Iterator[Finding]:
        for cell, name in self.table.cells.items():
            look = partial(table_layout.cell_column, found, cell, name, self.context.state)
            column, finding = _column(f"{cell} → {name}", look)
            if column is None:
                yield finding
                continue
            why = table_layout.locked(cell, column)
            if why:
                yield Finding(subject=finding.subject, ok=False, detail=why)
                continue
            yield finding
            if kind_of(cell) is Kind.STATUS and column.options:
                yield from self._statuses(column)

    def _statuses(self, column: NotionColumn) -> Iterator[Finding]:
        for status, name in self.table.statuses.items():
            try:
                canonical(column, name, decimals=0, place=f"statuses: {status}")
            except OkrsyncError as error:
                yield Finding(subject=f"status {status}", ok=False, detail=error.message, hint=error.hint)

    def _others(self, found: Schema) -> Iterator[Finding]:
        state, table = self.context.state, self.table
        if table.match is not None:
            look = partial(table_layout.match_column, found, table.match, state)
            yield _column(f"match → {table.match}", look)[1]
        if table.release is not None:
            box = partial(table_layout.release_column, found, table.release, state)
            yield _column(f"release → {table.release}", box)[1]
        if table.owner is not None:
            column, why = table_layout.owner_column(found, table.owner, state)
            kind = f"a {column.kind} column" if column is not None else why
            yield Finding(
                subject=f"owner → {table.owner}", ok=True, detail=kind, hint=OWNERLESS if why else ""
            )
        for role, name in (("baseline", table.baseline), ("target", table.target)):
            if name is not None:
                yield _column(
                    f"{role} → {name}", partial(table_layout.number_column, found, role, name, state)
                )[1]

    def _rows(self, found: Schema) -> Iterator[Finding]:
        table = OpenTable(self.settings, self.spec, self.context)
        try:
            rows = table.read_for_doctor()
        except OkrsyncError as error:
            yield Finding(subject=f"rows of {found.title!r}", ok=False, detail=error.message, hint=error.hint)
            return
        unmatched = f", {table.unmatched} without" if table.unmatched else ""
        yield Finding(
            subject=f"rows of {found.title!r}", ok=True, detail=f"{len(rows)} with an id{unmatched}"
        )
        doubts = dict.fromkeys(cell.doubt for row in rows for cell in row.cells.values() if cell.doubt)
        for doubt in doubts:
            yield Finding(subject="default of the status", ok=False, detail=doubt.reason, hint=doubt.hint)
        for row in rows:
            if row.problem:
                yield Finding(subject=f"row {row.key}", ok=False, detail=row.problem, hint=row.url)


def _column(subject: str, look: Callable[[], NotionColumn | None]) -> tuple[NotionColumn | None, Finding]:
    try:
        column = look()
    except OkrsyncError as error:
        return None, Finding(subject=subject, ok=False, detail=error.message, hint=error.hint)
    detail = ""
    if column is not None:
        detail = f"a {column.kind} column"
        if column.percent:
            detail += " shown as percent: 37 % is kept as 0.37"
    return column, Finding(subject=subject, ok=True, detail=detail)
