"""Google's side of A1 notation, for the emulator only: it shares no code with what asks it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_A1: Final = re.compile(
    r"\$?(?P<c1>[A-Za-z]{1,3})?\$?(?P<r1>\d+)?(?::\$?(?P<c2>[A-Za-z]{1,3})?\$?(?P<r2>\d+)?)?"
)
_R1C1: Final = re.compile(r"[Rr](?P<r1>\d+)[Cc](?P<c1>\d+)(?::[Rr](?P<r2>\d+)[Cc](?P<c2>\d+))?")


@dataclass(frozen=True, slots=True)
class Box:
    """Zero-based, half-open, as the API's GridRange; None is open."""

    top: int | None
    left: int | None
    bottom: int | None
    right: int | None

    def within(self, rows: int, columns: int) -> Box | None:
        """The box with its open sides closed by the grid, or None where it reaches beyond."""
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
    """A1 or R1C1 text as a box; None where it is neither."""
    if found := _R1C1.fullmatch(cells):
        row, column = int(found["r1"]) - 1, int(found["c1"]) - 1
        return Box(row, column, int(found["r2"] or row + 1), int(found["c2"] or column + 1))
    found = _A1.fullmatch(cells)
    if found is None or cells in {"", ":"}:
        return None
    c1, r1, c2, r2 = found["c1"], found["r1"], found["c2"], found["r2"]
    if ":" not in cells:
        if c1 is None or r1 is None:
            return None
        c2, r2 = c1, r1
    elif (c1 is None) != (c2 is None) or (c1 is None and (r1 is None or r2 is None)):
        return None
    if "0" in {r1, r2}:
        return None
    left = None if c1 is None else _index(c1)
    right = None if c2 is None else _index(c2) + 1
    top = None if r1 is None else int(r1) - 1
    bottom = None if r2 is None else int(r2)
    return Box(top, left, bottom, right)


def name(title: str, area: Box) -> str:
    """The range as the API writes it in an answer.

    Unknown: whether Google quotes a title of letters and digits only; its documentation shows it without quotes.
    """
    shown = title if re.fullmatch(r"\w+", title) else "'" + title.replace("'", "''") + "'"
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
