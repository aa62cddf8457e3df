"""Write the conditions of ``where``, ``part`` and a window, as SQL and as a person reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from okrsync.model import Window
from okrsync_crm.files.cell_tags import DATE
from okrsync_crm.query_settings import Comparison, Condition, Conditions, Elapsed, Limits
from okrsync_crm.settings import listed as as_list
from okrsync_crm.sql.cell_values import DAY, MomentSql
from okrsync_crm.sql.query_plan import CellFault, QueryPlan, RowTest

SIGNS: Final[Mapping[str, str]] = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
_WORDS: Final[Mapping[str, str]] = {"gt": ">", "gte": "≥", "lt": "<", "lte": "≤"}
ISO_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - wall-clock times are counted from a wall-clock start


def tests(plan: QueryPlan, conditions: Conditions, zone: ZoneInfo, until: datetime | None) -> list[RowTest]:
    """One test for each condition. ``until``: what happened later had not happened yet. Raises ``NoValueError``."""
    found: list[RowTest] = []
    for column, condition in conditions.items():
        if isinstance(condition, Elapsed):
            found.append(_elapsed(plan, condition, until))
        elif isinstance(condition, Comparison):
            found += _compared(plan, column, condition, zone)
        else:
            values = condition if isinstance(condition, list) else [condition]
            found.append(_among(plan, column, values, zone, negated=False))
    return found


def in_window(
    plan: QueryPlan, column: str, window: Window | None, until: datetime | None, zone: ZoneInfo
) -> RowTest:
    """Whether the column's moment lies in ``[start, end)`` and before ``until``.

    A mere date is compared with the wall clock of the window's own zone, where it begins at midnight.
    """
    at = plan.moment(column)
    local, instant = [f"{at.local} IS NOT NULL"], [f"{at.instant} IS NOT NULL"]
    for sign, wall, moment in window_bounds(window, until, zone):
        local.append(f"{at.local} {sign} {plan.bind.bind(wall)}")
        instant.append(f"{at.instant} {sign} {plan.bind.bind(moment)}")
    holds = f"CASE WHEN {at.instant} IS NULL THEN {' AND '.join(local)} ELSE {' AND '.join(instant)} END"
    return RowTest(holds=f"coalesce({holds}, false)", fault=plan.fault(column, at.local))


def window_bounds(
    window: Window | None, until: datetime | None, zone: ZoneInfo
) -> list[tuple[str, int, int]]:
    """What a moment is compared with: the sign, and the bound on the wall clock and on the time line."""
    where = zone if window is None else window.start.tzinfo or zone
    ends = [end for end in (window.end if window else None, until) if end is not None]
    bounds = [(">=", window.start)] if window else []
    bounds += [("<", min(ends))] if ends else []
    return [(sign, wall_clock(bound.astimezone(where)), micros(bound)) for sign, bound in bounds]


def elapsed(plan: QueryPlan, begin: str, end: str, until: datetime | None) -> tuple[str, list[CellFault]]:
    """The microseconds from one column to another, NULL if either is empty, and how a row can be at fault.

    Where one of the two is a mere date, whole days between the two days. An ``end`` not before ``until`` is empty.
    """
    first, last = plan.moment(begin), plan.moment(end)
    days = f"({_midnight(last)} - {_midnight(first)})"
    span = f"CASE WHEN {first.instant} IS NULL OR {last.instant} IS NULL THEN {days} ELSE {last.instant} - {first.instant} END"
    if until is not None:
        later = f"coalesce({last.instant} >= {plan.bind.bind(micros(until))}, {last.local} >= {plan.bind.bind(wall_clock(until))})"
        span = f"CASE WHEN {later} THEN NULL ELSE {span} END"
    negative = CellFault(
        column=f"{begin} to {end}",
        sql=f"coalesce({span} < 0, false)",
        shown=f"concat({plan.text(begin)}, ' → ', {plan.text(end)})",
        says="ends before it begins",
    )
    return span, [plan.fault(begin, first.local), plan.fault(end, last.local), negative]


def either(faults: Sequence[CellFault]) -> CellFault | None:
    """Several faults of one test as one: shown is the first that happened."""
    if not faults:
        return None
    shown = " ".join(f"WHEN {fault.sql} THEN {fault.shown}" for fault in faults)
    return CellFault(
        column=faults[-1].column,
        sql=f"({' OR '.join(fault.sql for fault in faults)})",
        shown=f"CASE {shown} END",
        says=faults[-1].says,
    )


def _midnight(moment: MomentSql) -> str:
    return f"({moment.local} - (({moment.local} % {DAY}) + {DAY}) % {DAY})"


def _elapsed(plan: QueryPlan, condition: Elapsed, until: datetime | None) -> RowTest:
    span, faults = elapsed(plan, condition.start, condition.end, until)
    limit = plan.bind.bind(int(condition.at_most / timedelta(microseconds=1)))
    return RowTest(holds=f"coalesce({span} <= {limit}, false)", fault=either(faults))


def _compared(plan: QueryPlan, column: str, condition: Comparison, zone: ZoneInfo) -> list[RowTest]:
    found = []
    if condition.not_ is not None:
        values = condition.not_ if isinstance(condition.not_, list) else [condition.not_]
        found.append(_among(plan, column, values, zone, negated=True))
    for key, sign in SIGNS.items():
        limit = getattr(condition, key)
        if limit is not None:
            found.append(_ordered(plan, column, sign, limit, zone))
    if condition.empty is not None:
        found.append(RowTest(holds=f"({plan.raw(column)} IS {'' if condition.empty else 'NOT '}NULL)"))
    for function, words in (("contains", condition.contains), ("starts_with", condition.starts_with)):
        if words is not None:
            text = plan.text(column)
            one_of = " OR ".join(f"{function}({text}, {plan.bind.bind(word)})" for word in as_list(words))
            found.append(RowTest(holds=f"coalesce({one_of}, false)", fault=_broken(plan, column)))
    return found


def _ordered(
    plan: QueryPlan, column: str, sign: str, limit: Decimal | datetime | date, zone: ZoneInfo
) -> RowTest:
    if isinstance(limit, Decimal):
        number = plan.number(column, percent=True)
        holds = f"coalesce({number} {sign} CAST({plan.bind.bind(str(limit))} AS DECIMAL(38, 10)), false)"
        return RowTest(holds=holds, fault=plan.fault(column, number))
    at = plan.moment(column)
    if not isinstance(limit, datetime):
        # A whole day: after it means from the next day on, until it means until its end.
        first = wall_clock(datetime(limit.year, limit.month, limit.day))  # noqa: DTZ001 - a wall-clock time
        edge = first + DAY if sign in {">", "<="} else first
        holds = f"coalesce({at.local} {'>=' if sign in {'>', '>='} else '<'} {plan.bind.bind(edge)}, false)"
    elif limit.tzinfo is None:
        holds = f"coalesce({at.local} {sign} {plan.bind.bind(wall_clock(limit))}, false)"
    else:
        wall = plan.bind.bind(wall_clock(limit.astimezone(zone)))
        holds = (
            f"coalesce(CASE WHEN {at.instant} IS NULL THEN {at.local} {sign} {wall} "
            f"ELSE {at.instant} {sign} {plan.bind.bind(micros(limit))} END, false)"
        )
    return RowTest(holds=holds, fault=plan.fault(column, at.local))


def _among(plan: QueryPlan, column: str, values: Sequence[Any], zone: ZoneInfo, *, negated: bool) -> RowTest:
    same = " OR ".join(_equal(plan, column, value, zone) for value in values)
    fault = _broken(plan, column)
    if any(isinstance(value, date) for value in values):
        fault = plan.fault(column, plan.moment(column).local)
    return RowTest(holds=f"{'NOT ' if negated else ''}coalesce({same}, false)", fault=fault)


def _equal(plan: QueryPlan, column: str, value: Any, zone: ZoneInfo) -> str:
    text = plan.text(column)
    if isinstance(value, bool):
        return f"lower({text}) = '{str(value).lower()}'"
    if isinstance(value, int | Decimal):
        number = plan.number(column, percent=True)
        bound = plan.bind.bind(str(value))
        return f"({text} = {bound} OR coalesce({number} = CAST({bound} AS DECIMAL(38, 10)), false))"
    if isinstance(value, date):
        after = _ordered(plan, column, ">=", value, zone)
        until = _ordered(plan, column, "<=", value, zone)
        return f"({after.holds} AND {until.holds})"
    same = f"{text} = {plan.bind.bind(value.strip())}"
    if not plan.tagged or not ISO_DAY.fullmatch(value.strip()):
        return same
    # A sheet's date cell of that day, whatever time its format shows.
    return f"({same} OR starts_with({plan.raw(column)}, {plan.bind.bind(DATE + value.strip())}))"


def _broken(plan: QueryPlan, column: str) -> CellFault | None:
    """Any text is a text, but an error cell of a sheet is not."""
    return plan.fault(column, plan.text(column)) if plan.tagged else None


def is_of_text(condition: Condition) -> bool:
    """Whether a condition looks at a cell's text only: it is one of some, has some, or is empty."""
    if isinstance(condition, Elapsed):
        return False
    if isinstance(condition, Comparison):
        if any(getattr(condition, limit) is not None for limit in SIGNS):
            return False
        condition = [] if condition.not_ is None else condition.not_
    return all(
        isinstance(value, str) for value in (condition if isinstance(condition, list) else [condition])
    )


def limits_of(condition: Condition) -> Limits:
    """What the values of a column must be above or below."""
    return condition.limits if isinstance(condition, Comparison) else ()


def without_limits(condition: Condition) -> Condition | None:
    """What else a condition tests; None if it tests nothing else."""
    if not isinstance(condition, Comparison):
        return condition
    rest = condition.model_copy(update=dict.fromkeys(SIGNS))
    return rest if any(value is not None for _, value in rest) else None


def named_texts(condition: Condition) -> list[str]:
    """The texts that a condition of texts compares whole cells with."""
    values: Any = condition.not_ if isinstance(condition, Comparison) else condition
    listed = values if isinstance(values, list) else [values]
    return [str(value).strip() for value in listed if value is not None]


def passes(text: str | None, condition: Comparison) -> bool:
    """What the SQL of ``_compared`` says of one text, for a condition of texts."""
    if text in named_texts(condition):
        return False
    if condition.empty is not None and condition.empty != (text is None):
        return False
    contained, first = condition.contains, condition.starts_with
    if contained is not None and not any(word in (text or "") for word in as_list(contained)):
        return False
    return first is None or any((text or "").startswith(word) for word in as_list(first))


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
        words.append(f"{column} contains {' or '.join(as_list(condition.contains))}")
    if condition.starts_with is not None:
        words.append(f"{column} starts with {' or '.join(as_list(condition.starts_with))}")
    return words


def _length(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for size, letter in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds % size == 0:
            return f"{seconds // size} {letter}"
    return f"{seconds} s"
