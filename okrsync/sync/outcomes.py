"""What a run leaves in the ledger for ``status`` and ``explain``: plain data, no requests needed to show it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Any, get_args

from okrsync.model import Answer, Decision, Quantity, Reading, Row, Stored
from okrsync.progress import Goal
from okrsync.sync.assessing import Standing


def by_subject(decisions: Iterable[Decision]) -> dict[str, list[Decision]]:
    """The decisions of each key result, objective and so on, in the plan's order."""
    found: dict[str, list[Decision]] = {}
    for one in decisions:
        found.setdefault(one.subject, []).append(one)
    return found


def outcome_of(standing: Standing | None, row: Row | None, decisions: Sequence[Decision]) -> dict[str, Any]:
    """Everything known of one key result (or, with no standing, of one objective) after a run."""
    detail: dict[str, Any] = {
        "title": row.title if row is not None else "",
        "url": row.url if row is not None else "",
        "cells": {one.cell: _cell(one) for one in decisions},
    }
    if standing is None:
        return detail
    key_result, answer = standing.key_result, standing.answer
    detail |= {
        "metric": key_result.metric,
        "unit": str(key_result.unit),
        "goal": _goal(standing.goal),
        "value": _number(standing.value),
        "progress": _number(standing.progress),
        "expected": _number(standing.expected),
        "status": str(standing.status) if standing.status is not None else None,
        "blocked": standing.blocked.reason if standing.blocked is not None else None,
        "answer": answer_detail(answer),
        "baseline": answer_detail(standing.baseline) if standing.baseline is not None else None,
        "history": [_number(value) for value in standing.history],
    }
    if isinstance(answer, Reading) and answer.window is not None:
        detail["window"] = answer.window.label
    return detail


def _goal(goal: Goal | None) -> dict[str, Any] | None:
    if goal is None:
        return None
    numbers = {name: _plain_number(value) for name, value in asdict(goal).items()}
    return {"form": type(goal).__name__, **numbers}


def _plain_number(value: object) -> Any:
    return _number(value) if isinstance(value, Decimal) else value


def goal_from(detail: Mapping[str, Any]) -> Goal:
    """The goal that ``outcome_of`` left as plain data."""
    kind = {one.__name__: one for one in get_args(Goal)}[detail["form"]]
    numbers = {
        name: Decimal(value) if isinstance(value, str) else value
        for name, value in detail.items()
        if name != "form"
    }
    goal: Goal = kind(**numbers)
    return goal


def answer_detail(answer: Answer) -> dict[str, Any]:
    """A reading with its evidence, or why there is none, as plain data."""
    if not isinstance(answer, Reading):
        return {
            "missing": answer.reason,
            "cause": str(answer.cause),
            "hint": answer.hint,
            "metric": answer.metric,
        }
    window = answer.window
    return {
        "metric": answer.metric,
        "value": _number(answer.value),
        "unit": str(answer.unit),
        "as_of": answer.as_of.isoformat(),
        "method": answer.method,
        "source": answer.evidence.source,
        "query": answer.evidence.query,
        "rows": answer.evidence.rows,
        "facts": dict(answer.evidence.facts),
        "window": [window.start.isoformat(), window.end.isoformat(), window.label]
        if window is not None
        else None,
        "inputs": [answer_detail(one) for one in answer.inputs],
    }


def _cell(one: Decision) -> dict[str, Any]:
    return {
        "verdict": str(one.verdict),
        "reason": one.reason,
        "hint": one.hint,
        "hold": str(one.hold) if one.hold is not None else None,
        "last": _stored(one.last),
        "now": _stored(one.now),
        "wanted": _stored(one.wanted),
        "shown": _stored(one.shown.value) if isinstance(one.shown, Quantity) else _plain(one.shown),
        "fraction": one.fraction,
    }


def _stored(value: Stored) -> Any:
    return _number(value) if isinstance(value, Decimal) else value


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _number(value: Decimal | None) -> str | None:
    return f"{value.normalize():f}" if value is not None else None
