"""Decide whether a person's edit may be written over: the row's box is ticked, or its time is over.

Since when an edit is there is kept in the destination's state, under the cell, with the value it was seen with:
another edit starts the time again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from okrsync.codec import typed
from okrsync.memory import StateEntry
from okrsync.model import Decision, Hold, Row, Stored
from okrsync.planning import DesiredRow
from okrsync.run_context import Run

EDITED_SINCE = "edited "


def released(run: Run, desired: Iterable[DesiredRow]) -> list[DesiredRow]:
    """The desired rows, each with the cells whose edits are released."""
    return [
        replace(one, released=dict(_released(run, one.row))) if one.row is not None else one
        for one in desired
    ]


def _released(run: Run, row: Row) -> Iterator[tuple[str, str]]:
    company = run.company
    for name, cell in row.cells.items():
        if row.released:
            yield name, "released by a person's tick"
        elif company.keep_edits is not None:
            note = run.memory.state.get((company.destination, _note(row.id, cell.address)))
            since = _since(note, cell.value)
            if since is not None and run.now - since >= company.keep_edits:
                yield name, f"a person's edit of {since:%Y-%m-%d}, kept as long as keep_edits says"


def edits_seen(run: Run, decisions: Sequence[Decision]) -> Iterator[StateEntry]:
    """What the ledger must learn of edits: since when each one is there, and which are gone."""
    company, notes = run.company, run.memory.state
    if company.keep_edits is None:
        return
    seen = set()
    for one in decisions:
        if one.hold is Hold.EDITED and one.address:
            note = _note(one.row, one.address)
            seen.add(note)
            if _since(notes.get((company.destination, note)), one.now) is None:
                value = f"{run.now.isoformat()} {typed(one.now)}"
                yield StateEntry(connection=company.destination, key=note, value=value)
    for owner, key in notes:
        if owner == company.destination and key.startswith(EDITED_SINCE) and key not in seen:
            yield StateEntry(connection=owner, key=key, value=None)


def _since(note: str | None, value: Stored) -> datetime | None:
    """Since when the cell has held ``value``, as far as it is known."""
    moment, _, text = (note or "").partition(" ")
    return datetime.fromisoformat(moment) if moment and text == typed(value) else None


def _note(row: str, address: str) -> str:
    return f"{EDITED_SINCE}{row} {address}"
