"""All histories of one cell: sources, people, syncs and crashes in every order, over the real planner and appliers.

Instead of histories up to some depth, every reachable state is visited once: the state space is finite, so what holds
here holds for histories of any length. A state knows who put the present value there (the ghost ``owner``), which the
planner does not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from okrsync.memory import Intent, Landed, Memory
from okrsync.model import CellState, Hold, Row, Stored, Verdict
from okrsync.planning import DesiredCell, DesiredRow, Plan, plan, rows, write_rule
from okrsync.sync.apply import Writing, apply, settle_same
from okrsync.testing.memory import MemoryDestination, MemoryLedger

ROW, ADDRESS = "page", "prop"
ONE, TWO, STRANGER = Decimal(1), Decimal(2), Decimal(99)
Step = tuple[str, "State"]


@dataclass(frozen=True)
class State:
    """``owner`` is ours, theirs, or coincidence: a person typed just the value that an unresolved write names."""

    cell: Stored = None
    wanted: Stored = ONE
    last: Stored = None
    intent: Intent | None = None
    owner: str = "ours"


class Crash(Exception):
    pass


def run(state: State, crash: str = "") -> tuple[State, Plan]:
    ledger, destination = MemoryLedger(), MemoryDestination()
    destination.rows[ROW] = Row(
        id=ROW, key="KR", title="KR", url="", cells={"current": CellState(address=ADDRESS, value=state.cell)}
    )
    memory = Memory(
        last_written={} if state.last is None else {(ROW, ADDRESS): state.last},
        intents={} if state.intent is None else {(ROW, ADDRESS): state.intent},
    )
    ledger._memory["acme"] = memory
    aim = DesiredRow(
        subject="KR",
        row=destination.rows[ROW],
        cells={"current": DesiredCell(value=state.wanted)},
        unguarded=True,
    )
    made = plan("acme", [aim], memory)
    ledger.record("acme", *settle_same(made, memory, "run"))

    def record(*entries: object) -> None:
        if crash == "after write" and any(isinstance(entry, Landed) for entry in entries):
            raise Crash
        ledger.record("acme", *entries)  # type: ignore[arg-type]
        if crash == "before write":
            raise Crash

    with suppress(Crash):
        apply(made, Writing(destination_of=lambda _: destination, record=record, run="run"))
    after = ledger.recall("acme")
    cell = destination.rows[ROW].cells["current"].value
    ours = cell == state.wanted and (made.same or made.writes)
    return (
        replace(
            state,
            cell=cell,
            last=after.last_written.get((ROW, ADDRESS)),
            intent=after.intents.get((ROW, ADDRESS)),
            owner="ours" if ours else state.owner,
        ),
        made,
    )


def typed(state: State, value: Stored) -> State:
    if value == state.cell:
        return state
    named = state.intent is not None and value in {state.intent.before, state.intent.after}
    known = value == state.last if state.intent is None else named
    if known:
        # Values alone cannot tell this from our own: harmless without a crash (it is what we put there).
        return replace(state, cell=value, owner="coincidence" if state.intent is not None else "ours")
    return replace(state, cell=value, owner="theirs")


def released(state: State) -> State:
    return replace(state, last=state.cell, intent=None, owner="ours")


def steps(state: State) -> Iterator[Step]:
    for value in (ONE, TWO):
        yield f"source says {value}", replace(state, wanted=value)
    for text in (None, ONE, TWO, STRANGER):
        yield f"person types {text}", typed(state, text)
    yield "release", released(state)
    for crash in ("", "before write", "after write"):
        yield f"sync {crash}", run(state, crash)[0]


def violations(state: State) -> Iterator[str]:
    after, made = run(state)
    (decision,) = made.decisions
    if state.owner == "theirs" and after.cell != state.cell:
        yield f"a person's {state.cell} was overwritten with {after.cell}"
    if state.owner == "ours" and after.cell != state.wanted:
        yield f"stuck: nobody touched {state.cell}, yet {state.wanted} is not written: {decision.reason}"
    if state.owner == "theirs" and state.cell != state.wanted and decision.verdict is not Verdict.HELD:
        yield f"a person's {state.cell} was not held"
    if decision.hold in {Hold.EDITED, Hold.UNCLAIMED} and not decision.hint:
        yield "held without a next step"
    if after.cell == state.wanted and run(after)[1].writes:
        yield "a second sync writes again"
    if after.intent is not None and state.owner == "ours":
        yield "a resolved write is still remembered as pending"


def explore(first: State) -> tuple[int, list[str]]:
    seen = {first: "start"}
    queue = deque([first])
    found: list[str] = []
    while queue:
        state = queue.popleft()
        found += [f"{text} in {state} (via {seen[state]})" for text in violations(state)]
        for name, after in steps(state):
            if after not in seen:
                seen[after] = f"{seen[state]}, {name}"
                queue.append(after)
    return len(seen), found


@pytest.mark.parametrize(
    "start", [State(), State(cell=STRANGER, owner="theirs"), State(cell=ONE, owner="theirs")]
)
def test_no_history_overwrites_a_person_or_gets_stuck(start: State) -> None:
    states, found = explore(start)
    assert found == []
    # Not blind: both crashes, all owners and an edit during an unresolved write are reached.
    assert states > 100


def test_the_only_overwrite_left_is_the_documented_coincidence() -> None:
    crashed, _ = run(State(cell=ONE, last=ONE, wanted=TWO), "before write")
    assert crashed.intent == Intent(before=ONE, after=TWO)
    meddled = typed(typed(crashed, STRANGER), ONE)
    assert meddled.owner == "coincidence"
    after, _ = run(meddled)
    assert after.cell == TWO


Decide = Callable[..., tuple[Verdict, Hold | None]]
REAL = write_rule.decide


def _never_same(
    last: Stored, now: Stored, wanted: Stored, intent: Intent | None = None, initial: Stored = None
) -> tuple[Verdict, Hold | None]:
    return (Verdict.WRITE, None) if now == wanted else REAL(last, now, wanted, intent)


def _claim_all(
    last: Stored, now: Stored, wanted: Stored, intent: Intent | None = None, initial: Stored = None
) -> tuple[Verdict, Hold | None]:
    verdict, hold = REAL(last, now, wanted, intent)
    return (Verdict.WRITE, None) if hold is Hold.UNCLAIMED else (verdict, hold)


def _ignore_edits(
    last: Stored, now: Stored, wanted: Stored, intent: Intent | None = None, initial: Stored = None
) -> tuple[Verdict, Hold | None]:
    verdict, hold = REAL(last, now, wanted, intent)
    return (Verdict.WRITE, None) if hold is Hold.EDITED else (verdict, hold)


def _hold_first(
    last: Stored, now: Stored, wanted: Stored, intent: Intent | None = None, initial: Stored = None
) -> tuple[Verdict, Hold | None]:
    return (Verdict.HELD, Hold.UNCLAIMED) if last is None and now is None else REAL(last, now, wanted, intent)


def _hold_ours(
    last: Stored, now: Stored, wanted: Stored, intent: Intent | None = None, initial: Stored = None
) -> tuple[Verdict, Hold | None]:
    if now != wanted and last is not None and now == last:
        return Verdict.HELD, Hold.EDITED
    return REAL(last, now, wanted, intent)


def _forget_intents(
    last: Stored, now: Stored, wanted: Stored, intent: Intent | None = None, initial: Stored = None
) -> tuple[Verdict, Hold | None]:
    return REAL(last, now, wanted)


def _trust_after_only(
    last: Stored, now: Stored, wanted: Stored, intent: Intent | None = None, initial: Stored = None
) -> tuple[Verdict, Hold | None]:
    if intent is not None and now == intent.before and now != wanted:
        return Verdict.HELD, Hold.EDITED
    return REAL(last, now, wanted, intent)


def _any_value_resolves(
    last: Stored, now: Stored, wanted: Stored, intent: Intent | None = None, initial: Stored = None
) -> tuple[Verdict, Hold | None]:
    return REAL(now if intent is not None else last, now, wanted)


@pytest.mark.parametrize(
    "mutant",
    [
        _never_same,
        _claim_all,
        _ignore_edits,
        _hold_first,
        _hold_ours,
        _forget_intents,
        _trust_after_only,
        _any_value_resolves,
    ],
)
def test_every_row_of_the_table_is_needed(mutant: Decide, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (rows, write_rule):
        monkeypatch.setattr(module, "decide", mutant)
    found = [text for start in (State(), State(cell=STRANGER, owner="theirs")) for text in explore(start)[1]]
    assert found, f"{mutant.__name__} breaks the write rule and nobody noticed"
