"""Turn an error of SQLite into one that a person can act on."""

from __future__ import annotations

import sqlite3

from okrsync.errors import ConfigError, DataError, OkrsyncError, Unavailable

_ELSEWHERE = "give okrsync the right to write there, or name another place with OKRSYNC_LEDGER"


def explained_sqlite(error: sqlite3.Error, place: str) -> OkrsyncError | None:
    """``error`` in our words; None if it can only be a bug of ours."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the extended codes refine the lowest byte
    match code:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return Unavailable(f"{place} is being written by another program: {error}", hint="run again")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return ConfigError(f"{place} cannot be written: {error}", hint=_ELSEWHERE)
        case sqlite3.SQLITE_NOTADB:
            return ConfigError(f"{place} is not a database", hint="name another file with OKRSYNC_LEDGER")
        case sqlite3.SQLITE_CORRUPT:
            return DataError(
                f"{place} is damaged: {error}", hint="okrsync ledger restore FILE puts a backup back"
            )
        case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:
            return Unavailable(f"{place} cannot be written: {error}", hint="look at the disk, then run again")
        case _:
            return None
