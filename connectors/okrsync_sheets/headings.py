"""Finding a cell or a column by the headings a person reads. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from okrsync.connector import NoValueError
from okrsync.model import Cause
from okrsync.spelling import did_you_mean
from okrsync_sheets import a1
from okrsync_sheets.cells import Block, Raw, blank

EPOCH: Final = date(1899, 12, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHeading:
    """A cell (``row`` and ``column``) or a whole column (``row`` is None) of ``tab``, by headings."""

    tab: str
    column: str
    row: str | None
    row_headings: int
    column_headings: int

    @property
    def ranges(self) -> tuple[a1.Area, ...]:
        """Where the headings stand: the row of column headings and, for a cell, the column of row headings."""
        line = self.column_headings
        across = a1.Area(tab=self.tab, left=None, top=line, right=None, bottom=line)
        down = a1.column_of(self.tab, self.row_headings, line + 1)
        return (across,) if self.row is None else (across, down)

    def target(self, across: Block, down: Block | None) -> a1.Area:
        """Where the headings say the value is. Raises ``NoValueError``: no such heading, or it stands there twice."""
        corner = self.row_headings if self.row is not None else 0
        columns = ((place, raw) for place, raw in across.filled() if place.left != corner)
        column = _only(self.column, columns, f"row {self.column_headings} of {self.tab}", "column").left
        assert column is not None
        if self.row is None or down is None:
            return a1.column_of(self.tab, column, self.column_headings + 1)
        where = f"column {a1.letters(self.row_headings)} of {self.tab}"
        row = _only(self.row, down.filled(), where, "row").top
        assert row is not None
        return a1.at(self.tab, column, row)


def _only(heading: str, cells: Iterable[tuple[a1.Area, Raw]], where: str, kind: str) -> a1.Area:
    seen = list(cells)
    same = [place for place, raw in seen if _same(raw, heading)]
    if len(same) == 1:
        return same[0]
    if same:
        places = " and ".join(place.shown for place in same)
        raise NoValueError(
            Cause.DATA,
            f"the heading {heading!r} stands in {places}",
            hint="rename one of them, or use cell or range",
        )
    if not seen:
        raise NoValueError(
            Cause.EMPTY, f"there are no headings in {where}", hint=f"say where they are: {kind}_headings"
        )
    there = [str(raw) for _, raw in seen if not blank(raw)]
    raise NoValueError(Cause.CONFIG, f"no heading {heading!r} in {where}", hint=did_you_mean(heading, there))


def _same(raw: Raw, heading: str) -> bool:
    if isinstance(raw, str):
        return " ".join(raw.split()) == " ".join(heading.split())
    if isinstance(raw, bool) or raw is None:
        return False
    return str(raw) == heading or raw == _serial(heading)


def _serial(heading: str) -> int | None:
    """The serial number of an ISO date, as which a heading formatted as a date arrives."""
    try:
        return (date.fromisoformat(heading) - EPOCH) // timedelta(days=1)
    except ValueError:
        return None
