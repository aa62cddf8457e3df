"""Decide one cell by the truth table of ``okrsync.planning``, and say why in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from okrsync.memory import Intent, Memory
from okrsync.model import CellState, Decision, Hold, Row, Stored, Verdict
from okrsync.ownership import Whose, why_foreign
from okrsync.planning.desired import DesiredRow

_BY_OWNER: Final[Mapping[Whose, tuple[Verdict, Hold | None]]] = {
    Whose.OURS: (Verdict.WRITE, None),
    Whose.THEIRS: (Verdict.HELD, Hold.EDITED),
    Whose.ELSEWHERE: (Verdict.HELD, Hold.UNCLAIMED),
    Whose.UNSURE: (Verdict.HELD, Hold.UNCLAIMED),
}


def decide(
    last: Stored, now: Stored, wanted: Stored, intent: Intent | None = None, initial: Stored = None
) -> tuple[Verdict, Hold | None]:
    """The truth table for one cell whose wanted value is known (not none), and whose row does not tell whose value it has."""
    if same(now, wanted):
        return Verdict.SAME, None
    if intent is not None:
        if same(now, intent.after):
            last = now
        elif not same(now, intent.before):
            return Verdict.HELD, Hold.EDITED
        else:
            last = intent.before
    if last is None:
        return (Verdict.WRITE, None) if untouched(now, initial) else (Verdict.HELD, Hold.UNCLAIMED)
    if same(now, last):
        return Verdict.WRITE, None
    return Verdict.HELD, Hold.EDITED


def same(one: Stored, other: Stored) -> bool:
    """Whether two canonical values are one. To Python, ``True`` is also the number 1; to a person it is not."""
    return isinstance(one, bool) is isinstance(other, bool) and one == other


def untouched(now: Stored, initial: Stored) -> bool:
    return now is None or same(now, initial)


def decide_cell(
    company: str, desired: DesiredRow, row: Row, name: str, memory: Memory, whose: Whose | None
) -> Decision:
    subject, wanted = desired.subject, desired.cells[name]
    cell = row.cells.get(name) or CellState(address="", locked="this table has no such cell")
    last = memory.last_written.get((row.id, cell.address))
    intent = memory.intents.get((row.id, cell.address))
    verdict, hold = Verdict.HELD, wanted.hold
    reason, hint, cause = wanted.reason, wanted.hint, wanted.cause
    if cell.locked:
        hold, reason, hint, cause = Hold.LOCKED, cell.locked, "", None
    elif hold is None:
        if whose is None or same(cell.value, wanted.value):
            verdict, hold = decide(last, cell.value, wanted.value, intent, cell.initial)
        else:
            verdict, hold = _BY_OWNER[whose]
        reason, hint = why(company, subject, verdict, hold, cell, last)
        if hold is Hold.UNCLAIMED and whose is not None:
            reason, hint = why_foreign(whose, company, subject)
        if whose is Whose.THEIRS and same(last, cell.value):
            last = None  # the ledger is wrong here: what okrsync put there is not known
    return Decision(
        subject=subject,
        row=row.id,
        cell=name,
        address=cell.address,
        verdict=verdict,
        reason=reason,
        last=last,
        now=cell.value,
        wanted=wanted.value,
        shown=wanted.shown,
        fraction=cell.fraction,
        first=last is None and intent is None and untouched(cell.value, cell.initial),
        hold=hold,
        cause=cause,
        hint=hint,
        answer=wanted.answer,
    )


def why(
    company: str, subject: str, verdict: Verdict, hold: Hold | None, cell: CellState, last: Stored
) -> tuple[str, str]:
    if hold is Hold.UNCLAIMED and cell.doubt is not None:
        return cell.doubt.reason, f"{cell.doubt.hint}; else: okrsync adopt {company} {subject}"
    if hold is Hold.UNCLAIMED:
        return "it was filled in by a person before okrsync", f"okrsync adopt {company} {subject}"
    if hold is Hold.EDITED:
        cleared, changed = (
            "a person cleared it since okrsync wrote it",
            "a person changed it since okrsync wrote it",
        )
        return cleared if cell.value is None else changed, f"okrsync release {company} {subject}"
    if verdict is Verdict.SAME:
        return "already so", ""
    first = last is None and untouched(cell.value, cell.initial)
    return ("first value" if first else "new value"), ""
