"""A key result that is judged over time: what each period that is over came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from okrsync.config import Company
from okrsync.expressions import names
from okrsync.key_results import KeyResult
from okrsync.model import Answer, Reading, Window
from okrsync.periods import last_instant, windows_of
from okrsync.ports import Ledger
from okrsync.sync.asking import Ask
from okrsync.sync.remembering import by_day
from okrsync.units import to_unit


def judged_asks(company: Company, key_result: KeyResult, until: datetime) -> list[Ask]:
    """What must be asked to judge every period that is over at ``until``, oldest first."""
    periods = _judged(company, key_result, until)
    # The last instant, as in a backfill; only what looks back on a period is known a moment after it.
    after = bool(periods) and _looks_back(company, key_result.metric)
    return [Ask(key_result.metric, one.end if after else last_instant(one)) for one in periods]


def judged_values(
    company: Company, ledger: Ledger, key_result: KeyResult, answers: Mapping[Ask, Answer], until: datetime
) -> list[Decimal | None]:
    """A value for each of ``judged_asks``: from the source, else what okrsync itself saw of that period last."""
    periods = _judged(company, key_result, until)
    found = [answers[ask] for ask in judged_asks(company, key_result, until)]
    unknown = [period for period, one in zip(periods, found, strict=True) if not isinstance(one, Reading)]
    seen = ledger.history(company.id, key_result.metric, unknown[0].start, until) if unknown else ()
    values = [
        one if isinstance(one, Reading) else _last_seen(company, seen, period)
        for period, one in zip(periods, found, strict=True)
    ]
    return [to_unit(one.value, one.unit, key_result.unit) if one is not None else None for one in values]


def _judged(company: Company, key_result: KeyResult, until: datetime) -> list[Window]:
    return windows_of(key_result.judging.every, company.cycle, until) if key_result.judging else []


def _looks_back(company: Company, metric: str) -> bool:
    one = company.metrics[metric]
    if one.expr:
        return any(_looks_back(company, part) for part in names(one.expr))
    return one.window.startswith("previous_")


def _last_seen(company: Company, seen: Sequence[Reading], period: Window) -> Reading | None:
    """The last reading that speaks of the period: taken in it or, of a span of time, covering all of it.

    Half a week's count says nothing of the week.
    """
    spoken = [
        one
        for one in seen
        if (period.start <= one.as_of < period.end if one.window is None else _covers(one.window, period))
    ]
    return by_day(spoken, company.zone)[-1] if spoken else None


def _covers(span: Window, period: Window) -> bool:
    return (span.start, span.end) == (period.start, period.end)
