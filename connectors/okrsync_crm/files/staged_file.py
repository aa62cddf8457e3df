"""Declare a file that is ready to be scanned: its header, its first records, how it is written."""

from __future__ import annotations

import contextlib
import csv
import itertools
import os
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from okrsync.connector import NoValueError
from okrsync.model import Cause
from okrsync_crm.dialects import Dialect
from okrsync_crm.files.footer import cut_footer
from okrsync_crm.refusal import bad_config, bad_data

SAMPLED: Final = 100
LONGEST_CELL: Final = 16_000_000
OTHER_DELIMITERS: Final = ",;\t|"
_NEARLY_ALL: Final = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedFile:
    """A text file that starts with its header and ends with its last row: a private UTF-8 copy, or the file as it lies.

    ``first_line`` is the header's line in the original; ``sheet_rows`` are the original row numbers of a sheet's
    records, header first. ``tagged`` cells carry their type (see workbook.py); ``is_1904``: days count from 1904. ``declared_rows`` is what the footer says.
    ``sample`` are the first records. ``origin`` is the file that was not copied, because it needs no change,
    and ``state`` its size and time. ``encoding`` is what DuckDB reads it as; if that is Latin-1, its texts are of ``code_page``.
    """

    path: Path
    name: str
    header: tuple[str, ...]
    delimiter: str
    first_line: int = 1
    tagged: bool = False
    is_1904: bool = False
    sheet_rows: array[int] | None = None
    declared_rows: int | None = None
    sample: tuple[tuple[str, ...], ...] = ()
    origin: Path | None = None
    state: tuple[int, int] = (0, 0)
    encoding: str = "utf-8"
    code_page: str | None = None


def refuse_changed(files: Sequence[StagedFile]) -> None:
    """Raise ``NoValueError`` if a file that was read where it lies has changed since it was looked at."""
    for file in files:
        if file.origin is not None and file.state != state_of(file.origin.stat()):
            raise still_written(file.name)


def state_of(found: os.stat_result) -> tuple[int, int]:
    return found.st_size, found.st_mtime_ns


def still_written(name: str) -> NoValueError:
    return NoValueError(Cause.UNAVAILABLE, f"{name} is still being written", hint="run again when it is done")


def finished(path: Path, name: str, dialect: Dialect, *, first_line: int, titled: bool = False) -> StagedFile:
    """``titled``: the first record may be a title above the header, which is narrower than the rows."""
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
    refuse_other_delimiter(name, header, sample, dialect.delimiter)
    return StagedFile(
        path=path,
        name=name,
        header=tuple(header) if titled else fitted(header, sample, f"{name}, line {first_line}"),
        delimiter=dialect.delimiter,
        first_line=first_line,
        declared_rows=declared,
        sample=sample,
    )


def refuse_other_delimiter(
    name: str, header: Sequence[str], sample: Sequence[Sequence[str]], delimiter: str
) -> None:
    """Refuse a file of one column whose every row another delimiter cuts into as many cells as the header."""
    if len(header) > 1:
        return
    for sign in OTHER_DELIMITERS.replace(delimiter, ""):
        count = header[0].count(sign)
        if count and sample and all(len(row) == 1 and row[0].count(sign) == count for row in sample if row):
            raise bad_config(
                f"{name}: the whole header is one column, {header[0][:80]!r}", hint=f"set delimiter: {sign!r}"
            )


def _sampled(path: Path, dialect: Dialect) -> tuple[tuple[str, ...], ...]:
    """The first records, as far as they can be parted; what is wrong with them is found when all are read."""
    with path.open(encoding="utf-8", newline="") as file, contextlib.suppress(csv.Error):
        rows = csv.reader(file, delimiter=dialect.delimiter, **quoting_of(dialect))
        return tuple(tuple(row) for row in itertools.islice(rows, 1, 1 + SAMPLED))
    return ()


def quoting_of(dialect: Dialect) -> dict[str, Any]:
    return {"doublequote": False, "escapechar": "\\"} if dialect.quotes == "backslash" else {}


def fitted(header: Sequence[str], sample: Sequence[Sequence[str]], place: str) -> tuple[str, ...]:
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
