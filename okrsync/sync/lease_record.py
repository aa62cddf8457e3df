"""Record what a run does in the ledger, for as long as the run holds the company's lease."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Final

from okrsync.memory import Entry
from okrsync.ports import Clock, Lease, Ledger

Record = Callable[..., None]
"""Keeps the entries it is called with, in one transaction. Without entries it only confirms the lease."""
CONFIRMED: Final = 10.0
"""So many seconds the lease counts as ours without being asked for again: a sixth of its length."""


def recording(ledger: Ledger, company: str, lease: Lease, clock: Clock) -> Record:
    """A ``Record`` that renews the lease before it keeps anything, and raises ``Busy`` if another run has taken it over.

    A run that was frozen for longer than its lease must not write into the run that took over.
    """
    confirmed = float("-inf")
    lock = Lock()

    def record(*entries: Entry) -> None:
        nonlocal confirmed
        with lock:
            if not entries and clock.monotonic() - confirmed < CONFIRMED:
                return
            lease.renew()
            confirmed = clock.monotonic()
        ledger.record(company, *entries)

    return record
