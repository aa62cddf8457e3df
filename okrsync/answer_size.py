"""Limit how large an answer may be once it is unpacked, the same for every client library.

A few kilobytes of gzip can hold gigabytes. An answer is counted while it is unpacked and given up at the limit, before it is
put together.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

from okrsync.errors import ConfigError

VARIABLE: Final = "OKRSYNC_ANSWER_MB"
DEFAULT_MB: Final = 128
"""A page of 5,000 issues has some 50 MB, a column of a spreadsheet with a million rows 10 MB."""
MB: Final = 1024 * 1024
_PIECE: Final = MB
_GZIP: Final = 16 + zlib.MAX_WBITS
PACKINGS: Final = frozenset({"gzip", "x-gzip", "deflate", "identity", ""})
"""What ``unpacked`` can unpack: the encodings that ``Accept-Encoding`` asks for."""


class AnswerTooLarge(Exception):
    """An answer that goes on after the limit. It says nothing of what was asked: see ``network.obstacle``."""

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"the answer has more than {limit} MB when it is unpacked, and larger ones are not read"
        )


def limit_mb() -> int:
    """The most megabytes of an answer. Raises ``ConfigError`` if the variable says no number."""
    given = os.environ.get(VARIABLE, "").strip() or str(DEFAULT_MB)
    if not given.isdecimal() or int(given) < 1:
        raise ConfigError(
            f"the environment variable {VARIABLE} is {given!r}, which is no number of megabytes",
            hint=f"write a whole number such as {DEFAULT_MB}, or unset the variable",
        )
    return int(given)


def counted(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same chunks. Raises ``AnswerTooLarge`` after the limit."""
    limit, found = limit_mb(), 0
    for chunk in chunks:
        found += len(chunk)
        if found > limit * MB:
            raise AnswerTooLarge(limit)
        yield chunk


def unpacked(chunks: Iterable[bytes], packing: str) -> Iterator[bytes]:
    """The chunks without their ``packing``, in pieces that are never large. Raises ``zlib.error`` for what is none."""
    for one in reversed([part.strip().lower() for part in packing.split(",")]):
        if one not in {"identity", ""}:
            chunks = _inflated(chunks, _GZIP if "gzip" in one else zlib.MAX_WBITS)
    yield from chunks


def _inflated(chunks: Iterable[bytes], form: int) -> Iterator[bytes]:
    engine, begun = zlib.decompressobj(form), False
    for chunk in chunks:
        rest = chunk
        while rest and not engine.eof:
            try:
                piece = engine.decompress(rest, _PIECE)
            except zlib.error:
                if begun or form != zlib.MAX_WBITS:
                    raise
                # Some servers send deflate without the frame that the standard asks for.
                form, engine = -zlib.MAX_WBITS, zlib.decompressobj(-zlib.MAX_WBITS)
                continue
            begun, rest = True, engine.unconsumed_tail
            yield piece


class _BoundedBody:
    """The body of a ``requests`` answer, counted while it is read; urllib3 unpacks it in small pieces."""

    def __init__(self, raw: Any) -> None:
        self._raw = raw

    def stream(self, *arguments: Any, **options: Any) -> Iterator[bytes]:
        try:
            yield from counted(self._raw.stream(*arguments, **options))
        except Exception:
            self._raw.close()
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


def bound(response: Any, *, stream: bool = False, **_: Any) -> None:
    """A hook of ``requests``: let no answer be read beyond the limit, unless it is read as a stream anyway."""
    if not stream:
        response.raw = _BoundedBody(response.raw)
