"""Let a doubtful number pass once: what a person has accepted is remembered until it is written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from okrsync.codec import serialize
from okrsync.config import Company
from okrsync.model import Decision, Hold, RunFinished, RunStarted
from okrsync.ports import Clock, Ledger
from okrsync.run_context import new_run
from okrsync.sync.result import refuse_closed
from okrsync.sync.run import opened, plan_of, read
from okrsync.tables.doubts import accepted_note


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A key result whose number was in doubt: ``decision`` has the number, and why it was held."""

    subject: str
    decision: Decision


def accept(company: Company, ledger: Ledger, clock: Clock, subjects: Sequence[str]) -> list[Accepted]:
    """Accept the doubtful numbers that the named key results have now. Nothing is written to the destination.

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
        found = [
            Accepted(subject=one.subject, decision=one)
            for one in plan_of(run).decisions
            if one.subject in subjects and one.hold is Hold.DOUBTFUL
        ]
        ledger.record(
            company.id,
            RunStarted(run=run.id, command="accept", at=run.now),
            *(accepted_note(run, one.subject, serialize(one.decision.wanted)) for one in found),
            RunFinished(run=run.id, at=clock.now(), exit_code=0),
        )
        return found
