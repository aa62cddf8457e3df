"""Make a private folder for one read, removed at its end; the next run removes those of killed runs.

A folder is in use as long as its lock is held. The system lets go of the lock of a process that was killed, in a
container too, where process numbers would say nothing.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

_PREFIX: Final = "okrsync-crm-"
_NEW: Final = "okrsync-new-"
_LOCK: Final = ".in-use"


@contextmanager
def private_folder() -> Iterator[Path]:
    """A new folder that only this account can read."""
    _remove_leftovers()
    folder = Path(tempfile.mkdtemp(prefix=_NEW))
    try:
        with (folder / _LOCK).open("wb") as lock:
            _locked(lock)
            # Only now may another run find it: before it was locked, it would have looked like a leftover.
            folder = folder.rename(folder.with_name(folder.name.replace(_NEW, _PREFIX, 1)))
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_leftovers() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            with (folder / _LOCK).open("r+b") as lock:
                unused = _locked(lock)
        except OSError:
            continue  # another account's, or removed meanwhile, or just being made
        if unused:
            shutil.rmtree(folder, ignore_errors=True)


def _locked(file: IO[bytes]) -> bool:
    """Whether the lock was free and is now held until the file is closed."""
    try:
        import fcntl
    except ImportError:  # pragma: no cover - Windows
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
