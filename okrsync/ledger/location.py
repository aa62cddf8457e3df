"""Open the database that keeps the ledger: a file at once, a server through SQLAlchemy."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from okrsync.ledger.revision import HEAD, VERSION_TABLE
from okrsync.ledger.sqlite_file import SqliteFile
from okrsync.ledger.transactions import OverSqlalchemy, Transactions

_FILE = "sqlite:///"


def opened(url: str | None) -> Transactions:
    """The database at ``url``, created or brought up to date if needed. Raises as ``open_ledger`` says."""
    path = default_file() if url is None else plain_file(url)
    if path is not None and _is_up_to_date(path):
        return SqliteFile(path)
    from okrsync.ledger.database import connected
    from okrsync.ledger.schema import bring_up_to_date

    database = connected(url)
    try:
        bring_up_to_date(database)
        if database.kind != "sqlite":
            return OverSqlalchemy(database)
        file = Path(str(database.engine.url.database))
    except BaseException:
        database.close()
        raise
    database.close()
    return SqliteFile(file)


def ledger_name(url: str | None) -> str:
    """Where the ledger at ``url`` is, for people: a path, or a database and its server. Raises ``ConfigError``."""
    path = default_file() if url is None else plain_file(url)
    if path is not None:
        return str(path)
    from okrsync.ledger.address import address, name_of

    return name_of(address(url))


def default_file() -> Path:
    """The ledger on this machine, in the user's state folder."""
    from platformdirs import user_state_dir

    return Path(user_state_dir("okrsync", appauthor=False)) / "ledger.db"


def plain_file(url: str) -> Path | None:
    """The file that ``url`` names if it is an absolute path without options; None is for SQLAlchemy to judge."""
    text = url.strip().removeprefix(_FILE)
    return Path(text) if url.strip().startswith(f"{_FILE}/") and not set("?#%") & set(text) else None


def _is_up_to_date(path: Path) -> bool:
    """Whether the file is a ledger of this program's schema. Changes nothing; any doubt is no."""
    if not path.is_file():
        return False
    try:
        # Not read-only: that mode cannot read a file whose last writer was killed.
        with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
            return connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchall() == [(HEAD,)]  # noqa: S608 - a name of our own
    except sqlite3.Error:
        return False
