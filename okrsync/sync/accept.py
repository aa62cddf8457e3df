"""Let a doubtful number pass once: what a person has accepted is remembered until it is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from okrsync.cells import leads
from okrsync.codec import serialize
from okrsync.config import Company
from okrsync.memory import RunFinished, RunStarted
from okrsync.model import Decision, Hold, Verdict
from okrsync.ports import Clock, Ledger
from okrsync.run_context import Run, new_run
from okrsync.sync.result import refuse_closed
from okrsync.sync.run import opened, plan_of, read
from okrsync.tables.doubts import accepted, accepted_at, accepted_notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A number that waits for the next sync to write it.

    ``decision`` has the number and, if it was in doubt until now, why. ``before``: it was accepted before, at ``since`` if
    that is known.
    """

    subject: str
    decision: Decision
    before: bool = False
    since: datetime | None = None


def accept(company: Company, ledger: Ledger, clock: Clock, subjects: Sequence[str]) -> list[Accepted]:
    """Accept the doubtful numbers that the named key results have now. Nothing is written to the destination.

    Numbers that were accepted before and are not written yet are returned, too.

    The next sync writes a number if it is still the accepted one; another number is held again. Raises ``ConfigError``
    for an unknown id.
    """
    known = [*(one.id for one in company.key_results), *(one.id for one in company.kpis)]
    for subject in subjects:
        if subject not in known:
            raise company.unknown(subject, known)
    refuse_closed(company, subjects, clock.now())
    with ledger.hold(company.id):
        run = read(opened(new_run(company, ledger, clock)))
        decisions = [one for one in plan_of(run).decisions if one.subject in subjects]
        found = [
            Accepted(subject=one.subject, decision=one) for one in decisions if one.hold is Hold.DOUBTFUL
        ]
        ledger.record(
            company.id,
            RunStarted(run=run.id, command="accept", at=run.now),
            *(
                note
                for one in found
                for note in accepted_notes(run, one.subject, serialize(one.decision.wanted))
            ),
            RunFinished(run=run.id, at=clock.now(), exit_code=0),
        )
        return [*found, *_accepted_before(run, decisions)]


def _accepted_before(run: Run, decisions: Iterable[Decision]) -> Iterator[Accepted]:
    for one in decisions:
        waits = leads(one.cell) and one.verdict is Verdict.WRITE
        if waits and one.wanted is not None and one.wanted == accepted(run, one.subject):
            at = accepted_at(run, one.subject)
            yield Accepted(subject=one.subject, decision=one, before=True, since=at)
