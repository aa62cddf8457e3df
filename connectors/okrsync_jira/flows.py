"""Compute lead time, cycle time, time in a status, throughput and age from status changes. Pure.

An issue is finished since the start of the last unbroken run of statuses in the category Done: moving from one such
status to another (as in the migration of a workflow) does not finish it again, and opening it again does away with the
earlier finish. Issues whose changes do not follow from one another are left out and named.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from okrsync.connector import NoValueError
from okrsync.measures import aggregate
from okrsync.model import SECONDS_IN, Cause, Question, Unit, Window
from okrsync_jira.changelog import moment
from okrsync_jira.conditions import unknown_statuses
from okrsync_jira.issues import NAMED, Issue, SearchResult
from okrsync_jira.names import names_in
from okrsync_jira.queries import JiraQuery
from okrsync_jira.reducers import MOST_SAMPLES, MetricValue, about, enough, some_of
from okrsync_jira.replay import Replayed, as_of, born, stirred, there_at
from okrsync_jira.status_flow import DONE, Flow, Stretch, flow
from okrsync_jira.statuses import Statuses
from okrsync_jira.values import RESOLUTION, STATUS, changes_of, value_at, words

# What is kept with the issues that were found: the whole way of each, cut off at each moment asked about.
_FLOWS: Final = "flows"
# An issue that is created as done gets its resolution with the same save.
_SAME_SAVE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Followed:
    """The ways of the issues that can be followed; ``lost`` are finished ones that cannot."""

    flows: tuple[Flow, ...]
    lost: tuple[Issue, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()


# ---- The measures ---------------------------------------------------------------------------------------------


def lead_time(question: Question, wanted: Replayed, found: SearchResult, statuses: Statuses) -> MetricValue:
    """From creation until finished, of the issues that finished in the window."""
    followed = _followed(question, wanted, found, statuses)
    lengths = [(one, end - born(one.issue)) for one, end in _finished(followed.flows, question)]
    return _length(question, lengths, found, followed, "issues finished")


def cycle_time(question: Question, wanted: Replayed, found: SearchResult, statuses: Statuses) -> MetricValue:
    """From the first or last start of work until finished, of the issues that finished in the window."""
    query: JiraQuery = question.query
    followed = _followed(question, wanted, found, statuses)
    lengths, never = [], []
    for one, end in _finished(followed.flows, question):
        start = one.started(query.started, end)
        if start is None:
            never.append(one.issue.key)
        else:
            lengths.append((one, end - start))
    facts = (("never in progress, left out", some_of(never)),) if never else ()
    facts = (*followed.facts, *facts, ("from", f"the {query.started} start"))
    return _length(question, lengths, found, replace(followed, facts=facts), "issues finished")


def time_in_status(
    question: Question, wanted: Replayed, found: SearchResult, statuses: Statuses
) -> MetricValue:
    """The time that each issue spent in the statuses within the window, of those that spent any."""
    query: JiraQuery = question.query
    followed = _followed(question, wanted, found, statuses)
    meant = names_in(found, statuses).resolved((STATUS,), query.statuses)
    lengths = []
    for one in followed.flows:
        parts = [
            _clipped(stretch, question)
            for stretch in one.stretches
            if not meant.isdisjoint({stretch.status.casefold(), stretch.name.casefold()})
        ]
        spent = sum((part for part in parts if part > timedelta(0)), timedelta(0))
        if spent:
            lengths.append((one, spent))
    return _length(question, lengths, found, followed, f"issues in {' or '.join(query.statuses)}")


def throughput(question: Question, wanted: Replayed, found: SearchResult, statuses: Statuses) -> MetricValue:
    """How many issues were done for the first time within the window."""
    followed = _followed(question, wanted, found, statuses)
    done = [one.issue for one in followed.flows if _falls(one.first_finished, question)]
    if lost := followed.lost:
        raise NoValueError(
            Cause.DATA,
            f"{len(lost)} of {len(lost) + len(done)} finished issues cannot be followed: "
            f"{', '.join(issue.key for issue in lost[:NAMED])}{', …' if len(lost) > NAMED else ''}",
            hint="their changes do not lead to their status of today, as after a migration or an import; "
            "measure: count with date: resolved counts them by Jira's own date",
        )
    facts = (
        ("finished", "for the first time in the window"),
        *followed.facts,
        *_sample(done),
        *_paged(found),
    )
    return MetricValue(value=Decimal(len(done)), query=found.jql, rows=len(done), facts=facts)


def age(question: Question, wanted: Replayed, found: SearchResult, statuses: Statuses) -> MetricValue:
    """How old the issues are that are in the state asked for: since creation, or their last change of status."""
    query: JiraQuery = question.query
    then = as_of(found, question.at, wanted, statuses)
    lengths = []
    for issue in then.issues:
        changes = [move.at for move in changes_of(issue, STATUS) if move.at <= question.at]
        start = max(changes, default=born(issue)) if query.since == "status" else born(issue)
        lengths.append((Flow(issue, ()), question.at - start))
    facts = (("since", "creation" if query.since == "created" else "the last change of status"),)
    return _length(question, lengths, found, Followed((), facts=facts), "issues in that state")


# ---- What they share ------------------------------------------------------------------------------------------


def _followed(question: Question, wanted: Replayed, found: SearchResult, statuses: Statuses) -> Followed:
    """Raises ``NoValueError`` if the category of a status on the way is unknown."""
    query: JiraQuery = question.query
    excludes = query.done_excludes.resolution if query.done_excludes else ()
    excluded = names_in(found, statuses).resolved((RESOLUTION,), excludes)
    by_finish = query.measure != "time_in_status"
    # What nothing happened to in the window did not finish there.
    some = stirred(found, question.window) if by_finish and question.window else found.issues
    inside = _inside(question, wanted, found, statuses)
    whole: dict[str, Flow] = found.kept.setdefault(_FLOWS, {})
    flows: list[Flow] = []
    torn, lost, cancelled, born_done = [], [], [], []
    for issue in there_at(some, question.at):
        if inside is not None and issue.id not in inside:
            continue
        if excluded and excluded & words(value_at(issue, RESOLUTION, question.at, statuses)):
            cancelled.append(issue.key)
            continue
        if issue.torn:
            torn.append(issue.key)
            lost += [issue] if by_finish and _finished_unseen(issue, question, statuses) else []
            continue
        if issue.id not in whole:
            whole[issue.id] = flow(issue, statuses)
        one = whole[issue.id].until(question.at)
        if by_finish and any(stretch.category is None for stretch in one.stretches):
            raise unknown_statuses(found.issues, statuses) or NoValueError(
                Cause.DATA, f"{issue.key} has no status"
            )
        if by_finish and one.stretches[0].category == DONE:
            born_done.append(issue.key)
            lost += [issue] if _finished_unseen(issue, question, statuses) else []
        else:
            flows.append(one)
    facts = {
        "changes do not follow from one another, left out": torn,
        "already done when created, left out": born_done,
        f"resolution {' or '.join(sorted(excludes))}, left out": cancelled,
    }
    return Followed(
        tuple(flows), tuple(lost), tuple((what, some_of(keys)) for what, keys in facts.items() if keys)
    )


def _inside(
    question: Question, wanted: Replayed, found: SearchResult, statuses: Statuses
) -> frozenset[str] | None:
    """The ids of the issues that were in the scope and in the state asked for; None if all of them were."""
    if wanted.state is None and not wanted.scope.fields:
        return None
    return frozenset(issue.id for issue in as_of(found, question.at, wanted, statuses).issues)


def _finished_unseen(issue: Issue, question: Question, statuses: Statuses) -> bool:
    """Whether an issue whose changes do not tell it finished in the window, as far as anything else tells."""
    if resolved := issue.fields.get("resolutiondate"):
        at = moment(resolved)
        return at <= question.at and _falls(at, question) and at - born(issue) > _SAME_SAVE
    if not issue.torn:
        return False
    today = ((issue.fields.get("status") or {}).get("statusCategory") or {}).get("key")
    changes = (move for move in changes_of(issue, STATUS) if move.at <= question.at)
    return today == DONE or any(
        statuses.category(move.new or "", move.new_text or "") == DONE for move in changes
    )


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


def _length(
    question: Question,
    lengths: Sequence[tuple[Flow, timedelta]],
    found: SearchResult,
    followed: Followed,
    what: str,
) -> MetricValue:
    query: JiraQuery = question.query
    lost = (
        f"; {some_of([issue.key for issue in followed.lost])} more cannot be followed"
        if followed.lost
        else ""
    )
    enough(len(lengths), max(query.min_samples, 1), what, lost)
    name = query.aggregate or "median"
    seconds = aggregate(name, [in_seconds(length) for _, length in lengths])
    return MetricValue(
        value=in_unit(seconds, question.unit),
        query=found.jql,
        rows=len(lengths),
        facts=(
            ("aggregate", name),
            ("samples", str(len(lengths))),
            *followed.facts,
            *_lacking(followed.lost, len(lengths)),
            *_sample([one.issue for one, _ in lengths]),
            *_paged(found),
        ),
    )


def in_seconds(length: timedelta) -> Decimal:
    return Decimal(length // timedelta(microseconds=1)) / 1_000_000


def in_unit(seconds: Decimal, unit: Unit) -> Decimal:
    return seconds / SECONDS_IN[unit.detail]


def _lacking(lost: Sequence[Issue], samples: int) -> tuple[tuple[str, str], ...]:
    """What a length of time lacks: it is of the finished issues that can be followed."""
    if not lost:
        return ()
    return (
        (
            "finished, but cannot be followed",
            f"{some_of([issue.key for issue in lost])} of {len(lost) + samples}",
        ),
    )


def _sample(issues: Sequence[Issue]) -> tuple[tuple[str, str], ...]:
    return (("sample", ", ".join(issue.key for issue in issues[:MOST_SAMPLES])),) if issues else ()


def _paged(found: SearchResult) -> tuple[tuple[str, str], ...]:
    return tuple(fact for fact in about(found) if fact[0] != "sample")


MEASURES: Final[dict[str, Callable[[Question, Replayed, SearchResult, Statuses], MetricValue]]] = {
    "lead_time": lead_time,
    "cycle_time": cycle_time,
    "time_in_status": time_in_status,
    "throughput": throughput,
}
