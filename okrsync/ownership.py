"""Say whose value a cell holds, as far as the row knows; the ledger decides the rest.

The row's stamp is exact. Without a stamp, who edited the row last, and when, says this much:

- The ledger knows nothing of the row, the row has values, and its last editor is our own integration, or its cell
  ``updated`` holds a time: okrsync has written it from another ledger. None of its cells is written, not even an empty one.
- Our own integration wrote the row later than this ledger knows: the ledger is an older copy. What people have edited
  since looks like what okrsync put there, so the cell is held with a reason of its own. The time in the cell ``updated``
  shows this even if a person edited the row last, or a run was killed.
- A run was killed, the cell holds what it held before that run, and a person has edited the row since: they may have
  put the value back, so it is theirs.

The ledger keeps such a finding until somebody takes the cell over, because the row soon looks like any other. Nobody can
tell two things: an edit in the minute of our own write (the destination counts minutes), and a row that a person emptied
altogether before a fresh ledger met it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from okrsync.cells import RELEASE, STAMP, UPDATED
from okrsync.codec import typed
from okrsync.memory import Intent, Memory, StateEntry
from okrsync.model import CellState, Row, Stored
from okrsync.stamp import is_stamp, mark_of, stamp_of

ROWS: Final = "@rows"
"""Under this name, which no connection can have, the ledger keeps what it knows of rows."""
LAST_WRITE: Final = "last write"
SLACK: Final = timedelta(minutes=10)
"""Rows are written side by side, and a write can move a related row's time of the last edit too."""


class Whose(StrEnum):
    OURS = "ours"
    THEIRS = "theirs"
    ELSEWHERE = "elsewhere"
    """Our own integration's, but not from this ledger."""
    UNSURE = "unsure"
    """Our own integration's from another ledger, or a person's: the row was edited by a person since."""


def owners(row: Row, memory: Memory) -> dict[str, Whose]:
    """Who put the value into each cell, if the row itself tells."""
    stamp = stamp_of(row, memory)
    found: dict[str, Whose] = {}
    for name, cell in row.cells.items():
        if name in {RELEASE.name, STAMP.name} or cell.locked:
            continue
        if stamp is None:
            whose = _by_last_edit(row, name, cell, memory)
        else:
            fits = stamp.fits(name, cell, row.key)
            whose = _unmarked(row, cell, memory) if fits is None else Whose.OURS if fits else Whose.THEIRS
        if whose is not None:
            found[name] = whose
    return found


def is_behind(rows: Iterable[Row], memory: Memory) -> bool:
    """Whether the tables were written by our own integration later than the ledger knows: it is an older copy."""
    return any(_is_behind(row, memory) for row in rows)


def last_write(memory: Memory) -> datetime | None:
    """When the ledger's runs last wrote, by the destination's clock if it tells, else when its last run ended."""
    note = memory.state.get((ROWS, LAST_WRITE))
    if note is not None:
        return datetime.fromisoformat(note)
    return memory.last_run.at if memory.last_run is not None else None


def intended_on(row: Row | None) -> tuple[StateEntry, ...]:
    """What the ledger must keep with the intents of a row: who edited it last before them."""
    if row is None or row.edited_at is None:
        return ()
    return (StateEntry(connection=ROWS, key=_seen(row.id), value=_edit(row)),)


def settled_on(row: str, written: Row | None) -> tuple[StateEntry, ...]:
    """What the ledger must keep once the intents of a row are settled; ``written`` is the row after the write."""
    if written is not None and written.edited_at is None:
        return ()
    return (StateEntry(connection=ROWS, key=_seen(row), value=None), *in_sync((written,)))


def in_sync(rows: Iterable[Row | None]) -> tuple[StateEntry, ...]:
    """What the ledger must keep of rows that it knows as they are: when our own integration wrote them last."""
    moments = [one.edited_at for one in rows if one is not None and one.edited_by_us and one.edited_at]
    if not moments:
        return ()
    return (StateEntry(connection=ROWS, key=LAST_WRITE, value=max(moments).isoformat()),)


def unknown_note(row: Row, cell: str, whose: Whose | None) -> StateEntry:
    """The note of a cell whose value this ledger does not know; None strikes it out."""
    state = row.cells[cell]
    value = None if whose is None else f"{whose} {mark_of(row.key, cell, state.value)}"
    return StateEntry(connection=ROWS, key=_unknown(row.id, state.address), value=value)


def is_noted(row: Row, cell: str, memory: Memory) -> bool:
    """Whether the ledger has the cell's ``unknown_note``."""
    return (ROWS, _unknown(row.id, row.cells[cell].address)) in memory.state


def _by_last_edit(row: Row, name: str, cell: CellState, memory: Memory) -> Whose | None:
    where = (row.id, cell.address)
    note = memory.state.get((ROWS, _unknown(*where)))
    if note is not None:
        kind, _, mark = note.partition(" ")
        return Whose(kind) if mark == mark_of(row.key, name, cell.value) else Whose.THEIRS
    intent = memory.intents.get(where)
    if intent is not None and not _later(row, memory):
        theirs = _put_back(row, cell.value, intent, memory) or _not_landed(row, cell.value, intent, memory)
        return Whose.THEIRS if theirs else None
    if where in memory.last_written or intent is not None:
        foreign = _later(row, memory) or (memory.behind and _touched(row, memory))
    else:
        foreign = _from_another_ledger(row, memory)
    if not foreign:
        return None
    return Whose.UNSURE if row.edited_by_us is False else Whose.ELSEWHERE


def _put_back(row: Row, value: Stored, intent: Intent, memory: Memory) -> bool:
    """Whether a person edited the row after a write was intended whose end is not known, and the cell is as before it."""
    before = memory.state.get((ROWS, _seen(row.id)))
    as_before = _same(value, intent.before) and not _same(value, intent.after)
    return as_before and row.edited_by_us is False and before is not None and not _is_that_edit(row, before)


def _unmarked(row: Row, cell: CellState, memory: Memory) -> Whose | None:
    """Whose the value is of which the row's stamp does not speak: what a killed run meant to write did not land."""
    intent = memory.intents.get((row.id, cell.address))
    return Whose.THEIRS if intent is not None and _only_after(cell.value, intent) else None


def _not_landed(row: Row, value: Stored, intent: Intent, memory: Memory) -> bool:
    """Whether a person typed just what a killed run was to write: without the stamp of that write it did not land."""
    if STAMP.name not in row.cells:
        return False
    state = row.cells[STAMP.name]
    stamp = memory.intents.get((row.id, state.address))
    return stamp is not None and _only_after(value, intent) and not _same(state.value, stamp.after)


def _only_after(value: Stored, intent: Intent) -> bool:
    return _same(value, intent.after) and not _same(value, intent.before)


def _from_another_ledger(row: Row, memory: Memory) -> bool:
    """Whether okrsync has written a row of which the ledger knows nothing."""
    if any(_known(row, cell, memory) for cell in row.cells.values()):
        return False
    own = {name: cell for name, cell in row.cells.items() if name != RELEASE.name and not cell.locked}
    filled = {
        name for name, cell in own.items() if cell.value is not None and not _same(cell.value, cell.initial)
    }
    stamped = STAMP.name in filled and is_stamp(own[STAMP.name].value)
    ours = bool(row.edited_by_us) or stamped or _updated(row) is not None
    return bool(filled) and (ours or (memory.behind and _touched(row, memory)))


def _is_behind(row: Row, memory: Memory) -> bool:
    cells = [cell for name, cell in row.cells.items() if name != RELEASE.name and not cell.locked]
    stamped = stamp_of(row, memory) is not None
    if stamped or row.edited_by_us is False or any((row.id, one.address) in memory.intents for one in cells):
        return False
    if _later(row, memory):
        return True
    last = last_write(memory)
    if not row.edited_by_us or row.edited_at is None or last is None or row.edited_at <= last + SLACK:
        return False
    known = [cell for cell in cells if (row.id, cell.address) in memory.last_written]
    return any(not _same(cell.value, memory.last_written[row.id, cell.address]) for cell in known)


def _touched(row: Row, memory: Memory) -> bool:
    last = last_write(memory)
    return row.edited_at is not None and last is not None and row.edited_at > last


def _later(row: Row, memory: Memory) -> bool:
    """Whether the row says that okrsync wrote it later than the ledger knows."""
    if UPDATED.name not in row.cells or (shown := _updated(row)) is None:
        return False
    where = (row.id, row.cells[UPDATED.name].address)
    intent = memory.intents.get(where)
    written = [memory.last_written.get(where), *((intent.before, intent.after) if intent is not None else ())]
    known = [at for one in written if (at := _instant(one)) is not None]
    if not known and any(_known(row, cell, memory) for cell in row.cells.values()):
        # The ledger knows the row, and not that it ever wrote this time: its last run was before.
        last = last_write(memory)
        known = [last] if last is not None else []
    return bool(known) and shown > max(known)


def _updated(row: Row) -> datetime | None:
    cell = row.cells.get(UPDATED.name)
    return _instant(cell.value) if cell is not None and not cell.locked else None


def _instant(value: Stored) -> datetime | None:
    """The instant in a cell; None for anything that okrsync has not put there: a bare day, or a span."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _known(row: Row, cell: CellState, memory: Memory) -> bool:
    where = (row.id, cell.address)
    return where in memory.last_written or where in memory.intents


def _same(one: Stored, other: Stored) -> bool:
    return typed(one) == typed(other)


def _edit(row: Row) -> str:
    return f"{row.edited_by_us} {row.edited_at.isoformat() if row.edited_at is not None else ''}"


def _is_that_edit(row: Row, before: str) -> bool:
    """Whether the row's last edit is the one that was noted, by ``_edit``, when nobody may have known who "us" is."""
    ours, _, moment = _edit(row).partition(" ")
    noted, _, then = before.partition(" ")
    return moment == then and noted in {ours, "None"}


def _seen(row: str) -> str:
    return f"seen {row}"


def _unknown(row: str, address: str) -> str:
    return f"unknown {row} {address}"


def why_foreign(whose: Whose, company: str, subject: str) -> tuple[str, str]:
    """Why a cell is held that another ledger's run may have written, and the next step."""
    if whose is Whose.ELSEWHERE:
        return "written by this integration, but not from this ledger", f"okrsync adopt {company} --ours"
    return (
        "this integration wrote the row, but not from this ledger, and a person has edited it since",
        f"okrsync adopt {company} {subject}",
    )
