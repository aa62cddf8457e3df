"""Build desired cells for all tables: a destination's form, a share, where a number came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import lru_cache
from typing import Final

from okrsync.config import Company
from okrsync.errors import DataError
from okrsync.model import OBSERVED, PERCENT, Answer, Cause, Hold, Quantity, Reading, Row, Wanted
from okrsync.planning import DesiredCell
from okrsync.ports import Destination
from okrsync.progress import clamp
from okrsync.run_context import Run
from okrsync.spelling import look

# A query longer than this is named by its metric where people read it.
SHORT: Final = 60


def desire(destination: Destination, cell: str, wanted: Wanted, answer: Answer | None) -> DesiredCell:
    """The cell in the destination's own form, or held if its column cannot take the value."""
    try:
        value = destination.canonical(cell, wanted)
    except DataError as error:
        return DesiredCell(
            shown=wanted,
            hold=Hold.INVALID,
            reason=error.message,
            hint=error.hint,
            cause=Cause.CONFIG,
            answer=answer,
        )
    return DesiredCell(shown=wanted, value=value, answer=answer)


def related(
    destination: Destination, cell: str, row: Row | None, key_result: str, answer: Answer
) -> DesiredCell:
    """The relation to the key result's row, shown by the row's name; held if there is no row to relate to."""
    if row is None or row.problem:
        return DesiredCell(hold=Hold.NO_ROW, reason=f"{key_result} has no row to relate to", answer=answer)
    return replace(desire(destination, cell, row.id, answer), shown=row.title or key_result)


def percent(share: Decimal, *, over_100: bool = False) -> Quantity:
    """A share as the percent figure that people are shown: never below 0, and above 100 only if the YAML wants it."""
    shown = max(share, Decimal(0)) if over_100 else clamp(share)
    return Quantity(value=shown * 100, unit=PERCENT)


def provenance(company: Company, answer: Reading) -> str:
    """Where a number came from in a few words, for a cell that people read; ``explain`` has the whole query."""
    metric = company.metrics[answer.metric]
    what = answer.evidence.query if len(answer.evidence.query) <= SHORT else answer.metric
    rows = f", {answer.evidence.rows} rows" if answer.evidence.rows not in {None, 1} else ""
    how = ", recomputed" if answer.method != OBSERVED else ""
    return f"{metric.connection or 'computed'}: {what}{rows}{how}"


def no_row(run: Run, table: str, subject: str) -> str:
    """That ``subject`` has no row in the table, and what to do about it; empty if it has one."""
    if run.rows.get(subject) is not None:
        return ""
    match = getattr(run.company.tables[table].settings, "match", None)
    where = f"no row has {subject!r} in its column {match!r}" if match else f"no row is named for {subject}"
    file = run.company.path.name
    near = _by_look(tuple(row.key for row in run.listed.get(table, ()) if row.key)).get(look(subject))
    if match and near is not None:
        return (
            f"{where}; one has {near!r}, which is another id: write {subject!r} there, or name the row with `page:` "
            f"in {file}"
        )
    return f"{where}: add it there, or name the row with `page:` in {file}"


@lru_cache(maxsize=8)
def _by_look(keys: tuple[str, ...]) -> Mapping[str, str]:
    """The first of the keys that look alike, by their look: comparing each row with each key took minutes for 10,000."""
    return {look(key): key for key in reversed(keys)}
