"""Read the HTML table that some CRMs call an Excel file, as strictly as any other file."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Final

from okrsync_crm.files.record_writer import RecordWriter
from okrsync_crm.refusal import bad_data

_CHARSET: Final = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?([\w-]+)", re.IGNORECASE)


def charset_of(head: bytes) -> str | None:
    """The code page that the page itself declares."""
    found = _CHARSET.search(head)
    return found[1].decode("ascii").lower() if found else None


def convert(chunks: Iterable[str], rows: RecordWriter, name: str) -> None:
    """Write the rows of the page's one table. Raises ``NoValueError`` if it has none or several, or is cut off."""
    table = _Table(rows, name)
    for chunk in chunks:
        table.feed(chunk)
    table.close()
    if not table.seen:
        raise bad_data(
            f"{name} is a web page without a table: {table.said or 'it is empty'}",
            hint="look at it in a browser; sign in and export again",
        )
    if table.depth:
        raise bad_data(f"{name} is cut off: its table does not end", hint="export again")


class _Table(HTMLParser):
    def __init__(self, rows: RecordWriter, name: str) -> None:
        super().__init__(convert_charrefs=True)
        self._rows = rows
        self._name = name
        self._row: list[str] | None = None
        self._cell: list[str] | None = None
        self._number = 0
        self._hidden = 0
        self.seen = 0
        self.depth = 0
        self.said = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.seen += 1
            self.depth += 1
            if self.seen > 1:
                raise bad_data(
                    f"{self._name} has more than one table",
                    hint="export as CSV or XLSX",
                )
        elif tag == "tr":
            self._end_row()
            self._row, self._number = [], self._number + 1
        elif tag in {"td", "th"} and self._row is not None:
            self._end_cell()
            if dict(attrs).get("colspan", "1") not in {"1", "", None} or dict(attrs).get(
                "rowspan", "1"
            ) not in {
                "1",
                "",
                None,
            }:
                raise bad_data(
                    f"{self._name}, row {self._number}: merged cells", hint="export as CSV or XLSX"
                )
            self._cell = []
        elif tag == "br" and self._cell is not None:
            self._cell.append("\n")
        elif tag in {"style", "script", "title"}:
            self._hidden += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._end_row()
            self.depth -= 1
        elif tag == "tr":
            self._end_row()
        elif tag in {"td", "th"}:
            self._end_cell()
        elif tag in {"style", "script", "title"}:
            self._hidden = max(0, self._hidden - 1)

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._cell is not None:
            self._cell.append(data)
        elif not self.seen:
            self.said = f"{self.said} {data.strip()}".strip()[:80]

    def _end_cell(self) -> None:
        if self._cell is not None and self._row is not None:
            self._row.append("".join(self._cell).strip())
        self._cell = None

    def _end_row(self) -> None:
        self._end_cell()
        if self._row is not None:
            self._rows.write(self._number, dict(enumerate(self._row)))
        self._row = None
