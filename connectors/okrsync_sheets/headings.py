"""Find a cell or a column by the headings a person reads. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Final

from okrsync.connector import NoValueError
from okrsync.model import Cause
from okrsync.spelling import did_you_mean
from okrsync_sheets import a1
from okrsync_sheets.cells import Block, Raw, blank

EPOCH: Final = date(1899, 12, 30)
FIRST: Final = 36_526
"""2000-01-01. Google takes smaller numbers for days of the century before, and people mean something else."""
LAST: Final = 73_050
"""2100-01-01."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHeading:
    """A cell (``row`` and ``column``) or a whole column (``row`` is None) of ``tab``, by headings."""

    tab: str
    column: str
    row: str | None
    locale: str
    row_headings: int
    column_headings: int

    @property
    def ranges(self) -> tuple[a1.Area, ...]:
        """Where the headings are: the row of column headings and, for a cell, the column of row headings."""
        line = self.column_headings
        across = a1.Area(tab=self.tab, left=None, top=line, right=None, bottom=line)
        down = a1.column_of(self.tab, self.row_headings, line + 1)
        return (across,) if self.row is None else (across, down)

    def target(self, across: Block, down: Block | None) -> a1.Area:
        """Where the headings say the value is. Raises ``NoValueError``: no such heading, or a duplicate."""
        corner = self.row_headings if self.row is not None else 0
        columns = ((place, raw) for place, raw in across.filled() if place.left != corner)
        column = _only(
            self.column, columns, f"row {self.column_headings} of {self.tab}", "column", self.locale
        ).left
        assert column is not None
        if self.row is None or down is None:
            return a1.column_of(self.tab, column, self.column_headings + 1)
        where = f"column {a1.letters(self.row_headings)} of {self.tab}"
        row = _only(self.row, down.filled(), where, "row", self.locale).top
        assert row is not None
        return a1.at(self.tab, column, row)


def _only(heading: str, cells: Iterable[tuple[a1.Area, Raw]], where: str, kind: str, locale: str) -> a1.Area:
    seen = list(cells)
    same = [place for place, raw in seen if _same(raw, heading, locale)]
    if len(same) == 1:
        return same[0]
    if same:
        places = " and ".join(place.shown for place in same)
        raise NoValueError(
            Cause.DATA,
            f"the heading {heading!r} is in {places}",
            hint="rename one of them, or use cell or range",
        )
    if not seen:
        raise NoValueError(
            Cause.EMPTY, f"there are no headings in {where}", hint=f"say where they are: {kind}_headings"
        )
    there = [str(_day(raw) or raw) for _, raw in seen if not blank(raw)]
    raise NoValueError(Cause.CONFIG, f"no heading {heading!r} in {where}", hint=did_you_mean(heading, there))


def _same(raw: Raw, heading: str, locale: str) -> bool:
    if isinstance(raw, str):
        return " ".join(raw.split()) == " ".join(heading.split())
    if isinstance(raw, bool) or raw is None:
        return False
    return str(raw) == heading or heading.casefold() in _spellings(_day(raw), locale)


def _day(raw: Raw) -> date | None:
    """The date that a heading formatted as one arrives as: a number of days. None if it is none of our time."""
    if (
        isinstance(raw, bool)
        or not isinstance(raw, int | float)
        or raw != int(raw)
        or not FIRST <= raw < LAST
    ):
        return None
    return EPOCH + timedelta(days=int(raw))


@cache
def _spellings(day: date | None, locale: str) -> frozenset[str]:
    """How a person may write a date that the sheet shows in a format that only the sheet knows."""
    if day is None:
        return frozenset()
    from babel.dates import format_date

    forms = ("short", "medium", "long", "d.M.yyyy", "dd.MM.yyyy", "MMM yyyy", "MMMM yyyy", "MM/yyyy")
    shown = {format_date(day, form, locale=name) for form in forms for name in {"en_US", locale}}
    return frozenset(one.casefold() for one in (day.isoformat(), f"{day:%Y-%m}", *shown))
