"""Open a file for ``okrsync inspect`` by the code that a sync uses, under guessed keys."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from okrsync.errors import DataError
from okrsync_crm.dialects import DIALECTS, Dialect
from okrsync_crm.files.copy import StagingOrder, members, stage
from okrsync_crm.files.selection import ExportFile
from okrsync_crm.files.staged_file import StagedFile
from okrsync_crm.files.xml_kinds import is_open_document, is_spreadsheet_ml
from okrsync_crm.inspect import detection
from okrsync_crm.inspect.encodings import encoding_of
from okrsync_crm.settings import CrmSettings

SAMPLE: Final = 1 << 20
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class OpenedFile:
    """The guessed ``keys``, the file under them, and what to say. If no code page is certain, ``headers`` has the header by each.

    ``whole`` is a sheet from its first record on, whatever was taken for its header.
    """

    keys: dict[str, Any] = field(default_factory=dict)
    staged: list[StagedFile] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    whole: StagedFile | None = None


def opened(path: Path, folder: Path, settings: CrmSettings) -> OpenedFile:
    """Raises ``NoValueError`` if the file cannot be read, ``DataError`` if it has no header."""
    found = ExportFile(path=path, name=path.name, time=_EPOCH)
    head = _beginning(path)
    result = OpenedFile()
    if workbook := _is_typed(path, head):
        return _typed(found, folder, settings, workbook)
    if b"<table" in head.lower() or b"<html" in head.lower() or b"<meta" in head.lower():
        result.said.append("a web page with a table, as Bitrix24 names it .xls")
        result.keys = {"dialect": "bitrix24"}
        result.staged = stage(found, folder, StagingOrder(dialect=DIALECTS["bitrix24"]))
        return result
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        stage(found, folder, StagingOrder(dialect=Dialect()))  # refused, with what to do
    if head.startswith(b"PK\x03\x04"):
        result.said.append("an archive, read as the parts of one export")
    return _text(found, folder, result)


def _is_typed(path: Path, head: bytes) -> str:
    from okrsync_crm.files.workbook_parts import is_workbook

    if head.startswith(b"PK\x03\x04") and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if is_workbook(archive):
                return "a workbook: numbers and dates carry their types"
            if is_open_document(archive):
                return "an OpenDocument spreadsheet: numbers and dates carry their types"
            if all(name.casefold().endswith((".xlsx", ".xlsm", ".ods")) for name in members(archive) or [""]):
                return "an archive of workbooks, read as the parts of one export"
    if is_spreadsheet_ml(head):
        return "an XML spreadsheet of Excel 2003: numbers and dates carry their types"
    return ""


def _typed(found: ExportFile, folder: Path, settings: CrmSettings, said: str) -> OpenedFile:
    """A workbook; title rows above the header are found by their cells."""
    whole = stage(found, folder, StagingOrder(dialect=Dialect(), sheet=settings.sheet, titled=True))[0]
    rows = [whole.header, *whole.sample]
    width = max((len(detection.trimmed(row)) for row in rows), default=0)
    at = detection.header_at(rows, width)
    numbers = whole.sheet_rows
    skip = numbers[at] - 1 if at and numbers is not None and at < len(numbers) else 0
    staged = stage(found, folder, StagingOrder(dialect=Dialect(skip_rows=skip), sheet=settings.sheet))
    lines = [said] + ([f"{skip} rows above the header"] if skip else [])
    keys: dict[str, Any] = {"sheet": settings.sheet} if settings.sheet is not None else {}
    return OpenedFile(keys | ({"skip_rows": skip} if skip else {}), staged, lines, whole=whole)


def _text(found: ExportFile, folder: Path, result: OpenedFile) -> OpenedFile:
    data = _sample(found.path)
    encoding = encoding_of(data)
    name = encoding.value or (encoding.alternatives[0] if encoding.alternatives else "latin-1")
    text = (
        data.decode("utf-8-sig" if name == "utf-8" else name, "replace")
        .replace("\r\n", "\n")
        .replace("\r", "\n")
    )
    shape = detection.shape_of(text)
    delimiter, skip = (shape.delimiter, shape.skip_rows) if shape is not None else (",", 0)
    other = f"; it could be {' or '.join(encoding.alternatives)}" if encoding.alternatives else ""
    result.said.append(f"encoding: {encoding.value or 'not decided'} ({encoding.why}{other})")
    lines = f", {skip} lines above the header" if skip else ""
    result.said.append(f"delimiter: {detection.named(delimiter)}{lines}")
    result.keys = {"encoding": name, "delimiter": delimiter, "skip_rows": skip}
    if encoding.value is None:
        line = skip + (1 if data[:4].lower() == b"sep=" else 0)
        result.headers = {one: data.decode(one).splitlines()[line][:200] for one in encoding.alternatives}
        if not result.headers:
            raise DataError(
                f"{found.name} is in no code page that is known here",
                hint="export it again as CSV in UTF-8, or as XLSX",
            )
        return result
    if shape is not None and shape.rows and detection.looks_like_records(shape.rows[0]):
        raise DataError(
            f"{found.name}, line {skip + 1}: this looks like a record, and there is no line with the columns' names",
            hint="export again with a header",
        )
    dialect = Dialect(
        encoding=name, delimiter=delimiter, skip_rows=skip, footer=DIALECTS["salesforce"].footer
    )
    result.staged = stage(found, folder, StagingOrder(dialect=dialect))
    if any(one.declared_rows is not None for one in result.staged) or "salesforce.com" in _tail(found.path):
        result.keys["dialect"] = "salesforce"
        result.said.append("a footer of Salesforce below the rows")
    else:
        result.staged = stage(found, folder, StagingOrder(dialect=replace(dialect, footer=())))
    return result


def _sample(path: Path) -> bytes:
    """The first bytes of the file or, of an archive, of its first member."""
    magic = _beginning(path)
    if magic.startswith(b"\x1f\x8b"):
        with gzip.open(path) as packed:
            return _whole_characters(packed.read(SAMPLE))
    if magic.startswith(b"PK"):
        with zipfile.ZipFile(path) as archive:
            names = members(archive)
            if not names:
                raise DataError(f"{path.name} holds no file", hint="export again")
            with archive.open(names[0]) as member:
                return _whole_characters(member.read(SAMPLE))
    with path.open("rb") as file:
        return _whole_characters(file.read(SAMPLE))


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(512)


def _whole_characters(data: bytes) -> bytes:
    """Without the line that the end of the sample cut, if it is one of many."""
    if len(data) < SAMPLE:
        return data
    return data[: data.rfind(b"\n") + 1] or data


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        return file.read().decode("latin-1")
