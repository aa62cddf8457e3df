"""Ask for many values in batches, connections side by side, so that each is recorded soon."""

from __future__ import annotations

import queue
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Event

from okrsync.config import Company
from okrsync.expressions import names
from okrsync.model import Answer
from okrsync.ports import Clock
from okrsync.run_context import Ask, Run
from okrsync.sync.fetch import fetch
from okrsync.sync.side_by_side import GLANCE

AT_ONCE = 20_000
"""So many values are asked of a connection at once, and recorded before the next are asked.

What many metrics use is read again for each such batch: a year of weeks of 380 metrics is one.
"""

# What comes from the thread of a group: a batch, what ended it, or None if it is done.
_Item = tuple[str, dict[Ask, Answer]] | BaseException | None


def together(company: Company, asks: Sequence[Ask]) -> dict[str, list[Ask]]:
    """The asks in groups that share no connection, by the connections' names: an expression joins those of its parts."""
    groups: list[tuple[set[str], list[Ask]]] = []
    of_metric: dict[str, list[Ask]] = {}
    for one in asks:
        of_metric.setdefault(one.metric, []).append(one)
    for metric, mine in of_metric.items():
        reads = connections_of(company, metric)
        touching = [group for group in groups if group[0] & reads]
        groups = [group for group in groups if not group[0] & reads]
        joined = [one for _, before in touching for one in before]
        groups.append((reads.union(*(others for others, _ in touching)), [*joined, *mine]))
    named: dict[str, list[Ask]] = {}
    for reads, group in groups:
        named.setdefault(", ".join(sorted(reads)) or "arithmetic", []).extend(group)
    return named


def in_batches(
    run: Run, groups: Mapping[str, Sequence[Ask]]
) -> Generator[tuple[str, dict[Ask, Answer]], None, None]:
    """The answers in batches, as they come in: groups are read side by side, each its own batches in turn."""
    if not groups:
        return
    came: queue.SimpleQueue[_Item] = queue.SimpleQueue()
    stopped = Event()
    pool = ThreadPoolExecutor(max_workers=len(groups), thread_name_prefix="backfill")
    try:
        for name, group in groups.items():
            pool.submit(_read, run, name, list(_batches(run.company, group)), came.put, stopped)
        left = len(groups)
        while left:
            item = _next(came, run.clock)
            if isinstance(item, BaseException):
                raise item
            if item is None:
                left -= 1
            else:
                yield item
    finally:
        stopped.set()
        pool.shutdown(wait=False, cancel_futures=True)


def _next(came: queue.SimpleQueue[_Item], clock: Clock) -> _Item:
    """What comes next; raises at once if the run is to stop, even if something has come meanwhile."""
    while True:
        item = None
        with suppress(queue.Empty):
            item = (came.get(timeout=GLANCE),)
        clock.sleep(0)
        if item is not None:
            return item[0]


def _read(
    run: Run,
    name: str,
    batches: Sequence[Sequence[Ask]],
    put: Callable[[_Item], None],
    stopped: Event,
) -> None:
    try:
        for batch in batches:
            if stopped.is_set():
                return
            answers = fetch(run, batch)
            put((name, {one: answers[one] for one in batch}))
    except BaseException as error:  # noqa: BLE001 - it is raised where the answers are waited for
        put(error)
    else:
        put(None)


def connections_of(company: Company, metric: str) -> set[str]:
    """The connections that a metric is read from; an expression's are those of its parts."""
    one = company.metrics[metric]
    if not one.expr:
        return {one.connection}
    return set().union(*(connections_of(company, part) for part in names(one.expr)))


def _batches(company: Company, asks: Sequence[Ask]) -> Iterator[list[Ask]]:
    """All dates of a metric stay together, so that one fetch serves them; never more than ``AT_ONCE`` at once."""
    batch: list[Ask] = []
    mine: dict[str, list[Ask]] = {}
    for one in asks:
        mine.setdefault(one.metric, []).append(one)
    for metric in sorted(mine, key=lambda name: company.metrics[name].connection):
        if batch and len(batch) + len(mine[metric]) > AT_ONCE:
            yield batch
            batch = []
        batch += mine[metric]
    if batch:
        yield batch
