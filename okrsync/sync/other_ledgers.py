"""Note in the ledger which values another ledger's runs may have written, and who edited a row last."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from okrsync.memory import Entry, Intended, StateEntry
from okrsync.model import Decision, Row, Verdict
from okrsync.ownership import Whose, in_sync, intended_on, is_noted, owners, unknown_note
from okrsync.planning import same
from okrsync.run_context import Run
from okrsync.sync.lease_record import Record

FOREIGN = frozenset({Whose.ELSEWHERE, Whose.UNSURE})


def learned_of_rows(run: Run, decisions: Sequence[Decision]) -> Iterator[StateEntry]:
    """What the ledger must learn of values that another ledger's run may have written, and of the rows in sync."""
    rows = matched(run)
    settled: dict[str, set[str]] = {}
    for one in decisions:
        if one.verdict is Verdict.WRITE or (one.verdict is Verdict.SAME and same(one.now, one.wanted)):
            settled.setdefault(one.row, set()).add(one.cell)
    for row in rows:
        yield from foreign_cells(run, row, settled.get(row.id, ()))
    if not run.memory.behind:
        yield from in_sync(rows)


def foreign_cells(run: Run, row: Row, settled: Collection[str]) -> Iterator[StateEntry]:
    """The notes of one row's cells that another ledger may have written; those that are ``settled`` are struck out.

    A cell is noted until it is settled, because the row is soon known to this ledger by its other cells.
    """
    whose = owners(row, run.memory)
    for cell in row.cells:
        noted = is_noted(row, cell, run.memory)
        if noted and cell in settled:
            yield unknown_note(row, cell, None)
        elif not noted and cell not in settled and whose.get(cell) in FOREIGN:
            yield unknown_note(row, cell, whose[cell])


def noting_edits(run: Run, record: Record) -> Record:
    """``record`` that keeps with each intent who edited the row last before it."""
    rows = {row.id: row for row in matched(run)}

    def noted(*entries: Entry) -> None:
        intended = (one for one in entries if isinstance(one, Intended))
        record(*entries, *(note for one in intended for note in intended_on(rows.get(one.row))))

    return noted


def matched(run: Run) -> list[Row]:
    """The rows of all tables that are matched to an id."""
    found: Iterable[Row | None] = run.rows.values()
    return [row for row in found if row is not None]
