"""Prove that no row of a condensed file is there twice, by its id or a digest of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from okrsync_crm.sql.cell_values import cleaned
from okrsync_crm.sql.execution import SqlConnection
from okrsync_crm.sql.typed_table import TypedTable

_NUMBERED: Final = re.compile(r"(\D*)(\d{1,18})")
_HALF_OF_32_BITS: Final = 1 << 31
_BITS: Final = 1 << 29
"""One bit for each possible number takes a tenth of the time of a hash table, and at most 64 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowIds:
    """``totals`` collect the ids of each group; ``unread`` is SQL over the groups: how many rows have none."""

    totals: list[str]
    unread: str
    numbers: str = ""
    """The type of ids that are numbers."""

    def different(self, connection: SqlConnection, groups: str) -> int:
        """How many different ids there are, or fewer."""
        ids = f"(SELECT unnest(ids) AS id FROM {groups})"
        if self.numbers:
            least, most = connection.execute(f"SELECT min(id), max(id) FROM {ids}").fetchone()
            if least is not None and most - least < _BITS:
                counted = f"bit_count(bitstring_agg(id, {least}::{self.numbers}, {most}::{self.numbers}))"
                return int(connection.execute(f"SELECT {counted} FROM {ids}").fetchone()[0])
        return int(connection.execute(f"SELECT count(DISTINCT id) FROM {ids}").fetchone()[0])


def row_ids(table: TypedTable, sample: Sequence[Sequence[str]]) -> RowIds | None:
    """The column of ``key``, or the one that most likely has ids; None if equal rows are records of their own."""
    settings, scan = table.settings, table.scan(0)
    if settings.key is None and settings.equal_rows == "count":
        return None
    place = scan.position(settings.key) if settings.key is not None else table.likely_id(0)
    numbered = [_NUMBERED.fullmatch(row[place]) for row in sample]
    known = [one for one in numbered if one is not None]
    if len(known) == len(numbered) and len({one[1] for one in known}) == 1:
        # Different numbers are of different texts. What is no number, or seems to be there twice, is looked at row by row.
        digits = f"substr(c{place}, {len(known[0][1]) + 1})"
        small = max(int(one[2]) for one in known) < _HALF_OF_32_BITS
        numbers = "UINTEGER" if small else "BIGINT"
        return RowIds(totals=[f"list(try_cast({digits} AS {numbers})) AS ids"], unread="0", numbers=numbers)
    if settings.key is None:
        digest = f"hash({cleaned(f'c{place}', (), table.bind)})"
        return RowIds(totals=[f"list({digest}) AS ids"], unread="0")
    key = cleaned(f"c{place}", scan.nulls(), table.bind)
    return RowIds(
        totals=[f"count({key}) AS keyed", f"list(hash({key})) AS ids"],
        unread="weight - keyed",
    )
