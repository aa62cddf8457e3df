"""Carry out a plan in groups of rows: intents first, then one write for each row, then results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from okrsync.errors import AccessError, Conflict, DataError, OkrsyncError, Unavailable
from okrsync.memory import Landed, Memory
from okrsync.model import Cause, Decision, Hold, Stored, Verdict
from okrsync.planning import NEW, Plan, same
from okrsync.ports import Destination
from okrsync.sync.add_row import addition, resumed
from okrsync.sync.lease_record import Record
from okrsync.sync.row_writes import GROUP, Group, Refusals, RowChange, RowWrite, batched, update, write_group
from okrsync.tables.check_ins import CheckIns

Rows = Sequence[Sequence[Decision]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What a plan is carried out with.

    ``destination_of`` tells the table of a subject's row, ``in_groups`` whether the YAML lets its rows be read again
    together (``recheck: group``) also if okrsync has written them before. ``hint`` is the next step after a failure.
    """

    destination_of: Callable[[str], Destination]
    record: Record
    run: str
    hint: str = ""
    check_ins: CheckIns | None = None
    in_groups: Callable[[str], bool] = lambda _subject: False


def settle_same(plan: Plan, memory: Memory, run: str) -> list[Landed]:
    """What the ledger must learn from cells that already hold what is wanted: a lost ledger heals itself."""
    news: dict[str, dict[str, Stored]] = {}
    for one in plan.same:
        where = (one.row, one.address)
        news_to_us = where in memory.intents or not same(memory.last_written.get(where), one.now)
        settled = same(one.now, one.wanted) and news_to_us
        if one.address and settled:
            news.setdefault(one.row, {})[one.address] = one.now
    return [Landed(run=run, row=row, values=values) for row, values in news.items()]


def apply(plan: Plan, writing: Writing) -> tuple[Decision, ...]:
    """Write every row of the plan that has something to write; return all decisions as they ended.

    The rows of a group are written side by side, one row never by two threads; how fast is for the destination's limiter
    to say. A row that fails is held and the others go on; a credential that is refused stops the writing.
    """
    refusals = Refusals()
    failures: dict[str, OkrsyncError | None] = {}
    begun = 0
    for destination, rows in _groups(plan.writes, writing):
        adds = _adds(rows[0])
        if (before := refusals.of(adds=adds)) is not None:
            failures |= {writes[0].row: before for writes in rows}
            continue
        begun += len(rows)
        ended, left = _resumed(rows, writing, refusals) if adds else (dict[str, OkrsyncError | None](), rows)
        group = Group(
            rows=[_row_write(writes, destination, writing) for writes in left],
            destination=destination,
            adds=adds,
            first=begun <= GROUP,
        )
        failures |= ended | write_group(group, writing.record, writing.run, refusals)
    return tuple(
        _failed(one, error, writing.hint)
        if one.verdict is Verdict.WRITE and (error := failures[one.row]) is not None
        else one
        for one in plan.decisions
    )


def _groups(writes: Sequence[Decision], writing: Writing) -> Iterator[tuple[Destination, Rows]]:
    """The rows that are there in the order of the plan, then the new ones: groups of one table."""
    rows: dict[str, list[Decision]] = {}
    for one in writes:
        rows.setdefault(one.row, []).append(one)
    for adds in (False, True):
        mine = [each for each in rows.values() if _adds(each) is adds]
        yield from batched([(writing.destination_of(each[0].subject), each) for each in mine])


def _adds(writes: Sequence[Decision]) -> bool:
    return writes[0].row.startswith(NEW)


def _row_write(writes: Sequence[Decision], destination: Destination, writing: Writing) -> RowWrite:
    if _adds(writes):
        assert writing.check_ins is not None
        return addition(writing.check_ins, writes, writing.run)
    change = RowChange(
        row=writes[0].row,
        values={one.cell: one.wanted for one in writes},
        expect={one.cell: one.now for one in writes},
        addresses={one.cell: one.address for one in writes},
    )
    together = all(one.first for one in writes) or writing.in_groups(writes[0].subject)
    return update(change, destination, writing.run, together=together)


def _resumed(rows: Rows, writing: Writing, refusals: Refusals) -> tuple[dict[str, OkrsyncError | None], Rows]:
    """How the rows ended that an earlier run has added after all, and those that are still to be added."""
    assert writing.check_ins is not None
    ended: dict[str, OkrsyncError | None] = {}
    for writes in rows:
        if not writing.check_ins.intents(writes[0].row.removeprefix(NEW)):
            continue
        try:
            if resumed(writing.check_ins, writes, writing.record, writing.run):
                ended[writes[0].row] = None
        except (AccessError, Conflict, DataError, Unavailable) as error:
            ended[writes[0].row] = error
            refusals.hear(error, adds=True)
    return ended, [writes for writes in rows if writes[0].row not in ended]


def _failed(decision: Decision, error: OkrsyncError, hint: str) -> Decision:
    hold = Hold.EDITED if isinstance(error, Conflict) else Hold.FAILED
    cause = Cause.ACCESS if isinstance(error, AccessError) else None
    return replace(
        decision, verdict=Verdict.HELD, hold=hold, cause=cause, reason=error.message, hint=error.hint or hint
    )
