"""Stream an XLSX: write one sheet as UTF-8 CSV whose typed cells carry a mark (cell_tags.py).

Rows as nearly all programs write them are read by patterns (quick_rows.py); a sheet with any other row by an XML parser.
"""

from __future__ import annotations

import csv
import zipfile
from array import array
from pathlib import Path
from typing import TextIO
from xml.parsers import expat

from okrsync_crm.files.merged_cells import MergedCells, merged_ranges
from okrsync_crm.files.quick_rows import QuickRows
from okrsync_crm.files.record_writer import RecordWriter
from okrsync_crm.files.sheet_cells import SheetCells
from okrsync_crm.files.workbook_parts import (
    UnusualXmlError,
    WorkbookParts,
    formats,
    parse,
    pick,
    sheets,
    strings,
)
from okrsync_crm.refusal import bad_data


def convert(
    archive: zipfile.ZipFile, target: Path, *, name: str, sheet: str | None, skip_rows: int
) -> tuple[array[int], bool]:
    """Write the sheet to ``target`` as CSV; return the sheet's row number of every record, and whether dates count from 1904.

    Rows of one sheet that is named, or the only visible one. Runs of blank rows become one blank record; every record
    is at least as wide as the first. Raises ``NoValueError``.
    """
    row = 0
    try:
        parts = WorkbookParts(archive)
        listed, is_1904 = sheets(parts)
        part = pick(listed, sheet, name)
        texts, shapes = strings(parts), formats(parts)
        merges = merged_ranges(archive, part)

        def opened(file: TextIO) -> SheetCells:
            writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
            rows = RecordWriter(writer.writerow, skip_rows, MergedCells(merges), file.write)
            return SheetCells(rows, texts, shapes, is_1904=is_1904)

        with target.open("w", encoding="utf-8", newline="") as file:
            cells = opened(file)
            try:
                with archive.open(part) as stream:
                    QuickRows(cells).read(stream)
            except (UnusualXmlError, expat.ExpatError, ValueError, IndexError, KeyError):
                # The parser reads it again and says what is wrong, and where.
                file.seek(0)
                file.truncate()
                cells = opened(file)
                try:
                    with archive.open(part) as stream:
                        parse(stream, cells.start, cells.end, cells.data)
                finally:
                    row = cells.row
    except (expat.ExpatError, ValueError, IndexError, KeyError) as error:
        raise bad_data(f"{name} is damaged near row {row}: {error}", hint="export again") from None
    return cells.rows.numbers, is_1904
