"""Parse JQL into a tree by a real grammar, so that what Jira would refuse is refused here too."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken, VisitError

from okrsync_emulators.jira.tree import (
    And,
    Call,
    Compare,
    Empty,
    Literal,
    Many,
    Not,
    Operand,
    Or,
    Predicate,
    Query,
    Sort,
    Was,
)

_GRAMMAR: Final = r"""
start: [disjunction] [order]
?disjunction: conjunction (OR conjunction)*
?conjunction: term (AND term)*
?term: NOT term -> negation
    | "(" disjunction ")"
    | clause
clause: field COMPARISON operand -> compare
    | field IN operand -> within
    | field NOT IN operand -> without
    | field IS operand -> compare_is
    | field IS NOT operand -> compare_is_not
    | field WAS operand predicate* -> was
    | field WAS NOT operand predicate* -> was_not
    | field WAS IN operand predicate* -> was_in
    | field WAS NOT IN operand predicate* -> was_not_in
    | field CHANGED predicate* -> changed
field: WORD | STRING | CF
predicate: (ON | BEFORE | AFTER | DURING | FROM | TO | BY) operand
?operand: value | call | empty | values
value: WORD | STRING
empty: EMPTY
call: (WORD | STRING) "(" [argument ("," argument)*] ")"
argument: WORD | STRING
values: "(" operand ("," operand)* ")"
order: ORDER BY sort ("," sort)*
sort: field [ASC | DESC]

COMPARISON: "!=" | "!~" | "<=" | ">=" | "=" | "<" | ">" | "~"
AND.3: /(?i:and)(?![\w.-])/ | "&&" | "&"
OR.3: /(?i:or)(?![\w.-])/ | "||" | "|"
NOT.3: /(?i:not)(?![\w.-])/ | /!(?![=~])/
IN.3: /(?i:in)(?![\w.-])/
IS.3: /(?i:is)(?![\w.-])/
WAS.3: /(?i:was)(?![\w.-])/
CHANGED.3: /(?i:changed)(?![\w.-])/
ON.3: /(?i:on)(?![\w.-])/
BEFORE.3: /(?i:before)(?![\w.-])/
AFTER.3: /(?i:after)(?![\w.-])/
DURING.3: /(?i:during)(?![\w.-])/
FROM.3: /(?i:from)(?![\w.-])/
TO.3: /(?i:to)(?![\w.-])/
BY.3: /(?i:by)(?![\w.-])/
EMPTY.3: /(?i:empty|null)(?![\w.-])/
ORDER.3: /(?i:order)(?=\s+(?i:by)\b)/
ASC.3: /(?i:asc)(?![\w.-])/
DESC.3: /(?i:desc)(?![\w.-])/
CF.4: /(?i:cf)\[\d+\]/
STRING: /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/
WORD: /[^\s()=!<>~,'"&|\[\]{}*\/%+^$#@?;\\]+/
%ignore /\s+/
"""
_PARSER: Final = Lark(_GRAMMAR, parser="lalr", lexer="contextual", maybe_placeholders=True)
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}


# Where a field must come the lexer does not look for these; Jira does.
_RESERVED: Final = {
    *(
        "and",
        "or",
        "not",
        "in",
        "is",
        "was",
        "changed",
        "order",
        "by",
        "empty",
        "null",
        "on",
        "before",
        "after",
    ),
    *("during", "from", "to", "asc", "desc", "select", "where", "limit", "like", "join", "having"),
}


class Malformed(Exception):
    """The text is not JQL; the message is Jira's."""


@lru_cache(maxsize=512)
def parse(jql: str) -> Query:
    """The tree of ``jql``. Raises ``Malformed`` with Jira's own message."""
    try:
        tree = _PARSER.parse(jql)
    except UnexpectedInput as error:
        raise Malformed(_explain(jql, error)) from None
    try:
        result = _Builder().transform(tree)
    except VisitError as error:
        raise error.orig_exc from None
    assert isinstance(result, Query)
    return result


def _explain(jql: str, error: UnexpectedInput) -> str:
    prefix = "Error in the JQL Query: "
    if isinstance(error, UnexpectedCharacters):
        at = error.pos_in_stream
        assert at is not None
        wrong = jql[at]
        if wrong in "'\"":
            return f"{prefix}The quoted string '{jql[at + 1 :]}' has not been completed. (line {error.line}, character {error.column})"
        return (
            f"{prefix}The character '{wrong}' is a reserved JQL character. You must enclose it in a string or use "
            f"the escape '\\u{ord(wrong):04x}' instead. (line {error.line}, character {error.column})"
        )
    if isinstance(error, UnexpectedToken) and error.token.type != "$END":
        expected = _expected(set(error.accepts or error.expected))
        return f"{prefix}Expecting {expected} but got '{error.token}'. (line {error.line}, character {error.column})"
    accepted = set(getattr(error, "accepts", None) or getattr(error, "expected", None) or ())
    line, column = (jql.count("\n") + 1, len(jql) - jql.rfind("\n"))
    assert isinstance(error, UnexpectedToken | UnexpectedEOF)
    return f"{prefix}Expecting {_expected(accepted)} before the end of the query. (line {line}, character {column})"


def _expected(accepted: set[str]) -> str:
    if "COMPARISON" in accepted:
        return "operator"
    if {"AND", "OR"} & accepted:
        return "either 'OR' or 'AND'"
    if "EMPTY" in accepted:
        return "either a value, list or function"
    return "a field name"  # Unknown: Jira's words where a clause or an order should begin


def _unquote(token: Token) -> Literal:
    text = str(token)
    if token.type != "STRING":
        return Literal(text)
    plain, position = [], 1
    while position < len(text) - 1:
        if text[position] == "\\":
            position += 1
            plain.append(_ESCAPES.get(text[position], text[position]))
        else:
            plain.append(text[position])
        position += 1
    return Literal("".join(plain), quoted=True)


def _operands(parts: Sequence[object]) -> list[Operand]:
    return [part for part in parts if isinstance(part, Literal | Call | Empty | Many)]


def _predicates(parts: Sequence[object]) -> tuple[Predicate, ...]:
    return tuple(part for part in parts if isinstance(part, Predicate))


class _Builder(Transformer[Token, object]):
    """Turns lark's tree into ours; one method for each rule of the grammar."""

    def start(self, parts: list[object]) -> Query:
        where, order = parts
        assert order is None or isinstance(order, tuple)
        assert where is None or isinstance(where, Compare | Was | Not | And | Or)
        return Query(where, order or ())

    def disjunction(self, parts: list[object]) -> Or:
        return Or(tuple(part for part in parts if isinstance(part, Compare | Was | Not | And | Or)))

    def conjunction(self, parts: list[object]) -> And:
        return And(tuple(part for part in parts if isinstance(part, Compare | Was | Not | And | Or)))

    def negation(self, parts: list[object]) -> Not:
        inner = parts[-1]
        assert isinstance(inner, Compare | Was | Not | And | Or)
        return Not(inner)

    def term(self, parts: list[object]) -> object:
        return parts[0]

    def field(self, parts: list[Token]) -> str:
        name = str(parts[0])
        if name.casefold() in _RESERVED:
            raise Malformed(
                f"Error in the JQL Query: '{name}' is a reserved JQL word. You must surround it in quotation marks "
                f"to use it in a query. (line {parts[0].line}, character {parts[0].column})"
            )
        return _unquote(parts[0]).text

    def value(self, parts: list[Token]) -> Literal:
        return _unquote(parts[0])

    argument = value

    def empty(self, _parts: list[Token]) -> Empty:
        return Empty()

    def call(self, parts: list[object]) -> Call:
        name, *arguments = parts
        assert isinstance(name, Token)
        return Call(_unquote(name).text, tuple(part.text for part in arguments if isinstance(part, Literal)))

    def values(self, parts: list[object]) -> Many:
        return Many(tuple(_operands(parts)))

    def predicate(self, parts: list[object]) -> Predicate:
        (operand,) = _operands(parts)
        return Predicate(str(parts[0]).upper(), operand)

    def compare(self, parts: list[object]) -> Compare:
        return Compare(str(parts[0]), str(parts[1]), _operands(parts)[0])

    def within(self, parts: list[object]) -> Compare:
        return Compare(str(parts[0]), "in", _operands(parts)[0])

    def without(self, parts: list[object]) -> Compare:
        return Compare(str(parts[0]), "not in", _operands(parts)[0])

    def compare_is(self, parts: list[object]) -> Compare:
        return Compare(str(parts[0]), "is", _operands(parts)[0])

    def compare_is_not(self, parts: list[object]) -> Compare:
        return Compare(str(parts[0]), "is not", _operands(parts)[0])

    def was(self, parts: list[object]) -> Was:
        return Was(str(parts[0]), "was", _operands(parts)[0], _predicates(parts))

    def was_not(self, parts: list[object]) -> Was:
        return Was(str(parts[0]), "was not", _operands(parts)[0], _predicates(parts))

    def was_in(self, parts: list[object]) -> Was:
        return Was(str(parts[0]), "was in", _operands(parts)[0], _predicates(parts))

    def was_not_in(self, parts: list[object]) -> Was:
        return Was(str(parts[0]), "was not in", _operands(parts)[0], _predicates(parts))

    def changed(self, parts: list[object]) -> Was:
        return Was(str(parts[0]), "changed", None, _predicates(parts))

    def order(self, parts: list[object]) -> tuple[Sort, ...]:
        return tuple(part for part in parts if isinstance(part, Sort))

    def sort(self, parts: list[object]) -> Sort:
        direction = parts[1]
        return Sort(str(parts[0]), None if direction is None else str(direction).upper() == "DESC")
