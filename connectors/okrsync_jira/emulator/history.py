"""WAS and CHANGED: what JQL asks of the past, answered from the changelog.

Unknown: the exact meaning of a whole day. Here ON matches whatever held at any moment of that day in the asker's zone,
BEFORE and AFTER whatever held at any moment before or after, and DURING takes in both of its days in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from okrsync_jira.emulator import moments
from okrsync_jira.emulator.grammar import Call, Empty, Literal, Many, Operand, Predicate, Was
from okrsync_jira.emulator.moments import Span
from okrsync_jira.emulator.world import Field, Issue

if TYPE_CHECKING:
    from okrsync_jira.emulator.conditions import Test, _Compiler

_RECORDED: Final = {"status", "assignee", "priority", "resolution", "fixVersions", "reporter"}
_NEVER: Final = -(2**62)
_FOREVER: Final = 2**62


@dataclass(frozen=True, slots=True)
class Stretch:
    """A field held ``value`` in ``[start, end)``; ``author`` set it (None: it was so from the beginning)."""

    value: Any
    start: int
    end: int
    author: str | None


@dataclass(frozen=True, slots=True)
class Move:
    at: int
    author: str
    old: Any
    new: Any


@dataclass(frozen=True, slots=True)
class _When:
    """A window ``[start, end)`` of time, and who must have acted."""

    start: int = _NEVER
    end: int = _FOREVER
    authors: frozenset[Any] | None = None


def moves(issue: Issue, field_id: str) -> list[Move]:
    """Every change of one field, oldest first, with held values."""
    return [
        Move(change.at, change.author, _held(field_id, entry.old, entry.old_text), _held(field_id, entry.new, entry.new_text))
        for change in sorted(issue.changes, key=lambda known: (known.at, known.id))
        for entry in change.items
        if entry.field_id == field_id
    ]


def stretches(issue: Issue, field_id: str, changes: Sequence[Move]) -> list[Stretch]:
    """What the field held, from the issue's creation until now."""
    first = changes[0].old if changes else issue.values.get(field_id)
    found = []
    value, since, author = first, issue.values["created"], None
    for change in changes:
        found.append(Stretch(value, since, change.at, author))
        value, since, author = change.new, change.at, change.author
    return [*found, Stretch(value, since, _FOREVER, author)]


def history_test(compiler: _Compiler, clause: Was, *, negated: bool) -> Test:
    """The test of a WAS or CHANGED clause. Raises ``Refusal`` for fields that Jira keeps no searchable history of."""
    known = compiler.fields(clause.field)[0]
    if known.id not in _RECORDED:
        raise compiler.refuse("no_history", field=clause.field)
    when = _window(compiler, clause)
    if clause.operator == "changed":
        return _changed(compiler, known, clause, when, negated=negated)
    operand = clause.operand
    assert operand is not None
    if isinstance(operand, Many) != clause.operator.endswith("in"):
        text = "bad_list" if isinstance(operand, Many) else "no_list"
        shown = operand.text if isinstance(operand, Literal) else "(...)"
        raise compiler.refuse(text, operator=clause.operator, value=shown, field=clause.field)
    wanted, with_empty = _values(compiler, known, operand, clause.field)
    positive = ("not" not in clause.operator) is not negated
    return _was(known.id, wanted, when, with_empty=with_empty, positive=positive)


def _was(field_id: str, wanted: frozenset[Any], when: _When, *, with_empty: bool, positive: bool) -> Test:
    def was(issue: Issue) -> bool:
        held = any(
            stretch.start < when.end
            and stretch.end > when.start
            and (when.authors is None or stretch.author in when.authors)
            and (_is_empty(stretch.value) and with_empty or not _as_set(stretch.value).isdisjoint(wanted))
            for stretch in stretches(issue, field_id, moves(issue, field_id))
        )
        return held is positive

    return was


def _changed(compiler: _Compiler, known: Field, clause: Was, when: _When, *, negated: bool) -> Test:
    sides: dict[str, tuple[frozenset[Any], bool]] = {}
    for predicate in clause.predicates:
        if predicate.word in {"FROM", "TO"}:
            sides[predicate.word] = _values(compiler, known, predicate.operand, clause.field)

    def fits(word: str, value: Any) -> bool:
        if word not in sides:
            return True
        wanted, with_empty = sides[word]
        return (_is_empty(value) and with_empty) or not _as_set(value).isdisjoint(wanted)

    def changed(issue: Issue) -> bool:
        found = any(
            when.start <= move.at < when.end
            and (when.authors is None or move.author in when.authors)
            and fits("FROM", move.old)
            and fits("TO", move.new)
            for move in moves(issue, known.id)
        )
        return found is not negated

    return changed


def _values(compiler: _Compiler, known: Field, operand: Operand, name: str) -> tuple[frozenset[Any], bool]:
    """Like a present value, but a deleted status may be named: the changelog still holds it."""
    if known.id == "status" and isinstance(operand, Literal):
        status = compiler.world.status(operand.text, compiler.asker.language)
        if status is not None and status.deleted:
            return frozenset({status.id}), False
    if isinstance(operand, Many):
        parts = [_values(compiler, known, member, name) for member in operand.members]
        return frozenset().union(*(values for values, _ in parts)), any(empty for _, empty in parts)
    if isinstance(operand, Empty):
        return frozenset(), True
    return compiler.members(known, operand, name)


def _window(compiler: _Compiler, clause: Was) -> _When:
    when = _When()
    for predicate in clause.predicates:
        when = _narrowed(compiler, when, predicate, clause.field)
    return when


def _narrowed(compiler: _Compiler, when: _When, predicate: Predicate, name: str) -> _When:
    if predicate.word == "BY":
        people, _ = compiler.members(compiler.world.fields["assignee"], predicate.operand, name)
        return _When(when.start, when.end, people)
    if predicate.word in {"FROM", "TO"}:
        return when
    if predicate.word == "DURING":
        if not isinstance(predicate.operand, Many) or len(predicate.operand.members) != 2:
            raise compiler.refuse("bad_date", value="DURING", field=name)
        first, last = (compiler.span(member, name) for member in predicate.operand.members)
        return _When(max(when.start, first.start), min(when.end, _end(compiler, last)), when.authors)
    span = compiler.span(predicate.operand, name)
    if predicate.word == "BEFORE":
        return _When(when.start, min(when.end, span.start), when.authors)
    if predicate.word == "AFTER":
        return _When(max(when.start, _end(compiler, span)), when.end, when.authors)
    day = span if span.whole_day or not isinstance(predicate.operand, Call) else span
    return _When(max(when.start, day.start), min(when.end, _end(compiler, day)), when.authors)


def _end(compiler: _Compiler, span: Span) -> int:
    """The first moment after the span."""
    if not span.whole_day:
        return span.start + 1
    end = moments.function("endOfDay")
    assert end is not None
    last = end(None, span.start, compiler.asker.zone, compiler.asker.locale)
    assert last is not None
    return last + 1


def _held(field_id: str, raw: str | None, text: str | None) -> Any:
    if raw is None and text is None:
        return None
    if field_id == "status":
        return raw
    return text


def _is_empty(value: Any) -> bool:
    return value is None or value == ()


def _as_set(value: Any) -> frozenset[Any]:
    if _is_empty(value):
        return frozenset()
    return frozenset(value) if isinstance(value, tuple) else frozenset({value})
