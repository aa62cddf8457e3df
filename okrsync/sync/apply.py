"""Carry out a plan: the intent first, then one write for each row, then what landed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from okrsync.errors import AccessError, Conflict, DataError, OkrsyncError, Unavailable
from okrsync.model import (
    Cause,
    Decision,
    Entry,
    Hold,
    Intended,
    Intent,
    Landed,
    Memory,
    Stored,
    Verdict,
    Withdrawn,
)
from okrsync.ownership import settled_on
from okrsync.planning import NEW, Plan, same
from okrsync.ports import Destination
from okrsync.sync.add_row import add_row
from okrsync.tables.check_ins import CheckIns

Record = Callable[..., None]
# A write is a look and a change: so many at once use up a token's limit also where each answer takes a second.
WRITERS: Final = 8


def settle_same(plan: Plan, memory: Memory, run: str) -> list[Entry]:
    """What the ledger must learn from cells that already hold what is wanted: a lost ledger heals itself."""
    news: dict[str, dict[str, Stored]] = {}
    for one in plan.same:
        where = (one.row, one.address)
        news_to_us = where in memory.intents or not same(memory.last_written.get(where), one.now)
        settled = same(one.now, one.wanted) and news_to_us
        if one.address and settled:
            news.setdefault(one.row, {})[one.address] = one.now
    return [Landed(run=run, row=row, values=values) for row, values in news.items()]


def apply(
    plan: Plan,
    destination_of: Callable[[str], Destination],
    record: Record,
    run: str,
    hint: str,
    check_ins: CheckIns | None = None,
) -> tuple[Decision, ...]:
    """Write every row of the plan that has something to write; return all decisions as they ended.

    Rows are written side by side, one row never by two threads; how fast is for the destination's limiter to say. A row
    that fails is held and the others go on; a credential that is refused stops the writing. One that may not add rows
    stops the adding only: the numbers in rows that are there are still written.
    """
    refused: dict[bool, AccessError] = {}

    def write(row: str, writes: Sequence[Decision]) -> OkrsyncError | None:
        adds = row.startswith(NEW)
        if (before := refused.get(False) or refused.get(adds)) is not None:
            return before
        try:
            if adds and check_ins is not None:
                add_row(check_ins, writes, record, run)
            else:
                _write_row(row, writes, destination_of(writes[0].subject), record, run)
        except AccessError as error:
            refused[adds] = error
            return error
        except (Conflict, DataError, Unavailable) as error:
            return error
        return None

    failures = _side_by_side(write, _by_row(plan.writes))
    return tuple(
        _failed(one, error, hint)
        if one.verdict is Verdict.WRITE and (error := failures[one.row]) is not None
        else one
        for one in plan.decisions
    )


def _side_by_side(
    write: Callable[[str, Sequence[Decision]], OkrsyncError | None], rows: Mapping[str, Sequence[Decision]]
) -> dict[str, OkrsyncError | None]:
    if len(rows) == 1:
        return {row: write(row, writes) for row, writes in rows.items()}
    with ThreadPoolExecutor(max_workers=WRITERS, thread_name_prefix="write") as pool:
        written = {row: pool.submit(write, row, writes) for row, writes in rows.items()}
        try:
            return {row: future.result() for row, future in written.items()}
        except BaseException:
            # What has not begun never begins; what has is finished before the error goes up.
            pool.shutdown(cancel_futures=True)
            raise


def _write_row(
    row: str, writes: Sequence[Decision], destination: Destination, record: Record, run: str
) -> None:
    by_address = {one.address: Intent(before=one.now, after=one.wanted) for one in writes}
    record(Intended(run=run, row=row, values=by_address))
    expect = {one.cell: one.now for one in writes}
    try:
        fresh = destination.write(row, {one.cell: one.wanted for one in writes}, expect)
    except (Conflict, AccessError):
        record(Withdrawn(run=run, row=row, addresses=tuple(by_address)), *settled_on(row, None))
        raise
    landed: Mapping[str, Stored] = {one.address: fresh.cells[one.cell].value for one in writes}
    record(Landed(run=run, row=row, values=landed), *settled_on(row, fresh))


def _failed(decision: Decision, error: OkrsyncError, hint: str) -> Decision:
    hold = Hold.EDITED if isinstance(error, Conflict) else Hold.FAILED
    cause = Cause.ACCESS if isinstance(error, AccessError) else None
    return replace(
        decision, verdict=Verdict.HELD, hold=hold, cause=cause, reason=error.message, hint=error.hint or hint
    )


def _by_row(writes: Sequence[Decision]) -> dict[str, list[Decision]]:
    rows: dict[str, list[Decision]] = {}
    for one in writes:
        rows.setdefault(one.row, []).append(one)
    return rows
