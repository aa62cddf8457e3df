"""Bring a database to this program's schema. Alembic is loaded only if there is something to do."""

from __future__ import annotations

import threading
from pathlib import Path

from sqlalchemy import Connection, column, select, table, text

from okrsync.errors import ConfigError
from okrsync.ledger.database import Database
from okrsync.ledger.revision import HEAD, VERSION_TABLE

_FOLDER = Path(__file__).parent / "migrations"
# Any number that other users of the same PostgreSQL server's advisory locks are not likely to take.
_LOCK = 0x6F6B7273796E63
# Alembic's environment is one per process.
_one_at_a_time = threading.Lock()


def bring_up_to_date(database: Database) -> None:
    """Create or migrate the tables, in one transaction, and only once if many programs start together.

    Raises ``ConfigError`` and touches nothing if a newer okrsync has written the schema.
    """
    with database.reading() as connection:
        if version(connection, database) == HEAD:
            return
    with _one_at_a_time, database.writing() as connection:
        if database.kind == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if version(connection, database) != HEAD:
            _migrate(connection)


def stored_version(connection: Connection) -> str:
    """The revision that the database says it has, empty if it has none. It may be one that a newer okrsync made."""
    if not connection.dialect.has_table(connection, VERSION_TABLE):
        return ""
    return str(connection.scalar(select(column("version_num")).select_from(table(VERSION_TABLE))) or "")


def version(connection: Connection, database: Database) -> str:
    """As ``stored_version``. Raises ``ConfigError`` for one that a newer okrsync made."""
    held = stored_version(connection)
    if held > HEAD:
        raise ConfigError(
            f"{database.place} was written by a newer okrsync: its schema is {held}, and this program knows {HEAD}",
            hint="install the newer okrsync here too",
        )
    return held


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": connection, "version_table": VERSION_TABLE})
    # The configuration would read a % of the path as the start of a variable.
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    command.upgrade(config, "head")
