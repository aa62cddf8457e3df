"""JQL's meaning: a parsed query becomes a test on issues and an order of them, or one of Jira's refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from okrsync_jira.emulator import grammar, moments
from okrsync_jira.emulator.grammar import And, Call, Compare, Condition, Empty, Literal, Many, Not, Operand, Or, Query, Was
from okrsync_jira.emulator.moments import Span
from okrsync_jira.emulator.texts import Refusal, bad_request
from okrsync_jira.emulator.world import CATEGORIES, PRIORITIES, RESOLUTIONS, SPRINT, TYPES, Field, Issue, User, World

Test = Callable[[Issue], bool]
_FLIPPED: Final[Mapping[str, str]] = {
    "=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "~": "!~", "!~": "~",
    "in": "not in", "not in": "in", "is": "is not", "is not": "is",
    "was": "was not", "was not": "was", "was in": "was not in", "was not in": "was in",
}  # fmt: skip
_POSITIVE: Final = {"=", "in", "is", "~"}
_LISTS: Final = {"in", "not in"}
_RELATIONS: Final = {"<", "<=", ">", ">="}
MOST_SORTS: Final = 7


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and what that changes: the zone and locale of dates, the language of names, what can be seen."""

    user: User | None
    language: str
    zone: ZoneInfo
    locale: str
    sees: Test
    sees_project: Callable[[str], bool]
    hidden_fields: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Compiled:
    """``where`` is None where the query has no restriction."""

    where: Test | None
    order: Callable[[list[Issue]], list[Issue]]


def compile_query(world: World, asker: Asker, query: Query, *, filters: frozenset[int] = frozenset()) -> Compiled:
    """The meaning of ``query`` for ``asker`` now. Raises ``Refusal`` as Jira does."""
    compiler = _Compiler(world, asker, filters)
    where = None if query.where is None else compiler.test(query.where, negated=False)
    return Compiled(where, compiler.order(query))


def parse_or_refuse(jql: str) -> Query:
    try:
        return grammar.parse(jql)
    except grammar.Malformed as error:
        raise Refusal(400, str(error)) from None


class _Compiler:
    def __init__(self, world: World, asker: Asker, filters: frozenset[int]) -> None:
        self.world = world
        self.asker = asker
        self.filters = filters
        self.now = world.now()

    def refuse(self, text: str, **values: object) -> Refusal:
        return bad_request(self.asker.language, text, **values)

    def test(self, condition: Condition, *, negated: bool) -> Test:
        """``condition`` as a test. Negations are pushed down to the clauses, as Jira does: NOT (a = b) is a != b,
        which an empty field does not fulfil.
        """
        if isinstance(condition, Not):
            return self.test(condition.inner, negated=not negated)
        if isinstance(condition, And | Or):
            tests = tuple(self.test(member, negated=negated) for member in condition.members)
            return _every(tests) if isinstance(condition, And) != negated else _some(tests)
        if isinstance(condition, Was):
            from okrsync_jira.emulator.history import history_test

            return history_test(self, condition, negated=negated)
        operator = _FLIPPED[condition.operator] if negated else condition.operator
        if condition.field.casefold() in {"filter", "savedfilter", "request", "searchrequest"}:
            return self._filter(condition, operator)
        if condition.field.casefold() == "text":
            return self._text(condition, operator, ("summary", *self._text_fields()))
        tests = tuple(self._clause(known, condition, operator) for known in self.fields(condition.field))
        return tests[0] if len(tests) == 1 else _some(tests)

    def fields(self, name: str) -> list[Field]:
        """The fields a clause means: names are not unique, and then Jira searches all of them."""
        found = [known for known in self.world.named(name) if known.id not in self.asker.hidden_fields]
        if not found:
            raise self.refuse("no_field", field=name)
        return found

    def _text_fields(self) -> list[str]:
        return [known.id for known in self.world.fields.values() if known.type == "string" and known.custom]

    def _clause(self, known: Field, clause: Compare, operator: str) -> Test:
        operand = clause.operand
        if isinstance(operand, Many) and operator not in _LISTS:
            shown = "(" + ", ".join(_shown(member) for member in operand.members) + ")"
            raise self.refuse("bad_list", operator=operator, value=shown, field=clause.field)
        if isinstance(operand, Literal) and operator in _LISTS:
            raise self.refuse("no_list", operator=operator, value=operand.text, field=clause.field)
        if isinstance(operand, Empty) or (isinstance(operand, Literal) and _is_unresolved(known, operand)):
            return self._empty(known, operator, clause.field)
        if operator in {"is", "is not"}:
            raise self.refuse("no_operator", operator=operator, field=clause.field)
        if known.type in {"datetime", "date"}:
            return self._date(known, operator, operand, clause.field)
        if known.type == "number":
            return self._number(known, operator, operand, clause.field)
        if operator in {"~", "!~"} or (known.type == "string" and known.id != "issuekey"):
            if known.type != "string" or known.id == "issuekey" or operator not in {"~", "!~"}:
                raise self.refuse("no_operator", operator=operator, field=clause.field)
            return self._text(clause, operator, (known.id,))
        if operator in _RELATIONS:
            return self._ranked(known, operator, operand, clause.field)
        wanted, with_empty = self.members(known, operand, clause.field)
        if known.id == "statusCategory":
            wanted = frozenset(key for key, status in self.world.statuses.items() if status.category in wanted)
            known = self.world.fields["status"]
        return _membership(known, wanted, positive=operator in _POSITIVE, empty=with_empty)

    def _empty(self, known: Field, operator: str, name: str) -> Test:
        if operator not in {"is", "is not", "=", "!="}:
            raise self.refuse("no_operator", operator=operator, field=name)
        if known.id in {"issuekey", "project", "status", "statusCategory", "issuetype"}:
            raise self.refuse("no_empty", field=name)
        wanted = operator in _POSITIVE
        return lambda issue: (known.id not in issue.values) is wanted

    # ---- values -------------------------------------------------------------------------------------------

    def members(self, known: Field, operand: Operand, name: str) -> tuple[frozenset[Any], bool]:
        """The held values that ``operand`` names, and whether EMPTY is among them."""
        if isinstance(operand, Many):
            found: set[Any] = set()
            with_empty = False
            for member in operand.members:
                values, empty = self.members(known, member, name)
                found |= values
                with_empty = with_empty or empty
            return frozenset(found), with_empty
        if isinstance(operand, Empty) or (isinstance(operand, Literal) and _is_unresolved(known, operand)):
            return frozenset(), True
        if isinstance(operand, Call):
            return self._called(known, operand, name), False
        return frozenset(self._value(known, operand.text, name)), False

    def _called(self, known: Field, call: Call, name: str) -> frozenset[Any]:
        function = call.name.casefold()
        if function == "currentuser" and known.type == "user":
            return frozenset({self.asker.user.email} if self.asker.user else ())
        states = {"opensprints": "active", "closedsprints": "closed", "futuresprints": "future"}
        if function in states and known.id == SPRINT:
            return frozenset(sprint.id for sprint in self.world.sprints.values() if sprint.state == states[function])
        raise self.refuse("no_function", function=f"{call.name}()")

    def _value(self, known: Field, text: str, name: str) -> set[Any]:
        folded = text.casefold()
        found: set[Any] = set()
        if known.id == "project":
            found = {
                project.key
                for project in self.world.projects.values()
                if folded in {project.key.casefold(), project.name.casefold(), str(project.id)}
                and self.asker.sees_project(project.key)
            }
        elif known.id == "status":
            found = {
                status.id
                for status in self.world.statuses.values()
                if not status.deleted
                and folded in {status.id, status.name.casefold(), status.shown(self.asker.language).casefold()}
            }
        elif known.id == "statusCategory":
            found = {
                key
                for key, (number, english, german, _colour) in CATEGORIES.items()
                # Unknown: whether the key is taken as well; the name is in the language of the request.
                if folded in {str(number), (german if self.asker.language == "de" else english).casefold()}
            }
        elif known.id == "issuetype":
            used = {issue.values["issuetype"] for issue in self.world.issues.values()} if folded not in _TYPE_NAMES else ()
            found = {kind for kind in (*TYPES, *used) if folded in {kind.casefold(), str(TYPES.get(kind, (0, 0))[0])}}
        elif known.id == "priority":
            found = {
                known_name for index, known_name in enumerate(PRIORITIES, 1) if folded in {known_name.casefold(), str(index)}
            }
        elif known.id == "resolution":
            found = {kind for kind, number in RESOLUTIONS.items() if folded in {kind.casefold(), str(number)}}
        elif known.type == "user":
            found = {
                user.email
                for user in self.world.users.values()
                if folded in {user.account_id.casefold(), user.email.casefold(), user.name.casefold()}
            }
        elif known.id == "issuekey" or known.type == "issuelink" or known.id in _LINKS:
            issue = self.world.issue(text)
            if issue is None or not self.asker.sees(issue):
                raise self.refuse("no_id" if text.isdigit() else "no_key", value=text, field=name)
            return {issue.key}
        elif known.id == SPRINT:
            found = {
                sprint.id
                for sprint in self.world.sprints.values()
                if folded in {str(sprint.id), sprint.name.casefold()}
            }
        elif known.id == "labels" or known.item == "string":
            return {text}
        else:
            found = self._used(known.id, folded)
        if not found:
            text_key = "no_id" if text.isdigit() and known.id != "project" else "no_value"
            raise self.refuse(text_key, value=text, field=name)
        return found

    def _used(self, field_id: str, folded: str) -> set[Any]:
        """Versions, components and options exist here once an issue has them."""
        found = set()
        for issue in self.world.issues.values():
            value = issue.values.get(field_id)
            for member in value if isinstance(value, tuple) else (value,):
                if isinstance(member, str) and member.casefold() == folded:
                    found.add(member)
        return found

    # ---- kinds of clauses ---------------------------------------------------------------------------------

    def _ranked(self, known: Field, operator: str, operand: Operand, name: str) -> Test:
        """<, <=, >, >= on keys; priorities and versions can be ranked in Jira, too, but not here."""
        if known.id != "issuekey" or not isinstance(operand, Literal):
            raise self.refuse("no_operator", operator=operator, field=name)
        (key,) = self._value(known, operand.text, name)
        limit = self.world.issues[key]
        compare = _RELATION[operator]
        return lambda issue: issue.project == limit.project and compare(issue.number, limit.number)

    def _number(self, known: Field, operator: str, operand: Operand, name: str) -> Test:
        if operator in {"~", "!~"}:
            raise self.refuse("no_operator", operator=operator, field=name)
        members = operand.members if isinstance(operand, Many) else (operand,)
        numbers = []
        for member in members:
            if not isinstance(member, Literal):
                raise self.refuse("bad_number", value=_shown(member), field=name)
            try:
                numbers.append(float(member.text))
            except ValueError:
                raise self.refuse("bad_number", value=member.text, field=name) from None
        if operator in _RELATIONS:
            compare, limit, field_id = _RELATION[operator], numbers[0], known.id
            return lambda issue: field_id in issue.values and compare(issue.values[field_id], limit)
        return _membership(known, frozenset(numbers), positive=operator in _POSITIVE, empty=False)

    def span(self, operand: Operand, name: str) -> Span:
        """What a date operand covers."""
        if isinstance(operand, Call):
            function = moments.function(operand.name)
            if function is None:
                raise self.refuse("no_function", function=f"{operand.name}()")
            if len(operand.arguments) > 1:
                raise self.refuse(
                    "bad_arguments", function=operand.name, expected="0-1", received=len(operand.arguments)
                )
            increment = operand.arguments[0] if operand.arguments else None
            found = function(increment, self.now, self.asker.zone, self.asker.locale)
            if found is None:
                raise self.refuse("bad_increment", function=operand.name)
            return Span(found)
        if isinstance(operand, Literal):
            read = moments.read(operand.text, quoted=operand.quoted, now=self.now, zone=self.asker.zone)
            if read is not None:
                return read
            raise self.refuse("bad_date", value=operand.text, field=name)
        raise self.refuse("bad_date", value=_shown(operand), field=name)

    def _date(self, known: Field, operator: str, operand: Operand, name: str) -> Test:
        if operator in {"~", "!~"}:
            raise self.refuse("no_operator", operator=operator, field=name)
        field_id = known.id
        members = operand.members if isinstance(operand, Many) else (operand,)
        limits = [self.span(member, name).start for member in members]
        if known.type == "date":
            # A day has no zone; a moment is turned into the asker's own day.
            days = [moments.moment(limit, self.asker.zone).date().isoformat() for limit in limits]
            if operator in _RELATIONS:
                compare, day = _RELATION[operator], days[0]
                return lambda issue: field_id in issue.values and compare(issue.values[field_id], day)
            return _membership(known, frozenset(days), positive=operator in _POSITIVE, empty=False)
        if operator in _RELATIONS:
            compare, limit = _RELATION[operator], limits[0]
            return lambda issue: field_id in issue.values and compare(issue.values[field_id], limit)
        return _membership(known, frozenset(limits), positive=operator in _POSITIVE, empty=False)

    def _text(self, clause: Compare, operator: str, field_ids: Sequence[str]) -> Test:
        """Every word must occur, without regard to case; a final * takes any ending."""
        if operator not in {"~", "!~"} or not isinstance(clause.operand, Literal):
            raise self.refuse("no_operator", operator=operator, field=clause.field)
        words = clause.operand.text.casefold().replace('"', " ").split()
        wanted = operator == "~"

        def matches(issue: Issue) -> bool:
            texts = [str(issue.values[field_id]).casefold() for field_id in field_ids if field_id in issue.values]
            if not texts:
                return False
            found = any(all(_occurs(word, text) for word in words) for text in texts)
            return found is wanted

        return matches

    def _filter(self, clause: Compare, operator: str) -> Test:
        operands = clause.operand.members if isinstance(clause.operand, Many) else (clause.operand,)
        if operator not in {"=", "!=", "in", "not in"}:
            raise self.refuse("no_operator", operator=operator, field=clause.field)
        tests: list[Test] = []
        for operand in operands:
            text = operand.text if isinstance(operand, Literal) else _shown(operand)
            saved = next(
                (known for known in self.world.filters.values() if text.casefold() in {str(known.id), known.name.casefold()}),
                None,
            )
            if saved is None:
                raise self.refuse("no_filter", value=text)
            if saved.id in self.filters:
                raise self.refuse("cyclic_filter", value=text)
            inner = compile_query(self.world, self.asker, parse_or_refuse(saved.jql), filters=self.filters | {saved.id})
            tests.append(inner.where or (lambda _issue: True))
        found = _some(tuple(tests))
        return found if operator in _POSITIVE else (lambda issue: not found(issue))

    # ---- order --------------------------------------------------------------------------------------------

    def order(self, query: Query) -> Callable[[list[Issue]], list[Issue]]:
        if len(query.order) > MOST_SORTS:
            raise self.refuse("too_many_sorts")
        steps = []
        for sort in reversed(query.order):
            if sort.field.casefold() == "rank":
                # Unknown: ranks; here they follow the order of creation.
                steps.append((_rank, bool(sort.descending)))
                continue
            known = self.fields(sort.field)[0]
            steps.append((self._sort_key(known), bool(sort.descending)))
        if not steps:
            # Unknown: the order of a query without ORDER BY; newest first is what people see.
            steps.append((_rank, True))

        def arrange(issues: list[Issue]) -> list[Issue]:
            for key, descending in steps:
                issues.sort(key=key, reverse=descending)
            return issues

        return arrange

    def _sort_key(self, known: Field) -> Callable[[Issue], Any]:
        """Empty fields come last in ascending order, as in Jira."""
        if known.id == "issuekey":
            return lambda issue: (issue.project, issue.number)
        if known.id == "project":
            return lambda issue: issue.project
        if known.id == "priority":
            ranks = {name: -rank for rank, name in enumerate(PRIORITIES)}
            return lambda issue: ranks.get(issue.values.get("priority", ""), 1)
        if known.id == "status":
            ranks = {status: rank for rank, status in enumerate(self.world.statuses)}
            return lambda issue: ranks[issue.values["status"]]
        field_id = known.id
        if field_id in {"created", "updated"}:
            return lambda issue: issue.values[field_id]
        return lambda issue: (field_id not in issue.values, issue.values.get(field_id))


_TYPE_NAMES: Final = frozenset(name.casefold() for name in TYPES)
_LINKS: Final = ("customfield_10014", "customfield_10018")
_RELATION: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def _rank(issue: Issue) -> tuple[int, int]:
    return issue.values["created"], issue.id


def _every(tests: tuple[Test, ...]) -> Test:
    return lambda issue: all(test(issue) for test in tests)


def _some(tests: tuple[Test, ...]) -> Test:
    return lambda issue: any(test(issue) for test in tests)


def _membership(known: Field, wanted: frozenset[Any], *, positive: bool, empty: bool) -> Test:
    """Whether the field holds one of ``wanted``; an empty field fulfils neither = nor !=, unless EMPTY was named."""
    field_id = known.id
    if known.id == "issuekey":
        return lambda issue: (issue.key in wanted) is positive
    if known.id == "project":
        return lambda issue: (issue.project in wanted) is positive
    if known.type == "array":

        def many(issue: Issue) -> bool:
            value = issue.values.get(field_id)
            if value is None:
                return empty if positive else False
            return wanted.isdisjoint(value) is not positive

        return many

    def one(issue: Issue) -> bool:
        value = issue.values.get(field_id)
        if value is None:
            return empty if positive else False
        return (value in wanted) is positive

    return one


def _is_unresolved(known: Field, operand: Literal) -> bool:
    return known.id == "resolution" and operand.text.casefold() == "unresolved"


def _occurs(word: str, text: str) -> bool:
    if word.endswith("*"):
        return any(part.startswith(word[:-1]) for part in text.split())
    return word in text.split()


def _shown(operand: Operand) -> str:
    if isinstance(operand, Literal):
        return f'"{operand.text}"'
    if isinstance(operand, Call):
        return f"{operand.name}({', '.join(operand.arguments)})"
    return "EMPTY" if isinstance(operand, Empty) else "(...)"
