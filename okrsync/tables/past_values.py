"""Find what a key result needs of the past: its measured baseline, and the periods to judge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

from okrsync.codec import number
from okrsync.config import Company
from okrsync.expressions import names
from okrsync.key_results import KeyResult
from okrsync.metric_digest import MEASURED_WITH, metric_digest
from okrsync.model import OBSERVED, Cause, NoValue, Reading, Window
from okrsync.periods import TICK, last_instant, window, windows_of
from okrsync.ports import Ledger
from okrsync.run_context import Ask, Run
from okrsync.units import convertible, to_unit

# A baseline that the source cannot recall may be taken from what okrsync itself saw in the cycle's first days.
GRACE: Final = timedelta(days=7)


def day_of(reading: Reading, zone: ZoneInfo) -> date:
    """The day that a reading belongs to. An old export is read for a week that it ends before: the week counts."""
    at = reading.as_of if reading.window is None else max(reading.as_of, reading.window.start)
    return at.astimezone(zone).date()


def by_day(readings: Sequence[Reading], zone: ZoneInfo) -> list[Reading]:
    """One reading for each day: one seen on the day wins over one rebuilt later; of either kind the last."""
    best: dict[date, Reading] = {}
    for one in readings:
        day = day_of(one, zone)
        kept = best.get(day)
        if kept is None or (one.method == OBSERVED) >= (kept.method == OBSERVED):
            best[day] = one
    return [best[day] for day in sorted(best)]


def known_readings(
    company: Company, ledger: Ledger, metric: str, since: datetime, until: datetime
) -> list[Reading]:
    """What the ledger holds of the metric with ``since <= as_of < until``, as far as the metric still means the same."""
    return comparable_readings(company, ledger, metric, since, until)[0]


def comparable_readings(
    company: Company, ledger: Ledger, metric: str, since: datetime, until: datetime
) -> tuple[list[Reading], int]:
    """``known_readings``, and how many are left out: of another query, or in a unit that cannot be compared."""
    digest, unit = metric_digest(company, metric), company.metrics[metric].unit
    found = ledger.history(company.id, metric, since, until)
    known = [
        one
        for one in found
        if dict(one.evidence.facts).get(MEASURED_WITH, digest) == digest and convertible(one.unit, unit)
    ]
    return known, len(found) - len(known)


# ---- Measured baselines -------------------------------------------------------------------------------------------


MEASURE_AGAIN: Final = "measure again "
"""The note of a person's decision: this baseline is to be measured again, with what the metric means now."""


def frozen_as(company: Company, key_result: KeyResult) -> str:
    """The ledger's name of the baseline, with a digest of what its metric means.

    The next cycle measures one of its own under the same key result, and so does a metric that means something else.
    """
    return f"{_frozen_on(company, key_result)} as {metric_digest(company, key_result.metric)}"


def frozen(run: Run, key_result: KeyResult) -> Reading | NoValue | None:
    """The measured baseline; None if it is yet to be measured; ``NoValue`` if it was measured with another metric."""
    found = frozen_in({**run.memory.baselines, **run.baselines}, run.company, key_result)
    return None if isinstance(found, NoValue) and _wanted_again(run, key_result) else found


def frozen_in(
    baselines: Mapping[str, Reading], company: Company, key_result: KeyResult
) -> Reading | NoValue | None:
    """The same by the ledger's baselines alone."""
    exact = baselines.get(frozen_as(company, key_result))
    if exact is not None and convertible(exact.unit, key_result.unit):
        return exact
    before = earlier(baselines, company, key_result)
    metric = company.metrics[key_result.metric]
    # What an older okrsync measured has no digest: its metric's name and unit are all that can be compared.
    undated = baselines.get(_frozen_on(company, key_result))
    if before is None or (before is undated and (before.metric, before.unit) == (metric.name, metric.unit)):
        return before
    return NoValue(
        metric=key_result.metric,
        cause=Cause.CONFIG,
        reason=f"its baseline of {number(before.value)} was measured before its metric, query or unit was changed",
        hint=f"okrsync baseline {company.id} {key_result.id} --measure-again, or --keep",
    )


def earlier(baselines: Mapping[str, Reading], company: Company, key_result: KeyResult) -> Reading | None:
    """The baseline that was measured for the same day with what the metric meant then."""
    day = _frozen_on(company, key_result)
    names = [name for name in baselines if name == day or name.startswith(f"{day} as ")]
    return baselines[names[-1]] if names else None


def again_note(company: Company, key_result: KeyResult) -> str:
    """Under which note the decision to measure this very baseline again is kept."""
    return f"{MEASURE_AGAIN}{frozen_as(company, key_result)}"


def baseline_asks(run: Run, key_result: KeyResult) -> Iterator[Ask]:
    """What must be asked for the key result's baseline if it has a measured one that is not frozen yet."""
    at = measured_at(run.company, key_result)
    if key_result.measured_baseline and frozen(run, key_result) is None and at < run.now:
        yield Ask(key_result.metric, at)


def new_baselines(run: Run, key_results: Iterable[KeyResult]) -> dict[str, Reading]:
    """The baselines that are known for the first time: from the source as of their moment, else from the first days after it.

    If a source only gives no answer now, it is waited for: frozen is frozen.
    """
    found: dict[str, Reading] = {}
    for one in key_results:
        if not one.measured_baseline or frozen(run, one) is not None:
            continue
        at = measured_at(run.company, one)
        answer = run.answers.get(Ask(one.metric, at))
        name = frozen_as(run.company, one)
        if isinstance(answer, Reading):
            found[name] = answer
            continue
        if isinstance(answer, NoValue) and answer.cause in {Cause.UNAVAILABLE, Cause.ACCESS}:
            continue
        if seen := known_readings(run.company, run.ledger, one.metric, at - TICK, at + GRACE):
            found[name] = seen[0]
    return found


def why_unmeasured(run: Run, key_result: KeyResult) -> str:
    """Why the source gave no baseline in this run; empty if it was not asked for one, or gave it."""
    if not key_result.measured_baseline:
        return ""
    answer = run.answers.get(Ask(key_result.metric, measured_at(run.company, key_result)))
    return answer.reason if isinstance(answer, NoValue) else ""


def _frozen_on(company: Company, key_result: KeyResult) -> str:
    return f"{key_result.id} on {measured_at(company, key_result):%Y-%m-%d}"


def _wanted_again(run: Run, key_result: KeyResult) -> bool:
    note = again_note(run.company, key_result)
    return (run.company.destination, note) in run.memory.state


def measured_at(company: Company, key_result: KeyResult) -> datetime:
    """The moment that a measured baseline is the metric's value of."""
    if key_result.aimed.measured == "previous_quarter":
        return window("previous_quarter", company.cycle.opens, company.cycle).end
    return company.cycle.opens


# ---- Judged periods -----------------------------------------------------------------------------------------------


def judged_asks(company: Company, key_result: KeyResult, until: datetime) -> list[Ask]:
    """What must be asked to judge every period that is over at ``until``, oldest first."""
    periods = _judged(company, key_result, until)
    # The last instant, as in a backfill; only what looks back on a period is known a moment after it.
    after = bool(periods) and _looks_back(company, key_result.metric)
    return [Ask(key_result.metric, one.end if after else last_instant(one)) for one in periods]


def judged_values(run: Run, key_result: KeyResult, until: datetime) -> list[Decimal | None]:
    """A value for each of ``judged_asks``: from the source, else what okrsync itself saw of that period last."""
    company = run.company
    periods = _judged(company, key_result, until)
    found = [run.answers[ask] for ask in judged_asks(company, key_result, until)]
    unknown = [period for period, one in zip(periods, found, strict=True) if not isinstance(one, Reading)]
    seen = known_readings(company, run.ledger, key_result.metric, unknown[0].start, until) if unknown else []
    values = [
        one if isinstance(one, Reading) else _last_seen(company, seen, period)
        for period, one in zip(periods, found, strict=True)
    ]
    return [to_unit(one.value, one.unit, key_result.unit) if one is not None else None for one in values]


def _judged(company: Company, key_result: KeyResult, until: datetime) -> list[Window]:
    """The periods that are over at ``until``. At its last instant a period is known, unless one can only look back on it."""
    if key_result.judging is None:
        return []
    known = until if _looks_back(company, key_result.metric) else until + TICK
    return windows_of(key_result.judging.every, company.cycle, known)


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
