"""Declare the nouns of okrsync as frozen data: no I/O, no clock.

Numbers are ``Decimal``, instants are aware datetimes. A percentage is held as its percent figure (37 for 37 %),
never as the fraction; only a destination knows how its column stores it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final


class Dimension(StrEnum):
    """What kind of quantity a number is. It is declared in the YAML, never guessed."""

    COUNT = "count"
    PERCENT = "percent"
    MONEY = "money"
    DURATION = "duration"
    INDEX = "index"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """``detail`` is the ISO 4217 code of MONEY, or ``seconds|minutes|hours|days|weeks`` of DURATION."""

    dimension: Dimension
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.dimension}:{self.detail}" if self.detail else str(self.dimension)


COUNT = Unit(dimension=Dimension.COUNT)
PERCENT = Unit(dimension=Dimension.PERCENT)
INDEX = Unit(dimension=Dimension.INDEX)

SECONDS_IN: Mapping[str, int] = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number in a unit: what okrsync wants a cell to show, or what a person put there."""

    value: Decimal
    unit: Unit = COUNT


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The half-open span ``[start, end)`` that one value of a metric covers; both ends are aware."""

    start: datetime
    end: datetime
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One metric asked of a source for one moment.

    ``query`` is an instance of the connector's own query model. ``at`` is the moment the answer must be true for;
    ``now`` is the moment of the run: ``at < now`` asks for the past, which a source either knows or answers with
    ``NoValue``, never with today's value. A number must come back in ``unit``.
    """

    metric: str
    query: Any
    at: datetime
    now: datetime
    unit: Unit = COUNT
    window: Window | None = None

    @property
    def past(self) -> bool:
        return self.at < self.now


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where a number came from, so that ``okrsync explain`` can show it without asking again.

    ``query`` is the JQL, cell, range or SQL-like text a person can repeat by hand; ``rows`` is how many records it
    was computed from; ``facts`` are further pairs worth showing. No secrets.
    """

    source: str
    query: str
    rows: int | None = None
    facts: tuple[tuple[str, str], ...] = ()


OBSERVED: Final = "observed"
"""The method of a value that was read on the day it speaks of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A fact about the outside world. ``as_of`` is when it was true, not when it was fetched.

    ``method`` is ``observed`` for a value seen on the day, otherwise the way the past was rebuilt. ``inputs`` are the
    readings an expression was computed from.
    """

    metric: str
    value: Decimal
    unit: Unit
    as_of: datetime
    evidence: Evidence
    window: Window | None = None
    method: str = OBSERVED
    inputs: tuple[Reading, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """One record behind a number: an issue, a cell, a row.

    ``id`` is how a person finds it (an issue's key, a cell, a file and its line), ``link`` the address that opens it;
    ``cells`` are the parts of it that the number depends on, by name.
    """

    id: str
    link: str = ""
    cells: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecords:
    """The records behind a number, of which there are ``total``; ``records`` may be the first of them only."""

    records: tuple[SourceRecord, ...]
    total: int


class Cause(StrEnum):
    """Why a value is missing, in terms of what the operator does next (see errors.py)."""

    EMPTY = "empty"
    DATA = "data"
    UNAVAILABLE = "unavailable"
    ACCESS = "access"
    CONFIG = "config"
    PAST = "past"
    BUG = "bug"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoValue:
    """There is no value, and why. It is never a number: no data is not zero."""

    metric: str
    cause: Cause
    reason: str
    hint: str = ""


Answer = Reading | NoValue

# What a cell can hold once it is canonical. Floats never enter: a destination turns them into Decimals.
Stored = Decimal | str | bool | None
# What okrsync may ask a destination to put into a cell.
Wanted = Quantity | str | bool | date | datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """Why a value may be nobody's choice, as a question, and how to answer it."""

    reason: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CellState:
    """One cell that okrsync may own.

    ``address`` names the column in a way that survives its renaming (a property id, say); what okrsync remembers is
    kept under it. ``locked`` is why it can never be written (a formula, a roll-up), else empty. ``fraction`` says that
    a percentage is stored as its fraction (0.37 for 37 %). ``initial`` is what the destination itself puts into a new
    row's cell (a status that starts as "Not started"): nobody has typed it. ``doubt``: it may be like that, but the
    destination does not tell.
    """

    address: str
    value: Stored = None
    initial: Stored = None
    locked: str = ""
    fraction: bool = False
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What the destination holds for one key result or objective: only the cells okrsync may own.

    ``key`` is the id used in the YAML. ``baseline`` and ``target`` are numbers that people keep in the destination.
    ``problem`` is why the row as a whole must not be written (in the trash, two rows with one key), else empty.
    ``released`` says that a person has ticked the row's box (the cell ``release``): okrsync may write over their edits.
    ``edited_by_us`` says whether the row's last edit was made with this connection's own credential, None if the
    destination does not tell; ``edited_at`` when that was, by the destination's own clock. ``owner`` is for reports.
    """

    id: str
    key: str
    title: str
    url: str
    cells: Mapping[str, CellState]
    baseline: Quantity | None = None
    target: Quantity | None = None
    problem: str = ""
    released: bool = False
    edited_by_us: bool | None = None
    edited_at: datetime | None = None
    owner: str = ""


class Verdict(StrEnum):
    WRITE = "write"
    SAME = "same"
    HELD = "held"


class Hold(StrEnum):
    """Why a cell is held; every kind has one next step, named in the Decision's hint."""

    UNCLAIMED = "unclaimed"
    EDITED = "edited"
    NO_DATA = "no_data"
    LOCKED = "locked"
    NO_ROW = "no_row"
    FOLLOWS = "follows"
    INVALID = "invalid"
    DOUBTFUL = "doubtful"
    CLOSED = "closed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One cell, one verdict, one reason, and the answer behind it.

    ``last`` is what okrsync wrote there before, ``now`` what the cell shows, ``wanted`` what okrsync would write; all three
    are canonical. ``shown`` is the wanted value as a person wrote or reads it (with its unit), for messages. ``first``: the
    cell is empty, and okrsync has never written it.
    """

    subject: str
    row: str
    cell: str
    address: str
    verdict: Verdict
    reason: str
    last: Stored = None
    now: Stored = None
    wanted: Stored = None
    shown: Wanted = None
    fraction: bool = False
    first: bool = False
    hold: Hold | None = None
    cause: Cause | None = None
    hint: str = ""
    answer: Answer | None = field(default=None, compare=False)
