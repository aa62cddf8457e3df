"""The whole periods inside a span: the divisor of a mean per week."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from okrsync.model import Window
from okrsync.periods import Calendar, whole_periods

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


def span(start: str, end: str) -> Window:
    return Window(start=at(start), end=at(end), label="2026-Q4")


@pytest.mark.parametrize(
    ("start", "end", "per", "first", "last", "count"),
    [
        # Thursday 1 October to Monday 23 November, 07:00: the weeks of 5 October to 16 November.
        ("2026-10-01", "2026-11-23 07:00", "week", "2026-10-05", "2026-11-23", 7),
        ("2026-10-01", "2026-11-23 07:00", "day", "2026-10-01", "2026-11-23", 53),
        ("2026-10-01", "2026-11-23 07:00", "workday", "2026-10-01", "2026-11-23", 37),
        ("2026-10-01", "2026-11-23 07:00", "month", "2026-10-01", "2026-11-01", 1),
        # A span that begins inside of a period leaves that period out.
        ("2026-10-01 00:01", "2026-10-04", "day", "2026-10-02", "2026-10-04", 2),
        ("2026-11-16", "2026-11-23", "week", "2026-11-16", "2026-11-23", 1),
    ],
)
def test_only_whole_periods_count(start: str, end: str, per: str, first: str, last: str, count: int) -> None:
    part, found = whole_periods(span(start, end), per, Calendar(BERLIN))
    assert (part.start, part.end, part.label, found) == (at(first), at(last), "2026-Q4", count)


def test_holidays_are_no_workdays_and_weekends_never_were() -> None:
    holidays = frozenset({date(2026, 10, 2), date(2026, 10, 3)})
    _, count = whole_periods(span("2026-10-01", "2026-10-06"), "workday", Calendar(BERLIN), holidays)
    assert count == 2  # Thursday 1 and Monday 5


@pytest.mark.parametrize(
    ("start", "end", "per"),
    [("2026-11-16", "2026-11-22 23:59", "week"), ("2026-11-21", "2026-11-23", "workday")],
)
def test_none_is_an_error_and_not_a_division_by_zero(start: str, end: str, per: str) -> None:
    with pytest.raises(ValueError, match=f"no {per} is complete yet in 2026-Q4"):
        whole_periods(span(start, end), per, Calendar(BERLIN))


def test_a_week_across_the_change_of_the_clocks_is_a_whole_week() -> None:
    part, count = whole_periods(span("2026-10-19", "2026-10-26"), "week", Calendar(BERLIN))
    assert count == 1
    assert part.end.utcoffset() != part.start.utcoffset()
