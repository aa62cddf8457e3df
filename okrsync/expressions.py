"""Metrics computed from other metrics: ``won / closed * 100``, in exact decimals."""

from __future__ import annotations

import ast
import difflib
import operator
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from graphlib import CycleError, TopologicalSorter
from typing import Final

from simpleeval import SimpleEval

from okrsync.model import Answer, Evidence, Missing, Reading, Unit

_OPERATORS: Final[Mapping[type, Callable[..., Decimal]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_FUNCTIONS: Final[Mapping[str, Callable[..., Decimal]]] = {"min": min, "max": max, "abs": abs}
_ALLOWED: Final = "numbers, names of metrics, + - * /, parentheses, min(), max() and abs()"


def names(text: str) -> frozenset[str]:
    """The metrics that an expression uses. Raises ``ValueError`` with the place of what cannot be used."""
    return frozenset(node.id for node in _nodes(_parse(text)) if isinstance(node, ast.Name))


def order(expressions: Mapping[str, str], known: Collection[str]) -> list[str]:
    """The names of ``expressions`` so that each comes after those it uses; ``known`` are the metrics that are read.

    Raises ``ValueError`` for a name that is neither, and for metrics that are computed from one another.
    """
    uses = {metric: names(text) for metric, text in expressions.items()}
    there = {*known, *expressions}
    for metric, used in uses.items():
        for name in sorted(used - there):
            close = difflib.get_close_matches(name, sorted(there), n=1)
            meant = f"; did you mean {close[0]}?" if close else ""
            raise ValueError(f"{metric} uses {name}, but there is no such metric{meant}")
    graph = TopologicalSorter({metric: sorted(used & expressions.keys()) for metric, used in uses.items()})
    try:
        return list(graph.static_order())
    except CycleError as error:
        circle = " -> ".join(reversed(error.args[1]))
        raise ValueError(f"these metrics are computed from one another: {circle}") from error


def evaluate(metric: str, text: str, answers: Mapping[str, Answer], unit: Unit, at: datetime) -> Answer:
    """The value of ``text`` at the moment ``at``, or why there is none.

    The reading is as old as its oldest input and holds the inputs. A part without a value, a division by zero or a
    result that is no number makes it ``Missing``. Raises ``ValueError`` for bad syntax and ``KeyError`` for a name
    without an answer.
    """
    tree = _parse(text)
    parts = [
        answers[name] for name in sorted({node.id for node in _nodes(tree) if isinstance(node, ast.Name)})
    ]
    for part in parts:
        if isinstance(part, Missing):
            return Missing(
                metric=metric, cause=part.cause, reason=f"{part.metric}: {part.reason}", hint=part.hint
            )
    inputs = tuple(part for part in parts if isinstance(part, Reading))
    values = {reading.metric: reading.value for reading in inputs}
    engine = SimpleEval(operators=dict(_OPERATORS), functions=dict(_FUNCTIONS), names=values)
    value = Decimal(engine.eval(text, tree.body))
    return Reading(
        metric=metric,
        value=value,
        unit=unit,
        as_of=min((reading.as_of for reading in inputs), default=at),
        evidence=Evidence(source="expression", query=text),
        inputs=inputs,
    )


def _parse(text: str) -> ast.Expression:
    try:
        return ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        raise ValueError(f"{text!r} cannot be read at character {error.offset}; use {_ALLOWED}") from error


def _nodes(tree: ast.Expression) -> Iterator[ast.AST]:
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    return (node for node in ast.walk(tree) if id(node) not in called)
