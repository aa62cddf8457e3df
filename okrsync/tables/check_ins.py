"""Plan the table of check-ins: one row for each key result and period, found again by its key.

The key says it all (``demo/KR-1/2026-W48``), so a row is never added twice: the intent is recorded first, the key is
looked for before a row is added whose intent has no known end, and what okrsync has added is remembered by its row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final, cast

from okrsync.cells import CHECK_INS, DATE, KEY_RESULT, KEY_RESULTS, PROGRESS, SOURCE, STATUS, VALUE
from okrsync.config import Company
from okrsync.key_results import Form, KeyResult
from okrsync.memory import Entry, Forgotten, Intended, Intent, Memory, StateEntry, Withdrawn
from okrsync.model import Cause, NoValue, Quantity, Row, Wanted
from okrsync.periods import window, windows_of
from okrsync.planning import NEW, DesiredCell, DesiredRow, Plan, without_value
from okrsync.ports import ConnectorContext, Register
from okrsync.run_context import Ask, Run
from okrsync.tables.assessment import Assessment
from okrsync.tables.desired import desire, percent, provenance, related
from okrsync.tables.key_results import shown

ROW_OF: Final = "check-in "


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIns:
    """The check-ins of the period that ``label`` names and ``first`` begins.

    ``rows`` has a line for each key, None if there is no row yet. ``memory`` is the ledger's, with what was intended
    for a row that was still to be added now under the row itself: ``adopted`` holds those intents by row. ``labels``
    are those of the cycle's periods, whose rows stay known by their keys.
    """

    register: Register
    connection: str
    label: str
    labels: frozenset[str]
    first: date
    rows: Mapping[str, Row | None]
    titles: Mapping[str, str]
    memory: Memory
    adopted: Mapping[str, Mapping[str, Intent]] = field(default_factory=dict)

    def turned_up(self, run: str) -> Iterator[Entry]:
        """What the ledger must learn of rows that an earlier run meant to add and that are there after all."""
        keys = {row.id: key for key, row in self.rows.items() if row is not None}
        for row, intents in self.adopted.items():
            yield from self.found(run, keys[row], row, intents)

    def over(self) -> Iterator[Entry]:
        """What the ledger may forget: the cells of other periods' rows and, of other cycles, their keys too."""
        written = {row for row, _ in self.memory.last_written}
        for (owner, note), row in self.memory.state.items():
            key = note.removeprefix(ROW_OF)
            label = key.rpartition("/")[2]
            if owner != self.connection or note == key or label == self.label:
                continue
            if row in written:
                yield Forgotten(row=row)
            if label not in self.labels:
                yield StateEntry(connection=owner, key=note, value=None)

    def found(self, run: str, key: str, row: str, intents: Mapping[str, Intent]) -> Iterator[Entry]:
        """What the ledger must learn of a row that turned up only when it was to be added."""
        yield Intended(run=run, row=row, values=intents)
        yield Withdrawn(run=run, row=f"{NEW}{key}", addresses=tuple(self.intents(key)))
        yield StateEntry(connection=self.connection, key=f"{ROW_OF}{key}", value=row)

    def intents(self, key: str) -> dict[str, Intent]:
        """What was to be put into a row that was still to be added, by cell."""
        return {cell: one for (row, cell), one in self.memory.intents.items() if row == f"{NEW}{key}"}


def asks(_run: Run) -> Iterable[Ask]:
    return ()


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


def open_register(company: Company, context: ConnectorContext, at: datetime) -> Register:
    """The table of check-ins, of which only the rows of the period that runs at ``at`` are read."""
    connection = company.connections[company.destination]
    assert connection.connector.register is not None
    label, _ = period(company, at)
    wanted = keys(company, at)
    notes = {
        key.removeprefix(ROW_OF): value for key, value in context.state.items() if key.startswith(ROW_OF)
    }
    table = replace(
        company.tables[CHECK_INS],
        ending=f"/{label}",
        known={key: row for key, row in notes.items() if key in wanted},
    )
    return connection.connector.register(connection.settings, table, context)


def found_in(run: Run, register: Register, listed: Sequence[Row], at: datetime) -> CheckIns:
    """Which check-ins of the period that runs at ``at`` are there, and what earlier runs meant to do with them."""
    company = run.company
    label, first = period(company, at)
    by_key = {row.key: row for row in listed}
    named = {key_of(company, one, label): one for one in company.key_results}
    titled = {row.key: row.title for row in run.listed[KEY_RESULTS]}
    cycle_labels = [
        one.label for one in windows_of(company.check_in_every, company.cycle, company.cycle.closes)
    ]
    check_ins = CheckIns(
        register=register,
        connection=company.destination,
        label=label,
        labels=frozenset(cycle_labels),
        first=first,
        rows={key: by_key.get(key) for key in named},
        titles={key: f"{one.title or titled.get(one.id) or one.id} · {label}" for key, one in named.items()},
        memory=run.memory,
    )
    adopted = {
        # The row is there, so it was added whole: a cell that does not show it was changed since.
        row.id: {address: replace(one, before=one.after) for address, one in intents.items()}
        for key, row in check_ins.rows.items()
        if row is not None and (intents := by_address(row, check_ins.intents(key)))
    }
    moved = {(row, address): one for row, intents in adopted.items() for address, one in intents.items()}
    memory = replace(run.memory, intents={**run.memory.intents, **moved})
    return replace(check_ins, memory=memory, adopted=adopted)


def with_check_ins(run: Run) -> Run:
    """The run with the check-ins of the period that its numbers are of, if the company keeps any."""
    if CHECK_INS not in run.destinations:
        return run
    # `open_tables` has opened it as a register.
    register = cast("Register", run.destinations[CHECK_INS])
    check_ins = found_in(run, register, run.listed[CHECK_INS], run.at)
    return replace(run, check_ins=check_ins, rows={**run.rows, **check_ins.rows}, memory=check_ins.memory)


def by_address(row: Row, intents: Mapping[str, Intent]) -> dict[str, Intent]:
    """Intents that are known by cell, by the addresses that the cells have in the row."""
    return {row.cells[cell].address: one for cell, one in intents.items() if cell in row.cells}


def desired(run: Run, decided: Plan) -> list[DesiredRow]:
    """A check-in says what its key result's row will show, a person's number included."""
    assert run.check_ins is not None
    return desired_rows(run, run.check_ins, shown(run, decided))


def desired_rows(run: Run, check_ins: CheckIns, assessments: Sequence[Assessment]) -> list[DesiredRow]:
    """What the check-ins of the given key results should show."""
    return [
        DesiredRow(
            subject=(subject := key_of(run.company, one.key_result, check_ins.label)),
            row=check_ins.rows[subject],
            cells={
                cell: _cell(run, cell, one, check_ins)
                for cell in run.company.tables[CHECK_INS].cells
                if not (cell == PROGRESS.name and one.key_result.aimed.form is Form.BASELINE)
            },
            unguarded=True,
            creates=True,
            stamped=run.company.tables[CHECK_INS].stamped,
        )
        for one in assessments
    ]


def _cell(run: Run, cell: str, assessment: Assessment, check_ins: CheckIns) -> DesiredCell:
    key_result, answer = assessment.key_result, assessment.answer
    if isinstance(answer, NoValue):
        return without_value(answer)
    if assessment.doubt is not None:
        return without_value(assessment.doubt)
    wanted: Wanted
    match cell:
        case KEY_RESULT.name:
            return related(check_ins.register, cell, run.rows[key_result.id], key_result.id, answer)
        case VALUE.name:
            assert assessment.value is not None
            wanted = Quantity(value=assessment.value, unit=key_result.unit)
        case DATE.name:
            wanted = check_ins.first
        case SOURCE.name:
            wanted = provenance(run.company, answer)
        case _ if assessment.blocked is not None or assessment.progress is None:
            return without_value(
                assessment.blocked
                or NoValue(metric=key_result.metric, cause=Cause.EMPTY, reason="it has no progress yet")
            )
        case PROGRESS.name:
            wanted = percent(assessment.progress, over_100=CHECK_INS in run.company.over_100)
        case STATUS.name:
            wanted = str(assessment.status)
        case _:
            raise AssertionError(cell)
    return desire(check_ins.register, cell, wanted, answer)


def details(_run: Run, _decided: Plan) -> dict[str, dict[str, Any]]:
    """Nothing: a check-in's row says all there is, and the ledger keeps no outcome of it."""
    return {}
