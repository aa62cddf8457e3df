"""Take over cells that a person filled or changed: the only way okrsync ever writes over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from okrsync.cells import RELEASE, STAMP, follows
from okrsync.config import Company
from okrsync.errors import DataError, ExitCode
from okrsync.memory import Entry, Landed, Memory, RunFinished, RunStarted
from okrsync.model import CellState, Row, Stored
from okrsync.ownership import Whose, in_sync, owners
from okrsync.planning import same
from okrsync.ports import Clock, Ledger
from okrsync.run_context import Run, new_run
from okrsync.stamp import claimed_stamp, is_stamp
from okrsync.sync.connections import state_changes
from okrsync.sync.lease_record import Record, recording
from okrsync.sync.other_ledgers import foreign_cells, matched, noting_edits
from okrsync.sync.result import refuse_closed
from okrsync.sync.row_writes import Group, Refusals, RowChange, batched, update, write_group
from okrsync.sync.run import destination_of, opened, read_tables
from okrsync.tables.check_ins import keys
from okrsync.tables.registry import kept_tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One cell that the next sync may write over: ``value`` is what a person put there.

    ``fraction`` says that a percentage is stored as its fraction.
    """

    subject: str
    cell: str
    value: Stored
    fraction: bool = False


class Holding(StrEnum):
    """Whose value a cell holds, for somebody who wants to take it over."""

    OURS = "ours"
    EDITED = "edited"
    FILLED = "filled"


_HOLDINGS: Final[Mapping[Whose, Holding]] = {
    Whose.OURS: Holding.OURS,
    Whose.THEIRS: Holding.EDITED,
    Whose.ELSEWHERE: Holding.FILLED,
    Whose.UNSURE: Holding.FILLED,
}


def claim(
    company: Company,
    ledger: Ledger,
    clock: Clock,
    subjects: Sequence[str] | None,
    *,
    edited: bool,
    ours: bool = False,
) -> list[Claim]:
    """Take over cells that were edited since okrsync wrote them, or (``edited`` False) filled before it came.

    ``subjects`` are ids of key results and objectives; None takes every row there is. With ``ours`` only those whose last
    editor is our own integration: what another ledger's runs have put there. Followers are taken with what they follow. What
    is there stays until the next sync; only the row's stamp, if it has one, is written. Raises ``ConfigError`` for an
    unknown id and ``DataError`` for a named one without a usable row.
    """
    _check_known(company, subjects or (), clock)
    with ledger.hold(company.id) as lease:
        run = read_tables(opened(new_run(company, ledger, clock)))
        command = "release" if edited else "adopt"
        ledger.record(company.id, RunStarted(run=run.id, command=command, at=run.now))
        if run.check_ins is not None:
            ledger.record(company.id, *run.check_ins.turned_up(run.id))
        claims: list[Claim] = []
        taken: dict[str, list[str]] = {}
        stamps: list[tuple[str, RowChange]] = []
        for subject, row in _rows(run, subjects):
            cells = _foreign(row, run.memory, edited=edited)
            if ours and not row.edited_by_us:
                cells = []
            claims += [
                Claim(
                    subject=subject,
                    cell=cell,
                    value=row.cells[cell].value,
                    fraction=row.cells[cell].fraction,
                )
                for cell in cells
            ]
            taken[row.id] = cells
            if (change := _stamp(run, row, cells)) is not None:
                stamps.append((subject, change))
        _write(run, stamps, noting_edits(run, recording(ledger, company.id, lease, clock)))
        ledger.record(company.id, *_learned(run, taken, ours=ours))
        ledger.record(
            company.id,
            *state_changes(run),
            RunFinished(run=run.id, at=clock.now(), exit_code=ExitCode.IN_SYNC),
        )
        return claims


def _check_known(company: Company, subjects: Sequence[str], clock: Clock) -> None:
    now = clock.now()
    known = {subject for table in kept_tables(company, now) for subject in table.ids(company)}
    known |= keys(company, now)
    refuse_closed(company, subjects, now)
    for subject in subjects:
        if subject not in known:
            raise company.unknown(subject, sorted(known))


def _rows(run: Run, subjects: Sequence[str] | None) -> Iterator[tuple[str, Row]]:
    for subject in run.rows if subjects is None else subjects:
        row = run.rows.get(subject)
        if row is not None and not row.problem:
            yield subject, row
        elif subjects is not None:
            raise DataError(f"{subject}: {row.problem if row is not None else 'there is no such row'}")


def _learned(run: Run, taken: Mapping[str, Sequence[str]], *, ours: bool) -> Iterator[Entry]:
    """What the ledger must learn of the rows: what it may write over now, and what it still does not know."""
    for row in matched(run):
        cells = taken.get(row.id, ())
        yield from foreign_cells(run, row, cells)
        values = {row.cells[cell].address: row.cells[cell].value for cell in cells}
        if values:
            yield Landed(run=run.id, row=row.id, values=values)
    if ours or not run.memory.behind:
        yield from in_sync(matched(run))


def _stamp(run: Run, row: Row, cells: Sequence[str]) -> RowChange | None:
    """What is taken over, as the row's stamp: a ledger that is lost after this must not bring the edit back."""
    state = row.cells.get(STAMP.name)
    if state is None or state.locked or not cells or not (state.value is None or is_stamp(state.value)):
        return None
    return RowChange(
        row=row.id,
        values={STAMP.name: claimed_stamp(row, run.memory, cells)},
        expect={cell: row.cells[cell].value for cell in (*cells, STAMP.name)},
        addresses={STAMP.name: state.address},
    )


def _write(run: Run, stamps: Sequence[tuple[str, RowChange]], record: Record) -> None:
    """Write the stamps, and raise the first error. A stamp names the values it takes over, so it never claims a later edit."""
    of = destination_of(run)
    for destination, changes in batched([(of(subject), change) for subject, change in stamps]):
        rows = [update(change, destination, run.id, together=True) for change in changes]
        ended = write_group(Group(rows=rows, destination=destination), record, run.id, Refusals())
        for error in ended.values():
            if error is not None:
                raise error


def _foreign(row: Row, memory: Memory, *, edited: bool) -> list[str]:
    """The cells to be taken over: edited ones, or those that were filled before; followers with what they follow."""
    whose = owners(row, memory)
    kinds = {
        name: _holding(row.id, cell, memory, whose.get(name))
        for name, cell in row.cells.items()
        if name != RELEASE.name and not cell.locked and not _own_record(name, cell)
    }
    found = [name for name, kind in kinds.items() if kind is (Holding.EDITED if edited else Holding.FILLED)]
    if any(not follows(name) for name in found):
        found = [
            name
            for name, kind in kinds.items()
            if name in found or (kind is not Holding.OURS and follows(name))
        ]
    return found


def _own_record(name: str, cell: CellState) -> bool:
    return name == STAMP.name and (cell.value is None or is_stamp(cell.value))


def _holding(row: str, cell: CellState, memory: Memory, whose: Whose | None) -> Holding:
    if whose is not None:
        return _HOLDINGS[whose]
    last, intent = memory.last_written.get((row, cell.address)), memory.intents.get((row, cell.address))
    ours = [last] if intent is None else [last, intent.before, intent.after]
    if any(same(cell.value, one) for one in ours):
        return Holding.OURS
    return Holding.EDITED if last is not None or intent is not None else Holding.FILLED
