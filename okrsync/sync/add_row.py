"""Add one row to the table of check-ins, or finish one that an earlier run began; no key is doubled."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from okrsync.errors import AccessError, Conflict, DataError
from okrsync.model import Decision, Intended, Intent, Landed, Row, StateEntry, Stored, Withdrawn
from okrsync.ownership import settled_on
from okrsync.planning import NEW, same
from okrsync.ports import Register
from okrsync.tables.check_ins import NOTE, CheckIns, by_address


def add_row(check_ins: CheckIns, writes: Sequence[Decision], record: Callable[..., None], run: str) -> None:
    """Add the row that ``writes`` make up, or finish it where an earlier run has added it after all.

    Raises like ``Register.add``; ``DataError`` if the new row does not show what was put into it.
    """
    register, key = check_ins.register, writes[0].row.removeprefix(NEW)
    values = {one.cell: one.wanted for one in writes}
    intended = check_ins.intents(key)
    if intended and (row := register.find(key)) is not None:
        record(*check_ins.found(run, key, row.id, by_address(row, intended)))
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
        StateEntry(connection=check_ins.connection, key=f"{NOTE}{key}", value=row.id),
        *settled_on(row.id, row),
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
    record(Landed(run=run, row=row.id, values=landed), *settled_on(row.id, fresh))
