"""Computes lead time, cycle time, time in a status, throughput and age from status changes. Pure.

An issue is finished since the start of the last unbroken run of statuses in the category Done: moving from one such
status to another (as in the migration of a workflow) does not finish it again, and opening it again does away with the
earlier finish. Issues whose changes do not follow from one another are left out and named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from okrsync.connector import NoValueError
from okrsync.measures import aggregate
from okrsync.model import SECONDS_IN, Cause, Question, Unit, Window
from okrsync.spelling import did_you_mean
from okrsync_jira.issues import Issue, SearchResult
from okrsync_jira.queries import JiraQuery
from okrsync_jira.reducers import MOST_SAMPLES, MetricValue, about, enough, resolution_of, some_of
from okrsync_jira.replay import (
    RESOLUTION,
    STATUS,
    Replayed,
    as_of,
    born,
    changes_of,
    stirred,
    there_at,
    value_at,
)
from okrsync_jira.statuses import Statuses, unknown

DONE: Final = "done"
IN_PROGRESS: Final = "indeterminate"
_FOREVER: Final = datetime.max.replace(tzinfo=UTC)
# What is kept with the issues that were found: the whole way of each, cut off at each moment asked about.
_FLOWS: Final = "flows"


@dataclass(frozen=True, slots=True)
class Stretch:
    """An issue stood in a status for ``[start, end)``; ``category`` is None where nobody knows it."""

    status: str
    name: str
    category: str | None
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Flow:
    """One issue's way through its statuses; the last stretch may end after the moment asked about."""

    issue: Issue
    stretches: tuple[Stretch, ...]

    def until(self, at: datetime) -> Flow:
        """The stretches that had begun by ``at``."""
        return Flow(self.issue, tuple(one for one in self.stretches if one.start <= at))

    @property
    def finished(self) -> datetime | None:
        """The start of the last unbroken run of done statuses; None where it is not done."""
        start = None
        for stretch in reversed(self.stretches):
            if stretch.category != DONE:
                break
            start = stretch.start
        return start

    @property
    def first_finished(self) -> datetime | None:
        return next((one.start for one in self.stretches if one.category == DONE), None)

    def started(self, which: str, before: datetime) -> datetime | None:
        """The first or last entry into a status in progress before ``before``."""
        runs = [
            one.start
            for previous, one in zip((None, *self.stretches), self.stretches, strict=False)
            if one.category == IN_PROGRESS
            and one.start < before
            and (previous is None or previous.category != IN_PROGRESS)
        ]
        return (runs[0] if which == "first" else runs[-1]) if runs else None


def flow(issue: Issue, statuses: Statuses) -> Flow:
    """The statuses of an issue from its creation until today and on."""
    held = value_at(issue, STATUS, born(issue) - timedelta.resolution, statuses) or {}
    places = [(born(issue), str(held.get("id", "")), str(held.get("name", "")))]
    places += [(move.at, move.new or "", move.new_text or "") for move in changes_of(issue, STATUS)]
    ends = [start for start, _, _ in places[1:]] + [_FOREVER]
    return Flow(
        issue,
        tuple(
            Stretch(status, statuses.name(status, name), statuses.category(status, name), start, end)
            for (start, status, name), end in zip(places, ends, strict=True)
        ),
    )


# ---- The measures ---------------------------------------------------------------------------------------------


def lead_time(question: Question, found: SearchResult, statuses: Statuses) -> MetricValue:
    """From creation until finished, of the issues that finished in the window."""
    flows, facts = _flows(question, found, statuses)
    lengths = [(one, end - born(one.issue)) for one, end in _finished(flows, question)]
    return _length(question, lengths, found, facts, "issues finished")


def cycle_time(question: Question, found: SearchResult, statuses: Statuses) -> MetricValue:
    """From the first or last start of work until finished, of the issues that finished in the window."""
    query: JiraQuery = question.query
    flows, facts = _flows(question, found, statuses)
    lengths, never = [], []
    for one, end in _finished(flows, question):
        start = one.started(query.started, end)
        if start is None:
            never.append(one.issue.key)
        else:
            lengths.append((one, end - start))
    if never:
        facts = (*facts, ("never in progress, left out", some_of(never)))
    return _length(
        question, lengths, found, (*facts, ("from", f"the {query.started} start")), "issues finished"
    )


def time_in_status(question: Question, found: SearchResult, statuses: Statuses) -> MetricValue:
    """The time that each issue spent in the statuses within the window, of those that spent any."""
    query: JiraQuery = question.query
    flows, facts = _flows(question, found, statuses)
    wanted = {name.casefold() for name in query.statuses}
    _known(query.statuses, flows, statuses)
    lengths = []
    for one in flows:
        parts = [
            _clipped(stretch, question)
            for stretch in one.stretches
            if wanted & {stretch.status.casefold(), stretch.name.casefold()}
        ]
        spent = sum((part for part in parts if part > timedelta(0)), timedelta(0))
        if spent:
            lengths.append((one, spent))
    return _length(question, lengths, found, facts, f"issues in {' or '.join(query.statuses)}")


def throughput(question: Question, found: SearchResult, statuses: Statuses) -> MetricValue:
    """How many issues were done for the first time within the window."""
    flows, facts = _flows(question, found, statuses)
    done = [one.issue for one in flows if _falls(one.first_finished, question)]
    facts = (("finished", "for the first time in the window"), *facts, *_sample(done), *_paged(found))
    return MetricValue(value=Decimal(len(done)), query=found.jql, rows=len(done), facts=facts)


def age(question: Question, wanted: Replayed, found: SearchResult, statuses: Statuses) -> MetricValue:
    """How old the issues are that are in the state asked for: since their creation, or their last change of status."""
    query: JiraQuery = question.query
    then = as_of(found, question.at, wanted, statuses)
    lengths = []
    for issue in then.issues:
        changes = [move.at for move in changes_of(issue, STATUS) if move.at <= question.at]
        start = max(changes, default=born(issue)) if query.since == "status" else born(issue)
        lengths.append((Flow(issue, ()), question.at - start))
    facts = (("since", "creation" if query.since == "created" else "the last change of status"),)
    return _length(question, lengths, found, facts, "issues in that state")


# ---- What they share ------------------------------------------------------------------------------------------


def _flows(
    question: Question, found: SearchResult, statuses: Statuses
) -> tuple[list[Flow], tuple[tuple[str, str], ...]]:
    """The flows that can be trusted, and facts on those that cannot. Raises ``NoValueError`` for an unknown category."""
    query: JiraQuery = question.query
    excluded = set(query.done_excludes.resolution) if query.done_excludes else set()
    flows, torn, cancelled, born_done = [], [], [], []
    # What nothing happened to in the window did not finish there.
    window = None if query.measure == "time_in_status" else question.window
    some = found.issues if window is None else stirred(found, window)
    whole: dict[str, Flow] = found.kept.setdefault(_FLOWS, {})
    for issue in there_at(some, question.at):
        if issue.torn:
            torn.append(issue.key)
            continue
        if issue.id not in whole:
            whole[issue.id] = flow(issue, statuses)
        one = whole[issue.id].until(question.at)
        if query.measure != "time_in_status":
            for stretch in one.stretches:
                if stretch.category is None:
                    raise unknown(issue.key, stretch.status, stretch.name)
        if excluded and resolution_of(value_at(issue, RESOLUTION, question.at, statuses)) in excluded:
            cancelled.append(issue.key)
        elif query.measure != "time_in_status" and one.stretches[0].category == DONE:
            born_done.append(issue.key)
        else:
            flows.append(one)
    facts = [("changes do not follow from one another, left out", some_of(torn))] if torn else []
    facts += [("already done when created, left out", some_of(born_done))] if born_done else []
    facts += (
        [(f"resolution {' or '.join(sorted(excluded))}, left out", some_of(cancelled))] if cancelled else []
    )
    return flows, tuple(facts)


def _finished(flows: Iterable[Flow], question: Question) -> list[tuple[Flow, datetime]]:
    """The flows that finished in the window, and when."""
    return [(one, end) for one in flows if (end := one.finished) is not None and _falls(end, question)]


def _falls(moment: datetime | None, question: Question) -> bool:
    if moment is None:
        return False
    window = question.window
    return window is None or window.start <= moment < window.end


def _clipped(stretch: Stretch, question: Question) -> timedelta:
    window = question.window or Window(start=stretch.start, end=stretch.end)
    return min(stretch.end, window.end, question.at) - max(stretch.start, window.start)


def _known(names: Sequence[str], flows: Iterable[Flow], statuses: Statuses) -> None:
    met = {word for one in flows for part in one.stretches for word in (part.status, part.name.casefold())}
    met |= set(statuses.names) | {name.casefold() for name in statuses.names.values()}
    if strange := [name for name in names if name.casefold() not in met]:
        raise NoValueError(
            Cause.EMPTY,
            f"there is no status {strange[0]!r}, and no issue of the scope ever stood in one",
            hint=did_you_mean(strange[0], sorted(set(statuses.names.values()))),
        )


def _length(
    question: Question,
    lengths: Sequence[tuple[Flow, timedelta]],
    found: SearchResult,
    facts: tuple[tuple[str, str], ...],
    what: str,
) -> MetricValue:
    query: JiraQuery = question.query
    enough(len(lengths), max(query.min_samples, 1), what)
    name = query.aggregate or "median"
    seconds = aggregate(name, [in_seconds(length) for _, length in lengths])
    return MetricValue(
        value=in_unit(seconds, question.unit),
        query=found.jql,
        rows=len(lengths),
        facts=(
            ("aggregate", name),
            ("samples", str(len(lengths))),
            *facts,
            *_sample([one.issue for one, _ in lengths]),
            *_paged(found),
        ),
    )


def in_seconds(length: timedelta) -> Decimal:
    return Decimal(length // timedelta(microseconds=1)) / 1_000_000


def in_unit(seconds: Decimal, unit: Unit) -> Decimal:
    return seconds / SECONDS_IN[unit.detail]


def _sample(issues: Sequence[Issue]) -> tuple[tuple[str, str], ...]:
    return (("sample", ", ".join(issue.key for issue in issues[:MOST_SAMPLES])),) if issues else ()


def _paged(found: SearchResult) -> tuple[tuple[str, str], ...]:
    return tuple(fact for fact in about(found) if fact[0] != "sample")


MEASURES: Final[dict[str, Callable[[Question, SearchResult, Statuses], MetricValue]]] = {
    "lead_time": lead_time,
    "cycle_time": cycle_time,
    "time_in_status": time_in_status,
    "throughput": throughput,
}
