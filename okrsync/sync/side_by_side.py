"""Read several things side by side, and leave at once if the run is to stop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Final, TypeVar

from okrsync.ports import Clock

T = TypeVar("T")
GLANCE: Final = 0.2
"""Seconds of real time between two checks whether to stop."""
MOST: Final = 1000
"""Threads: as many as there are reads, as each may wait for a server of its own."""


def read_side_by_side(
    reads: Iterable[tuple[str, Callable[[], T]]], clock: Clock, threads: str
) -> dict[str, T]:
    """The result of each named read, each in a thread of its own, named after ``threads``.

    What ``reads`` does to make the next read is done in the calling thread, beside the reads before it. If one raises,
    the others are waited for; the first error in their order is raised. If the run is asked to stop, raises at once: a
    server may take minutes to answer. The threads are left behind; what only reads cannot leave anything half done.
    """
    pool = ThreadPoolExecutor(max_workers=MOST, thread_name_prefix=threads)
    running: dict[str, Future[T]] = {}
    try:
        try:
            for key, read in reads:
                running[key] = pool.submit(read)
        finally:
            while wait(running.values(), timeout=GLANCE).not_done:
                clock.sleep(0)  # raises if the run is to stop
        return {key: one.result() for key, one in running.items()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
