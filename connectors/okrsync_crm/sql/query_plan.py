"""Plan questions about one set of files as one SQL statement over their typed table.

The layers, each a CTE over the one before: ``kept`` (the newest row of each key, if asked), ``judged`` (for each
question: does the row match, can it not be read). No text of the configuration or of a file becomes SQL: columns are
known by position, values are bound parameters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from okrsync_crm.files.staged_file import StagedFile
from okrsync_crm.settings import CrmSettings
from okrsync_crm.sql.cell_values import MomentSql, Parameters
from okrsync_crm.sql.typed_table import RECORDS, TypedTable

KEPT: Final = "nth = 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFault:
    """One way a row cannot be read: ``sql`` says whether it happened, ``shown`` is the text to show of ``column``.

    ``value`` is the typed column that could not be made of the cell.
    """

    column: str
    sql: str
    shown: str
    says: str = ""
    value: str = ""


ODD_ROW: Final = CellFault(column="", sql="odd IS NOT NULL", shown="odd")
"""A row of which the file does not say whether it is a record (records.py)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTest:
    """One condition on a row: whether it holds (never NULL), and whether that cannot be said."""

    holds: str
    fault: CellFault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptValue:
    """What is needed of each row for which ``holds`` is true, because it cannot be added up: a text, a number, or both."""

    holds: str
    name: str = "NULL"
    amount: str = "NULL"


@dataclass(slots=True)
class QueryPlan:
    """Collects judgements and aggregates over the typed table; ``statement`` renders them. Column look-ups raise ``NoValueError``."""

    table: TypedTable
    bind: Parameters = field(default_factory=Parameters)
    _marks: list[dict[str, str]] = field(default_factory=lambda: [{}, {}])
    aggregates: dict[str, str] = field(default_factory=dict)
    picks: dict[str, str] = field(default_factory=dict)
    kept: dict[int, KeptValue] = field(default_factory=dict)

    @property
    def settings(self) -> CrmSettings:
        return self.table.settings

    @property
    def files(self) -> Sequence[StagedFile]:
        return self.table.files

    @property
    def tagged(self) -> bool:
        return self.table.tagged

    # ---- columns ----------------------------------------------------------------------------------------------

    def raw(self, name: str) -> str:
        return self.table.raw(name)

    def text(self, name: str) -> str:
        return self.table.text(name)

    def number(self, name: str, *, percent: bool) -> str:
        return self.table.number(name, percent=percent)

    def moment(self, name: str) -> MomentSql:
        return self.table.moment(name)

    def fault(self, name: str, value: str, says: str = "") -> CellFault:
        """The cell of ``name`` holds something, and ``value`` could not be made of it."""
        raw = self.raw(name)
        sql = f"({raw} IS NOT NULL AND {value} IS NULL)"
        return CellFault(column=name, sql=sql, shown=raw, says=says, value=value)

    def possible(self, fault: CellFault | None) -> bool:
        """Whether a fault can happen at all, by what is known of the table once it is built."""
        if fault is None or (fault is ODD_ROW and not self.table.odd):
            return False
        return not (fault.value and self.table.is_sound(fault.value))

    # ---- judgements -------------------------------------------------------------------------------------------

    def mark(self, name: str, sql: str, *, layer: int = 0) -> str:
        """A column computed for every row; those of layer 1 may use those of layer 0."""
        self._marks[layer][name] = sql
        return name

    def judge(self, index: int | str, tests: Sequence[RowTest]) -> tuple[str, str]:
        """Whether all tests hold, and whether that cannot be said: one fails to be read and no other one is against."""
        faults = [test.fault.sql for test in tests if test.fault is not None and self.possible(test.fault)]
        doubt = f"({' OR '.join(faults)})" if faults else "false"
        sure = " AND ".join(["true", *(test.holds for test in tests)])
        maybe = " AND ".join(
            [
                "true",
                *(
                    f"({test.holds} OR {test.fault.sql})"
                    if test.fault and self.possible(test.fault)
                    else test.holds
                    for test in tests
                ),
            ]
        )
        kept = f"{KEPT} AND " if self.settings.latest_by else ""
        match = self.mark(f"w{index}", f"({kept}{sure} AND NOT {doubt})")
        return match, self.mark(f"u{index}", f"({kept}{maybe} AND {doubt})")

    def forget(self, index: int) -> None:
        """Take back what a question drafted that turned out not to be askable."""
        own = re.compile(rf"[a-z]+{index}(_\d+)?")
        for named in (*self._marks, self.aggregates, self.picks):
            for name in [name for name in named if own.fullmatch(name)]:
                del named[name]
        self.kept.pop(index, None)

    # ---- rendering --------------------------------------------------------------------------------------------

    def statement(self, select: str, *, by: str = "") -> str:
        """``select`` over the judged rows: row ``r`` of file ``f``, counted from 1.

        The aggregates are of all rows or, with ``by``, of the rows that share this mark.
        """
        first, second = (
            ", ".join(["*", *(f"{sql} AS {name}" for name, sql in marks.items())]) for marks in self._marks
        )
        once = "MATERIALIZED " if self.picks_groups else ""
        return (
            f"WITH kept AS ({self._kept()}),\n"
            f"marked AS (SELECT {first} FROM kept),\njudged AS {once}(SELECT {second} FROM marked),\n"
            f"tallied AS (SELECT {f'{by}, ' if by else ''}{self._aggregated()} FROM judged"
            f"{f' GROUP BY {by}' if by else ''})\n{select}"
        )

    @property
    def picks_groups(self) -> bool:
        """Whether something besides the one aggregation reads the judged rows, which must then not be scanned twice."""
        return any("FROM judged" in sql for sql in self.picks.values())

    def _aggregated(self) -> str:
        return ", ".join(f"{sql} AS {name}" for name, sql in self.aggregates.items()) or "count(*) AS total"

    def _kept(self) -> str:
        if self.settings.latest_by is None or self.settings.key is None:
            return f"SELECT * FROM {RECORDS}"
        key, at = self.text(self.settings.key), self.moment(self.settings.latest_by)
        newest = f"coalesce({at.instant}, {at.local})"
        return (
            f"SELECT *, row_number() OVER same AS nth, {key} IS NOT NULL AND "
            f"min(whole) OVER twins <> max(whole) OVER twins AS torn FROM {RECORDS} "
            f"WINDOW same AS (PARTITION BY {key} ORDER BY {newest} DESC NULLS LAST), "
            f"twins AS (PARTITION BY {key}, {newest})"
        )
