"""Decide every cell of one row: its number first, then what follows from it, its note and its stamp."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from okrsync.cells import NOTE, RELEASE, STAMP, follows, leads
from okrsync.memory import Memory
from okrsync.model import Decision, Hold, Row, Verdict
from okrsync.ownership import Whose, owners
from okrsync.planning.desired import DesiredCell, DesiredRow
from okrsync.planning.limits import Limits, doubt
from okrsync.planning.new_rows import in_order, new_row, no_row
from okrsync.planning.write_rule import decide, decide_cell, untouched, why
from okrsync.stamp import is_stamp, new_stamp


def decide_row(company: str, desired: DesiredRow, memory: Memory, limits: Limits) -> list[Decision]:
    if desired.row is None and desired.creates:
        return new_row(desired)
    if desired.row is None or desired.row.problem:
        reason = desired.row.problem if desired.row is not None else desired.absent
        return [no_row(desired, cell, wanted, reason) for cell, wanted in desired.cells.items()]
    decisions: list[Decision] = []
    whose = owners(desired.row, memory)
    for cell in in_order(desired.cells):
        decision = decide_cell(company, desired, desired.row, cell, memory, whose.get(cell))
        if decision.hold in {Hold.EDITED, Hold.UNCLAIMED} and cell in desired.released:
            decision = replace(
                decision, verdict=Verdict.WRITE, hold=None, reason=desired.released[cell], hint=""
            )
        if doubtful := doubt(desired, decision, limits):
            decision = replace(
                decision,
                verdict=Verdict.HELD,
                hold=Hold.DOUBTFUL,
                reason=doubtful,
                hint=f"okrsync accept {company} {desired.subject}",
            )
        decisions.append(_following(decision, decisions, kept=desired.kept))
    if desired.note is not None:
        decisions.append(_note(company, desired, desired.note(decisions), memory, whose.get(NOTE.name)))
    if STAMP.name in desired.row.cells:
        decisions = _with_stamp(company, desired, desired.row, decisions, memory)
    # A box stays ticked until everything in its row could be settled.
    if desired.row.released and not any(one.verdict is Verdict.HELD for one in decisions):
        decisions.append(
            Decision(
                subject=desired.subject,
                row=desired.row.id,
                cell=RELEASE.name,
                address=desired.row.cells[RELEASE.name].address,
                verdict=Verdict.WRITE,
                reason="the release is carried out",
                now=True,
                wanted=False,
                shown=False,
            )
        )
    return decisions


def _with_stamp(
    company: str, desired: DesiredRow, row: Row, decisions: list[Decision], memory: Memory
) -> list[Decision]:
    """The decisions with that of the row's stamp; if it cannot be written, nothing of the row is."""
    state = row.cells[STAMP.name]
    text = new_stamp(row, decisions, memory)
    if text is None and not is_stamp(state.value):
        return decisions  # nothing is known to be okrsync's, so there is nothing to say
    last = memory.last_written.get((row.id, state.address))
    verdict, hold, reason, hint = Verdict.WRITE, None, "okrsync's record of the row", ""
    if text is None:
        verdict, reason = Verdict.SAME, "already so"
    elif state.locked:
        verdict, hold, reason = Verdict.HELD, Hold.LOCKED, state.locked
    elif not (
        untouched(state.value, state.initial) or is_stamp(state.value) or STAMP.name in desired.released
    ):
        verdict, hold = decide(last, state.value, text)
        reason, hint = why(company, desired.subject, verdict, hold, state, last)
    stamp = Decision(
        subject=desired.subject,
        row=row.id,
        cell=STAMP.name,
        address=state.address,
        verdict=verdict,
        reason=reason,
        last=last,
        now=state.value,
        wanted=text or state.value,
        shown=text,
        first=last is None and untouched(state.value, state.initial),
        hold=hold,
        hint=hint,
    )
    if hold is None:
        return [*decisions, stamp]
    waiting = f"follows {STAMP.name}, which is held"
    return [
        replace(one, verdict=Verdict.HELD, hold=Hold.FOLLOWS, reason=waiting, hint="")
        if one.verdict is Verdict.WRITE
        else one
        for one in decisions
    ] + [stamp]


def _note(
    company: str, desired: DesiredRow, wanted: DesiredCell, memory: Memory, whose: Whose | None
) -> Decision:
    """The only cell that okrsync also empties: a note of its own that is true no more."""
    assert desired.row is not None
    noted = replace(desired, cells={NOTE.name: wanted})
    decision = decide_cell(company, noted, desired.row, NOTE.name, memory, whose)
    ours = decision.last is not None or whose is Whose.OURS
    if wanted.hold is None and wanted.value is None and not ours:
        return replace(decision, verdict=Verdict.SAME, hold=None, reason="there is nothing to say", hint="")
    return decision


def _following(decision: Decision, before: Sequence[Decision], *, kept: bool) -> Decision:
    """Hold what is derived from a held number, and leave followers alone if nothing else is written.

    If a person's number is ``kept``, the others are computed from that number and need not be held.
    """
    current = next((one for one in before if leads(one.cell)), None)
    held = current is not None and current.verdict is Verdict.HELD and not kept
    if held and decision.verdict is not Verdict.HELD:
        assert current is not None
        return replace(
            decision,
            verdict=Verdict.HELD,
            hold=Hold.FOLLOWS,
            reason=f"follows {current.cell}, which is held",
            hint="",
            cause=current.cause,
        )
    if follows(decision.cell) and (decision.verdict is Verdict.WRITE or decision.hold is Hold.UNCLAIMED):
        others = [one for one in before if not follows(one.cell)]
        if not any(one.verdict is Verdict.WRITE for one in others):
            # In a row that agrees, a follower is taken over with what it follows: what it shows is what is wanted.
            agrees = bool(others) and all(one.verdict is Verdict.SAME for one in others)
            return replace(
                decision,
                verdict=Verdict.SAME,
                hold=None,
                reason="nothing else of this row changes",
                hint="",
                wanted=decision.now if agrees else decision.wanted,
            )
    return decision
