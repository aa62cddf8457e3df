"""Say what people keep in rows that is legal and probably not meant."""

from __future__ import annotations

from collections.abc import Iterator

from okrsync.codec import number
from okrsync.model import PERCENT, Quantity
from okrsync.run_context import Run
from okrsync.tables.assessment import Assessment
from okrsync.units import looks_like_a_fraction


def row_notices(run: Run) -> tuple[str, ...]:
    """One sentence for each percentage in a column of plain numbers that looks like the fraction it was meant to be."""
    return tuple(
        f"{one.key_result.id}: the {word} {number(kept.value)} in its row is {number(kept.value)} %, because its column "
        f"shows plain numbers; for {number(kept.value * 100)} % write {number(kept.value * 100)} there"
        for one in run.assessments
        if one.key_result.unit == PERCENT
        for word, kept in _kept(one)
        # In a column that is shown as percent, people see what they mean.
        if kept.unit != PERCENT and looks_like_a_fraction(kept.value)
    )


def _kept(assessment: Assessment) -> Iterator[tuple[str, Quantity]]:
    key_result, row = assessment.key_result, assessment.row
    if row is None:
        return
    if key_result.row_has_baseline and row.baseline is not None:
        yield "baseline", row.baseline
    if key_result.row_has_target and row.target is not None:
        yield "target", row.target
