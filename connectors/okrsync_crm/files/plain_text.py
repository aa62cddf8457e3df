"""Open a text file as it lies on the disk: DuckDB reads it there, and no private copy is made.

DuckDB itself reads UTF-8, UTF-16 and Latin-1. A code page of one byte per character is read as Latin-1, and the few texts
that matter are decoded later: a number and a date have the same bytes in all of them.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from okrsync.connector import NoValueError
from okrsync_crm.dialects import Dialect
from okrsync_crm.files.footer import found_footer
from okrsync_crm.files.staged_file import SAMPLED, StagedFile, fitted, state_of
from okrsync_crm.files.text import Utf8Test, without_preamble

LARGE: Final = 1 << 20
"""A smaller file is copied in no time, and its faults are named while it is."""
_CHUNK: Final = 1 << 20
_HEAD: Final = 1 << 18
_PLACES: Final = 6
_BLOCK: Final = 1 << 15
_GLOB: Final = re.compile(r"[*?\[\]{}]")
_LATIN: Final = "latin-1"


def as_it_lies(path: Path, name: str, dialect: Dialect) -> StagedFile | None:
    """The file, if nothing of it must be changed before DuckDB can read it; its faults are found when it is read."""
    path = path.resolve()
    if dialect.quotes != "double" or path.stat().st_size < LARGE or _GLOB.search(str(path)):
        return None
    state = state_of(path.stat())
    with path.open("rb") as file:
        head = file.read(4)
    encoding = _encoding(head, dialect.encoding)
    if encoding is None:
        return None
    codec, code_page = encoding, None
    if encoding not in {"utf-8", "utf-16"}:
        encoding, code_page = _LATIN, codec
    # Every second byte of UTF-16 is NUL; a NUL character in it can hide in no cell that is read as a number or a date.
    if encoding != "utf-16" and _is_odd(path, code_page):
        return None
    with path.open(encoding="utf-8-sig" if codec == "utf-8" else codec, newline="") as text:
        try:
            return _opened(path, name, dialect, text.read(_HEAD), (encoding, code_page, state))
        except (UnicodeDecodeError, csv.Error, NoValueError):
            return None


def _opened(
    path: Path, name: str, dialect: Dialect, head: str, known: tuple[str, str | None, tuple[int, int]]
) -> StagedFile | None:
    encoding, code_page, state = known
    first_line, chunks = without_preamble(iter([head]), name, dialect)
    start = "".join(chunks)
    reader = csv.reader(io.StringIO(start, newline=""), delimiter=dialect.delimiter)
    header = next(reader, [])
    # The last record may be cut by the end of what was read.
    records = [tuple(row) for row in reader][:-1]
    sample = tuple(records[:SAMPLED])
    if first_line > 1 or not sample or not any(cell.strip() for cell in header):
        return None
    if dialect.footer and (encoding != "utf-8" or _has_footer(path, dialect, len(header))):
        return None
    return StagedFile(
        path=path,
        name=name,
        header=fitted(header, sample, f"{name}, line {first_line}"),
        delimiter=dialect.delimiter,
        sample=sample,
        origin=path,
        state=state,
        encoding=encoding,
        code_page=code_page,
    )


def _encoding(head: bytes, declared: str) -> str | None:
    """What the file is written in, if DuckDB can read it: by its byte order mark, else as it is declared."""
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8"
    # UTF-32 begins with the same two bytes. DuckDB reads the other byte order as an empty file.
    if head.startswith(codecs.BOM_UTF16_LE):
        return None if head.startswith(codecs.BOM_UTF32_LE) else "utf-16"
    if head.startswith(codecs.BOM_UTF16_BE):
        return None
    name = codecs.lookup(declared).name
    return name if name == "utf-8" or _undefined(name) is not None else None


@cache
def _undefined(name: str) -> tuple[bytes, ...] | None:
    """The bytes that a code page has no character for; None if it is no code page of one byte per character above ASCII."""
    try:
        ascii_text = bytes(range(128)).decode(name)
        singles = [bytes([number]) for number in range(128, 256)]
        undefined = tuple(one for one in singles if len(one.decode(name, "ignore")) != 1)
        together = b"".join(one for one in singles if one not in undefined)
        plain = ascii_text == bytes(range(128)).decode("ascii") and len(together.decode(name)) == len(
            together
        )
    except (UnicodeError, LookupError):
        return None
    return undefined if plain and len(undefined) < len(singles) else None


def _is_odd(path: Path, code_page: str | None) -> bool:
    """Whether the file holds what the copy would refuse and DuckDB would not: NUL, no characters, UTF-8 under another name."""
    strange = [*(_undefined(code_page) or ())] if code_page else []
    as_utf8 = Utf8Test() if code_page else None
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            if b"\0" in chunk or any(one in chunk for one in strange):
                return True
            if as_utf8 is not None:
                as_utf8.feed(chunk)
    return as_utf8 is not None and as_utf8.certain


def _has_footer(path: Path, dialect: Dialect, width: int) -> bool:
    cut, _ = found_footer(path, dialect, width)
    return cut < path.stat().st_size


def spread_sample(file: StagedFile) -> Iterator[list[str]]:
    """Records from several places of a file, to estimate by: at an edge one may be cut, and then it is left out."""
    size = file.path.stat().st_size
    width = len(file.header)
    codec = "utf-16-le" if file.encoding == "utf-16" else file.code_page or "utf-8"
    with file.path.open("rb") as stream:
        for place in range(_PLACES):
            # Of two bytes a character.
            stream.seek(place * (size // _PLACES) // 2 * 2)
            text = stream.read(_BLOCK).decode(codec, "ignore")
            lines = text.splitlines()[1:-1]
            rows = csv.reader(lines, delimiter=file.delimiter)
            try:
                yield from (row for row in rows if len(row) == width)
            except csv.Error:
                continue
