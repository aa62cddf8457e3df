"""What Jira's answers become once they are believed, and how an answer must look for that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Issue:
    id: str
    key: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search came to. ``issues`` is empty where only the number was asked for; ``note`` are facts on it."""

    jql: str
    count: int
    issues: tuple[Issue, ...] = ()
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
