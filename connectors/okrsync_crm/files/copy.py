"""From an exported file to a private UTF-8 copy that one SQL scan can read: verified, never guessed.

What is not as declared ends here with the file, the line or byte, the offending text, and the key to set.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import gzip
import io
import itertools
import os
import re
import zipfile
from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from okrsync.connector import NoValueError
from okrsync.model import Cause
from okrsync_crm.dialects import Dialect
from okrsync_crm.files import webpage
from okrsync_crm.files.footer import TAIL, cut_footer
from okrsync_crm.files.limits import chunks_of, copied, refuse_parts, too_large
from okrsync_crm.files.ready_text import is_ready
from okrsync_crm.files.selection import ExportFile
from okrsync_crm.files.sheet_xml import (
    convert_open_document,
    convert_spreadsheet_ml,
    is_open_document,
    is_spreadsheet_ml,
)
from okrsync_crm.files.webpage import charset_of
from okrsync_crm.files.workbook import RecordWriter
from okrsync_crm.refusal import bad_config, bad_data
from okrsync_crm.settings import FileLimits

CHUNK: Final = 1 << 20
SAMPLED: Final = 100
LONGEST_CELL: Final = 16_000_000
_NEARLY_ALL: Final = 0.8
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NEEDS_BOM: Final = {"utf-16", "utf-32"}
_HTML: Final = re.compile(r"\s*<(?:!doctype|html|head|body|meta|table|script|\?xml)", re.IGNORECASE)
_SEP: Final = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedFile:
    """A private UTF-8 copy that starts with its header and ends with its last row.

    ``first_line`` is the header's line in the original; ``sheet_rows`` are the original row numbers of a sheet's
    records, header first. ``tagged`` cells carry their type (see workbook.py). ``declared_rows`` is what the footer says.
    ``sample`` are the first records. ``origin`` is the file that was not copied, because it needs no change,
    and ``state`` its size and time.
    """

    path: Path
    name: str
    header: tuple[str, ...]
    delimiter: str
    first_line: int = 1
    tagged: bool = False
    sheet_rows: array[int] | None = None
    declared_rows: int | None = None
    sample: tuple[tuple[str, ...], ...] = ()
    origin: Path | None = None
    state: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class StagingOrder:
    """How a file is to be read: as which dialect, which sheet of it, and within which limits."""

    dialect: Dialect
    sheet: str | None = None
    limits: FileLimits = field(default_factory=FileLimits)


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
    if _state(before) != _state(after):
        raise _still_written(found.name)
    return staged


def refuse_changed(files: Sequence[StagedFile]) -> None:
    """Raise ``NoValueError`` if a file that was read where it lies has changed since it was looked at."""
    for file in files:
        if file.origin is not None and file.state != _state(file.origin.stat()):
            raise _still_written(file.name)


def _state(found: os.stat_result) -> tuple[int, int]:
    return found.st_size, found.st_mtime_ns


def _still_written(name: str) -> NoValueError:
    return NoValueError(Cause.UNAVAILABLE, f"{name} is still being written", hint="run again when it is done")


def _stage(path: Path, name: str, folder: Path, order: StagingOrder) -> list[StagedFile]:
    dialect = order.dialect
    with path.open("rb") as file:
        magic = file.read(512)
    if is_spreadsheet_ml(magic):
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
    target = _fresh_name(folder)
    with path.open("rb") as source, target.open("w", encoding="utf-8", newline="") as copy:
        declared = charset_of(source.read(TAIL)) or dialect.encoding
        source.seek(0)
        rows = RecordWriter(
            csv.writer(copy, lineterminator="\n", quoting=csv.QUOTE_ALL).writerow, dialect.skip_rows
        )
        try:
            webpage.convert(_decoded(source, name, declared), rows, name)
        except LookupError:
            raise bad_data(f"{name} says it is written in {declared}, which is no encoding") from None
    staged = _finish(target, name, replace(dialect, delimiter=","), first_line=1)
    return replace(staged, sheet_rows=rows.numbers)


def _typed(target: Path, name: str, order: StagingOrder, rows: array[int]) -> StagedFile:
    staged = _finish(target, name, replace(order.dialect, delimiter=",", quotes="double"), first_line=1)
    return replace(staged, tagged=True, sheet_rows=rows)


def _stage_zip(path: Path, name: str, folder: Path, order: StagingOrder) -> list[StagedFile]:
    from okrsync_crm.files.workbook import convert, is_workbook

    with zipfile.ZipFile(path) as archive:
        if is_workbook(archive):
            refuse_parts(archive, name, order.limits)
            target = _fresh_name(folder)
            rows = convert(archive, target, name=name, sheet=order.sheet, skip_rows=order.dialect.skip_rows)
            return [_typed(target, name, order, rows)]
        if is_open_document(archive):
            refuse_parts(archive, name, order.limits)
            target = _fresh_name(folder)
            rows = convert_open_document(
                archive, target, name=name, sheet=order.sheet, skip_rows=order.dialect.skip_rows
            )
            return [_typed(target, name, order, rows)]
        parts = []
        for member in sorted(archive.namelist()):
            if member.endswith("/") or member.startswith("__MACOSX"):
                continue
            unpacked = _fresh_name(folder)
            size = archive.getinfo(member).compress_size
            with archive.open(member) as packed:
                copied(chunks_of(packed), unpacked, f"{name}/{member}", order.limits, packed=size)
            parts += _stage(unpacked, f"{name}/{member}", folder, order)
        if not parts:
            raise NoValueError(Cause.EMPTY, f"{name} holds no file")
        return parts


def _fresh_name(folder: Path) -> Path:
    return folder / f"{len(os.listdir(folder))}.csv"  # noqa: PTH208 - counts names only


def _stage_text(path: Path, name: str, folder: Path, dialect: Dialect) -> StagedFile:
    target = _fresh_name(folder)
    if is_ready(path, dialect) and _linked(path, target):
        state = _state(path.stat())
        return replace(_finish(target, name, dialect, first_line=1), origin=path, state=state)
    quotes = 0
    with path.open("rb") as source, target.open("w", encoding="utf-8", newline="") as copy:
        chunks = _decoded(source, name, dialect.encoding)
        first_line, chunks = _without_preamble(chunks, name, dialect)
        for text in chunks:
            quotes += text.count('"')
            copy.write(text)
    staged = _finish(target, name, dialect, first_line=first_line)
    # Quotes come in pairs in a sound file; where they do not, a quote was left open or stands in bare text.
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


def _decoded(source: io.BufferedReader, name: str, declared: str) -> Iterator[str]:
    """The file's text with line feeds as its only line ends. Raises ``NoValueError`` at the first byte that is no text."""
    head = source.read(4)
    bom, encoding = next(((bom, found) for bom, found in _BOMS if head.startswith(bom)), (b"", declared))
    if not bom and codecs.lookup(declared).name in _NEEDS_BOM:
        raise bad_data(f"{name} has no byte order mark", hint=f"set encoding: {declared}-le (or -be)")
    source.seek(len(bom))
    offset, line = len(bom), 1
    legacy = not codecs.lookup(encoding).name.startswith("utf")
    decoder = codecs.getincrementaldecoder(encoding)()
    newlines = io.IncrementalNewlineDecoder(None, translate=True)
    as_utf8 = _Utf8Test() if legacy else None
    while True:
        chunk = source.read(CHUNK)
        pending = decoder.getstate()[0]
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            data = pending + chunk
            line += data[: error.start].decode(encoding, "replace").count("\n")
            raise _undecodable(name, encoding, error, data, offset - len(pending), line) from None
        if as_utf8 is not None:
            as_utf8.feed(chunk)
        if "\0" in text:
            line += text[: text.index("\0")].count("\n")
            raise bad_data(
                f"{name}, line {line}: a NUL character", hint="is it UTF-16? set encoding: utf-16-le"
            )
        line += text.count("\n")
        offset += len(chunk)
        yield newlines.decode(text, final=not chunk)
        if not chunk:
            break
    if as_utf8 is not None and as_utf8.certain:
        raise bad_data(f"{name} is written in utf-8, not in {declared}", hint="set encoding: utf-8")


class _Utf8Test:
    """Whether text that was declared a legacy code page is UTF-8: nobody types its byte pairs by chance."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._possible = True
        self._beyond_ascii = False

    @property
    def certain(self) -> bool:
        return self._possible and self._beyond_ascii

    def feed(self, chunk: bytes) -> None:
        if not self._possible:
            return
        try:
            self._decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError:
            self._possible = False
        self._beyond_ascii = self._beyond_ascii or not chunk.isascii()


def _undecodable(
    name: str, encoding: str, error: UnicodeDecodeError, data: bytes, start: int, line: int
) -> NoValueError:
    at = start + error.start
    around = data[max(0, error.start - 20) : error.start + 20].decode(encoding, "replace")
    bad = data[error.start : error.end][:4].hex(" ")
    if error.reason in {"unexpected end of data", "truncated data"}:
        return bad_data(
            f"{name} ends in the middle of a character (byte {at}): it is cut off", hint="export again"
        )
    return bad_data(
        f"{name}, line {line}, byte {at}: {bad} is no {encoding} text, near {around!r}",
        hint="set encoding to the file's code page (cp1252 in western Europe, cp1251 in Cyrillic ones)",
    )


def _without_preamble(chunks: Iterator[str], name: str, dialect: Dialect) -> tuple[int, Iterator[str]]:
    """The line number of the header, and the text from there on. Checks the ``sep=`` line that Excel may put first."""
    start = ""
    ended = False
    lines: list[str] = []
    # Enough to hold the preamble, the sep= line and the header's first line.
    while not ended and (len(lines) < dialect.skip_rows + 3 or not start.strip()):
        chunk = next(chunks, None)
        ended = chunk is None
        start += chunk or ""
        lines = start.split("\n")
    drop = 0
    if declared := _SEP.fullmatch(lines[0]):
        if declared[1] != dialect.delimiter:
            raise bad_config(
                f"{name} says sep={declared[1]} but delimiter is {dialect.delimiter!r}",
                hint=f"set delimiter: {declared[1]!r}",
            )
        drop = 1
    drop += dialect.skip_rows
    while drop < len(lines) - 1 and not lines[drop].strip():
        drop += 1
    rest = "\n".join(lines[drop:])
    return drop + 1, itertools.chain([rest], chunks)


def _finish(path: Path, name: str, dialect: Dialect, *, first_line: int) -> StagedFile:
    csv.field_size_limit(LONGEST_CELL)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file, delimiter=dialect.delimiter, **quoting_of(dialect))
            header = next(reader, [])
    except csv.Error as error:
        raise bad_data(f"{name}, line {first_line}: the header cannot be read: {error}") from None
    if not any(cell.strip() for cell in header):
        raise NoValueError(
            Cause.EMPTY, f"{name} is empty", hint="look why the export has no rows; it is not taken as 0"
        )
    declared = cut_footer(path, dialect, len(header))
    sample = _sampled(path, dialect)
    return StagedFile(
        path=path,
        name=name,
        header=_fitted(header, sample, f"{name}, line {first_line}"),
        delimiter=dialect.delimiter,
        first_line=first_line,
        declared_rows=declared,
        sample=sample,
    )


def _sampled(path: Path, dialect: Dialect) -> tuple[tuple[str, ...], ...]:
    """The first records, as far as they can be told apart; what is wrong with them is found when all are read."""
    with path.open(encoding="utf-8", newline="") as file, contextlib.suppress(csv.Error):
        rows = csv.reader(file, delimiter=dialect.delimiter, **quoting_of(dialect))
        return tuple(tuple(row) for row in itertools.islice(rows, 1, 1 + SAMPLED))
    return ()


def quoting_of(dialect: Dialect) -> dict[str, Any]:
    return {"doublequote": False, "escapechar": "\\"} if dialect.quotes == "backslash" else {}


def _fitted(header: Sequence[str], sample: Sequence[Sequence[str]], place: str) -> tuple[str, ...]:
    """The header as wide as the rows: one delimiter too many at the end of either is no column."""
    named = max(n for n, name in enumerate(header) if name.strip()) + 1
    widths = Counter(len(row) for row in sample if any(cell.strip() for cell in row))
    if not widths:
        return tuple(header)
    width, rows = widths.most_common(1)[0]
    if width == len(header) or rows < _NEARLY_ALL * sum(widths.values()) or (rows == 1 and len(widths) > 1):
        return tuple(header)
    if named <= width < len(header):
        return tuple(header[:width])
    if width > len(header) and all(not any(cell.strip() for cell in row[len(header) :]) for row in sample):
        return (*header, *[""] * (width - len(header)))
    if rows > 1:
        raise bad_data(
            f"{place}: the header has {named} columns and the rows have {width}",
            hint="is this line the header? skip_rows is the number of lines above it; else name all columns in the export",
        )
    return tuple(header)


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
