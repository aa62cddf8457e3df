"""Answer WAS and CHANGED, what JQL asks of the past, from the changelog.

Unknown: the exact meaning of a whole day. Here ON matches whatever held at any moment of that day in the asker's zone,
BEFORE and AFTER whatever held at any moment before or after it, and DURING takes in both of its days in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from okrsync_emulators.jira.dates import Dates
from okrsync_emulators.jira.moments import Span, day_after
from okrsync_emulators.jira.tree import Literal, Many, Operand, Predicate, Was
from okrsync_emulators.jira.values import Test, members, searched, worded
from okrsync_emulators.jira.world import Field, Issue, World

_RECORDED: Final = {"status", "assignee", "priority", "resolution", "fixVersions", "reporter"}
_NEVER: Final = -(2**62)
_FOREVER: Final = 2**62


@dataclass(frozen=True, slots=True)
class Move:
    """One change of a field; ``old`` and ``new`` are held values, for a field of many values those gone and come."""

    at: int
    author: str
    old: frozenset[Any]
    new: frozenset[Any]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A field held ``values`` in ``[start, end)``; ``author`` set them (None: it was so from the beginning)."""

    values: frozenset[Any]
    start: int
    end: int
    author: str | None


@dataclass(frozen=True, slots=True)
class When:
    """A window ``[start, end)`` of time, and who must have acted (None: anybody)."""

    start: int = _NEVER
    end: int = _FOREVER
    authors: frozenset[Any] | None = None


@dataclass(frozen=True, slots=True)
class Side:
    """The values a clause names, and whether EMPTY is one of them."""

    wanted: frozenset[Any]
    with_empty: bool

    def fits(self, values: frozenset[Any]) -> bool:
        return not self.wanted.isdisjoint(values) if values else self.with_empty


def moves(world: World, issue: Issue, known: Field) -> list[Move]:
    """Every change of one field, oldest first."""
    return [
        Move(
            change.at,
            change.author,
            _held(world, known, entry.old, entry.old_text),
            _held(world, known, entry.new, entry.new_text),
        )
        for change in sorted(issue.changes, key=lambda made: (made.at, made.id))
        for entry in change.items
        if entry.field_id == known.id
    ]


def stretches(issue: Issue, known: Field, changes: Sequence[Move]) -> list[Stretch]:
    """What the field held, from the issue's creation until now, newest first.

    A field of one value held what its changes say; one of many is wound back from what it holds today.
    """
    many = known.type == "array"
    today = issue.values.get(known.id)
    values = _as_set(today) if many or not changes else changes[-1].new
    found, end = [], _FOREVER
    for change in reversed(changes):
        found.append(Stretch(values, change.at, end, change.author))
        values = (values - change.new) | change.old if many else change.old
        end = change.at
    return [*found, Stretch(values, issue.values["created"], end, None)]


def history_test(dates: Dates, clause: Was, *, negated: bool) -> Test:
    """The test of a WAS or CHANGED clause. Raises ``Refusal`` for fields that Jira keeps no searchable history of."""
    known = searched(dates.world, dates.asker, clause.field)[0]
    if known.id not in _RECORDED:
        raise dates.asker.refuse("no_history", field=clause.field)
    when = When()
    for predicate in clause.predicates:
        when = _narrowed(dates, when, predicate, clause.field)
    if clause.operand is None:
        return _changed(dates, known, clause, when, negated=negated)
    if any(predicate.word in {"FROM", "TO"} for predicate in clause.predicates):
        # Unknown: the words.
        raise dates.asker.refuse("no_operator", operator="from/to", field=clause.field)
    if isinstance(clause.operand, Many) != clause.operator.endswith("in"):
        text = "bad_list" if isinstance(clause.operand, Many) else "no_list"
        shown = worded(clause.operand).strip('"')
        raise dates.asker.refuse(text, operator=clause.operator, value=shown, field=clause.field)
    side = _side(dates, known, clause.operand, clause.field)
    positive = ("not" not in clause.operator) is not negated
    return _was(dates.world, known, side, when, positive=positive)


def _was(world: World, known: Field, side: Side, when: When, *, positive: bool) -> Test:
    def was(issue: Issue) -> bool:
        held = any(
            stretch.start < when.end
            and stretch.end > when.start
            and (when.authors is None or stretch.author in when.authors)
            and side.fits(stretch.values)
            for stretch in stretches(issue, known, moves(world, issue, known))
        )
        return held is positive

    return was


def _changed(dates: Dates, known: Field, clause: Was, when: When, *, negated: bool) -> Test:
    sides = {
        predicate.word: _side(dates, known, predicate.operand, clause.field)
        for predicate in clause.predicates
        if predicate.word in {"FROM", "TO"}
    }

    def changed(issue: Issue) -> bool:
        found = any(
            when.start <= move.at < when.end
            and (when.authors is None or move.author in when.authors)
            and ("FROM" not in sides or sides["FROM"].fits(move.old))
            and ("TO" not in sides or sides["TO"].fits(move.new))
            for move in moves(dates.world, issue, known)
        )
        return found is not negated

    return changed


def _side(dates: Dates, known: Field, operand: Operand, name: str) -> Side:
    """Like a present value, but a deleted status may be named: the changelog still holds it."""
    if isinstance(operand, Many):
        parts = [_side(dates, known, member, name) for member in operand.members]
        wanted = frozenset().union(*(part.wanted for part in parts))
        return Side(wanted, any(part.with_empty for part in parts))
    if known.id == "status" and isinstance(operand, Literal):
        status = dates.world.status(operand.text, dates.asker.language)
        if status is not None and status.deleted:
            return Side(frozenset({status.id}), with_empty=False)
    return Side(*members(dates.world, dates.asker, known, operand, name))


def _narrowed(dates: Dates, when: When, predicate: Predicate, name: str) -> When:
    """``when`` within what one more predicate allows."""
    if predicate.word == "BY":
        people, _ = members(dates.world, dates.asker, dates.world.fields["assignee"], predicate.operand, name)
        return replace(when, authors=people)
    if predicate.word in {"FROM", "TO"}:
        return when
    if predicate.word == "DURING":
        if not isinstance(predicate.operand, Many) or len(predicate.operand.members) != 2:
            raise dates.asker.refuse("bad_date", value=worded(predicate.operand), field=name)
        first, last = (dates.span(member, name) for member in predicate.operand.members)
        return replace(when, start=max(when.start, first.start), end=min(when.end, _end(dates, last)))
    span = dates.span(predicate.operand, name)
    if predicate.word == "BEFORE":
        return replace(when, end=min(when.end, span.start))
    if predicate.word == "AFTER":
        return replace(when, start=max(when.start, _end(dates, span)))
    return replace(when, start=max(when.start, span.start), end=min(when.end, _end(dates, span)))


def _end(dates: Dates, span: Span) -> int:
    """The first moment after the span."""
    return day_after(span.start, dates.asker.zone) if span.whole_day else span.start + 1


def _held(world: World, known: Field, raw: str | None, text: str | None) -> frozenset[Any]:
    """The value behind a changelog's pair of id and text."""
    if known.type == "user":
        return frozenset(user.email for user in world.users.values() if user.account_id == raw) or _as_set(
            raw
        )
    return _as_set(raw if known.type == "status" else text)


def _as_set(value: Any) -> frozenset[Any]:
    if value is None:
        return frozenset()
    return frozenset(value) if isinstance(value, tuple) else frozenset({value})
