"""Turn Jira's changelogs into the moves of an issue, oldest first. Pure: the client fetches them.

Cloud tells a history's time in seconds, in milliseconds or as text, depending on the request; Data Center names a
field where Cloud gives its id, and entries such as Parent have no field at all. Here they are all alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from okrsync.errors import DataError

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
# Seconds since 1970 stay below this for another 3,000 years; milliseconds have been above it since 1973.
_MILLISECONDS_ABOVE: Final = 10**11


@dataclass(frozen=True, slots=True)
class Move:
    """One change of one field. ``field_id`` is empty if Jira does not tell; the texts are names as they were."""

    at: datetime
    id: int
    field_id: str
    field: str
    old: str | None
    old_text: str | None
    new: str | None
    new_text: str | None


class Shared:
    """Equal values once: thousands of issues were in the same few statuses, and Jira spells them out each time."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._values: dict[str, Any] = {}

    def text(self, text: str) -> str:
        return self._texts.setdefault(text, text)

    def value(self, value: Any) -> Any:
        """A field's value as JSON."""
        if isinstance(value, str):
            return self.text(value)
        return self._values.setdefault(json.dumps(value), value) if isinstance(value, dict | list) else value


def moves(histories: Iterable[Mapping[str, Any]], shared: Shared) -> tuple[Move, ...]:
    """All changes of one issue, oldest first, each history once, in whatever order and pages they came."""
    once = {str(history["id"]): history for history in histories}
    found = [
        Move(
            at=moment(history["created"]),
            id=int(history["id"]),
            field_id=shared.text(item.get("fieldId") or ""),
            field=shared.text(str(item.get("field", ""))),
            old=_text(item.get("from"), shared),
            old_text=_text(item.get("fromString"), shared),
            new=_text(item.get("to"), shared),
            new_text=_text(item.get("toString"), shared),
        )
        for history in once.values()
        for item in history.get("items") or ()
    ]
    return _following(sorted(found, key=lambda move: (move.at, move.id)))


def _following(moves: list[Move]) -> tuple[Move, ...]:
    """The moves; those of one field and one millisecond are ordered so that each begins with what the last ended with.

    Their ids follow the order in which Jira stored them, which is not always that in which they were made.
    """
    last: dict[str, str | None] = {}
    start = 0
    while start < len(moves):
        end = start + 1
        while end < len(moves) and moves[end].at == moves[start].at:
            end += 1
        if end - start > 1:
            moves[start:end] = _chained(moves[start:end], last)
        for move in moves[start:end]:
            last[move.field_id or move.field] = move.new
        start = end
    return tuple(moves)


def _chained(same: list[Move], last: Mapping[str, str | None]) -> list[Move]:
    places: dict[str, list[int]] = {}
    for place, move in enumerate(same):
        places.setdefault(move.field_id or move.field, []).append(place)
    for name, some in places.items():
        left = [same[place] for place in some]
        if len(left) == 1 or all(before.new == after.old for before, after in pairwise(left)):
            continue
        here = last[name] if name in last else _first(left)
        for place in some:
            following = next((move for move in left if move.old == here), left[0])
            left.remove(following)
            same[place], here = following, following.new
    return same


def _first(moves: list[Move]) -> str | None:
    """What the first of some moves began with: nothing else leads to it."""
    ends = {move.new for move in moves}
    return next((move.old for move in moves if move.old not in ends), moves[0].old)


def torn(status: str | None, changes: Iterable[Move]) -> bool:
    """Whether the changes of status do not follow from one another, or do not lead to ``status``, its id today."""
    known = [move for move in changes if (move.field_id or move.field.casefold()) == "status"]
    broken = any(earlier.new != later.old for earlier, later in pairwise(known))
    return broken or bool(known and status and known[-1].new != status)


def moment(value: Any) -> datetime:
    """A moment in any of Jira's spellings. Raises ``DataError`` for anything else."""
    try:
        if isinstance(value, int) and not isinstance(value, bool):
            step = "milliseconds" if abs(value) > _MILLISECONDS_ABOVE else "seconds"
            return _EPOCH + timedelta(**{step: value})
        found = _parsed(str(value))
    except (ValueError, OverflowError):
        found = None
    if found is None or found.tzinfo is None:
        raise DataError(f"Jira gives {value!r} instead of a date and time", hint="run again later")
    return found


@lru_cache(maxsize=65_536)
def _parsed(text: str) -> datetime:
    # A year of dates is asked of the same issues: each of their texts is read once.
    return datetime.fromisoformat(text)


def _text(value: Any, shared: Shared) -> str | None:
    return None if value in (None, "") else shared.text(str(value))
