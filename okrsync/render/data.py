"""Build the one object that each command prints with ``--json``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, cast

from okrsync import ports
from okrsync.config import Company
from okrsync.memory import Outcome
from okrsync.render.reasons import reasons
from okrsync.render.records import records_data
from okrsync.render.trend import trend_data
from okrsync.sync.trend import Trend

if TYPE_CHECKING:
    from okrsync.render import outputs
    from okrsync.sync.records import MetricRecords
    from okrsync.sync.result import Report


def report_data(report: Report) -> outputs.Run:
    """A plan or a sync: every cell of every row with its verdict, reason and the answer behind it."""
    data: outputs.Run = {
        "company": report.company.id,
        "cycle": report.company.cycle.name,
        "at": report.at.isoformat(),
        "applied": report.applied,
        "digest": report.plan.digest,
        "alarms": list(report.plan.alarms),
        "exit_code": report.exit_code,
        "rows": [
            cast("outputs.Row", {"id": subject, **detail}) for subject, detail in report.details.items()
        ],
    }
    if report.notice is not None:
        data["notice"] = report.notice.text
    if report.warnings:
        data["warnings"] = list(report.warnings)
    if report.company.drafts:
        data["not_measured_yet"] = [one.id for one in report.company.drafts]
    return data


def status_data(
    company: Company, outcomes: Mapping[str, Outcome], trends: Mapping[str, Trend], now: datetime
) -> outputs.Standings:
    """Every row as the last sync left it; ``trends`` by the key result's id."""
    data: outputs.Standings = {
        "company": company.id,
        "rows": [_status_row(one, trends.get(subject)) for subject, one in outcomes.items()],
    }
    if (notice := company.cycle_notice(now)) is not None:
        data["notice"] = notice.text
    if company.drafts:
        data["not_measured_yet"] = [one.id for one in company.drafts]
    return data


def explanation_data(
    company: Company, outcome: Outcome, trend: Trend, listings: Sequence[MetricRecords] | None = None
) -> outputs.Explanation:
    key_result = next(one for one in company.key_results if one.id == trend.subject)
    because = reasons(company, key_result, outcome.detail)
    data = {"company": company.id, **_status_row(outcome, trend), "because": because}
    if listings is not None:
        data["records"] = records_data(listings)
    return cast("outputs.Explanation", data)


def _status_row(outcome: Outcome, trend: Trend | None) -> outputs.StatusRow:
    row = {"id": outcome.subject, "at": outcome.at.isoformat(), **outcome.detail}
    return cast("outputs.StatusRow", row | trend_data(trend) if trend is not None else row)


def findings_data(company: Company, findings: Iterable[ports.Finding]) -> outputs.Findings:
    return {
        "company": company.id,
        "findings": [
            {"subject": one.subject, "ok": one.ok, "detail": one.detail, "hint": one.hint} for one in findings
        ],
    }
