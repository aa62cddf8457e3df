"""Collect a run's result: the report, and what the ledger keeps for ``status`` and ``explain``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from okrsync.codec import decision_data
from okrsync.config import Company
from okrsync.errors import ExitCode
from okrsync.model import Cause, Decision, Row, Verdict
from okrsync.planning import Plan
from okrsync.run_context import Run
from okrsync.tables import TABLES
from okrsync.tables.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run found and, if ``applied``, did. ``decisions`` are the plan's, as they ended.

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


def report_of(run: Run, planned: Plan, decisions: tuple[Decision, ...], *, applied: bool) -> Report:
    """The report of a run whose plan has ended as ``decisions``."""
    cells_of = by_subject(decisions)
    found = {subject: detail for table in TABLES for subject, detail in table.details(run).items()}
    subjects = dict.fromkeys((*run.rows, *found))
    return Report(
        company=run.company,
        at=run.now,
        plan=planned,
        decisions=decisions,
        standings=run.standings,
        rows=run.rows,
        details={
            subject: _row_data(run.rows.get(subject), cells_of.get(subject, ())) | found.get(subject, {})
            for subject in subjects
        },
        applied=applied,
    )


def by_subject(decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    """The decisions of each key result, objective and so on, in the plan's order."""
    found: dict[str, list[Decision]] = {}
    for one in decisions:
        found.setdefault(one.subject, []).append(one)
    return found


def counts(decisions: Collection[Decision]) -> dict[str, int]:
    """How many cells got which verdict."""
    return {str(verdict): sum(one.verdict is verdict for one in decisions) for verdict in Verdict}


def _row_data(row: Row | None, decisions: Iterable[Decision]) -> dict[str, Any]:
    return {
        "title": row.title if row is not None else "",
        "url": row.url if row is not None else "",
        "cells": {one.cell: decision_data(one) for one in decisions},
    }
