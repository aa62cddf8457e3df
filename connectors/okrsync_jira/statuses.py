"""Know the category of a status by its id, also if the status was renamed or deleted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from okrsync.connector import NoValueError
from okrsync.model import Cause

BUILT_IN: Final[Mapping[str, str]] = {
    "1": "new",
    "3": "indeterminate",
    "4": "new",
    "5": "done",
    "6": "done",
}
"""Categories of the statuses that every Jira has had from the start: Open, In Progress, Reopened, Resolved, Closed."""


@dataclass(frozen=True, slots=True)
class Statuses:
    """``names`` and ``categories`` by id, as they are today; ``mapped`` is the user's word on those that are gone."""

    names: Mapping[str, str]
    categories: Mapping[str, str]
    mapped: Mapping[str, str]

    def category(self, status: str, name: str) -> str | None:
        """``new``, ``indeterminate`` or ``done``; None if it is not known, which is never guessed.

        What is there today counts as it counts today; of what is gone, the user knows more than the built-in ids do.
        """
        today = self.categories.get(status)
        if today is not None:
            return today
        return self.mapped.get(status) or self.mapped.get(name.casefold()) or BUILT_IN.get(status)

    def name(self, status: str, then: str) -> str:
        """What the status is called today or, if it is gone, what it was called then."""
        return self.names.get(status, then)

    def shaped(self, status: str, then: str) -> Mapping[str, Any]:
        """The status as the field of an issue would show it, had it not moved on."""
        key = self.category(status, then)
        return {"id": status, "name": self.name(status, then), "statusCategory": {"key": key}}


def statuses(raw: Iterable[Mapping[str, Any]], mapped: Mapping[str, str]) -> Statuses:
    """From what Jira answers to "which statuses are there"."""
    known = {str(status["id"]): status for status in raw}
    return Statuses(
        names={key: str(status.get("name", key)) for key, status in known.items()},
        categories={
            key: str(category)
            for key, status in known.items()
            if (category := (status.get("statusCategory") or {}).get("key"))
        },
        mapped=mapped,
    )


class UnknownStatusError(NoValueError):
    """There is no number while the YAML does not say what a deleted status meant."""

    def __init__(self, issue: str, status: str, name: str) -> None:
        super().__init__(
            Cause.CONFIG,
            f"{issue} was in the status {name!r} (id {status}), which is gone from Jira, and nobody has said whether "
            "that was done",
            hint=f'add to the connection: status_map: {{"{status}": done}}, or to do, or in progress',
        )
