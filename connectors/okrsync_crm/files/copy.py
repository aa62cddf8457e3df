"""Make a private UTF-8 copy of an export that one SQL scan can read: verified, never guessed.

What is not as declared ends here with the file, the line or byte, the offending text, and the key to set.
"""

from __future__ import annotations

import csv
import gzip
import os
import re
import zipfile
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Final

from okrsync.connector import NoValueError
from okrsync.model import Cause
from okrsync_crm.dialects import Dialect
from okrsync_crm.files import plain_text
from okrsync_crm.files.footer import TAIL
from okrsync_crm.files.limits import chunks_of, copied, refuse_parts, too_large
from okrsync_crm.files.ready_text import is_ready
from okrsync_crm.files.selection import ExportFile
from okrsync_crm.files.staged_file import StagedFile, finished, quoting_of, state_of, still_written
from okrsync_crm.files.text import decoded, without_preamble
from okrsync_crm.files.xml_kinds import is_open_document, is_spreadsheet_ml
from okrsync_crm.refusal import bad_config, bad_data
from okrsync_crm.settings import FileLimits

_HTML: Final = re.compile(r"\s*<(?:!doctype|html|head|body|meta|table|script|\?xml)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class StagingOrder:
    """How a file is to be read: as which dialect, which sheet of it, and within which limits.

    ``titled``: a sheet may begin with titles above its header, which are handed out as its first records.
    """

    dialect: Dialect
    sheet: str | None = None
    titled: bool = False
    limits: FileLimits = field(default_factory=FileLimits)


def as_it_lies(files: Sequence[ExportFile], order: StagingOrder) -> StagedFile | None:
    """The only file, if it is a text that needs no copy and no other kind of file."""
    if len(files) > 1 or order.sheet is not None:
        return None
    (found,) = files
    try:
        with found.path.open("rb") as file:
            magic = file.read(512)
        if _HTML.match(magic.decode("latin-1").removeprefix("ï»¿")):
            return None
        lying = plain_text.as_it_lies(found.path, found.name, order.dialect)
    except OSError:
        return None
    return lying if lying is not None and len(lying.header) <= order.limits.columns else None


def stage(found: ExportFile, folder: Path, order: StagingOrder) -> list[StagedFile]:
    """The file, or the files of an archive, ready to be scanned. Raises ``NoValueError``."""
    try:
        before = found.path.stat()
        staged = _stage(found.path, found.name, folder, order)
        after = found.path.stat()
    except PermissionError:
        raise NoValueError(
            Cause.ACCESS,
            f"{found.name} may not be read",
            hint="give the account that runs okrsync read access",
        ) from None
    except FileNotFoundError:
        raise NoValueError(
            Cause.UNAVAILABLE, f"{found.name} went away while it was read", hint="run again"
        ) from None
    for one in staged:
        if len(one.header) > order.limits.columns:
            raise too_large(one.name, f"more than {order.limits.columns} columns wide", "columns")
    if state_of(before) != state_of(after):
        raise still_written(found.name)
    return staged


def _stage(path: Path, name: str, folder: Path, order: StagingOrder) -> list[StagedFile]:
    dialect = order.dialect
    with path.open("rb") as file:
        magic = file.read(512)
    if is_spreadsheet_ml(magic):
        from okrsync_crm.files.sheet_xml import convert_spreadsheet_ml

        target = _fresh_name(folder)
        rows = convert_spreadsheet_ml(path, target, name=name, sheet=order.sheet, skip_rows=dialect.skip_rows)
        return [_typed(target, name, order, rows)]
    if _HTML.match(magic.decode("latin-1").removeprefix("ï»¿")):
        if dialect.html:
            return [_stage_page(path, name, folder, dialect)]
        raise bad_data(
            f"{name} is a web page (HTML), not an export", hint="sign in and export again as CSV or XLSX"
        )
    if magic.startswith(b"PK\x03\x04"):
        try:
            return _stage_zip(path, name, folder, order)
        except (zipfile.BadZipFile, EOFError, RuntimeError) as error:
            raise bad_data(
                f"{name} is cut off, damaged or locked with a password: {error}", hint="export again"
            ) from None
    if magic.startswith(b"\x1f\x8b"):
        unpacked = _fresh_name(folder)
        try:
            with gzip.open(path) as packed:
                copied(chunks_of(packed), unpacked, name, order.limits, packed=path.stat().st_size)
        except (EOFError, gzip.BadGzipFile) as error:
            raise bad_data(f"{name} is cut off or damaged: {error}", hint="export again") from None
        return _stage(unpacked, name, folder, order)
    if magic.startswith(b"\xd0\xcf\x11\xe0"):
        raise bad_data(f"{name} is an old XLS or a workbook with a password", hint="export it as XLSX or CSV")
    if order.sheet is not None:
        raise bad_config(f"{name} is a text file and has no sheet {order.sheet!r}", hint="remove sheet")
    return [_stage_text(path, name, folder, dialect)]


def _stage_page(path: Path, name: str, folder: Path, dialect: Dialect) -> StagedFile:
    from okrsync_crm.files import webpage
    from okrsync_crm.files.record_writer import RecordWriter

    target = _fresh_name(folder)
    with path.open("rb") as source, target.open("w", encoding="utf-8", newline="") as copy:
        declared = webpage.charset_of(source.read(TAIL)) or dialect.encoding
        source.seek(0)
        rows = RecordWriter(
            csv.writer(copy, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow, dialect.skip_rows
        )
        try:
            webpage.convert(decoded(source, name, declared), rows, name)
        except LookupError:
            raise bad_data(f"{name} says it is written in {declared}, which is no encoding") from None
    staged = finished(target, name, replace(dialect, delimiter=","), first_line=1)
    return replace(staged, sheet_rows=rows.numbers)


def _typed(target: Path, name: str, order: StagingOrder, rows: array[int]) -> StagedFile:
    dialect = replace(order.dialect, delimiter=",", quotes="double")
    staged = finished(target, name, dialect, first_line=1, titled=order.titled)
    return replace(staged, tagged=True, sheet_rows=rows)


def _stage_zip(path: Path, name: str, folder: Path, order: StagingOrder) -> list[StagedFile]:
    from okrsync_crm.files.sheet_xml import convert_open_document
    from okrsync_crm.files.workbook import convert
    from okrsync_crm.files.workbook_parts import is_workbook

    with zipfile.ZipFile(path) as archive:
        if is_workbook(archive):
            refuse_parts(archive, name, order.limits)
            target = _fresh_name(folder)
            rows, is_1904 = convert(
                archive, target, name=name, sheet=order.sheet, skip_rows=order.dialect.skip_rows
            )
            return [replace(_typed(target, name, order, rows), is_1904=is_1904)]
        if is_open_document(archive):
            refuse_parts(archive, name, order.limits)
            target = _fresh_name(folder)
            rows = convert_open_document(
                archive, target, name=name, sheet=order.sheet, skip_rows=order.dialect.skip_rows
            )
            return [_typed(target, name, order, rows)]
        parts = []
        for member in members(archive):
            unpacked = _fresh_name(folder)
            size = archive.getinfo(member).compress_size
            with archive.open(member) as packed:
                copied(chunks_of(packed), unpacked, f"{name}/{member}", order.limits, packed=size)
            parts += _stage(unpacked, f"{name}/{member}", folder, order)
        if not parts:
            raise NoValueError(Cause.EMPTY, f"{name} holds no file")
        return parts


def members(archive: zipfile.ZipFile) -> list[str]:
    """The files of an archive, without those that a machine adds for itself."""
    return sorted(
        name
        for name in archive.namelist()
        if not name.endswith("/")
        and not name.startswith("__MACOSX")
        and not PurePosixPath(name).name.startswith(".")
        and PurePosixPath(name).name.casefold() not in {"thumbs.db", "desktop.ini"}
    )


def _fresh_name(folder: Path) -> Path:
    return folder / f"{len(os.listdir(folder))}.csv"  # noqa: PTH208 - counts names only


def _stage_text(path: Path, name: str, folder: Path, dialect: Dialect) -> StagedFile:
    target = _fresh_name(folder)
    if is_ready(path, dialect) and _linked(path, target):
        state = state_of(path.stat())
        return replace(finished(target, name, dialect, first_line=1), origin=path, state=state)
    quotes = 0
    with path.open("rb") as source, target.open("w", encoding="utf-8", newline="") as copy:
        chunks = decoded(source, name, dialect.encoding)
        first_line, chunks = without_preamble(chunks, name, dialect)
        for text in chunks:
            quotes += text.count('"')
            copy.write(text)
    staged = finished(target, name, dialect, first_line=first_line)
    # Quotes come in pairs in a sound file; if they do not, a quote was left open or is in bare text.
    if quotes % 2 and dialect.quotes == "double":
        _refuse_open_quote(staged, dialect)
    return staged


def _linked(path: Path, target: Path) -> bool:
    """Whether the file could get a second name in the private folder, the only place that the database may read.

    DuckDB follows a symbolic link and refuses what is elsewhere; a hard link needs the same file system.
    """
    try:
        target.hardlink_to(path)
    except OSError:
        return False
    return True


def _refuse_open_quote(staged: StagedFile, dialect: Dialect) -> None:
    begins = staged.first_line
    with staged.path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file, delimiter=staged.delimiter, strict=True, **quoting_of(dialect))
        try:
            for _ in reader:
                begins = staged.first_line + reader.line_num
        except csv.Error:
            raise bad_data(
                f"{staged.name}, line {begins}: a quotation mark is opened and never closed",
                hint="export again: the file is cut off or was edited by hand",
            ) from None
