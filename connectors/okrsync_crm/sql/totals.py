"""Decide which rows add up others, by arithmetic, blank cells and words. Pure.

Rows that lack cells which fuller rows have are candidates. A candidate is a total if its amounts are the sums of a run of
rows directly above or below it, and something else speaks for it: a word, a count, or that all rows of its kind do so.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Final

from okrsync_crm.cells.words import counted, is_total, is_total_alone

_CORE: Final = 0.9
_OUTLINE: Final = 4
_SURE: Final = 3
"""So many rows are not added up by chance in a row that has a name of its own."""


class RowVerdict(Enum):
    """What a candidate is: a row that adds up others, or one that may."""

    TOTAL = "total"
    DOUBT = "doubt"
    MULTIPLE = "multiple"
    """All other rows add up to a multiple of it: they hold groups and their parts, as a pivot table does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseRow:
    """A row that may be no record. ``amounts`` and ``cells``, its texts, by column; ``strong``: it lacks much.

    ``lone``: it has one cell, the other rows have three or more.
    """

    number: int
    mask: int
    amounts: Mapping[int, Decimal]
    cells: Mapping[int, str]
    dated: bool = False
    strong: bool = False
    lone: bool = False

    @property
    def texts(self) -> Sequence[str]:
        return list(self.cells.values())

    @property
    def label(self) -> str:
        texts = self.texts
        return next(
            (one for one in texts if self._says_total(one) or is_total(one)), texts[0] if texts else ""
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
            return self.hard or self.lone or bool(self.amounts)
        # With all its cells filled only a row of one word and amounts is no record: a customer may be called Total.
        return not self.dated and ((self.hard and len(self.texts) == 1) or self.claims)

    @property
    def claims(self) -> bool:
        """Whether a row with all its cells filled says that it adds up those with its other texts: "Total EUR", EUR, 30."""
        return not self.strong and bool(self.amounts) and len(self.cells) > len(self.within)

    @property
    def within(self) -> Mapping[int, str]:
        """The texts of a filled row beside its label: the rows that it adds up have them too."""
        return (
            {} if self.strong else {place: text for place, text in self.cells.items() if not is_total(text)}
        )


@dataclass(frozen=True, slots=True)
class Amounts:
    """The amounts and the texts of a file's rows by column, and the numbers of the rows in their order."""

    numbers: Sequence[int]
    values: Mapping[int, Sequence[Decimal | None]]
    texts: Mapping[int, Sequence[str | None]] = field(default_factory=dict)


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
    hard = [row for row in sparse if row.hard and not _is_filled(row)]
    soft = [row for row in sparse if not row.hard and row.amounts and row.strong]
    verdicts = _soft(soft, amounts, {row.number for row in hard})
    left_out = {row.number for row in hard} | {
        number for number, verdict in verdicts.items() if verdict is RowVerdict.TOTAL
    }
    for row in hard:
        size = _run(row, amounts, left_out)
        if not size and _is_part(row, amounts, left_out):
            verdicts[row.number] = RowVerdict.MULTIPLE
        elif row.strong or size > 1:  # else it is nothing but a name that is also a word
            verdicts[row.number] = _of_hard(row, size, amounts, left_out)
    verdicts |= dict.fromkeys(_filled([row for row in sparse if _is_filled(row)], amounts), RowVerdict.DOUBT)
    ends = {*amounts.numbers[:1], *amounts.numbers[-1:]}
    # A heading is above the first record, a note below the last; what is so nowhere is a record with a name only.
    lone = [row for row in sparse if row.lone and not row.hard and not row.amounts]
    notes = {row.mask for row in lone if row.number in ends}
    return verdicts | {row.number: RowVerdict.DOUBT for row in lone if row.mask in notes}


def _is_filled(row: SparseRow) -> bool:
    """Whether only its label and the rows with its other texts can show that a row is a total."""
    return not row.strong and not (row.hard and len(row.cells) == 1)


def _soft(soft: Sequence[SparseRow], amounts: Amounts, gone: set[int]) -> dict[int, RowVerdict]:
    """Kinds of group rows without a word: all rows of a kind add up the rows below or above them, or none does."""
    verdicts: dict[int, RowVerdict] = {}
    kinds = {row.mask for row in soft}
    for tried in [kinds, *({kind} for kind in kinds)]:
        left_out = gone | {row.number for row in soft if row.mask in tried}
        for kind in tried:
            rows = [row for row in soft if row.mask == kind and row.number not in verdicts]
            runs = [_run(row, amounts, left_out) for row in rows]
            if rows and all(runs) and max(runs) > 1 and _is_sure(rows, runs):
                verdicts |= {row.number: RowVerdict.TOTAL for row in rows}
    for row in soft:
        left = gone | verdicts.keys()
        # A sum of two small numbers is found by chance; of all rows on one side, or of several, hardly.
        enough = _SURE if row.dated else min([_SURE, *_sides(row, amounts, left)])
        if row.number not in verdicts and _run(row, amounts, left) >= enough:
            verdicts[row.number] = RowVerdict.DOUBT
    return verdicts


def _is_sure(rows: Sequence[SparseRow], runs: Sequence[int]) -> bool:
    if any(row.dated for row in rows):
        return min(runs) >= _SURE  # a record has a date, too
    return len(rows) > 1 or runs[0] >= _SURE or not rows[0].cells


def _of_hard(row: SparseRow, size: int, amounts: Amounts, left_out: set[int]) -> RowVerdict:
    by_count = row.count is not None and row.count in _sizes(row, amounts, left_out)
    certain = size > 1 or (size == 1 and (row.count == 1 or row.strong)) or (by_count and not row.amounts)
    return RowVerdict.TOTAL if certain else RowVerdict.DOUBT


def _filled(rows: Sequence[SparseRow], amounts: Amounts) -> list[int]:
    """The filled rows that may be totals: if one of a kind adds up several rows, one that adds up a single row may be one, too."""
    every = {row.number for row in rows}
    runs = {row.number: _run(row, amounts, every) for row in rows}
    kinds = {row.mask for row in rows if runs[row.number] > 1}
    return [row.number for row in rows if row.mask in kinds and runs[row.number]]


def _is_part(row: SparseRow, amounts: Amounts, left_out: set[int]) -> bool:
    others = [at for at, number in enumerate(amounts.numbers) if number not in left_out | {row.number}]
    if len(others) < _OUTLINE:
        return False
    sums = {
        column: sum((amounts.values[column][at] or Decimal(0) for at in others), Decimal(0))
        for column in row.amounts
        if column in amounts.values
    }
    return any(
        wanted and sums.get(column) in {2 * wanted, 3 * wanted} for column, wanted in row.amounts.items()
    )


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
    within = [(amounts.texts.get(place, ()), text) for place, text in row.within.items()]

    def counts(place: int) -> bool:
        number = amounts.numbers[place]
        alike = all(place < len(texts) and texts[place] == text for texts, text in within)
        return alike and number not in left_out and number != row.number

    above = [place for place in range(at - 1, -1, -1) if counts(place)]
    return above, [place for place in range(at, len(amounts.numbers)) if counts(place)]


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
