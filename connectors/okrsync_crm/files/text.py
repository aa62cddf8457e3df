"""Decode an exported text. What is no text is refused with its line and byte, never guessed."""

from __future__ import annotations

import codecs
import io
import itertools
import re
from collections.abc import Iterator
from typing import Final

from okrsync.connector import NoValueError
from okrsync_crm.dialects import Dialect
from okrsync_crm.files.limits import CHUNK
from okrsync_crm.refusal import bad_config, bad_data

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NEEDS_BOM: Final = {"utf-16", "utf-32"}
_SEP: Final = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


def decoded(source: io.BufferedReader, name: str, declared: str) -> Iterator[str]:
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
    as_utf8 = Utf8Test() if legacy else None
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


class Utf8Test:
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


def without_preamble(chunks: Iterator[str], name: str, dialect: Dialect) -> tuple[int, Iterator[str]]:
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
