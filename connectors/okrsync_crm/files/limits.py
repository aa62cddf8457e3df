"""Limit what a file may make this machine do: each limit has a setting, and a clear refusal."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Protocol

from okrsync.connector import NoValueError
from okrsync_crm.refusal import bad_data
from okrsync_crm.settings import FileLimits

CHUNK: Final = 1 << 20
MEGABYTE: Final = 1_000_000
_ALWAYS: Final = 100 * MEGABYTE
"""Up to this size the ratio does not matter: a short file of blanks packs well."""


class Readable(Protocol):
    """What is used of a binary stream."""

    def read(self, size: int, /) -> bytes: ...


def chunks_of(stream: Readable) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK):
        yield chunk


def copied(
    chunks: Iterable[bytes], target: Path, name: str, limits: FileLimits, packed: int | None = None
) -> None:
    """Copy a stream to a file, at most as much as may be unpacked (or, without ``packed``, downloaded)."""
    most = limits.unpacked_mb if packed is not None else limits.download_mb
    size = 0
    with target.open("wb") as copy:
        for chunk in chunks:
            size += len(chunk)
            if size > most * MEGABYTE:
                key = "unpacked_mb" if packed is not None else "download_mb"
                raise too_large(name, f"more than {most} MB", key)
            refuse_ratio(name, size, packed, limits)
            copy.write(chunk)


def refuse_ratio(name: str, size: int, packed: int | None, limits: FileLimits) -> None:
    if packed and size > _ALWAYS and size > limits.ratio * packed:
        raise too_large(name, f"more than {limits.ratio} times its size when unpacked", "ratio")


def refuse_parts(archive: zipfile.ZipFile, name: str, limits: FileLimits) -> None:
    """Refuse a workbook by what its parts say of themselves; no more than that is ever unpacked."""
    for part in archive.infolist():
        if part.file_size > limits.unpacked_mb * MEGABYTE:
            raise too_large(f"{name}/{part.filename}", f"more than {limits.unpacked_mb} MB", "unpacked_mb")
        refuse_ratio(f"{name}/{part.filename}", part.file_size, part.compress_size, limits)


def too_large(name: str, how: str, key: str) -> NoValueError:
    return bad_data(
        f"{name} is {how}", hint=f"if the file is sound, raise limits: {{{key}: ...}} in the connection"
    )
