"""Wind one field of an issue back to an earlier moment, and say what a value is called. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from okrsync.errors import DataError
from okrsync_jira.changelog import Move
from okrsync_jira.fields import SECONDS, Field
from okrsync_jira.issues import Issue
from okrsync_jira.statuses import Statuses

STATUS: Final = Field("status", "status", "status")
RESOLUTION: Final = Field("resolution", "resolution", "resolution")
PARENT: Final = Field("parent", "Parent", "issuelink")
PROJECT: Final = Field("project", "project", "project")
TYPE: Final = Field("issuetype", "issuetype", "issuetype")
LABELS: Final = Field("labels", "labels", "array")
FIX_VERSIONS: Final = Field("fixVersions", "Fix Version", "array")
COMPONENTS: Final = Field("components", "Component", "array")
WOUND_LISTS: Final = frozenset({LABELS.id, FIX_VERSIONS.id, COMPONENTS.id})
"""Fields with several values whose changes tell enough to be wound back; so does Sprint."""

# What the changelog calls the tie between an issue and the one above it, which is no field of its own.
_PARENT_WORDS: Final = frozenset({"parent", "issueparentassociation", "epic link", "parent link"})
# Each change of these names one value that went or came, not the whole list.
_STEPWISE: Final = frozenset({FIX_VERSIONS.id, COMPONENTS.id})
_SERVER_SPRINT: Final = re.compile(r"[\[,](id|name)=([^,\]]*)")
_NAMES: Final = ("id", "accountId", "key", "name", "value", "displayName", "emailAddress")


def concerns(move: Move, field: Field) -> bool:
    """Whether ``move`` changed ``field``."""
    word = move.field.casefold()
    if field.id == PARENT.id and word in _PARENT_WORDS:
        # With or without an id: Cloud writes a move between epics as Epic Link, with the id of that old field.
        return True
    if field.id == PROJECT.id and word == "key":
        return True
    if move.field_id:
        return move.field_id == field.id
    return word in {field.name.casefold(), field.id.casefold()}


def changes_of(issue: Issue, field: Field) -> list[Move]:
    """The changes of one field, oldest first."""
    return [move for move in issue.moves if concerns(move, field)]


def value_at(issue: Issue, field: Field, at: datetime, statuses: Statuses) -> Any:
    """The field's value at ``at``, in the shape of today's: what the first later change took away, else today's."""
    later = next((move for move in issue.moves if move.at > at and concerns(move, field)), None)
    if later is None:
        return issue.fields.get(field.id)
    if field.id in _STEPWISE:
        return _undone(issue, field, at)
    return _rebuilt(issue, field, later, statuses)


def _undone(issue: Issue, field: Field, at: datetime) -> list[Any]:
    """Today's list without what has come since, and with what has gone."""
    held = list(entries(issue.fields.get(field.id)))
    for move in reversed([move for move in changes_of(issue, field) if move.at > at]):
        came = {word.casefold() for word in (move.new, move.new_text) if word}
        held = [entry for entry in held if came.isdisjoint(words(entry))]
        if move.old or move.old_text:
            held.append({"id": move.old, "name": move.old_text})
    return held


def _rebuilt(issue: Issue, field: Field, later: Move, statuses: Statuses) -> Any:
    raw, text = later.old, later.old_text
    if raw is None and text is None:
        return None
    if field.id == STATUS.id:
        return statuses.shaped(raw or "", text or "")
    if field.type == "number" or field.id in SECONDS:
        return _number(issue, field, later)
    if field.id == LABELS.id:
        return (text or "").split()
    if field.type == "array":
        return [{"id": one, "name": name} for one, name in paired(raw, text)]
    if field.id == PROJECT.id:
        return _project(issue, later)
    return {"id": raw, "key": text, "name": text}


def _project(issue: Issue, later: Move) -> Mapping[str, str | None]:
    """The project before a move: the change of the issue's key, in the same history, tells the project's key."""
    same = [move for move in issue.moves if (move.at, move.id) == (later.at, later.id)]
    key = next((move.old_text for move in same if move.field.casefold() == "key"), None)
    named = next((move for move in same if move.field.casefold() == "project"), None)
    return {
        "id": named.old if named else None,
        "name": named.old_text if named else None,
        "key": key.rpartition("-")[0] if key else None,
    }


def paired(raw: str | None, text: str | None) -> Sequence[tuple[str | None, str | None]]:
    """The ids and names in a change of a list."""
    ids, names = ([one.strip() for one in (value or "").split(", ")] for value in (raw, text))
    if raw is None:
        return [(None, name) for name in names if name]
    # The name of a sprint may hold a comma; then only the ids tell two sprints apart.
    if len(ids) != len(names):
        names = ids
    return [(one, name) for one, name in zip(ids, names, strict=True) if one]


def _number(issue: Issue, field: Field, later: Move) -> Decimal | None:
    # Of lengths of time the raw value is in seconds; of other numbers only the text is the number.
    both = (later.old, later.old_text) if field.id in SECONDS else (later.old_text, later.old)
    text = both[0] or both[1]
    if text is None:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise DataError(
            f"{field} of {issue.key} was {text!r} until {later.at:%Y-%m-%d}, which is no number",
            hint="how it is meant is not known; days after that one have a value",
        )
    return number


def entries(value: Any) -> Iterator[Any]:
    """The single values in a field's value."""
    if isinstance(value, list):
        for entry in value:
            yield from entries(entry)
    elif value is not None and value != "":
        yield value


def words(value: Any) -> set[str]:
    """Everything a value may be called by, in small letters; nothing for an empty one."""
    if value is None or value == "":
        return set()
    if isinstance(value, list):
        return {word for entry in value for word in words(entry)}
    if isinstance(value, Mapping):
        return {str(value[name]).casefold() for name in _NAMES if value.get(name) not in (None, "")}
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        # Jira gives a number field's 5 as 5.0, and its changelog as 5.
        return {f"{Decimal(str(value)).normalize():f}"}
    if isinstance(value, str) and "Sprint@" in value:
        return {found.casefold() for _, found in _SERVER_SPRINT.findall(value)}
    return {str(value).casefold()}
