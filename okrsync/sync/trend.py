"""Read a metric's past from the ledger: one value for each day. Sends no request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal

from okrsync.config import Company
from okrsync.forecast import Forecast, NotYet, Outlook, Point, forecast, outlook
from okrsync.key_results import KeyResult, settle
from okrsync.memory import Memory, Outcome
from okrsync.model import Dimension, NoValue, Quantity, Reading
from okrsync.periods import TICK, complete, windows_of
from okrsync.ports import Ledger
from okrsync.progress import Budget, Goal, Judge, Milestones, YesNo, budget, paced, progress
from okrsync.tables.assessment import goal_from
from okrsync.tables.past_values import by_day, comparable_readings, day_of, frozen_in
from okrsync.units import to_unit

SOURCE_TIME = "as of in the source"
"""The fact of a rebuilt reading that says how old the value was in the source at the moment asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is known of one day: the value in the key result's unit, and its progress if the goal is known."""

    day: date
    value: Decimal
    progress: Decimal | None
    reading: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """One key result through time. ``values`` are the cycle's, oldest first.

    ``left_out`` counts those of the cycle that another metric or unit makes incomparable.
    """

    subject: str
    values: tuple[Seen, ...]
    goal: Goal | None
    forecast: Forecast | NotYet
    outlook: Outlook | None = None
    progress: Decimal | None = None
    budget: Budget | None = None
    left_out: int = 0


def remembered(
    company: Company,
    ledger: Ledger,
    key_result: KeyResult,
    goal: Goal | None,
    span: tuple[datetime, datetime],
) -> tuple[list[Seen], int]:
    """What is known with ``span[0] <= as_of <= span[1]``, oldest first, and how many values are left out.

    Left out is what was measured with another query or in a unit that cannot be compared with the present one.
    """
    found = []
    readings, left_out = comparable_readings(company, ledger, key_result.metric, span[0], span[1] + TICK)
    for one in by_day(readings, company.zone):
        value = to_unit(one.value, one.unit, key_result.unit)
        done = progress(goal, value) if goal is not None else None
        found.append(Seen(day=day_of(one, company.zone), value=value, progress=done, reading=one))
    return found, left_out


def goal_of(company: Company, key_result: KeyResult, memory: Memory) -> Goal | None:
    """The goal of the last run, else the one that the YAML alone makes."""
    outcome = memory.outcomes.get(key_result.id)
    if outcome is not None and outcome.detail["goal"] is not None and _in_unit(outcome, key_result):
        return goal_from(outcome.detail["goal"])
    baseline = frozen_in(memory.baselines, company, key_result)
    measured = (
        to_unit(baseline.value, baseline.unit, key_result.unit) if isinstance(baseline, Reading) else None
    )
    nothing: Quantity | None = None
    goal = settle(key_result, nothing, nothing, measured)
    return None if isinstance(goal, NoValue) else goal


def _in_unit(outcome: Outcome, key_result: KeyResult) -> bool:
    """Whether the outcome's numbers are in the unit that the key result has now."""
    return bool(outcome.detail["unit"] == str(key_result.unit))


def last_values(company: Company, ledger: Ledger, now: datetime) -> dict[str, Decimal]:
    """The last value of every key result in this cycle, if one is known."""
    since, until = company.cycle.opens - TICK, min(now, company.cycle.closes - TICK)
    found = {}
    for one in company.key_results:
        seen, _ = remembered(company, ledger, one, None, (since, until))
        if seen:
            found[one.id] = seen[-1].value
    return found


def trend(company: Company, ledger: Ledger, memory: Memory, key_result: KeyResult, now: datetime) -> Trend:
    """The key result in this cycle: its values, where they are heading, and what is left of its error budget."""
    goal = goal_of(company, key_result, memory)
    cycle = company.cycle
    span = (cycle.opens - TICK, min(now, cycle.closes))
    values, left_out = remembered(company, ledger, key_result, goal, span)
    expected = _forecast(company, key_result, goal, values, now)
    view = done = None
    if isinstance(expected, Forecast) and goal is not None:
        view = outlook(goal, expected)
        done = progress(goal, expected.value) if paced(goal) else None
    return Trend(
        subject=key_result.id,
        values=tuple(values),
        goal=goal,
        forecast=expected,
        outlook=view,
        progress=done,
        budget=_budget(company, key_result, goal, memory.outcomes.get(key_result.id)),
        left_out=left_out,
    )


def _forecast(
    company: Company, key_result: KeyResult, goal: Goal | None, values: Sequence[Seen], now: datetime
) -> Forecast | NotYet:
    if now >= company.cycle.closes:
        return NotYet("the cycle has ended")
    kind = company.metrics[key_result.metric].window
    points: dict[datetime, Point] = {}
    for one in values:
        span = one.reading.window
        if span is not None and not _comparable(company, kind, one.reading):
            continue
        # A value that did not change in the source is one observation, however often it was asked for.
        fact = dict(one.reading.evidence.facts).get(SOURCE_TIME)
        at = one.reading.as_of if fact is None else datetime.fromisoformat(fact)
        points[at] = Point(at, one.value)
    numbers = [one.value for one in points.values()]
    least, most = _limits(key_result, goal, numbers)
    return forecast(list(points.values()), company.cycle.closes - TICK, least, most)


def _limits(
    key_result: KeyResult, goal: Goal | None, values: Sequence[Decimal]
) -> tuple[Decimal | None, Decimal | None]:
    """Which numbers the key result cannot pass, by all that was seen of it.

    A count or a length of time is not negative; a percentage whose values and goal lie in 0 to 100 stays there. There are
    no more milestones than there are, and yes is 1.
    """
    zero, hundred = Decimal(0), Decimal(100)
    parts = goal.parts if isinstance(goal, Milestones) else Decimal(1)
    if isinstance(goal, Milestones | YesNo) and all(zero <= value <= parts for value in values):
        return zero, parts
    if key_result.unit.dimension in {Dimension.COUNT, Dimension.DURATION}:
        return (zero, None) if all(value >= 0 for value in values) else (None, None)
    if key_result.unit.dimension is Dimension.PERCENT and goal is not None:
        aims = [one for one in asdict(goal).values() if isinstance(one, Decimal)]
        if all(zero <= value <= hundred for value in (*values, *aims)):
            return zero, hundred
    return None, None


def _comparable(company: Company, kind: str, reading: Reading) -> bool:
    """Whether the value may be compared with others: of this cycle, and of a period that is over."""
    assert reading.window is not None
    if kind == "cycle":
        return reading.window.start == company.cycle.opens
    return complete(kind, reading.window, company.cycle.calendar)


def _budget(
    company: Company, key_result: KeyResult, goal: Goal | None, outcome: Outcome | None
) -> Budget | None:
    judging = key_result.judging
    if judging is None or judging.how is not Judge.HELD or goal is None or outcome is None:
        return None
    if not _in_unit(outcome, key_result):
        return None
    history: Sequence[str | None] = outcome.detail["history"]
    values = [None if one is None else Decimal(one) for one in history]
    periods = len(windows_of(judging.every, company.cycle, company.cycle.closes))
    return budget(goal, values, periods, judging.misses, judging.missing)
