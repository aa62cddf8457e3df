"""Check-ins: one row for each key result and period, added once and found again by its key.

The key says it all (``demo/KR-1/2026-W48``), so a row is never added twice: the intent is recorded first, the key is
looked for before a row is added whose intent has no known end, and what okrsync has added is remembered by its row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import cast

from okrsync.cells import CHECK_INS, KEY_RESULTS
from okrsync.config import Company
from okrsync.errors import AccessError, Conflict, DataError
from okrsync.key_results import Form, KeyResult
from okrsync.model import (
    Cause,
    Decision,
    Entry,
    Forgotten,
    Hold,
    Intended,
    Intent,
    Landed,
    Memory,
    Noted,
    NoValue,
    Quantity,
    Row,
    Stored,
    Wanted,
    Withdrawn,
)
from okrsync.periods import window, windows_of
from okrsync.planning import NEW, Aim, Proposal, held_for_lack_of_data, same
from okrsync.ports import Destination, Opening, Register
from okrsync.sync.assessing import Standing, percent, propose, provenance

NOTE = "check-in "


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIns:
    """The check-ins of the period that ``label`` names and ``first`` begins.

    ``rows`` has a line for each key, None where there is no row yet. ``memory`` is the ledger's, with what was intended
    for a row that was still to be added now under the row itself: ``adopted`` holds those intents by row. ``labels``
    are those of the cycle's periods, whose rows stay known by their keys.
    """

    register: Register | None = None
    connection: str = ""
    label: str = ""
    labels: frozenset[str] = frozenset()
    first: date | None = None
    rows: Mapping[str, Row | None] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    memory: Memory = field(default_factory=Memory)
    adopted: Mapping[str, Mapping[str, Intent]] = field(default_factory=dict)

    def turned_up(self, run: str) -> Iterator[Entry]:
        """What the ledger must learn of rows that an earlier run meant to add and that are there after all."""
        keys = {row.id: key for key, row in self.rows.items() if row is not None}
        for row, intents in self.adopted.items():
            yield from self.found(run, keys[row], row, intents)

    def over(self) -> Iterator[Entry]:
        """What the ledger may forget: the cells of other periods' rows and, of other cycles, their keys too."""
        put = {row for row, _ in self.memory.puts}
        for (owner, note), row in self.memory.notes.items():
            key = note.removeprefix(NOTE)
            label = key.rpartition("/")[2]
            if owner != self.connection or note == key or label == self.label:
                continue
            if row in put:
                yield Forgotten(row=row)
            if label not in self.labels:
                yield Noted(connection=owner, key=note, value=None)

    def found(self, run: str, key: str, row: str, intents: Mapping[str, Intent]) -> Iterator[Entry]:
        """What the ledger must learn of a row that turned up only when it was to be added."""
        yield Intended(run=run, row=row, values=intents)
        yield Withdrawn(run=run, row=f"{NEW}{key}", addresses=tuple(self.intents(key)))
        yield Noted(connection=self.connection, key=f"{NOTE}{key}", value=row)

    def intents(self, key: str) -> dict[str, Intent]:
        """What was to be put into a row that was still to be added, by cell."""
        return {cell: one for (row, cell), one in self.memory.intents.items() if row == f"{NEW}{key}"}


def period(company: Company, at: datetime) -> tuple[str, date]:
    """The label and the first day of the period that runs at ``at``."""
    running = window(company.check_in_every, at, company.cycle)
    return running.label, running.start.astimezone(company.zone).date()


def keys(company: Company, at: datetime) -> set[str]:
    """The keys of all check-ins of the period that runs at ``at``."""
    if CHECK_INS not in company.tables:
        return set()
    label, _ = period(company, at)
    return {key_of(company, one, label) for one in company.key_results}


def key_of(company: Company, key_result: KeyResult, label: str) -> str:
    """What the check-in of the period named ``label`` is found by."""
    return f"{company.id}/{key_result.id}/{label}"


def open_register(company: Company, opening: Opening, at: datetime) -> Register:
    """The table of check-ins, of which only the rows of the period that runs at ``at`` are read."""
    connection = company.connections[company.destination]
    assert connection.connector.register is not None
    label, _ = period(company, at)
    wanted = keys(company, at)
    notes = {key.removeprefix(NOTE): value for key, value in opening.memo.items() if key.startswith(NOTE)}
    table = replace(
        company.tables[CHECK_INS],
        ending=f"/{label}",
        known={key: row for key, row in notes.items() if key in wanted},
    )
    return connection.connector.register(connection.settings, table, opening)


def look(
    company: Company,
    memory: Memory,
    tables: Mapping[str, Sequence[Row]],
    destinations: Mapping[str, Destination],
    at: datetime,
) -> CheckIns:
    """Which check-ins of the period that runs at ``at`` are there, and what earlier runs meant to do with them."""
    if CHECK_INS not in destinations:
        return CheckIns(memory=memory)
    label, first = period(company, at)
    cycle = company.cycle
    by_key = {row.key: row for row in tables[CHECK_INS]}
    named = {key_of(company, one, label): one for one in company.key_results}
    titled = {row.key: row.title for row in tables[KEY_RESULTS]}
    # open_register has opened it.
    check_ins = CheckIns(
        register=cast("Register", destinations[CHECK_INS]),
        connection=company.destination,
        label=label,
        labels=frozenset(one.label for one in windows_of(company.check_in_every, cycle, cycle.closes)),
        first=first,
        rows={key: by_key.get(key) for key in named},
        titles={key: f"{one.title or titled.get(one.id) or one.id} · {label}" for key, one in named.items()},
        memory=memory,
    )
    adopted = {
        row.id: _by_address(row, check_ins.intents(key))
        for key, row in check_ins.rows.items()
        if row is not None and check_ins.intents(key)
    }
    moved = {(row, address): one for row, intents in adopted.items() for address, one in intents.items()}
    return replace(check_ins, memory=replace(memory, intents={**memory.intents, **moved}), adopted=adopted)


def _by_address(row: Row, intents: Mapping[str, Intent]) -> dict[str, Intent]:
    return {row.cells[cell].address: one for cell, one in intents.items() if cell in row.cells}


def check_in_aims(
    company: Company,
    shown: Sequence[Standing],
    rows: Mapping[str, Row | None],
    register: Destination,
    check_ins: CheckIns,
) -> list[Aim]:
    """A check-in says what its key result's row will show, a person's number included."""
    return [
        Aim(
            subject=(subject := key_of(company, one.key_result, check_ins.label)),
            row=rows[subject],
            proposals={
                cell: _proposal(company, cell, one, rows[one.key_result.id], register, check_ins)
                for cell in company.tables[CHECK_INS].cells
                if not (cell == "progress" and one.key_result.aimed.form is Form.BASELINE)
            },
            unguarded=True,
            creates=True,
        )
        for one in shown
    ]


def _proposal(
    company: Company,
    cell: str,
    standing: Standing,
    row: Row | None,
    register: Destination,
    check_ins: CheckIns,
) -> Proposal:
    if isinstance(standing.answer, NoValue):
        return held_for_lack_of_data(standing.answer)
    wanted: Wanted
    match cell:
        case "key_result":
            if row is None or row.problem:
                return Proposal(
                    hold=Hold.NO_ROW,
                    reason=f"{standing.key_result.id} has no row to relate to",
                    answer=standing.answer,
                )
            wanted = row.id
        case "value":
            assert standing.value is not None
            wanted = Quantity(value=standing.value, unit=standing.key_result.unit)
        case "date":
            wanted = check_ins.first
        case "source":
            wanted = provenance(company, standing.answer)
        case _ if standing.blocked is not None or standing.progress is None:
            return held_for_lack_of_data(
                standing.blocked
                or NoValue(
                    metric=standing.key_result.metric, cause=Cause.EMPTY, reason="it has no progress yet"
                )
            )
        case "progress":
            wanted = percent(standing.progress)
        case _:
            wanted = str(standing.status)
    return propose(register, cell, wanted, standing.answer)


def add_row(check_ins: CheckIns, writes: Sequence[Decision], record: Callable[..., None], run: str) -> None:
    """Add the row that ``writes`` make up, or finish it where an earlier run has added it after all.

    Raises like ``Register.add``; ``DataError`` where the new row does not show what was put into it.
    """
    register, key = check_ins.register, writes[0].row.removeprefix(NEW)
    assert register is not None
    values = {one.cell: one.wanted for one in writes}
    intended = check_ins.intents(key)
    if intended and (row := register.find(key)) is not None:
        record(*check_ins.found(run, key, row.id, _by_address(row, intended)))
        _finish(register, row, values, intended, record, run)
        return
    record(
        Intended(
            run=run,
            row=f"{NEW}{key}",
            values={cell: Intent(before=None, after=value) for cell, value in values.items()},
        )
    )
    withdrawn = Withdrawn(run=run, row=f"{NEW}{key}", addresses=tuple(values))
    try:
        row = register.add(key, check_ins.titles[key], values)
    except (AccessError, Conflict, DataError):
        record(withdrawn)
        raise
    shown = {cell for cell, value in values.items() if same(row.cells[cell].value, value)}
    record(
        Landed(run=run, row=row.id, values={row.cells[cell].address: values[cell] for cell in shown}),
        withdrawn,
        Noted(connection=check_ins.connection, key=f"{NOTE}{key}", value=row.id),
    )
    if wrong := sorted(values.keys() - shown):
        raise DataError(
            f"the row {row.url} was added, but does not show what was put into {', '.join(wrong)}",
            hint="look at it in Notion; an automation may have changed it",
        )


def _finish(
    register: Register,
    row: Row,
    values: Mapping[str, Stored],
    intended: Mapping[str, Intent],
    record: Callable[..., None],
    run: str,
) -> None:
    """Bring a row that turned up late to what is wanted now, unless a person has changed it meanwhile."""
    expect = {cell: intended[cell].after if cell in intended else row.cells[cell].initial for cell in values}
    both = {
        row.cells[cell].address: Intent(before=expect[cell], after=value) for cell, value in values.items()
    }
    record(Intended(run=run, row=row.id, values=both))
    fresh = register.write(row.id, values, expect)
    landed = {fresh.cells[cell].address: fresh.cells[cell].value for cell in values}
    record(Landed(run=run, row=row.id, values=landed))
