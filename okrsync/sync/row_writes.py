"""Write rows in groups: intents in one transaction, rows side by side, results in another.

A row is read again right before it is written. Rows that nobody has filled are read again together, by one request for a
group (``RowWrite.together``). No more than ``GROUP`` writes lie between a row's last reading and its write, so that a person
who fills cells while okrsync writes is seen nearly as soon as by a reading for each row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from typing import Final, TypeVar

from okrsync.errors import AccessError, Conflict, DataError, OkrsyncError, Unavailable
from okrsync.memory import Entry, Intended, Intent, Landed, Withdrawn
from okrsync.model import Stored
from okrsync.ownership import settled_on
from okrsync.ports import Destination
from okrsync.sync.lease_record import Record

T = TypeVar("T")
GROUP: Final = 10
"""Ten writes take 3.3 seconds at Notion's three requests a second, and a reading may be 4 seconds old. They are sent side by
side, which uses up a token's limit even if each answer takes three seconds."""
YOUNG: Final = 1.0
"""A reading of the run's own that is so many seconds old is not made again before the first ``GROUP`` writes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """How a row's write ended: what the ledger must learn of it, and what went wrong."""

    entries: tuple[Entry, ...] = ()
    error: OkrsyncError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWrite:
    """One row's write. ``intents`` are by the cells' addresses; ``send`` hears whether a recent reading may be used.

    ``together``: the row may be read again with others, by one request.
    """

    row: str
    intents: Mapping[str, Intent]
    send: Callable[[bool], Sent]
    together: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RowChange:
    """What is to be put into the cells of a row, by their names; ``addresses`` are those of the cells in ``values``."""

    row: str
    values: Mapping[str, Stored]
    expect: Mapping[str, Stored]
    addresses: Mapping[str, str]


def batched(placed: Sequence[tuple[Destination, T]]) -> Iterator[tuple[Destination, list[T]]]:
    """Neighbours of one table, at most ``GROUP`` at once."""
    for _, run in groupby(placed, key=lambda one: id(one[0])):
        table = list(run)
        for start in range(0, len(table), GROUP):
            part = table[start : start + GROUP]
            yield part[0][0], [one for _, one in part]


class Refusals:
    """The credentials that were refused during a run: they stop its writing. Threads share it."""

    def __init__(self) -> None:
        self._refused: dict[bool, AccessError] = {}

    def hear(self, error: OkrsyncError | None, *, adds: bool) -> None:
        if isinstance(error, AccessError):
            self._refused[adds] = error

    def of(self, *, adds: bool) -> AccessError | None:
        """A credential that is refused stops the writing. One that may not add rows stops the adding only."""
        found = self._refused.get(False) or self._refused.get(adds)
        return AccessError(f"not tried any more, because {found.message}", hint=found.hint) if found else None


def update(change: RowChange, destination: Destination, run: str, *, together: bool) -> RowWrite:
    """The write of a row that is there."""

    def send(recent: bool) -> Sent:
        try:
            fresh = destination.write(change.row, change.values, change.expect, recent=recent)
        except (Conflict, AccessError) as error:
            withdrawn = Withdrawn(run=run, row=change.row, addresses=tuple(change.addresses.values()))
            return Sent(entries=(withdrawn, *settled_on(change.row, None)), error=error)
        except (DataError, Unavailable) as error:
            return Sent(error=error)
        landed = {address: fresh.cells[cell].value for cell, address in change.addresses.items()}
        return Sent(entries=(Landed(run=run, row=change.row, values=landed), *settled_on(change.row, fresh)))

    intents = {
        address: Intent(before=change.expect[cell], after=change.values[cell])
        for cell, address in change.addresses.items()
    }
    return RowWrite(row=change.row, intents=intents, send=send, together=together)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """At most ``GROUP`` rows of one table, to be written together; ``adds``: they are new ones.

    ``first``: fewer than ``GROUP`` writes lie between the run's own reading of them and the last one's write.
    """

    rows: Sequence[RowWrite]
    destination: Destination
    adds: bool = False
    first: bool = False


def write_group(group: Group, record: Record, run: str, refusals: Refusals) -> dict[str, OkrsyncError | None]:
    """Write the rows of ``group``; return how each ended.

    A bug, and whatever else is no error of a row, goes up after the other rows have ended and were recorded.
    """
    if not group.rows:
        return {}
    record(*(Intended(run=run, row=one.row, values=one.intents) for one in group.rows))
    together = [one.row for one in group.rows if one.together]
    if len(together) > 1:
        group.destination.look(together, fresh=YOUNG if group.first else 0.0)

    def write(one: RowWrite) -> Sent:
        if (before := refusals.of(adds=group.adds)) is not None:
            never = Withdrawn(run=run, row=one.row, addresses=tuple(one.intents))
            return Sent(entries=(never,), error=before)
        record()  # a run that was frozen in the middle of a group must not go on with it
        sent = one.send(group.first or one.together)
        refusals.hear(sent.error, adds=group.adds)
        return sent

    sent, bug = _side_by_side(write, group.rows)
    news = [entry for one in sent.values() for entry in one.entries]
    with suppress(*[OkrsyncError] if bug is not None else []):
        if news:
            record(*news)
    if bug is not None:
        raise bug
    return {row: one.error for row, one in sent.items()}


def _side_by_side(
    write: Callable[[RowWrite], Sent], rows: Sequence[RowWrite]
) -> tuple[dict[str, Sent], BaseException | None]:
    """How each row ended, and what went up from one of them although it is no error of a row."""
    if len(rows) == 1:
        return {rows[0].row: write(rows[0])}, None
    sent: dict[str, Sent] = {}
    bug: BaseException | None = None
    with ThreadPoolExecutor(max_workers=GROUP, thread_name_prefix="write") as pool:
        for row, future in [(one.row, pool.submit(write, one)) for one in rows]:
            try:
                sent[row] = future.result()
            except BaseException as error:  # noqa: BLE001 - it is raised when the other rows have ended
                bug = bug or error
    return sent, bug
