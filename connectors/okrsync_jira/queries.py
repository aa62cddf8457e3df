"""Declare what the YAML says of one metric read from Jira. Loads no vendor library.

=============== ============================ ===================================================================
measure         needs                        and may have
=============== ============================ ===================================================================
count           jql, or scope                date, exact; with scope: state
sum mean min    jql or scope, field          date, empty_field, min_samples; with scope: state
max median pNN
distinct        jql or scope, field          date, empty_field, min_samples; with scope: state
ratio           jql and part, or scope and   date, exact, min_samples; with scope: state
                part_state
done_share      parent                       by, field, done_excludes, empty_field, min_samples, frozen, scope
lead_time       jql or scope                 aggregate, done_excludes, min_samples; with scope: state
cycle_time      jql or scope                 as lead_time, and started
time_in_status  jql or scope, statuses       aggregate, min_samples; with scope: state
throughput      jql or scope                 done_excludes; with scope: state
age             jql or scope                 state (with scope), aggregate, min_samples, since
velocity        board                        sprints, by, field, min_samples
sla             jql or scope, field          aggregate, min_samples
=============== ============================ ===================================================================

``jql`` is asked of Jira as it is today. ``scope`` holds only what does not change about an issue (its project, its
type), ``state`` what does: it is answered for any day, by winding back what happened since.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from pydantic import Field, field_validator, model_validator

from okrsync.measures import AGGREGATES, choices, is_aggregate, meant
from okrsync.settings import Strict
from okrsync_jira.jql import as_state, changing, fault
from okrsync_jira.states import DoneExcludes, Names, State

EVENT_DATES: Final = ("created", "resolved")
DATES: Final = (*EVENT_DATES, "updated", "due")
LENGTHS: Final = ("lead_time", "cycle_time", "time_in_status", "age")
IMPLIED_DATES: Final[Mapping[str, str]] = {
    "lead_time": "finished",
    "cycle_time": "finished",
    "throughput": "finished",
    "time_in_status": "spent",
    "sla": "stopped",
}
"""What the window of these measures is about, without being said."""

OTHER_MEASURES: Final = (
    "count",
    "distinct",
    "ratio",
    "done_share",
    *LENGTHS,
    "throughput",
    "velocity",
    "sla",
)
_ISSUE_KEY: Final = re.compile(r"[A-Z][A-Z0-9_]*-[1-9]\d*")


def check_jql(value: str) -> str:
    text = value.strip()
    if (problem := fault(text)) is not None:
        raise ValueError(problem)
    return text


class JiraQuery(Strict):
    """One number out of Jira issues."""

    measure: str = Field(
        default="count",
        description="what of the issues becomes the number; p85 and the like are percentiles",
        json_schema_extra=choices(*OTHER_MEASURES),
    )
    jql: str | None = Field(default=None, description="which issues, as of today; for a ratio, the whole")
    scope: str | None = Field(
        default=None,
        description="JQL that holds for an issue for ever, such as project = APP AND type = Bug; done_share: where to "
        "look for work that was below the parents earlier and has left",
    )
    state: State | None = Field(
        default=None, description="which issues of the scope, by what was so on the day asked about"
    )
    part: str | None = Field(default=None, description="JQL: which of these issues a ratio counts")
    part_state: State | None = Field(
        default=None, description="which issues of the scope a ratio counts, as on the day asked about"
    )
    field: Names = Field(
        default=(), description="id or name of the field; of a list, the first that is filled in counts"
    )
    empty_field: Literal["skip", "zero", "fail"] = Field(
        default="skip", description="what an issue without a value in the field means"
    )
    min_samples: int = Field(
        default=1,
        ge=0,
        description="fewer values or issues than this give no number; 0 lets a sum of nothing be 0",
    )
    parent: Names = Field(default=(), description="done_share: keys of the epics or initiatives")
    by: Literal["count", "points", "children_mean"] = Field(
        default="count",
        description="issues, or the sum of the field; children_mean: the mean of the share of each child",
    )
    frozen: bool = Field(
        default=False, description="done_share: only of the issues that were there when the window began"
    )
    done_excludes: DoneExcludes | None = Field(default=None, description="closed, but not done")
    date: str | None = Field(
        default=None,
        description="what the metric's window is about: created, resolved, updated, due, or a date field",
    )
    exact: bool = Field(default=True, description="false: let Jira Cloud estimate a count with one request")
    aggregate: str | None = Field(
        default=None,
        description="lengths of time: mean, min, max, median (default), p85, sum; sla also met (default), in percent",
    )
    started: Literal["first", "last"] = Field(
        default="first", description="cycle_time: from the first or the last move into a status in progress"
    )
    statuses: Names = Field(default=(), description="time_in_status: names or ids of the statuses")
    since: Literal["created", "status"] = Field(
        default="created", description="age: from the issue's creation, or from its last change of status"
    )
    board: int | None = Field(default=None, ge=1, description="velocity: the board's id")
    sprints: int = Field(default=5, ge=1, le=50, description="velocity: the mean of that many closed sprints")

    @field_validator("jql", "part", "scope")
    @classmethod
    def _is_jql(cls, value: str | None) -> str | None:
        return None if value is None else check_jql(value)

    @field_validator("scope")
    @classmethod
    def _scope_holds_for_ever(cls, value: str | None) -> str | None:
        if value is not None and (piece := changing(value)):
            state = as_state(value)
            such = f", such as state: {{{state}}}" if state else ""
            raise ValueError(
                f"{piece!r} changes with time; a scope is for what does not, put the rest into state{such}"
            )
        return value

    @field_validator("parent")
    @classmethod
    def _are_keys(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for key in value:
            if not _ISSUE_KEY.fullmatch(key):
                raise ValueError(f"{key!r} is not the key of an issue, such as APP-12")
        return tuple(dict.fromkeys(value))

    @field_validator("measure")
    @classmethod
    def _is_known(cls, value: str) -> str:
        if value not in OTHER_MEASURES and not is_aggregate(value):
            known = ", ".join((*OTHER_MEASURES, *AGGREGATES))
            near = meant(value, (*OTHER_MEASURES, *AGGREGATES))
            raise ValueError(
                f"{value!r} is no measure; {near}write one of {known}, or a percentile such as p85"
            )
        return value

    @model_validator(mode="before")
    @classmethod
    def _imply_the_date(cls, raw: Any) -> Any:
        if not isinstance(raw, Mapping) or "date" in raw:
            return raw
        implied = IMPLIED_DATES.get(raw.get("measure", ""), "began" if raw.get("frozen") is True else None)
        return {**raw, "date": implied} if implied else raw

    @model_validator(mode="after")
    def _keys_fit_the_measure(self) -> JiraQuery:
        needed, allowed = _keys_of(self)
        written = {name for name in self.model_fields_set if getattr(self, name) not in (None, ())}
        if {"jql", "scope"} <= written:
            raise ValueError("write jql or scope, not both")
        if missing := sorted(needed - written):
            raise ValueError(
                f"measure: {self.measure} needs {' and '.join(missing)}".replace("jql", "jql or scope")
            )
        if foreign := sorted(written - needed - allowed - {"measure"}):
            raise ValueError(f"measure: {self.measure} has no use for {' and '.join(foreign)}")
        if self.measure == "distinct" and self.empty_field == "zero":
            raise ValueError("empty_field: zero means nothing to distinct; write skip or fail")
        _check_aggregate(self.measure, self.aggregate)
        _check_date(self)
        return self

    @property
    def issues(self) -> str:
        """The JQL that finds the issues."""
        return self.scope or self.jql or ""

    @property
    def implied_date(self) -> bool:
        """Whether the measure itself says what its window is about, so that it can do without one."""
        return self.measure in IMPLIED_DATES


def _check_aggregate(measure: str, aggregate: str | None) -> None:
    if aggregate is None or is_aggregate(aggregate) or (measure == "sla" and aggregate == "met"):
        return
    also = "met, " if measure == "sla" else ""
    raise ValueError(f"aggregate: {aggregate!r} is none; write {also}mean, median, min, max, sum or p85")


def _check_date(query: JiraQuery) -> None:
    implied = IMPLIED_DATES.get(query.measure, "began" if query.frozen else None)
    if implied and query.date != implied:
        raise ValueError(f"measure: {query.measure} has no use for date: its window is about what {implied}")
    if query.scope and not implied and query.date not in {None, "created"}:
        raise ValueError(f"with scope, date is created or nothing; {query.date} may have changed since")


def _keys_of(query: JiraQuery) -> tuple[set[str], set[str]]:
    """The keys that a measure must have, and those it may have."""
    measure = query.measure
    replayed = {"state"} if query.scope else set()
    issues = {"scope"} if query.scope else {"jql"}
    if measure == "count":
        return issues, {"date"} | (replayed or {"exact"})
    if measure == "ratio" and query.scope:
        return {"scope", "part_state"}, {"date", "min_samples", "state"}
    if measure == "ratio":
        return {"jql", "part"}, {"date", "exact", "min_samples"}
    if measure == "done_share":
        common = {"by", "done_excludes", "min_samples", "frozen", "scope"} | (
            {"date"} if query.frozen else set()
        )
        if query.by == "points":
            return {"parent", "field"}, common | {"empty_field"}
        of_points = {"field", "empty_field"} if query.by == "children_mean" else set()
        return {"parent"}, common | of_points
    if measure == "velocity":
        of_points = {"field"} if query.by == "points" else set()
        return {"board"}, {"sprints", "by", "min_samples"} | of_points
    return _keys_of_times(measure, issues, replayed)


def _keys_of_times(measure: str, issues: set[str], replayed: set[str]) -> tuple[set[str], set[str]]:
    common = {"date", "aggregate", "min_samples"}
    if measure == "lead_time":
        return issues, common | {"done_excludes"} | replayed
    if measure == "cycle_time":
        return issues, common | {"done_excludes", "started"} | replayed
    if measure == "time_in_status":
        return issues | {"statuses"}, common | replayed
    if measure == "throughput":
        return issues, {"date", "done_excludes"} | replayed
    if measure == "age":
        return issues, (common - {"date"}) | {"since"} | replayed
    if measure == "sla":
        return issues | {"field"}, common
    return issues | {"field"}, {"date", "empty_field", "min_samples"} | replayed
