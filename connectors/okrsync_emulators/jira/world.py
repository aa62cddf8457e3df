"""Declare the state of a Jira site: people, projects, statuses, fields, issues and their changes.

Instants are epoch milliseconds, as Jira keeps them. A status is held by its id, a person by the e-mail address, an
option, type, priority or resolution by its name, a set of values as a tuple.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Kind = Literal["cloud", "data_center"]
Credential = Literal["classic", "scoped", "service"]

CATEGORIES: Final[Mapping[str, tuple[int, str, str, str]]] = {
    # key: id, English, German, colour; ids and keys never change with the language
    "undefined": (1, "No Category", "Keine Kategorie", "medium-gray"),
    "new": (2, "To Do", "Zu erledigen", "blue-gray"),
    "indeterminate": (4, "In Progress", "In Arbeit", "yellow"),
    "done": (3, "Done", "Fertig", "green"),
}
TYPES: Final[Mapping[str, tuple[int, int]]] = {
    # name: id, hierarchy level
    "Initiative": (10100, 2),
    "Epic": (10000, 1),
    "Story": (10001, 0),
    "Task": (10002, 0),
    "Bug": (10004, 0),
    "Sub-task": (10003, -1),
}
PRIORITIES: Final = ("Highest", "High", "Medium", "Low", "Lowest")
RESOLUTIONS: Final[Mapping[str, int]] = {
    "Done": 10000,
    "Won't Do": 10001,
    "Duplicate": 10002,
    "Cannot Reproduce": 10003,
}
SPRINT: Final = "customfield_10020"
EPIC_LINK: Final = "customfield_10014"
PARENT_LINK: Final = "customfield_10018"


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """``names`` are translations by language; a deleted status lives on in changelogs only."""

    id: str
    name: str
    category: str
    names: Mapping[str, str] = field(default_factory=dict)
    deleted: bool = False

    def shown(self, language: str) -> str:
        return self.names.get(language, self.name)


@dataclass(slots=True, kw_only=True)
class User:
    """``can_see`` holds project keys, or None for every project."""

    email: str
    name: str
    token: str
    account_id: str
    timezone: str = "Europe/Berlin"
    locale: str = "en_US"
    can_see: frozenset[str] | None = None
    credential: Credential = "classic"
    password: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """``type`` is the schema's type; ``item`` its element type if it is ``array``."""

    id: str
    name: str
    type: str
    item: str | None = None
    custom: str | None = None
    project: str | None = None
    clauses: tuple[str, ...] = ()

    @property
    def number(self) -> str:
        """The number in ``customfield_<number>``, else empty."""
        return self.id.removeprefix("customfield_") if self.id.startswith("customfield_") else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """``public`` projects are seen by everybody who is not signed in, too."""

    id: int
    key: str
    name: str
    archived: bool = False
    public: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One field's change inside a history; the texts are the names as they were at that time."""

    field: str
    field_id: str | None
    old: str | None
    old_text: str | None
    new: str | None
    new_text: str | None
    custom: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One history entry: everything that one save changed."""

    id: int
    at: int
    author: str
    items: tuple[Item, ...]


@dataclass(slots=True, kw_only=True)
class Issue:
    """``values`` by field id; a missing key is an empty field."""

    id: int
    key: str
    project: str
    number: int
    values: dict[str, Any]
    changes: list[Change] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """``columns`` are pairs of a name and status ids; ``estimation`` is a field id. A private board answers 404."""

    id: int
    name: str
    type: str
    project: str
    columns: tuple[tuple[str, tuple[str, ...]], ...]
    estimation: str | None = None
    private: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sprint:
    id: int
    name: str
    board: int
    state: str
    start: int | None = None
    end: int | None = None
    complete: int | None = None
    goal: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    id: int
    name: str
    jql: str
    owner: str


@dataclass(slots=True)
class World:
    """Everything on the site. ``now`` gives epoch milliseconds."""

    kind: Kind
    now: Callable[[], int]
    users: dict[str, User] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    statuses: dict[str, Status] = field(default_factory=dict)
    fields: dict[str, Field] = field(default_factory=dict)
    issues: dict[str, Issue] = field(default_factory=dict)
    boards: dict[int, Board] = field(default_factory=dict)
    sprints: dict[int, Sprint] = field(default_factory=dict)
    filters: dict[int, Filter] = field(default_factory=dict)
    by_id: dict[int, Issue] = field(default_factory=dict)
    former: dict[str, int] = field(default_factory=dict)
    last_issue: int = 10_000
    last_change: int = 20_000

    def status(self, name: str, language: str = "en") -> Status | None:
        """The status with this id or name (as it is, or as it is shown in ``language``), in any case of letters."""
        if name in self.statuses:
            return self.statuses[name]
        folded = name.casefold()
        return next(
            (
                status
                for status in self.statuses.values()
                if folded in {status.name.casefold(), status.shown(language).casefold()}
            ),
            None,
        )

    def named(self, name: str) -> list[Field]:
        """The fields with this id or, in any case of letters, this name or clause name."""
        folded = name.casefold()
        return [
            known
            for known in self.fields.values()
            if folded in {known.id.casefold(), known.name.casefold()}
            or folded in known.clauses
            or (known.number and folded == f"cf[{known.number}]")
        ]

    def issue(self, name: str) -> Issue | None:
        """The issue with this key or numeric id.

        A moved issue answers to its former keys, and shows its own. Documented for an issue's own address ("a
        case-insensitive search and check for moved issues is performed"); ``key in (CHAZ-7)`` found FXAI-54 in
        chardigio/pappardelle pull request 4. Unknown: whether ``parent`` in JQL takes former keys, too; here it does.
        """
        if name.isdigit():
            return self.by_id.get(int(name))
        known = self.issues.get(name.upper())
        return known or self.by_id.get(self.former.get(name.upper(), 0))

    def add(self, issue: Issue) -> None:
        self.issues[issue.key] = issue
        self.by_id[issue.id] = issue
        for made in issue.changes:
            self.former |= {str(item.old_text): issue.id for item in made.items if item.field == "Key"}

    def level(self, issue: Issue) -> int:
        """The issue's hierarchy level: -1 sub-task, 0 story, 1 epic, above."""
        return TYPES.get(issue.values["issuetype"], (0, 0))[1]

    def change(self, issue: Issue, at: int, author: str, items: Iterable[Item]) -> Change:
        """Put a history entry at the end of the issue's changelog; the values are left to the caller."""
        self.last_change += 1
        entry = Change(id=self.last_change, at=at, author=author, items=tuple(items))
        issue.changes.append(entry)
        return entry


def id_of(name: str) -> str:
    """A number that stays the same for a name: seeds give names only."""
    return str(20_000 + sum(ord(letter) * (position + 1) for position, letter in enumerate(name)) % 9_999)
