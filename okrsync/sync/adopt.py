"""Take over cells that a person filled or changed: the only way okrsync ever writes over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from okrsync.cells import INITIATIVES, RELEASE
from okrsync.config import Company
from okrsync.errors import ConfigError, DataError
from okrsync.model import Landed, Memory, Row, RunFinished, RunStarted, Stored
from okrsync.planning import same
from okrsync.ports import Clock, Ledger
from okrsync.run_context import new_run
from okrsync.spelling import did_you_mean
from okrsync.sync.connections import new_notes
from okrsync.sync.run import opened, read_tables
from okrsync.tables.check_ins import keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One cell that the next sync may write over: ``value`` is what a person put there."""

    subject: str
    cell: str
    value: Stored


def claim(
    company: Company, ledger: Ledger, clock: Clock, subjects: Sequence[str] | None, *, edited: bool
) -> list[Claim]:
    """Take over cells that were edited since okrsync wrote them, or (``edited`` False) filled before it came.

    ``subjects`` are ids of key results and objectives; None takes every row there is. What stands there stays until
    the next sync. Raises ``ConfigError`` for an unknown id and ``DataError`` for a named one without a usable row.
    """
    known = {one.id for one in company.key_results} | {one.id for one in company.objectives}
    known |= {one.id for one in company.initiatives} if INITIATIVES in company.tables else set()
    known |= keys(company, clock.now())
    for subject in subjects or ():
        if subject not in known:
            raise ConfigError(
                f"there is no key result {subject!r} in {company.path.name}",
                hint=did_you_mean(subject, sorted(known)),
            )
    with ledger.hold(company.id):
        run = read_tables(opened(new_run(company, ledger, clock)))
        rows = run.rows
        claims: list[Claim] = []
        landed: list[Landed] = []
        for subject in rows if subjects is None else subjects:
            row = rows.get(subject)
            if row is None or row.problem:
                if subjects is None:
                    continue
                raise DataError(f"{subject}: {row.problem if row is not None else 'there is no such row'}")
            cells = _foreign(row, run.memory, edited=edited)
            claims += [Claim(subject=subject, cell=cell, value=row.cells[cell].value) for cell in cells]
            if cells:
                values = {row.cells[cell].address: row.cells[cell].value for cell in cells}
                landed.append(Landed(run=run.id, row=row.id, values=values))
        command = "release" if edited else "adopt"
        ledger.record(
            company.id,
            RunStarted(run=run.id, command=command, at=run.now),
            *(run.check_ins.turned_up(run.id) if run.check_ins is not None else ()),
            *landed,
            *new_notes(run),
            RunFinished(run=run.id, at=clock.now(), exit_code=0),
        )
        return claims


def _foreign(row: Row, memory: Memory, *, edited: bool) -> list[str]:
    found = []
    for name, cell in row.cells.items():
        where = (row.id, cell.address)
        last, intent = memory.last_written.get(where), memory.intents.get(where)
        ours = [last] if intent is None else [last, intent.before, intent.after]
        if name == RELEASE.name or cell.locked or any(same(cell.value, one) for one in ours):
            continue
        touched = last is not None or intent is not None
        if touched is edited:
            found.append(name)
    return found
