"""Build the typed table: the needed columns, read once, as texts, numbers and moments.

Plain cells are cast by DuckDB. What that cannot read, and it is rare, is looked at by its distinct texts in Python
(okrsync_crm/cells), with the same settings; so every form that a person writes is read in one place, and no cell twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from zoneinfo import ZoneInfo

from okrsync_crm.cells.amounts import AmountForm
from okrsync_crm.cells.currencies import meant_by
from okrsync_crm.cells.moments import MomentForm
from okrsync_crm.cells.names import folded
from okrsync_crm.cells.words import is_currency_column
from okrsync_crm.dialects import Dialect
from okrsync_crm.files.cell_tags import DURATION
from okrsync_crm.files.staged_file import StagedFile
from okrsync_crm.query_settings import Limits
from okrsync_crm.settings import CrmSettings
from okrsync_crm.sql.cell_values import (
    MomentSql,
    Parameters,
    cleaned,
    currency_sign,
    duration,
    moment,
    number,
    text,
)
from okrsync_crm.sql.file_scan import ID_NAME, FileScan, position

RECORDS: Final = "records"


class UnusualFileError(Exception):
    """A row of the file must be judged by itself. ``undecoded``: DuckDB cannot read its letters where it lies."""

    def __init__(self, *, undecoded: bool = False) -> None:
        super().__init__()
        self.undecoded = undecoded


@dataclass(slots=True)
class TypedTable:
    """Collects the columns that are asked for, then is built once. Column look-ups raise ``NoValueError``."""

    files: Sequence[StagedFile]
    settings: CrmSettings
    dialect: Dialect
    zone: str
    bind: Parameters = field(default_factory=Parameters)
    names: dict[str, str] = field(default_factory=dict)
    _positions: dict[str, list[int]] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _typed: dict[str, str] = field(default_factory=dict)
    _currencies: dict[str, str | None] = field(default_factory=dict)
    _sound: frozenset[str] | None = None
    odd: bool = True
    limits: dict[tuple[str, Limits], str] = field(default_factory=dict)
    """The columns that say of each row whether limits of a column hold, as ``true`` and ``false``."""
    condensed: bool = False
    """Each row is ``weight`` rows that no question tells apart (condensed.py)."""

    @property
    def tagged(self) -> bool:
        return any(file.tagged for file in self.files)

    @property
    def label(self) -> str:
        return ", ".join(file.name for file in self.files)

    # ---- columns ----------------------------------------------------------------------------------------------

    def has(self, name: str) -> bool:
        return all(folded(name) in map(folded, file.header) for file in self.files)

    def raw(self, name: str) -> str:
        """The cleaned text of a column, with a sheet's type marks. Raises ``NoValueError`` if there is no one such column."""
        key = folded(name)
        if key not in self._positions:
            self._positions[key] = [position(name, file) for file in self.files]
            self._numbers[key] = len(self._numbers)
            self.names[f"x{self._numbers[key]}"] = name
        return f"x{self._numbers[key]}"

    def text(self, name: str) -> str:
        raw = self.raw(name)
        return self._column("t", raw, text(raw, self.bind, tagged=self.tagged)) if self.tagged else raw

    def number(self, name: str, *, percent: bool) -> str:
        raw = self.raw(name)
        sql = number(raw, self.dialect, self.bind, tagged=self.tagged, percent=percent)
        self._column("s", raw, currency_sign(raw, self.bind, tagged=self.tagged))
        return self._column("q" if percent else "n", raw, sql)

    def holds_durations(self, name: str) -> bool:
        """Whether a sheet's cells of a column show lengths of time: their format says so."""
        found = self._sampled(name) if self.tagged else set()
        return any(value[0] == DURATION for value in found)

    def duration(self, name: str, *, in_days: bool) -> str:
        raw = self.raw(name)
        return self._column("d", raw, duration(raw, self.bind, in_days=in_days))

    def _sampled(self, name: str) -> set[str]:
        """The different values of a column in the files' first rows."""
        values: set[str] = set()
        for file in self.files:
            for place in [n for n, column in enumerate(file.header) if folded(column) == folded(name)]:
                values |= {row[place].strip() for row in file.sample if len(row) > place}
        return values - {"", *self.dialect.nulls}

    def sign(self, name: str) -> str:
        self.number(name, percent=False)
        return f"s{self.raw(name)[1:]}"

    def moment(self, name: str) -> MomentSql:
        raw = self.raw(name)
        read = moment(raw, self.dialect, self.zone, self.bind, tagged=self.tagged)
        return MomentSql(
            local=self._column("l", raw, read.local), instant=self._column("a", raw, read.instant)
        )

    def _column(self, prefix: str, raw: str, sql: str) -> str:
        name = prefix + raw[1:]
        self._typed.setdefault(name, sql)
        return name

    def is_sound(self, column: str) -> bool:
        """Whether the table is built, and every filled cell of a typed column could be read."""
        return self._sound is not None and column in self._sound

    def look_for_unread(self, run: Callable[[str], Any]) -> None:
        """Find out which columns have no unreadable cell; most have none, and need no test of each row."""
        typed = [name for name in self._typed if name[0] in "nqldt"]
        tests = "".join(f", bool_or(x{name[1:]} IS NOT NULL AND {name} IS NULL)" for name in typed)
        odd, *unread = run(f"SELECT bool_or(odd IS NOT NULL){tests} FROM {RECORDS}").fetchone()
        self.odd = bool(odd)
        texts = [] if self.tagged else [f"x{number}" for number in self._numbers.values()]
        self._sound = frozenset([*texts, *(name for name, bad in zip(typed, unread, strict=True) if not bad)])

    def columns(self, *prefixes: str) -> list[str]:
        """The typed columns of some kinds: ``n`` and ``q`` numbers, ``l`` moments."""
        return [name for name in self._typed if name[0] in prefixes]

    def name_of(self, column: str) -> str:
        return self.names[f"x{column[1:]}"]

    def condense(self) -> None:
        """Take the table for one of groups: nothing in it is at fault."""
        self.condensed, self.odd = True, False
        texts = (f"x{number}" for number in self._numbers.values())
        self._sound = frozenset([*self._typed, *texts, *self.limits.values()])

    @property
    def rows(self) -> str:
        """SQL of the number of rows."""
        return "coalesce(sum(weight), 0)::BIGINT" if self.condensed else "count(*)"

    def totals_of(self, value: str) -> tuple[str, str, str, str]:
        """SQL of how many values a typed column has, of their sum, and of the least and the largest."""
        if self.condensed:
            return (
                f"coalesce(sum(count_{value}), 0)::BIGINT",
                f"sum(sum_{value})",
                f"min(min_{value})",
                f"max(max_{value})",
            )
        return f"count({value})", f"sum({value})", f"min({value})", f"max({value})"

    # ---- building ---------------------------------------------------------------------------------------------

    def statement(self) -> str:
        """The rows of all files in their order, blank ones included: row ``r`` of file ``f`` counts from 1."""
        raw = "\n  UNION ALL ".join(self._scanned(index) for index in range(len(self.files)))
        typed = ", ".join(
            ["*", "CAST(NULL AS VARCHAR) AS odd", *(f"{sql} AS {name}" for name, sql in self._typed.items())]
        )
        return f"CREATE TEMP TABLE {RECORDS} AS WITH raw AS ({raw}) SELECT {typed} FROM raw"

    def _scanned(self, index: int) -> str:
        scan = self.scan(index)
        wanted = [
            f"{index} AS f",
            "row_number() OVER () AS r",
            f"{scan.filled()} AS filled",
            f"{scan.mask()} AS mask",
        ]
        for key, place in self._numbers.items():
            cell = f"c{self._positions[key][index]}"
            wanted.append(f"{cleaned(cell, self.dialect.nulls, self.bind)} AS x{place}")
        wanted.append(f"{scan.ghost()} AS ghost")
        wanted.append(f"{scan.repeats_header()} AS again")
        if self.settings.latest_by:
            wanted.append(f"{scan.whole()} AS whole")
        elif not self.settings.key and self.settings.equal_rows == "refuse":
            likely = cleaned(f"c{self.likely_id(index)}", (), self.bind)
            wanted.append(f"hash({likely}) AS whole")
        return f"SELECT {', '.join(wanted)} FROM {scan.source()}"

    def scan(self, index: int) -> FileScan:
        return FileScan(self.files[index], self.settings, self.dialect, self.bind)

    def likely_id(self, index: int) -> int:
        """The column that most likely tells all rows apart: if it does, no two of them are equal."""
        names = self.files[0].header
        name = next((name for name in names if ID_NAME.search(name)), names[0])
        return next((n for n, one in enumerate(self.files[index].header) if folded(one) == folded(name)), 0)

    def fill_down(self) -> str | None:
        """The statement that gives blank cells of the columns of groups the value above them."""
        columns = [self.raw(name)[1:] for name in self.settings.fill_down or ()]
        if not columns:
            return None
        typed = [f"x{column}" for column in columns]
        typed += [name for name in self._typed if name[1:] in columns]
        last = ", ".join(f"last_value({name} IGNORE NULLS) OVER above AS {name}" for name in typed)
        set_ = ", ".join(f"{name} = coalesce({RECORDS}.{name}, m.{name})" for name in typed)
        return (
            f"UPDATE {RECORDS} SET {set_} FROM (SELECT f, r, {last} FROM {RECORDS} "
            f"WINDOW above AS (PARTITION BY f ORDER BY r)) m WHERE {RECORDS}.f = m.f AND {RECORDS}.r = m.r"
        )

    def moment_form(self) -> MomentForm:
        return MomentForm(
            formats=self.dialect.date_format, zone=ZoneInfo(self.zone), language=self.settings.language
        )

    def amount_form(self) -> AmountForm:
        return AmountForm(decimal=self.dialect.decimal, thousands=self.dialect.thousands)

    def currency_of(self, field: str) -> str | None:
        """The column with each row's currency of ``field``, as the dialect or the file's own names and values show it."""
        if field not in self._currencies:
            self._currencies[field] = self._currency_of(field)
        return self._currencies[field]

    def _currency_of(self, field: str) -> str | None:
        known = self.dialect.currency.replace("{field}", field)
        if known and self.has(known):
            return known
        columns = [name for name in self.files[0].header if self._holds_currencies(name)]
        own = [name for name in columns if folded(field) in folded(name)]
        others = {folded(name) for name in self.files[0].header} - {folded(field)}
        free = [
            name
            for name in columns
            if not any(other and other != folded(name) and other in folded(name) for other in others)
        ]
        return next(iter(own or free), None)

    def _holds_currencies(self, name: str) -> bool:
        """Whether a column holds nothing but currencies in the files' first rows, or is called so and names some."""
        if not name.strip() or not self.has(name):
            return False
        values = self._sampled(name)
        known = {
            value
            for value in values
            if meant_by(value) not in ((), ("",)) or value in (self.dialect.currencies or {})
        }
        iso = {value for value in values if re.fullmatch("[A-Z]{3}", value)}
        return bool(values) and (
            values == known & iso or (is_currency_column(name) and bool(known or not values - known))
        )
