"""Read and write A1 notation: ``'It''s Q3'!B2:B``. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_CORNER: Final = re.compile(r"\$?([A-Za-z]{1,3})?\$?([1-9]\d*)?")
_PLAIN: Final = re.compile(r"[^\W\d]\w*")
_LIKE_A_CELL: Final = re.compile(r"[A-Za-z]{1,3}\d+|[Rr]\d*[Cc]\d*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A rectangle of one tab, counted from 1, both ends included; None leaves that side open.

    ``str`` gives what is asked of Google: the tab always quoted, so that a tab called ``Q4`` is not taken for a cell.
    ``shown`` gives what a person would write.
    """

    tab: str
    left: int | None
    top: int | None
    right: int | None
    bottom: int | None

    def __str__(self) -> str:
        return f"{quoted(self.tab)}!{self._corners()}"

    @property
    def shown(self) -> str:
        if not self.tab:
            return self._corners()
        plain = _PLAIN.fullmatch(self.tab) and not like_a_cell(self.tab)
        return f"{self.tab if plain else quoted(self.tab)}!{self._corners()}"

    @property
    def single(self) -> bool:
        """Whether it is exactly one cell."""
        return (
            self.left is not None
            and self.top is not None
            and (self.left, self.top) == (self.right, self.bottom)
        )

    def cell(self, row: int, column: int) -> Area:
        """The cell ``row`` and ``column`` steps (from 0) inside."""
        return at(self.tab, (self.left or 1) + column, (self.top or 1) + row)

    def _corners(self) -> str:
        first = f"{letters(self.left) if self.left else ''}{self.top or ''}"
        last = f"{letters(self.right) if self.right else ''}{self.bottom or ''}"
        return first if self.single else f"{first}:{last}"


def like_a_cell(name: str) -> bool:
    """Whether Google would take the bare ``name`` for a cell, in A1 or R1C1 notation."""
    return _LIKE_A_CELL.fullmatch(name) is not None


def at(tab: str, column: int, row: int) -> Area:
    return Area(tab=tab, left=column, top=row, right=column, bottom=row)


def column_of(tab: str, column: int, first_row: int) -> Area:
    """A column from ``first_row`` down to wherever it ends."""
    return Area(tab=tab, left=column, top=first_row, right=column, bottom=None)


def quoted(tab: str) -> str:
    return "'" + tab.replace("'", "''") + "'"


def letters(number: int) -> str:
    """27 -> ``AA``."""
    text = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def number(column: str) -> int:
    """``AA`` -> 27."""
    total = 0
    for letter in column.upper():
        total = total * 26 + ord(letter) - ord("A") + 1
    return total


def split(text: str) -> tuple[str, str]:
    """``Tab!B4`` as its tab's title (empty if there is none) and the rest. Raises ``ValueError``."""
    text = text.strip()
    if text.startswith("'"):
        found = re.fullmatch(r"'((?:[^']|'')+)'!(.+)", text)
        if found is None:
            raise ValueError(
                f"{text} is not a range: write 'Tab title'!B4, with a quote in the title doubled"
            )
        return found[1].replace("''", "'"), found[2]
    tab, _, rest = text.rpartition("!")
    return tab, rest


def parse(text: str, tab: str = "") -> Area:
    """``KPI!B4``, ``'It''s Q3'!$A$1:B2``, ``Data!B2:B``, ``Data!B2:2``, ``Data!1:1``; ``tab`` is the tab of a text that names none.

    Raises ``ValueError`` with what to write instead.
    """
    named, rest = split(text)
    first, colon, last = rest.partition(":")
    left, top = _corner(text, first)
    right, bottom = _corner(text, last) if colon else (left, top)
    if not colon and (left is None or top is None):
        raise ValueError(f"{text} is not a cell or range: write KPI!B4, Data!B2:B9, Data!B2:B or Data!B:B")
    to_the_end_of_its_row = left is not None and right is None and top is not None and top == bottom
    if not to_the_end_of_its_row and (
        (left is None) != (right is None) or (top is None and bottom is not None)
    ):
        raise ValueError(f"{text} is open at its start: write it from the top left, as in Data!B2:B")
    if left is None and (top is None or bottom is None):
        raise ValueError(f"{text} is not a range: whole rows need both ends, as in Data!1:1")
    left, right = _ordered(left, right)
    if bottom is not None:
        top, bottom = _ordered(top, bottom)
    return Area(tab=named or tab, left=left, top=top, right=right, bottom=bottom)


def _corner(text: str, corner: str) -> tuple[int | None, int | None]:
    found = _CORNER.fullmatch(corner.strip())
    if found is None or not (found[1] or found[2]):
        raise ValueError(f"{text} is not a cell or range: write KPI!B4, Data!B2:B9, Data!B2:B or Data!B:B")
    return (number(found[1]) if found[1] else None), (int(found[2]) if found[2] else None)


def _ordered(one: int | None, other: int | None) -> tuple[int | None, int | None]:
    return (one, other) if one is None or other is None or one <= other else (other, one)
