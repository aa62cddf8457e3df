"""What ``--json`` prints: one object for each command."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from okrsync.ports import Finding
from okrsync.sync import Report


def report_data(report: Report) -> dict[str, Any]:
    """A plan or a sync: every cell of every row with its verdict, reason and the answer behind it."""
    return {
        "company": report.company.id,
        "cycle": report.company.cycle.name,
        "at": report.at.isoformat(),
        "applied": report.applied,
        "digest": report.plan.digest,
        "alarms": list(report.plan.alarms),
        "exit_code": int(report.exit_code),
        "rows": [{"id": subject, **detail} for subject, detail in report.details.items()],
    }


def findings_data(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    return [
        {"subject": one.subject, "ok": one.ok, "detail": one.detail, "hint": one.hint} for one in findings
    ]
