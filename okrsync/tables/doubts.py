"""Say what speaks for or against a number: a first 0 that nothing proves, a new window, a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from okrsync.cells import leads
from okrsync.codec import deserialize
from okrsync.memory import StateEntry
from okrsync.model import Answer, Decision, Reading, Stored, Verdict
from okrsync.run_context import Run

WITHOUT_WINDOW: Final = "without window"
"""The fact by which a source says how many records the same question finds without its window."""
NOTHING_HAS: Final = "no issue has"
"""The fact by which a source names the values of a filter that none of its records has."""
ACCEPTED: Final = "accepted "
"""The note of a number that a person lets pass once, by the id of its key result or KPI."""
ACCEPTED_AT: Final = "accepted at "
"""The note of when that was."""


def first_doubt(answer: Answer, value: Decimal | None, *, reaches: bool) -> str:
    """Why a first number is in doubt, else empty; ``reaches`` says that it reaches its goal at once.

    It is if its filter names what no record of the source has, also as a part of an expression; or if it is 0 and reaches
    the goal at once: a filter that finds nothing would look like success. It is not if the source says that the same question
    without its window finds records.
    """
    if not isinstance(answer, Reading):
        return ""
    zeros = [one for one in _read(answer) if one.value == 0]
    for one in zeros:
        if nothing := dict(one.evidence.facts).get(NOTHING_HAS):
            what = "the first value is 0" if one is answer else f"the first value counts {one.metric} as 0"
            return f"{what}, and nothing in the source has {nothing}"
    if value != 0 or not reaches or (zeros and all(_windowed(one) for one in zeros)):
        return ""
    return "the first value is 0 and reaches the goal at once: a filter that finds nothing looks the same"


def restarted(answer: Answer, before: Mapping[str, object] | None) -> bool:
    """Whether the value's window began again since the last run, of which ``before`` is kept (a new week counts from 0)."""
    if not isinstance(answer, Reading) or answer.window is None or before is None:
        return False
    return before.get("window") not in {None, answer.window.label}


def accepted(run: Run, subject: str) -> Stored:
    """The number of the key result or KPI that a person has accepted and that is not written yet."""
    text = run.memory.state.get((run.company.destination, f"{ACCEPTED}{subject}"))
    return deserialize(text) if text is not None else None


def accepted_at(run: Run, subject: str) -> datetime | None:
    """When the number was accepted; None if an older okrsync did not note it."""
    text = run.memory.state.get((run.company.destination, f"{ACCEPTED_AT}{subject}"))
    return datetime.fromisoformat(text) if text is not None else None


def no_longer_accepted(run: Run, decisions: Sequence[Decision]) -> Iterator[StateEntry]:
    """What the ledger must forget: a number was accepted for one time, and it is written now."""
    for one in decisions:
        written = leads(one.cell) and one.verdict is not Verdict.HELD
        if written and (run.company.destination, f"{ACCEPTED}{one.subject}") in run.memory.state:
            yield from accepted_notes(run, one.subject, None)


def accepted_notes(run: Run, subject: str, value: str | None) -> Iterator[StateEntry]:
    """The ledger's lines on a number that is accepted now; None strikes them out."""
    connection, at = run.company.destination, run.now.isoformat() if value is not None else None
    yield StateEntry(connection=connection, key=f"{ACCEPTED}{subject}", value=value)
    yield StateEntry(connection=connection, key=f"{ACCEPTED_AT}{subject}", value=at)


def _read(answer: Reading) -> Iterator[Reading]:
    """The readings of sources behind an answer: itself, or the parts of an expression."""
    if not answer.inputs:
        yield answer
    for one in answer.inputs:
        yield from _read(one)


def _windowed(answer: Reading) -> bool:
    return dict(answer.evidence.facts).get(WITHOUT_WINDOW, "0") != "0"
