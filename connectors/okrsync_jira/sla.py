"""Reduces the cycles of an SLA field of Jira Service Management to one number. Pure.

The unit is a run of the clock (Jira's "cycle"), not an issue: a re-opened issue has several. Elapsed time is what Jira
measured on the agreement's own calendar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from okrsync.connector import NoValueError
from okrsync.errors import DataError
from okrsync.measures import aggregate
from okrsync.model import Cause, Question
from okrsync_jira.changelog import moment
from okrsync_jira.fields import Field
from okrsync_jira.flows import in_unit
from okrsync_jira.issues import Issue, SearchResult
from okrsync_jira.queries import JiraQuery
from okrsync_jira.reducers import MetricValue, about, enough, filled_in, names_of, share


@dataclass(frozen=True, slots=True)
class SlaCycle:
    """One cycle of the clock that was stopped at ``stop``."""

    stop: datetime
    breached: bool
    elapsed: Decimal


def agreement(question: Question, fields: Sequence[Field], found: SearchResult) -> MetricValue:
    """The share of cycles that met the agreement, or their elapsed times, of those stopped in the window."""
    query: JiraQuery = question.query
    values, _ = filled_in(query, fields, found)
    cycles = [cycle for issue, field, value in values for cycle in _cycles(issue, field, value)]
    window = question.window
    stopped = [
        cycle
        for cycle in cycles
        if cycle.stop <= question.at and (window is None or window.start <= cycle.stop < window.end)
    ]
    enough(len(stopped), max(query.min_samples, 1), f"runs of the clock in {names_of(fields)}")
    met = sum(not cycle.breached for cycle in stopped)
    facts = (
        ("field", names_of(fields)),
        ("runs", str(len(stopped))),
        ("met", str(met)),
        ("still running", str(sum(bool(value.get("ongoingCycle")) for _, _, value in values))),
    )
    name = query.aggregate or "met"
    if name == "met":
        value = share(Decimal(met), Decimal(len(stopped)), question.unit)
    else:
        value = in_unit(aggregate(name, [cycle.elapsed for cycle in stopped]), question.unit)
    return MetricValue(
        value=value, query=found.jql, rows=len(stopped), facts=(("aggregate", name), *facts, *about(found))
    )


def _cycles(issue: Issue, field: Field, value: Any) -> list[SlaCycle]:
    cycles = value.get("completedCycles") if isinstance(value, Mapping) else None
    if not isinstance(cycles, list):
        raise NoValueError(
            Cause.EMPTY, f"{field} of {issue.key} is no service level agreement", hint="name an SLA field"
        )
    try:
        return [
            SlaCycle(
                stop=moment(cycle["stopTime"]["epochMillis"]),
                breached=bool(cycle["breached"]),
                elapsed=Decimal(cycle["elapsedTime"]["millis"]) / 1000,
            )
            for cycle in cycles
        ]
    except (KeyError, TypeError) as error:
        raise DataError(f"{field} of {issue.key} has a run without {error}", hint="run again later") from None
