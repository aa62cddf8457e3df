"""When a person's edit may be written over without a command: they ticked the row's box, or its time has passed.

How long an edit has stood is kept in the destination's notebook, under the cell, with the value it was seen with:
another edit starts the time anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from okrsync.config import Company
from okrsync.model import Decision, Hold, Memory, Noted, Row, Stored
from okrsync.planning import Aim

NOTE = "edited "


def freed(company: Company, aims: Iterable[Aim], memory: Memory, now: datetime) -> list[Aim]:
    """The aims, each with the cells of its row whose edits are released."""
    return [
        replace(aim, released=dict(_released(company, aim.row, memory, now))) if aim.row is not None else aim
        for aim in aims
    ]


def _released(company: Company, row: Row, memory: Memory, now: datetime) -> Iterator[tuple[str, str]]:
    for name, cell in row.cells.items():
        if row.released:
            yield name, "released by a person's tick"
        elif company.keep_edits is not None:
            since = _since(memory.notes.get((company.destination, _note(row.id, cell.address))), cell.value)
            if since is not None and now - since >= company.keep_edits:
                yield name, f"a person's edit of {since:%Y-%m-%d}, kept as long as keep_edits says"


def edits_seen(
    company: Company, decisions: Sequence[Decision], memory: Memory, now: datetime
) -> Iterator[Noted]:
    """What the ledger must learn of edits: since when each one has stood, and which stand no more."""
    if company.keep_edits is None:
        return
    standing = set()
    for one in decisions:
        if one.hold is Hold.EDITED and one.address:
            note = _note(one.row, one.address)
            standing.add(note)
            if _since(memory.notes.get((company.destination, note)), one.now) is None:
                value = f"{now.isoformat()} {_text(one.now)}"
                yield Noted(connection=company.destination, key=note, value=value)
    for owner, key in memory.notes:
        if owner == company.destination and key.startswith(NOTE) and key not in standing:
            yield Noted(connection=owner, key=key, value=None)


def _since(note: str | None, value: Stored) -> datetime | None:
    """Since when ``value`` has stood, as far as it is known."""
    moment, _, text = (note or "").partition(" ")
    return datetime.fromisoformat(moment) if moment and text == _text(value) else None


def _note(row: str, address: str) -> str:
    return f"{NOTE}{row} {address}"


def _text(value: Stored) -> str:
    plain = f"{value.normalize():f}" if isinstance(value, Decimal) else str(value)
    return f"{type(value).__name__} {plain}"
