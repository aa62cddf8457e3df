"""Declare the ledger's tables. Their names begin with ``okrsync_``: they can share a database.

Every row belongs to a company. Values that are more than a text or an instant are JSON texts (see codec.py).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class Instant(TypeDecorator[datetime]):
    """An aware datetime, kept and given back in UTC to the microsecond. SQLite has texts that sort by time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        known: datetime = value
        return known.replace(tzinfo=UTC) if dialect.name == "sqlite" else known.astimezone(UTC)


def _text(name: str, *, key: bool = False) -> Column[str]:
    return Column(name, Text, primary_key=key, nullable=False)


def _instant(name: str) -> Column[datetime]:
    return Column(name, Instant, nullable=False)


def _number() -> Column[int]:
    # SQLite counts on by itself only in a column declared as exactly INTEGER.
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


metadata = MetaData()

starts = Table(
    "okrsync_starts",
    metadata,
    _number(),
    _text("company"),
    _text("run"),
    _text("command"),
    _instant("at"),
    Index("okrsync_starts_by_run", "company", "run"),
)

finishes = Table(
    "okrsync_finishes",
    metadata,
    _number(),
    _text("company"),
    _text("run"),
    _instant("at"),
    Column("exit_code", Integer, nullable=False),
    _text("digest"),
    _text("counts"),
    Index("okrsync_finishes_by_time", "company", "at"),
)

# The end of each company's last sync that was not interrupted; the runs say it too, but finding it took minutes.
syncs = Table(
    "okrsync_syncs",
    metadata,
    _text("company", key=True),
    _instant("at"),
)

puts = Table(
    "okrsync_puts",
    metadata,
    _text("company", key=True),
    _text("row", key=True),
    _text("address", key=True),
    _text("value"),
    _text("run"),
)

intents = Table(
    "okrsync_intents",
    metadata,
    _text("company", key=True),
    _text("row", key=True),
    _text("address", key=True),
    _text("before"),
    _text("after"),
    _text("run"),
)

readings = Table(
    "okrsync_readings",
    metadata,
    _number(),
    _text("company"),
    _text("run"),
    _text("metric"),
    _instant("as_of"),
    _text("identity"),
    _text("reading"),
    UniqueConstraint("company", "run", "identity", name="okrsync_readings_once"),
    Index("okrsync_readings_by_time", "company", "metric", "as_of"),
)

baselines = Table(
    "okrsync_baselines",
    metadata,
    _text("company", key=True),
    _text("subject", key=True),
    _text("reading"),
)

outcomes = Table(
    "okrsync_outcomes",
    metadata,
    _text("company", key=True),
    _text("subject", key=True),
    _text("run"),
    _instant("at"),
    _text("detail"),
)

notes = Table(
    "okrsync_notes",
    metadata,
    _text("company", key=True),
    _text("connection", key=True),
    _text("key", key=True),
    _text("value"),
)

# A released lease stays as a row without an owner, so that ``token`` only ever grows.
leases = Table(
    "okrsync_leases",
    metadata,
    _text("company", key=True),
    _text("owner"),
    Column("token", BigInteger, nullable=False),
    _instant("acquired_at"),
    _instant("heartbeat_at"),
    _instant("expires_at"),
)
