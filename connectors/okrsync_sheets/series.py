"""Find the value of a day in a column of dates beside a column of values. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from okrsync.connector import NoValueError
from okrsync.model import Cause
from okrsync_sheets.a1 import Area
from okrsync_sheets.cells import Block, Raw, TextForm, blank, is_error, number
from okrsync_sheets.headings import EPOCH, FIRST


def zone_of(name: str) -> ZoneInfo:
    """The time zone of a spreadsheet. Raises ``NoValueError`` if this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise NoValueError(
            Cause.DATA,
            f"the spreadsheet's time zone is {name!r}, which is unknown here",
            hint="choose a city in File > Settings > Time zone",
        ) from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Zones:
    """Where the days of a column begin: a date without a time is the company's day, a time is the spreadsheet's.

    A spreadsheet's zone is that of the account that made it, and a person who types a day means the company's.
    """

    company: ZoneInfo
    spreadsheet: Callable[[], ZoneInfo]

    def moment(self, serial: Decimal) -> datetime:
        """A serial number (days since 1899-12-30) as an instant."""
        days = int(serial)
        zone = self.company if serial == days else self.spreadsheet()
        milliseconds = int(((serial - days) * 86_400_000).to_integral_value())
        start = datetime(EPOCH.year, EPOCH.month, EPOCH.day, tzinfo=zone)
        return start + timedelta(days=days, milliseconds=milliseconds)


_LOOKS: Final = (
    (r"(19|20)\d\d", "a year"),
    (r"(19|20)\d\d(0[1-9]|1[0-2])", "a year and a month"),
    (r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])", "a date written as one number"),
    (r"[1-9]|1[0-2]", "a month"),
    (r"1[3-9]|[2-4]\d|5[0-3]", "a week"),
)


def not_a_date(serial: Decimal) -> str:
    """What a number in the place of a date looks like; empty if it is a date of our time."""
    digits = str(int(serial)) if serial == int(serial) else ""
    for pattern, name in _LOOKS:
        if re.fullmatch(pattern, digits):
            return name
    return "" if serial >= FIRST else "a plain number"


def as_of(
    dates: Block, values: Block, at: datetime, zones: Zones, texts: TextForm | None
) -> tuple[Decimal, datetime, Area]:
    """The value on the last date that is not after ``at``, with that date and the value's cell; rows in any order.

    Cells without a value are passed over: the value of a day is the last one known by then. Raises ``NoValueError`` if
    a value has no readable date, if two cells share the date, and if nothing is dated so early.
    """
    last: tuple[datetime, Area, Raw] | None = None
    twin: Area | None = None
    earliest: datetime | None = None
    for day, date_at, raw, value_at in _pairs(dates, values):
        when = _when(day, date_at, value_at, zones)
        earliest = when if earliest is None else min(earliest, when)
        if when > at:
            continue
        if last is None or when > last[0]:
            last, twin = (when, value_at, raw), None
        elif when == last[0]:
            twin = value_at
    if earliest is None:
        raise NoValueError(
            Cause.EMPTY, f"{values.area.shown} has no values", hint="no data is not zero: fill the column"
        )
    if last is None:
        raise NoValueError(
            Cause.PAST,
            f"{dates.area.shown} begins on {earliest:%Y-%m-%d}, and the value of {at.astimezone(zones.company):%Y-%m-%d} is asked",
            hint="add older rows, or ask for a later day",
        )
    when, place, raw = last
    if twin is not None:
        raise NoValueError(
            Cause.DATA,
            f"{place.shown} and {twin.shown} both are dated {when:%Y-%m-%d %H:%M}".removesuffix(" 00:00"),
            hint="keep one row for each date",
        )
    return number(raw, place, texts), when, place


def _pairs(dates: Block, values: Block) -> Iterator[tuple[Raw, Area, Raw, Area]]:
    across = dates.area.top == dates.area.bottom and dates.area.top is not None and not dates.area.single
    for place, raw in values.filled():
        down = (place.top or 1) - (values.area.top or 1)
        right = (place.left or 1) - (values.area.left or 1)
        row, column = (0, right) if across else (down, 0)
        line = dates.rows[row] if row < len(dates.rows) else ()
        yield (line[column] if column < len(line) else None), dates.area.cell(row, column), raw, place


def _when(day: Raw, date_at: Area, value_at: Area, zones: Zones) -> datetime:
    if blank(day):
        raise NoValueError(
            Cause.DATA,
            f"{value_at.shown} has a value and {date_at.shown} has no date",
            hint="date it, or clear it",
        )
    if isinstance(day, bool | str):
        said = f"the error {day}" if is_error(day) else f"“{day}”"
        raise NoValueError(
            Cause.DATA,
            f"{date_at.shown} holds {said}, not a date",
            hint="type it as a date: Format > Number > Date",
        )
    serial = number(day, date_at, None)
    looks = not_a_date(serial)
    try:
        if not looks:
            return zones.moment(serial)
    except OverflowError:
        looks = "a plain number"
    raise NoValueError(
        Cause.DATA,
        f"{date_at.shown} holds the number {day}, which looks like {looks} and not like a date",
        hint="type it as a date with its day (2026-11-30): Format > Number > Date",
    )
