"""The typed table: the needed columns, read from the files once, as texts, numbers and moments.

Plain cells are cast by DuckDB. What that cannot read, and it is rare, is looked at by its distinct texts in Python
(okrsync_crm/cells), with the same settings; so every form that a person writes is read in one place, and no cell twice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from okrsync.spelling import did_you_mean
from okrsync_crm.cells.amounts import AmountForm, read_amount
from okrsync_crm.cells.currencies import meant_by
from okrsync_crm.cells.moments import MomentForm, read_moments
from okrsync_crm.cells.names import SPACES, folded
from okrsync_crm.cells.words import is_currency_column
from okrsync_crm.dialects import Dialect
from okrsync_crm.files.staged_file import StagedFile
from okrsync_crm.files.workbook import DATE, DURATION, NUMBER, PERCENT, TAGS
from okrsync_crm.refusal import bad_config
from okrsync_crm.settings import CrmSettings
from okrsync_crm.sql.cell_values import (
    DECIMAL,
    MomentSql,
    Parameters,
    cleaned,
    currency_sign,
    duration,
    moment,
    number,
    text,
)
from okrsync_crm.sql.totals import Amounts, SparseRow

RECORDS: Final = "records"
REJECTS_LISTED: Final = 1000
MASKED: Final = 60
"""So many columns take part in the pattern of a row's filled cells, one bit each."""
LINE: Final = 16_000_000
"""The longest line in bytes: a cell may hold a whole e-mail thread."""
_BATCH: Final = 50_000
_TOLD_BY: Final = 4
_DATED: Final = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}")
_MEASURE: Final = rf"[{DATE}{NUMBER}{PERCENT}].*|[^\p{{L}}]*[0-9][^\p{{L}}]*"
ID_NAME: Final = re.compile(
    r"(?:^|[^a-z])(?:ids?|nr|no|num|uid|guid|uuid|key)(?:$|[^a-z])|number(?! of)|nummer|numéro|numero|número|номер|№|编号|番号|번호|code|kod|kennung|identif",
    re.IGNORECASE,
)
_OTHER_DELIMITERS: Final = ",;\t|"


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
            self._positions[key] = [_position(name, file) for file in self.files]
            self._numbers[key] = len(self._numbers)
            self.names[f"x{self._numbers[key]}"] = name
        return f"x{self._numbers[key]}"

    def text(self, name: str) -> str:
        raw = self.raw(name)
        return self._column("t", raw, text(raw, self.bind, tagged=self.tagged)) if self.tagged else raw

    def number(self, name: str, *, percent: bool) -> str:
        raw = self.raw(name)
        sql = number(raw, self.dialect, self.bind, tagged=self.tagged, percent=percent)
        self._column("s", raw, currency_sign(raw, self.bind))
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

    # ---- building ---------------------------------------------------------------------------------------------

    def statement(self) -> str:
        """The rows of all files in their order, blank ones included: row ``r`` of file ``f`` counts from 1."""
        raw = "\n  UNION ALL ".join(self._scan(index, file) for index, file in enumerate(self.files))
        typed = ", ".join(
            ["*", "CAST(NULL AS VARCHAR) AS odd", *(f"{sql} AS {name}" for name, sql in self._typed.items())]
        )
        return f"CREATE TEMP TABLE {RECORDS} AS WITH raw AS ({raw}) SELECT {typed} FROM raw"

    def _scan(self, index: int, file: StagedFile) -> str:
        width = len(file.header)
        wanted = [
            f"{index} AS f",
            "row_number() OVER () AS r",
            f"{_filled(width)} AS filled",
            f"{_mask(width)} AS mask",
        ]
        for key, place in self._numbers.items():
            cell = f"c{self._positions[key][index]}"
            wanted.append(f"{cleaned(cell, self.dialect.nulls, self.bind)} AS x{place}")
        wanted.append(f"{_ghost(file)} AS ghost")
        wanted.append(f"{self._repeats_header(file)} AS again")
        if self.settings.latest_by:
            wanted.append(f"{self.whole(index)} AS whole")
        elif not self.settings.key and self.settings.equal_rows == "refuse":
            wanted.append(f"hash(c{self._likely_id(index)}) AS whole")
        return f"SELECT {', '.join(wanted)} FROM {self.source(index)}"

    def whole(self, index: int) -> str:
        """A digest of all cells of a row, whatever the order of the columns in this file."""
        file = self.files[index]
        order = sorted(range(len(file.header)), key=lambda n: folded(file.header[n]))
        return f"hash({', '.join(f'c{n}' for n in order)})"

    def _likely_id(self, index: int) -> int:
        """The column that most likely tells all rows apart: if it does, no two of them are equal."""
        names = self.files[0].header
        name = next((name for name in names if ID_NAME.search(name)), names[0])
        return next((n for n, one in enumerate(self.files[index].header) if folded(one) == folded(name)), 0)

    def source(self, index: int) -> str:
        """``read_csv`` of a file, its columns named ``c0``, ``c1`` ... by their place."""
        file = self.files[index]
        columns = ", ".join(f"'c{n}': 'VARCHAR'" for n in range(len(file.header)))
        return (
            f"read_csv({self.bind.bind(str(file.path))}, columns={{{columns}}}, delim={self.bind.bind(file.delimiter)}, "
            f"quote='\"', escape={self._escape}, header=true, auto_detect=false, new_line='\\n', {self._strictness}, "
            f"max_line_size={LINE}, buffer_size={2 * LINE}, "
            f"store_rejects=true, rejects_limit={self.settings.max_bad_rows + REJECTS_LISTED})"
        )

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

    def fill_down_bits(self, index: int) -> int:
        """The bits of a row's mask whose cells take the value above them: they are not blank."""
        names = {folded(name) for name in self.settings.fill_down or ()}
        return sum(
            1 << n for n, name in enumerate(self.files[index].header[:MASKED]) if folded(name) in names
        )

    def mask(self, index: int) -> str:
        return _mask(len(self.files[index].header))

    def _repeats_header(self, file: StagedFile) -> str:
        """Whether a row is the header again: a few of its cells show it, and of a single column nothing does."""
        named = [(n, name.strip(SPACES)) for n, name in enumerate(file.header) if name.strip(SPACES)][
            :_TOLD_BY
        ]
        if len(named) < 2:
            return "false"
        (first, name), *others = ((n, self.bind.bind(file.header[n])) for n, _ in named)
        same = " AND ".join(f"c{n} = {bound}" for n, bound in others)
        # CASE looks at the other cells of those rows only whose first cell is its column's name.
        return f"CASE WHEN c{first} = {name} THEN coalesce({same}, false) ELSE false END"

    def amounts(self, index: int, columns: Sequence[int]) -> AmountRows:
        """The rows of a file with the amounts of some columns, by their place."""
        cells = []
        for n in columns:
            cell = cleaned(f"c{n}", self.dialect.nulls, self.bind)
            value = number(cell, self.dialect, self.bind, tagged=self.tagged, percent=False)
            cells += [f"{value} AS n{n}", f"CASE WHEN n{n} IS NULL THEN {cell} END AS x{n}"]
        listed = ", ".join(["r", *cells])
        statement = (
            f"SELECT {listed} FROM (SELECT row_number() OVER () AS r, * FROM {self.source(index)}) "
            f"WHERE r IN (SELECT r FROM {RECORDS} WHERE f = {index}) ORDER BY r"
        )
        return AmountRows(statement, columns, self.amount_form())

    def amount_form(self) -> AmountForm:
        return AmountForm(decimal=self.dialect.decimal, thousands=self.dialect.thousands)

    def sparse_row(
        self, file: int, number: int, mask: int, cells: Sequence[str | None], *, strong: bool
    ) -> SparseRow:
        """A row that may be no record, its cells read as amounts, dates and texts."""
        header = self.files[file].header
        amounts: dict[int, Decimal] = {}
        texts: list[str] = []
        dated = False
        for place, cell in enumerate(cells):
            plain = (cell or "").strip(SPACES)
            if plain[:1] in {NUMBER, PERCENT}:
                if not ID_NAME.search(header[place]):
                    amounts[place] = Decimal(plain[1:])
            elif plain[:1] == DATE or _DATED.match(plain):
                dated = True
            elif (amount := read_amount(plain, self.amount_form())) is not None:
                # Ids go up by one, and 3 is 1 + 2.
                if not ID_NAME.search(header[place]):
                    amounts[place] = amount.value
            elif plain and plain not in self.dialect.nulls:
                texts.append(plain.lstrip(TAGS))
        return SparseRow(number=number, mask=mask, amounts=amounts, texts=texts, dated=dated, strong=strong)

    def is_measure(self, index: int, place: int) -> str:
        """Whether a cell holds an amount or a date, which tell no record apart, unless the column is called an id."""
        name = self.files[index].header[place]
        if place == 0 or ID_NAME.search(name):
            return "false"
        return f"coalesce(regexp_full_match(c{place}, {self.bind.bind(_MEASURE)}), false)"

    @property
    def _strictness(self) -> str:
        strict = "false" if self.dialect.quotes == "lenient" else "true"
        # Cells that are left out and line feeds inside of cells can be told apart by one thread only.
        padded = ", null_padding=true, parallel=false" if self.settings.short_rows == "fill" else ""
        return f"strict_mode={strict}{padded}"

    @property
    def _escape(self) -> str:
        return "'\\'" if self.dialect.quotes == "backslash" else "'\"'"

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

    def read_unusual(self, connection: Any, run: Callable[[str], Any]) -> None:
        """Read in Python the distinct texts that DuckDB could not, and put what they mean into the table."""
        for column in self.columns("n", "q"):
            form = self.amount_form()
            for texts in self._unread(run, column):
                read = {one: found for one in texts if (found := read_amount(one, form)) is not None}
                kept = {one: found for one, found in read.items() if column[0] == "q" or not found.percent}
                self._put(
                    connection,
                    kept,
                    {
                        column: ([f"{found.value:f}" for found in kept.values()], DECIMAL),
                        f"s{column[1:]}": ([found.currency or None for found in kept.values()], "VARCHAR"),
                    },
                )
        for column in self.columns("l"):
            form_of = self.moment_form()
            for texts in self._unread(run, column):
                moments = read_moments(texts, form_of)
                self._put(
                    connection,
                    moments,
                    {
                        column: ([one.local for one in moments.values()], "BIGINT"),
                        f"a{column[1:]}": ([one.instant for one in moments.values()], "BIGINT"),
                    },
                )

    def moment_form(self) -> MomentForm:
        return MomentForm(
            formats=self.dialect.date_format, zone=ZoneInfo(self.zone), language=self.settings.language
        )

    def _unread(self, run: Callable[[str], Any], column: str) -> Iterator[list[str]]:
        """The distinct texts of a column that have no value yet."""
        raw = f"x{column[1:]}"
        cursor = run(
            f"SELECT DISTINCT {raw} FROM {RECORDS} WHERE {raw} IS NOT NULL AND {column} IS NULL ORDER BY {raw}"
        )
        texts = [text for (text,) in cursor.fetchall() if text[0] not in TAGS]
        if column[0] == "l":
            # Names of months are read by the language of the whole column.
            yield from [texts] if texts else []
        else:
            yield from (texts[first : first + _BATCH] for first in range(0, len(texts), _BATCH))

    @staticmethod
    def _put(connection: Any, keys: Iterable[str], values: Mapping[str, tuple[Sequence[Any], str]]) -> None:
        texts = list(keys)
        if not texts:
            return
        names = list(values)
        raw = f"x{names[0][1:]}"
        given = ", ".join(f"unnest($v{n}) AS {name}" for n, name in enumerate(names))
        set_ = ", ".join(f"{name} = CAST(m.{name} AS {values[name][1]})" for name in names)
        connection.execute(
            f"UPDATE {RECORDS} SET {set_} FROM (SELECT unnest($texts) AS text, {given}) m "
            f"WHERE {RECORDS}.{raw} = m.text AND {RECORDS}.{names[0]} IS NULL",
            {"texts": texts, **{f"v{n}": list(values[name][0]) for n, name in enumerate(names)}},
        )


@dataclass(frozen=True, slots=True)
class AmountRows:
    """A statement for amounts by row, and how its result is read."""

    statement: str
    columns: Sequence[int]
    form: AmountForm

    def read(self, rows: Sequence[Sequence[Any]]) -> Amounts:
        values = {
            column: [self._value(row[1 + 2 * at], row[2 + 2 * at]) for row in rows]
            for at, column in enumerate(self.columns)
        }
        return Amounts([row[0] for row in rows], values)

    def _value(self, value: Decimal | None, text: str | None) -> Decimal | None:
        if value is not None or text is None:
            return value
        amount = read_amount(text, self.form)
        return amount.value if amount is not None else None


def _filled(width: int) -> str:
    full = " AND ".join(f"c{n} IS NOT NULL" for n in range(width))
    counted = " + ".join(f"(c{n} IS NOT NULL)::INTEGER" for n in range(width))
    return f"CASE WHEN {full} THEN {width} ELSE {counted} END"


def _mask(width: int) -> str:
    """Which of a row's cells are filled, one bit each."""
    bits = (f"CASE WHEN c{n} IS NULL THEN 0 ELSE {1 << n} END" for n in range(min(width, MASKED)))
    places = range(min(width, MASKED))
    # In most files most rows are full, and that is one test.
    full = " AND ".join(f"c{n} IS NOT NULL" for n in places)
    return f"CAST(CASE WHEN {full} THEN {(1 << len(places)) - 1} ELSE {' + '.join(bits)} END AS UBIGINT)"


def _ghost(file: StagedFile) -> str:
    """What is in columns after the last named one: a delimiter at the end of every line makes an empty one."""
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
