"""Read A1 notation as Google does; it shares no code with the connector that asks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_A1: Final = re.compile(
    r"\$?(?P<c1>[A-Za-z]{1,3})?\$?(?P<r1>\d+)?(?::\$?(?P<c2>[A-Za-z]{1,3})?\$?(?P<r2>\d+)?)?"
)
_CORNER: Final = r"[Rr](?:(?P<r{0}>\d+)|\[(?P<dr{0}>-?\d+)\])[Cc](?:(?P<c{0}>\d+)|\[(?P<dc{0}>-?\d+)\])"
_R1C1: Final = re.compile(f"{_CORNER.format(1)}(?::{_CORNER.format(2)})?")


@dataclass(frozen=True, slots=True)
class Box:
    """Zero-based, half-open, as the API's GridRange; None is open."""

    top: int | None
    left: int | None
    bottom: int | None
    right: int | None

    def within(self, rows: int, columns: int) -> Box | None:
        """The box with its open sides closed by the grid, or None if it reaches beyond."""
        top, left = self.top or 0, self.left or 0
        bottom = rows if self.bottom is None else self.bottom
        right = columns if self.right is None else self.right
        if top >= rows or left >= columns or bottom > rows or right > columns:
            return None
        return Box(top, left, bottom, right)


def split(text: str) -> tuple[str | None, str | None]:
    """A range as its sheet's title and its cells; either can be absent. A bare word comes back as cells."""
    if text.startswith("'"):
        title, position = "", 1
        while position < len(text):
            if text[position] == "'":
                if text[position + 1 : position + 2] != "'":
                    break
                position += 1
            title += text[position]
            position += 1
        rest = text[position + 1 :]
        return title, rest[1:] if rest.startswith("!") else None
    if "!" in text:
        title, _, cells = text.partition("!")
        return title, cells
    return None, text


def box(cells: str) -> Box | None:
    """A1 or R1C1 text as a box; None if it is neither."""
    if found := _R1C1.fullmatch(cells):
        return _numbered(found)
    found = _A1.fullmatch(cells)
    if found is None or cells in {"", ":"}:
        return None
    c1, r1, c2, r2 = found["c1"], found["r1"], found["c2"], found["r2"]
    if ":" not in cells:
        if c1 is None or r1 is None:
            return None
        c2, r2 = c1, r1
    elif c1 is not None and c2 is None:
        # ``A2:2`` is recorded: from that cell to the end of its row. Unknown: what A2:5 is; here it is refused.
        if r1 is None or r1 != r2:
            return None
    elif c1 is None and (c2 is not None or r1 is None or r2 is None):
        return None
    if "0" in {r1, r2}:
        return None
    left = None if c1 is None else _index(c1)
    right = None if c2 is None else _index(c2) + 1
    top = None if r1 is None else int(r1) - 1
    bottom = None if r2 is None else int(r2)
    return _turned(top, left, bottom, right)


def _numbered(found: re.Match[str]) -> Box | None:
    """R1C1: a number in brackets counts from the first cell, as there is no cell that it could be relative to."""

    def corner(number: int) -> tuple[int, int]:
        row, column = found[f"r{number}"], found[f"c{number}"]
        return (
            int(row) - 1 if row else int(found[f"dr{number}"]),
            int(column) - 1 if column else int(found[f"dc{number}"]),
        )

    first = corner(1)
    last = corner(2) if found["r2"] or found["dr2"] else first
    if min(*first, *last) < 0:
        return None
    return _turned(first[0], first[1], last[0] + 1, last[1] + 1)


def _turned(top: int | None, left: int | None, bottom: int | None, right: int | None) -> Box:
    """The box of two corners that were given in any order."""
    if top is not None and bottom is not None and bottom <= top:
        top, bottom = bottom - 1, top + 1
    if left is not None and right is not None and right <= left:
        left, right = right - 1, left + 1
    return Box(top, left, bottom, right)


def name(title: str, area: Box) -> str:
    """The range as the API writes it in an answer.

    Recorded: a plain title is not quoted, one that looks like a cell is. Unknown: whether a title that begins with a
    digit is quoted; here it is not.
    """
    plain = re.fullmatch(r"\w+", title) and box(title) is None
    shown = title if plain else "'" + title.replace("'", "''") + "'"
    first = f"{_letters(area.left or 0)}{(area.top or 0) + 1}"
    last = f"{_letters((area.right or 1) - 1)}{area.bottom}"
    return f"{shown}!{first}" + (f":{last}" if last != first else "")


def _index(column: str) -> int:
    total = 0
    for letter in column.upper():
        total = total * 26 + (ord(letter) - 64)
    return total - 1


def _letters(index: int) -> str:
    return ("" if index < 26 else _letters(index // 26 - 1)) + chr(65 + index % 26)
