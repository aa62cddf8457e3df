"""The write rule: for every cell one verdict, and for every plan a limit to what it may change.

     last put there | cell now | wanted | verdict
    ----------------+----------+--------+------------------------------------------------------------------
     anything       | X        | X      | SAME   and remember X: a lost ledger heals itself
     never          | empty    | Y      | WRITE  the first value; the destination's own initial value counts as empty
     never          | X        | Y      | HELD   unclaimed: `okrsync adopt` takes it over
     X              | X        | Y      | WRITE
     X              | Z        | Y      | HELD   edited by a person since okrsync wrote X: `okrsync release`
     anything       | anything | none   | HELD   no data, with the reason

Whose value it is, the row itself says first, by its stamp or by who edited it last (ownership.py); only what it
does not tell is decided by what the ledger says was last put there. A row that has a stamp is never written without it.

All three columns are canonical: they have passed through ``Destination.canonical``. "Never" and "empty" are None; okrsync
never puts an empty value. A write that was intended and whose end is not known counts by what the cell shows now:
the after-value means it landed, the before-value that it did not, anything else that a person edited it (the intent is
kept). The plan is total: a missing row or a missing number is a HELD line, never an absent one.

Absence is never a reason to delete, so a source that fails holds its own key results and no others.

A doubtful number is held by itself: one that falls to 0 or by more than half, or a first 0 that nothing proves. A whole
plan is refused only if many key results fall back together.
"""

from __future__ import annotations

from collections.abc import Sequence

from okrsync.memory import Memory
from okrsync.planning.desired import DesiredCell, DesiredRow, without_value
from okrsync.planning.limits import Limits, alarms
from okrsync.planning.new_rows import NEW
from okrsync.planning.plans import Plan, digest_of
from okrsync.planning.rows import decide_row
from okrsync.planning.write_rule import decide, same

__all__ = [
    "NEW",
    "DesiredCell",
    "DesiredRow",
    "Limits",
    "Plan",
    "decide",
    "digest_of",
    "plan",
    "same",
    "without_value",
]


def plan(company: str, desired: Sequence[DesiredRow], memory: Memory, limits: Limits | None = None) -> Plan:
    """Decide every cell of every row; ``company`` is only named in hints."""
    limits = limits or Limits()
    decided = [(row, decide_row(company, row, memory, limits)) for row in desired]
    decisions = tuple(decision for _, decisions in decided for decision in decisions)
    return Plan(decisions=decisions, alarms=tuple(alarms(decided, limits)))
