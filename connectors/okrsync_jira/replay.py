"""Wind issues back to how they were, from the fields of today and what changed since. Pure.

What is wound back: project, type, status, resolution, assignee, reporter, priority, sprint, parent, labels, versions,
components, and fields with one number, option or person. An issue that was deleted, archived or moved out of sight since is gone from the past as well.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from okrsync.connector import NoValueError
from okrsync.errors import OkrsyncError
from okrsync.model import Cause, Window
from okrsync_jira.changelog import moment
from okrsync_jira.conditions import all_together, conditions
from okrsync_jira.fields import Field
from okrsync_jira.issues import Issue, SearchResult
from okrsync_jira.names import names_in
from okrsync_jira.scopes import EVERYWHERE, Membership, ScopeRules
from okrsync_jira.states import State
from okrsync_jira.statuses import Statuses
from okrsync_jira.values import concerns, value_at

# What is kept with the issues that were found.
_PLAYBACK: Final = "playback"
_FIRST: Final = "first born"
_EVENTS: Final = "all events"


@dataclass(frozen=True, slots=True)
class Replayed:
    """Which issues of a scope a question is about, and which of their fields it needs as they were.

    ``places`` are the fields that each key of ``state`` looks at. ``scope`` says which fields of an issue decide whether
    it was in the scope then.
    """

    fields: tuple[Field, ...] = ()
    state: State | None = None
    places: Mapping[str, tuple[Field, ...]] | None = None
    scope: ScopeRules = EVERYWHERE


def as_of(
    found: SearchResult, at: datetime, wanted: Replayed, statuses: Statuses, created: Window | None = None
) -> SearchResult:
    """The issues of ``found`` that were there at ``at``, in the wanted state, with their fields as they were.

    Cheap if it is asked for one moment after another of the same ``wanted``, so ask in that order.
    """
    playback = found.kept.get(_PLAYBACK)
    if not isinstance(playback, _Playback) or not playback.serves(wanted, statuses):
        found.kept[_PLAYBACK] = playback = _Playback(found, wanted, statuses)
    issues = playback.at(at, created)
    return replace(found, count=len(issues), issues=issues)


class _Playback:
    """Issues played back: from one moment to the next only issues that changed between them are looked at.

    So a year of dates costs little more than one. What an issue cannot tell is raised at each moment it matters for.
    """

    def __init__(self, found: SearchResult, wanted: Replayed, statuses: Statuses) -> None:
        issues = self._issues = found.issues
        self._wanted = wanted
        self._statuses = statuses
        places = wanted.places or {}
        names = names_in(found, statuses)
        self._conditions = conditions(wanted.state, places, names)
        self._scope = Membership(wanted.scope, names, statuses)
        self._tracked = {field.id: field for field in wanted.fields}
        self._tracked |= {field.id: field for fields in places.values() for field in fields}
        watched = (*self._tracked.values(), *wanted.scope.fields)
        events = [(born(issue), number) for number, issue in enumerate(issues)]
        events += [
            (move.at, number)
            for number, issue in enumerate(issues)
            for move in issue.moves
            if any(concerns(move, field) for field in watched)
        ]
        events.sort()
        self._times = [at for at, _ in events]
        self._whose = [number for _, number in events]
        self._happened = 0
        self._then: list[Issue | OkrsyncError | None] = [None] * len(issues)

    def serves(self, wanted: Replayed, statuses: Statuses) -> bool:
        return self._wanted == wanted and self._statuses is statuses

    def at(self, at: datetime, created: Window | None) -> tuple[Issue, ...]:
        happened = bisect_right(self._times, at)
        first, last = sorted((self._happened, happened))
        for number in set(self._whose[first:last]):
            self._then[number] = self._as_it_was(self._issues[number], at)
        self._happened = happened
        found: list[Issue] = []
        errors: list[tuple[Issue, OkrsyncError]] = []
        for issue, then in zip(self._issues, self._then, strict=True):
            if then is None or (created and not created.start <= born(issue) < created.end):
                continue
            if isinstance(then, OkrsyncError):
                errors.append((issue, then))
            else:
                found.append(then)
        if errors:
            raise all_together(errors, self._issues, self._statuses)
        return tuple(found)

    def _as_it_was(self, issue: Issue, at: datetime) -> Issue | OkrsyncError | None:
        if born(issue) > at:
            return None
        try:
            if issue.moves and issue.moves[-1].at > at:
                if not self._scope.held(issue, at):
                    return None
                then = {
                    name: value_at(issue, field, at, self._statuses) for name, field in self._tracked.items()
                }
                issue = replace(issue, fields={**issue.fields, **then})
            return issue if all(condition.holds(issue) for condition in self._conditions) else None
        except OkrsyncError as error:
            return error


def narrowed(then: SearchResult, wanted: Replayed, found: SearchResult, statuses: Statuses) -> SearchResult:
    """Those of the issues ``then``, as they were, that were also in the wanted state; ``found`` are all issues."""
    asked = conditions(wanted.state, wanted.places or {}, names_in(found, statuses))
    issues = tuple(issue for issue in then.issues if all(condition.holds(issue) for condition in asked))
    return replace(then, count=len(issues), issues=issues)


def stirred(found: SearchResult, window: Window) -> list[Issue]:
    """The issues that were created, changed or resolved in the window."""
    if _EVENTS not in found.kept:
        events = [(born(issue), number) for number, issue in enumerate(found.issues)]
        events += [(move.at, number) for number, issue in enumerate(found.issues) for move in issue.moves]
        events += [
            (moment(resolved), number)
            for number, issue in enumerate(found.issues)
            if (resolved := issue.fields.get("resolutiondate"))
        ]
        events.sort()
        found.kept[_EVENTS] = [at for at, _ in events], [number for _, number in events]
    times, whose = found.kept[_EVENTS]
    first, end = bisect_left(times, window.start), bisect_left(times, window.end)
    return [found.issues[number] for number in sorted(set(whose[first:end]))]


def there_at(issues: Iterable[Issue], at: datetime) -> list[Issue]:
    """Those that had been created."""
    return [issue for issue in issues if born(issue) <= at]


def born(issue: Issue) -> datetime:
    return issue.born or moment(issue.fields.get("created"))


def seen_since(found: SearchResult, at: datetime, *, past: bool) -> None:
    """Raise ``NoValueError`` if ``at`` is before anything that can be seen: what was there then, nobody can tell."""
    if not past:
        return
    if _FIRST not in found.kept:
        found.kept[_FIRST] = min((born(issue) for issue in found.issues), default=None)
    first = found.kept[_FIRST]
    if first is None:
        raise NoValueError(Cause.PAST, "the scope finds no issue, so nothing is known of its past")
    if at < first:
        raise NoValueError(
            Cause.PAST, f"the first issue that can be seen in the scope is of {first:%Y-%m-%d}"
        )
