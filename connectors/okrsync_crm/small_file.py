"""Answers usual questions about a small plain file without DuckDB, which takes 65 MiB by itself.

It answers, and never refuses. What is unusual in a file or a question raises ``UnusualFileError``: the database then reads
the file, judges its rows and names what is wrong. So nothing is read here that the database would read otherwise: cells
without a quotation mark inside, digits without a currency, dates and times that every clock shows once.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from okrsync_crm.cells.moments import ReadMoment
from okrsync_crm.cells.names import SPACES
from okrsync_crm.cells.plain_cells import BLANKS, all_differ, plain_amount, plain_moments
from okrsync_crm.files.staged_file import StagedFile
from okrsync_crm.sql.column_checks import may_be_grouped
from okrsync_crm.sql.file_scan import MASKED
from okrsync_crm.sql.records import masks_in_doubt, rows_in_doubt
from okrsync_crm.sql.typed_table import TypedTable, UnusualFileError

SMALL: Final = 1 << 20
"""From so many bytes on the database is quicker."""
_LINE_FEED: Final = "\n"
_ODD: Final = re.compile(f"[\0{''.join(set(SPACES) - set(BLANKS) - {_LINE_FEED})}]")
"""Carriage returns, blanks that are rarely meant as blanks, and NUL."""
Texts = tuple[str | None, ...]


@dataclass(slots=True)
class SmallFile:
    """The rows of a file, each column read when a question needs it."""

    table: TypedTable
    rows: Sequence[Sequence[str]]
    filled: Sequence[int]
    """Which cells of each row are filled, one bit each."""
    columns: dict[str, list[str | None]] = field(default_factory=dict)
    _amounts: dict[str, list[Decimal | None]] = field(default_factory=dict)
    _moments: dict[str, list[ReadMoment | None]] = field(default_factory=dict)
    groups: dict[tuple[str, ...], Mapping[Texts, Sequence[int]]] = field(default_factory=dict)

    @property
    def masks(self) -> list[tuple[int, int, int]]:
        """Which cells rows fill, how many, and how many rows do."""
        return [(mask, mask.bit_count(), count) for mask, count in Counter(self.filled).items()]

    # ---- columns ----------------------------------------------------------------------------------------------

    def texts(self, name: str) -> list[str | None]:
        column = self.table.text(name)
        if column not in self.columns:
            place = self.table.scan(0).position(name)
            nulls = {"", *self.table.dialect.nulls}
            cells = [row[place].strip(BLANKS) for row in self.rows]
            self.columns[column] = [None if cell in nulls else cell for cell in cells]
        return self.columns[column]

    def amounts(self, name: str) -> list[Decimal | None]:
        column = self.table.text(name)
        if column not in self._amounts:
            form, grouped = self.table.amount_form(), may_be_grouped(self.table.settings)
            cells = self.texts(name)
            found = [None if cell is None else plain_amount(cell, form) for cell in cells]
            for cell, amount in zip(cells, found, strict=True):
                if cell is not None and (amount is None or (grouped and cell[-4:-3] == ".")):
                    raise UnusualFileError
            self._amounts[column] = found
        return self._amounts[column]

    def moments(self, name: str) -> list[ReadMoment | None]:
        column = self.table.text(name)
        if column not in self._moments:
            texts = self.texts(name)
            read = plain_moments({cell for cell in texts if cell is not None}, self.table.moment_form())
            if read is None:
                raise UnusualFileError
            self._moments[column] = [None if cell is None else read[cell] for cell in texts]
        return self._moments[column]

    def look_for_totals(self) -> None:
        """Raise ``UnusualFileError`` if a row may be no record. This takes longer than all the rest."""
        if self.table.settings.totals == "records":
            return
        rows = [
            (number, mask, [cell or None for cell in row])
            for number, (mask, row) in enumerate(zip(self.filled, self.rows, strict=True), 1)
        ]
        if rows_in_doubt(self.table, 0, self.masks, rows):
            raise UnusualFileError


def small_file(table: TypedTable) -> SmallFile:
    """The file, if all its rows are records and none is there twice. Raises ``UnusualFileError``."""
    (file,), settings = table.files, table.settings
    usual = (
        settings.latest_by is None
        and settings.fill_down is None
        and settings.short_rows == "refuse"
        and settings.quotes == "double"
        and not file.tagged
        and len(file.header) <= MASKED
    )
    if not usual:
        raise UnusualFileError
    text = file.path.read_text(encoding="utf-8")
    if _ODD.search(text):
        raise UnusualFileError
    try:
        _, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=file.delimiter, strict=True)
    except csv.Error:
        raise UnusualFileError from None
    if any(
        len(row) != len(file.header) or any('"' in cell or _LINE_FEED in cell for cell in row) for row in rows
    ):
        raise UnusualFileError
    kept = [row for row in rows if any(row)]
    filled = [sum(1 << place for place, cell in enumerate(row) if cell) for row in kept]
    found = SmallFile(table, kept, filled)
    if not found.rows or len(found.rows) > settings.limits.rows:
        raise UnusualFileError
    if file.declared_rows not in {None, len(found.rows)} or not _are_records(found, file):
        raise UnusualFileError
    return found


def _are_records(found: SmallFile, file: StagedFile) -> bool:
    """Whether no row is a header or twice there, and none has a cell without a column."""
    table, rows, settings = found.table, found.rows, found.table.settings
    if any(row[place].strip() for place in table.scan(0).unnamed() for row in rows):
        return False
    first = next(place for place, name in enumerate(file.header) if name.strip(SPACES))
    title = file.header[first].strip(SPACES).casefold()
    if any(row[first].strip(SPACES).casefold() == title for row in rows):
        return False
    if settings.totals != "records" and masks_in_doubt(table, 0, found.masks):
        return False
    if settings.key is not None:
        keys = found.texts(settings.key)
        return None not in keys and len(set(keys)) == len(keys)
    return settings.equal_rows == "count" or all_differ(rows, table.likely_id(0))
