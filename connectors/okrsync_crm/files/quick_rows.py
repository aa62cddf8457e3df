"""Read the rows of a sheet by patterns, if they are as programs write them.

A row that is otherwise goes through the parser; so does the whole sheet if its frame is otherwise.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, Final

from okrsync_crm.files import cell_tags
from okrsync_crm.files.merged_cells import column_of
from okrsync_crm.files.sheet_cells import SheetCells
from okrsync_crm.files.workbook_parts import UnusualXmlError, decoded, parse

_ROW: Final = re.compile(r'\s*<row r="(\d{1,7})"(?:[^<>]*[^<>/])?>')
_FRAME: Final = re.compile(r'</c><c r="(?P<column>[A-Z]{1,3})(?P<number>\d{1,7})"(?P<attributes>[^<>/]*)>')
_BEGIN: Final = re.compile(r'</c></row>\s*<row r="(\d{1,7})"[^<>]*>' + _FRAME.pattern.removeprefix("</c>"))
_CELL: Final = re.compile(
    r'<c r="([A-Z]{1,3})\d{1,7}"([^<>]*?)'
    r'(?:/>|>(<f[^<>]*/>|<f[^<>]*>[^<>]*</f>)?(?:<v>|<is><t>|<is><t xml:space="preserve">)([^<]+)(?:</v>|</t></is>)</c>)'
)
_ATTRIBUTES: Final = re.compile(r'(?: s="(?P<s>\d+)"| t="(?P<t>[a-zA-Z]+)"| [cvp][mh]="\d+")*')
_ROOT: Final = re.compile(r"<worksheet[^<>]*>")
_HEAD: Final = 1 << 20
_REMEMBERED: Final = 100_000


class _Meanings(dict[str, str]):
    """What the raw values of one kind of cell mean, each made once. A dictionary answers without a call."""

    def __init__(self, mean: Callable[[str], str]) -> None:
        super().__init__()
        self._mean = mean
        self[""] = ""

    def __missing__(self, raw: str) -> str:
        if len(self) > _REMEMBERED:
            self.clear()
            self[""] = ""
        self[raw] = meant = self._mean(raw)
        return meant


@dataclass(frozen=True, slots=True)
class _RowShape:
    """Which columns a row has, how each of its values is read, and how many tags each cell with a value is."""

    places: Sequence[int]
    read: Sequence[Callable[[str], str]]
    tags: Sequence[int]
    is_full: bool


class QuickRows:
    """Gives the rows of a sheet to the writer of ``cells``. Raises ``UnusualXmlError`` if its frame is not as expected."""

    def __init__(self, cells: SheetCells) -> None:
        self._cells = cells
        self._shapes: dict[tuple[tuple[str, ...], tuple[str, ...]], _RowShape] = {}
        self._meanings: dict[str, _Meanings] = {}
        self._root = ""

    def read(self, stream: IO[bytes]) -> None:
        rest = ""
        for chunk in decoded(stream):
            rest += chunk
            if not self._root:
                head, found, text = rest.partition("<sheetData>")
                if not found and len(rest) < _HEAD:
                    continue
                root = _ROOT.search(head)
                if not found or root is None or "<!" in head:
                    raise UnusualXmlError
                self._root, rest = root[0], text
            whole, found, below = rest.rpartition("</row>")
            if found:
                self._block(whole)
                rest = below
            if rest.lstrip().startswith("</sheetData>"):
                return
            if len(rest) > 2 * cell_tags.LONGEST_TEXT:
                break
        raise UnusualXmlError

    def _block(self, text: str) -> None:
        """Many rows: together if all are built like the first one and nothing is special, else one by one."""
        if "&" in text or not self._together(text):
            for row in text.split("</row>"):
                self._row(row)

    def _together(self, text: str) -> bool:
        # Before each value and behind it is what tells the cells apart; all of that must be as the first row's is.
        pieces = f"</c></row>{text}".replace("</v>", "<v>").split("<v>")
        values, frames = pieces[1::2], pieces[0:-1:2]
        size = text.partition("</row>")[0].count("<v>")
        if not 0 < size <= self._cells.rows.width or len(values) % size or pieces[-1] != "</c>":
            return False
        begins = _BEGIN.fullmatch(frames[0])
        if begins is None or "<" in "".join(values):
            return False
        first = int(begins[1])
        numbers = range(first, first + len(values) // size)
        kinds = []
        for column, frame in enumerate(frames[:size]):
            cell = (_FRAME if column else _BEGIN).fullmatch(frame)
            if cell is None or column_of(cell["column"]) != column or cell["number"] != begins[1]:
                return False
            wanted = frame.replace("%", "%%").replace(
                f'{cell["column"]}{first}"', f'{cell["column"]}%(n)d"', 1
            )
            wanted = wanted if column else wanted.replace(f'<row r="{first}"', '<row r="%(n)d"', 1)
            if frames[column::size] != [wanted % {"n": number} for number in numbers]:
                return False
            kinds.append(cell["attributes"])
        columns = [self._column(kind, values[column::size]) for column, kind in enumerate(kinds)]
        self._cells.row = numbers[-1]
        return self._cells.rows.write_block(numbers, columns)

    def _row(self, text: str) -> None:
        begins = _ROW.match(text)
        body = text[begins.end() :] if begins else ""
        found = _CELL.findall(body) if "&" not in body else []
        if begins is None or not found:
            self._parsed(text)
            return
        columns, attributes, formulas, values = zip(*found, strict=True)
        shape = self._shapes.get((columns, attributes)) or self._shape(columns, attributes)
        blank = values.count("")
        tags = (
            sum(shape.tags)
            if not blank
            else sum(n if v else 1 for n, v in zip(shape.tags, values, strict=True))
        )
        if any(formulas):
            tags += sum(formula.count("<") for formula in formulas)
        # If every sign that opens a tag is of a cell that was found, nothing of the row was passed over.
        if body.count("<") != tags or not shape.places:
            self._parsed(text)
            return
        cells = [read(value) for read, value in zip(shape.read, values, strict=True)]
        if not shape.is_full:
            wide = [""] * (shape.places[-1] + 1)
            for place, cell in zip(shape.places, cells, strict=True):
                wide[place] = cell
            cells = wide
        self._cells.row = int(begins[1])
        self._cells.rows.write_cells(self._cells.row, cells)

    def _parsed(self, text: str) -> None:
        cells = self._cells
        whole = f"{self._root}<sheetData>{text}</row></sheetData></worksheet>"
        parse(io.BytesIO(whole.encode()), cells.start, cells.end, cells.data)

    def _shape(self, columns: tuple[str, ...], attributes: tuple[str, ...]) -> _RowShape:
        places = [column_of(column) for column in columns]
        kinds = [_kind(one) for one in attributes]
        if places != sorted(set(places)):
            places = []  # the parser knows what to do with such a row
        read = [self._reader(kind, style) for kind, style in kinds]
        tags = [6 if kind == "inlineStr" else 4 for kind, _ in kinds]
        shape = _RowShape(places, read, tags, places == list(range(len(places))))
        self._shapes[columns, attributes] = shape
        return shape

    def _column(self, attributes: str, values: Sequence[str]) -> list[str]:
        kind, style = _kind(attributes)
        if kind == "s":
            return list(map(self._cells.strings.__getitem__, map(int, values)))
        return list(map(self._reader(kind, style), values))

    def _reader(self, kind: str, style: str) -> Callable[[str], str]:
        key = kind if kind != "n" else f"n{style}"
        if key not in self._meanings:
            value_of = self._cells.value_of
            self._meanings[key] = _Meanings(lambda raw: value_of(raw, kind=kind, style=style))
        return self._meanings[key].__getitem__


def _kind(attributes: str) -> tuple[str, str]:
    """The type and the style of a cell. Raises ``UnusualXmlError`` if its tag says something else, too."""
    found = _ATTRIBUTES.fullmatch(attributes)
    if found is None:
        raise UnusualXmlError
    return found["t"] or "n", found["s"] or ""
