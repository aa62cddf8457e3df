"""Give JQL its meaning: a parsed query becomes a test and an order of issues, or Jira's refusal."""

from __future__ import annotations

import operator as relations
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from okrsync_emulators.jira import grammar, moments
from okrsync_emulators.jira.dates import Dates
from okrsync_emulators.jira.history import history_test
from okrsync_emulators.jira.order import arrangement
from okrsync_emulators.jira.texts import Refusal
from okrsync_emulators.jira.tree import (
    And,
    Compare,
    Condition,
    Empty,
    Literal,
    Many,
    Not,
    Operand,
    Or,
    Query,
    Was,
)
from okrsync_emulators.jira.values import Asker, Test, is_unresolved, members, searched, worded
from okrsync_emulators.jira.world import Field, Issue, World

_FLIPPED: Final[Mapping[str, str]] = {
    "=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "~": "!~", "!~": "~",
    "in": "not in", "not in": "in", "is": "is not", "is not": "is",
}  # fmt: skip
_POSITIVE: Final = {"=", "in", "is", "~"}
_LISTS: Final = {"in", "not in"}
_RELATION: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": relations.lt,
    "<=": relations.le,
    ">": relations.gt,
    ">=": relations.ge,
}
_FILTERS: Final = {"filter", "savedfilter", "request", "searchrequest"}
_NEVER_EMPTY: Final = {"issuekey", "project", "status", "statusCategory", "issuetype"}


@dataclass(frozen=True, slots=True)
class Compiled:
    """``where`` is None if the query has no restriction."""

    where: Test | None
    order: Callable[[list[Issue]], list[Issue]]


def compile_query(
    world: World, asker: Asker, query: Query, *, filters: frozenset[int] = frozenset()
) -> Compiled:
    """The meaning of ``query`` for ``asker`` now. Raises ``Refusal`` as Jira does.

    ``filters`` are the ids of the saved filters around this query: none of them may be named again.
    """
    compiler = Compiler(world, asker, filters)
    where = None if query.where is None else compiler.test(query.where, negated=False)
    return Compiled(where, arrangement(world, asker, query))


def parse_or_refuse(jql: str) -> Query:
    try:
        return grammar.parse(jql)
    except grammar.Malformed as error:
        raise Refusal(400, str(error)) from None


class Compiler:
    """Turns the clauses of one query into tests, all at the same moment."""

    def __init__(self, world: World, asker: Asker, filters: frozenset[int]) -> None:
        self.world = world
        self.asker = asker
        self.filters = filters
        self.dates = Dates(world, asker, world.now())

    def test(self, condition: Condition, *, negated: bool) -> Test:
        """``condition`` as a test.

        Negations are pushed down to the clauses, as Jira's own rewriting does (De Morgan): NOT (a = b) means a != b,
        which an empty field does not fulfil.
        """
        if isinstance(condition, Not):
            return self.test(condition.inner, negated=not negated)
        if isinstance(condition, And | Or):
            tests = tuple(self.test(member, negated=negated) for member in condition.members)
            return _every(tests) if isinstance(condition, And) != negated else _some(tests)
        if isinstance(condition, Was):
            return history_test(self.dates, condition, negated=negated)
        operator = _FLIPPED[condition.operator] if negated else condition.operator
        if condition.field.casefold() in _FILTERS:
            return self._filter(condition, operator)
        if condition.field.casefold() == "text":
            custom = [
                known.id for known in self.world.fields.values() if known.type == "string" and known.custom
            ]
            return self._text(condition, operator, ["summary", *custom])
        tests = tuple(
            self._clause(known, condition, operator)
            for known in searched(self.world, self.asker, condition.field)
        )
        return tests[0] if len(tests) == 1 else _some(tests)

    def _clause(self, known: Field, clause: Compare, operator: str) -> Test:
        operand = clause.operand
        if isinstance(operand, Many) and operator not in _LISTS:
            listed = "(" + ", ".join(worded(member) for member in operand.members) + ")"
            raise self.asker.refuse("bad_list", operator=operator, value=listed, field=clause.field)
        if isinstance(operand, Literal) and operator in _LISTS:
            raise self.asker.refuse("no_list", operator=operator, value=operand.text, field=clause.field)
        if isinstance(operand, Empty) or is_unresolved(known, operand):
            return self._empty(known, operator, clause.field)
        if operator in {"is", "is not"}:
            raise self._unsupported(operator, clause)
        if known.type in {"datetime", "date"}:
            return self._date(known, clause, operator)
        if known.type == "number":
            return self._number(known, clause, operator)
        if known.type == "string" and known.id != "issuekey":
            return self._text(clause, operator, [known.id])
        if operator in {"~", "!~"}:
            raise self._unsupported(operator, clause)
        if operator in _RELATION:
            return self._ranked(known, clause, operator)
        wanted, with_empty = members(self.world, self.asker, known, operand, clause.field)
        if known.id == "statusCategory":
            wanted = frozenset(
                key for key, status in self.world.statuses.items() if status.category in wanted
            )
            known = self.world.fields["status"]
        return _membership(known, wanted, positive=operator in _POSITIVE, empty=with_empty)

    def _unsupported(self, operator: str, clause: Compare) -> Refusal:
        return self.asker.refuse("no_operator", operator=operator, field=clause.field)

    def _empty(self, known: Field, operator: str, name: str) -> Test:
        if operator not in {"is", "is not", "=", "!="}:
            raise self.asker.refuse("no_operator", operator=operator, field=name)
        if known.id in _NEVER_EMPTY:
            raise self.asker.refuse("no_empty", field=name)
        wanted, field_id = operator in _POSITIVE, known.id
        return lambda issue: (field_id not in issue.values) is wanted

    def _ranked(self, known: Field, clause: Compare, operator: str) -> Test:
        """<, <=, >, >= on keys. Jira ranks priorities and versions too; here they are refused."""
        if known.id != "issuekey" or not isinstance(clause.operand, Literal):
            raise self._unsupported(operator, clause)
        ((key,), _) = members(self.world, self.asker, known, clause.operand, clause.field)
        limit, compare = self.world.issues[key], _RELATION[operator]
        return lambda issue: issue.project == limit.project and compare(issue.number, limit.number)

    def _number(self, known: Field, clause: Compare, operator: str) -> Test:
        if operator in {"~", "!~"}:
            raise self._unsupported(operator, clause)
        return _compared(
            known, [self._figure(member, clause.field) for member in _each(clause.operand)], operator
        )

    def _figure(self, operand: Operand, name: str) -> float:
        try:
            return float(operand.text if isinstance(operand, Literal) else worded(operand))
        except ValueError:
            raise self.asker.refuse("bad_number", value=worded(operand), field=name) from None

    def _date(self, known: Field, clause: Compare, operator: str) -> Test:
        if operator in {"~", "!~"}:
            raise self._unsupported(operator, clause)
        limits = [self.dates.span(member, clause.field).start for member in _each(clause.operand)]
        if known.type == "datetime":
            return _compared(known, limits, operator)
        # A day has no zone; a moment is turned into the asker's own day.
        days = [moments.moment(limit, self.asker.zone).date().isoformat() for limit in limits]
        return _compared(known, days, operator)

    def _text(self, clause: Compare, operator: str, field_ids: Sequence[str]) -> Test:
        """Every word must occur, without regard to case; a final * takes any ending."""
        if operator not in {"~", "!~"} or not isinstance(clause.operand, Literal):
            raise self._unsupported(operator, clause)
        words = clause.operand.text.casefold().replace('"', " ").split()
        wanted = operator == "~"

        def matches(issue: Issue) -> bool:
            texts = [str(issue.values[key]).casefold().split() for key in field_ids if key in issue.values]
            if not texts:
                return False
            return any(all(_occurs(word, text) for word in words) for text in texts) is wanted

        return matches

    def _filter(self, clause: Compare, operator: str) -> Test:
        if operator not in {"=", "!=", "in", "not in"}:
            raise self._unsupported(operator, clause)
        found = _some(tuple(self._saved(worded(operand).strip('"')) for operand in _each(clause.operand)))
        return found if operator in _POSITIVE else (lambda issue: not found(issue))

    def _saved(self, name: str) -> Test:
        known = [
            saved
            for saved in self.world.filters.values()
            if name.casefold() in {str(saved.id), saved.name.casefold()}
        ]
        if not known:
            raise self.asker.refuse("no_value", value=name, field="filter")
        if known[0].id in self.filters:
            raise self.asker.refuse("cyclic_filter", value=name)
        inner = parse_or_refuse(known[0].jql)
        compiled = compile_query(self.world, self.asker, inner, filters=self.filters | {known[0].id})
        return compiled.where or (lambda _issue: True)


def _each(operand: Operand) -> tuple[Operand, ...]:
    return operand.members if isinstance(operand, Many) else (operand,)


def _every(tests: tuple[Test, ...]) -> Test:
    def every(issue: Issue) -> bool:
        for test in tests:  # noqa: SIM110 - all() costs twice as much, and pages have thousands of issues
            if not test(issue):
                return False
        return True

    return every


def _some(tests: tuple[Test, ...]) -> Test:
    return lambda issue: any(test(issue) for test in tests)


def _compared(known: Field, limits: Sequence[Any], operator: str) -> Test:
    """A value against a limit, or among ``limits``; an empty field never fulfils it."""
    field_id = known.id
    if operator not in _RELATION:
        return _membership(known, frozenset(limits), positive=operator in _POSITIVE, empty=False)
    compare, limit = _RELATION[operator], limits[0]

    def compared(issue: Issue) -> bool:
        value = issue.values.get(field_id)
        return value is not None and compare(value, limit)

    return compared


def _membership(known: Field, wanted: frozenset[Any], *, positive: bool, empty: bool) -> Test:
    """Whether the field holds one of ``wanted``; an empty field fulfils neither = nor !=, unless EMPTY was named."""
    field_id = known.id
    if field_id == "issuekey":
        return lambda issue: (issue.key in wanted) is positive
    if field_id == "project":
        return lambda issue: (issue.project in wanted) is positive
    for_empty = empty and positive
    if known.type == "array":

        def many(issue: Issue) -> bool:
            value = issue.values.get(field_id)
            return for_empty if value is None else wanted.isdisjoint(value) is not positive

        return many

    def one(issue: Issue) -> bool:
        value = issue.values.get(field_id)
        return for_empty if value is None else (value in wanted) is positive

    return one


def _occurs(word: str, text: list[str]) -> bool:
    if word.endswith("*"):
        return any(part.startswith(word[:-1]) for part in text)
    return word in text
