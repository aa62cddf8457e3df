"""Declare what a Notion workspace holds, and find things in it."""

from __future__ import annotations

import copy
import hashlib
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

_T = TypeVar("_T")
NAMESPACE = uuid.UUID("6f6b7273-796e-5c63-8e6f-74696f6e2e64")
TEXTS = frozenset({"title", "rich_text", "url", "email", "phone_number"})
CHOICES = frozenset({"select", "status", "multi_select"})
STAMPS = frozenset({"created_time", "last_edited_time"})
AUTHORS = frozenset({"created_by", "last_edited_by"})
COMPUTED = STAMPS | AUTHORS | {"formula", "rollup", "unique_id", "button", "verification"}
LISTS = frozenset({"multi_select", "relation", "people", "files"})
KINDS = TEXTS | CHOICES | COMPUTED | LISTS | {"number", "date", "checkbox", "place"}
CAPABILITIES = frozenset({"read", "update", "insert", "users"})
GROUPS = {"To-do": "gray", "In progress": "blue", "Complete": "green"}
_PLAIN = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ODD = ":;<=>?@[\\]^`{|}"


@dataclass(slots=True, kw_only=True)
class Option:
    """One choice of a select, multi_select or status column; ``group`` is used by status only."""

    id: str
    name: str
    color: str = "default"
    description: str | None = None
    group: str = "To-do"


@dataclass(slots=True, kw_only=True)
class Column:
    """One property of a data source. ``id`` is unescaped; ``wire`` is the id as answers carry it.

    ``default`` is the id of the option that a new row's status starts with, and ``ranked`` are ids of options in the
    order in which their group lists them; both are facts of the app that the options' own order does not tell.
    """

    id: str
    name: str
    kind: str
    description: str | None = None
    options: list[Option] = field(default_factory=list)
    format: str = "number"
    target: str = ""
    result: str = "number"
    default: str = ""
    ranked: list[str] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def wire(self) -> str:
        return quote(self.id, safe="-_.!~*'()")

    def option(self, name: str) -> Option | None:
        return next((option for option in self.options if option.name == name), None)

    def option_by_id(self, identity: str) -> Option | None:
        return next((option for option in self.options if option.id == identity), None)


@dataclass(slots=True, kw_only=True)
class Row:
    """One page of a data source. ``cells`` maps a column's id to its stored value; an absent id is an empty cell.

    ``moved_to`` is the page that it was moved under, out of its table; ``hidden_for`` counts queries that miss it yet.
    ``before`` is what it was before its last edits, as the next ``late_for`` queries list it.
    """

    id: str
    source: str
    serial: int
    created: datetime
    edited: datetime
    created_by: str
    edited_by: str
    cells: dict[str, Any] = field(default_factory=dict)
    in_trash: bool = False
    is_archived: bool = False
    is_locked: bool = False
    shared: bool = True
    moved_to: str = ""
    hidden_for: int = 0
    late_for: int = 0
    before: Row | None = None
    icon: Any = None
    cover: Any = None

    def lag(self, queries: int) -> None:
        """Let the next ``queries`` list the row as it is now, whatever becomes of it."""
        if queries and not self.late_for:
            self.before, self.late_for = replace(self, cells=copy.deepcopy(self.cells)), queries

    @property
    def listed(self) -> Row:
        """The row as a query lists it."""
        return self.before if self.before is not None and self.late_for else self

    def was_listed(self) -> None:
        """One query has passed."""
        self.hidden_for -= self.hidden_for > 0
        self.late_for -= self.late_for > 0


@dataclass(slots=True, kw_only=True)
class DataSource:
    """One table. ``columns`` maps ids to columns in the order of the schema; ``rows`` is in order of creation."""

    id: str
    database: str
    title: str
    created: datetime
    edited: datetime
    edited_by: str
    columns: dict[str, Column] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    in_trash: bool = False
    numbered: int = 0

    def column(self, name_or_id: str) -> Column | None:
        """By name, then by id, escaped or not: as in a change of the schema, where recorded traffic has all three."""
        return self.column_by_name(name_or_id) or self.column_by_id(name_or_id)

    def column_by_name(self, name: str) -> Column | None:
        return next((column for column in self.columns.values() if column.name == name), None)

    def column_by_key(self, key: str, *, escaped: bool) -> Column | None:
        """By the key of a page's property or of a filter: a name or an id, escaped only where that is ``escaped``."""
        found = self.column_by_name(key) or self.columns.get(key)
        return found or (self.column_by_id(key) if escaped else None)

    def column_by_id(self, identity: str) -> Column | None:
        return next((c for c in self.columns.values() if identity in {c.id, c.wire}), None)

    def titled(self) -> Column:
        return next(column for column in self.columns.values() if column.kind == "title")


@dataclass(slots=True, kw_only=True)
class Database:
    """The container of data sources; ``shared`` says whether the integration may see it and all that is in it."""

    id: str
    title: str
    created: datetime
    edited: datetime
    parent: dict[str, Any]
    sources: list[str] = field(default_factory=list)
    shared: bool = True
    in_trash: bool = False
    is_inline: bool = False
    created_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person, or the integration's bot."""

    id: str
    name: str
    kind: str = "person"
    email: str | None = None


@dataclass(slots=True, kw_only=True)
class Behaviour:
    """How Notion answers what nobody has recorded. Each default is the answer that is harder on a client.

    ``far_names``: the name that a request wishes for the far column of a new two-way relation is given to it.
    ``escaped_keys``: the escaped id of a column may replace its name in a page's properties, in filters and sorts.
    ``silent``: a property that does not exist is left out of a write instead of refused.
    ``blocks``: how many pages, databases and views may still be made; None is without limit. ``limit`` is the status
    and the code of the refusal after that.
    """

    far_names: bool = False
    escaped_keys: bool = False
    silent: bool = False
    blocks: int | None = None
    limit: tuple[int, str] = (403, "restricted_resource")


@dataclass(slots=True, kw_only=True)
class Workspace:
    """Everything there is. ``now`` is asked for each time stamp."""

    now: Callable[[], datetime]
    token: str
    bot: User
    people: list[User] = field(default_factory=list)
    name: str = "Acme"
    capabilities: frozenset[str] = CAPABILITIES
    upload_limit: int = 5 * 1024 * 1024
    behaviour: Behaviour = field(default_factory=Behaviour)
    databases: dict[str, Database] = field(default_factory=dict)
    sources: dict[str, DataSource] = field(default_factory=dict)
    views: list[dict[str, Any]] = field(default_factory=list)
    serial: int = 0

    def users(self) -> list[User]:
        return [*self.people, self.bot]

    def user(self, identity: str) -> User | None:
        return next((user for user in self.users() if user.id == identity), None)

    def row(self, identity: str) -> Row | None:
        return next((s.rows[identity] for s in self.sources.values() if identity in s.rows), None)

    def source(self, name: str) -> DataSource:
        """By id, by title, or by the title of a database that holds exactly one data source."""
        hits = [s for s in self.sources.values() if name in {s.id, s.title}]
        hits = hits or [
            self.sources[database.sources[0]]
            for database in self.databases.values()
            if name in {database.id, database.title} and len(database.sources) == 1
        ]
        return only(hits, f"table {name!r}")

    def visible(self, row: Row) -> bool:
        """Whether the integration may see the row at all."""
        return row.shared and self.databases[self.sources[row.source].database].shared

    def columns(self, source: DataSource) -> dict[str, Column]:
        """The columns that answers show, by id. Documented: a relation to a database that is not shared is left out.

        With it goes what is based on it: roll-ups.
        """
        found = {identity: one for identity, one in source.columns.items() if not self._hidden(one)}
        return {
            identity: one
            for identity, one in found.items()
            if one.kind != "rollup" or one.details.get("relation_property_id", next(iter(found))) in found
        }

    def _hidden(self, column: Column) -> bool:
        target = self.sources.get(column.target) if column.kind == "relation" else None
        return target is not None and not self.databases[target.database].shared

    def next_serial(self) -> int:
        self.serial += 1
        return self.serial


def only(hits: Iterable[_T], what: str) -> _T:
    """The one hit. Raises LookupError if there is none or more than one: a test must not guess."""
    found = list(hits)
    if len(found) != 1:
        raise LookupError(f"{what}: {len(found)} found, one expected")
    return found[0]


def stable(*parts: str) -> str:
    """The same uuid for the same names, in every run."""
    return str(uuid.uuid5(NAMESPACE, "\n".join(parts)))


def column_id(source: DataSource, name: str, kind: str) -> str:
    """Four characters, some of which must be escaped in an address; the title column is always ``title``."""
    if kind == "title":
        return "title"
    salt = 0
    while True:
        digest = hashlib.sha256(f"{source.id}\n{name}\n{salt}".encode()).digest()
        letters = [_PLAIN[byte % len(_PLAIN)] for byte in digest[:4]]
        if digest[4] % 2:
            letters[digest[5] % 4] = _ODD[digest[6] % len(_ODD)]
        candidate = "".join(letters)
        if candidate not in source.columns:
            return candidate
        salt += 1
