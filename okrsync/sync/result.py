"""Collect a run's result: the report, and what the ledger keeps for ``status`` and ``explain``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from okrsync.codec import decision_data
from okrsync.config import Company, CycleNotice
from okrsync.errors import ConfigError, ExitCode
from okrsync.memory import HELD_ROWS
from okrsync.model import Cause, Decision, Hold, Row, Verdict
from okrsync.planning import Plan
from okrsync.run_context import Run
from okrsync.sync.ledger_notices import ledger_notices
from okrsync.sync.row_notices import row_notices
from okrsync.tables.assessment import Assessment
from okrsync.tables.registry import TABLES, due_tables, kept_tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run found and, if ``applied``, did. ``decisions`` are the plan's, as they ended.

    ``warnings`` are sentences about the ledger and about what people keep in rows. ``details`` holds for every key result and objective what the ledger keeps of it, as plain data.
    """

    company: Company
    at: datetime
    plan: Plan
    decisions: tuple[Decision, ...]
    assessments: tuple[Assessment, ...]
    rows: Mapping[str, Row | None]
    details: Mapping[str, Mapping[str, Any]]
    applied: bool
    notice: CycleNotice | None = None
    warnings: tuple[str, ...] = ()

    @property
    def exit_code(self) -> ExitCode:
        """1 if a connector has a bug, 12 for access, 3 if anything else is held or the cycle is over or has not begun."""
        held = [one for one in self.decisions if one.verdict is Verdict.HELD]
        if any(one.cause is Cause.BUG for one in held):
            return ExitCode.BUG
        if any(one.cause is Cause.ACCESS for one in held):
            return ExitCode.ACCESS
        return ExitCode.HELD if held or self.notice is not None else ExitCode.IN_SYNC


def report_of(run: Run, planned: Plan, decisions: tuple[Decision, ...], *, applied: bool) -> Report:
    """The report of a run whose plan has ended as ``decisions``."""
    decisions += closed_decisions(run.company, run.now)
    cells_of, ended = by_subject(decisions), Plan(decisions=decisions)
    due = due_tables(run.company, run.now)
    found = {subject: detail for table in due for subject, detail in table.details(run, ended).items()}
    subjects = dict.fromkeys((*run.rows, *found))
    return Report(
        company=run.company,
        at=run.now,
        plan=planned,
        decisions=decisions,
        assessments=run.assessments,
        rows=run.rows,
        details={
            subject: _row_data(run, subject, cells_of.get(subject, ())) | found.get(subject, {})
            for subject in subjects
        },
        applied=applied,
        notice=run.company.cycle_notice(run.now),
        warnings=(*ledger_notices(run.company.id, run.memory), *row_notices(run)),
    )


def closed_report(company: Company, now: datetime) -> Report:
    """The report of a run outside the cycle: every key result is held, and nothing was asked or read."""
    notice, decisions = company.cycle_notice(now), closed_decisions(company, now)
    return Report(
        company=company,
        at=now,
        plan=Plan(decisions=decisions),
        decisions=decisions,
        assessments=(),
        rows={},
        details={},
        applied=False,
        notice=notice,
    )


def refuse_closed(company: Company, subjects: Sequence[str], now: datetime) -> None:
    """Raise ``ConfigError`` for an id whose row is not written outside the cycle; of no id, if no row is."""
    notice = company.cycle_notice(now)
    closed = dict.fromkeys(one.subject for one in closed_decisions(company, now))
    named = next((one for one in subjects if one in closed), None)
    if notice is not None and (named or (not subjects and not kept_tables(company, now))):
        raise ConfigError(f"{named}: {notice.text}" if named else notice.text, hint=notice.hint)


def closed_decisions(company: Company, now: datetime) -> tuple[Decision, ...]:
    """Every cell of the tables that may not be written outside the cycle, held; none while the cycle runs."""
    notice, due = company.cycle_notice(now), due_tables(company, now)
    if notice is None:
        return ()
    return tuple(
        Decision(
            subject=subject,
            row="",
            cell=cell,
            address="",
            verdict=Verdict.HELD,
            hold=Hold.CLOSED,
            reason=notice.text,
            hint=notice.hint,
        )
        for table in TABLES
        if table.name in company.tables and table not in due
        for subject in table.ids(company)
        for cell in company.tables[table.name].cells
    )


def by_subject(decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    """The decisions of each key result, objective and so on, in the plan's order."""
    found: dict[str, list[Decision]] = {}
    for one in decisions:
        found.setdefault(one.subject, []).append(one)
    return found


def counts(decisions: Collection[Decision]) -> dict[str, int]:
    """How many cells got which verdict, and how many rows are held."""
    cells = {str(verdict): sum(one.verdict is verdict for one in decisions) for verdict in Verdict}
    return cells | {HELD_ROWS: held_rows(decisions)}


def held_rows(decisions: Iterable[Decision]) -> int:
    """How many rows have a held cell: what every command and page calls ``held``."""
    return len({one.subject for one in decisions if one.verdict is Verdict.HELD})


def _last_edit(row: Row | None) -> dict[str, Any] | None:
    """Who had edited the row last when it was read, as far as the destination tells."""
    if row is None or row.edited_by_us is None:
        return None
    at = row.edited_at.isoformat() if row.edited_at is not None else None
    return {"by_okrsync": row.edited_by_us, "at": at}


def _row_data(run: Run, subject: str, decisions: Iterable[Decision]) -> dict[str, Any]:
    row, before = run.rows.get(subject), run.memory.outcomes.get(subject)
    known = before.detail["cells"] if before is not None else {}
    return {
        "title": row.title if row is not None else "",
        "url": row.url if row is not None else "",
        "last_edit": _last_edit(row),
        "owner": row.owner if row is not None else "",
        "cells": {one.cell: decision_data(one) | _since(run, one, known.get(one.cell)) for one in decisions},
    }


def _since(run: Run, decision: Decision, before: Mapping[str, Any] | None) -> dict[str, str]:
    """Since when a cell has been held for the same kind of reason without a break, as far as the ledger knows."""
    if decision.verdict is not Verdict.HELD:
        return {}
    if before is not None and before["hold"] == decision.hold and "since" in before:
        return {"since": before["since"]}
    return {"since": run.now.isoformat()}
