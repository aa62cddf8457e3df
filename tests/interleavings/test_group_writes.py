"""A group of rows, a person who edits at every moment, and a run that is killed at every moment.

The moments are those at which the world can see a run: before and after each record in the ledger, each look and each write.
The rows are written one after the other here, in the order of the plan, so that every moment has a place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest

from okrsync.memory import Memory
from okrsync.model import CellState, Hold, Row, Stored, Verdict
from okrsync.planning import DesiredCell, DesiredRow, Plan, plan
from okrsync.ports import RECENT
from okrsync.sync import row_writes
from okrsync.sync.apply import Writing, apply, settle_same
from okrsync.sync.row_writes import GROUP, RowWrite, Sent
from okrsync.testing.memory import MemoryDestination, MemoryLedger

ROWS = 13
THEIRS = Decimal(999)


class Killed(BaseException):
    """kill -9: nothing of the run happens after it."""


@dataclass
class World(MemoryDestination):
    """One table and its ledger. ``happens`` is called at every moment of a run, with its number."""

    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    happens: Callable[[int], None] = lambda _moment: None
    moment: int = 0
    killed: bool = False
    read_at: dict[str, int] = field(default_factory=dict)
    written_at: dict[str, int] = field(default_factory=dict)

    def passes(self) -> None:
        if self.killed:
            raise Killed
        self.moment += 1
        try:
            self.happens(self.moment)
        except Killed:
            self.killed = True
            raise

    def look(self, rows: Sequence[str], *, fresh: float) -> None:
        self.passes()
        super().look(rows, fresh=0.0)
        self.read_at.update(dict.fromkeys(rows, self.moment))
        self.passes()

    def write(
        self, row: str, values: Mapping[str, Stored], expect: Mapping[str, Stored], *, recent: bool = False
    ) -> Row:
        self.passes()
        if not recent or row not in self.seen:
            self.read_at[row] = self.moment
        found = super().write(row, values, expect, recent=recent)
        self.written_at[row] = self.moment
        self.passes()
        return found

    def record(self, *entries: Any) -> None:
        if entries:
            self.passes()
            self.ledger.record("acme", *entries)
            self.passes()

    def edit(self, row: str) -> None:
        cells = {"current": replace(self.rows[row].cells["current"], value=THEIRS)}
        self.rows[row] = replace(self.rows[row], cells=cells)

    def value(self, row: str) -> Stored:
        return self.rows[row].cells["current"].value


@pytest.fixture(autouse=True)
def _in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    def one_by_one(
        write: Callable[[RowWrite], Sent], rows: Sequence[RowWrite]
    ) -> tuple[dict[str, Sent], BaseException | None]:
        sent: dict[str, Sent] = {}
        for one in rows:
            try:
                sent[one.row] = write(one)
            except Killed as error:
                return sent, error
        return sent, None

    monkeypatch.setattr(row_writes, "_side_by_side", one_by_one)


def world(*, written: bool = False) -> World:
    made = World()
    for number in range(ROWS):
        cell = CellState(address="a", value=Decimal(1) if written else None)
        made.rows[f"row-{number}"] = Row(
            id=f"row-{number}", key=f"KR-{number}", title="KR", url="", cells={"current": cell}
        )
    if written:
        last: dict[tuple[str, str], Stored] = {(row, "a"): Decimal(1) for row in made.rows}
        made.ledger._memory["acme"] = Memory(last_written=last)
    return made


def run(there: World, wanted: Decimal = Decimal(2), *, in_groups: bool = False) -> Plan:
    """One run, until it ends or is killed."""
    memory = there.ledger.recall("acme")
    aims = [
        DesiredRow(subject=row.key, row=row, cells={"current": DesiredCell(value=wanted)}, unguarded=True)
        for row in there.read()
    ]
    made = plan("acme", aims, memory)
    # As a connector does: what the run itself has read is recent too, for as long as the engine lets it count.
    there.seen = dict(there.rows)
    there.read_at = dict.fromkeys(there.rows, there.moment)
    there.killed = False
    with suppress(Killed):
        there.record(*settle_same(made, memory, "run"))
        decisions = apply(
            made,
            Writing(
                destination_of=lambda _: there,
                record=there.record,
                run="run",
                in_groups=lambda _: in_groups,
            ),
        )
        return replace(made, decisions=decisions)
    return made


def moments(*, written: bool, in_groups: bool) -> int:
    there = world(written=written)
    run(there, in_groups=in_groups)
    return there.moment


KINDS = [(False, False), (True, False), (True, True)]


@pytest.mark.parametrize(("written", "in_groups"), KINDS)
def test_an_edit_at_any_moment_is_lost_only_between_a_rows_last_reading_and_its_write(
    written: bool, in_groups: bool
) -> None:
    lost_most = 0
    for at in range(1, moments(written=written, in_groups=in_groups) + 1):
        there = world(written=written)

        def everybody_edits(moment: int, there: World = there, at: int = at) -> None:
            if moment == at:
                for row in there.rows:
                    if row not in there.written_at:
                        there.edit(row)

        there.happens = everybody_edits
        run(there, in_groups=in_groups)
        lost = [row for row in there.rows if there.written_at.get(row, 0) > at and there.value(row) != THEIRS]
        for row in lost:
            assert there.read_at[row] < at, f"{row} was read after the edit at {at}, and written all the same"
        lost_most = max(lost_most, len(lost))
        kept = [row for row in there.rows if there.value(row) == THEIRS]
        again = run(there, Decimal(3), in_groups=in_groups)
        held = {one.row for one in again.decisions if one.hold in {Hold.EDITED, Hold.UNCLAIMED}}
        assert held == set(kept), f"a person's number of moment {at} was not kept"
        assert all(there.value(row) == THEIRS for row in kept)
        if written and not in_groups:
            assert set(lost) <= {f"row-{number}" for number in range(GROUP)}, "these were read by themselves"
    assert lost_most == GROUP


def test_the_promise_names_these_numbers() -> None:
    assert (GROUP, RECENT) == (10, 4.0)


@pytest.mark.parametrize(("written", "in_groups"), KINDS)
def test_never_more_than_ten_writes_lie_between_a_rows_reading_and_its_write(
    written: bool, in_groups: bool
) -> None:
    there = world(written=written)
    run(there, in_groups=in_groups)
    for row, at in there.written_at.items():
        between = [one for one in there.written_at.values() if there.read_at[row] < one <= at]
        assert len(between) <= GROUP


@pytest.mark.parametrize(("written", "in_groups"), KINDS)
@pytest.mark.parametrize("edited", ["", "row-2", "row-11"])
def test_a_run_that_is_killed_at_any_moment_is_finished_by_the_next_one(
    written: bool, in_groups: bool, edited: str
) -> None:
    for at in range(1, moments(written=written, in_groups=in_groups) + 1):
        there = world(written=written)

        def die(moment: int, at: int = at) -> None:
            if moment == at:
                raise Killed

        there.happens = die
        run(there, in_groups=in_groups)
        there.happens = lambda _moment: None
        if edited:
            there.edit(edited)
        decisions = run(there, in_groups=in_groups).decisions
        assert {row: there.value(row) for row in there.rows} == {
            row: THEIRS if row == edited else Decimal(2) for row in there.rows
        }, f"killed at {at}"
        held = {one.row for one in decisions if one.verdict is Verdict.HELD}
        assert held == ({edited} if edited else set()), f"killed at {at}"
        writes = there.writes
        run(there, in_groups=in_groups)
        assert there.writes == writes, f"killed at {at}: a third run wrote again"
        open_intents = {row for row, _ in there.ledger.recall("acme").intents}
        assert open_intents <= {edited}


def test_a_group_takes_one_record_for_its_intents_and_one_for_what_landed() -> None:
    there = world()
    seen: list[int] = []

    def counted(*entries: Any) -> None:
        if entries:
            seen.append(len(entries))

    there.record = counted  # type: ignore[method-assign]
    run(there)
    assert seen == [GROUP, GROUP, ROWS - GROUP, ROWS - GROUP]
