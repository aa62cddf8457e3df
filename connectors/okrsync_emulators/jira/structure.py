"""Show a parsed JQL query in the shape of Jira Cloud's ``jql/parse``."""

from __future__ import annotations

import re
from typing import Any

from okrsync_emulators.jira.tree import (
    And,
    Call,
    Compare,
    Condition,
    Empty,
    Literal,
    Many,
    Not,
    Operand,
    Or,
    Query,
    Sort,
    Was,
)


def structure(query: Query) -> dict[str, Any]:
    """``where`` and ``orderBy``, each only if the query has it."""
    shown: dict[str, Any] = {}
    if query.where is not None:
        shown["where"] = _clause(query.where)
    if query.order:
        shown["orderBy"] = {"fields": [_sort(sort) for sort in query.order]}
    return shown


def _clause(condition: Condition) -> dict[str, Any]:
    if isinstance(condition, Not):
        return {"operator": "not", "clauses": [_clause(condition.inner)]}
    if isinstance(condition, And | Or):
        word = "and" if isinstance(condition, And) else "or"
        return {"operator": word, "clauses": [_clause(member) for member in condition.members]}
    if isinstance(condition, Compare):
        return {
            "field": _field(condition.field),
            "operator": condition.operator,
            "operand": _operand(condition.operand),
        }
    return _past(condition)


def _past(clause: Was) -> dict[str, Any]:
    predicates = [
        {"operator": one.word.lower(), "operand": _operand(one.operand)} for one in clause.predicates
    ]
    shown: dict[str, Any] = {"field": _field(clause.field), "operator": clause.operator}
    if clause.operand is not None:
        shown["operand"] = _operand(clause.operand)
    return {**shown, "predicates": predicates}


def _field(name: str) -> dict[str, str]:
    return {"name": name, "encodedName": _encoded(name)}


def _operand(operand: Operand) -> dict[str, Any]:
    if isinstance(operand, Many):
        values = [_operand(member) for member in operand.members]
        listed = ", ".join(str(value.get("encodedOperand") or value["encodedValue"]) for value in values)
        return {"values": values, "encodedOperand": f"({listed})"}
    if isinstance(operand, Empty):
        return {"keyword": "empty", "encodedOperand": "EMPTY"}
    if isinstance(operand, Call):
        called = f"{operand.name}({', '.join(map(_encoded, operand.arguments))})"
        return {"function": operand.name, "arguments": list(operand.arguments), "encodedOperand": called}
    assert isinstance(operand, Literal)
    return {"value": operand.text, "encodedValue": _encoded(operand.text)}


def _sort(sort: Sort) -> dict[str, Any]:
    shown: dict[str, Any] = {"field": _field(sort.field)}
    return shown if sort.descending is None else {**shown, "direction": "desc" if sort.descending else "asc"}


def _encoded(text: str) -> str:
    # Unknown: which texts Jira puts into quotation marks; here those that are not one plain word.
    return text if re.fullmatch(r"[\w.\[\]-]+", text) else '"' + text.replace('"', '\\"') + '"'
