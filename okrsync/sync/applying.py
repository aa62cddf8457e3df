"""Carry out a plan: the intent first, then one write for each row, then what landed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

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
from okrsync.planning import NEW, Plan, same
from okrsync.ports import Destination
from okrsync.sync.check_ins import CheckIns, add_row

Record = Callable[..., None]


def settle_same(plan: Plan, memory: Memory, run: str) -> list[Entry]:
    """What the ledger must learn from cells that already hold what is wanted: a lost ledger heals itself."""
    news: dict[str, dict[str, Stored]] = {}
    for one in plan.same:
        where = (one.row, one.address)
        news_to_us = where in memory.intents or not same(memory.puts.get(where), one.now)
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
    check_ins: CheckIns,
) -> tuple[Decision, ...]:
    """Write every row of the plan that has something to write; return all decisions as they ended.

    A row that fails is held and the others go on; a credential that is refused stops the writing.
    """
    outcome: dict[tuple[str, str], Decision] = {}
    refused: AccessError | None = None
    for (subject, row), writes in _by_row(plan.writes).items():
        failed: OkrsyncError | None = refused
        if refused is None:
            try:
                if row.startswith(NEW):
                    add_row(check_ins, writes, record, run)
                else:
                    _write_row(row, writes, destination_of(subject), record, run)
            except AccessError as error:
                failed = refused = error
            except (Conflict, DataError, Unavailable) as error:
                failed = error
        if failed is not None:
            outcome.update({(one.subject, one.cell): _failed(one, failed, hint) for one in writes})
    return tuple(outcome.get((one.subject, one.cell), one) for one in plan.decisions)


def _write_row(
    row: str, writes: Sequence[Decision], destination: Destination, record: Record, run: str
) -> None:
    by_address = {one.address: Intent(before=one.now, after=one.wanted) for one in writes}
    record(Intended(run=run, row=row, values=by_address))
    expect = {one.cell: one.now for one in writes}
    try:
        fresh = destination.write(row, {one.cell: one.wanted for one in writes}, expect)
    except (Conflict, AccessError):
        record(Withdrawn(run=run, row=row, addresses=tuple(by_address)))
        raise
    landed: Mapping[str, Stored] = {one.address: fresh.cells[one.cell].value for one in writes}
    record(Landed(run=run, row=row, values=landed))


def _failed(decision: Decision, error: OkrsyncError, hint: str) -> Decision:
    hold = Hold.EDITED if isinstance(error, Conflict) else Hold.FAILED
    cause = Cause.ACCESS if isinstance(error, AccessError) else None
    return replace(
        decision, verdict=Verdict.HELD, hold=hold, cause=cause, reason=error.message, hint=error.hint or hint
    )


def _by_row(writes: Sequence[Decision]) -> dict[tuple[str, str], list[Decision]]:
    rows: dict[tuple[str, str], list[Decision]] = {}
    for one in writes:
        rows.setdefault((one.subject, one.row), []).append(one)
    return rows
