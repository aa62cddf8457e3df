"""Declare what a connector finds before there is a company: tables, metrics to offer, exports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An objective or key result that was found: ``page`` is its address if no column holds its id.

    ``keys`` are further keys of its YAML, such as its unit and goal.
    """

    id: str
    title: str
    objective: str = ""
    page: str = ""
    owner: str = ""
    keys: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """The destination's part of a company's YAML, as ``okrsync init`` writes it.

    ``tables`` maps ``key_results``, ``objectives`` and ``check_ins`` to the keys of their tables, as plain YAML data.
    ``goals`` says whether the rows themselves hold baseline and target. ``remarks`` are sentences on what was left
    out or needs a look, and why; they go into the YAML as comments.
    """

    tables: Mapping[str, Mapping[str, Any]]
    key_results: tuple[Listed, ...] = ()
    objectives: tuple[Listed, ...] = ()
    goals: bool = False
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One thing that a connection can see: ``kind`` such as database, project, filter, tab or file.

    ``address`` is what the YAML or a flag names it by. ``fits``: it looks like the table of key results.
    """

    kind: str
    name: str
    address: str = ""
    detail: str = ""
    fits: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A metric that a connection could give: ``keys`` are its YAML without ``from``, ``about`` what people may call it.

    ``also`` are further words that may be said with it, such as the project's name. ``value`` is its number now, as far as
    looking has read it.
    """

    name: str
    about: str
    keys: Mapping[str, Any]
    also: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What ``okrsync init`` learns of a connection. ``account`` is who is signed in, or what was read.

    ``settings`` are further keys of the connection that the source itself decides; ``notes`` what a person must decide.
    """

    account: str
    resources: tuple[Resource, ...] = ()
    offers: tuple[Offer, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedCell:
    """One cell of an exported table. ``number`` is there only if the file itself says that it is one.

    ``percent``: the number is a percent figure. ``problem`` says why the cell has no value.
    """

    text: str
    number: Decimal | None = None
    percent: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedRow:
    """One row, with the number that a person finds it by."""

    number: int
    cells: tuple[ExportedCell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedTable:
    """A table as it is written; ``notes`` say how it was read. Titles may be above the real header: they are rows, too."""

    header: tuple[str, ...]
    rows: tuple[ExportedRow, ...]
    notes: tuple[str, ...] = ()


class Setup(Protocol):
    """What ``okrsync init`` needs of a destination."""

    def propose(self, address: str) -> Proposed:
        """Look at a table of key results that people keep already, and say how to read and write it. Changes nothing."""
        ...

    def create(
        self, parent: str, made: Mapping[str, str] | None, keep: Callable[[Proposed], None]
    ) -> Proposed:
        """Make new, empty tables for objectives, key results and check-ins below ``parent``.

        ``made`` are the addresses (under ``database``) of tables that an earlier try has made: those are only completed.
        None says that there was no earlier try.
        ``keep`` is called whenever a table was made, with all that is known by then; a table that is not there yet says
        TODO for its database. What fails after that can be continued.
        """
        ...
