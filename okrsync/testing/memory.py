"""Keep a ledger and a destination in memory, for tests of plug-ins and of the engine itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal

from okrsync.errors import Busy, Conflict, DataError
from okrsync.memory import (
    Entry,
    Forgotten,
    Intended,
    Landed,
    MeasuredBaseline,
    Memory,
    Observed,
    Outcome,
    RunFinished,
    RunStarted,
    StateEntry,
    Withdrawn,
)
from okrsync.model import Dimension, Quantity, Reading, Row, Stored, Wanted


class _Lease:
    def renew(self) -> None:
        """A lease in memory is never lost."""


class MemoryLedger:
    """Keeps the contract of ``Ledger`` for one process. ``entries`` is everything recorded, per company."""

    def __init__(self) -> None:
        self.entries: dict[str, list[Entry]] = {}
        self._memory: dict[str, Memory] = {}
        self._held: set[str] = set()

    @contextmanager
    def hold(self, company: str) -> Iterator[_Lease]:
        if company in self._held:
            raise Busy(f"another run holds {company}", hint="wait until it has ended")
        self._held.add(company)
        try:
            yield _Lease()
        finally:
            self._held.discard(company)

    def record(self, company: str, *entries: Entry) -> None:
        memory = self.recall(company)
        for entry in entries:
            memory = _remember(memory, entry)
        self._memory[company] = memory
        self.entries.setdefault(company, []).extend(entries)

    def recall(self, company: str) -> Memory:
        return self._memory.get(company, Memory())

    def history(self, company: str, metric: str, since: datetime, until: datetime) -> Sequence[Reading]:
        seen = {
            entry.reading
            for entry in self.entries.get(company, ())
            if isinstance(entry, Observed)
            and entry.reading.metric == metric
            and since <= entry.reading.as_of < until
        }
        return sorted(seen, key=lambda reading: reading.as_of)


def _remember(memory: Memory, entry: Entry) -> Memory:
    match entry:
        case Intended(row=row, values=intents):
            fresh = {(row, address): intent for address, intent in intents.items()}
            return replace(memory, intents={**memory.intents, **fresh})
        case Landed(row=row, values=values):
            put = {(row, address): value for address, value in values.items()}
            left = {where: one for where, one in memory.intents.items() if where not in put}
            return replace(memory, last_written={**memory.last_written, **put}, intents=left)
        case Withdrawn(row=row, addresses=addresses):
            gone = {(row, address) for address in addresses}
            left = {where: one for where, one in memory.intents.items() if where not in gone}
            return replace(memory, intents=left)
        case Forgotten(row=row):
            kept = {where: value for where, value in memory.last_written.items() if where[0] != row}
            left = {where: one for where, one in memory.intents.items() if where[0] != row}
            return replace(memory, last_written=kept, intents=left)
        case MeasuredBaseline(subject=subject, reading=reading):
            if subject in memory.baselines and memory.baselines[subject] != reading:
                raise DataError(f"the baseline of {subject} is frozen")
            return replace(memory, baselines={**memory.baselines, subject: reading})
        case Outcome(subject=subject):
            return replace(memory, outcomes={**memory.outcomes, subject: entry})
        case StateEntry(connection=connection, key=key, value=value):
            notes = {where: text for where, text in memory.state.items() if where != (connection, key)}
            return replace(memory, state=notes if value is None else {**notes, (connection, key): value})
        case RunFinished():
            return replace(memory, last_run=entry)
        case RunStarted() | Observed():
            return memory


@dataclass(slots=True)
class MemoryDestination:
    """Rows in memory, with two decimals and percentages as fractions. ``writes`` counts what was written.

    Time does not pass in it: what ``look`` has seen stays recent until it is used.
    """

    rows: dict[str, Row] = field(default_factory=dict)
    writes: int = 0
    seen: dict[str, Row] = field(default_factory=dict)

    def read(self) -> Sequence[Row]:
        return list(self.rows.values())

    def look(self, rows: Sequence[str], *, fresh: float) -> None:
        if fresh <= 0:
            self.seen.update({row: self.rows[row] for row in rows if row in self.rows})

    def canonical(self, cell: str, value: Wanted) -> Stored:  # noqa: ARG002 - every cell takes everything
        if isinstance(value, Quantity):
            fraction = value.unit.dimension is Dimension.PERCENT
            number = value.value / 100 if fraction else value.value
            return number.quantize(Decimal("0.0001" if fraction else "0.01"))
        return value.isoformat() if isinstance(value, date) else value

    def write(
        self, row: str, values: Mapping[str, Stored], expect: Mapping[str, Stored], *, recent: bool = False
    ) -> Row:
        now = self.rows[row]
        seen = self.seen.pop(row, None) if recent else None
        if seen is None or any(seen.cells[cell].value != expect[cell] for cell in expect):
            self._refuse_strangers(now, values, expect)
        cells = {name: replace(cell, value=values.get(name, cell.value)) for name, cell in now.cells.items()}
        self.rows[row] = replace(now, cells=cells)
        self.writes += 1
        return self.rows[row]

    @staticmethod
    def _refuse_strangers(now: Row, values: Mapping[str, Stored], expect: Mapping[str, Stored]) -> None:
        for cell, value in values.items():
            if now.cells[cell].value not in {expect[cell], value}:
                raise Conflict(f"{cell} of {now.title} is {now.cells[cell].value}, not {expect[cell]}")
