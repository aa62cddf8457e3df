"""Add rows to a Notion table, each with a key, and no key twice.

Notion has no idempotency keys, and a row may be listed only a while after it was made. So nothing is ever sent a second
time after an answer was lost: the key is looked for instead, for as long as listing may take.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from okrsync.errors import ConfigError, Conflict, OkrsyncError, Unavailable
from okrsync.model import Row, Stored, Wanted
from okrsync.ports import Clock
from okrsync_notion.destination import NotionDestination
from okrsync_notion.http_errors import BlockLimit, Refused
from okrsync_notion.open_table import OpenTable
from okrsync_notion.property_keys import unknown_key
from okrsync_notion.property_values import NotionColumn, encode
from okrsync_notion.rows import key_of, names_of, url_of

# Unknown: how long Notion takes to list a new row. Between the looks it is given so many seconds.
LOOKS: Final = (0, 2, 4, 8)
# A limit that was met so often is believed: the other new rows of the run are not sent.
REFUSALS: Final = 3
# The names of the title and the key among the cells of a new row.
TITLE: Final = "title of the row"
KEY: Final = "key of the row"


class NotionRegister:
    """``okrsync.ports.Register`` for one Notion table."""

    def __init__(self, table: OpenTable, clock: Clock) -> None:
        self._table = table
        self._destination = NotionDestination(table)
        self._clock = clock
        self._opened = clock.monotonic()
        self._refusals: list[BlockLimit] = []

    def read(self) -> Sequence[Row]:
        """See ``Destination.read``."""
        return self._destination.read()

    def canonical(self, cell: str, value: Wanted) -> Stored:
        """See ``Destination.canonical``."""
        return self._destination.canonical(cell, value)

    def look(self, rows: Sequence[str], *, fresh: float) -> None:
        """See ``Destination.look``."""
        self._destination.look(rows, fresh=fresh)

    def write(
        self, row: str, values: Mapping[str, Stored], expect: Mapping[str, Stored], *, recent: bool = False
    ) -> Row:
        """See ``Destination.write``."""
        return self._destination.write(row, values, expect, recent=recent)

    def find(self, key: str) -> Row | None:
        """See ``Register.find``. What is looked for was made before this run: waiting once is enough for all keys."""
        waited = self._clock.monotonic() - self._opened
        return self._sought(key, max(0.0, sum(LOOKS) - waited))

    def add(self, key: str, title: str, values: Mapping[str, Stored]) -> Row:
        """See ``Register.add``. One POST, and one more for each spelling of keys that Notion refuses to know."""
        if len(self._refusals) >= REFUSALS:
            raise self._refusals[0]
        here = self._table.layout
        columns = {TITLE: here.title, KEY: self._key_column()}
        bodies: dict[str, dict[str, Any]] = {TITLE: {"title": _text(title)}}
        bodies[KEY] = {columns[KEY].type: _text(key)}
        for cell, value in values.items():
            if value is not None:
                columns[cell] = self._table.writable(cell)
                bodies[cell] = encode(columns[cell], value)
        try:
            page = self._made(columns, bodies)
        except BlockLimit as error:
            self._refusals.append(error)
            raise
        except OkrsyncError:
            raise
        except Exception as error:
            passing = self._table.api.passing(error)
            if passing is None:
                raise
            found = self._sought(key, sum(LOOKS))
            if found is None:
                raise Unavailable(
                    f"adding {key}: {passing.again.reason}, and it is not listed (yet)",
                    hint="the next run looks for it before it adds it",
                ) from error
            return found
        return self._table.row(page, key)

    def _made(
        self, columns: Mapping[str, NotionColumn], bodies: Mapping[str, dict[str, Any]]
    ) -> dict[str, Any]:
        """The new page. A refusal for a key adds nothing, so that the other spellings may be tried."""
        names = self._table.names
        refusal: Refused | None = None
        for spelling in self._table.keys.spellings():
            keys = self._table.keys.spelled(spelling, columns, names)
            properties = {keys[cell]: body for cell, body in bodies.items()}
            try:
                page = self._table.api.create_page(self._table.layout.schema.id, properties)
            except Refused as error:
                if not unknown_key(error.message):
                    raise
                refusal = refusal or error
                names = self._table.present_names()
                continue
            self._table.keys.worked(spelling)
            return self._with_key(page, columns[KEY], bodies)
        assert refusal is not None
        raise refusal

    def _with_key(
        self, page: dict[str, Any], column: NotionColumn, bodies: Mapping[str, dict[str, Any]]
    ) -> dict[str, Any]:
        """The new page with its key. Where Notion left the key out without a word, it is put in now.

        A row without its key would be added again by the next run.
        """
        for spelling in self._table.keys.spellings():
            if key_of(self._table.layout, page):
                return page
            keys = self._table.keys.spelled(spelling, {KEY: column}, {**self._table.names, **names_of(page)})
            page = self._table.api.put(str(page["id"]), {keys[KEY]: bodies[KEY]})
        if key_of(self._table.layout, page):
            return page
        raise Conflict(
            f"the row {url_of(page)} was added, but Notion left out its key in {column.name!r}",
            hint="delete that row in Notion, look at the column, and run again",
        )

    def _sought(self, key: str, patience: float) -> Row | None:
        """The one row with ``key``; looked for until ``patience`` seconds have passed, at least once."""
        here = self._table.layout
        column = self._key_column()
        for pause in LOOKS:
            if pause:
                wait = min(float(pause), patience)
                if wait <= 0:
                    return None
                patience -= wait
                self._clock.sleep(wait)
            # Notion compares without case: its answer may hold strangers.
            pages = self._table.rows_where(column, [{"equals": key}]).values()
            found = [page for page in pages if key_of(here, page) == key]
            if len(found) > 1:
                urls = " and ".join(url_of(page) for page in found)
                raise Conflict(f"{len(found)} rows have the key {key!r}: {urls}", hint="keep one of them")
            if found:
                return self._table.row(found[0], key)
        return None

    def _key_column(self) -> NotionColumn:
        column = self._table.layout.match
        if column is None or column.type not in {"title", "rich_text"}:
            named = repr(column.name) if column is not None else "none"
            raise ConfigError(
                f"the keys of new rows need a text column, and `match` names {named}",
                hint="name a text column under `match`",
            )
        return column


def _text(content: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": {"content": content[:2000]}}]
