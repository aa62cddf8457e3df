"""Find the merged cells of a sheet, and give their value to every row that they cover."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from typing import Final

from okrsync_crm.files.cell_tags import DURATION, ERROR, LAST_COLUMN, MONEY, NUMBER, PERCENT
from okrsync_crm.files.workbook_parts import CHUNK

_REFERENCE: Final = re.compile(r"([A-Z]{1,4})\d{0,8}")
Merge = tuple[int, int, int, int]
"""The first row, first column, last row and last column of merged cells, counted from 1 and from 0."""


class MergedCells:
    """Gives every cell of merged ones their value, for a text or a date; a number is one number for all of them."""

    def __init__(self, merges: Sequence[Merge]) -> None:
        self._merges = sorted(merges)
        self._open: list[tuple[Merge, str]] = []

    @property
    def is_empty(self) -> bool:
        return not self._merges and not self._open

    def fill(self, row: int, cells: dict[int, str]) -> None:
        self._open = [(merge, text) for merge, text in self._open if merge[2] >= row]
        while self._merges and self._merges[0][0] <= row:
            merge = self._merges.pop(0)
            text = cells.get(merge[1], "") if merge[0] == row else ""
            if merge[2] > merge[0] and text.strip():
                self._open.append((merge, self._for_each(text, merge)))
        for (_, first, _, _), text in self._open:
            cells[first] = text

    @staticmethod
    def _for_each(text: str, merge: Merge) -> str:
        if text[0] not in {NUMBER, PERCENT, DURATION, MONEY}:
            return text
        return f"{ERROR}{text[1:]}, one number in merged cells ({_cell(merge[0], merge[1])}:{_cell(merge[2], merge[3])})"


def _cell(row: int, column: int) -> str:
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"


_MERGE: Final = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=[\"']([A-Z]+)(\d+):([A-Z]+)(\d+)[\"']")


def merged_ranges(archive: zipfile.ZipFile, part: str) -> list[Merge]:
    """The merged cells of a sheet: they are listed below all rows, so they are looked for before the rows are read."""
    found: list[Merge] = []
    with archive.open(part) as stream:
        before = b""
        while chunk := stream.read(CHUNK):
            text = before + chunk
            if b"mergeCell" in text:
                found += [
                    (int(top), column_of(left.decode()), int(bottom), column_of(right.decode()))
                    for left, top, right, bottom in _MERGE.findall(text)
                ]
            # A tag may be cut by the end of the chunk; no complete one is left in what is kept.
            before = text[text.rfind(b"<") :][:CHUNK]
    return found


def column_of(reference: str) -> int:
    """The column of a cell such as ``B2``, or of ``B``, from 0. Raises ``ValueError`` beyond Excel's last one, XFD."""
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        raise ValueError(f"{reference!r} is no cell")
    number = 0
    for letter in found[1]:
        number = number * 26 + ord(letter) - 64
    if number > LAST_COLUMN:
        raise ValueError(f"there is no cell {reference}: XFD is the last column")
    return number - 1
