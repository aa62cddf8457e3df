"""Read one Notion table: its columns, its rows by key, one page by its id.

What a destination and a register share; both hold one, neither inherits from the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from okrsync.errors import ConfigError, DataError, OkrsyncError
from okrsync.model import Row
from okrsync.ports import ConnectorContext, TableSpec
from okrsync_notion.addresses import page_id
from okrsync_notion.client import Notion
from okrsync_notion.data_source_lookup import locate
from okrsync_notion.http_errors import NotFound, Refused
from okrsync_notion.known_rows import KnownRows, by_key, keyed, other_key, several_rows, shared_pages
from okrsync_notion.pagination import every_row
from okrsync_notion.property_keys import PropertyKeys, unknown_key
from okrsync_notion.property_values import NotionColumn
from okrsync_notion.recent_rows import RecentRows
from okrsync_notion.rows import editor_of, key_is, key_of, lost_row, names_of, row_of
from okrsync_notion.settings import NotionSettings, NotionTable
from okrsync_notion.status_default import with_doubts
from okrsync_notion.table_layout import Layout, layout, parse

TABLE_OF_ROWS: Final = "rows in "


def opened(settings: NotionSettings, table: TableSpec, context: ConnectorContext) -> OpenTable:
    """The table that ``doctor`` has just read, once; else one that has sent nothing yet."""
    found = context.seen.pop(_name_of(table), None)
    return found if isinstance(found, OpenTable) else OpenTable(settings, table, context)


def _name_of(table: TableSpec) -> str:
    """What only this table is called among those of a company."""
    settings: NotionTable = table.settings
    return (
        f"{settings.database} {settings.data_source} {settings.match} {sorted(settings.cells)} {table.ending}"
    )


class OpenTable:
    """Sends nothing before its first method. ``unmatched`` counts the rows that ``read`` found no id for."""

    def __init__(self, settings: NotionSettings, table: TableSpec, context: ConnectorContext) -> None:
        self.api = Notion(settings, context)
        self.settings: NotionTable = table.settings
        self._spec = table
        self.keys = PropertyKeys(context.state)
        self._state = context.state
        self._layout: Layout | None = None
        self._keys: dict[str, str] = {}
        self.recent = RecentRows(context.clock)
        self._bot = ""
        self.unmatched = 0
        self._seen = context.seen
        self._just_read: Sequence[Row] | None = None

    @property
    def layout(self) -> Layout:
        """The columns of this table, read once."""
        if self._layout is None:
            self._layout = self._read_layout()
        return self._layout

    def read(self) -> Sequence[Row]:
        """Every row with a key. One request for the columns, one for every 100 rows, one for each missing page."""
        if self._just_read is not None:
            found, self._just_read = self._just_read, None
            return found
        named = self._named()
        here = self._layout = self._read_layout()
        self.recent.forget()
        asked = self.recent.now()
        pages = self._listed(here)
        self._find_out_who_we_are(here, pages)
        rows = [*self._keyed_rows(here, pages, named), *self._named_rows(here, pages, named)]
        listed = {row.key for row in rows}
        for name, identity in self._spec.known.items():
            if name not in listed:
                rows.append(self._named_row(here, None, name, identity, ""))
        self._keys = {row.id: row.key for row in rows}
        self.unmatched = len(pages.keys() - self._keys.keys())
        self._seen[f"{TABLE_OF_ROWS}{here.schema.id}"] = (here.schema.title, frozenset(self._keys))
        known = KnownRows(self._state, here, self._spec.keys)
        gone = [
            self._gone_row(here, pages, key, page) for key, page in known.missing({row.key for row in rows})
        ]
        known.remember(rows)
        found = with_doubts([*rows, *gone], here, self._state)
        self.recent.keep(found, next(map(names_of, pages.values()), {}), asked)
        return found

    def read_for_doctor(self) -> Sequence[Row]:
        """As ``read``; the next ``read`` of the same table, which tries what a sync would do, is answered by it."""
        found = self.read()
        self._just_read = found
        self._seen[_name_of(self._spec)] = self
        return found

    def read_again(self, rows: Sequence[str]) -> None:
        """Ask for ``rows`` by their keys, in one request; one without a key, or that is not listed, is left out."""
        column = self.layout.match
        keys = {row: key for row in rows if (key := self._keys.get(row)) and key not in self._spec.pages}
        if column is None or len(keys) < 2:
            return
        asked = self.recent.now()
        pages = self.rows_where(column, [key_is(column, key) for key in keys.values()])
        for identity in keys.keys() & pages.keys():
            page = pages[identity]
            self.recent.keep([self.row(page)], names_of(page), asked)

    def row(self, page: Mapping[str, Any], key: str = "", problem: str = "") -> Row:
        """The row that ``page`` holds, for ``key`` or the key that it was listed under."""
        made = row_of(self.layout, page, key or self.key(page), problem)
        editor = editor_of(page)
        ours = editor == self._bot if self._bot and editor else None
        return replace(made, edited_by_us=ours)

    def this_is_us(self, editor: str | None) -> None:
        """Note the id of okrsync's own account, as an answer to a write or to a question tells it."""
        if editor and editor != self._bot:
            self._bot = self._state[f"bot of {self.api.fingerprint}"] = editor

    def rows_where(
        self, column: NotionColumn, conditions: Sequence[Mapping[str, Any]]
    ) -> dict[str, dict[str, Any]]:
        """The rows whose ``column`` meets one of ``conditions``, by page id. Filters are keyed like writes: by name first."""
        tried: list[str] = []
        refusal: Refused | None = None
        for spelling in self.keys.spellings():
            key = self.keys.spelled(spelling, {"": column}, self.names)[""]
            if key in tried:
                continue
            tried.append(key)
            tests = [{"property": key, column.type: condition} for condition in conditions]
            where = tests[0] if len(tests) == 1 else {"or": tests}
            try:
                return every_row(self.api, self.layout.schema.id, self.layout.needed, where)
            except Refused as error:
                if not unknown_key(error.message):
                    raise
                refusal = refusal or error
        assert refusal is not None
        raise refusal

    @property
    def names(self) -> dict[str, str]:
        """What all columns were called when the layout was read, by their ids."""
        return {column.id: column.name for column in self.layout.schema.columns.values()}

    def present_names(self) -> dict[str, str]:
        """What all columns are called now, by their ids."""
        schema = parse(self.api.data_source(self.layout.schema.id))
        return {column.id: column.name for column in schema.columns.values()}

    def column(self, cell: str) -> NotionColumn:
        """The column of ``cell``. Raises ``ConfigError`` if the YAML gives it none."""
        if cell not in self.layout.cells:
            raise ConfigError(
                f"okrsync was given no column for the cell {cell!r}", hint=f"write `{cell}: …` under `cells`"
            )
        return self.layout.cells[cell]

    def writable(self, cell: str) -> NotionColumn:
        """The column of ``cell``. Raises ``DataError`` with the reason if Notion lets nobody write it."""
        column = self.column(cell)
        if cell in self.layout.locked:
            raise DataError(self.layout.locked[cell])
        return column

    def page(self, identity: str) -> dict[str, Any]:
        """One page, with the columns that are needed."""
        try:
            return self.api.page(identity, self.layout.needed)
        except Refused:
            # A column that is gone, or a row in another table that never had it: the whole page says which.
            return self.api.page(identity)

    def table_of(self, row: str) -> tuple[str, str] | None:
        """The data source in which this run has read ``row``, and what that is called; None if it has not."""
        for name, seen in self._seen.items():
            if name.startswith(TABLE_OF_ROWS) and row in seen[1]:
                return name.removeprefix(TABLE_OF_ROWS), seen[0]
        return None

    def key(self, page: Mapping[str, Any]) -> str:
        """The key under which ``read`` listed the page, else the one in its matching column."""
        return self._keys.get(str(page.get("id"))) or key_of(self.layout, page)

    def named(self, row: str) -> str:
        """What to call a row in a sentence: its key, else its id."""
        return self._keys.get(row) or row

    def gone(self, error: NotFound, name: str = "") -> str:
        """Why Notion no longer shows a row, as far as it tells, and what to do."""
        drop = "leave it there" if self._spec.adds_rows else f"take {name or 'it'} out of the YAML"
        return (
            f"Notion shows no such row any more: it was deleted for good, or moved out of "
            f"{self.layout.schema.title!r} to a place that is not shared with the token's connection ({error.message}). "
            f"Share that place, or {drop}"
        )

    def _read_layout(self) -> Layout:
        found = layout(locate(self.api, self.settings, self._state), self.settings, self._state)
        return replace(found, adds_rows=self._spec.adds_rows)

    def _listed(self, here: Layout) -> dict[str, dict[str, Any]]:
        """The rows by page id; of a table of which only some rows are needed, those."""
        if not self._spec.ending or here.match is None or here.match.type not in {"title", "rich_text"}:
            return every_row(self.api, here.schema.id, here.needed)
        return self.rows_where(here.match, [{"ends_with": self._spec.ending}])

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

    def _keyed_rows(
        self, here: Layout, pages: Mapping[str, dict[str, Any]], named: Mapping[str, str]
    ) -> list[Row]:
        """The rows by the matching column. Of several with one key the one that was there first comes last."""
        known = KnownRows(self._state, here, self._spec.keys)
        rows: list[Row] = []
        for key, several in by_key(keyed(here, pages, named)).items():
            if not key.endswith(self._spec.ending):
                continue
            problem = several_rows(here, key, several, known.page(key)) if len(several) > 1 else ""
            copies_first = sorted(
                several, key=lambda page: (page["id"] == known.page(key), str(page.get("created_time") or ""))
            )
            if known.page(key) is None:
                copies_first.reverse()
            rows += [self.row(page, key, problem) for page in copies_first]
        return rows

    def _named_rows(
        self, here: Layout, pages: Mapping[str, dict[str, Any]], named: Mapping[str, str]
    ) -> list[Row]:
        twice = shared_pages(named)
        return [
            self._named_row(here, pages.get(page), name, page, twice.get(page, ""))
            for name, page in named.items()
        ]

    def _gone_row(self, here: Layout, pages: Mapping[str, dict[str, Any]], key: str, page: str) -> Row:
        """What became of the row of ``key``: one request, unless it is listed with another key."""
        if page in pages:
            return self.row(pages[page], key, other_key(here, pages[page], key))
        return self._named_row(here, None, key, page, "")

    def _named_row(
        self, here: Layout, page: dict[str, Any] | None, name: str, identity: str, problem: str
    ) -> Row:
        """A row named by its address. Not being listed proves nothing: the page itself is asked what became of it."""
        if page is None:
            try:
                page = self.page(identity)
            except NotFound as error:
                return lost_row(here, identity, name, self.gone(error, name))
            except Refused as error:
                return lost_row(
                    here, identity, name, f"the address of {name} is not that of a row: {error.message}"
                )
        return self.row(page, name, problem)

    def _find_out_who_we_are(self, here: Layout, pages: Mapping[str, Mapping[str, Any]]) -> None:
        """Know the id under which okrsync edits: from the notes, which the first write fills, else by one request.

        The request is made only where notes are lost: where owned cells are filled and nobody knows by whom.
        """
        self._bot = self._state.get(f"bot of {self.api.fingerprint}", "")
        if self._bot or not self._spec.keys or not any(_filled(here, page) for page in pages.values()):
            return
        # Asking is a comfort: what it tells explains edits, and decides none.
        with suppress(OkrsyncError):
            self.this_is_us(str(self.api.me(attempts=1)["id"]))


def _filled(here: Layout, page: Mapping[str, Any]) -> bool:
    cells = row_of(here, page, "").cells.values()
    return any(cell.value is not None and cell.value != cell.initial for cell in cells)
