"""Back up a ledger while runs go on, into one file of SQLite; restore it, and keep what it replaces.

A backup of PostgreSQL is such a file too, so that each restores into the other. A restore replaces the rows in one
transaction and not the file: a scheduler that has the ledger open would write into a file without a name.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, delete, func, select, text

from okrsync.errors import Busy, ConfigError, DataError, OkrsyncError
from okrsync.ledger.address import address, place, sqlite_url
from okrsync.ledger.copy import Copied, check_idle, copied, copy_ledger
from okrsync.ledger.database import Database, connected
from okrsync.ledger.revision import HEAD, VERSION_TABLE
from okrsync.ledger.schema import bring_up_to_date, stored_version
from okrsync.ledger.sqlite_faults import explained_sqlite
from okrsync.ledger.tables import leases, metadata

_HEADER: Final = b"SQLite format 3\x00"
# Leases are of now, not of the day of the backup: their tokens only ever grow.
_RESTORED: Final = tuple(table for table in metadata.sorted_tables if table is not leases)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """``kept`` is the file with what was there before, None if nothing was."""

    tables: Sequence[Copied]
    kept: Path | None


def back_up(source: str | None, to: Path, now: datetime) -> Path:
    """Copy one moment of the ledger at ``source`` into the file ``to``, or into a file named by ``now`` in that folder.

    The file is there whole or not at all, and only its owner may read it. Raises ``ConfigError`` if there is no ledger,
    or ``to`` is a file that is no backup.
    """
    where = address(source)
    ledger = Path(where.database or "") if where.drivername.startswith("sqlite") else None
    if ledger is not None and not ledger.is_file():
        raise ConfigError(
            f"{place(where)} is not there yet", hint="set OKRSYNC_LEDGER as the scheduled runs do"
        )
    target = to / f"okrsync-ledger-{now:%Y-%m-%dT%H%M%SZ}.db" if to.is_dir() else to
    _check_target(target, ledger)
    with _draft(target) as draft:
        if ledger is not None:
            _copy_file(ledger, draft, place(where))
        else:
            copy_ledger(source, sqlite_url(draft.absolute()), None)
        _settle(draft)
        draft.replace(target)
    return target


def restore(target: str | None, backup: Path, now: datetime) -> Restored:
    """Replace what the ledger at ``target`` holds with ``backup``. What it held is kept in a file of its own.

    Raises ``Busy`` if a run holds a company of it, ``ConfigError`` if ``backup`` is none, ``DataError`` if it is
    damaged; then the ledger is as it was.
    """
    where = address(target)
    ledger = Path(where.database or "") if where.drivername.startswith("sqlite") else None
    if ledger is not None and ledger.exists() and backup.exists() and ledger.samefile(backup):
        raise ConfigError(
            f"the backup {backup} is the ledger itself", hint="name a file of okrsync ledger backup"
        )
    beside = (ledger or backup.absolute()).with_name(
        f"{(ledger or backup).name}.before-restore-{now.astimezone(UTC):%Y-%m-%dT%H%M%SZ}"
    )
    with tempfile.TemporaryDirectory(prefix="okrsync-") as folder:
        draft = _checked_copy(backup, Path(folder) / "backup.db")
        there = connected(sqlite_url(draft))
        try:
            bring_up_to_date(there)
            damaged = ledger is not None and _set_aside_if_damaged(ledger, beside, place(where))
            tables, kept = _replaced(there, target, beside, now)
            return Restored(tables=tables, kept=beside if damaged or kept else None)
        finally:
            there.close()


def _replaced(there: Database, target: str | None, beside: Path, now: datetime) -> tuple[list[Copied], bool]:
    here = connected(target)
    try:
        bring_up_to_date(here)
        with there.reading() as reading, here.writing() as writing:
            _lock(writing)
            check_idle(
                writing, now, "its run would go on with what it knew before", "wait for it, then restore"
            )
            kept = any(writing.scalar(select(func.count()).select_from(one)) for one in _RESTORED)
            if kept:
                # A second connection sees what was there before this transaction.
                back_up(target, beside, now)
            for table in reversed(_RESTORED):
                writing.execute(delete(table))
            return [copied(reading, writing, table, here) for table in _RESTORED], kept
    finally:
        here.close()


def _lock(writing: Connection) -> None:
    """Let no run begin until the transaction ends. SQLite's has locked out other writers from its first statement."""
    if writing.dialect.name == "postgresql":
        names = ", ".join(table.name for table in metadata.sorted_tables)
        writing.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))


def _checked_copy(backup: Path, to: Path) -> Path:
    """The backup in a file of its own, because an older one is brought up to date before its rows are read."""
    if not backup.is_file():
        raise ConfigError(f"the backup {backup} does not exist", hint="okrsync ledger backup FILE writes one")
    if not _is_sqlite(backup):
        raise ConfigError(f"{backup} is no backup of a ledger", hint="name a file of okrsync ledger backup")
    try:
        _copy_file(backup, to, f"the backup {backup}")
    except DataError as error:
        raise DataError(error.message, hint="restore an older backup; the ledger is as it was") from error
    database = connected(sqlite_url(to))
    try:
        with database.reading() as connection:
            found = stored_version(connection)
    finally:
        database.close()
    if not found:
        raise ConfigError(
            f"{backup} is a database, but no ledger", hint="name a file of okrsync ledger backup"
        )
    if found > HEAD:
        raise ConfigError(
            f"the backup {backup} was written by a newer okrsync: its schema is {found}, and this program knows {HEAD}",
            hint="install the newer okrsync here too",
        )
    return to


def _set_aside_if_damaged(ledger: Path, beside: Path, name: str) -> bool:
    """Rename a ledger that cannot be read, with the files beside it. Raises ``Busy`` if a process has it open."""
    if not ledger.is_file() or ledger.stat().st_size == 0:
        return False
    if _is_sqlite(ledger):
        try:
            with _explained(name), closing(sqlite3.connect(ledger)) as raw:
                if _is_whole(raw):
                    return False
        except DataError:
            pass
        _check_closed(ledger, name)
    for end in ("", "-wal", "-shm"):
        part = Path(f"{ledger}{end}")
        if part.exists():
            part.rename(f"{beside}{end}")
    return True


def _check_closed(ledger: Path, name: str) -> None:
    """Raises ``Busy`` if another process has the file open: SQLite's own locks say so."""
    with closing(sqlite3.connect(ledger, timeout=0)) as raw:
        try:
            raw.execute("PRAGMA locking_mode = EXCLUSIVE")
            raw.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY:
                raise Busy(
                    f"{name} is damaged, and a process has it open",
                    hint="stop okrsync schedule run and every run, then restore",
                ) from error
        except sqlite3.DatabaseError:
            pass  # too damaged to be locked, and so to be written


def _check_target(target: Path, ledger: Path | None) -> None:
    if ledger is not None and target.exists() and target.samefile(ledger):
        raise ConfigError(f"{target} is the ledger itself", hint="name another file")
    if target.exists() and not _is_backup(target):
        raise ConfigError(
            f"{target} is there and is no backup; it was left as it is", hint="name another file"
        )


def _is_backup(path: Path) -> bool:
    """Whether the file is a ledger: another program's database is not to be replaced by one."""
    if not _is_sqlite(path):
        return False
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as raw:
        try:
            found = raw.execute("SELECT count(*) FROM sqlite_master WHERE name = ?", (VERSION_TABLE,))
            return bool(found.fetchone()[0])
        except sqlite3.DatabaseError:
            return True  # a damaged backup may be replaced


def _is_sqlite(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_HEADER)) == _HEADER


@contextmanager
def _draft(target: Path) -> Iterator[Path]:
    """An empty file beside ``target`` that only its owner may read; it is gone afterwards, unless it was renamed."""
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except OSError as error:
        raise ConfigError(
            f"the backup {target} cannot be written: {error.strerror}", hint="name another file"
        ) from error
    try:
        yield draft
    finally:
        for end in ("", "-wal", "-shm", "-journal"):
            Path(f"{draft}{end}").unlink(missing_ok=True)


def _copy_file(source: Path, to: Path, name: str) -> None:
    """SQLite's own backup: one moment of ``source``, whatever is written meanwhile."""
    with _explained(name), closing(sqlite3.connect(source)) as raw, closing(sqlite3.connect(to)) as copy:
        raw.backup(copy)
        if not _is_whole(copy):
            raise DataError(f"{name} is damaged", hint="okrsync ledger check says where")


def _settle(draft: Path) -> None:
    """Make it one file, on the disk."""
    with closing(sqlite3.connect(draft)) as raw:
        raw.execute("PRAGMA journal_mode = DELETE")
    with draft.open("rb+") as file:
        os.fsync(file.fileno())


def _is_whole(raw: sqlite3.Connection) -> bool:
    return bool(raw.execute("PRAGMA integrity_check(1)").fetchall() == [("ok",)])


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        known: OkrsyncError | None = explained_sqlite(error, name)
        if known is None:
            raise
        raise known from error
