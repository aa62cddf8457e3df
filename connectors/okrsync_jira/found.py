"""What Jira's answers become once they are believed, and how an answer must look for that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from okrsync_jira.changelog import Move, is_history


@dataclass(frozen=True, slots=True)
class Issue:
    """``moves`` are the changes of the fields that were asked for, oldest first; none where none were asked for."""

    id: str
    key: str
    fields: Mapping[str, Any]
    moves: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search came to. ``issues`` is empty where only the number was asked for.

    ``above`` are the epics and the like in between, which are no work themselves; ``note`` are facts worth showing.
    """

    jql: str
    count: int
    issues: tuple[Issue, ...] = ()
    above: tuple[Issue, ...] = ()
    pages: int = 1
    note: tuple[tuple[str, str], ...] = ()


def has(answer: Any, name: str) -> bool:
    return isinstance(answer, dict) and bool(answer.get(name))


def is_count(answer: Any, name: str) -> bool:
    return isinstance(answer, dict) and type(answer.get(name)) is int and answer[name] >= 0


def is_page(answer: Any) -> bool:
    return (
        isinstance(answer, dict)
        and isinstance(answer.get("issues"), list)
        and all(isinstance(raw, dict) and isinstance(raw.get("id"), str) for raw in answer["issues"])
    )


def is_counted_page(answer: Any) -> bool:
    return is_page(answer) and is_count(answer, "total")


def is_change_page(answer: Any) -> bool:
    return (
        isinstance(answer, dict)
        and isinstance(answer.get("issueChangeLogs"), list)
        and all(
            isinstance(log, dict)
            and isinstance(log.get("issueId"), str)
            and isinstance(log.get("changeHistories"), list)
            and all(map(is_history, log["changeHistories"]))
            for log in answer["issueChangeLogs"]
        )
    )


def is_page_with_changes(answer: Any) -> bool:
    return is_counted_page(answer) and all(
        isinstance(log := raw.get("changelog"), dict)
        and isinstance(log.get("histories"), list)
        and all(map(is_history, log["histories"]))
        for raw in answer["issues"]
    )
