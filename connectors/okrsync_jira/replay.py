"""Winds issues back to how they were, from the fields of today and what changed since. Pure.

What is wound back: status, resolution, assignee, priority, sprint, parent, and fields with one number, option or
person. An issue that was deleted, archived or moved out of sight since is gone from the past as well.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from okrsync.connector import NoValueError
from okrsync.errors import DataError, OkrsyncError
from okrsync.model import Cause, Window
from okrsync_jira.changelog import Move, moment
from okrsync_jira.fields import SECONDS, Field
from okrsync_jira.issues import Issue, SearchResult
from okrsync_jira.queries import State
from okrsync_jira.statuses import Statuses, unknown

STATUS: Final = Field("status", "status", "status")
RESOLUTION: Final = Field("resolution", "resolution", "resolution")
PARENT: Final = Field("parent", "Parent", "issuelink")
EMPTY: Final = "empty"
# What the changelog calls the tie between an issue and the one above it, which is no field of its own.
_PARENT_WORDS: Final = frozenset({"parent", "issueparentassociation", "epic link", "parent link"})
# What is kept with the issues that were found.
_PLAYBACK: Final = "playback"
_FIRST: Final = "first born"
_EVENTS: Final = "all events"
_SERVER_SPRINT: Final = re.compile(r"[\[,](id|name)=([^,\]]*)")
_NAMES: Final = ("id", "accountId", "key", "name", "value", "displayName", "emailAddress")


@dataclass(frozen=True, slots=True)
class Replayed:
    """Which issues of a scope a question is about, and which of their fields it needs as they were.

    ``places`` are the fields that each key of ``state`` looks at.
    """

    fields: tuple[Field, ...] = ()
    state: State | None = None
    places: Mapping[str, tuple[Field, ...]] | None = None


def as_of(
    found: SearchResult, at: datetime, wanted: Replayed, statuses: Statuses, created: Window | None = None
) -> SearchResult:
    """The issues of ``found`` that were there at ``at``, in the wanted state, with their fields as they were.

    Cheap where it is asked for one moment after another of the same ``wanted``, so ask in that order.
    """
    playback = found.kept.get(_PLAYBACK)
    if not isinstance(playback, _Playback) or not playback.serves(wanted, statuses):
        found.kept[_PLAYBACK] = playback = _Playback(found.issues, wanted, statuses)
    issues = playback.at(at, created)
    return replace(found, count=len(issues), issues=issues)


class _Playback:
    """Issues played back: from one moment to the next only issues that changed between them are looked at.

    So a year of dates costs little more than one. What an issue cannot tell is raised at each moment it matters for.
    """

    def __init__(self, issues: Sequence[Issue], wanted: Replayed, statuses: Statuses) -> None:
        self._issues = issues
        self._wanted = wanted
        self._statuses = statuses
        self._places = wanted.places or {}
        self._tracked = {field.id: field for field in wanted.fields}
        self._tracked |= {field.id: field for fields in self._places.values() for field in fields}
        events = [(born(issue), number) for number, issue in enumerate(issues)]
        events += [
            (move.at, number)
            for number, issue in enumerate(issues)
            for move in issue.moves
            if any(_concerns(move, field) for field in self._tracked.values())
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
        found = []
        for issue, then in zip(self._issues, self._then, strict=True):
            if then is None or (created and not created.start <= born(issue) < created.end):
                continue
            if isinstance(then, OkrsyncError):
                raise then
            found.append(then)
        return tuple(found)

    def _as_it_was(self, issue: Issue, at: datetime) -> Issue | OkrsyncError | None:
        if born(issue) > at:
            return None
        try:
            if issue.moves and issue.moves[-1].at > at:
                then = {
                    name: value_at(issue, field, at, self._statuses) for name, field in self._tracked.items()
                }
                issue = replace(issue, fields={**issue.fields, **then})
            state = self._wanted.state
            return issue if state is None or holds(issue, state, self._places) else None
        except OkrsyncError as error:
            return error


def narrowed(then: SearchResult, wanted: Replayed) -> SearchResult:
    """Those of the issues, as they were, that were also in the wanted state."""
    state, places = wanted.state, wanted.places or {}
    issues = tuple(issue for issue in then.issues if state is None or holds(issue, state, places))
    return replace(then, count=len(issues), issues=issues)


def stirred(found: SearchResult, window: Window) -> list[Issue]:
    """The issues that were created or changed in the window."""
    if _EVENTS not in found.kept:
        events = [(born(issue), number) for number, issue in enumerate(found.issues)]
        events += [(move.at, number) for number, issue in enumerate(found.issues) for move in issue.moves]
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
    """Raise ``NoValueError`` where ``at`` is before anything that can be seen: what was there then, nobody can tell."""
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


# ---- One field ------------------------------------------------------------------------------------------------


def changes_of(issue: Issue, field: Field) -> list[Move]:
    """The changes of one field, oldest first."""
    return [move for move in issue.moves if _concerns(move, field)]


def value_at(issue: Issue, field: Field, at: datetime, statuses: Statuses) -> Any:
    """The field's value at ``at``, in the shape of today's: what the first later change took away, else today's."""
    later = next((move for move in issue.moves if move.at > at and _concerns(move, field)), None)
    if later is None:
        return issue.fields.get(field.id)
    return _rebuilt(issue, field, later.old, later.old_text, statuses)


def _concerns(move: Move, field: Field) -> bool:
    word = move.field.casefold()
    if field.id == PARENT.id and word in _PARENT_WORDS:
        # With or without an id: Cloud writes a move between epics as Epic Link, with the id of that old field.
        return True
    if move.field_id:
        return move.field_id == field.id
    return word in {field.name.casefold(), field.id.casefold()}


def _rebuilt(issue: Issue, field: Field, raw: str | None, text: str | None, statuses: Statuses) -> Any:
    if raw is None and text is None:
        return None
    if field.id == STATUS.id:
        return statuses.shaped(raw or "", text or "")
    if field.type == "number" or field.id in SECONDS:
        return _number(issue, field, (raw or text) if field.id in SECONDS else (text or raw))
    if field.type == "array":
        ids, names = ((value or "").split(", ") for value in (raw, text))
        return [{"id": one, "name": name} for one, name in _paired(ids, names)]
    return {"id": raw, "key": text, "name": text}


def _paired(ids: Sequence[str], names: Sequence[str]) -> Iterable[tuple[str, str]]:
    # The name of a sprint may hold a comma; then only the ids can be separated.
    if len(ids) != len(names):
        names = ids
    return [(one.strip(), name.strip()) for one, name in zip(ids, names, strict=True) if one.strip()]


def _number(issue: Issue, field: Field, text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        raise DataError(f"{field} of {issue.key} was {text!r}, which is no number") from None


# ---- Conditions -----------------------------------------------------------------------------------------------


def holds(issue: Issue, state: State, places: Mapping[str, Sequence[Field]]) -> bool:
    """Whether everything in ``state`` is true of the issue as its fields are. Raises ``NoValueError`` for the unknown."""
    for name, choice in state.conditions.items():
        if name == "status_category":
            found = {category(issue)}
        else:
            found = {word for field in places[name] for word in words(issue.fields.get(field.id))} or {EMPTY}
        wanted = {one.casefold() for one in choice.names}
        if found.isdisjoint(wanted) is not choice.negated:
            return False
    return True


def category(issue: Issue) -> str:
    """The category of the issue's status. Raises ``NoValueError`` where it is not known."""
    status = issue.fields.get("status") or {}
    key = (status.get("statusCategory") or {}).get("key")
    if key:
        return str(key)
    if status.get("id"):
        raise unknown(issue.key, str(status["id"]), str(status.get("name", "")))
    raise DataError(f"{issue.key} came without its status", hint="may the account see statuses?")


def words(value: Any) -> set[str]:
    """Everything a value may be called by, in small letters; nothing for an empty one."""
    if value is None or value == "":
        return set()
    if isinstance(value, list):
        return {word for entry in value for word in words(entry)}
    if isinstance(value, Mapping):
        return {str(value[name]).casefold() for name in _NAMES if value.get(name) not in (None, "")}
    if isinstance(value, str) and "Sprint@" in value:
        return {found.casefold() for _, found in _SERVER_SPRINT.findall(value)}
    return {str(value).casefold()}
