"""Declare every cell that okrsync may own, once: its kind, the tables that may have it, its meaning.

Config, the JSON Schema, `okrsync init`, planning and the destinations read these declarations. A destination looks up a
cell's kind; it never spells a cell's name.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

KEY_RESULTS: Final = "key_results"
OBJECTIVES: Final = "objectives"
INITIATIVES: Final = "initiatives"
CHECK_INS: Final = "check_ins"
KPIS: Final = "kpis"


TABLE_NAMES: Final = (KEY_RESULTS, OBJECTIVES, INITIATIVES, KPIS, CHECK_INS)


class Kind(StrEnum):
    """What a cell holds; a destination decides by it which columns can hold the cell."""

    NUMBER = "number"
    SHARE = "share"
    STATUS = "status"
    TEXT = "text"
    INSTANT = "instant"
    DAY = "day"
    RELATION = "relation"
    BOX = "box"


class Role(StrEnum):
    """What a cell is to the other cells of its row."""

    LEADS = "leads"
    """The row's own number: what is derived from it is held if it is held."""
    DERIVED = "derived"
    FOLLOWS = "follows"
    """Written only together with another cell: alone it would make every run a write."""
    STAMPS = "stamps"
    """okrsync's own record of the row: which of its values okrsync put there. It is never desired, but planned along."""
    NOTES = "notes"
    """Says why something of the row is held, and is empty if all is well."""
    RELEASES = "releases"
    """The box that a person ticks to release the row, and that okrsync unticks when it has done so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell. ``title`` is the column that `okrsync init --create-under` makes for it."""

    name: str
    kind: Kind
    title: str
    tables: tuple[str, ...]
    about: str
    role: Role = Role.DERIVED


CURRENT: Final = Cell(
    name="current",
    kind=Kind.NUMBER,
    title="Current",
    tables=(KEY_RESULTS,),
    about="the key result's value, in its own unit",
    role=Role.LEADS,
)
VALUE: Final = Cell(
    name="value",
    kind=Kind.NUMBER,
    title="Value",
    tables=(CHECK_INS, KPIS),
    about="the value, in the unit of its key result or metric",
    role=Role.LEADS,
)
PROGRESS: Final = Cell(
    name="progress",
    kind=Kind.SHARE,
    title="Progress",
    tables=(KEY_RESULTS, OBJECTIVES, CHECK_INS, INITIATIVES),
    about="how much of the way to the goal is done, in percent",
)
STATUS: Final = Cell(
    name="status",
    kind=Kind.STATUS,
    title="Status",
    tables=(KEY_RESULTS, OBJECTIVES, CHECK_INS),
    about="on track, behind, at risk, achieved or not started, by the company's rule",
)
EXPECTED: Final = Cell(
    name="expected",
    kind=Kind.SHARE,
    title="Expected",
    tables=(KEY_RESULTS, OBJECTIVES),
    about="how much of the way should be done by today, in percent",
)
SUMMARY: Final = Cell(
    name="summary",
    kind=Kind.TEXT,
    title="Summary",
    tables=(OBJECTIVES,),
    about="how many of its key results are on track, in words",
)
COUNT: Final = Cell(
    name="count",
    kind=Kind.TEXT,
    title="Achieved",
    tables=(OBJECTIVES,),
    about="how many of its key results have reached their goal, in words",
)
DATE: Final = Cell(
    name="date", kind=Kind.DAY, title="Date", tables=(CHECK_INS,), about="the first day of the period"
)
UPDATED: Final = Cell(
    name="updated",
    kind=Kind.INSTANT,
    title="Last synced",
    tables=(KEY_RESULTS, OBJECTIVES, INITIATIVES, KPIS),
    about="when okrsync last wrote the row",
    role=Role.FOLLOWS,
)
SOURCE: Final = Cell(
    name="source",
    kind=Kind.TEXT,
    title="Source",
    tables=(KEY_RESULTS, CHECK_INS, INITIATIVES, KPIS),
    about="where the number came from, in words",
    role=Role.FOLLOWS,
)
KEY_RESULT: Final = Cell(
    name="key_result",
    kind=Kind.RELATION,
    title="Key result",
    tables=(CHECK_INS, INITIATIVES),
    about="the row of the key result it belongs to",
)
HEALTH: Final = Cell(
    name="health",
    kind=Kind.STATUS,
    title="Health",
    tables=(KPIS,),
    about="healthy or unhealthy, by the KPI's limit",
)
TREND: Final = Cell(
    name="trend",
    kind=Kind.TEXT,
    title="Trend",
    tables=(KPIS,),
    about="where the KPI's value has moved within a month, in words",
)
NOTE: Final = Cell(
    name="note",
    kind=Kind.TEXT,
    title="Note of okrsync",
    tables=(KEY_RESULTS, OBJECTIVES, INITIATIVES, KPIS),
    about="why something of the row is held, in the company's language; empty if all is well",
    role=Role.NOTES,
)
STAMP: Final = Cell(
    name="stamp",
    kind=Kind.TEXT,
    title="okrsync",
    tables=(KEY_RESULTS, OBJECTIVES, CHECK_INS, INITIATIVES, KPIS),
    about="okrsync's own record of which values it put into the row; hide the column, and let nobody edit it",
    role=Role.STAMPS,
)
RELEASE: Final = Cell(
    name="release",
    kind=Kind.BOX,
    title="Release to okrsync",
    tables=(),
    about="a box that a person ticks to let okrsync write over their edits of the row",
    role=Role.RELEASES,
)

CELLS: Final = (
    CURRENT,
    VALUE,
    PROGRESS,
    STATUS,
    EXPECTED,
    SUMMARY,
    COUNT,
    DATE,
    UPDATED,
    SOURCE,
    KEY_RESULT,
    HEALTH,
    TREND,
    NOTE,
    STAMP,
    RELEASE,
)
_BY_NAME: Final = {one.name: one for one in CELLS}
_LEADING: Final = frozenset(one.name for one in CELLS if one.role is Role.LEADS)
_FOLLOWING: Final = frozenset(one.name for one in CELLS if one.role in {Role.FOLLOWS, Role.STAMPS})


def kind_of(name: str) -> Kind:
    """The kind of the cell called ``name``; a cell that only a plug-in knows is a text."""
    return _BY_NAME[name].kind if name in _BY_NAME else Kind.TEXT


def cells_of(table: str) -> tuple[Cell, ...]:
    """The cells that a table may have, in the order in which people are shown them."""
    return tuple(one for one in CELLS if table in one.tables)


def names_of(table: str) -> tuple[str, ...]:
    """The names of ``cells_of`` the table."""
    return tuple(one.name for one in cells_of(table))


def leads(name: str) -> bool:
    """Whether the cell holds its row's own number."""
    return name in _LEADING


def follows(name: str) -> bool:
    """Whether the cell is written only together with another cell of its row."""
    return name in _FOLLOWING
