"""Read the cells of a sheet's XML, with error cells and formulas that were never calculated."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from okrsync_crm.files import cell_tags
from okrsync_crm.files.cell_tags import DATE, DURATION, ERROR, MONEY, NUMBER, PERCENT, UNCACHED, plain_text
from okrsync_crm.files.merged_cells import column_of
from okrsync_crm.files.record_writer import RecordWriter

_INTEGER: Final = re.compile(r"-?\d{1,15}")
_MAX_SERIAL: Final = 2_958_466  # the end of the year 9999


class SheetCells:
    """The handlers of a sheet's XML: one cell at a time, nothing else is kept."""

    def __init__(self, rows: RecordWriter, strings: list[str], formats: list[str], *, is_1904: bool) -> None:
        self.rows = rows
        # A text that begins like a mark is an error; it costs little to look at all of them here.
        self.strings = [plain_text(text) if text[:1] > "\ud7ff" else text for text in strings]
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
            if self._length > cell_tags.LONGEST_TEXT:
                raise ValueError(f"a cell of more than {cell_tags.LONGEST_TEXT} characters")

    def end(self, tag: str) -> None:
        if tag in {"v", "t"}:
            self._reading = False
        elif tag == "rPh":
            self._phonetic -= 1
        elif tag == "c":
            raw = "".join(self._text)
            unknown = not raw and self._formula and self._type != "str"
            self._record[self._column] = (
                UNCACHED if unknown else self.value_of(raw, kind=self._type, style=self._style)
            )
        elif tag == "row":
            self.rows.write(self.row, self._record)

    def value_of(self, raw: str, *, kind: str, style: str) -> str:
        """The text of a cell with its mark, out of what the sheet says of its value, its type and its style."""
        if kind == "e":
            return ERROR + raw
        if kind == "b":
            return "TRUE" if raw == "1" else "FALSE"
        if kind == "d":
            return DATE + raw
        if kind in {"s", "str", "inlineStr"}:
            return self.strings[int(raw)] if kind == "s" and raw else plain_text(raw)
        return self._number(raw, style) if raw else ""

    def _number(self, raw: str, style: str) -> str:
        number = int(style) if style else 0
        shape = self._formats[number] if number < len(self._formats) else ""
        if shape in {"date", "time"}:
            return self._date(float(raw), to_the_second=shape == "time")
        if shape == "duration":
            return f"{DURATION}{round(Decimal(raw) * 86_400_000)}"
        text = raw if _INTEGER.fullmatch(raw) else repr(float(raw))
        if "e" in text or "n" in text:  # an exponent, or no number at all
            text = f"{Decimal(text):f}"
        if shape[:6] == "money ":
            return f"{MONEY}{text} {shape[6:]}"
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
