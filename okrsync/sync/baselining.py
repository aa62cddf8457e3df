"""When a measured baseline is taken, and under which name it is frozen."""

from __future__ import annotations

from datetime import datetime

from okrsync.config import Company
from okrsync.key_results import KeyResult
from okrsync.periods import window


def measured_at(company: Company, key_result: KeyResult) -> datetime:
    """The moment that a measured baseline is the metric's value of."""
    if key_result.aimed.measured == "previous_quarter":
        return window("previous_quarter", company.cycle.opens, company.cycle).end
    return company.cycle.opens


def frozen_as(company: Company, key_result: KeyResult) -> str:
    """The ledger's name of the baseline: the next cycle measures one of its own, under the same key result."""
    return f"{key_result.id} on {measured_at(company, key_result):%Y-%m-%d}"
