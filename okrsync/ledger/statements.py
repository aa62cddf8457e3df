"""Build the ledger's statements, in SQL that SQLite and PostgreSQL share.

``COLUMNS`` are those of tables.py, keys first; a test compares the two.
"""

from __future__ import annotations

from functools import cache
from typing import Final

# Table -> the columns of its key (none: a number of its own), and the other ones.
COLUMNS: Final = {
    "starts": ((), ("company", "run", "command", "at")),
    "finishes": ((), ("company", "run", "at", "exit_code", "digest", "counts")),
    "syncs": (("company",), ("at",)),
    "puts": (("company", "row", "address"), ("value", "run")),
    "intents": (("company", "row", "address"), ("before", "after", "run")),
    "readings": ((), ("company", "run", "metric", "as_of", "identity", "reading")),
    "baselines": (("company", "subject"), ("reading",)),
    "outcomes": (("company", "subject"), ("run", "at", "detail")),
    "notes": (("company", "connection", "key"), ("value",)),
    "leases": (("company",), ("owner", "token", "acquired_at", "heartbeat_at", "expires_at")),
}


@cache
def insert(table: str) -> str:
    keys, others = COLUMNS[table]
    names = (*keys, *others)
    columns = ", ".join(_quoted(one) for one in names)
    return f"INSERT INTO okrsync_{table} ({columns}) VALUES ({', '.join(f':{one}' for one in names)})"  # noqa: S608 - names of our own


@cache
def insert_new(table: str) -> str:
    """Insert a row if its key does not exist yet."""
    return f"{insert(table)} ON CONFLICT DO NOTHING"


@cache
def upsert(table: str, only: str = "") -> str:
    """Insert a row, or replace the one with its key; with ``only`` if that holds."""
    keys, others = COLUMNS[table]
    conflict = ", ".join(_quoted(one) for one in keys)
    fresh = ", ".join(f"{_quoted(one)} = excluded.{_quoted(one)}" for one in others)
    return f"{insert(table)} ON CONFLICT ({conflict}) DO UPDATE SET {fresh}{f' WHERE {only}' if only else ''}"


@cache
def delete(table: str, *columns: str) -> str:
    where = " AND ".join(f"{_quoted(one)} = :{one}" for one in columns)
    return f"DELETE FROM okrsync_{table} WHERE {where}"  # noqa: S608 - names of our own


@cache
def select(table: str, *columns: str) -> str:
    """The columns of all rows of a company, ordered by the first two."""
    names = ", ".join(_quoted(one) for one in columns)
    order = ", ".join(_quoted(one) for one in columns[:2])
    return f"SELECT {names} FROM okrsync_{table} WHERE company = :company ORDER BY {order}"  # noqa: S608 - names of our own


def _quoted(name: str) -> str:
    """``row`` and ``key`` are words of SQL too."""
    return f'"{name}"'
