"""Read and write a Notion table that people edit: one PATCH for each row, never over a person.

Notion has no compare-and-swap. So a row is read again right before it is written, alone or with a few others by one query,
the PATCH names only the cells that change, its answer is checked, and after an answer that was lost the row is read once more
before anything is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from okrsync.cells import Kind, kind_of
from okrsync.errors import AccessError, Conflict, DataError, OkrsyncError, Unavailable
from okrsync.model import Row, Stored, Wanted
from okrsync_notion import canonical_values
from okrsync_notion.http_errors import NoRight, NotFound, Refused
from okrsync_notion.open_table import OpenTable
from okrsync_notion.property_keys import unknown_key
from okrsync_notion.property_values import NotionColumn, encode
from okrsync_notion.recent_rows import SeenRow
from okrsync_notion.rows import editor_of, names_of

# After a lost answer the row is looked at even when patience has ended, but not where Notion asks to wait longer (seconds).
LAST_LOOK: Final = 60
# So many rows that may not be changed, and none that may: it is the token that has no right to write.
DENIALS: Final = 3


class NotionDestination:
    """``okrsync.ports.Destination`` for one Notion table. Sends nothing before the first ``read``."""

    def __init__(self, table: OpenTable) -> None:
        self._table = table
        self._alone = False
        self._denied = 0
        self._wrote = False

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
        if column.type == "relation" and isinstance(value, str):
            self._refuse_other_table(column, value, place)
        return canonical_values.canonical(column, value, decimals=settings.decimals, place=place)

    def _refuse_other_table(self, column: NotionColumn, row: str, place: str) -> None:
        """Raise ``DataError`` if ``column`` leads to another table than the one that ``row`` is in."""
        found = self._table.table_of(row)
        if found is not None and column.target and found[0] != column.target:
            raise DataError(
                f"the relation {column.name!r} does not lead to {found[1]!r}, where the row is that it should show",
                hint=f"name a relation to {found[1]!r} under `{place}`",
            )

    def look(self, rows: Sequence[str], *, fresh: float) -> None:
        """See ``Destination.look``. One query at most."""
        older = self._table.recent.older(rows, fresh)
        if self._alone:
            return
        try:
            self._table.read_again(older)
        except OkrsyncError:
            # What is wrong is said where a row is read by itself; a table that takes no such query is not asked again.
            self._alone = True

    def write(
        self, row: str, values: Mapping[str, Stored], expect: Mapping[str, Stored], *, recent: bool = False
    ) -> Row:
        """See ``Destination.write``. One PATCH at most, and before it one GET, unless Notion or the network fails.

        A recent reading that is not as expected is not believed: a query may list an edit late. Where Notion knows a key of the PATCH by another spelling only, once more with each of the others.
        """
        for cell in expect:
            self._table.column(cell)
        bodies = {cell: encode(self._table.writable(cell), value) for cell, value in values.items()}
        change = _Change(row=row, values=values, expect=expect, bodies=bodies, recent=recent)
        refusal: DataError | None = None
        for spelling in self._table.keys.spellings():
            try:
                return self._written(change, spelling)
            except (Refused, _Ignored) as error:
                if isinstance(error, Refused) and not unknown_key(error.message):
                    raise
                refusal = refusal or error
        assert refusal is not None
        raise refusal

    def _written(self, change: _Change, spelling: str) -> Row:
        lost = False

        def attempt() -> Row:
            nonlocal lost
            seen = self._seen_so(change)
            if seen is not None:
                fresh, names = seen.row, seen.names
            else:
                fresh, page = self._fresh(change.row)
                self._refuse_strangers(fresh, page, change)
                names = names_of(page)
            body = self._body(change, fresh, names, spelling)
            if not body:
                return fresh
            try:
                answer = self._table.api.patch(change.row, body)
            except Exception as error:
                passing = self._table.api.passing(error)
                lost = passing is not None and passing.landed and (passing.again.after or 0) <= LAST_LOOK
                raise
            self._table.this_is_us(editor_of(answer))
            found = self._checked(answer, fresh, change)
            self._table.keys.worked(spelling)
            self._wrote = True
            return found

        try:
            return self._table.api.carefully(f"writing {self._table.named(change.row)}", attempt)
        except NotFound as error:
            raise Conflict(self._table.gone(error)) from error
        except AccessError as error:
            if (of_one_row := self._denial(error)) is not None:
                raise of_one_row from error
            raise
        except Refused:
            # Notion says "validation error" of a row that went into the trash between our reading and our writing.
            self._fresh(change.row)
            raise
        except Unavailable as error:
            if not lost:
                raise
            return self._settled(change, error)

    def _denial(self, error: AccessError) -> Refused | None:
        """What a refused right of one row means, which says nothing of the others; None if it is the token's."""
        self._denied += 1
        if not isinstance(error, NoRight) or (self._denied >= DENIALS and not self._wrote):
            return None
        return Refused(
            error.message,
            hint="look at this page's own sharing in Notion, ••• › Connections; if okrsync may change no row at all, "
            + error.hint,
        )

    def _body(
        self, change: _Change, fresh: Row, names: Mapping[str, str], spelling: str
    ) -> dict[str, dict[str, Any]]:
        """The properties of the PATCH: the cells that are not as wanted yet, by their keys."""
        columns = {
            cell: self._table.layout.cells[cell]
            for cell in change.bodies
            if fresh.cells[cell].value != change.values[cell]
        }
        keys = self._table.keys.spelled(spelling, columns, {**self._table.names, **names})
        return {keys[cell]: change.bodies[cell] for cell in columns}

    def _seen_so(self, change: _Change) -> SeenRow | None:
        """The row's recent reading if one may be used, and shows just what is expected."""
        found = self._table.recent.take(change.row) if change.recent else None
        if found is None or found.row.problem:
            return None
        as_expected = all(
            found.row.cells[cell].value == change.expect.get(cell)
            for cell in (*change.expect, *change.values)
        )
        return found if as_expected else None

    def _fresh(self, row: str) -> tuple[Row, dict[str, Any]]:
        """The row as it is now. Raises ``Conflict`` if it is not there to be written."""
        try:
            page = self._table.page(row)
        except NotFound as error:
            raise Conflict(self._table.gone(error)) from error
        found = self._table.row(page)
        if found.problem:
            raise Conflict(f"{found.title or found.key!r} was left as it is: {found.problem}")
        return found, page

    def _refuse_strangers(
        self,
        fresh: Row,
        page: Mapping[str, Any],
        change: _Change,
    ) -> None:
        """Raise ``Conflict`` if a cell is neither as expected nor already as wanted."""
        columns = self._table.layout.cells
        clashes = [
            f"the column {columns[cell].name!r} holds {_seen(fresh.cells[cell].value)}, "
            f"and {_seen(change.expect.get(cell))} was expected"
            for cell in dict.fromkeys((*change.expect, *change.values))
            if fresh.cells[cell].value not in change.allowed(cell)
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
                # Asking for users is a capability of its own; the conflict is reported with or without it.
                kind = None
        kinds = {"person": "a person", "bot": "a bot (another connection, or an automation)"}
        return f"{kinds.get(str(kind), 'somebody')} at {page.get('last_edited_time') or 'a time unknown'}"

    def _checked(self, answer: Mapping[str, Any], fresh: Row, change: _Change) -> Row:
        """The row in the answer to a PATCH. Raises ``DataError`` if it does not show what was sent."""
        columns = self._table.layout.cells
        found = self._table.row(answer)
        wrong = [cell for cell, value in change.values.items() if found.cells[cell].value != value]
        if not wrong and not found.problem:
            return found
        shows = [
            f"the column {columns[cell].name!r} shows {_seen(found.cells[cell].value)} "
            f"instead of {_seen(change.values[cell])}"
            for cell in wrong
        ]
        ignored = not found.problem and all(found.cells[one].value == fresh.cells[one].value for one in wrong)
        raise (_Ignored if ignored else DataError)(
            f"{found.title!r}: Notion accepted the write, but {'; '.join([*shows, found.problem]).strip('; ')}",
            hint="look at the row in Notion; an automation may have changed it back",
        )

    def _settled(self, change: _Change, error: Unavailable) -> Row:
        """The last look after patience has ended with a write whose answer was lost."""
        fresh, _ = self._fresh(change.row)
        if all(fresh.cells[cell].value == value for cell, value in change.values.items()):
            return fresh
        raise Unavailable(f"{error.message}; the row does not show it", hint=error.hint) from error


class _Ignored(DataError):
    """Notion accepted a write and left out a part of it: perhaps it knows that column's key by another spelling only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What is to be written into one row; ``bodies`` are ``values`` as Notion takes them."""

    row: str
    values: Mapping[str, Stored]
    expect: Mapping[str, Stored]
    bodies: Mapping[str, dict[str, Any]]
    recent: bool = False

    def allowed(self, cell: str) -> tuple[Stored, ...]:
        """What the cell may hold right before the write: what was expected, or what is wanted already."""
        wanted = (self.values[cell],) if cell in self.values else ()
        return (self.expect.get(cell), *wanted)


def _seen(value: Stored) -> str:
    if value is None:
        return "nothing"
    return repr(value) if isinstance(value, str) else str(value)
