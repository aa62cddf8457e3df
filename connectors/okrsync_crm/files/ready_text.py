"""Tell whether a text file can be read as it lies there, without a private copy."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Final

from okrsync_crm.dialects import Dialect

_CHUNK: Final = 1 << 20
_LARGE: Final = 1 << 20
"""A smaller file is copied in no time, and its faults are named while it is."""


def is_ready(path: Path, dialect: Dialect) -> bool:
    """Whether a large file is sound UTF-8 from its header to its last row, with line feeds and paired quotes.

    Whatever is not as simple as that is copied, and what is wrong with it is found and named on the way.
    """
    plain = codecs.lookup(dialect.encoding).name == "utf-8" and dialect.quotes == "double"
    if not plain or dialect.skip_rows or dialect.footer or path.stat().st_size < _LARGE:
        return False
    decoder = codecs.getincrementaldecoder("utf-8")()
    quotes = 0
    first = True
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if b"\r" in chunk or b"\0" in chunk or (first and _has_preamble(chunk)):
                return False
            first = False
            quotes += chunk.count(b'"')
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                return False
    return quotes % 2 == 0 and not decoder.getstate()[0]


def _has_preamble(chunk: bytes) -> bool:
    """A byte order mark, a ``sep=`` line, or a blank line above the header."""
    start = chunk[:6].lower()
    return (
        start.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        or b"sep=" in start
        or not chunk.partition(b"\n")[0].strip()
    )
