"""Questions that no request could answer, and why."""

from __future__ import annotations

from okrsync.model import Cause, Dimension, Question
from okrsync_jira import clauses
from okrsync_jira.errors import NoValue
from okrsync_jira.queries import EVENT_DATES, LENGTHS, OTHER_MEASURES, JiraQuery

_REPLAYED = frozenset({"done_share", "velocity"})
_BY_EVENTS = frozenset({*LENGTHS, "throughput", "sla"})


def refuse(question: Question) -> None:
    """Raise ``NoValue`` where no request could answer ``question``."""
    query: JiraQuery = question.query
    _refuse_half_a_window(question, query)
    _refuse_the_unit(question, query)
    if question.past:
        _refuse_the_past(question, query)
    begins_late = query.date in {*EVENT_DATES, "began"} or query.implied_date
    if question.window and begins_late and question.window.start >= question.at:
        raise NoValue(f"its window begins on {question.window.start:%Y-%m-%d}, after the moment asked about")


def _refuse_half_a_window(question: Question, query: JiraQuery) -> None:
    if query.frozen and question.window is None:
        raise NoValue(
            "frozen: true needs a window, for the issues of its first moment count",
            cause=Cause.CONFIG,
            hint="add window: cycle",
        )
    if query.date is not None and question.window is None and not query.implied_date:
        raise NoValue(
            "the metric has a date, but no window", cause=Cause.CONFIG, hint="add window: cycle, say"
        )
    if query.date is None and question.window is not None:
        raise NoValue(
            "the metric has a window, but no date that falls into it",
            cause=Cause.CONFIG,
            hint="add date: created, resolved, updated, due, or a date field",
        )


def _refuse_the_unit(question: Question, query: JiraQuery) -> None:
    dimension = question.unit.dimension
    is_length = query.measure in LENGTHS or (query.measure == "sla" and query.aggregate not in {None, "met"})
    if is_length and dimension is not Dimension.DURATION:
        raise NoValue(
            f"{query.measure} is a length of time and cannot be in {question.unit}",
            cause=Cause.CONFIG,
            hint="write unit: days, or hours, say",
        )
    if query.measure == "sla" and not is_length and dimension is Dimension.COUNT:
        raise NoValue("sla met is a share", cause=Cause.CONFIG, hint="write unit: percent")
    numberless = dimension in {Dimension.DURATION, Dimension.MONEY}
    if query.measure in OTHER_MEASURES and not is_length and numberless:
        raise NoValue(
            f"{query.measure} cannot be in {question.unit}", cause=Cause.CONFIG, hint="correct the unit"
        )


def _refuse_the_past(question: Question, query: JiraQuery) -> None:
    if query.scope or query.measure in _REPLAYED:
        return
    by_events = query.measure in {"count", "ratio"} and query.date in EVENT_DATES
    if not by_events and query.measure not in _BY_EVENTS:
        raise NoValue(
            f"Jira shows issues as they are today, not as they were on {question.at:%Y-%m-%d}",
            cause=Cause.PAST,
            hint="write scope: and state: in place of jql:, or for a count or ratio date: created or resolved",
        )
    for jql in (query.jql, query.part):
        if jql and (piece := clauses.moving(jql)):
            raise NoValue(
                f"{piece!r} in the JQL holds for today, not for {question.at:%Y-%m-%d}",
                cause=Cause.PAST,
                hint="put what does not change, such as project and type, into scope:, and the rest into state:",
            )
