"""Declare the protocols between the engine and the outside world.

A protocol has three methods at the most: a fourth needs a reason in CONTRIBUTING.md. Everything here is pure; what a
connector is given to work with (clock, secrets, limits) comes in through ``ConnectorContext``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

from okrsync.cells import STAMP
from okrsync.discovery import Discovery, ExportedTable, Setup
from okrsync.memory import Entry, Memory
from okrsync.model import Answer, Question, Reading, Row, SourceRecords, Stored, Wanted


class Clock(Protocol):
    """The only way to learn or spend time. Tests hand in one that jumps."""

    def now(self) -> datetime:
        """The present as an aware datetime in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        ...

    def sleep(self, seconds: float) -> None: ...


class Source(Protocol):
    """Where numbers come from. A whole batch is asked at once, so that a source can share requests between metrics."""

    def read(self, questions: Sequence[Question]) -> Sequence[Answer]:
        """Answer every question, in order: a ``Reading`` in the question's unit, or a ``NoValue`` with the reason.

        A fault of one question never costs another its answer. Raises ``AccessError`` or ``Unavailable`` if
        nothing at all can be read, and never answers 0 for "I do not know".
        """
        ...


RECENT: Final = 4.0
"""So many seconds after its reading a row may be written without another one: ten writes at three requests a second, and the
time that an answer takes. A person who finds a cell, types and leaves it takes about as long."""


class Destination(Protocol):
    """One table that people edit: the key results, or the objectives.

    A fourth method, because rows that are read again one by one are half of all requests of a first sync.
    """

    def read(self) -> Sequence[Row]:
        """Every row that can be matched to a configured id, with only the cells okrsync may own."""
        ...

    def canonical(self, cell: str, value: Wanted) -> Stored:
        """How ``value`` will read back from this cell (rounded, as a fraction, as the option's own spelling).

        Raises ``DataError`` if the cell cannot hold it, naming what it can hold. Needs ``read`` to have run.
        """
        ...

    def look(self, rows: Sequence[str], *, fresh: float) -> None:
        """Read ``rows`` again, which are about to be written, by as few requests as possible.

        A row that was read within the last ``fresh`` seconds is left out; an older reading of the others is forgotten.
        Raises nothing: a row that could not be read so is read by its own ``write``.
        """
        ...

    def write(
        self, row: str, values: Mapping[str, Stored], expect: Mapping[str, Stored], *, recent: bool = False
    ) -> Row:
        """Put canonical ``values`` into the cells of one row with one request, and return the row as it is now.

        Re-reads the row first; raises ``Conflict`` and writes nothing if a cell is neither as in ``expect`` nor
        already as in ``values``. With ``recent`` a reading by ``read`` or ``look`` that is at most ``RECENT`` seconds old
        stands for that, once, if it shows just what is expected. After an answer that was lost, finds out by reading
        whether the write landed.
        """
        ...


class Register(Destination, Protocol):
    """A table to which okrsync adds rows itself, each with a key of its own: the check-ins.

    Two methods more than a ``Destination``: adding is the one thing that cannot be repeated, so it is kept apart from
    everything that can, and finding is what makes it safe after an answer or a process was lost.
    """

    def find(self, key: str) -> Row | None:
        """The row with ``key``, or None, waiting as long as new rows may take to be listed.

        Raises ``Conflict`` if several rows have the key.
        """
        ...

    def add(self, key: str, title: str, values: Mapping[str, Stored]) -> Row:
        """Add one row with canonical ``values`` and return it as it is now.

        After an answer that was lost, finds the row by its key instead of adding another. Raises ``Unavailable`` if it
        is not known whether the row was added; with any other error it was not.
        """
        ...


class Lease(Protocol):
    """The right to write one company's rows, held by one run at a time."""

    def renew(self) -> None:
        """Confirm that the lease is still ours. Raises ``Busy`` if another run has taken it over."""
        ...


class Ledger(Protocol):
    """What okrsync remembers. A fourth method is needed because history has no bound and memory has."""

    def hold(self, company: str) -> AbstractContextManager[Lease]:
        """Hold the company's lease, renewed in the background, for the length of a ``with`` block.

        Raises ``Busy`` with the owner and since when. The lease of a dead owner is taken over: at once if the
        owner was a process of this machine, else when it has expired.
        """
        ...

    def record(self, company: str, *entries: Entry) -> None:
        """Keep all ``entries`` or, if that fails, none: one transaction, durable on return."""
        ...

    def recall(self, company: str) -> Memory: ...

    def history(self, company: str, metric: str, since: datetime, until: datetime) -> Sequence[Reading]:
        """The metric's readings with ``since <= as_of < until``, oldest first, as they were observed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of ``okrsync doctor``: what was looked at, whether it is well, and what to do if not."""

    subject: str
    ok: bool
    detail: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorContext:
    """What a connector gets to work with.

    ``name`` is the connection's name in the YAML, ``state`` the few texts that this connection keeps from run to run (resolved
    ids and the like: losing it costs requests, never correctness), ``base`` the folder that relative paths start from.
    ``seen`` is what ``doctor`` leaves of what it has read, so that a table that is opened after it need not read it again.
    """

    name: str
    clock: Clock
    timezone: str = "UTC"
    locale: str = "en_US"
    base: str = "."
    state: MutableMapping[str, str] = field(default_factory=dict)
    seen: MutableMapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSpec:
    """One table of a destination, and which of its rows a run needs.

    ``settings`` are the connector's own table model, as the YAML gives it. ``pages`` maps ids of the YAML to rows that it
    names by address. ``ending``: only rows whose key ends so are needed. ``known`` maps keys to rows that okrsync has
    added itself: they are asked for one by one if they are not listed. ``keys`` are all ids of the YAML that belong to the
    table: what became of the row of one of these is worth a request. ``adds_rows``: okrsync adds rows to it itself.
    """

    settings: Any
    pages: Mapping[str, str] = field(default_factory=dict)
    ending: str = ""
    known: Mapping[str, str] = field(default_factory=dict)
    keys: frozenset[str] = frozenset()
    adds_rows: bool = False

    @property
    def cells(self) -> Mapping[str, str]:
        """Which column each cell that has a value of its own is written to; the stamp has none."""
        return {cell: column for cell, column in self.settings.cells.items() if cell != STAMP.name}

    @property
    def stamped(self) -> bool:
        """Whether the table's rows have a stamp."""
        return STAMP.name in self.settings.cells


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One metric as written in a company's YAML, what it measures, and the number it gives on the shipped data.

    The shipped data are those of ``okrsync demo --book`` (for other plug-ins: their own); a test asks every one of them.
    """

    shows: str
    metric: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Connector:
    """One plug-in. Its module must import quickly: vendor libraries are loaded inside the factories.

    ``settings``, ``query`` and ``table`` are strict pydantic models: of a connection, of one metric's own keys, and of
    a destination table, which a ``TableSpec`` carries. ``source(settings, context)`` and ``destination(settings, table, context)`` connect lazily:
    they send no request. ``doctor(settings, tables, context)`` looks at a connection as an operator would.
    ``setup(settings, context)`` helps ``okrsync init``; ``discover(settings, context)`` says what a connection sees.
    ``register`` connects like ``destination``, to a table that okrsync may add rows to. ``inspect(settings, text, context)``
    looks at what a person names (a JQL, an address, a file) and returns the text to print, ending in the YAML to write.
    ``paths(settings)`` are the paths and URLs of the files that a connection reads, as the YAML writes them.
    ``rows(settings, context)`` hands out the rows of a file, for ``okrsync import``.
    ``examples`` document the measures one by one. ``clients`` are the distributions that do the talking: ``okrsync
    doctor`` shows their versions.
    ``records(settings, question, limit, context)`` gives the first ``limit`` records (None: all) behind the number that
    answers ``question``, as they are now: it has the same ``question.now`` as ``at``. It reads only. Raises
    ``NoValueError`` with the reason for a metric that has no list of records.
    """

    name: str
    summary: str
    settings: type[Any]
    query: type[Any] | None = None
    table: type[Any] | None = None
    source: Callable[[Any, ConnectorContext], Source] | None = None
    destination: Callable[[Any, TableSpec, ConnectorContext], Destination] | None = None
    doctor: Callable[[Any, Sequence[TableSpec], ConnectorContext], Iterable[Finding]] | None = None
    setup: Callable[[Any, ConnectorContext], Setup] | None = None
    register: Callable[[Any, TableSpec, ConnectorContext], Register] | None = None
    inspect: Callable[[Any, str, ConnectorContext], str] | None = None
    discover: Callable[[Any, ConnectorContext], Discovery] | None = None
    paths: Callable[[Any], Sequence[str]] | None = None
    rows: Callable[[Any, ConnectorContext], ExportedTable] | None = None
    examples: Callable[[], Sequence[Example]] | None = None
    clients: tuple[str, ...] = ()
    records: Callable[[Any, Question, int | None, ConnectorContext], SourceRecords] | None = None
    contract: int = 1
