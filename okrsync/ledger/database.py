"""Connect to the database: transactions of both kinds, and their errors as okrsync's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from okrsync.errors import ConfigError
from okrsync.extras import install_command
from okrsync.ledger.address import address, made, place
from okrsync.ledger.faults import explained
from okrsync.ledger.sqlite_file import WAIT, tune


@dataclass(frozen=True, slots=True)
class Database:
    """``place`` is its name in messages. Both kinds of transaction raise okrsync's errors."""

    engine: Engine
    place: str
    secret: str

    @property
    def kind(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self.engine.dialect.name

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one moment of the database, however many statements it runs."""
        options = {} if self.kind == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        with self._begun(options) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is durable when the block ends, and leaves nothing if it raises."""
        # A deferred transaction that turns from reading to writing fails at once if another one writes.
        options = (
            {"begin": "BEGIN IMMEDIATE"} if self.kind == "sqlite" else {"isolation_level": "READ COMMITTED"}
        )
        with self._begun(options) as connection:
            yield connection

    @contextmanager
    def _begun(self, options: dict[str, Any]) -> Iterator[Connection]:
        try:
            with self.engine.execution_options(**options).begin() as connection:
                yield connection
        except (DBAPIError, PoolTimeout) as error:
            known = explained(error, self.place, self.secret)
            if known is None:
                raise
            raise known from error

    def close(self) -> None:
        self.engine.dispose()


def connected(url: str | None) -> Database:
    """The database at ``url``; nothing is sent to it yet. Raises ``ConfigError``."""
    where = address(url)
    engine = _sqlite(where) if where.drivername.startswith("sqlite") else _postgres(where)
    return Database(engine=engine, place=place(where), secret=where.password or "")


def _sqlite(where: URL) -> Engine:
    made(Path(where.database or ""))
    engine = create_engine(where, connect_args={"timeout": WAIT}, hide_parameters=True)
    event.listen(engine, "connect", _tune)
    event.listen(engine, "begin", _begin)
    return engine


def _tune(raw: Any, _: Any) -> None:
    raw.isolation_level = None  # the driver would begin a transaction late, and not before DDL
    tune(raw)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _postgres(where: URL) -> Engine:
    arguments = {} if "connect_timeout" in where.query else {"connect_timeout": WAIT}
    try:
        # pre_ping: a run reads its sources for minutes, and a server may drop an idle connection.
        return create_engine(where, connect_args=arguments, pool_pre_ping=True, hide_parameters=True)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"{place(where)} needs PostgreSQL's driver, which is not installed",
            hint=install_command("cluster"),
        ) from error
    except SQLAlchemyError:
        # Not chained: the message may repeat a part of the URL.
        raise ConfigError(f"the URL of {place(where)} cannot be used", hint="check OKRSYNC_LEDGER") from None
