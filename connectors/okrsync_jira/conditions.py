"""Decide whether an issue, as it was at a moment, is in the state a question asks for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from okrsync.connector import NoValueError
from okrsync.errors import DataError, OkrsyncError
from okrsync.model import Cause
from okrsync_jira.fields import Field
from okrsync_jira.issues import NAMED, Issue
from okrsync_jira.names import EMPTY, Names
from okrsync_jira.states import State
from okrsync_jira.statuses import Statuses, UnknownStatusError
from okrsync_jira.values import STATUS, changes_of, words


@dataclass(frozen=True, slots=True)
class Condition:
    """What one key of a state asks for: a value of ``places`` that is called by one of ``wanted``, or by none.

    Without ``places`` it is about the category of the status.
    """

    places: tuple[Field, ...]
    wanted: frozenset[str]
    negated: bool

    def holds(self, issue: Issue) -> bool:
        if not self.places:
            found = {category(issue)}
        else:
            found = {word for field in self.places for word in words(issue.fields.get(field.id))} or {EMPTY}
        return found.isdisjoint(self.wanted) is self.negated


def conditions(
    state: State | None, places: Mapping[str, tuple[Field, ...]], names: Names
) -> tuple[Condition, ...]:
    """The conditions of ``state``, with its names resolved. Raises ``UnknownNameError`` for a name nobody knows."""
    if state is None:
        return ()
    return tuple(
        Condition((), frozenset(choice.names), choice.negated)
        if key == "status_category"
        else Condition(places[key], names.resolved(places[key], choice.names), choice.negated)
        for key, choice in state.conditions.items()
    )


def category(issue: Issue) -> str:
    """The category of the issue's status. Raises ``NoValueError`` if it is not known."""
    status = issue.fields.get("status") or {}
    key = (status.get("statusCategory") or {}).get("key")
    if key:
        return str(key)
    if status.get("id"):
        raise UnknownStatusError(issue.key, str(status["id"]), str(status.get("name", "")))
    raise DataError(f"{issue.key} came without its status", hint="may the account see statuses?")


def all_together(
    errors: Sequence[tuple[Issue, OkrsyncError]], issues: Iterable[Issue], statuses: Statuses
) -> OkrsyncError:
    """One error for all issues that cannot tell what is asked: how many they are, and which."""
    first = errors[0][1]
    if any(isinstance(error, UnknownStatusError) for _, error in errors):
        return unknown_statuses(issues, statuses) or first
    others = [issue.key for issue, _ in errors[1:]]
    if others:
        more = f"{', '.join(others[:NAMED])}{', …' if len(others) > NAMED else ''}"
        return NoValueError(
            getattr(first, "cause", Cause.DATA),
            f"{len(errors)} issues cannot tell: {first.message}; likewise {more}",
            hint=first.hint,
        )
    return first


def unknown_statuses(issues: Iterable[Issue], statuses: Statuses) -> NoValueError | None:
    """Every status that is gone and that nobody has given a category, all at once; None if there is none."""
    found: dict[tuple[str, str], list[str]] = {}
    for issue in issues:
        here = {
            (raw, text or "")
            for move in changes_of(issue, STATUS)
            for raw, text in ((move.old, move.old_text), (move.new, move.new_text))
            if raw and statuses.category(raw, text or "") is None
        }
        for status in sorted(here):
            found.setdefault(status, []).append(issue.key)
    if not found:
        return None
    listed = ", ".join(f'"{status}": done' for status in dict.fromkeys(raw for raw, _ in found))
    if len(found) == 1:
        ((gone, keys),) = found.items()
        return UnknownStatusError(keys[0], *gone)
    described = "; ".join(
        f"{name!r} (id {status}), in which {keys[0]} was{f' and {len(keys) - 1} more' if len(keys) > 1 else ''}"
        for (status, name), keys in found.items()
    )
    return NoValueError(
        Cause.CONFIG,
        f"{len(found)} statuses are gone from Jira, and nobody has said whether they were done: {described}",
        hint=f"add to the connection: status_map: {{{listed}}}, with to do or in progress for those that were not done",
    )
