"""The conductor: lease, read, plan, check, apply, record. This page is meant to be read aloud."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from okrsync.config import Company
from okrsync.errors import ExitCode, exit_code_of
from okrsync.model import (
    Baseline,
    Cause,
    Decision,
    Entry,
    Memory,
    Observed,
    Outcome,
    Reading,
    Row,
    RunFinished,
    RunStarted,
    Verdict,
)
from okrsync.planning import Plan
from okrsync.ports import Clock, Ledger
from okrsync.sync.applying import apply, settle_same
from okrsync.sync.asking import Ask
from okrsync.sync.assessing import Standing
from okrsync.sync.backfilling import Backfill, Found, Progress, Recalled, backfill
from okrsync.sync.claiming import Claim, claim
from okrsync.sync.filling import Filled
from okrsync.sync.initiatives import effort_detail
from okrsync.sync.opening import missing_secrets, new_notes, open_connections, references, secrets_of
from okrsync.sync.outcomes import by_subject, outcome_of
from okrsync.sync.preparing import Prepared, counts, prepare
from okrsync.sync.releasing import edits_seen
from okrsync.sync.remembering import Seen, Trend, goal_of, last_values, remembered, trend
from okrsync.sync.reviewing import Reviewed, confirm

__all__ = [
    "Backfill",
    "Claim",
    "Filled",
    "Found",
    "Progress",
    "Recalled",
    "Report",
    "Reviewed",
    "Seen",
    "Standing",
    "Trend",
    "backfill",
    "by_subject",
    "claim",
    "goal_of",
    "last_values",
    "missing_secrets",
    "open_connections",
    "preview",
    "references",
    "remembered",
    "secrets_of",
    "sync",
    "trend",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run found and, where ``applied``, did. ``decisions`` are the plan's, as they ended.

    ``details`` holds for every key result and objective what the ledger keeps of it, as plain data.
    """

    company: Company
    at: datetime
    plan: Plan
    decisions: tuple[Decision, ...]
    standings: tuple[Standing, ...]
    rows: Mapping[str, Row | None]
    details: Mapping[str, Mapping[str, Any]]
    applied: bool

    @property
    def exit_code(self) -> ExitCode:
        held = [one for one in self.decisions if one.verdict is Verdict.HELD]
        if any(one.cause is Cause.ACCESS for one in held):
            return ExitCode.ACCESS
        return ExitCode.HELD if held else ExitCode.IN_SYNC


def preview(company: Company, ledger: Ledger, clock: Clock) -> Report:
    """Read everything and plan; write nothing, neither to the destination nor to the ledger."""
    now = clock.now()
    prepared = prepare(company, ledger, ledger.recall(company.id), clock, now)
    return _report(company, now, prepared, prepared.plan.decisions, applied=False)


def sync(
    company: Company, ledger: Ledger, clock: Clock, *, force: bool = False, reviewed: Reviewed | None = None
) -> Report:
    """Bring the destination in step with the sources, as far as the write rule allows.

    With ``reviewed`` only that very plan is applied. Raises ``Busy`` where another run holds the company,
    ``UnsafePlan`` where the plan is too much to apply without ``force`` or is not the reviewed one, and whatever makes
    planning impossible; in each of these cases nothing was written.
    """
    with ledger.hold(company.id) as lease:
        now, run = clock.now(), uuid.uuid4().hex
        ledger.record(company.id, RunStarted(run=run, command="sync", at=now))
        try:
            memory = ledger.recall(company.id)
            prepared = prepare(company, ledger, memory, clock, now)
            ledger.record(company.id, *_learned(prepared, memory, run, now))
            if reviewed is not None:
                confirm(reviewed, company.id, prepared.plan)
            if not force:
                prepared.plan.check(
                    hint=f"read `okrsync plan {company.id}`, then: okrsync sync {company.id} --force"
                )

            def record(*entries: Entry) -> None:
                # A run that was frozen for longer than its lease must not write into the run that took over.
                lease.renew()
                ledger.record(company.id, *entries)

            decisions = apply(
                prepared.plan,
                lambda subject: prepared.destinations[prepared.table_of[subject]],
                record,
                run,
                f"okrsync sync {company.id}",
                prepared.check_ins,
            )
        except BaseException as error:
            ledger.record(company.id, RunFinished(run=run, at=clock.now(), exit_code=exit_code_of(error)))
            raise
        ledger.record(company.id, *edits_seen(company, decisions, memory, now))
        report = _report(company, now, prepared, decisions, applied=True)
        ledger.record(company.id, *_concluded(report, prepared.check_ins.rows, run, clock.now()))
        return report


def _report(
    company: Company, at: datetime, prepared: Prepared, decisions: tuple[Decision, ...], *, applied: bool
) -> Report:
    standing_of = {one.key_result.id: one for one in prepared.standings}
    cells_of = by_subject(decisions)
    details = {
        subject: outcome_of(standing_of.get(subject), row, cells_of.get(subject, ()))
        for subject, row in prepared.rows.items()
    }
    for one in company.initiatives:
        own = [decision for decision in decisions if decision.subject == one.id]
        answer = prepared.answers[Ask(one.metric, at)]
        details[one.id] = effort_detail(one, answer, prepared.rows.get(one.id), own)
    return Report(
        company=company,
        at=at,
        plan=prepared.plan,
        decisions=decisions,
        standings=prepared.standings,
        rows=prepared.rows,
        details=details,
        applied=applied,
    )


def _learned(prepared: Prepared, memory: Memory, run: str, at: datetime) -> Iterator[Entry]:
    """What reading alone has taught: worth keeping even where the plan is refused."""
    yield from new_notes(prepared.openings, memory)
    yield from (Baseline(subject=subject, reading=one) for subject, one in prepared.baselines.items())
    # What was asked of the past is the source's to tell again; only what was seen today is history.
    today = {one for ask, one in prepared.answers.items() if ask.at == at and isinstance(one, Reading)}
    yield from (Observed(run=run, reading=one) for one in sorted(today, key=lambda one: one.metric))
    yield from prepared.check_ins.turned_up(run)
    yield from prepared.check_ins.over()
    yield from settle_same(prepared.plan, prepared.check_ins.memory, run)


def _concluded(report: Report, check_ins: Collection[str], run: str, at: datetime) -> Iterator[Entry]:
    for subject, detail in report.details.items():
        if subject in check_ins:
            continue
        yield Outcome(run=run, subject=subject, at=report.at, detail=detail)
    yield RunFinished(
        run=run,
        at=at,
        exit_code=report.exit_code,
        digest=report.plan.digest,
        counts=counts(report.decisions),
    )
