"""Hand out the rows of a file for ``okrsync import``, read by the code that a sync uses."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

from okrsync.connector import NoValueError
from okrsync.discovery import ExportedCell, ExportedRow, ExportedTable
from okrsync.errors import DataError
from okrsync.ports import ConnectorContext
from okrsync_crm.files.cell_tags import DATE, DURATION, ERROR, MONEY, NUMBER, PERCENT, TAGS, UNCACHED
from okrsync_crm.files.private_folder import private_folder
from okrsync_crm.files.staged_file import StagedFile
from okrsync_crm.inspect.opened_file import opened
from okrsync_crm.settings import CrmSettings


def exported_rows(settings: CrmSettings, context: ConnectorContext) -> ExportedTable:
    """Header and rows of the file at ``settings.path``; of a sheet its first row and all others, titles included.

    Raises ``DataError`` if the file cannot be read for certain.
    """
    path = Path(context.base) / settings.path
    if not path.is_file():
        raise DataError(f"there is no file {settings.path}", hint="name one CSV or XLSX file")
    try:
        with private_folder() as folder:
            file = opened(path, folder, settings)
            if not file.staged:
                names = " or ".join(file.headers)
                raise DataError(
                    f"{path.name} is in {names}, and nothing in it says which", hint="save it as CSV in UTF-8"
                )
            staged = file.whole or file.staged[0]
            return ExportedTable(
                header=tuple(one.strip() for one in staged.header),
                rows=tuple(_rows(staged)),
                notes=tuple(file.said),
            )
    except NoValueError as refusal:
        raise DataError(refusal.message, hint=refusal.hint) from None
    except (csv.Error, UnicodeError, LookupError, zipfile.BadZipFile, EOFError, ValueError) as error:
        raise DataError(
            f"{path.name} cannot be read: {type(error).__name__}: {error}",
            hint="save it again as CSV in UTF-8, or as XLSX",
        ) from error


def _rows(staged: StagedFile) -> Iterator[ExportedRow]:
    with staged.path.open(encoding="utf-8", newline="") as file:
        for index, cells in enumerate(csv.reader(file, delimiter=staged.delimiter)):
            if index and any(cell.strip() for cell in cells):
                numbers = staged.sheet_rows
                known = numbers is not None and index < len(numbers)
                row = numbers[index] if known and numbers is not None else staged.first_line + index
                yield ExportedRow(number=row, cells=tuple(_cell(one) for one in cells))


def _cell(raw: str) -> ExportedCell:
    """Only a typed cell has a number of its own; what is written as text is for the reader to understand."""
    tag, text = (raw[:1], raw[1:]) if raw[:1] and raw[:1] in TAGS else ("", raw.strip())
    if tag in {ERROR, UNCACHED} and tag:
        return ExportedCell(text=text or "formula never calculated", problem="the cell shows an error")
    if tag in {NUMBER, PERCENT, MONEY} and tag:
        try:
            number = Decimal(text.partition(" ")[0])
        except InvalidOperation:
            return ExportedCell(text=text)
        shown = f"{number * 100:f}%" if tag == PERCENT else text
        return ExportedCell(
            text=shown, number=number * 100 if tag == PERCENT else number, percent=tag == PERCENT
        )
    if tag == DURATION and tag:
        return ExportedCell(text=f"{Decimal(text) / 1000:f} s")
    return ExportedCell(text=text[:10] if tag == DATE and tag else text)
