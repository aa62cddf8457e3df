"""Compute a cycle's calendar, and the span that a value covers.

Periods begin at midnight of the company's own time zone; years, quarters and weeks begin where its calendar says
(January and Monday, if it says nothing). Every span is half-open.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from okrsync.model import Window
from okrsync.units import span

PERIODS: Final = ("day", "week", "month", "quarter", "year")
WINDOWS: Final = (*PERIODS, "cycle", *(f"previous_{period}" for period in PERIODS), "last 30d")
"""The words a window may be, for messages; ``last`` takes any length of time."""

TICK: Final = timedelta(microseconds=1)
"""How long an instant is: the last one of a day is its midnight less this."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """Where the company's periods begin: ``year_starts`` is a month (1 to 12), ``week_starts`` a weekday (0: Monday)."""

    zone: ZoneInfo
    year_starts: int = 1
    week_starts: int = 0


class Phase(StrEnum):
    """Where a moment lies with respect to a cycle; in the closing days numbers are those of its last instant."""

    BEFORE = "before"
    RUNNING = "running"
    CLOSING = "closing"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Cycle:
    """The span the key results are set for. ``end`` is its last day and belongs to it.

    For ``closing_days`` after it the numbers of its last instant are still written.
    """

    name: str
    start: date
    end: date
    zone: ZoneInfo
    year_starts: int = 1
    week_starts: int = 0
    closing_days: int = 7

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise ValueError(f"the cycle {self.name} ends on {self.end}, before it starts on {self.start}")

    @property
    def opens(self) -> datetime:
        """The first moment of the first day."""
        return _midnight(self.start, self.zone)

    @property
    def closes(self) -> datetime:
        """The first moment after the last day."""
        return _midnight(self.end + timedelta(days=1), self.zone)

    @property
    def last_day_of_closing(self) -> date:
        """The last day on which anything is written."""
        return self.end + timedelta(days=self.closing_days)

    @property
    def last_instant(self) -> datetime:
        """The latest moment that belongs to the cycle."""
        return (self.closes.astimezone(UTC) - TICK).astimezone(self.zone)

    @property
    def calendar(self) -> Calendar:
        return Calendar(self.zone, self.year_starts, self.week_starts)

    def phase(self, at: datetime) -> Phase:
        """Whether ``at`` is before the cycle, in it, in its closing days, or after them."""
        if _before(at, self.opens):
            return Phase.BEFORE
        if _before(at, self.closes):
            return Phase.RUNNING
        after = _midnight(self.last_day_of_closing + timedelta(days=1), self.zone)
        return Phase.CLOSING if _before(at, after) else Phase.OVER


def following(cycle: Cycle) -> Cycle | None:
    """The cycle after one that is a calendar month, quarter or year and named like it (2026-10, 2026-Q4, 2026).

    None for every other: what a company calls its next cycle, and how long it is, is not to be guessed.
    """
    for kind in ("month", "quarter", "year"):
        if Window(start=cycle.opens, end=cycle.closes, label=cycle.name) == _period(
            kind, cycle.start, cycle.calendar
        ):
            after = _period(kind, cycle.closes.date(), cycle.calendar)
            return replace(cycle, name=after.label, start=after.start.date(), end=last_instant(after).date())
    return None


def window(kind: str, at: datetime, cycle: Cycle) -> Window:
    """The span that a value of ``kind`` covers at the moment ``at``.

    ``day`` to ``year`` is the running period up to ``at``, ``previous_...`` the last complete one, ``cycle`` the cycle
    so far, ``last 30d`` that much elapsed time before ``at``. At midnight sharp the running period is the one that just
    ended, so that a span is never empty; at the last instant of a day the whole day is covered. Raises ``ValueError``
    for another word, for a naive ``at``, and for ``cycle`` at a moment before it opens.
    """
    moment = _aware(at).astimezone(cycle.zone)
    if kind == "cycle":
        if not _before(cycle.opens, moment):
            raise ValueError(
                f"the cycle {cycle.name} has not begun on {moment:%Y-%m-%d}: it starts on {cycle.start}"
            )
        return Window(start=cycle.opens, end=_earlier(cycle.closes, _whole_day(moment)), label=cycle.name)
    if kind in PERIODS:
        running = _period(kind, (at.astimezone(UTC) - TICK).astimezone(cycle.zone).date(), cycle.calendar)
        return Window(start=running.start, end=_earlier(running.end, _whole_day(moment)), label=running.label)
    word, _, rest = kind.partition("_")
    if word == "previous" and rest in PERIODS:
        today = _first(rest, moment.date(), cycle.calendar)
        return _period(rest, today - timedelta(days=1), cycle.calendar)
    word, _, rest = kind.partition(" ")
    if word == "last" and rest[:1].isdigit():
        length = span(rest)
        if not length:
            raise ValueError(f"{kind!r} covers no time at all; write last 30d")
        end = _whole_day(moment)
        return Window(start=(end.astimezone(UTC) - length).astimezone(cycle.zone), end=end, label=kind)
    raise ValueError(f"{kind!r} is not a window; {_meant_window(kind)}")


def _meant_window(kind: str) -> str:
    """Which window a person may have meant, else all that there are."""
    words = kind.casefold().replace("-", " ").replace("_", " ").split()
    plain = " ".join(words)
    found = next((one for one in PERIODS if one in plain or f"{one[:-1]}ily" in plain), "")
    there = f"There are {', '.join(WINDOWS)}"
    if found and words[0] in {"last", "previous", "prior", "past"}:
        return (
            f"did you mean previous_{found} (the last complete one) or {found} (the running one)? "
            f"For a length of time write 90s, 30m, 36h, 2d or 1w behind last. {there}"
        )
    meant = "cycle" if "cycle" in plain else found
    return f"did you mean {meant}? {there}" if meant else f"write one of {', '.join(WINDOWS)}"


def windows_of(kind: str, cycle: Cycle, until: datetime) -> list[Window]:
    """Every period of ``kind`` that is complete at ``until`` and belongs to the cycle, oldest first.

    A period belongs to the cycle in which it ends, so a week across two cycles is judged once. ``previous_week`` is
    read as ``week``. Raises ``ValueError`` for a window that is not a period.
    """
    limit = _earlier(cycle.closes, _aware(until))
    period = kind.removeprefix("previous_")
    if period == "cycle":
        whole = Window(start=cycle.opens, end=cycle.closes, label=cycle.name)
        return [whole] if not _before(limit, cycle.closes) else []
    if period not in PERIODS:
        raise ValueError(
            f"{kind!r} cannot be judged over time; write one of {', '.join((*PERIODS, 'cycle'))}"
        )
    found: list[Window] = []
    one = _period(period, cycle.start, cycle.calendar)
    while not _before(limit, one.end):
        found.append(one)
        one = _period(period, one.end.date(), cycle.calendar)
    return found


def whole_periods(
    span: Window, per: str, calendar: Calendar, holidays: frozenset[date] = frozenset()
) -> tuple[Window, int]:
    """The part of ``span`` that is made of whole periods (``day``, ``workday``, ``week``, ``month``), and how many.

    A period that has only begun, or begun before ``span``, is left out. Workdays are counted, Monday to Friday without
    the holidays; their part runs over all whole days, so that work done on a Saturday counts. Raises ``ValueError``
    if there is none.
    """
    kind = "day" if per == "workday" else per
    one = _period(kind, span.start.astimezone(calendar.zone).date(), calendar)
    if _before(one.start, span.start):
        one = _period(kind, one.end.date(), calendar)
    first, end, count = one.start, one.start, 0
    while not _before(span.end, one.end):
        day = one.start.date()
        count += per != "workday" or (day.weekday() < 5 and day not in holidays)
        end = one.end
        one = _period(kind, end.date(), calendar)
    if not count:
        raise ValueError(f"no {per} is complete yet in {span.label or 'the window'}")
    return Window(start=first, end=end, label=span.label), count


def endings(kind: str, first: date, last: date, calendar: Calendar, until: datetime) -> list[datetime]:
    """The last instant of every period of ``kind`` whose last day lies in ``first`` to ``last``, oldest first.

    An instant is a microsecond: it is the latest moment that belongs to the period's own last day. Periods that are
    not over at ``until`` are left out. Raises ``ValueError`` for a word that is no period.
    """
    if kind not in PERIODS:
        raise ValueError(f"{kind!r} is no period; write one of {', '.join(PERIODS)}")
    found: list[datetime] = []
    one = _period(kind, first, calendar)
    while one.end.date() - timedelta(days=1) <= last and not _before(_aware(until), one.end):
        found.append(last_instant(one))
        one = _period(kind, one.end.date(), calendar)
    return found


def last_instant(span: Window) -> datetime:
    """The latest moment that belongs to the span, a microsecond before its end."""
    return (span.end.astimezone(UTC) - TICK).astimezone(span.end.tzinfo)


def complete(kind: str, span: Window, calendar: Calendar) -> bool:
    """Whether ``span``, a window of ``kind``, covers all of its period; one that is no running period always does."""
    if kind not in PERIODS:
        return True
    whole = _period(kind, span.start.astimezone(calendar.zone).date(), calendar)
    return not _before(span.end, whole.end)


def _first(period: str, day: date, calendar: Calendar) -> date:
    if period == "day":
        return day
    if period == "week":
        return day - timedelta(days=(day.weekday() - calendar.week_starts) % 7)
    if period == "month":
        return day.replace(day=1)
    months = 3 if period == "quarter" else 12
    back = (day.month - calendar.year_starts) % months
    month = day.month - back
    return day.replace(year=day.year - (month < 1), month=month + 12 * (month < 1), day=1)


def _label(period: str, first: date, calendar: Calendar) -> str:
    if period == "day":
        return first.isoformat()
    if period == "week":
        # The week's fourth day decides, as in ISO 8601: of weeks that begin on Monday it is the Thursday.
        year, week, _ = (first + timedelta(days=3)).isocalendar()
        return f"{year}-W{week:02}"
    if period == "month":
        return f"{first:%Y-%m}"
    # A year that does not begin in January is named by the year in which it ends, and marked as the company's own.
    own = calendar.year_starts > 1
    year = first.year + (own and first.month >= calendar.year_starts)
    name = f"FY{year}" if own else str(year)
    return f"{name}-Q{(first.month - calendar.year_starts) % 12 // 3 + 1}" if period == "quarter" else name


_LONGEST: Final = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}


def _period(period: str, day: date, calendar: Calendar) -> Window:
    """The whole period that ``day`` lies in."""
    first = _first(period, day, calendar)
    following = _first(period, first + timedelta(days=_LONGEST[period]), calendar)
    return Window(
        start=_midnight(first, calendar.zone),
        end=_midnight(following, calendar.zone),
        label=_label(period, first, calendar),
    )


def _whole_day(moment: datetime) -> datetime:
    """The midnight after the last instant of a day; any other moment as it is."""
    after = (moment.astimezone(UTC) + TICK).astimezone(moment.tzinfo)
    return after if after.date() != moment.date() else moment


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first moment of ``day``; if the clocks skip midnight, the moment they skip to."""
    return datetime.combine(day, time.min, zone).astimezone(UTC).astimezone(zone)


def _aware(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError(f"{at.isoformat()} has no time zone")
    return at


def _before(one: datetime, other: datetime) -> bool:
    """Whether ``one`` is earlier. Python compares two moments of one zone by their wall clocks, hence UTC."""
    return one.astimezone(UTC) < other.astimezone(UTC)


def _earlier(one: datetime, other: datetime) -> datetime:
    return one if _before(one, other) else other
