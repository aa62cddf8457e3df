"""Read and write a Notion table that people edit: one PATCH for each row, never over a person.

Notion has no compare-and-swap. So a row is read again right before it is written, the PATCH names only the cells that
change, its answer is checked, and after an answer that was lost the row is read once more before anything is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from okrsync.cells import Kind, kind_of
from okrsync.errors import Conflict, DataError, OkrsyncError, Unavailable
from okrsync.model import Row, Stored, Wanted
from okrsync_notion import property_values
from okrsync_notion.http_errors import NotFound, Refused
from okrsync_notion.open_table import OpenTable
from okrsync_notion.property_values import encode
from okrsync_notion.rows import row_of

# After a lost answer the row is looked at even when patience has ended, but not where Notion asks to wait longer (seconds).
LAST_LOOK: Final = 60


class NotionDestination:
    """``okrsync.ports.Destination`` for one Notion table. Sends nothing before the first ``read``."""

    def __init__(self, table: OpenTable) -> None:
        self._table = table

    def read(self) -> Sequence[Row]:
        """See ``Destination.read``."""
        return self._table.read()

    def canonical(self, cell: str, value: Wanted) -> Stored:
        """See ``Destination.canonical``. Raises ``DataError`` also for a locked cell, with the reason."""
        column, settings = self._table.writable(cell), self._table.settings
        place = f"cells: {cell}"
        if kind_of(cell) is Kind.STATUS and isinstance(value, str):
            place = f"statuses: {value}"
            value = settings.statuses.get(value, value)
        return property_values.canonical(column, value, decimals=settings.decimals, place=place)

    def write(self, row: str, values: Mapping[str, Stored], expect: Mapping[str, Stored]) -> Row:
        """See ``Destination.write``. One GET and at most one PATCH, unless Notion or the network fails."""
        columns = self._table.layout.cells
        for cell in expect:
            self._table.column(cell)
        bodies = {cell: encode(self._table.writable(cell), value) for cell, value in values.items()}
        lost = False

        def attempt() -> Row:
            nonlocal lost
            fresh, page = self._fresh(row)
            self._refuse_strangers(fresh, page, values, expect)
            changed = {cell: body for cell, body in bodies.items() if fresh.cells[cell].value != values[cell]}
            if not changed:
                return fresh
            try:
                answer = self._table.api.patch(
                    row, {columns[cell].wire: body for cell, body in changed.items()}
                )
            except Exception as error:
                passing = self._table.api.passing(error)
                lost = passing is not None and passing.landed and (passing.again.after or 0) <= LAST_LOOK
                raise
            return self._checked(answer, values)

        what = f"writing {self._table.named(row)}"
        try:
            return self._table.api.carefully(what, attempt)
        except NotFound as error:
            raise Conflict(self._table.gone(error)) from error
        except Refused:
            # Notion says "validation error" of a row that went into the trash between our reading and our writing.
            self._fresh(row)
            raise
        except Unavailable as error:
            if not lost:
                raise
            return self._settled(row, values, error)

    def _fresh(self, row: str) -> tuple[Row, dict[str, Any]]:
        """The row as it is now. Raises ``Conflict`` where it is not there to be written."""
        try:
            page = self._table.page(row)
        except NotFound as error:
            raise Conflict(self._table.gone(error)) from error
        found = row_of(self._table.layout, page, self._table.key(page))
        if found.problem:
            raise Conflict(f"{found.title or found.key!r} was left as it is: {found.problem}")
        return found, page

    def _refuse_strangers(
        self,
        fresh: Row,
        page: Mapping[str, Any],
        values: Mapping[str, Stored],
        expect: Mapping[str, Stored],
    ) -> None:
        """Raise ``Conflict`` where a cell is neither as expected nor already as wanted."""
        columns = self._table.layout.cells
        clashes = [
            f"the column {columns[cell].name!r} holds {_seen(fresh.cells[cell].value)}, "
            f"and {_seen(expect.get(cell))} was expected"
            for cell in dict.fromkeys((*expect, *values))
            if fresh.cells[cell].value not in _allowed(cell, values, expect)
        ]
        if clashes:
            raise Conflict(
                f"{fresh.title!r}: {'; '.join(clashes)}; last edited by {self._editor(page)}",
                hint="theirs is kept; the next run plans with it",
            )

    def _editor(self, page: Mapping[str, Any]) -> str:
        """Who edited the page last, as far as Notion tells this token."""
        editor = page.get("last_edited_by") or {}
        kind = editor.get("type")
        if kind is None and editor.get("id"):
            try:
                kind = self._table.api.user(str(editor["id"])).get("type")
            except OkrsyncError:
                # Asking for users is a capability of its own; the conflict is told with or without it.
                kind = None
        kinds = {"person": "a person", "bot": "a bot (another connection, or an automation)"}
        return f"{kinds.get(str(kind), 'somebody')} at {page.get('last_edited_time') or 'a time unknown'}"

    def _checked(self, answer: Mapping[str, Any], values: Mapping[str, Stored]) -> Row:
        """The row in the answer to a PATCH. Raises ``DataError`` where it does not show what was sent."""
        columns = self._table.layout.cells
        found = row_of(self._table.layout, answer, self._table.key(answer))
        wrong = [
            f"the column {columns[cell].name!r} shows {_seen(found.cells[cell].value)} instead of {_seen(value)}"
            for cell, value in values.items()
            if found.cells[cell].value != value
        ]
        if wrong or found.problem:
            raise DataError(
                f"{found.title!r}: Notion accepted the write, but {'; '.join([*wrong, found.problem]).strip('; ')}",
                hint="look at the row in Notion; an automation may have changed it back",
            )
        return found

    def _settled(self, row: str, values: Mapping[str, Stored], error: Unavailable) -> Row:
        """The last look after patience has ended with a write whose answer was lost."""
        fresh, _ = self._fresh(row)
        if all(fresh.cells[cell].value == value for cell, value in values.items()):
            return fresh
        raise Unavailable(f"{error.message}; the row does not show it", hint=error.hint) from error


def _allowed(cell: str, values: Mapping[str, Stored], expect: Mapping[str, Stored]) -> tuple[Stored, ...]:
    wanted = (values[cell],) if cell in values else ()
    return (expect.get(cell), *wanted)


def _seen(value: Stored) -> str:
    if value is None:
        return "nothing"
    return repr(value) if isinstance(value, str) else str(value)
