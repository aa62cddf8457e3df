"""Declare what can be read from Jira, and merge the reads of many questions into few."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from okrsync.model import Window
from okrsync_jira.fields import Field
from okrsync_jira.hierarchy import Links

History = frozenset[str] | None
"""Ids of the fields whose changes are wanted: if it is empty, those of all fields; if it is None, no changes."""


@dataclass(frozen=True, slots=True)
class Search:
    """All issues of a JQL, with these fields. Not ``exact``: an estimate of their number will do.

    ``since``: only those that were touched since then, and ``narrow``: only those of this JQL too, because nothing else
    can matter. ``scoped``: for a scope, whose questions of today and of other days are answered from one read.
    """

    jql: str
    fields: frozenset[str] = frozenset()
    exact: bool = True
    history: History = None
    since: datetime | None = None
    narrow: str = ""
    scoped: bool = False

    @property
    def subject(self) -> Hashable:
        # A count of keys is cheap and must not be drawn into a search that brings all changes along.
        return self.jql, self.scoped, self.since is not None

    def joined(self, other: Search) -> Search:
        since = min(self.since, other.since) if self.since and other.since else None
        return replace(
            self,
            fields=self.fields | other.fields,
            exact=self.exact or other.exact,
            history=_joined(self.history, other.history),
            since=since,
            narrow=self.narrow if self.narrow == other.narrow else "",
        )


@dataclass(frozen=True, slots=True)
class Events:
    """How many issues of a JQL were ``created`` or ``resolved`` in each of these windows."""

    jql: str
    date: str
    windows: frozenset[Window]

    @property
    def subject(self) -> Hashable:
        return "events", self.jql, self.date

    def joined(self, other: Events) -> Events:
        return replace(self, windows=self.windows | other.windows)


@dataclass(frozen=True, slots=True)
class Below:
    """The pieces of work below these parents, with these fields.

    ``former`` is JQL of the issues that may have been there before; those touched ``since`` then matter.
    """

    parents: tuple[str, ...]
    links: Links
    fields: frozenset[str] = frozenset()
    history: History = None
    former: str = ""
    since: datetime | None = None

    @property
    def subject(self) -> Hashable:
        return self.parents, self.former

    def joined(self, other: Below) -> Below:
        return replace(
            self,
            fields=self.fields | other.fields,
            history=_joined(self.history, other.history),
            since=min(self.since, other.since) if self.since and other.since else None,
        )


@dataclass(frozen=True, slots=True)
class Sprints:
    """The closed sprints of a board and their issues: for each moment ``asked``, the last so many before it.

    ``estimated``: with the field that the board itself estimates by.
    """

    board: int
    fields: frozenset[Field]
    estimated: bool
    sprint: Field
    asked: frozenset[tuple[datetime, int]]

    @property
    def subject(self) -> Hashable:
        return "board", self.board

    def joined(self, other: Sprints) -> Sprints:
        return replace(
            self,
            fields=self.fields | other.fields,
            estimated=self.estimated or other.estimated,
            asked=self.asked | other.asked,
        )


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Which statuses there are, and their categories."""

    @property
    def subject(self) -> Hashable:
        return "statuses"

    def joined(self, _: Catalogue) -> Catalogue:
        return self


Read = Search | Events | Below | Sprints | Catalogue


def merged(reads: Iterable[Read]) -> dict[Hashable, Read]:
    """What serves each subject, with the union of what anybody reads of it; one read may serve two."""
    found: dict[Hashable, Read] = {}
    for read in reads:
        known = found.get(read.subject)
        found[read.subject] = read if known is None else known.joined(read)  # type: ignore[arg-type]
    for subject, read in list(found.items()):
        if isinstance(read, Search) and read.since is not None:
            whole = found.get(replace(read, since=None).subject)
            # If all changes of a scope are read anyway, the latest are among them.
            if isinstance(whole, Search) and whole.history is not None and not whole.narrow:
                found[subject] = found[whole.subject] = whole.joined(read)
    return found


def _joined(one: History, other: History) -> History:
    if one is None or other is None:
        return other if one is None else one
    return one | other if one and other else frozenset()
