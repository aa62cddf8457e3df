"""Prove that no row of a condensed file is there twice, by its id or a digest of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from okrsync_crm.sql.cell_values import cleaned
from okrsync_crm.sql.execution import SqlConnection
from okrsync_crm.sql.typed_table import TypedTable

_NUMBERED: Final = re.compile(r"(\D*)\d{1,18}")
_BITS: Final = 1 << 29
"""One bit for each possible number takes a tenth of the time of a hash table, and at most 64 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowIds:
    """``totals`` collect the ids of each group; ``unread`` is SQL over the groups: how many rows have none."""

    totals: list[str]
    unread: str
    numbered: bool

    def different(self, connection: SqlConnection, groups: str) -> int:
        """How many different ids there are, or fewer."""
        ids = f"(SELECT unnest(ids) AS id FROM {groups})"
        if self.numbered:
            least, most = connection.execute(f"SELECT min(id), max(id) FROM {ids}").fetchone()
            if least is not None and most - least < _BITS:
                counted = f"bit_count(bitstring_agg(id, {least}::BIGINT, {most}::BIGINT))"
                return int(connection.execute(f"SELECT {counted} FROM {ids}").fetchone()[0])
        return int(connection.execute(f"SELECT count(DISTINCT id) FROM {ids}").fetchone()[0])


def row_ids(table: TypedTable, sample: Sequence[Sequence[str]]) -> RowIds | None:
    """The column of ``key``, or the one that most likely has ids; None if equal rows are records of their own."""
    settings, scan = table.settings, table.scan(0)
    if settings.key is None and settings.equal_rows == "count":
        return None
    place = scan.position(settings.key) if settings.key is not None else table.likely_id(0)
    prefixes = {found[1] if (found := _NUMBERED.fullmatch(row[place])) else None for row in sample}
    if len(prefixes) == 1 and None not in prefixes:
        # Different numbers are of different texts. What is no number, or seems to be there twice, is looked at row by row.
        digits = f"substr(c{place}, {len(str(prefixes.pop())) + 1})"
        number = f"try_cast({digits} AS BIGINT)"
        return RowIds(totals=[f"list({number}) AS ids"], unread="0", numbered=True)
    if settings.key is None:
        digest = f"hash({cleaned(f'c{place}', (), table.bind)})"
        return RowIds(totals=[f"list({digest}) AS ids"], unread="0", numbered=False)
    key = cleaned(f"c{place}", scan.nulls(), table.bind)
    return RowIds(
        totals=[f"count({key}) AS keyed", f"list(hash({key})) AS ids"],
        unread="weight - keyed",
        numbered=False,
    )
