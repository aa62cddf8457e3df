"""The first schema. It spells out its tables, because a released revision never changes."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [_text(name) for name in names]


def _instant(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def _number() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    return sa.Column("id", kind, primary_key=True, autoincrement=True)


def upgrade() -> None:
    op.create_table("okrsync_starts", _number(), *_texts("company", "run", "command"), _instant("at"))
    op.create_table(
        "okrsync_finishes",
        _number(),
        *_texts("company", "run"),
        _instant("at"),
        sa.Column("exit_code", sa.Integer, nullable=False),
        *_texts("digest", "counts"),
    )
    op.create_index("okrsync_finishes_by_time", "okrsync_finishes", ["company", "at"])
    op.create_table(
        "okrsync_puts",
        *_texts("company", "row", "address", "value", "run"),
        sa.PrimaryKeyConstraint("company", "row", "address"),
    )
    op.create_table(
        "okrsync_intents",
        *_texts("company", "row", "address", "before", "after", "run"),
        sa.PrimaryKeyConstraint("company", "row", "address"),
    )
    op.create_table(
        "okrsync_readings",
        _number(),
        *_texts("company", "run", "metric"),
        _instant("as_of"),
        *_texts("identity", "reading"),
        sa.UniqueConstraint("company", "run", "identity", name="okrsync_readings_once"),
    )
    op.create_index("okrsync_readings_by_time", "okrsync_readings", ["company", "metric", "as_of"])
    op.create_table(
        "okrsync_baselines",
        *_texts("company", "subject", "reading"),
        sa.PrimaryKeyConstraint("company", "subject"),
    )
    op.create_table(
        "okrsync_outcomes",
        *_texts("company", "subject", "run"),
        _instant("at"),
        _text("detail"),
        sa.PrimaryKeyConstraint("company", "subject"),
    )
    op.create_table(
        "okrsync_notes",
        *_texts("company", "connection", "key", "value"),
        sa.PrimaryKeyConstraint("company", "connection", "key"),
    )
    op.create_table(
        "okrsync_leases",
        sa.Column("company", sa.Text, primary_key=True),
        _text("owner"),
        sa.Column("token", sa.BigInteger, nullable=False),
        _instant("acquired_at"),
        _instant("heartbeat_at"),
        _instant("expires_at"),
    )
