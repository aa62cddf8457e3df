"""Read rows that may be no record: their cells, and the amounts of all rows beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from okrsync_crm.cells.amounts import AmountForm, read_amount
from okrsync_crm.cells.names import SPACES
from okrsync_crm.files.cell_tags import DATE, MONEY, NUMBER, PERCENT, TAGS
from okrsync_crm.sql.cell_values import cleaned, number
from okrsync_crm.sql.file_scan import ID_NAME
from okrsync_crm.sql.totals import Amounts, SparseRow
from okrsync_crm.sql.typed_table import RECORDS, TypedTable

_DATED: Final = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}")


def sparse_row(
    table: TypedTable, file: int, row: tuple[int, int, Sequence[str | None]], *, strong: bool, width: int
) -> SparseRow:
    """A row of a file by its number, its mask and its cells, which are read as amounts, dates and texts.

    ``width``: how many cells most rows have.
    """
    number_, mask, cells = row
    header = table.files[file].header
    amounts: dict[int, Decimal] = {}
    texts: dict[int, str] = {}
    dated = False
    for place, cell in enumerate(cells):
        plain = (cell or "").strip(SPACES)
        if plain[:1] in {NUMBER, PERCENT, MONEY}:
            if not ID_NAME.search(header[place]):
                amounts[place] = Decimal(plain[1:].partition(" ")[0])
        elif plain[:1] == DATE or _DATED.match(plain):
            dated = True
        elif (amount := read_amount(plain, table.amount_form())) is not None:
            # Ids go up by one, and 3 is 1 + 2.
            if not ID_NAME.search(header[place]):
                amounts[place] = amount.value
        elif plain and plain not in table.dialect.nulls:
            texts[place] = plain.lstrip(TAGS)
    lone = strong and mask.bit_count() == 1 and width > 2
    return SparseRow(
        number=number_, mask=mask, amounts=amounts, cells=texts, dated=dated, strong=strong, lone=lone
    )


def amounts_of(table: TypedTable, index: int, columns: Sequence[int], texts: Sequence[int]) -> AmountRows:
    """The rows of a file with the amounts of some columns and the texts of others, by their place."""
    cells = []
    for n in columns:
        cell = cleaned(f"c{n}", table.dialect.nulls, table.bind)
        value = number(cell, table.dialect, table.bind, tagged=table.tagged, percent=False)
        cells += [f"{value} AS n{n}", f"CASE WHEN n{n} IS NULL THEN {cell} END AS x{n}"]
    cells += [f"{cleaned(f'c{n}', table.dialect.nulls, table.bind)} AS t{n}" for n in texts]
    listed = ", ".join(["r", *cells])
    statement = (
        f"SELECT {listed} FROM (SELECT row_number() OVER () AS r, * FROM {table.scan(index).source()}) "
        f"WHERE r IN (SELECT r FROM {RECORDS} WHERE f = {index}) ORDER BY r"
    )
    return AmountRows(statement, columns, texts, table.amount_form())


@dataclass(frozen=True, slots=True)
class AmountRows:
    """A statement for amounts by row, and how its result is read."""

    statement: str
    columns: Sequence[int]
    texts: Sequence[int]
    form: AmountForm

    def read(self, rows: Sequence[Sequence[Any]]) -> Amounts:
        values = {
            column: [self._value(row[1 + 2 * at], row[2 + 2 * at]) for row in rows]
            for at, column in enumerate(self.columns)
        }
        first = 1 + 2 * len(self.columns)
        texts = {column: [row[first + at] for row in rows] for at, column in enumerate(self.texts)}
        return Amounts([row[0] for row in rows], values, texts)

    def _value(self, value: Decimal | None, text: str | None) -> Decimal | None:
        if value is not None or text is None:
            return value
        amount = read_amount(text, self.form)
        return amount.value if amount is not None else None
