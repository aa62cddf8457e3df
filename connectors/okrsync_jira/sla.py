"""Reduce the cycles of an SLA field of Jira Service Management to one number. Pure.

The unit is a run of the clock (Jira's "cycle"), not an issue: a re-opened issue has several. Elapsed time is what Jira
measured on the agreement's own calendar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from okrsync.connector import NoValueError
from okrsync.errors import DataError
from okrsync.measures import aggregate
from okrsync.model import Cause, Question
from okrsync_jira.changelog import moment
from okrsync_jira.fields import Field
from okrsync_jira.flows import in_unit
from okrsync_jira.issues import Issue, SearchResult
from okrsync_jira.queries import JiraQuery
from okrsync_jira.reducers import MetricValue, about, enough, filled_in, names_of, share, some_of

# What an SLA field holds: cycles of its clock, or why Jira cannot show them.
_SLA: Final = frozenset({"completedCycles", "ongoingCycle", "errorMessage"})


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
    read = [_cycles(issue, field, value) for issue, field, value in values]
    cycles = [cycle for some in read if some for cycle in some]
    window = question.window
    stopped = [
        cycle
        for cycle in cycles
        if cycle.stop <= question.at and (window is None or window.start <= cycle.stop < window.end)
    ]
    enough(len(stopped), max(query.min_samples, 1), f"runs of the clock in {names_of(fields)}")
    met = sum(not cycle.breached for cycle in stopped)
    lost = [issue.key for (issue, _, _), some in zip(values, read, strict=True) if some is None]
    facts = (
        ("field", names_of(fields)),
        *((("Jira shows no agreement of", some_of(lost)),) if lost else ()),
        ("runs", str(len(stopped))),
        ("met", str(met)),
        (
            "still running",
            str(
                sum(bool(isinstance(value, Mapping) and value.get("ongoingCycle")) for _, _, value in values)
            ),
        ),
    )
    name = query.aggregate or "met"
    if name == "met":
        value = share(Decimal(met), Decimal(len(stopped)), question.unit)
    else:
        value = in_unit(aggregate(name, [cycle.elapsed for cycle in stopped]), question.unit)
    return MetricValue(
        value=value, query=found.jql, rows=len(stopped), facts=(("aggregate", name), *facts, *about(found))
    )


def _cycles(issue: Issue, field: Field, value: Any) -> list[SlaCycle] | None:
    """The completed cycles of the clock, or None if the field says that it has none to show."""
    if not isinstance(value, Mapping) or not (_SLA & value.keys()):
        raise NoValueError(
            Cause.EMPTY, f"{field} of {issue.key} is no service level agreement", hint="name an SLA field"
        )
    cycles = value.get("completedCycles")
    if cycles is None:
        return None if "errorMessage" in value else []
    try:
        return [_cycle(cycle) for cycle in cycles]
    except (KeyError, TypeError, ValueError, ArithmeticError, DataError) as error:
        raise DataError(
            f"a run in {field} of {issue.key} cannot be read ({error})", hint="run again later"
        ) from None


def _cycle(cycle: Mapping[str, Any]) -> SlaCycle:
    breached, millis = cycle["breached"], cycle["elapsedTime"]["millis"]
    if not isinstance(breached, bool) or type(millis) is not int:
        raise TypeError("breached or elapsedTime is of another type")
    return SlaCycle(
        stop=moment(cycle["stopTime"]["epochMillis"]), breached=breached, elapsed=Decimal(millis) / 1000
    )
