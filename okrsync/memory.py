"""Declare what the ledger keeps as frozen data: the entries, and the memory that they add up to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from okrsync.model import Reading, Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A write that was about to happen: ``before`` was in the cell, ``after`` was to be."""

    before: Stored
    after: Stored


SYNC: Final = "sync"
"""The command of a run that writes; others only decide what the next one may write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    run: str
    command: str
    at: datetime


HELD_ROWS: Final = "held_rows"
"""The key of a run's ``counts`` for rows in which a cell is held; the others count cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFinished:
    """``exit_code`` as the command ended; ``digest`` of the plan; ``counts`` of verdicts (written, same, held), and of held rows."""

    run: str
    at: datetime
    exit_code: int
    digest: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intended:
    """Recorded before a row is written; ``values`` is keyed by the cell's address."""

    run: str
    row: str
    values: Mapping[str, Intent]


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """These values are in the row and are ours: they become what was last put there, and settle any intent."""

    run: str
    row: str
    values: Mapping[str, Stored]


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn:
    """The intents of these cells are known not to have been applied; what was last put there stays as it was."""

    run: str
    row: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """okrsync will not write this row again: what was put into it need not be remembered."""

    row: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """A reading seen by a run. Readings are only ever added."""

    run: str
    reading: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredBaseline:
    """The measured baseline of a key result, frozen once captured; ``subject`` names the key result and the day."""

    subject: str
    reading: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run found for one key result or objective, as plain JSON data, for ``status`` and ``explain``."""

    run: str
    subject: str
    at: datetime
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StateEntry:
    """What a connection is to remember under a key from now on; None forgets it."""

    connection: str
    key: str
    value: str | None


Entry = (
    RunStarted
    | RunFinished
    | Intended
    | Landed
    | Withdrawn
    | Forgotten
    | Observed
    | MeasuredBaseline
    | Outcome
    | StateEntry
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What the ledger knows of one company now. ``last_written`` and ``intents`` are keyed by (row, address).

    ``ahead`` is the latest end of a run that lies after now: a clock was wrong. ``behind`` says that the tables were written from another ledger after this one was last used: it is an older copy.
    """

    last_written: Mapping[tuple[str, str], Stored] = field(default_factory=dict)
    intents: Mapping[tuple[str, str], Intent] = field(default_factory=dict)
    baselines: Mapping[str, Reading] = field(default_factory=dict)
    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    state: Mapping[tuple[str, str], str] = field(default_factory=dict)
    last_run: RunFinished | None = None
    ahead: datetime | None = None
    behind: bool = False
