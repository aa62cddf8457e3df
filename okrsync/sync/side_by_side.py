"""Read several things side by side, and leave at once if the run is to stop."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Final, TypeVar

from okrsync.ports import Clock

T = TypeVar("T")
GLANCE: Final = 0.2
"""Seconds of real time between two checks whether to stop."""


def read_side_by_side(reads: Mapping[str, Callable[[], T]], clock: Clock, threads: str) -> dict[str, T]:
    """The result of each read, each in a thread of its own, named after ``threads``.

    If one raises, the others are waited for; the first error in the order of ``reads`` is raised. If the run is asked
    to stop, raises at once: a server may take minutes to answer. The threads are left behind; what only reads cannot
    leave anything half done.
    """
    pool = ThreadPoolExecutor(max_workers=max(1, len(reads)), thread_name_prefix=threads)
    try:
        running = {key: pool.submit(read) for key, read in reads.items()}
        while wait(running.values(), timeout=GLANCE).not_done:
            clock.sleep(0)  # raises if the run is to stop
        return {key: one.result() for key, one in running.items()}
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
