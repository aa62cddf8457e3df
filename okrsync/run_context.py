"""Carry what a run knows: the company, its ledger and memory, the moment, and all that was read."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from okrsync.cells import KEY_RESULTS
from okrsync.config import Company
from okrsync.errors import ConfigError
from okrsync.memory import Memory
from okrsync.model import Answer, Reading, Row
from okrsync.periods import Phase
from okrsync.ports import Clock, ConnectorContext, Destination, Ledger

if TYPE_CHECKING:
    from okrsync.tables.assessment import Assessment
    from okrsync.tables.check_ins import CheckIns


@dataclass(frozen=True, slots=True)
class Ask:
    """One metric wanted for one moment."""

    metric: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of one company; each step returns a copy that knows more.

    ``id`` names the run in the ledger. ``now`` is its moment; ``clock`` tells how time goes on. ``destinations`` and
    ``listed`` (the rows as they were read) go by table; ``rows`` has the row of each id of the YAML, None if it has none.
    ``baselines`` are those measured and frozen for the first time, ``assessments`` the key results with their progress.
    """

    company: Company
    ledger: Ledger
    clock: Clock
    now: datetime
    id: str
    memory: Memory
    connections: Mapping[str, ConnectorContext] = field(default_factory=dict)
    destinations: Mapping[str, Destination] = field(default_factory=dict)
    answers: Mapping[Ask, Answer] = field(default_factory=dict)
    listed: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    rows: Mapping[str, Row | None] = field(default_factory=dict)
    check_ins: CheckIns | None = None
    baselines: Mapping[str, Reading] = field(default_factory=dict)
    assessments: tuple[Assessment, ...] = ()

    @property
    def at(self) -> datetime:
        """The moment that the run's numbers are of: now, and after the cycle's end its last instant."""
        cycle = self.company.cycle
        return self.now if cycle.phase(self.now) in {Phase.BEFORE, Phase.RUNNING} else cycle.last_instant

    def answer(self, metric: str) -> Answer:
        """What is known of ``metric`` at the moment that the run's numbers are of."""
        return self.answers[Ask(metric, self.at)]


def require_destination(company: Company) -> None:
    """Raises ``ConfigError`` if the YAML does not say yet where the key results are."""
    if (table := company.open_tables.get(KEY_RESULTS)) is not None:
        raise ConfigError(
            f"the destination of the key results is still open: {table.key} says TODO",
            place=table.place,
            hint="write its address there",
        )


def new_run(company: Company, ledger: Ledger, clock: Clock) -> Run:
    """A run that knows the company's memory and its own moment, and nothing of the outside world."""
    return Run(
        company=company,
        ledger=ledger,
        clock=clock,
        now=clock.now(),
        id=uuid.uuid4().hex,
        memory=ledger.recall(company.id),
    )
