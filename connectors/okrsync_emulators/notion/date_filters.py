"""Build the tests of filters on days and moments."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from okrsync_emulators.notion import dates
from okrsync_emulators.notion.refusals import malformed

_NAMED = frozenset(
    {"past_week", "past_month", "past_year", "this_week", "next_week", "next_month", "next_year"}
)
_DATE: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda value, wanted: value == wanted,
    "before": lambda value, wanted: value < wanted,
    "after": lambda value, wanted: value > wanted,
    "on_or_before": lambda value, wanted: value <= wanted,
    "on_or_after": lambda value, wanted: value >= wanted,
}


def date_test(
    now: datetime, path: str, operator: str, wanted: Any
) -> Callable[[date | datetime | None], bool]:
    """A test for the start of a date cell or for a time stamp, both floored to the minute; None is an empty cell."""
    if operator in {"is_empty", "is_not_empty"}:
        return lambda value: (value is None) is (operator == "is_empty")
    today = now.astimezone(UTC).date()
    if operator in _NAMED:
        first, last = _window(operator, today)
        return lambda value: value is not None and first <= _day(value) <= last
    compare = _DATE.get(operator)
    if compare is None:
        raise malformed(f"{path}.{operator}", "not present", wanted)
    bound = _bound(f"{path}.{operator}", wanted, today)
    if isinstance(bound, datetime):
        return lambda value: value is not None and compare(_moment(value), bound)
    return lambda value: value is not None and compare(_day(value), bound)


def _bound(path: str, wanted: Any, today: date) -> date | datetime:
    relative = {
        "today": today,
        "tomorrow": today + timedelta(days=1),
        "yesterday": today - timedelta(days=1),
        "one_week_ago": today - timedelta(days=7),
        "one_week_from_now": today + timedelta(days=7),
        "one_month_ago": _months(today, -1),
        "one_month_from_now": _months(today, 1),
    }
    if wanted in relative:
        return relative[wanted]
    if not isinstance(wanted, str):
        raise malformed(path, "a valid ISO 8601 date string", wanted)
    try:
        return dates.parsed(wanted)
    except ValueError as error:
        raise malformed(path, "a valid ISO 8601 date string", wanted) from error


def _window(operator: str, today: date) -> tuple[date, date]:
    """First and last day, both inclusive; today belongs to every window. Weeks of ``this_week`` start on Monday.

    Unknown: the first day of Notion's week, which is a setting of the workspace.
    """
    if operator == "this_week":
        monday = today - timedelta(days=today.weekday())
        return monday, monday + timedelta(days=6)
    steps = {
        "week": (today - timedelta(days=7), today + timedelta(days=7)),
        "month": (_months(today, -1), _months(today, 1)),
        "year": (_months(today, -12), _months(today, 12)),
    }
    direction, unit = operator.split("_")
    earlier, later = steps[unit]
    return (earlier, today) if direction == "past" else (today, later)


def _months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _day(value: date | datetime) -> date:
    """The day in UTC. Unknown: in which zone Notion compares a moment with a day."""
    return value.astimezone(UTC).date() if isinstance(value, datetime) else value


def _moment(value: date | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day, tzinfo=UTC)
