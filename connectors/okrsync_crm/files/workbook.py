"""Stream an XLSX, and keep what other readers lose: error cells and formulas never calculated.

It writes one sheet as UTF-8 CSV in which cells that are not text carry their type as a first character from the
private use area, because ``1234.5`` in a cell is a number whatever the dialect's decimal sign is.
"""

from __future__ import annotations

import csv
import posixpath
import re
import zipfile
from array import array
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, Final
from xml.parsers import expat

from okrsync.connector import NoValueError
from okrsync.model import Cause
from okrsync.spelling import did_you_mean
from okrsync_crm.refusal import bad_config, bad_data

ERROR: Final = "\ue000"  # then the error, such as #DIV/0!
DATE: Final = "\ue001"  # then ISO 8601, with a time only where the cell has one
NUMBER: Final = "\ue002"  # then digits with a decimal point
UNCACHED: Final = "\ue003"  # a formula whose result was never calculated
PERCENT: Final = "\ue004"  # then the fraction: 0.37 for a cell that shows 37 %
DURATION: Final = "\ue005"  # then whole milliseconds, for a cell whose format shows a length of time
TAGS: Final = ERROR + DATE + NUMBER + UNCACHED + PERCENT + DURATION
LAST_COLUMN: Final = 16_384
LAST_ROW: Final = 1_048_576
LONGEST_TEXT: Final = 4_000_000
"""Excel stops at 32,767 characters; what is far beyond was made to fill a machine's memory."""

_CHUNK: Final = 1 << 18
_MAX_SERIAL: Final = 2_958_466  # the end of the year 9999
_DAY_FORMATS: Final = {14, 15, 16, 17, *range(27, 32), 34, 35, 36, *range(50, 59)}
_QUOTED: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?!h+\]|m+\]|s+\])[^\]]*\]', re.IGNORECASE)
_REFERENCE: Final = re.compile(r"([A-Z]{1,4})\d{0,8}")
Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Data = Callable[[str], None]


def is_workbook(archive: zipfile.ZipFile) -> bool:
    return WorkbookParts(archive).workbook is not None


def convert(
    archive: zipfile.ZipFile, target: Path, *, name: str, sheet: str | None, skip_rows: int
) -> array[int]:
    """Write the sheet to ``target`` as CSV and return the sheet's row number of every record.

    Rows of one sheet that is named, or the only visible one. Runs of blank rows become one blank record; every record
    is at least as wide as the first. Raises ``NoValueError``.
    """
    row = 0
    try:
        parts = WorkbookParts(archive)
        sheets, is_1904 = _sheets(parts)
        part = _pick(sheets, sheet, name)
        strings, formats = _strings(parts), _formats(parts)
        merged = MergedCells(merged_ranges(archive, part))
        with target.open("w", encoding="utf-8", newline="") as file, archive.open(part) as stream:
            rows = RecordWriter(
                csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow, skip_rows, merged
            )
            cells = _Cells(rows, strings, formats, is_1904=is_1904)
            try:
                parse(stream, cells.start, cells.end, cells.data)
            finally:
                row = cells.row
    except (expat.ExpatError, ValueError, IndexError, KeyError) as error:
        raise bad_data(f"{name} is damaged near row {row}: {error}", hint="export again") from None
    return rows.numbers


class WorkbookParts:
    """Finds the parts of a workbook by its relationships: programs name them as they like."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self._names = {name.casefold().lstrip("/"): name for name in archive.namelist()}
        self.workbook = self._target("_rels/.rels", "", "officeDocument", only=("xml",)) or self._real(
            "xl/workbook.xml"
        )

    def elements(self, part: str | None) -> list[tuple[str, dict[str, str]]]:
        found: list[tuple[str, dict[str, str]]] = []
        if part is not None:
            with self.archive.open(part) as stream:
                parse(
                    stream,
                    lambda tag, attributes: found.append((tag, attributes)),
                    lambda _: None,
                    lambda _: None,
                )
        return found

    def by_kind(self, kind: str) -> str | None:
        """The part of the workbook with a kind of relationship: ``styles`` or ``sharedStrings``."""
        folder = posixpath.dirname(self.workbook or "")
        return self._target(self._relations(), folder, kind) or self._real(f"{folder}/{kind}.xml")

    def by_id(self) -> dict[str, str]:
        folder = posixpath.dirname(self.workbook or "")
        found = (
            (one["Id"], self._inside(folder, one["Target"])) for one in self._relationships(self._relations())
        )
        return {name: part for name, part in found if part is not None}

    def _relations(self) -> str:
        folder, base = posixpath.split(self.workbook or "")
        return f"{folder}/_rels/{base}.rels"

    def _relationships(self, part: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.elements(self._real(part)) if tag == "Relationship"]

    def _target(self, relations: str, folder: str, kind: str, only: tuple[str, ...] = ()) -> str | None:
        for one in self._relationships(relations):
            part = self._inside(folder, one.get("Target", ""))
            if one.get("Type", "").endswith(f"/{kind}") and part and (not only or part.endswith(only)):
                return part
        return None

    def _inside(self, folder: str, target: str) -> str | None:
        return self._real(posixpath.normpath(posixpath.join("/", folder, target)))

    def _real(self, part: str) -> str | None:
        return self._names.get(part.lstrip("/").casefold())


Merge = tuple[int, int, int, int]
"""The first row, first column, last row and last column of merged cells, counted from 1 and from 0."""


class MergedCells:
    """Gives every cell of merged ones their value, for a text or a date; a number is one number for all of them."""

    def __init__(self, merges: Sequence[Merge]) -> None:
        self._merges = sorted(merges)
        self._open: list[tuple[Merge, str]] = []

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
        if text[0] not in {NUMBER, PERCENT, DURATION}:
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
        while chunk := stream.read(_CHUNK):
            text = before + chunk
            if b"mergeCell" in text:
                found += [
                    (int(top), column_of(left.decode()), int(bottom), column_of(right.decode()))
                    for left, top, right, bottom in _MERGE.findall(text)
                ]
            # A tag may be cut by the end of the chunk; no complete one is left in what is kept.
            before = text[text.rfind(b"<") :][:_CHUNK]
    return found


class RecordWriter:
    """Writes records and remembers which row of the sheet each one is."""

    def __init__(
        self, write: Callable[[Sequence[str]], object], skip_rows: int, merged: MergedCells | None = None
    ) -> None:
        self._write = write
        self._skip = skip_rows
        self._merged = merged or MergedCells(())
        self._width = 0
        self._last = 0
        self.numbers: array[int] = array("l")

    def write(self, number: int, cells: dict[int, str]) -> None:
        if number > LAST_ROW or number <= self._last:
            raise ValueError(f"row {number} after row {self._last}: a sheet has rows 1 to {LAST_ROW}")
        # Merged cells may reach further down than the records; a row of nothing else is none.
        blank = not any(text.strip() for text in cells.values())
        self._merged.fill(number, cells)
        if number <= self._skip or blank:
            return
        if self._width and number > self._last + 1:
            self._write([""] * self._width)
            self.numbers.append(self._last + 1)
        used = max(column for column, text in cells.items() if text.strip()) + 1
        self._width = self._width or used
        self._write([cells.get(column, "") for column in range(max(self._width, used))])
        self.numbers.append(number)
        self._last = number


class _Cells:
    """The handlers of a sheet's XML: one cell at a time, nothing else is kept."""

    def __init__(self, rows: RecordWriter, strings: list[str], formats: list[str], *, is_1904: bool) -> None:
        self._rows = rows
        self._strings = strings
        self._formats = formats
        self._epoch = datetime(1904, 1, 1) if is_1904 else datetime(1899, 12, 30)  # noqa: DTZ001 - sheets know no zone
        self._leap_bug = not is_1904
        self.row = 0
        self._column = -1
        self._record: dict[int, str] = {}
        self._type = self._style = ""
        self._formula = self._value_seen = False
        self._text: list[str] = []
        self._length = 0
        self._reading = False
        self._phonetic = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            self.row = int(attributes.get("r", self.row + 1))
            self._record, self._column = {}, -1
        elif tag == "c":
            self._column = column_of(attributes["r"]) if "r" in attributes else self._column + 1
            self._type, self._style = attributes.get("t", "n"), attributes.get("s", "")
            self._formula, self._text, self._length = False, [], 0
        elif tag == "f":
            self._formula = True
        elif tag == "rPh":
            self._phonetic += 1
        elif tag in {"v", "t"}:
            self._reading = not self._phonetic

    def data(self, text: str) -> None:
        if self._reading:
            self._text.append(text)
            self._length += len(text)
            if self._length > LONGEST_TEXT:
                raise ValueError(f"a cell of more than {LONGEST_TEXT} characters")

    def end(self, tag: str) -> None:
        if tag in {"v", "t"}:
            self._reading = False
        elif tag == "rPh":
            self._phonetic -= 1
        elif tag == "c":
            self._record[self._column] = self._cell("".join(self._text))
        elif tag == "row":
            self._rows.write(self.row, self._record)

    def _cell(self, raw: str) -> str:
        kind = self._type
        if not raw and self._formula and kind != "str":
            return UNCACHED
        if kind == "e":
            return ERROR + raw
        if kind == "b":
            return "TRUE" if raw == "1" else "FALSE"
        if kind == "d":
            return DATE + raw
        if kind in {"s", "str", "inlineStr"}:
            return plain_text(self._strings[int(raw)] if kind == "s" and raw else raw)
        return self._number(raw) if raw else ""

    def _number(self, raw: str) -> str:
        style = int(self._style) if self._style else 0
        shape = self._formats[style] if style < len(self._formats) else ""
        if shape in {"date", "time"}:
            return self._date(float(raw), to_the_second=shape == "time")
        if shape == "duration":
            return f"{DURATION}{round(Decimal(raw) * 86_400_000)}"
        text = raw if re.fullmatch(r"-?\d{1,15}", raw) else f"{Decimal(repr(float(raw))):f}"
        return (PERCENT if shape == "percent" else NUMBER) + text

    def _date(self, serial: float, *, to_the_second: bool) -> str:
        if not 0 <= serial < _MAX_SERIAL:
            return ERROR + "a date that no calendar has"
        if self._leap_bug and serial < 60:
            serial += 1  # Excel's calendar has a 29 February 1900
        moment = self._epoch + timedelta(milliseconds=round(serial * 86_400_000))
        if serial == int(serial) and not to_the_second:
            return f"{DATE}{moment:%Y-%m-%d}"
        return f"{DATE}{moment.isoformat(sep=' ', timespec='milliseconds')}"


def plain_text(text: str) -> str:
    # A text that begins like a tag would be taken for a number; no CRM writes private characters.
    return ERROR + "a private character" if text[:1] in set(TAGS) else text


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


def parse(stream: IO[bytes], start: Start, end: End, data: Data) -> None:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def refuse_doctype(*_: object) -> None:
        raise ValueError("a workbook has no document type; this one was made to do harm")

    def opened(tag: str, attributes: dict[str, str]) -> None:
        start(tag.rpartition(" ")[2], {key.rpartition(" ")[2]: value for key, value in attributes.items()})

    def closed(tag: str) -> None:
        end(tag.rpartition(" ")[2])

    parser.StartDoctypeDeclHandler = refuse_doctype
    parser.StartElementHandler = opened
    parser.EndElementHandler = closed
    parser.CharacterDataHandler = data
    while chunk := stream.read(_CHUNK):
        parser.Parse(chunk, False)
    parser.Parse(b"", True)


def _sheets(parts: WorkbookParts) -> tuple[list[tuple[str, str, bool]], bool]:
    """Name, part and visibility of every sheet, and whether dates count from 1904."""
    by_id = parts.by_id()
    sheets = []
    is_1904 = False
    for tag, attributes in parts.elements(parts.workbook):
        if tag == "workbookPr":
            is_1904 = attributes.get("date1904", "0") in {"1", "true", "on"}
        elif tag == "sheet":
            if "chartsheet" in by_id[attributes["id"]]:
                continue
            visible = attributes.get("state", "visible") == "visible"
            sheets.append((attributes["name"], by_id[attributes["id"]], visible))
    return sheets, is_1904


def _pick(sheets: list[tuple[str, str, bool]], wanted: str | None, name: str) -> str:
    titles = [title for title, _, _ in sheets]
    if wanted is not None:
        found = [part for title, part, _ in sheets if title.strip().casefold() == wanted.strip().casefold()]
        if not found:
            raise bad_config(
                f"{name} has no sheet {wanted!r}",
                hint=f"set sheet: {did_you_mean(wanted, titles)}",
            )
        return found[0]
    visible = [part for _, part, shown in sheets if shown]
    if not visible:
        raise NoValueError(Cause.EMPTY, f"{name} has no visible sheet")
    if len(visible) > 1:
        raise bad_config(f"{name} has several sheets: {', '.join(titles)}", hint="set sheet to one of them")
    return visible[0]


def _formats(parts: WorkbookParts) -> list[str]:
    """For every cell style what its numbers are: ``date``, ``time`` of a date, ``duration``, ``percent`` or nothing special."""
    codes: dict[int, str] = {}
    shapes: list[str] = []
    in_cells = False
    for tag, attributes in parts.elements(parts.by_kind("styles")):
        if tag == "numFmt":
            codes[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif tag in {"cellXfs", "cellStyleXfs", "cellStyles", "dxfs"}:
            in_cells = tag == "cellXfs"
        elif tag == "xf" and in_cells:
            shapes.append(_shape(int(attributes.get("numFmtId", "0")), codes))
    return shapes


def _shape(number: int, codes: dict[int, str]) -> str:
    """A format with a year or a day shows a date; hours, minutes or seconds alone are a length of time."""
    code = codes.get(number)
    if code is None:
        built_in = {
            22: "time",
            9: "percent",
            10: "percent",
            **dict.fromkeys((18, 19, 20, 21, 32, 33, 45, 46, 47), "duration"),
        }
        return built_in.get(number, "date" if number in _DAY_FORMATS else "")
    bare = _QUOTED.sub("", code.split(";")[0]).lower()
    if "general" in bare:
        return ""
    if "[" in bare:
        return "duration"
    hours = bool({"h", "s"} & set(bare))
    if "y" in bare or "d" in bare or ("m" in bare and not hours):
        return "time" if hours else "date"
    if hours:
        return "duration"
    return "percent" if "%" in bare else ""


def _strings(parts: WorkbookParts) -> list[str]:
    part = parts.by_kind("sharedStrings")
    strings: list[str] = []
    if part is None:
        return strings
    text: list[str] = []
    reading, phonetic = False, 0

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal reading, phonetic
        if tag == "si":
            text.clear()
        elif tag == "rPh":
            phonetic += 1
        elif tag == "t":
            reading = not phonetic

    def end(tag: str) -> None:
        nonlocal reading, phonetic
        if tag == "t":
            reading = False
        elif tag == "rPh":
            phonetic -= 1
        elif tag == "si":
            strings.append("".join(text))

    def data(chunk: str) -> None:
        if reading:
            text.append(chunk)
            if len(text) * _CHUNK > LONGEST_TEXT and sum(map(len, text)) > LONGEST_TEXT:
                raise ValueError(f"a text of more than {LONGEST_TEXT} characters")

    with parts.archive.open(part) as stream:
        parse(stream, start, end, data)
    return strings
