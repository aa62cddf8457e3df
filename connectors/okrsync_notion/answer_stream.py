"""Let httpx read no answer beyond the limit: unpack it here, in pieces that are counted."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from okrsync.answer_size import PACKINGS, counted, unpacked
from okrsync_notion.library import httpx


def bound(response: httpx.Response) -> None:
    """A hook of httpx, which itself would unpack each chunk whole, however large it becomes."""
    packing = response.headers.get("content-encoding", "")
    if not {part.strip().lower() for part in packing.split(",")} <= PACKINGS:
        raise httpx.DecodingError(f"an answer in the encoding {packing!r}, which nobody asked for")
    if packing:
        del response.headers["content-encoding"]
    assert isinstance(response.stream, httpx.SyncByteStream)
    response.stream = _Bounded(response.stream, packing)


class _Bounded(httpx.SyncByteStream):
    def __init__(self, packed: httpx.SyncByteStream, packing: str) -> None:
        self._packed, self._packing = packed, packing

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from counted(unpacked(self._packed, self._packing))
        except zlib.error as error:
            raise httpx.DecodingError(str(error)) from error

    def close(self) -> None:
        self._packed.close()
