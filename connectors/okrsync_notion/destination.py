"""A Notion data source as a destination: reads all rows, writes one row with one PATCH, never over a person.

Notion has no compare-and-swap. So a row is read again right before it is written, the PATCH names only the cells that
change, its answer is checked, and after an answer that was lost the row is read once more before anything is repeated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from okrsync.cells import Kind, kind_of
from okrsync.errors import ConfigError, Conflict, DataError, OkrsyncError, Unavailable
from okrsync.model import Row, Stored, Wanted
from okrsync.ports import Opening, TableSpec
from okrsync_notion import cells
from okrsync_notion.addresses import page_id
from okrsync_notion.cells import encode
from okrsync_notion.client import NotFound, Notion, Refused
from okrsync_notion.locate import locate
from okrsync_notion.paging import every_row
from okrsync_notion.rows import key_of, lost_row, row_of, shared_keys
from okrsync_notion.schema import Layout, layout
from okrsync_notion.settings import NotionSettings, NotionTable

# After a lost answer the row is looked at even when patience has ended, but not where Notion asks to wait longer (seconds).
LAST_LOOK: Final = 60


class NotionDestination:
    """One table. Sends nothing before the first ``read``. ``unmatched`` counts the rows that ``read`` found no id for."""

    def __init__(self, settings: NotionSettings, table: TableSpec, opening: Opening) -> None:
        self._api = Notion(settings, opening)
        self._spec = table
        self._table: NotionTable = table.settings
        self._memo = opening.memo
        self._known: Layout | None = None
        self._keys: dict[str, str] = {}
        self.unmatched = 0

    def read(self) -> Sequence[Row]:
        """See ``Destination.read``. One request for the columns, one for every 100 rows, one for each missing page."""
        named = self._named()
        here = self._known = layout(locate(self._api, self._table, self._memo), self._table, self._memo)
        pages = every_row(self._api, here.schema.id, here.needed, self._wanted(here))
        keyed = [one for one in self._keyed(here, pages, named) if one[0].endswith(self._spec.ending)]
        shared = shared_keys(keyed)
        twice = _twice(named)
        rows = [row_of(here, page, name, shared.get(name, "")) for name, page in keyed]
        for name, page in named.items():
            rows.append(self._named_row(here, pages.get(page), name, page, twice.get(page, "")))
        listed = {row.key for row in rows}
        for name, identity in self._spec.known.items():
            if name not in listed:
                rows.append(self._named_row(here, None, name, identity, ""))
        self._keys = {row.id: row.key for row in rows}
        self.unmatched = len(pages.keys() - self._keys.keys())
        return rows

    def canonical(self, cell: str, value: Wanted) -> Stored:
        """See ``Destination.canonical``. Raises ``DataError`` also for a locked cell, with the reason."""
        here = self._layout()
        column = self._column(here, cell)
        if cell in here.locked:
            raise DataError(here.locked[cell])
        place = f"cells: {cell}"
        if kind_of(cell) is Kind.STATUS and isinstance(value, str):
            place = f"statuses: {value}"
            value = self._table.statuses.get(value, value)
        return cells.canonical(column, value, decimals=self._table.decimals, place=place)

    def write(self, row: str, values: Mapping[str, Stored], expect: Mapping[str, Stored]) -> Row:
        """See ``Destination.write``. One GET and at most one PATCH, unless Notion or the network fails."""
        here = self._layout()
        for cell in expect:
            self._column(here, cell)
        bodies = {cell: encode(self._writable(here, cell), value) for cell, value in values.items()}
        lost = False

        def attempt() -> Row:
            nonlocal lost
            fresh, page = self._fresh(here, row)
            self._refuse_strangers(here, fresh, page, values, expect)
            changed = {cell: body for cell, body in bodies.items() if fresh.cells[cell].value != values[cell]}
            if not changed:
                return fresh
            try:
                answer = self._api.patch(row, {here.cells[cell].wire: body for cell, body in changed.items()})
            except Exception as error:
                passing = self._api.passing(error)
                lost = passing is not None and passing.landed and (passing.again.after or 0) <= LAST_LOOK
                raise
            return self._checked(here, answer, values)

        what = f"writing {self._keys.get(row) or row}"
        try:
            return self._api.carefully(what, attempt)
        except NotFound as error:
            raise Conflict(_gone(here, error)) from error
        except Refused:
            # Notion says "validation error" of a row that went into the trash between our reading and our writing.
            self._fresh(here, row)
            raise
        except Unavailable as error:
            if not lost:
                raise
            return self._settled(here, row, values, error)

    # ---- reading ----

    def _wanted(self, here: Layout) -> dict[str, Any] | None:
        """The condition of a table of which only some rows are read."""
        if not self._spec.ending or here.match is None or here.match.type not in {"title", "rich_text"}:
            return None
        return {"property": here.match.wire, here.match.type: {"ends_with": self._spec.ending}}

    def _named(self) -> dict[str, str]:
        """The pages that the YAML names, by key."""
        found = {}
        for name, address in self._spec.pages.items():
            page = page_id(address)
            if page is None:
                raise ConfigError(
                    f"the page of {name}, {address!r}, holds no Notion id",
                    hint="open the row as a full page in Notion and copy its link",
                )
            found[name] = page
        return found

    @staticmethod
    def _keyed(
        here: Layout, pages: Mapping[str, dict[str, Any]], named: Mapping[str, str]
    ) -> list[tuple[str, dict[str, Any]]]:
        """The rows that the matching column gives a key; what the YAML names by address comes before it."""
        by_address = set(named.values())
        keyed = [(key_of(here, page), page) for identity, page in pages.items() if identity not in by_address]
        return [(name, page) for name, page in keyed if name and name not in named]

    def _named_row(
        self, here: Layout, page: dict[str, Any] | None, name: str, identity: str, problem: str
    ) -> Row:
        """A row named by its address. Not being listed proves nothing: the page itself is asked what became of it."""
        if page is None:
            try:
                page = self._page(here, identity)
            except NotFound as error:
                return lost_row(here, identity, name, _gone(here, error))
            except Refused as error:
                return lost_row(
                    here, identity, name, f"the address of {name} is not that of a row: {error.message}"
                )
        return row_of(here, page, name, problem)

    def _page(self, here: Layout, identity: str) -> dict[str, Any]:
        try:
            return self._api.page(identity, here.needed)
        except Refused:
            # A column that is gone, or a row in another table that never had it: the whole page says which.
            return self._api.page(identity)

    def _layout(self) -> Layout:
        if self._known is None:
            self._known = layout(locate(self._api, self._table, self._memo), self._table, self._memo)
        return self._known

    @staticmethod
    def _column(here: Layout, cell: str) -> cells.Column:
        if cell not in here.cells:
            raise ConfigError(
                f"okrsync was given no column for the cell {cell!r}", hint=f"write `{cell}: …` under `cells`"
            )
        return here.cells[cell]

    def _writable(self, here: Layout, cell: str) -> cells.Column:
        column = self._column(here, cell)
        if cell in here.locked:
            raise DataError(here.locked[cell])
        return column

    # ---- writing ----

    def _fresh(self, here: Layout, row: str) -> tuple[Row, dict[str, Any]]:
        """The row as it is now. Raises ``Conflict`` where it is not there to be written."""
        try:
            page = self._page(here, row)
        except NotFound as error:
            raise Conflict(_gone(here, error)) from error
        found = row_of(here, page, self._keys.get(row) or key_of(here, page))
        if found.problem:
            raise Conflict(f"{found.title or found.key!r} was left as it is: {found.problem}")
        return found, page

    def _refuse_strangers(
        self,
        here: Layout,
        fresh: Row,
        page: Mapping[str, Any],
        values: Mapping[str, Stored],
        expect: Mapping[str, Stored],
    ) -> None:
        """Raise ``Conflict`` where a cell is neither as expected nor already as wanted."""
        clashes = [
            f"the column {here.cells[cell].name!r} holds {_seen(fresh.cells[cell].value)}, "
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
                kind = self._api.user(str(editor["id"])).get("type")
            except OkrsyncError:
                # Asking for users is a capability of its own; the conflict is told with or without it.
                kind = None
        kinds = {"person": "a person", "bot": "a bot (another connection, or an automation)"}
        return f"{kinds.get(str(kind), 'somebody')} at {page.get('last_edited_time') or 'a time unknown'}"

    def _checked(self, here: Layout, answer: Mapping[str, Any], values: Mapping[str, Stored]) -> Row:
        """The row in the answer to a PATCH. Raises ``DataError`` where it does not show what was sent."""
        identity = str(answer.get("id"))
        found = row_of(here, answer, self._keys.get(identity) or key_of(here, answer))
        wrong = [
            f"the column {here.cells[cell].name!r} shows {_seen(found.cells[cell].value)} instead of {_seen(value)}"
            for cell, value in values.items()
            if found.cells[cell].value != value
        ]
        if wrong or found.problem:
            raise DataError(
                f"{found.title!r}: Notion accepted the write, but {'; '.join([*wrong, found.problem]).strip('; ')}",
                hint="look at the row in Notion; an automation may have changed it back",
            )
        return found

    def _settled(self, here: Layout, row: str, values: Mapping[str, Stored], error: Unavailable) -> Row:
        """The last look after patience has ended with a write whose answer was lost."""
        fresh, _ = self._fresh(here, row)
        if all(fresh.cells[cell].value == value for cell, value in values.items()):
            return fresh
        raise Unavailable(f"{error.message}; the row does not show it", hint=error.hint) from error


def _allowed(cell: str, values: Mapping[str, Stored], expect: Mapping[str, Stored]) -> tuple[Stored, ...]:
    wanted = (values[cell],) if cell in values else ()
    return (expect.get(cell), *wanted)


def _twice(named: Mapping[str, str]) -> dict[str, str]:
    """For every page that the YAML gives to several ids: the sentence that says so."""
    names: dict[str, list[str]] = {}
    for name, page in named.items():
        names.setdefault(page, []).append(name)
    return {
        page: f"{' and '.join(several)} are given the same row"
        for page, several in names.items()
        if len(several) > 1
    }


def _gone(here: Layout, error: NotFound) -> str:
    return (
        f"Notion shows no such row any more: it was deleted for good, or moved out of {here.schema.title!r} to "
        f"a place that is not shared with the token's connection ({error.message})"
    )


def _seen(value: Stored) -> str:
    if value is None:
        return "nothing"
    return repr(value) if isinstance(value, str) else str(value)
