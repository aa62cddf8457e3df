"""Compute metrics from other metrics, exactly: ``won / closed * 100``."""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Context, Decimal
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter
from typing import Final

from okrsync.model import OBSERVED, Answer, Cause, Evidence, NoValue, Reading, Unit, Window
from okrsync.spelling import did_you_mean

_OPERATORS: Final[Mapping[type[ast.operator], Callable[[Fraction, Fraction], Fraction]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_FUNCTIONS: Final[Mapping[str, Callable[..., Fraction]]] = {"min": min, "max": max, "abs": abs}
_ALLOWED: Final = "numbers, names of metrics, + - * /, parentheses, min(), max() and abs()"
_NUMBER: Final = re.compile(r"[0-9]+(\.[0-9]+)?")
# The recursion goes as deep as parentheses do: this keeps any text far from the interpreter's own limit.
_LONGEST: Final = 2000
_DEEPEST: Final = 100
# No metric is so large or so precise; without these limits a product of 1,000 factors would take minutes.
_MOST_DIGITS: Final = 1000
_MOST_BITS: Final = 100_000
_DIGITS: Final = Context(prec=28)


def names(text: str) -> frozenset[str]:
    """The metrics that an expression uses. Raises ``ValueError`` with the place of what cannot be used."""
    return frozenset(node.id for node in _named(parse(text)))


def order(expressions: Mapping[str, str], known: Collection[str]) -> list[str]:
    """The names of ``expressions`` so that each comes after those it uses; ``known`` are the metrics that are read.

    Raises ``ValueError`` for bad syntax, for a name that is neither, and for metrics computed from one another.
    """
    uses: dict[str, frozenset[str]] = {}
    there = sorted({*known, *expressions})
    for metric, text in expressions.items():
        try:
            uses[metric] = names(text)
        except ValueError as error:
            raise ValueError(f"{metric}: {error}") from None
        for name in sorted(uses[metric].difference(there)):
            meant = did_you_mean(name, there)
            raise ValueError(f"{metric} uses {name}, but there is no such metric; {meant}")
    graph = {metric: sorted(used & expressions.keys()) for metric, used in uses.items()}
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        # graphlib names what is needed first; people read "a -> b" as "a needs b".
        circle = " -> ".join(reversed(error.args[1]))
        raise ValueError(f"these metrics are computed from one another: {circle}") from None


def evaluate(metric: str, text: str, answers: Mapping[str, Answer], unit: Unit, at: datetime) -> Answer:
    """The value of ``text`` in ``unit``, or why there is none.

    The reading holds its inputs, is as old as the oldest of them (``at`` if there are none), and has their window
    if they share one. A part without a value, a division by 0 or a result beyond all bounds makes it ``NoValue``.
    Raises ``ValueError`` for bad syntax and ``KeyError`` for a name without an answer.
    """
    tree = parse(text)
    parts = [answers[name] for name in dict.fromkeys(node.id for node in _named(tree))]
    missing = [part for part in parts if isinstance(part, NoValue)]
    if missing:
        reason = "; ".join(f"{part.metric}: {part.reason}" for part in missing)
        return NoValue(metric=metric, cause=missing[0].cause, reason=reason, hint=missing[0].hint)
    inputs = [part for part in parts if isinstance(part, Reading)]
    written = " ".join(text.split())
    values = {name: answer.value for name, answer in answers.items() if isinstance(answer, Reading)}
    try:
        exact = _value(tree.body, values)
        value = _DIGITS.divide(Decimal(exact.numerator), Decimal(exact.denominator))
    except ArithmeticError:
        divisor = _zero_divisor(tree, values)
        if divisor is None:
            return NoValue(metric=metric, cause=Cause.DATA, reason=f"{written} has no finite value")
        return NoValue(metric=metric, cause=Cause.EMPTY, reason=f"{written}: {source_of(text, divisor)} is 0")
    return Reading(
        metric=metric,
        value=value,
        unit=unit,
        as_of=min((reading.as_of for reading in inputs), default=at),
        evidence=Evidence(source="expression", query=f"{written} = {_substituted(text, tree, values)}"),
        window=_shared([reading.window for reading in inputs]),
        method=next((reading.method for reading in inputs if reading.method != OBSERVED), OBSERVED),
        inputs=tuple(inputs),
    )


# ---- Syntax ---------------------------------------------------------------------------------------------------


def parse(text: str) -> ast.Expression:
    """The checked tree of an expression, its literals turned into the decimals they are written as."""
    if len(text) > _LONGEST:
        raise ValueError(
            f"the expression has {len(text)} characters; split it into metrics of at most {_LONGEST}"
        )
    if "#" in text:
        raise ValueError(f"{_short(text)} holds a #, and nothing after it would count; use {_ALLOWED}")
    try:
        tree = ast.parse(_one_line(text), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        offset = getattr(error, "offset", None)
        where = f"at character {offset + len(text) - len(_one_line(text))}" if offset else "to its end"
        raise ValueError(f"{_short(text)} cannot be read {where}; use {_ALLOWED}") from None
    _check(tree.body, text, 0)
    return tree


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else f"{text[:60]}…")


def _one_line(text: str) -> str:
    """``text`` without its line ends and with every other character at its own place, but for leading blanks."""
    return re.sub(r"\s", " ", text).lstrip(" ")


def _check(node: ast.AST, text: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise ValueError("the expression is nested too deeply; split it into several metrics")
    match node:
        case ast.Constant():
            if not _NUMBER.fullmatch(source_of(text, node)):
                raise _refused(node, text)
            # As it is written: Python has read 0.1 as the float next to it.
            node.value = source_of(text, node)
        case ast.BinOp():
            first, steps = flat(node)
            for step in steps:
                if type(step.op) not in _OPERATORS:
                    raise _refused(step, text)
                _check(step.right, text, depth + 1)
            _check(first, text, depth + 1)
        case ast.UnaryOp(ast.USub(), operand):
            _check(operand, text, depth + 1)
        case ast.Call(ast.Name(function), args, []) if function in _FUNCTIONS:
            if (len(args) == 1) != (function == "abs") or not args:
                takes = "one number" if function == "abs" else "two numbers or more"
                raise ValueError(f"{function}() takes {takes}, not {len(args)}: {source_of(text, node)!r}")
            for arg in args:
                _check(arg, text, depth + 1)
        case ast.Name():
            pass
        case _:
            raise _refused(node, text)


def _refused(node: ast.AST, text: str) -> ValueError:
    start, _ = _place(text, node)
    return ValueError(
        f"{_short(source_of(text, node))} at character {start + 1} cannot be used; use {_ALLOWED}"
    )


def _place(text: str, node: ast.AST) -> tuple[int, int]:
    """The node's place in ``text``, in characters: Python counts bytes of UTF-8, without leading blanks."""
    assert isinstance(node, ast.expr)
    line = _one_line(text)
    lead = len(text) - len(line)
    start, end = (len(line.encode()[:byte].decode()) for byte in (node.col_offset, node.end_col_offset or 0))
    return lead + start, lead + end


def source_of(text: str, node: ast.AST) -> str:
    start, end = _place(text, node)
    return " ".join(text[start:end].split())


def _named(tree: ast.Expression) -> Iterator[ast.Name]:
    """The names of metrics in the text, from left to right."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called]
    return iter(sorted(found, key=lambda node: node.col_offset))


# ---- Value ----------------------------------------------------------------------------------------------------


def _value(node: ast.expr, values: Mapping[str, Decimal]) -> Fraction:
    """The exact value: 1 / 3 * 3 is 1. Raises ``ArithmeticError`` if there is no finite one."""
    match node:
        case ast.Constant(str(digits)):
            return Fraction(digits)
        case ast.Name(name):
            return _fraction(values[name])
        case ast.Call(ast.Name(function), args):
            return _FUNCTIONS[function](*(_value(arg, values) for arg in args))
        case ast.UnaryOp(_, operand):
            return -_value(operand, values)
    assert isinstance(node, ast.BinOp)
    first, steps = flat(node)
    value = _value(first, values)
    for step in steps:
        value = _OPERATORS[type(step.op)](value, _value(step.right, values))
        if value.numerator.bit_length() + value.denominator.bit_length() > _MOST_BITS:
            raise OverflowError
    return value


def flat(node: ast.BinOp) -> tuple[ast.expr, list[ast.BinOp]]:
    """``a + b - c`` as ``a`` and its steps: Python nests a sum as deep as it has terms, people do not."""
    first: ast.expr = node
    steps = []
    while isinstance(first, ast.BinOp):
        steps.append(first)
        first = first.left
    return first, steps[::-1]


def _fraction(value: Decimal) -> Fraction:
    if not value.is_finite() or abs(value.adjusted()) > _MOST_DIGITS:
        raise OverflowError
    return Fraction(value)


def _zero_divisor(tree: ast.Expression, values: Mapping[str, Decimal]) -> ast.expr | None:
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            try:
                if _value(node.right, values) == 0:
                    return node.right
            except ArithmeticError:
                continue  # the zero is inside this divisor, and has a node of its own
    return None


def _substituted(text: str, tree: ast.Expression, values: Mapping[str, Decimal]) -> str:
    """``text`` with the values in place of the names."""
    pieces, behind = [], 0
    for node in _named(tree):
        start, end = _place(text, node)
        shown = f"{values[node.id].normalize():f}"
        pieces += [text[behind:start], f"({shown})" if shown.startswith("-") else shown]
        behind = end
    return " ".join("".join([*pieces, text[behind:]]).split())


def _shared(items: Sequence[Window | None]) -> Window | None:
    return items[0] if items and all(item == items[0] for item in items) else None
