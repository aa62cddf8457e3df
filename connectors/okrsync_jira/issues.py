"""Holds issues and search results, and checks the shape of Jira's answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from okrsync_jira.changelog import Move, Shared, is_history, moment, torn


@dataclass(frozen=True, slots=True)
class Issue:
    """``moves`` are the changes of the fields that were asked for, oldest first; none where none were asked for.

    ``born`` is when it was created, where that was asked for; ``torn`` says that its changes of status do not follow
    from one another.
    """

    id: str
    key: str
    fields: Mapping[str, Any]
    moves: tuple[Move, ...] = ()
    born: datetime | None = None
    torn: bool = False


def issue(raw: Mapping[str, Any], changes: tuple[Move, ...], shared: Shared) -> Issue:
    """An issue of a page, with its changes."""
    fields = raw.get("fields") or {}
    created = fields.get("created")
    found = Issue(
        id=raw["id"],
        key=raw.get("key", raw["id"]),
        fields={name: shared.value(value) for name, value in fields.items()},
        born=moment(created) if created else None,
    )
    return changed(found, changes)


def changed(found: Issue, changes: tuple[Move, ...]) -> Issue:
    """The issue with its changes, which came by themselves."""
    return replace(found, moves=changes, torn=torn((found.fields.get("status") or {}).get("id"), changes))


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """What a search came to. ``issues`` is empty where only the number was asked for.

    ``above`` are the epics and the like in between, which are no work themselves; ``note`` are facts worth showing.
    ``kept`` is what one question has worked out of the issues and the next may use.
    """

    jql: str
    count: int
    issues: tuple[Issue, ...] = ()
    above: tuple[Issue, ...] = ()
    pages: int = 1
    note: tuple[tuple[str, str], ...] = ()
    kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)


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
