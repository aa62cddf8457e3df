"""Turn the text of a cell into a number or a moment, as SQL. No cell is ever read two ways.

Every function takes SQL expressions and returns one; texts of the configuration enter as bound parameters only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from okrsync_crm.cells.currencies import codes
from okrsync_crm.cells.moments import NUMBERS
from okrsync_crm.cells.names import SPACES
from okrsync_crm.dialects import Dialect
from okrsync_crm.files.cell_tags import DATE, DURATION, ERROR, MONEY, NUMBER, PERCENT, TAGS, UNCACHED

DAY: Final = 86_400_000_000  # microseconds, the unit of every moment and length of time in SQL
DECIMAL: Final = "DECIMAL(38, 10)"
_GAPS: Final = "[ \u00a0\u2009\u202f]"
_ISO_DAY: Final = r"\d{4}-\d{2}-\d{2}"
_ISO_TIME: Final = _ISO_DAY + r"[ T]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?"
_ISO_ZONE: Final = _ISO_TIME + r"(?:Z|[+-]\d{2}:?\d{2})"
_GROUPS: Final = r"\1:\2"
_HOURS: Final = re.compile("%[HI]")
_DIRECTIVE: Final = re.compile("%(.)")
_OF_DUCKDB: Final = set("YymdbBHIMSfp%")


class Parameters:
    """The texts and numbers bound to a statement: ``bind`` returns their placeholder."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._known: dict[tuple[type, Any], str] = {}

    def bind(self, value: Any) -> str:
        key = (type(value), value)
        if key not in self._known:
            self._known[key] = f"$p{len(self.values)}"
            self.values[f"p{len(self.values)}"] = value
        return self._known[key]


def text(raw: str, bind: Parameters, *, tagged: bool) -> str:
    """The text without a sheet's type marks; NULL for an error cell."""
    if not tagged:
        return raw
    errors = bind.bind(f"[{ERROR}{UNCACHED}].*")
    return f"CASE WHEN regexp_full_match({raw}, {errors}, 's') THEN NULL ELSE ltrim({raw}, {bind.bind(TAGS)}) END"


def cleaned(cell: str, nulls: Sequence[str], bind: Parameters) -> str:
    """The cell without white space around it; NULL if nothing is left, or the CRM's word for nothing."""
    # Looking whether there is anything to trim is ten times quicker than trimming by a set of characters.
    # Comparing whole texts looks at their first bytes only.
    ends = " OR ".join(f"ends_with({cell}, {bind.bind(blank)})" for blank in (" ", "\u00a0", "\u202f", "\t"))
    edges = f"{cell} < '!' OR {cell} > '~' OR {ends}"
    trimmed = (
        f"nullif(CASE WHEN {edges} THEN trim({cell}, {bind.bind(SPACES)}) "
        f"WHEN starts_with({cell}, '=\"') AND ends_with({cell}, '\"') AND strlen({cell}) > 2 "
        f"THEN trim({cell}[3:-2], {bind.bind(SPACES)}) ELSE {cell} END, '')"
    )
    for word in nulls:
        trimmed = f"nullif({trimmed}, {bind.bind(word)})"
    return trimmed


def number(raw: str, dialect: Dialect, bind: Parameters, *, tagged: bool, percent: bool) -> str:
    """The cell as an exact decimal, NULL if it is none or is written in an unusual way (typed_table.py reads that).

    With ``percent`` a cell that shows 37 % is 37; without, only a sheet's own percent cell is a number: 0.37.
    """
    written = (
        f"coalesce({plain_number(raw, dialect, bind)}, {usual_number(raw, dialect, bind, percent=percent)})"
    )
    if not tagged:
        return f"CAST({written} AS {DECIMAL})"
    own = f"try_cast(substr({raw}, 2) AS {DECIMAL})"
    share = f"{own} * 100" if percent else own
    return (
        f"CAST(CASE substr({raw}, 1, 1) WHEN {bind.bind(NUMBER)} THEN {own} "
        f"WHEN {bind.bind(MONEY)} THEN try_cast(split_part(substr({raw}, 2), ' ', 1) AS {DECIMAL}) "
        f"WHEN {bind.bind(PERCENT)} THEN {share} WHEN {bind.bind(DURATION)} THEN CAST({own} / {DAY // 1000} AS {DECIMAL}) "
        f"ELSE {written} END AS {DECIMAL})"
    )


def duration(raw: str, bind: Parameters, *, in_days: bool) -> str:
    """The milliseconds of a sheet's cell that shows a length of time; with ``in_days`` also of a plain number."""
    own = f"try_cast(substr({raw}, 2) AS {DECIMAL})"
    days = f"WHEN {bind.bind(NUMBER)} THEN {own} * {DAY // 1000} " if in_days else ""
    return f"CAST(CASE substr({raw}, 1, 1) WHEN {bind.bind(DURATION)} THEN {own} {days}END AS {DECIMAL})"


def plain_number(raw: str, dialect: Dialect, bind: Parameters) -> str:
    """Digits with at most one decimal sign: DuckDB's own cast, which takes five times less than a pattern."""
    if dialect.decimal == ".":
        return f"CASE WHEN NOT contains({raw}, '_') THEN try_cast({raw} AS {DECIMAL}) END"
    point = bind.bind(dialect.decimal)
    return (
        f"CASE WHEN NOT contains({raw}, '.') AND NOT contains({raw}, '_') "
        f"THEN try_cast(replace({raw}, {point}, '.') AS {DECIMAL}) END"
    )


def usual_number(raw: str, dialect: Dialect, bind: Parameters, *, percent: bool) -> str:
    plain = f"replace({raw}, {bind.bind(chr(0x2212))}, '-')"
    valid = f"regexp_full_match({plain}, {bind.bind(_number_pattern(dialect, percent=percent))})"
    digits = f"regexp_replace({plain}, {bind.bind(f'[^0-9{re.escape(dialect.decimal)}]')}, '', 'g')"
    if dialect.decimal != ".":
        digits = f"replace({digits}, {bind.bind(dialect.decimal)}, '.')"
    sign = f"CASE WHEN regexp_matches({plain}, '[(-]') THEN -1 ELSE 1 END"
    return f"CASE WHEN {valid} THEN try_cast({digits} AS {DECIMAL}) * {sign} END"


def _number_pattern(dialect: Dialect, *, percent: bool) -> str:
    point = re.escape(dialect.decimal)
    whole = r"\d+"
    if dialect.thousands:
        group = _GAPS if dialect.thousands == " " else re.escape(dialect.thousands)
        if dialect.thousands in {"'", "’"}:
            group = "['’]"
        # Indian grouping has pairs before the last three digits.
        inner = r"\d{2,3}" if dialect.thousands == "," else r"\d{3}"
        whole = rf"(?:\d{{1,3}}(?:{group}{inner})*{group}\d{{3}}|\d+)"
    body = rf"(?:{whole}(?:{point}\d*)?|{point}\d+)"
    gap = f"{_GAPS}?"
    money = f"(?:{_currency()}{gap})?"
    tail = f"(?:{gap}{_currency()})?" + (f"(?:{gap}%)?" if percent else "")
    return rf"[-+]?{gap}{money}{body}{tail}|{money}[-+]{body}{tail}|\({money}{body}{tail}\)"


@cache
def _currency() -> str:
    return rf"(?:\p{{Sc}}|{'|'.join(sorted(codes()))})"


def currency_sign(raw: str, bind: Parameters, *, tagged: bool) -> str:
    """The currency sign or code in a number's cell; NULL if there is none."""
    plain = f"{raw} BETWEEN '-' AND ':' AND {raw}[-1] BETWEEN '0' AND '9'"
    own = f"WHEN starts_with({raw}, {bind.bind(MONEY)}) THEN split_part({raw}, ' ', 2) " if tagged else ""
    return (
        f"CASE {own}WHEN NOT ({plain}) THEN nullif(regexp_extract({raw}, {bind.bind(_currency())}), '') END"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MomentSql:
    """SQL of a moment in microseconds: its wall-clock time, and since 1970 UTC if the cell has a time of day."""

    local: str
    instant: str


def moment(raw: str, dialect: Dialect, zone: str, bind: Parameters, *, tagged: bool) -> MomentSql:
    """The cell as a moment; ``local`` is NULL if it is none, ``instant`` if it is a mere date.

    A time without a zone is of ``zone``; in the hour that a clock shows twice, ICU takes the second one. Years that no
    export is about (26, from a year of two digits) are not read, and what is written in an unusual way is not either.
    """
    if not dialect.date_format:
        # In a sheet a date cell has a mark before it, a date typed as text has none.
        return _sane(_iso(f"ltrim({raw}, {bind.bind(DATE)})" if tagged else raw, zone, bind))
    declared = _declared(raw, dialect.date_format, zone, bind)
    if not tagged:
        return _sane(declared)
    is_date = f"starts_with({raw}, {bind.bind(DATE)})"
    own = _iso(f"substr({raw}, 2)", zone, bind)
    return _sane(
        MomentSql(
            local=f"CASE WHEN {is_date} THEN {own.local} ELSE {declared.local} END",
            instant=f"CASE WHEN {is_date} THEN {own.instant} ELSE {declared.instant} END",
        )
    )


def _sane(moment: MomentSql) -> MomentSql:
    sane = f"{moment.local} BETWEEN TIMESTAMP '1900-01-01' AND TIMESTAMP '2199-12-31'"
    return MomentSql(
        local=f"CASE WHEN {sane} THEN epoch_us({moment.local}) END",
        instant=f"CASE WHEN {sane} THEN epoch_us({moment.instant}) END",
    )


def _iso(raw: str, zone: str, bind: Parameters) -> MomentSql:
    # Most columns hold mere days, and their length alone tells them from everything else.
    is_day = f"{raw} LIKE '____-__-__'"
    is_time = f"regexp_full_match({raw}, {bind.bind(_ISO_TIME)})"
    is_zoned = f"regexp_full_match({raw}, {bind.bind(_ISO_ZONE)})"
    # DuckDB reads +02:00, Salesforce writes +0200.
    colon = f"regexp_replace({raw}, {bind.bind('([+-][0-9]{2})([0-9]{2})$')}, {bind.bind(_GROUPS)})"
    zoned = f"try_cast({colon} AS TIMESTAMPTZ)"
    local = f"try_cast({raw} AS TIMESTAMP)"
    at = bind.bind(zone)
    return MomentSql(
        local=f"CASE WHEN {is_day} THEN CAST(try_cast({raw} AS DATE) AS TIMESTAMP) WHEN {is_time} THEN {local} "
        f"WHEN {is_zoned} THEN timezone({at}, {zoned}) END",
        instant=f"CASE WHEN strlen({raw}) = 10 THEN NULL WHEN {is_time} THEN timezone({at}, {local}) WHEN {is_zoned} THEN {zoned} END",
    )


def _declared(raw: str, formats: Sequence[str], zone: str, bind: Parameters) -> MomentSql:
    own = [one for one in formats if one not in NUMBERS and set(_DIRECTIVE.findall(one)) <= _OF_DUCKDB]
    if not own:
        return MomentSql(local="CAST(NULL AS TIMESTAMP)", instant="CAST(NULL AS TIMESTAMPTZ)")
    tries = [(f"try_strptime({raw}, {bind.bind(one)})", bool(_HOURS.search(one))) for one in own]
    timed = " ".join(
        f"WHEN {sql} IS NOT NULL THEN " + (f"timezone({bind.bind(zone)}, {sql})" if has_time else "NULL")
        for sql, has_time in tries
    )
    return MomentSql(
        local=f"coalesce({', '.join(sql for sql, _ in tries)})",
        instant=f"CAST(CASE {timed} END AS TIMESTAMPTZ)",
    )
