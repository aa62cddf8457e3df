"""Refuse questions that no request could answer, with the reason."""

from __future__ import annotations

from okrsync.connector import NoValueError
from okrsync.model import Cause, Dimension, Question
from okrsync_jira.jql import as_state, changing, moving
from okrsync_jira.queries import EVENT_DATES, LENGTHS, OTHER_MEASURES, JiraQuery

_REPLAYED = frozenset({"done_share", "velocity"})
_BY_EVENTS = frozenset({*LENGTHS, "throughput", "sla"})


def refuse(question: Question) -> None:
    """Raise ``NoValueError`` if no request could answer ``question``."""
    query: JiraQuery = question.query
    _refuse_half_a_window(question, query)
    _refuse_the_unit(question, query)
    if question.past:
        _refuse_the_past(question, query)
    begins_late = query.date in {*EVENT_DATES, "began"} or query.implied_date
    if question.window and begins_late and question.window.start >= question.at:
        raise NoValueError(
            Cause.EMPTY,
            f"its window begins on {question.window.start:%Y-%m-%d}, after the moment asked about",
        )


def _refuse_half_a_window(question: Question, query: JiraQuery) -> None:
    if query.frozen and question.window is None:
        raise NoValueError(
            Cause.CONFIG,
            "frozen: true needs a window, for the issues of its first moment count",
            hint="add window: cycle",
        )
    if query.date is not None and question.window is None and not query.implied_date:
        raise NoValueError(
            Cause.CONFIG, "the metric has a date, but no window", hint="add window: cycle, say"
        )
    if query.date is None and question.window is not None:
        raise NoValueError(
            Cause.CONFIG,
            "the metric has a window, but no date that falls into it",
            hint="add date: created, resolved, updated, due, or a date field",
        )


def _refuse_the_unit(question: Question, query: JiraQuery) -> None:
    dimension = question.unit.dimension
    is_length = query.measure in LENGTHS or (query.measure == "sla" and query.aggregate not in {None, "met"})
    if is_length and dimension is not Dimension.DURATION:
        raise NoValueError(
            Cause.CONFIG,
            f"{query.measure} is a length of time and cannot be in {question.unit}",
            hint="write unit: days, or hours, say",
        )
    if query.measure == "sla" and not is_length and dimension is Dimension.COUNT:
        raise NoValueError(Cause.CONFIG, "sla met is a share", hint="write unit: percent")
    numberless = dimension in {Dimension.DURATION, Dimension.MONEY}
    if query.measure in OTHER_MEASURES and not is_length and numberless:
        raise NoValueError(
            Cause.CONFIG, f"{query.measure} cannot be in {question.unit}", hint="correct the unit"
        )


def _refuse_the_past(question: Question, query: JiraQuery) -> None:
    if query.scope or query.measure in _REPLAYED:
        return
    by_events = query.measure in {"count", "ratio"} and query.date in EVENT_DATES
    if not by_events and query.measure not in _BY_EVENTS:
        raise NoValueError(
            Cause.PAST,
            f"Jira shows issues as they are today, not as they were on {question.at:%Y-%m-%d}",
            hint="write scope: and state: in place of jql:, or for a count or ratio date: created or resolved",
        )
    # Counted by their dates, issues are those of today: the evidence says so. A length of time says no such thing.
    look = moving if by_events or query.measure == "sla" else changing
    for jql in (query.jql, query.part):
        if jql and (piece := look(jql)):
            state = as_state(jql) if look is changing else ""
            raise NoValueError(
                Cause.PAST,
                f"{piece!r} in the JQL holds for today, not for {question.at:%Y-%m-%d}",
                hint="put what does not change, such as project and type, into scope:, and the rest into state:"
                + (f" {{{state}}}" if state else ""),
            )
