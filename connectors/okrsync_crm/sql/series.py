"""Answer one metric at many moments by one or two passes over the rows, not by one for each moment.

The bounds of all the windows cut time into slices. Every row falls into one slice, what a measure needs is added up for
each slice, and a window is the slices between its bounds: exactly so for counts, sums and extremes, and for what is
computed from them. For what cannot be added up so, the values themselves are kept by slice (holistic.py). What else
depends on the moment, such as a length of time that was not over by then, is asked one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from okrsync.connector import NoValueError, no_value
from okrsync.model import NoValue, Question
from okrsync_crm.query_settings import CrmQuery, Elapsed
from okrsync_crm.settings import CrmSettings
from okrsync_crm.sql import execution
from okrsync_crm.sql.conditions import micros, wall_clock
from okrsync_crm.sql.holistic import SlicedValues
from okrsync_crm.sql.planned_question import PlannedQuestion, length_of, plan_question
from okrsync_crm.sql.query_plan import QueryPlan, RowTest

AT_ONCE: Final = 40
"""So many questions are drafted into one statement: the time to plan one grows with the square of its length."""
_SLICE: Final = "slice"

Batch = Sequence[tuple[int, Question]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Questions that differ in their time only; ``zone`` is whose wall clock their bounds are compared with."""

    batch: Batch
    zone: ZoneInfo

    @property
    def query(self) -> CrmQuery:
        found: CrmQuery = self.batch[0][1].query
        return found

    @property
    def place(self) -> int:
        return self.batch[0][0]

    def bounds(self) -> set[datetime]:
        return {bound for _, question in self.batch for bound in _bounds(question) if bound is not None}


def gathered(
    batch: Batch, settings: CrmSettings, zone: ZoneInfo
) -> tuple[list[list[Series]], list[tuple[int, Question]]]:
    """The series of a batch, those that one pass can answer together, and the questions that are in none.

    A batch that fits one statement has no series: one scan answers it.
    """
    if len(batch) <= AT_ONCE:
        return [], list(batch)
    alike: dict[tuple[str, str, str], list[tuple[int, Question]]] = {}
    rest: list[tuple[int, Question]] = []
    for place, question in batch:
        if not _fits(question, settings, zone):
            rest.append((place, question))
            continue
        key = (question.query.model_dump_json(), str(question.unit), str(_clock(question, zone)))
        alike.setdefault(key, []).append((place, question))
    together: dict[tuple[str, str], list[Series]] = {}
    for (_, _, clock), mine in alike.items():
        one = Series(batch=mine, zone=_clock(mine[0][1], zone))
        if len(mine) < 2 or not _rising(one):
            rest += mine
        else:
            together.setdefault((one.query.date or "", clock), []).append(one)
    passes = [
        found[first : first + AT_ONCE]
        for found in together.values()
        for first in range(0, len(found), AT_ONCE)
    ]
    return passes, sorted(rest, key=lambda one: one[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSeries:
    """One pass over the rows for several series: its plan, the bounds of its slices, and the refusals of planning it."""

    plan: QueryPlan
    series: Sequence[Series]
    bounds: Sequence[datetime]
    asked: Mapping[int, PlannedQuestion]
    refused: Mapping[int, NoValue]


def plan_series(plan: QueryPlan, passing: Sequence[Series], zone: ZoneInfo) -> PlannedSeries:
    bounds = sorted({bound.astimezone(UTC) for one in passing for bound in one.bounds()})
    refused: dict[int, NoValue] = {}
    asked: dict[int, PlannedQuestion] = {}
    try:
        inside = _sliced(plan, passing[0].query.date or "", bounds, passing[0].zone)
    except NoValueError as refusal:
        refused = {
            place: no_value(question.metric, refusal) for one in passing for place, question in one.batch
        }
        return PlannedSeries(plan=plan, series=(), bounds=bounds, asked={}, refused=refused)
    for one in passing:
        try:
            asked[one.place] = plan_question(plan, one.place, one.batch[0][1], zone, inside)
        except NoValueError as refusal:
            plan.forget(one.place)
            refused.update({place: no_value(question.metric, refusal) for place, question in one.batch})
    return PlannedSeries(
        plan=plan,
        series=[one for one in passing if one.place in asked],
        bounds=bounds,
        asked=asked,
        refused=refused,
    )


def read_series(
    connection: execution.SqlConnection, planned: PlannedSeries, zone: ZoneInfo
) -> tuple[list[PlannedQuestion], dict[str, Any]]:
    """One pass for all series: the questions, and the values of each as a statement of its own gives them."""
    if not planned.series:
        return [], {}
    plan, bounds = planned.plan, planned.bounds
    slices = execution.tally_by(connection, plan, _SLICE)
    sliced = SlicedValues(connection)
    if plan.kept:
        sliced.copy(plan, _SLICE)
    questions: list[PlannedQuestion] = []
    values: dict[str, Any] = {}
    for one in planned.series:
        names = _own_names(plan, one)
        for place, question in one.batch:
            questions.append(
                replace(
                    planned.asked[one.place],
                    index=place,
                    question=question,
                    until=question.at.astimezone(zone),
                )
            )
            first, last = _between(bounds, question)
            chosen = [slices[number] for number in range(first, last + 1) if number in slices]
            chosen.append(slices.get(None, {}))
            for name, kind in names.items():
                values[_renamed(name, one.place, place)] = _combined(kind, one.query, chosen, name)
            if one.place in plan.kept:
                filled = int(values.get(f"filled{place}") or 0)
                of_window = sliced.values(one.place, one.query, first, last, filled)
                values |= {f"{name}{place}": value for name, value in of_window.items()}
    sliced.close()
    return questions, values


def _fits(question: Question, settings: CrmSettings, zone: ZoneInfo) -> bool:
    query: CrmQuery = question.query
    conditions = [*query.where.values(), *query.part.values()]
    ends = [condition.end for condition in conditions if isinstance(condition, Elapsed)]
    ends += [query.end or ""] if query.measure == "duration" else []
    return (
        query.date is not None
        and "{date}" not in settings.path
        and question.past
        # What is in the window had ended by then, if its end is what the window is about, on the same clock.
        and (not ends or (set(ends) == {query.date} and _clock(question, zone) == zone))
    )


def _clock(question: Question, zone: ZoneInfo) -> ZoneInfo:
    """Whose midnight a mere date is compared with: the window's own, as one question by itself does."""
    own = question.window.start.tzinfo if question.window is not None else None
    return own if isinstance(own, ZoneInfo) else zone


def _bounds(question: Question) -> tuple[datetime | None, datetime]:
    """The window and what had happened by then: from, where it begins, and before."""
    start = question.window.start if question.window is not None else None
    ends = [question.at] if question.window is None else [question.at, question.window.end]
    return start, min(end.astimezone(UTC) for end in ends)


def _rising(series: Series) -> bool:
    """Whether the wall clock rises with time at the bounds: in the hour that it shows twice it does not."""
    walls = [wall_clock(bound.astimezone(series.zone)) for bound in sorted(series.bounds(), key=micros)]
    return all(one < other for one, other in pairwise(walls))


def _sliced(plan: QueryPlan, date: str, bounds: Sequence[datetime], zone: ZoneInfo) -> RowTest:
    """Mark every row with how many bounds are not after it; NULL if it has no date."""
    at = plan.moment(date)
    local = [plan.bind.bind(wall_clock(bound.astimezone(zone))) for bound in bounds]
    instant = [plan.bind.bind(micros(bound)) for bound in bounds]
    plan.mark(
        _SLICE,
        f"CASE WHEN {at.local} IS NULL THEN NULL WHEN {at.instant} IS NULL THEN {_count(at.local, local, 0)} "
        f"ELSE {_count(at.instant, instant, 0)} END",
    )
    return RowTest(holds=f"{at.local} IS NOT NULL", fault=plan.fault(date, at.local))


def _count(value: str, bounds: Sequence[str], below: int) -> str:
    """How many bounds, from ``below`` on, are not above the value: a search by halves."""
    if not bounds:
        return str(below)
    middle = len(bounds) // 2
    lower = _count(value, bounds[:middle], below)
    upper = _count(value, bounds[middle + 1 :], below + middle + 1)
    return f"CASE WHEN {value} < {bounds[middle]} THEN {lower} ELSE {upper} END"


def _between(bounds: Sequence[datetime], question: Question) -> tuple[int, int]:
    """The first and the last slice of a question's window."""
    start, end = _bounds(question)
    first = bounds.index(start.astimezone(UTC)) + 1 if start is not None else 0
    return first, bounds.index(end)


# ---- putting slices together ----------------------------------------------------------------------------------

_OWN: Final = ("rows", "filled", "value", "part", "bad", "signs", "currencies")


def _own_names(plan: QueryPlan, series: Series) -> dict[str, str]:
    """The aggregates of a series by name, with what kind each is."""
    names = {f"{kind}{series.place}": kind for kind in _OWN}
    return {name: kind for name, kind in names.items() if name in plan.aggregates}


def _renamed(name: str, place: int, other: int) -> str:
    kind = name.rstrip("0123456789_")
    return f"{kind}{other}{name.removeprefix(f'{kind}{place}')}"


def _combined(kind: str, query: CrmQuery, rows: Iterable[Mapping[str, Any]], name: str) -> Any:
    known = [row[name] for row in rows if row.get(name) is not None]
    if kind in {"signs", "currencies"}:
        return sorted({one for listed in known for one in listed})
    how: Callable[[list[Any]], Any] = sum
    if kind == "value" and length_of(query) == "min":
        how = min
    elif kind == "value" and length_of(query) == "max":
        how = max
    return how(known) if known else None
