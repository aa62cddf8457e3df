"""Turn the ledger's URL into SQLAlchemy's address, and into a name without its password."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from okrsync.errors import ConfigError
from okrsync.ledger.location import default_file

_POSTGRES = {"postgres", "postgresql", "postgresql+psycopg"}
_SQLITE = {"sqlite", "sqlite+pysqlite"}
_FORMS = "set OKRSYNC_LEDGER to sqlite:////var/lib/okrsync/ledger.db or postgresql://USER:PASSWORD@HOST/NAME"


def address(url: str | None) -> URL:
    """The address of the ledger that ``url`` names, by default SQLite in the user's state folder.

    Raises ``ConfigError``, which never repeats the URL: what cannot be parsed may hold a password anywhere.
    """
    if url is None:
        return URL.create("sqlite+pysqlite", database=str(default_file()))
    try:
        given = make_url(url.strip())
    except (ArgumentError, ValueError):
        given = None
    if given is None:
        raise ConfigError("the ledger's URL is not a URL of a database", hint=_FORMS)
    if given.drivername in _POSTGRES:
        return given.set(drivername="postgresql+psycopg")
    if given.drivername not in _SQLITE:
        raise ConfigError(
            f"a ledger cannot be kept in {given.drivername!r}, only in SQLite and PostgreSQL", hint=_FORMS
        )
    if given.database in {None, "", ":memory:"} or given.host:
        raise ConfigError("the ledger's URL names no file; a ledger in memory would forget", hint=_FORMS)
    if given.query:
        raise ConfigError(
            f"the ledger's URL has options SQLite is not asked for: {', '.join(given.query)}", hint=_FORMS
        )
    return URL.create("sqlite+pysqlite", database=str(_whole(given.database or "")))


def _whole(text: str) -> Path:
    """The path in the URL of SQLite. A relative one is refused: from another folder it would be another ledger."""
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        raise ConfigError(
            "the path of the ledger begins with the home folder of an unknown user", hint=_FORMS
        ) from None
    if not path.is_absolute():
        raise ConfigError(
            f"the ledger's path {text} is relative: every folder that okrsync is started in would have its own ledger",
            hint=f"set OKRSYNC_LEDGER to {sqlite_url(Path.cwd() / path)}, with four slashes",
        )
    return path


def sqlite_url(path: Path) -> str:
    """The URL of a ledger in a file."""
    return f"sqlite:///{path}"


def name_of(url: URL) -> str:
    """Where the ledger is, for people: the file, or the database and its server. Never the password."""
    if url.drivername.startswith("sqlite"):
        return url.database or ""
    host = url.host or url.query.get("host") or "this machine"
    return f"{url.database or ''} on {host}{f':{url.port}' if url.port else ''}"


def place(url: URL) -> str:
    """The ledger's name in messages."""
    return f"the ledger {name_of(url)}"


def made(path: Path) -> None:
    """Create the file, readable by its owner only, and its folder, unless they exist.

    SQLite gives the files beside it (-wal, -shm) the rights of this one. Raises ``ConfigError``.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise ConfigError(
            f"the ledger {path} cannot be written: {error.strerror}",
            hint="give okrsync the right to write there, or name another place with OKRSYNC_LEDGER",
        ) from error
