"""Read OpenDocument spreadsheets and Excel's XML of 2003, cell types and error cells included.

python-calamine reads OpenDocument files too, but it blanks error cells, and no kept library reads the other format.
"""

from __future__ import annotations

import csv
import re
import zipfile
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final
from xml.parsers import expat

from okrsync.connector import NoValueError
from okrsync.model import Cause
from okrsync.spelling import did_you_mean
from okrsync_crm.files.cell_tags import (
    DATE,
    DURATION,
    ERROR,
    LAST_COLUMN,
    LAST_ROW,
    LONGEST_TEXT,
    MONEY,
    NUMBER,
    PERCENT,
    UNCACHED,
    plain_text,
)
from okrsync_crm.files.merged_cells import MergedCells
from okrsync_crm.files.record_writer import RecordWriter
from okrsync_crm.files.workbook_parts import parse, shown_currency
from okrsync_crm.refusal import bad_config, bad_data

_DURATION: Final = re.compile(r"(-?)PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:[.,]\d+)?)S)?")
_ERRORS: Final = re.compile(r"#(?:DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!)|Err:\d+")


def convert_open_document(
    archive: zipfile.ZipFile, target: Path, *, name: str, sheet: str | None, skip_rows: int
) -> array[int]:
    with archive.open("content.xml") as stream:
        return _convert(stream, target, _OpenDocument(name, sheet, skip_rows))


def convert_spreadsheet_ml(
    source: Path, target: Path, *, name: str, sheet: str | None, skip_rows: int
) -> array[int]:
    with source.open("rb") as stream:
        return _convert(stream, target, _SpreadsheetMl(name, sheet, skip_rows))


def _convert(stream: IO[bytes], target: Path, sheets: _Sheets) -> array[int]:
    """Write the chosen sheet to ``target`` and return the sheet's row number of every record. Raises ``NoValueError``."""
    try:
        with target.open("w", encoding="utf-8", newline="") as file:
            sheets.writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow
            parse(stream, sheets.start, sheets.end, sheets.data)
        return sheets.chosen()
    except (expat.ExpatError, ValueError, IndexError, KeyError) as error:
        raise bad_data(
            f"{sheets.name} is damaged near row {sheets.row}: {error}", hint="export again"
        ) from None


class _Sheets:
    """What both formats share: sheets one after the other, of which one is written."""

    def __init__(self, name: str, wanted: str | None, skip_rows: int) -> None:
        self.name = name
        self.row = 0
        self.writer: Callable[[list[str]], object] = lambda _: None
        self._wanted = wanted
        self._skip = skip_rows
        self._titles: list[str] = []
        self._hidden: set[str] = set()
        self._records: RecordWriter | None = None
        self._numbers: array[int] | None = None
        self._cells: dict[int, str] = {}
        self._column = 0
        self._text: list[str] = []
        self._length = 0
        self._reading = False
        self._merges: list[tuple[int, int, int, str]] = []

    def begin_sheet(self, title: str, *, hidden: bool) -> None:
        self._titles.append(title)
        if hidden:
            self._hidden.add(title)
        self.row = 0
        self._merges = []
        chosen = title.strip().casefold() == self._wanted.strip().casefold() if self._wanted else not hidden
        self._records = None
        if chosen and self._numbers is None:
            self._records = RecordWriter(lambda cells: self.writer(list(cells)), self._skip, MergedCells(()))
            self._numbers = self._records.numbers

    def chosen(self) -> array[int]:
        visible = [title for title in self._titles if title not in self._hidden]
        if self._wanted and self._numbers is None:
            raise bad_config(
                f"{self.name} has no sheet {self._wanted!r}",
                hint=f"set sheet: {did_you_mean(self._wanted, self._titles)}",
            )
        if self._wanted is None and len(visible) > 1:
            raise bad_config(
                f"{self.name} has several sheets: {', '.join(visible)}",
                hint="set sheet to one of them; in a command write --sheet NAME",
            )
        if self._numbers is None:
            raise NoValueError(Cause.EMPTY, f"{self.name} has no visible sheet")
        return self._numbers

    def put(self, text: str, *, across: int = 1, down: int = 1) -> None:
        """One cell; a merged one gives its text or date to every row that it covers."""
        if self._column + across > LAST_COLUMN:
            if text:
                raise ValueError(f"column {self._column + across}: {LAST_COLUMN} is the last one")
            across = LAST_COLUMN - self._column
        if text and down > 1:
            each = (
                text
                if text[0] not in {NUMBER, PERCENT, DURATION, MONEY}
                else f"{ERROR}{text[1:]}, one number in merged cells"
            )
            self._merges.append((self.row, self.row + down - 1, self._column, each))
        if text:
            self._cells.update(dict.fromkeys(range(self._column, self._column + across), text))
        self._column += across

    def end_row(self, repeated: int = 1) -> None:
        cells = self._cells
        self._cells, self._column = {}, 0
        filled = any(text.strip() for text in cells.values())
        if filled and self.row + repeated - 1 > LAST_ROW:
            raise ValueError(f"row {self.row + repeated - 1}: {LAST_ROW} is the last one")
        if filled and self._records is not None:
            for number in range(self.row, self.row + repeated):
                self._merges = [merge for merge in self._merges if merge[1] >= number]
                self._records.write(
                    number, {**cells, **{column: text for _, _, column, text in self._merges}}
                )
        self.row += repeated - 1

    def data(self, text: str) -> None:
        if self._reading:
            self._text.append(text)
            self._length += len(text)
            if self._length > LONGEST_TEXT:
                raise ValueError(f"a cell of more than {LONGEST_TEXT} characters")

    def read(self) -> None:
        self._reading = True

    def taken(self) -> str:
        text = "".join(self._text)
        self._text, self._length, self._reading = [], 0, False
        return text

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        raise NotImplementedError

    def end(self, tag: str) -> None:
        raise NotImplementedError


class _OpenDocument(_Sheets):
    def __init__(self, name: str, wanted: str | None, skip_rows: int) -> None:
        super().__init__(name, wanted, skip_rows)
        self._attributes: dict[str, str] = {}
        self._repeated = 1
        self._paragraphs = 0
        self._annotation = 0
        self._hidden_styles: set[str] = set()
        self._style = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "style":
            self._style = attributes.get("name", "")
        elif tag == "table-properties" and attributes.get("display") == "false":
            self._hidden_styles.add(self._style)
        elif tag == "table":
            self.begin_sheet(
                attributes.get("name", ""), hidden=attributes.get("style-name", "") in self._hidden_styles
            )
        elif tag == "table-row":
            self.row += 1
            self._repeated = int(attributes.get("number-rows-repeated", "1"))
        elif tag in {"table-cell", "covered-table-cell"}:
            self._attributes, self._paragraphs = attributes, 0
        elif tag == "annotation":
            self._annotation += 1
        elif tag == "p" and not self._annotation:
            if self._paragraphs:
                self._text.append("\n")
            self._paragraphs += 1
            self.read()
        elif tag in {"s", "tab"} and self._reading:
            self._text.append(" " * int(attributes.get("c", "1")))

    def end(self, tag: str) -> None:
        if tag == "p":
            self._reading = False
        elif tag == "annotation":
            self._annotation -= 1
        elif tag == "table-cell":
            given = self._attributes
            repeated = int(given.get("number-columns-repeated", "1"))
            self.put(
                self._cell(self.taken()), across=repeated, down=int(given.get("number-rows-spanned", "1"))
            )
        elif tag == "covered-table-cell":
            self.taken()
            self.put("", across=int(self._attributes.get("number-columns-repeated", "1")))
        elif tag == "table-row":
            self.end_row(self._repeated)

    def _cell(self, text: str) -> str:
        given = self._attributes
        # Two attributes have this name: LibreOffice's own knows errors, the standard's does not.
        kind = given.get("value-type", "")
        if kind == "error" or ("formula" in given and _ERRORS.fullmatch(text)):
            return ERROR + text
        if "formula" in given and not kind:
            return UNCACHED
        if kind == "currency" and "currency" in given:
            return f"{MONEY}{given['value']} {given['currency']}"
        if kind in {"float", "currency"}:
            return NUMBER + given["value"]
        if kind == "percentage":
            return PERCENT + given["value"]
        if kind == "date":
            return DATE + given["date-value"].replace("T", " ").removesuffix(" 00:00:00")
        if kind == "time":
            return _length(given["time-value"])
        if kind == "boolean":
            return given["boolean-value"].upper()
        return plain_text(text or given.get("string-value", ""))


class _SpreadsheetMl(_Sheets):
    def __init__(self, name: str, wanted: str | None, skip_rows: int) -> None:
        super().__init__(name, wanted, skip_rows)
        self._cell_attributes: dict[str, str] = {}
        self._type = ""
        self._formats: dict[str, str] = {}
        self._style = ""
        self._span_down = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "Style":
            self._style = attributes.get("ID", "")
        elif tag == "NumberFormat":
            self._formats[self._style] = attributes.get("Format", "")
        elif tag == "Worksheet":
            self.begin_sheet(attributes.get("Name", ""), hidden=False)
        elif tag == "Row":
            self.row = int(attributes["Index"]) if "Index" in attributes else self.row + 1
        elif tag == "Cell":
            if "Index" in attributes:
                self._column = int(attributes["Index"]) - 1
            self._cell_attributes, self._type = attributes, ""
        elif tag == "Data":
            self._type = attributes.get("Type", "String")
            self.read()

    def end(self, tag: str) -> None:
        if tag == "Data":
            self._reading = False
        elif tag == "Cell":
            given = self._cell_attributes
            self.put(self._cell(self.taken()), down=int(given.get("MergeDown", "0")) + 1)
            self._column += int(given.get("MergeAcross", "0"))
        elif tag == "Row":
            self.end_row()

    def _cell(self, text: str) -> str:
        if self._type == "Error":
            return ERROR + text
        if not text and "Formula" in self._cell_attributes and self._type != "String":
            return UNCACHED
        if self._type == "Number":
            shape = self._formats.get(self._cell_attributes.get("StyleID", ""), "")
            if sign := "€" if shape == "Euro Currency" else shown_currency(shape):
                return f"{MONEY}{text} {sign}"
            return (PERCENT if "%" in shape or shape == "Percent" else NUMBER) + text
        if self._type == "DateTime":
            return DATE + text.removesuffix(".000").replace("T", " ").removesuffix(" 00:00:00")
        if self._type == "Boolean":
            return "TRUE" if text == "1" else "FALSE"
        return plain_text(text)


def _length(text: str) -> str:
    found = _DURATION.fullmatch(text)
    if found is None:
        return ERROR + text
    seconds = int(found[2] or 0) * 3600 + int(found[3] or 0) * 60 + float((found[4] or "0").replace(",", "."))
    return f"{DURATION}{'-' if found[1] else ''}{round(seconds * 1000)}"
