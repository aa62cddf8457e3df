"""Declare what a run wants of a row and of each of its cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from okrsync.model import Answer, Cause, Decision, Hold, NoValue, Row, Stored, Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredCell:
    """What one cell should hold: ``value`` is the canonical form of ``shown``; if there is none, ``hold`` says why."""

    shown: Wanted = None
    value: Stored = None
    hold: Hold | None = None
    reason: str = ""
    hint: str = ""
    cause: Cause | None = None
    answer: Answer | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DesiredRow:
    """What the run wants of one row.

    ``row`` is None if the destination has none, and ``absent`` says so in words. ``direction`` is +1 if the
    key result's number should rise, -1 if it should fall, 0 if neither is better. ``restarted`` marks a number
    whose window began again since the last one was written (a new week), ``unguarded`` one that may drop freely.
    ``creates`` says that a missing row is to be added, with the subject as its key, and ``stamped`` that it gets a stamp.
    ``released`` gives for cells why a person's edit of them may be written over. ``first_doubt`` is why the row's first
    number would be doubtful, ``accepted`` the number that a person lets pass all the same. ``kept``: the other cells are
    computed from the person's number that stays. ``note`` makes the cell that says why something of the row is held, from
    the decisions on its other cells.
    """

    subject: str
    row: Row | None
    cells: Mapping[str, DesiredCell]
    absent: str = ""
    direction: int = 0
    restarted: bool = False
    unguarded: bool = False
    creates: bool = False
    stamped: bool = False
    released: Mapping[str, str] = field(default_factory=dict)
    first_doubt: str = ""
    accepted: Stored = None
    kept: bool = False
    note: Callable[[Sequence[Decision]], DesiredCell] | None = None


def without_value(answer: NoValue) -> DesiredCell:
    """The cell that is held because there is no value for it."""
    return DesiredCell(
        hold=Hold.NO_DATA, reason=answer.reason, hint=answer.hint, cause=answer.cause, answer=answer
    )
