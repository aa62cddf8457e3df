"""Decides which rows add up others, by arithmetic, blank cells and words. Pure.

Rows that lack cells which fuller rows have are candidates. A candidate is a total if its amounts are the sums of a run of
rows directly above or below it, and something else speaks for it: a word, a count, or that all rows of its kind do so.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Final

from okrsync_crm.cells.words import counted, is_total, is_total_alone

_CORE: Final = 0.9
_SURE: Final = 3
"""So many rows are not added up by chance in a row that has a name of its own."""


class RowVerdict(Enum):
    """What a candidate is: a row that adds up others, or one that may."""

    TOTAL = "total"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseRow:
    """A row that may be no record. ``amounts`` by column; ``texts`` are its other cells; ``strong``: it lacks much."""

    number: int
    mask: int
    amounts: Mapping[int, Decimal]
    texts: Sequence[str]
    dated: bool = False
    strong: bool = False

    @property
    def label(self) -> str:
        return next(
            (text for text in self.texts if self._says_total(text)), self.texts[0] if self.texts else ""
        )[:60]

    def _says_total(self, text: str) -> bool:
        return is_total_alone(text) or (self.strong and (is_total(text) or counted(text) is not None))

    @property
    def hard(self) -> bool:
        """Whether its own words say that it is no record."""
        return any(self._says_total(text) for text in self.texts)

    @property
    def count(self) -> int | None:
        return next((number for text in self.texts if (number := counted(text)) is not None), None)

    @property
    def may_be_total(self) -> bool:
        if self.strong:
            return self.hard or bool(self.amounts)
        # With all its cells filled only a row of one word and amounts is no record: a customer may be called Total.
        return self.hard and not self.dated and len(self.texts) == 1


@dataclass(frozen=True, slots=True)
class Amounts:
    """The amounts of a file's rows by column: row numbers in their order, and the sums up to each of them."""

    numbers: Sequence[int]
    values: Mapping[int, Sequence[Decimal | None]]


def strong_masks(masks: Sequence[tuple[int, int]], *, most: int) -> set[int]:
    """The patterns of filled cells that lack at least half of what nearly all fuller rows have, beside one amount."""
    found = set()
    for mask, count in masks:
        fuller = [(other, rows) for other, rows in masks if other.bit_count() > mask.bit_count()]
        rows = sum(number for _, number in fuller)
        if not rows or count > most:
            continue
        bits = range(max(other.bit_length() for other, _ in fuller))
        core = [
            bit for bit in bits if sum(number for other, number in fuller if other >> bit & 1) >= _CORE * rows
        ]
        missing = [bit for bit in core if not mask >> bit & 1]
        # One column of the core holds the amounts; a total has that one.
        if missing and 2 * len(missing) >= len(core) - 1:
            found.add(mask)
    return found


def judged(sparse: Sequence[SparseRow], amounts: Amounts) -> dict[int, RowVerdict]:
    """What each candidate is; those that are records are left out."""
    verdicts: dict[int, RowVerdict] = {}
    hard = [row for row in sparse if row.hard]
    soft = [row for row in sparse if not row.hard]
    # Kinds of group rows without a word: all rows of a kind add up the rows below or above them, or none does.
    kinds = {row.mask for row in soft}
    gone = {row.number for row in hard}
    for tried in [kinds, *({kind} for kind in kinds)]:
        left_out = gone | {row.number for row in soft if row.mask in tried}
        for kind in tried:
            rows = [row for row in soft if row.mask == kind and row.number not in verdicts]
            runs = [_run(row, amounts, left_out) for row in rows]
            sure = len(rows) > 1 or (runs and (runs[0] >= _SURE or not rows[0].texts))
            if rows and all(runs) and max(runs) > 1 and sure:
                verdicts |= {row.number: RowVerdict.TOTAL for row in rows}
    for row in soft:
        left = gone | verdicts.keys()
        # A sum of two small numbers is found by chance; of all rows on one side, or of several, hardly.
        if row.number not in verdicts and _run(row, amounts, left) >= min(
            [_SURE, *_sides(row, amounts, left)]
        ):
            verdicts[row.number] = RowVerdict.DOUBT
    left_out = gone | {number for number, verdict in verdicts.items() if verdict is RowVerdict.TOTAL}
    for row in hard:
        size = _run(row, amounts, left_out)
        by_count = row.count is not None and row.count in _sizes(row, amounts, left_out)
        if not row.strong and size <= 1:
            continue  # nothing but a name that is also a word
        certain = size > 1 or (size == 1 and (row.count == 1 or row.strong)) or (by_count and not row.amounts)
        verdicts[row.number] = RowVerdict.TOTAL if certain else RowVerdict.DOUBT
    return verdicts


def _run(row: SparseRow, amounts: Amounts, left_out: set[int] | frozenset[int]) -> int:
    """The length of a run of rows beside ``row`` that its amounts add up; 0 if there is none."""
    best = 0
    for rows in _directions(row, amounts, left_out):
        for column, wanted in row.amounts.items():
            if not wanted:
                continue
            values = amounts.values.get(column, ())
            best = max(best, _length(rows, values, wanted, row))
    return best


def _length(rows: Sequence[int], values: Sequence[Decimal | None], wanted: Decimal, row: SparseRow) -> int:
    total, exact = Decimal(0), -min(0, int(wanted.as_tuple().exponent))
    best = 0
    for size, place in enumerate(rows, start=1):
        value = values[place] if place < len(values) else None
        total += value or 0
        # A total is often shown with fewer decimals than what it adds up.
        rounded = row.hard and size > 1 and round(total, exact) == wanted
        if (value or best) and (total == wanted or rounded):
            best = size
            if row.count is None or row.count == size:
                return size
    return best if row.count is None else 0


def _directions(
    row: SparseRow, amounts: Amounts, left_out: set[int] | frozenset[int]
) -> tuple[list[int], list[int]]:
    at = bisect_left(amounts.numbers, row.number)
    above = [place for place in range(at - 1, -1, -1) if amounts.numbers[place] not in left_out]
    below = [
        place
        for place in range(at, len(amounts.numbers))
        if amounts.numbers[place] not in left_out and amounts.numbers[place] != row.number
    ]
    return above, below


def _sides(row: SparseRow, amounts: Amounts, left_out: set[int] | frozenset[int]) -> list[int]:
    """How many rows are above and below, if there are at least two."""
    return [len(rows) for rows in _directions(row, amounts, left_out) if len(rows) > 1]


def _sizes(row: SparseRow, amounts: Amounts, left_out: set[int] | frozenset[int]) -> set[int]:
    """The sizes of the groups directly above and below a row: up to the next row that is no record, or to the end."""
    at = bisect_left(amounts.numbers, row.number)
    sizes = {sum(number not in left_out for number in amounts.numbers)}
    for places in (range(at - 1, -1, -1), range(at + 1, len(amounts.numbers))):
        size = 0
        for place in places:
            if amounts.numbers[place] in left_out:
                break
            size += 1
        sizes.add(size)
    return sizes
