"""Say what an emulator is: a vendor on this machine, whose tables people see, edit and break.

An emulator is an ASGI application with its vendor's shapes, served by ``okrsync.loopback`` to the real client library.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Any, Final, Protocol

from okrsync.loopback import Fault, LoopbackServer

# A regular expression that matches everything, and that no other fault is known by.
_OUTAGE: Final = "(?#outage)"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableView:
    """What one table holds, as a person would see it: texts only."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class GridColumn:
    """A column that a page shows. ``options`` are names with their colours; ``editable``: a person may type into it."""

    name: str
    kind: str
    options: Mapping[str, str] = field(default_factory=dict)
    editable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class GridCell:
    """``text`` is what a person reads; ``share`` the fraction that a bar beside it shows, if any."""

    text: str
    share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GridRow:
    """One row, who edited it last and when; ``by_integration``: that was the connection and no person."""

    id: str
    cells: Sequence[GridCell]
    editor: str
    edited: datetime
    by_integration: bool
    in_trash: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """One table as people see it in the vendor's own application. ``note`` tells it from others of its title."""

    id: str
    title: str
    note: str
    columns: Sequence[GridColumn]
    rows: Sequence[GridRow]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mishap:
    """What can go wrong with a vendor until a person repairs it. ``begin`` and ``end`` may each be called twice."""

    id: str
    label: str
    begin: Callable[[], None]
    end: Callable[[], None]


class Emulator(Protocol):
    """A vendor on this machine: a server with state, which tests seed, watch and disturb."""

    server: LoopbackServer

    def reset(self) -> None:
        """Forget everything that was seeded, edited or broken; the address stays."""
        ...

    def load(self, seed: Mapping[str, Any]) -> None:
        """Fill the state from plain YAML data; every emulator documents its own keys."""
        ...

    def secret(self) -> str:
        """A credential this emulator accepts, as the text that a secret's file or variable would hold."""
        ...

    def tables(self) -> Sequence[TableView]:
        """Everything that a person could see."""
        ...

    def edit(self, table: str, row: str, column: str, value: Any) -> None:
        """A person changes one cell: ``table`` and ``column`` by their titles, ``row`` by its title or key."""
        ...

    def mishaps(self) -> Sequence[Mishap]:
        """What a person can break here and repair again."""
        ...


class Workspace(Emulator, Protocol):
    """An emulated destination: its tables can be shown and edited as people see them."""

    def grids(self, zone: tzinfo) -> Sequence[Grid]:
        """Every table, with colours and editors, for somebody in ``zone``."""
        ...

    def type_in(self, row: str, column: str, text: str, zone: tzinfo) -> None:
        """A person in ``zone`` types ``text`` into a cell; nothing empties it. ``row`` is an id.

        Raises ``LookupError`` for a cell that nobody can type into, ``ValueError`` for a text that it does not take.
        """
        ...


def outage(server: LoopbackServer, body: bytes) -> Mishap:
    """Every request to ``server`` is answered with 500 and ``body``, the vendor's own."""

    def end() -> None:
        server.faults[:] = [one for one in server.faults if one.where != _OUTAGE]

    def begin() -> None:
        end()
        server.faults.append(Fault(where=_OUTAGE, times=sys.maxsize, status=500, body=body))

    return Mishap(id="outage", label="Every request fails with HTTP 500", begin=begin, end=end)
