"""A batch of questions about one set of files, drafted as one SQL statement.

The layers, each a CTE over the one before: ``raw`` (cleaned texts), ``typed`` (numbers and moments), ``kept`` (the
newest row of each key, where asked), ``judged`` (for each question: does the row match, can it not be read). No text
of the configuration or of a file becomes SQL: columns are known by position, values are bound parameters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from okrsync.spelling import did_you_mean
from okrsync_crm.dialects import Dialect
from okrsync_crm.files.copy import StagedFile
from okrsync_crm.refusal import bad_config
from okrsync_crm.settings import CrmSettings
from okrsync_crm.sql.cell_values import (
    SPACES,
    MomentSql,
    Parameters,
    cleaned,
    currency_sign,
    moment,
    number,
    text,
)

_OTHER_DELIMITERS: Final = ",;\t|"
REJECTS_LISTED: Final = 1000


def folded(name: str) -> str:
    """A column's name as it is compared: no white space around it, single spaces inside, case folded."""
    return " ".join(name.strip(SPACES).split()).casefold()


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFault:
    """One way a row cannot be read: ``sql`` says whether it happened, ``shown`` is the text to show of ``column``."""

    column: str
    sql: str
    shown: str
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTest:
    """One condition on a row: whether it holds (never NULL), and whether that cannot be said."""

    holds: str
    fault: CellFault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptValue:
    """What is needed of each row where ``holds``, because it cannot be added up: a text, a number, or both."""

    holds: str
    name: str = "NULL"
    amount: str = "NULL"


@dataclass(slots=True)
class QueryPlan:
    """Collects columns, judgements and aggregates; ``statement`` renders them. Column lookups raise ``NoValueError``."""

    files: Sequence[StagedFile]
    settings: CrmSettings
    dialect: Dialect
    zone: str
    bind: Parameters = field(default_factory=Parameters)
    _positions: dict[str, list[int]] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _typed: dict[str, str] = field(default_factory=dict)
    _marks: list[dict[str, str]] = field(default_factory=lambda: [{}, {}])
    aggregates: dict[str, str] = field(default_factory=dict)
    picks: dict[str, str] = field(default_factory=dict)
    kept: dict[int, KeptValue] = field(default_factory=dict)

    @property
    def tagged(self) -> bool:
        return any(file.tagged for file in self.files)

    # ---- columns ----------------------------------------------------------------------------------------------

    def has(self, name: str) -> bool:
        return all(folded(name) in map(folded, file.header) for file in self.files)

    def raw(self, name: str) -> str:
        """The cleaned text of a column, with a sheet's type marks. Raises ``NoValueError`` where there is no one such column."""
        key = folded(name)
        if key not in self._positions:
            self._positions[key] = [_position(name, file) for file in self.files]
            self._numbers[key] = len(self._numbers)
        return f"x{self._numbers[key]}"

    def _column(self, prefix: str, raw: str, sql: str) -> str:
        name = prefix + raw[1:]
        self._typed.setdefault(name, sql)
        return name

    def text(self, name: str) -> str:
        raw = self.raw(name)
        return self._column("t", raw, text(raw, self.bind, tagged=self.tagged)) if self.tagged else raw

    def number(self, name: str, *, percent: bool) -> str:
        raw = self.raw(name)
        sql = number(raw, self.dialect, self.bind, tagged=self.tagged, percent=percent)
        return self._column("q" if percent else "n", raw, sql)

    def sign(self, name: str) -> str:
        raw = self.raw(name)
        return self._column("s", raw, currency_sign(raw, self.bind))

    def moment(self, name: str) -> MomentSql:
        raw = self.raw(name)
        read = moment(raw, self.dialect, self.zone, self.bind, tagged=self.tagged)
        return MomentSql(
            local=self._column("l", raw, read.local), instant=self._column("a", raw, read.instant)
        )

    def fault(self, name: str, value: str, says: str = "") -> CellFault:
        """The cell of ``name`` holds something, and ``value`` could not be made of it."""
        raw = self.raw(name)
        return CellFault(column=name, sql=f"({raw} IS NOT NULL AND {value} IS NULL)", shown=raw, says=says)

    # ---- judgements -------------------------------------------------------------------------------------------

    def mark(self, name: str, sql: str, *, layer: int = 0) -> str:
        """A column computed for every row; those of layer 1 may use those of layer 0."""
        self._marks[layer][name] = sql
        return name

    def judge(self, index: int | str, tests: Sequence[RowTest]) -> tuple[str, str]:
        """Whether all tests hold, and whether that cannot be said: one fails to be read and no other one is against."""
        faults = [test.fault.sql for test in tests if test.fault is not None]
        doubt = f"({' OR '.join(faults)})" if faults else "false"
        sure = " AND ".join(["true", *(test.holds for test in tests)])
        maybe = " AND ".join(
            ["true", *(f"({test.holds} OR {test.fault.sql})" if test.fault else test.holds for test in tests)]
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

    def statement(self, select: str, *, numbered: bool = False, by: str = "") -> str:
        """``select`` over the judged rows. ``numbered`` rows have ``r``, their number within file ``f`` from 1.

        The aggregates are of all rows or, with ``by``, of the rows that share this mark.
        """
        kept = self._kept()
        raw = "\n  UNION ALL ".join(
            self._scan(index, file, numbered=numbered) for index, file in enumerate(self.files)
        )
        typed = ", ".join(["*", *(f"{sql} AS {name}" for name, sql in self._typed.items())])
        first, second = (
            ", ".join(["*", *(f"{sql} AS {name}" for name, sql in marks.items())]) for marks in self._marks
        )
        once = "MATERIALIZED " if self.picks_groups else ""
        return (
            f"WITH raw AS ({raw}),\ntyped AS (SELECT {typed} FROM raw),\nkept AS ({kept}),\n"  # noqa: S608 - positions and placeholders only
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

    def _scan(self, index: int, file: StagedFile, *, numbered: bool) -> str:
        width = len(file.header)
        columns = ", ".join(f"'c{n}': 'VARCHAR'" for n in range(width))
        wanted = [f"{index} AS f"]
        for key, number_ in self._numbers.items():
            cell = f"c{self._positions[key][index]}"
            wanted.append(f"{cleaned(cell, self.dialect.nulls, self.bind)} AS x{number_}")
        wanted.append(f"{_ghost(file)} AS ghost")
        if self.settings.latest_by:
            order = sorted(range(width), key=lambda n: folded(file.header[n]))
            wanted.append(f"hash({', '.join(f'c{n}' for n in order)}) AS whole")
        source = (
            f"read_csv({self.bind.bind(str(file.path))}, columns={{{columns}}}, delim={self.bind.bind(file.delimiter)}, "
            "quote='\"', escape='\"', header=true, auto_detect=false, new_line='\\n', strict_mode=true, "
            f"store_rejects=true, rejects_limit={self.settings.max_bad_rows + REJECTS_LISTED})"
        )
        if numbered:
            wanted.append("r")
            source = f"(SELECT row_number() OVER () AS r, * FROM {source})"  # noqa: S608 - positions and placeholders only
        filled = f"coalesce({', '.join(f'c{n}' for n in range(width))}) IS NOT NULL"
        return f"SELECT {', '.join(wanted)} FROM {source} WHERE {filled}"  # noqa: S608 - positions and placeholders only

    def _kept(self) -> str:
        if self.settings.latest_by is None or self.settings.key is None:
            return "SELECT * FROM typed"
        key, at = self.text(self.settings.key), self.moment(self.settings.latest_by)
        newest = f"coalesce({at.instant}, {at.local})"
        return (
            f"SELECT *, row_number() OVER same AS nth, {key} IS NOT NULL AND "  # noqa: S608 - positions and placeholders only
            f"min(whole) OVER twins <> max(whole) OVER twins AS torn FROM typed "
            f"WINDOW same AS (PARTITION BY {key} ORDER BY {newest} DESC NULLS LAST), "
            f"twins AS (PARTITION BY {key}, {newest})"
        )


KEPT: Final = "nth = 1"


def _ghost(file: StagedFile) -> str:
    """What stands in columns after the last named one: a delimiter at the end of every line makes an empty one."""
    named = max(n for n, name in enumerate(file.header) if name.strip(SPACES)) + 1
    cells = [f"nullif(trim(c{n}), '')" for n in range(named, len(file.header))]
    return f"coalesce({', '.join([*cells, 'NULL', 'NULL'])})"


def _position(name: str, file: StagedFile) -> int:
    key = folded(name)
    found = [n for n, column in enumerate(file.header) if folded(column) == key]
    if len(found) == 1:
        return found[0]
    if found:
        places = " and ".join(str(n + 1) for n in found)
        raise bad_config(
            f"{file.name} has {len(found)} columns named {name!r} (columns {places})",
            hint="rename one in the CRM's export, or measure another column",
        )
    names = [column.strip(SPACES) for column in file.header if column.strip(SPACES)]
    if len(names) == 1:
        other = next(
            (sign for sign in _OTHER_DELIMITERS if sign in names[0] and sign != file.delimiter), None
        )
        if other:
            raise bad_config(
                f"{file.name}: the whole header is one column, {names[0][:80]!r}",
                hint=f"set delimiter: {other!r}",
            )
    raise bad_config(f"{file.name} has no column {name!r}", hint=did_you_mean(name, names))
