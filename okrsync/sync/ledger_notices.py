"""Say what is wrong with the ledger as a whole, before anything is planned with it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from okrsync.memory import Memory
from okrsync.schedules import AHEAD


def ledger_notices(company: str, memory: Memory) -> tuple[str, ...]:
    """The sentences about a ledger whose clock was wrong, or that is an older copy."""
    found = []
    if memory.ahead is not None:
        found.append(_ahead(company, memory.ahead))
    if memory.behind:
        found.append(
            f"{company}: this integration has written rows since this ledger was last used, so the ledger is an older copy; "
            f"what was changed since is held. `okrsync adopt {company} --ours` takes over the rows that no person has edited since"
        )
    return tuple(found)


def times_ahead(last_syncs: Mapping[str, datetime], now: datetime) -> list[str]:
    """One sentence for each company whose last sync lies in the future."""
    return [_ahead(company, at) for company, at in sorted(last_syncs.items()) if at > now + AHEAD]


def _ahead(company: str, at: datetime) -> str:
    return (
        f"{company}: the ledger has a run that ended on {at:%Y-%m-%d %H:%M} UTC, which is still to come: a clock was wrong. "
        "No sync waits for that time, and no newer result is hidden by it"
    )
