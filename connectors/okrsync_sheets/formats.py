"""Check numbers by the formats of their cells: a number alone does not say what it is.

0.37 may be a count, 37 % or nine hours; 46327 may be a count or a day in November. Google tells them apart by the
cell's number format only, which costs a request of its own: it is made when a metric is read for the first time, again
after a week, and as soon as more of its numbers than before might be dates or a total.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from okrsync.connector import NoValueError
from okrsync.model import Cause, Dimension, Unit
from okrsync_sheets import a1
from okrsync_sheets.cells import Block, Raw, signs
from okrsync_sheets.headings import FIRST, LAST
from okrsync_sheets.settings import COUNTS, TRUTHS, SheetsQuery

MASK: Final = (
    "sheets(properties(title),data(startRow,startColumn,rowMetadata(hiddenByUser,hiddenByFilter),"
    "rowData(values(userEnteredValue(formulaValue),effectiveFormat(numberFormat(type,pattern))))))"
)
_FRESH: Final = timedelta(days=7)
_TOTAL: Final = re.compile(r"=\s*\+?\s*(SUM|SUBTOTAL|SUMME|SOMME|SUMA|SOMA|SOMMA|СУММ)\s*\(", re.IGNORECASE)
_REFERENCE: Final = re.compile(
    r"\b[A-Z]{1,3}\d+(?::[A-Z]{1,3}(?:\d+)?)?\b|\b[A-Z]{1,3}:[A-Z]{1,3}\b", re.IGNORECASE
)
_ELSEWHERE: Final = re.compile(r"(?:'(?:[^']|'')+'|[^\W\d]\w*)![A-Z0-9:]+", re.IGNORECASE)
_DATES: Final = frozenset({"DATE", "DATE_TIME"})
_MOST_FRACTION: Final = Decimal("1.5")


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How one cell is formatted, and whether its row is hidden; ``formula`` is empty for a typed value."""

    kind: str = ""
    pattern: str = ""
    formula: str = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What is remembered of a look: its day and place, how many numbers might be dates, how many numbers in hidden rows.

    ``total`` is how many numbers there are, if the last might be the total of the others; else 0.
    """

    day: date
    place: str
    dates: int
    total: int
    hidden: int = 0

    def __str__(self) -> str:
        return f"{self.day} {self.dates} {self.total} {self.hidden} {self.place}"

    @classmethod
    def read(cls, text: str) -> Mark | None:
        try:
            day, dates, total, hidden, place = text.split(" ", 4)
            return cls(
                day=date.fromisoformat(day),
                place=place,
                dates=int(dates),
                total=int(total),
                hidden=int(hidden),
            )
        except ValueError:
            return None

    def covers(self, now: Mark) -> bool:
        """Whether a look is spared: it was made lately, and nothing doubtful came since."""
        fresh = now.day - self.day < _FRESH and now.place == self.place
        return fresh and now.dates <= self.dates and now.total in {0, self.total}


def matters(query: SheetsQuery) -> bool:
    """Whether the formats of the cells could contradict the metric: they cannot if cells are only counted."""
    return query.measure not in (*COUNTS, *TRUTHS)


def mark(block: Block, day: date) -> Mark:
    """What the values alone say that is doubtful."""
    numbers = [raw for _, raw in block.filled() if not isinstance(raw, bool) and isinstance(raw, int | float)]
    dates = sum(1 for raw in numbers if FIRST <= raw < LAST)
    total = len(numbers) > 2 and Decimal(repr(numbers[-1])) == sum(Decimal(repr(one)) for one in numbers[:-1])
    return Mark(day=day, place=block.area.shown, dates=dates, total=len(numbers) if total else 0)


def filled_part(block: Block) -> a1.Area | None:
    """The part of the block that holds anything, as far as its formats matter."""
    width = max((len(row) for row in block.rows), default=0)
    if not width:
        return None
    last = block.area.cell(len(block.rows) - 1, width - 1)
    return a1.Area(
        tab=block.area.tab,
        left=block.area.left or 1,
        top=block.area.top or 1,
        right=last.left,
        bottom=last.top,
    )


def formats(answer: Mapping[str, Any]) -> dict[a1.Area, Format]:
    """The formats of all cells in an answer to ``MASK``."""
    found: dict[a1.Area, Format] = {}
    for sheet in answer.get("sheets", []):
        tab = str(sheet.get("properties", {}).get("title"))
        for grid in sheet.get("data", []):
            rows = grid.get("rowMetadata", [])
            for down, row in enumerate(grid.get("rowData", [])):
                about = rows[down] if down < len(rows) else {}
                hidden = bool(about.get("hiddenByUser") or about.get("hiddenByFilter"))
                for right, cell in enumerate(row.get("values", [])):
                    place = a1.at(
                        tab, grid.get("startColumn", 0) + right + 1, grid.get("startRow", 0) + down + 1
                    )
                    found[place] = _format(cell, hidden=hidden)
    return found


def _format(cell: Mapping[str, Any], *, hidden: bool) -> Format:
    number = cell.get("effectiveFormat", {}).get("numberFormat", {})
    return Format(
        kind=str(number.get("type", "")),
        pattern=str(number.get("pattern", "")),
        formula=str(cell.get("userEnteredValue", {}).get("formulaValue", "")),
        hidden=hidden,
    )


def check(block: Block, seen: Mapping[a1.Area, Format], query: SheetsQuery, unit: Unit) -> int:
    """How many of the block's numbers are in hidden rows. Raises ``NoValueError`` if a format contradicts the metric."""
    hidden = 0
    for place, raw, about in _numbers(block, seen):
        if said := _contradiction(raw, about, query, unit):
            why, hint = said
            raise NoValueError(Cause.DATA, f"{place.shown} {why}", hint=hint)
        if _is_total(block, place, about):
            raise _counted_twice(block, place, about)
        hidden += about.hidden
    return hidden


def _counted_twice(block: Block, place: a1.Area, total: Format) -> NoValueError:
    if place.top == (block.area.top or 1) + len(block.rows) - 1:
        return NoValueError(
            Cause.DATA,
            f"{place.shown} is the total of the cells above it ({total.formula}), and would be counted, too",
            hint="end the range above it, or put the total elsewhere",
        )
    return NoValueError(
        Cause.DATA,
        f"{place.shown} is the total of other cells of the range ({total.formula}), and would be counted, too",
        hint="leave it out of the range, or put the total elsewhere",
    )


def _numbers(block: Block, seen: Mapping[a1.Area, Format]) -> Iterator[tuple[a1.Area, Raw, Format]]:
    for place, raw in block.filled():
        if not isinstance(raw, bool) and isinstance(raw, int | float):
            yield place, raw, seen.get(place, Format())


def _is_total(block: Block, place: a1.Area, about: Format) -> bool:
    """Whether the cell adds up others of its own block, above it, below it or between."""
    if _TOTAL.match(about.formula) is None or block.area.single:
        return False
    formula = about.formula.replace("$", "")
    for own in (f"{place.tab}!", f"{a1.quoted(place.tab)}!"):
        formula = formula.replace(own, "")
    # What another tab holds is of another block.
    named = _REFERENCE.finditer(_ELSEWHERE.sub("", formula))
    return any(_meets(a1.parse(found[0]), block.area) for found in named)


def _meets(summed: a1.Area, block: a1.Area) -> bool:
    left, right = max(summed.left or 1, block.left or 1), min(_end(summed.right), _end(block.right))
    top, bottom = max(summed.top or 1, block.top or 1), min(_end(summed.bottom), _end(block.bottom))
    return left <= right and top <= bottom


def _end(number: int | None) -> int:
    return sys.maxsize if number is None else number


def _contradiction(raw: Raw, about: Format, query: SheetsQuery, unit: Unit) -> tuple[str, str] | None:
    if about.kind in _DATES:
        return "is a date, not a number", "take it out of the range, or format it as a number"
    percent = about.kind == "PERCENT"
    shown = f"holds {raw}"
    match unit.dimension:
        case Dimension.PERCENT if percent and query.values == "points":
            return f"{shown} and is formatted as percent", "write values: fraction"
        case Dimension.PERCENT if query.values == "fraction" and not percent and _above(raw):
            return f"{shown} and is not formatted as percent", "write values: points"
        case Dimension.DURATION if query.values == "plain" and about.kind == "TIME":
            return f"{shown} and is formatted as a length of time", "write values: serial_days"
        case Dimension.DURATION if query.values == "serial_days" and about.kind != "TIME":
            return (
                f"{shown} and is not formatted as a length of time",
                f"write values: plain if it is in {unit.detail}, or format it: Format > Number > Duration",
            )
        case Dimension.MONEY if (code := currency(about)) and not _same_currency(code, unit.detail):
            return (
                f"is an amount in {code}, the metric is in {unit.detail}",
                f"write unit: money:{code}, or point to a cell in {unit.detail}",
            )
    if percent and unit.dimension is not Dimension.PERCENT:
        return (
            f"{shown} and is formatted as percent, the metric is in {unit}",
            "write unit: percent and values: fraction",
        )
    if about.kind == "TIME" and unit.dimension is not Dimension.DURATION:
        return (
            f"{shown} and is a time or a length of time, the metric is in {unit}",
            "write its unit, such as minutes",
        )
    if about.kind == "CURRENCY" and unit.dimension is not Dimension.MONEY:
        return f"is an amount of money, the metric is in {unit}", "write its unit, such as money:EUR"
    return None


def _above(raw: Raw) -> bool:
    return isinstance(raw, int | float) and abs(Decimal(repr(raw))) > _MOST_FRACTION


def currency(about: Format) -> str:
    """The currency sign or code in a cell's pattern, such as ``[$€-407]`` or a quoted ``"$"``; else empty."""
    found = re.search(r'\[\$([^\]-]+)(?:-[^\]]*)?\]|"\s*([^"\w\s]|[A-Z]{3})\s*"|([€£¥₽₹₺₴])', about.pattern)
    if about.kind != "CURRENCY" and not (found and found[1]):
        return ""
    return next((part.strip() for part in found.groups() if part), "") if found else ""


def _same_currency(sign: str, code: str) -> bool:
    """Whether the sign may mean the currency: $ is that of many."""
    known = signs(code)
    with_country = any(sign == f"{code[:2]}{one}" for one in known)
    return with_country or any(one.rstrip(".").endswith(sign.rstrip(".")) for one in known)
