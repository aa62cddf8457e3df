"""Follow an issue's way through its statuses, from its creation until today. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from okrsync_jira.issues import Issue
from okrsync_jira.replay import born
from okrsync_jira.statuses import Statuses
from okrsync_jira.values import STATUS, changes_of, value_at

DONE: Final = "done"
IN_PROGRESS: Final = "indeterminate"
_FOREVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stretch:
    """An issue was in a status for ``[start, end)``; ``category`` is None if it is not known."""

    status: str
    name: str
    category: str | None
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Flow:
    """One issue's way through its statuses; the last stretch may end after the moment asked about."""

    issue: Issue
    stretches: tuple[Stretch, ...]

    def until(self, at: datetime) -> Flow:
        """The stretches that had begun by ``at``."""
        return Flow(self.issue, tuple(one for one in self.stretches if one.start <= at))

    @property
    def finished(self) -> datetime | None:
        """The start of the last unbroken run of done statuses; None if it is not done."""
        start = None
        for stretch in reversed(self.stretches):
            if stretch.category != DONE:
                break
            start = stretch.start
        return start

    @property
    def first_finished(self) -> datetime | None:
        return next((one.start for one in self.stretches if one.category == DONE), None)

    def started(self, which: str, before: datetime) -> datetime | None:
        """The first or last entry into a status in progress before ``before``."""
        runs = [
            one.start
            for previous, one in zip((None, *self.stretches), self.stretches, strict=False)
            if one.category == IN_PROGRESS
            and one.start < before
            and (previous is None or previous.category != IN_PROGRESS)
        ]
        return (runs[0] if which == "first" else runs[-1]) if runs else None


def flow(issue: Issue, statuses: Statuses) -> Flow:
    """The statuses of an issue from its creation until today and on."""
    held = value_at(issue, STATUS, born(issue) - timedelta.resolution, statuses) or {}
    places = [(born(issue), str(held.get("id", "")), str(held.get("name", "")))]
    places += [(move.at, move.new or "", move.new_text or "") for move in changes_of(issue, STATUS)]
    ends = [start for start, _, _ in places[1:]] + [_FOREVER]
    return Flow(
        issue,
        tuple(
            Stretch(status, statuses.name(status, name), statuses.category(status, name), start, end)
            for (start, status, name), end in zip(places, ends, strict=True)
        ),
    )
