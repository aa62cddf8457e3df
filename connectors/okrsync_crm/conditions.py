"""The conditions of ``where``, ``part`` and a window: as SQL, and as a person reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from okrsync.model import Window
from okrsync_crm.draft import Draft, Fault, Test
from okrsync_crm.settings import Comparison, Conditions, Elapsed
from okrsync_crm.values import DAY, Moment

_SIGNS: Final[Mapping[str, str]] = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_WORDS: Final[Mapping[str, str]] = {"gt": ">", "gte": "≥", "lt": "<", "lte": "≤"}
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock times are counted from a wall-clock start


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A text that a column is compared with for equality, so that a value nobody has can be pointed out."""

    column: str
    value: str


def tests(draft: Draft, conditions: Conditions, zone: ZoneInfo, until: datetime | None) -> list[Test]:
    """One test for each condition. ``until``: what happened later had not happened yet. Raises ``NoValueError``."""
    found: list[Test] = []
    for column, condition in conditions.items():
        if isinstance(condition, Elapsed):
            found.append(_elapsed(draft, condition, until))
        elif isinstance(condition, Comparison):
            found += _compared(draft, column, condition, zone)
        else:
            values = condition if isinstance(condition, list) else [condition]
            found.append(_among(draft, column, values, zone, negated=False))
    return found


def literals(conditions: Conditions) -> list[Literal]:
    found = []
    for column, condition in conditions.items():
        values: Any = condition.not_ if isinstance(condition, Comparison) else condition
        listed = values if isinstance(values, list) else [values]
        found += [Literal(column=column, value=value.strip()) for value in listed if isinstance(value, str)]
    return found


def in_window(
    draft: Draft, column: str, window: Window | None, until: datetime | None, zone: ZoneInfo
) -> Test:
    """Whether the column's moment lies in ``[start, end)`` and before ``until``.

    A mere date is compared with the wall clock of the window's own zone, where it begins at midnight.
    """
    at = draft.moment(column)
    where = zone if window is None else window.start.tzinfo or zone
    ends = [end for end in (window.end if window else None, until) if end is not None]
    local, instant = [f"{at.local} IS NOT NULL"], [f"{at.instant} IS NOT NULL"]
    bounds = [(">=", window.start)] if window else []
    bounds += [("<", min(ends))] if ends else []
    for sign, bound in bounds:
        local.append(f"{at.local} {sign} {draft.bind.bind(wall_clock(bound.astimezone(where)))}")
        instant.append(f"{at.instant} {sign} {draft.bind.bind(micros(bound))}")
    holds = f"CASE WHEN {at.instant} IS NULL THEN {' AND '.join(local)} ELSE {' AND '.join(instant)} END"
    return Test(holds=f"coalesce({holds}, false)", fault=draft.fault(column, at.local))


def elapsed(draft: Draft, begin: str, end: str, until: datetime | None) -> tuple[str, list[Fault]]:
    """The microseconds from one column to another, NULL where either is empty, and how a row can be at fault.

    Where one of the two is a mere date, whole days between the two days. An ``end`` not before ``until`` is empty.
    """
    first, last = draft.moment(begin), draft.moment(end)
    days = f"({_midnight(last)} - {_midnight(first)})"
    span = f"CASE WHEN {first.instant} IS NULL OR {last.instant} IS NULL THEN {days} ELSE {last.instant} - {first.instant} END"
    if until is not None:
        later = f"coalesce({last.instant} >= {draft.bind.bind(micros(until))}, {last.local} >= {draft.bind.bind(wall_clock(until))})"
        span = f"CASE WHEN {later} THEN NULL ELSE {span} END"
    negative = Fault(
        column=f"{begin} to {end}",
        sql=f"coalesce({span} < 0, false)",
        shown=f"concat({draft.text(begin)}, ' → ', {draft.text(end)})",
        says="ends before it begins",
    )
    return span, [draft.fault(begin, first.local), draft.fault(end, last.local), negative]


def either(faults: Sequence[Fault]) -> Fault | None:
    """Several faults of one test as one: shown is the first that happened."""
    if not faults:
        return None
    shown = " ".join(f"WHEN {fault.sql} THEN {fault.shown}" for fault in faults)
    return Fault(
        column=faults[-1].column,
        sql=f"({' OR '.join(fault.sql for fault in faults)})",
        shown=f"CASE {shown} END",
        says=faults[-1].says,
    )


def _midnight(moment: Moment) -> str:
    return f"({moment.local} - (({moment.local} % {DAY}) + {DAY}) % {DAY})"


def _elapsed(draft: Draft, condition: Elapsed, until: datetime | None) -> Test:
    span, faults = elapsed(draft, condition.start, condition.end, until)
    limit = draft.bind.bind(int(condition.at_most / timedelta(microseconds=1)))
    return Test(holds=f"coalesce({span} <= {limit}, false)", fault=either(faults))


def _compared(draft: Draft, column: str, condition: Comparison, zone: ZoneInfo) -> list[Test]:
    found = []
    if condition.not_ is not None:
        values = condition.not_ if isinstance(condition.not_, list) else [condition.not_]
        found.append(_among(draft, column, values, zone, negated=True))
    for key, sign in _SIGNS.items():
        limit = getattr(condition, key)
        if limit is not None:
            found.append(_ordered(draft, column, sign, limit, zone))
    if condition.empty is not None:
        found.append(Test(holds=f"({draft.raw(column)} IS {'' if condition.empty else 'NOT '}NULL)"))
    for function, value in (("contains", condition.contains), ("starts_with", condition.starts_with)):
        if value is not None:
            text = draft.text(column)
            holds = f"coalesce({function}({text}, {draft.bind.bind(value)}), false)"
            found.append(Test(holds=holds, fault=_broken(draft, column)))
    return found


def _ordered(draft: Draft, column: str, sign: str, limit: Decimal | datetime | date, zone: ZoneInfo) -> Test:
    if isinstance(limit, Decimal):
        number = draft.number(column, percent=True)
        holds = f"coalesce({number} {sign} CAST({draft.bind.bind(str(limit))} AS DECIMAL(38, 10)), false)"
        return Test(holds=holds, fault=draft.fault(column, number))
    at = draft.moment(column)
    if not isinstance(limit, datetime):
        # A whole day: after it means from the next day on, until it means until its end.
        first = wall_clock(datetime(limit.year, limit.month, limit.day))  # noqa: DTZ001 - a wall-clock time
        edge = first + DAY if sign in {">", "<="} else first
        holds = f"coalesce({at.local} {'>=' if sign in {'>', '>='} else '<'} {draft.bind.bind(edge)}, false)"
    elif limit.tzinfo is None:
        holds = f"coalesce({at.local} {sign} {draft.bind.bind(wall_clock(limit))}, false)"
    else:
        wall = draft.bind.bind(wall_clock(limit.astimezone(zone)))
        holds = (
            f"coalesce(CASE WHEN {at.instant} IS NULL THEN {at.local} {sign} {wall} "
            f"ELSE {at.instant} {sign} {draft.bind.bind(micros(limit))} END, false)"
        )
    return Test(holds=holds, fault=draft.fault(column, at.local))


def _among(draft: Draft, column: str, values: Sequence[Any], zone: ZoneInfo, *, negated: bool) -> Test:
    same = " OR ".join(_equal(draft, column, value, zone) for value in values)
    fault = _broken(draft, column)
    if any(isinstance(value, date) for value in values):
        fault = draft.fault(column, draft.moment(column).local)
    return Test(holds=f"{'NOT ' if negated else ''}coalesce({same}, false)", fault=fault)


def _equal(draft: Draft, column: str, value: Any, zone: ZoneInfo) -> str:
    text = draft.text(column)
    if isinstance(value, bool):
        return f"lower({text}) = '{str(value).lower()}'"
    if isinstance(value, int | Decimal):
        number = draft.number(column, percent=True)
        bound = draft.bind.bind(str(value))
        return f"({text} = {bound} OR coalesce({number} = CAST({bound} AS DECIMAL(38, 10)), false))"
    if isinstance(value, date):
        after = _ordered(draft, column, ">=", value, zone)
        until = _ordered(draft, column, "<=", value, zone)
        return f"({after.holds} AND {until.holds})"
    return f"{text} = {draft.bind.bind(value.strip())}"


def _broken(draft: Draft, column: str) -> Fault | None:
    """Any text is a text, but an error cell of a sheet is not."""
    return draft.fault(column, draft.text(column)) if draft.tagged else None


def micros(moment: datetime) -> int:
    return (moment.astimezone(UTC).replace(tzinfo=None) - _EPOCH) // timedelta(microseconds=1)


def wall_clock(moment: datetime) -> int:
    return (moment.replace(tzinfo=None) - _EPOCH) // timedelta(microseconds=1)


# ---- as a person reads them ---------------------------------------------------------------------------------------


def described(conditions: Conditions) -> str:
    parts = []
    for column, condition in conditions.items():
        if isinstance(condition, Elapsed):
            parts.append(f"{condition.start} to {condition.end} within {_length(condition.at_most)}")
        elif isinstance(condition, Comparison):
            parts += _compared_words(column, condition)
        elif isinstance(condition, list):
            parts.append(f"{column} in ({', '.join(map(str, condition))})")
        else:
            parts.append(f"{column} = {condition}")
    return ", ".join(parts)


def window_words(column: str, window: Window | None, until: datetime | None) -> str:
    if window is None:
        return f"{column} before {until:%Y-%m-%d %H:%M}" if until else ""
    end = min(window.end, until.astimezone(window.end.tzinfo)) if until else window.end
    whole = not any((window.start.hour, window.start.minute, end.hour, end.minute, end.second))
    if whole:
        return f"{column} in {window.start:%Y-%m-%d}..{end - timedelta(days=1):%Y-%m-%d}"
    return f"{column} from {window.start:%Y-%m-%d %H:%M} to before {end:%Y-%m-%d %H:%M}"


def _compared_words(column: str, condition: Comparison) -> list[str]:
    words = []
    if condition.not_ is not None:
        listed = (
            f"in ({', '.join(map(str, condition.not_))})"
            if isinstance(condition.not_, list)
            else condition.not_
        )
        words.append(f"{column} is not {listed}")
    words += [
        f"{column} {word} {getattr(condition, key)}"
        for key, word in _WORDS.items()
        if getattr(condition, key) is not None
    ]
    if condition.empty is not None:
        words.append(f"{column} is {'' if condition.empty else 'not '}empty")
    if condition.contains is not None:
        words.append(f"{column} contains {condition.contains}")
    if condition.starts_with is not None:
        words.append(f"{column} starts with {condition.starts_with}")
    return words


def _length(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for size, letter in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds % size == 0:
            return f"{seconds // size} {letter}"
    return f"{seconds} s"
