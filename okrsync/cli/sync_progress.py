"""Count on a terminal the rows that a sync has written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from okrsync.cli.output import console
from okrsync.memory import Entry, Intended, Landed, Memory
from okrsync.model import Reading
from okrsync.ports import Lease, Ledger

if TYPE_CHECKING:
    from rich.status import Status


@contextmanager
def sync_progress(name: str, ledger: Ledger) -> Iterator[Ledger]:
    """``ledger``; on a terminal, a line counts the rows whose writes it records."""
    out = console(stderr=True)
    if not out.is_terminal:
        yield ledger
        return
    with out.status(f"{name}: reading") as line:
        yield _CountingLedger(name, ledger, line)


class _CountingLedger:
    def __init__(self, name: str, ledger: Ledger, line: Status) -> None:
        self._name = name
        self._ledger = ledger
        self._line = line
        self._written = 0
        self._writing = False

    def hold(self, company: str) -> AbstractContextManager[Lease]:
        return self._ledger.hold(company)

    def record(self, company: str, *entries: Entry) -> None:
        self._ledger.record(company, *entries)
        # Values that were there all along land too, but before anything is intended to be written.
        self._writing = self._writing or any(isinstance(one, Intended) for one in entries)
        landed = sum(isinstance(one, Landed) for one in entries)
        if landed and self._writing:
            self._written += landed
            self._line.update(f"{self._name}: writing, {self._written} rows so far")

    def recall(self, company: str) -> Memory:
        return self._ledger.recall(company)

    def history(self, company: str, metric: str, since: datetime, until: datetime) -> Sequence[Reading]:
        return self._ledger.history(company, metric, since, until)
