"""Add rows to the table of check-ins, or finish those that an earlier run began; no key is doubled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from okrsync.errors import AccessError, Conflict, DataError, Unavailable
from okrsync.memory import Entry, Intended, Intent, Landed, StateEntry, Withdrawn
from okrsync.model import Decision, Row, Stored
from okrsync.ownership import settled_on
from okrsync.planning import NEW, same
from okrsync.ports import Register
from okrsync.sync.lease_record import Record
from okrsync.sync.row_writes import RowWrite, Sent
from okrsync.tables.check_ins import ROW_OF, CheckIns, by_address


def addition(check_ins: CheckIns, writes: Sequence[Decision], run: str) -> RowWrite:
    """The write that adds the row that ``writes`` make up."""
    key, values = _key(writes), _values(writes)
    return RowWrite(
        row=f"{NEW}{key}",
        intents={cell: Intent(before=None, after=value) for cell, value in values.items()},
        send=lambda _recent: _added(check_ins, key, values, run),
    )


def resumed(check_ins: CheckIns, writes: Sequence[Decision], record: Record, run: str) -> bool:
    """Whether an earlier run has added the row after all; then it is finished. Raises like ``Register.write``."""
    register, key = check_ins.register, _key(writes)
    intended = check_ins.intents(key)
    row = register.find(key) if intended else None
    if row is None:
        return False
    record(*check_ins.found(run, key, row.id, by_address(row, intended)))
    _finish(register, row, _values(writes), intended, record, run)
    return True


def _key(writes: Sequence[Decision]) -> str:
    return writes[0].row.removeprefix(NEW)


def _values(writes: Sequence[Decision]) -> dict[str, Stored]:
    return {one.cell: one.wanted for one in writes}


def _added(check_ins: CheckIns, key: str, values: Mapping[str, Stored], run: str) -> Sent:
    withdrawn = Withdrawn(run=run, row=f"{NEW}{key}", addresses=tuple(values))
    try:
        row = check_ins.register.add(key, check_ins.titles[key], values)
    except (AccessError, Conflict, DataError) as error:
        return Sent(entries=(withdrawn,), error=error)
    except Unavailable as error:
        return Sent(error=error)
    shown = {cell for cell, value in values.items() if same(row.cells[cell].value, value)}
    entries: tuple[Entry, ...] = (
        Landed(run=run, row=row.id, values={row.cells[cell].address: values[cell] for cell in shown}),
        withdrawn,
        StateEntry(connection=check_ins.connection, key=f"{ROW_OF}{key}", value=row.id),
        *settled_on(row.id, row),
    )
    if not (wrong := sorted(values.keys() - shown)):
        return Sent(entries=entries)
    problem = DataError(
        f"the row {row.url} was added, but does not show what was put into {', '.join(wrong)}",
        hint="look at it in Notion; an automation may have changed it",
    )
    return Sent(entries=entries, error=problem)


def _finish(
    register: Register,
    row: Row,
    values: Mapping[str, Stored],
    intended: Mapping[str, Intent],
    record: Record,
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
    record(Landed(run=run, row=row.id, values=landed), *settled_on(row.id, fresh))
