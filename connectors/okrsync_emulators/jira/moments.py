"""Read the texts, periods and functions of dates in JQL, in the profile zone of the person who asks."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from babel import Locale

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DATE: Final = re.compile(r"(\d{4})([-/])(\d{1,2})\2(\d{1,2})(?: (\d{1,2}):(\d{2}))?")
# Unknown: what Jira makes of longer numbers; nobody means more minutes than nine digits hold.
_PERIOD: Final = re.compile(r"[+-]?\d{1,9}[wdhm]?(?: \d{1,9}[wdhm])*", re.IGNORECASE)
_PART: Final = re.compile(r"(\d+)([wdhm]?)", re.IGNORECASE)
_INCREMENT: Final = re.compile(r"([+-]?)(\d+)([yMwdhm]?)")
_SECONDS: Final = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60}
_EDGE: Final = re.compile(r"(start|end)of(day|week|month|year)", re.IGNORECASE)
_NATURAL: Final = {"day": "d", "week": "w", "month": "M", "year": "y"}


@dataclass(frozen=True, slots=True)
class Span:
    """What a date in JQL covers, in epoch milliseconds: an instant, or the whole day if only a day is named."""

    start: int
    whole_day: bool = False


def millis(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def moment(epoch: int, zone: ZoneInfo) -> datetime:
    return (_EPOCH + timedelta(milliseconds=epoch)).astimezone(zone)


def read(text: str, *, quoted: bool, now: int, zone: ZoneInfo) -> Span | None:
    """The date that ``text`` means, or None if it is no date."""
    # An unquoted number is an epoch in milliseconds, a quoted one a period in minutes.
    if not quoted and text.removeprefix("-").isdigit():
        return Span(int(text))
    if found := _DATE.fullmatch(text):
        year, _, month, day, hour, minute = found.groups()
        try:
            local = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), tzinfo=zone)
        except ValueError:
            return None
        return Span(millis(local), whole_day=hour is None)
    if _PERIOD.fullmatch(text):
        seconds = sum(int(size) * _SECONDS[unit.lower() or "m"] for size, unit in _PART.findall(text))
        return Span(now - seconds * 1000 if text.startswith("-") else now + seconds * 1000)
    return None


def day_after(epoch: int, zone: ZoneInfo) -> int:
    """The midnight after ``epoch`` in ``zone``."""
    return millis(_moved(_start(moment(epoch, zone), "day", "en_US"), 1, "d"))


def function(name: str) -> Callable[[str | None, int, ZoneInfo, str], int | None] | None:
    """The date function ``name``, as (increment, now, zone, locale) -> instant, or None if there is none.

    The result is None if the increment cannot be read.
    """
    if name.casefold() == "now":
        return lambda _increment, now, _zone, _locale: now
    found = _EDGE.fullmatch(name)
    if found is None:
        return None
    edge, period = found[1].lower(), found[2].lower()

    def edge_of(increment: str | None, now: int, zone: ZoneInfo, locale: str) -> int | None:
        local = moment(now, zone)
        if increment is not None:
            parts = _INCREMENT.fullmatch(increment)
            if parts is None:
                return None
            size = int(parts[2]) * (-1 if parts[1] == "-" else 1)
            local = _moved(local, size, parts[3] or _NATURAL[period])
        start = _start(local, period, locale)
        if edge == "start":
            return millis(start)
        # Jira's own end of a period is its last millisecond.
        return millis(_moved(start, 1, _NATURAL[period])) - 1

    return edge_of


def _start(local: datetime, period: str, locale: str) -> datetime:
    """Midnight on the period's first day. A week begins as people of ``locale`` have it."""
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if period == "week":
        return _moved(midnight, -((midnight.weekday() - Locale.parse(locale).first_week_day) % 7), "d")
    if period == "month":
        return midnight.replace(day=1)
    if period == "year":
        return midnight.replace(month=1, day=1)
    return midnight


def _moved(local: datetime, size: int, unit: str) -> datetime:
    """``local`` moved on the calendar of its zone, not by elapsed seconds, for days and longer."""
    if unit in {"h", "m"}:
        return (local.astimezone(UTC) + timedelta(seconds=size * _SECONDS[unit])).astimezone(local.tzinfo)
    if unit in {"d", "w"}:
        return local + timedelta(days=size * (7 if unit == "w" else 1))
    months = local.year * 12 + local.month - 1 + size * (12 if unit == "y" else 1)
    year, month = divmod(months, 12)
    first = local.replace(year=year, month=month + 1, day=1)
    last_day = ((first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day
    return first.replace(day=min(local.day, last_day))
