"""The state of one Jira site: people, projects, statuses, fields, issues and what happened to them.

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
    """``type`` is the schema's type; ``item`` its element type where it is ``array``."""

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
        """The issue with this key or numeric id."""
        if name.isdigit():
            return self.by_id.get(int(name))
        return self.issues.get(name.upper())

    def add(self, issue: Issue) -> None:
        self.issues[issue.key] = issue
        self.by_id[issue.id] = issue

    def level(self, issue: Issue) -> int:
        """The issue's hierarchy level: -1 sub-task, 0 story, 1 epic, above."""
        return TYPES.get(issue.values["issuetype"], (0, 0))[1]

    def change(self, issue: Issue, at: int, author: str, items: Iterable[Item]) -> Change:
        """Put a history entry at the end of the issue's changelog; the values are left to the caller."""
        self.last_change += 1
        entry = Change(id=self.last_change, at=at, author=author, items=tuple(items))
        issue.changes.append(entry)
        return entry


def default_statuses() -> list[Status]:
    return [
        Status(id="10000", name="To Do", category="new", names={"de": "Zu erledigen"}),
        Status(id="3", name="In Progress", category="indeterminate", names={"de": "In Arbeit"}),
        Status(id="10001", name="In Review", category="indeterminate", names={"de": "In Prüfung"}),
        Status(id="10002", name="Done", category="done", names={"de": "Fertig"}),
    ]


def default_fields(kind: Kind) -> list[Field]:
    """The system fields, and those custom fields that Jira Software itself brings along."""
    greenhopper = "com.pyxis.greenhopper.jira"
    found = [
        Field(id="issuekey", name="Key", type="string", clauses=("key", "issue", "issuekey", "id")),
        Field(id="project", name="Project", type="project", clauses=("project",)),
        Field(id="issuetype", name="Issue Type", type="issuetype", clauses=("issuetype", "type")),
        Field(id="status", name="Status", type="status", clauses=("status",)),
        Field(id="statusCategory", name="Status Category", type="statusCategory", clauses=("statuscategory",)),
        Field(id="resolution", name="Resolution", type="resolution", clauses=("resolution",)),
        Field(id="created", name="Created", type="datetime", clauses=("created", "createddate")),
        Field(id="updated", name="Updated", type="datetime", clauses=("updated", "updateddate")),
        Field(id="resolutiondate", name="Resolved", type="datetime", clauses=("resolutiondate", "resolved")),
        Field(id="duedate", name="Due date", type="date", clauses=("due", "duedate")),
        Field(id="assignee", name="Assignee", type="user", clauses=("assignee",)),
        Field(id="reporter", name="Reporter", type="user", clauses=("reporter",)),
        Field(id="priority", name="Priority", type="priority", clauses=("priority",)),
        Field(id="labels", name="Labels", type="array", item="string", clauses=("labels",)),
        Field(id="fixVersions", name="Fix versions", type="array", item="version", clauses=("fixversion",)),
        Field(id="components", name="Components", type="array", item="component", clauses=("component",)),
        Field(id="summary", name="Summary", type="string", clauses=("summary",)),
        Field(id="parent", name="Parent", type="issuelink", clauses=("parent",)),
        Field(
            id=SPRINT,
            name="Sprint",
            type="array",
            item="json",
            custom=f"{greenhopper}:gh-sprint",
            clauses=("sprint",),
        ),
    ]
    if kind == "cloud":
        found.append(
            Field(
                id="statuscategorychangedate",
                name="Status Category Changed",
                type="datetime",
                clauses=("statuscategorychangeddate",),
            )
        )
        # "Epic Link" and "Parent Link" still work in Cloud's JQL and mean the parent.
        return [
            found_field
            if found_field.id != "parent"
            else Field(
                id="parent",
                name="Parent",
                type="issuelink",
                clauses=("parent", "epic link", "parent link"),
            )
            for found_field in found
        ]
    found.append(
        Field(
            id=EPIC_LINK,
            name="Epic Link",
            type="any",
            custom=f"{greenhopper}:gh-epic-link",
            clauses=("epic link",),
        )
    )
    found.append(
        Field(
            id=PARENT_LINK,
            name="Parent Link",
            type="any",
            custom="com.atlassian.jpo:jpo-custom-field-parent",
            clauses=("parent link",),
        )
    )
    return found
