"""The write rule: for every cell one verdict, and for every plan a limit to what it may change.

     last put there | cell now | wanted | verdict
    ----------------+----------+--------+------------------------------------------------------------------
     anything       | X        | X      | SAME   and remember X: a lost ledger heals itself
     never          | empty    | Y      | WRITE  the first value; the destination's own initial value counts as empty
     never          | X        | Y      | HELD   unclaimed: `okrsync adopt` takes it over
     X              | X        | Y      | WRITE
     X              | Z        | Y      | HELD   edited by a person since okrsync wrote X: `okrsync release`
     anything       | anything | none   | HELD   no data, with the reason

Whose value it is, the row itself says first, by its stamp or by who edited it last (ownership.py); only what it
does not tell is decided by what the ledger says was last put there. A row that has a stamp is never written without it.

All three columns are canonical: they have passed through ``Destination.canonical``. "Never" and "empty" are None; okrsync
never puts an empty value. A write that was intended and whose end is not known counts by what the cell shows now:
the after-value means it landed, the before-value that it did not, anything else that a person edited it (the intent is
kept). The plan is total: a missing row or a missing number is a HELD line, never an absent one.

Absence is never a reason to delete, so a source that fails holds its own key results and no others.

A doubtful number is held by itself: one that falls to 0 or by more than half, or a first 0 that nothing proves. A whole
plan is refused only if many key results fall back together.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from okrsync.cells import NOTE, RELEASE, STAMP, follows, leads
from okrsync.codec import number, typed
from okrsync.errors import UnsafePlan
from okrsync.model import (
    PERCENT,
    Answer,
    Cause,
    CellState,
    Decision,
    Hold,
    Intent,
    Memory,
    NoValue,
    Quantity,
    Row,
    Stored,
    Verdict,
    Wanted,
)
from okrsync.ownership import Whose, owners, words
from okrsync.stamp import first_stamp, is_stamp, new_stamp

# The row of a decision whose row is yet to be added: this and its key. Its cells' names stand for their addresses.
NEW: Final = "new:"


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredCell:
    """What one cell should hold: ``value`` is the canonical form of ``shown``; if there is none, ``hold`` says why."""

    shown: Wanted = None
    value: Stored = None
    hold: Hold | None = None
    reason: str = ""
    hint: str = ""
    cause: Cause | None = None
    answer: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredRow:
    """What the run wants of one row.

    ``row`` is None if the destination has none, and ``absent`` says so in words. ``direction`` is +1 where the
    key result's number should rise, -1 where it should fall, 0 if neither is better. ``restarted`` marks a number
    whose window began again since the last one was written (a new week), ``unguarded`` one that may drop freely.
    ``creates`` says that a missing row is to be added, with the subject as its key, and ``stamped`` that it gets a stamp.
    ``released`` gives for cells why a person's edit of them may be written over. ``first_zero`` is why a first 0 would be
    doubtful, ``accepted`` the number that a person lets pass all the same. ``kept``: the other cells are computed from the
    person's number that stays. ``note`` makes the cell that says why something of the row is held, from the decisions on
    its other cells.
    """

    subject: str
    row: Row | None
    cells: Mapping[str, DesiredCell]
    absent: str = ""
    direction: int = 0
    restarted: bool = False
    unguarded: bool = False
    creates: bool = False
    stamped: bool = False
    released: Mapping[str, str] = field(default_factory=dict)
    first_zero: str = ""
    accepted: Stored = None
    kept: bool = False
    note: Callable[[Sequence[Decision]], DesiredCell] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may change unconfirmed.

    ``drop`` is the share of its value that a number may lose at once (a fall to exactly 0 is too much unless that is 1);
    ``fall_back`` is the share of key results that may move against their goal at once, where at least
    ``of_at_least`` of them hold a number.
    """

    drop: Decimal = Decimal("0.5")
    fall_back: Decimal = Decimal("0.3")
    of_at_least: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every Decision of a run, and what the limits need to judge it. ``alarms`` are the sentences of ``check``."""

    decisions: tuple[Decision, ...]
    alarms: tuple[str, ...] = ()

    @property
    def writes(self) -> tuple[Decision, ...]:
        return tuple(one for one in self.decisions if one.verdict is Verdict.WRITE)

    @property
    def held(self) -> tuple[Decision, ...]:
        return tuple(one for one in self.decisions if one.verdict is Verdict.HELD)

    @property
    def same(self) -> tuple[Decision, ...]:
        return tuple(one for one in self.decisions if one.verdict is Verdict.SAME)

    @property
    def digest(self) -> str:
        """What this plan would do, in 16 hex digits: equal digests write the same values over the same values.

        Followers are left out: the time of the run is written along, and is no decision of its own.
        """
        return digest_of(one for one in self.decisions if not follows(one.cell))

    def with_more(self, other: Plan) -> Plan:
        """Both plans as one, to be checked and applied together."""
        return Plan(decisions=self.decisions + other.decisions, alarms=self.alarms + other.alarms)

    def check(self, *, hint: str = "") -> None:
        """Raise ``UnsafePlan`` if the plan changes more than its limits allow."""
        if self.alarms:
            raise UnsafePlan("the plan was refused: " + "; ".join(self.alarms), hint=hint)


def digest_of(decisions: Iterable[Decision]) -> str:
    """The digest of a plan that consists of just these decisions, in whatever order."""
    lines = sorted(
        json.dumps([one.subject, one.row, one.address, str(one.verdict), typed(one.now), typed(one.wanted)])
        for one in decisions
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def plan(company: str, desired: Sequence[DesiredRow], memory: Memory, limits: Limits | None = None) -> Plan:
    """Decide every cell of every desired; ``company`` is only named in hints."""
    limits = limits or Limits()
    decided = [(desired, _decide_row(company, desired, memory, limits)) for desired in desired]
    decisions = tuple(decision for _, row in decided for decision in row)
    return Plan(decisions=decisions, alarms=tuple(_alarms(decided, limits)))


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
        return (Verdict.WRITE, None) if _untouched(now, initial) else (Verdict.HELD, Hold.UNCLAIMED)
    if same(now, last):
        return Verdict.WRITE, None
    return Verdict.HELD, Hold.EDITED


_BY_OWNER: Final[Mapping[Whose, tuple[Verdict, Hold | None]]] = {
    Whose.OURS: (Verdict.WRITE, None),
    Whose.THEIRS: (Verdict.HELD, Hold.EDITED),
    Whose.ELSEWHERE: (Verdict.HELD, Hold.UNCLAIMED),
    Whose.UNSURE: (Verdict.HELD, Hold.UNCLAIMED),
}


def _untouched(now: Stored, initial: Stored) -> bool:
    return now is None or same(now, initial)


def same(one: Stored, other: Stored) -> bool:
    """Whether two canonical values are one. To Python, ``True`` is also the number 1; to a person it is not."""
    return isinstance(one, bool) is isinstance(other, bool) and one == other


def _decide_row(company: str, desired: DesiredRow, memory: Memory, limits: Limits) -> list[Decision]:
    if desired.row is None and desired.creates:
        return _new_row(desired)
    if desired.row is None or desired.row.problem:
        reason = desired.row.problem if desired.row is not None else desired.absent
        return [_no_row(desired, cell, wanted, reason) for cell, wanted in desired.cells.items()]
    decisions: list[Decision] = []
    whose = owners(desired.row, memory)
    for cell in _in_order(desired.cells):
        decision = _decide_cell(company, desired, desired.row, cell, memory, whose.get(cell))
        if decision.hold in {Hold.EDITED, Hold.UNCLAIMED} and cell in desired.released:
            decision = replace(
                decision, verdict=Verdict.WRITE, hold=None, reason=desired.released[cell], hint=""
            )
        if doubt := _doubt(desired, decision, limits):
            decision = replace(
                decision,
                verdict=Verdict.HELD,
                hold=Hold.DOUBTFUL,
                reason=doubt,
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
        _untouched(state.value, state.initial) or is_stamp(state.value) or STAMP.name in desired.released
    ):
        verdict, hold = decide(last, state.value, text)
        reason, hint = _words(company, desired.subject, verdict, hold, state, last)
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
    decision = _decide_cell(company, noted, desired.row, NOTE.name, memory, whose)
    ours = decision.last is not None or whose is Whose.OURS
    if wanted.hold is None and wanted.value is None and not ours:
        return replace(decision, verdict=Verdict.SAME, hold=None, reason="there is nothing to say", hint="")
    return decision


def _in_order(cells: Iterable[str]) -> list[str]:
    """Return the row's number first, because the others follow it, and followers last."""
    return sorted(cells, key=lambda cell: (not leads(cell), follows(cell)))


def _new_row(desired: DesiredRow) -> list[Decision]:
    """A row is added whole or, while anything of it is missing, not at all."""
    waits = any(wanted.hold is not None for wanted in desired.cells.values())
    cells = dict(desired.cells)
    if desired.stamped:
        text = first_stamp(desired.subject, {cell: wanted.value for cell, wanted in desired.cells.items()})
        cells[STAMP.name] = DesiredCell(shown=text, value=text)
    return [
        Decision(
            subject=desired.subject,
            row=f"{NEW}{desired.subject}",
            cell=cell,
            address=cell,
            verdict=Verdict.HELD if waits else Verdict.WRITE,
            reason=wanted.reason or ("the row waits for its other cells" if waits else "new row"),
            wanted=wanted.value,
            shown=wanted.shown,
            fraction=_is_fraction(wanted),
            hold=wanted.hold or (Hold.FOLLOWS if waits else None),
            cause=wanted.cause,
            hint=wanted.hint,
            answer=wanted.answer,
        )
        for cell, wanted in ((cell, cells[cell]) for cell in _in_order(cells))
    ]


def _is_fraction(wanted: DesiredCell) -> bool:
    """Whether the destination keeps the percentage as its fraction: a row that is not there yet cannot say so itself."""
    shown, value = wanted.shown, wanted.value
    if not isinstance(shown, Quantity) or shown.unit != PERCENT or not isinstance(value, Decimal):
        return False
    return abs(value * 100 - shown.value) < abs(value - shown.value)


def _no_row(desired: DesiredRow, cell: str, wanted: DesiredCell, reason: str) -> Decision:
    return Decision(
        subject=desired.subject,
        row=desired.row.id if desired.row is not None else "",
        cell=cell,
        address="",
        verdict=Verdict.HELD,
        reason=reason,
        wanted=wanted.value,
        shown=wanted.shown,
        hold=Hold.NO_ROW,
        answer=wanted.answer,
    )


def _decide_cell(
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
        reason, hint = _words(company, subject, verdict, hold, cell, last)
        if hold is Hold.UNCLAIMED and whose is not None:
            reason, hint = words(whose, company, subject)
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
        hold=hold,
        cause=cause,
        hint=hint,
        answer=wanted.answer,
    )


def _words(
    company: str, subject: str, verdict: Verdict, hold: Hold | None, cell: CellState, last: Stored
) -> tuple[str, str]:
    if hold is Hold.UNCLAIMED and cell.doubt is not None:
        return cell.doubt.reason, f"{cell.doubt.hint}; else: okrsync adopt {company} {subject}"
    if hold is Hold.UNCLAIMED:
        return "it was filled in by a person before okrsync", f"okrsync adopt {company} {subject}"
    if hold is Hold.EDITED:
        change = "cleared" if cell.value is None else "changed"
        return f"a person {change} it since okrsync wrote it", f"okrsync release {company} {subject}"
    if verdict is Verdict.SAME:
        return "already so", ""
    first = last is None and _untouched(cell.value, cell.initial)
    return ("first value" if first else "new value"), ""


def _doubt(desired: DesiredRow, decision: Decision, limits: Limits) -> str:
    """Why the row's number must not be written before a person has looked at it, else empty."""
    before, after = decision.now, decision.wanted
    if not leads(decision.cell) or decision.verdict is not Verdict.WRITE or not isinstance(after, Decimal):
        return ""
    if desired.accepted is not None and same(desired.accepted, after):
        return ""
    if not isinstance(before, Decimal):
        return desired.first_zero if after == 0 else ""
    if desired.restarted or desired.unguarded or not _drops(before, after, limits.drop):
        return ""
    seen = [f"{number(one * 100)} %" if decision.fraction else number(one) for one in (before, after)]
    return f"it would fall from {seen[0]} to {seen[1]} at once"


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


def _alarms(decided: Sequence[tuple[DesiredRow, list[Decision]]], limits: Limits) -> Iterable[str]:
    numbers = 0
    fallen: list[str] = []
    for desired, row in decided:
        before, after = _replaced_number(row)
        if before is None or after is None:
            continue
        numbers += 1
        if desired.restarted or desired.unguarded:
            continue
        if (after - before) * desired.direction < 0:
            fallen.append(desired.subject)
    if numbers >= limits.of_at_least and len(fallen) > limits.fall_back * numbers:
        yield f"{len(fallen)} of {numbers} key results would fall back at once ({', '.join(fallen)})"


def _replaced_number(row: Sequence[Decision]) -> tuple[Decimal | None, Decimal | None]:
    """Return the row's number now and after the plan; None if there is none or it is held."""
    for one in row:
        if leads(one.cell) and one.verdict is not Verdict.HELD:
            return (
                one.now if isinstance(one.now, Decimal) else None,
                one.wanted if isinstance(one.wanted, Decimal) else None,
            )
    return None, None


def _drops(before: Decimal, after: Decimal, share: Decimal) -> bool:
    if after == 0:
        return before != 0 and share < 1
    return before > 0 and after < before * (1 - share)


def without_value(answer: NoValue) -> DesiredCell:
    """The cell that is held because there is no value for it."""
    return DesiredCell(
        hold=Hold.NO_DATA, reason=answer.reason, hint=answer.hint, cause=answer.cause, answer=answer
    )
