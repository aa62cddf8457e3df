"""Turn a database's error into one that a person can act on."""

from __future__ import annotations

import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from okrsync.errors import AccessError, ConfigError, OkrsyncError, Unavailable
from okrsync.ledger.sqlite_faults import explained_sqlite

_CHECK = "check OKRSYNC_LEDGER"


def explained(error: DBAPIError | PoolTimeout, place: str, secret: str) -> OkrsyncError | None:
    """``error`` in our words and without ``secret``; None if it can only be a bug of ours."""
    if isinstance(error, PoolTimeout):
        return Unavailable(f"{place} has no connection free", hint="run fewer companies side by side")
    if isinstance(error.orig, sqlite3.Error):
        return explained_sqlite(error.orig, place)
    state = getattr(error.orig, "sqlstate", None) or ""
    said = " ".join(str(error.orig).split())
    return _of_postgres(error, state, said.replace(secret, "***") if secret else said, place)


def _of_postgres(error: DBAPIError, state: str, said: str, place: str) -> OkrsyncError | None:
    # An attempt to connect has no statement, and its refusal no state: only the server's sentence names the cause.
    connecting = error.statement is None and not state
    if state[:2] == "28" or state == "42501" or (connecting and _refuses(said)):
        return AccessError(f"{place} refuses us: {said}", hint="check the user, its password and its rights")
    if connecting and "FATAL: database" in said and "does not exist" in said:
        return ConfigError(f"{place} is not there: {said}", hint=f"create the database, or {_CHECK}")
    if connecting and not isinstance(error, OperationalError):
        return ConfigError(f"{place} cannot be asked for like this: {said}", hint=_CHECK)
    if connecting or error.connection_invalidated or state[:2] in {"08", "53", "57", "58"}:
        return Unavailable(f"{place} does not answer: {said}", hint=f"start the server, or {_CHECK}")
    if state[:2] in {"40", "55"}:
        return Unavailable(f"{place} is busy with another program's changes: {said}", hint="run again")
    return None


def _refuses(said: str) -> bool:
    signs = (
        "authentication failed",
        "no pg_hba.conf entry",
        "no password supplied",
        "FATAL: role",
        "not permitted",
    )
    return any(sign in said for sign in signs)
