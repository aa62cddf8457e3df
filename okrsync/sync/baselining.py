"""When a measured baseline is taken, from what, and under which name it is frozen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from okrsync.config import Company
from okrsync.key_results import KeyResult
from okrsync.model import Answer, Cause, Memory, NoValue, Reading
from okrsync.periods import TICK, window
from okrsync.ports import Ledger
from okrsync.sync.asking import Ask

# A baseline that the source cannot recall may be taken from what okrsync itself saw in the cycle's first days.
GRACE = timedelta(days=7)


def frozen_as(company: Company, key_result: KeyResult) -> str:
    """The ledger's name of the baseline: the next cycle measures one of its own, under the same key result."""
    return f"{key_result.id} on {_measured_at(company, key_result):%Y-%m-%d}"


def baseline_asks(company: Company, key_result: KeyResult, memory: Memory, now: datetime) -> list[Ask]:
    """What must be asked for the key result's baseline, where it has a measured one that is not frozen yet."""
    at = _measured_at(company, key_result)
    if not key_result.measured_baseline or frozen_as(company, key_result) in memory.baselines or at >= now:
        return []
    return [Ask(key_result.metric, at)]


def captured(
    company: Company,
    ledger: Ledger,
    memory: Memory,
    answers: Mapping[Ask, Answer],
    key_results: Iterable[KeyResult],
) -> dict[str, Reading]:
    """The baselines that are newly known: from the source as of their moment, else from the first days after it.

    A source that only gives no answer now is waited for: frozen is frozen.
    """
    found: dict[str, Reading] = {}
    for one in key_results:
        if not one.measured_baseline or frozen_as(company, one) in memory.baselines:
            continue
        at = _measured_at(company, one)
        answer = answers.get(Ask(one.metric, at))
        if isinstance(answer, Reading):
            found[frozen_as(company, one)] = answer
            continue
        if isinstance(answer, NoValue) and answer.cause in {Cause.UNAVAILABLE, Cause.ACCESS}:
            continue
        if seen := ledger.history(company.id, one.metric, at - TICK, at + GRACE):
            found[frozen_as(company, one)] = seen[0]
    return found


def _measured_at(company: Company, key_result: KeyResult) -> datetime:
    """The moment that a measured baseline is the metric's value of."""
    if key_result.aimed.measured == "previous_quarter":
        return window("previous_quarter", company.cycle.opens, company.cycle).end
    return company.cycle.opens
