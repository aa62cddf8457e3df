"""Decide the cells of a row that the destination does not have."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final

from okrsync.cells import STAMP, follows, leads
from okrsync.model import PERCENT, Decision, Hold, Quantity, Verdict
from okrsync.planning.desired import DesiredCell, DesiredRow
from okrsync.stamp import first_stamp

# The row of a decision whose row is yet to be added: this and its key. Its cells' names serve as their addresses.
NEW: Final = "new:"


def new_row(desired: DesiredRow) -> list[Decision]:
    """A row is added whole or, while anything of it is missing, not at all."""
    waits = any(wanted.hold is not None for wanted in desired.cells.values())
    cells = dict(desired.cells)
    if desired.stamped:
        text = first_stamp(desired.subject, {cell: wanted.value for cell, wanted in desired.cells.items()})
        cells[STAMP.name] = DesiredCell(shown=text, value=text)
    return [
        Decision(
            subject=desired.subject,
            row=f"{NEW}{desired.subject}",
            cell=cell,
            address=cell,
            verdict=Verdict.HELD if waits else Verdict.WRITE,
            reason=wanted.reason or ("the row waits for its other cells" if waits else "new row"),
            wanted=wanted.value,
            shown=wanted.shown,
            fraction=_is_fraction(wanted),
            hold=wanted.hold or (Hold.FOLLOWS if waits else None),
            cause=wanted.cause,
            hint=wanted.hint,
            answer=wanted.answer,
        )
        for cell, wanted in ((cell, cells[cell]) for cell in in_order(cells))
    ]


def no_row(desired: DesiredRow, cell: str, wanted: DesiredCell, reason: str) -> Decision:
    return Decision(
        subject=desired.subject,
        row=desired.row.id if desired.row is not None else "",
        cell=cell,
        address="",
        verdict=Verdict.HELD,
        reason=reason,
        wanted=wanted.value,
        shown=wanted.shown,
        hold=Hold.NO_ROW,
        answer=wanted.answer,
    )


def _is_fraction(wanted: DesiredCell) -> bool:
    """Whether the destination keeps the percentage as its fraction: a row that is not there yet cannot say so itself."""
    shown, value = wanted.shown, wanted.value
    if not isinstance(shown, Quantity) or shown.unit != PERCENT or not isinstance(value, Decimal):
        return False
    return abs(value * 100 - shown.value) < abs(value - shown.value)


def in_order(cells: Iterable[str]) -> list[str]:
    """Return the row's number first, because the others follow it, and followers last."""
    return sorted(cells, key=lambda cell: (not leads(cell), follows(cell)))
