"""Runs of many companies: each by itself, some at a time, and one word on all of them."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Final

from okrsync.config import Company
from okrsync.errors import ExitCode, OkrsyncError, exit_code_of
from okrsync.fleet.stopping import GLANCE, Stop
from okrsync.ports import Clock, Ledger
from okrsync.sync import Report, Reviewed, sync

AT_ONCE: Final = 8
"""Companies side by side unless said otherwise: runs mostly wait, and each may hold two of the ledger's connections."""

# From bad to worse.
SEVERITY: Final = (
    ExitCode.IN_SYNC,
    ExitCode.HELD,
    ExitCode.BUSY,
    ExitCode.UNSAFE,
    ExitCode.CONFIG,
    ExitCode.ACCESS,
    ExitCode.INTERRUPTED,
    ExitCode.BUG,
)
_WORDS: Final = {
    ExitCode.IN_SYNC: "in sync",
    ExitCode.HELD: "held or failed",
    ExitCode.BUSY: "busy",
    ExitCode.UNSAFE: "unsafe",
    ExitCode.CONFIG: "misconfigured",
    ExitCode.ACCESS: "without access",
    ExitCode.INTERRUPTED: "interrupted",
    ExitCode.BUG: "stopped by a bug",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How one company's run ended. ``name`` is as it was asked for; ``error`` is what ended it, else None.

    ``company`` is None where not even its YAML could be read. ``untold`` says why people could not be told.
    """

    name: str
    code: ExitCode
    company: Company | None = None
    report: Report | None = None
    error: BaseException | None = None
    untold: str = ""

    @property
    def complaint(self) -> str:
        """The error for a person; a bug is shown whole."""
        if self.error is None:
            return ""
        if isinstance(self.error, OkrsyncError):
            return str(self.error)
        if isinstance(self.error, KeyboardInterrupt):
            return "interrupted; the next sync finishes it"
        return "".join(traceback.format_exception(self.error))


def run_company(
    name: str,
    load: Callable[[str], Company],
    ledger: Ledger,
    clock: Clock,
    *,
    force: bool = False,
    reviewed: Reviewed | None = None,
) -> Ended:
    """Sync one company; whatever goes wrong becomes a part of the answer."""
    company: Company | None = None
    try:
        company = load(name)
        report = sync(company, ledger, clock, force=force, reviewed=reviewed)
        return Ended(name=name, code=report.exit_code, company=company, report=report)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - one company's bug stops no other; it is said in full
        return Ended(name=name, code=exit_code_of(error), company=company, error=error)


def side_by_side(
    names: Iterable[str], run: Callable[[str], Ended], stop: Stop, *, at_once: int = AT_ONCE
) -> Iterator[Ended]:
    """Run all, at most ``at_once`` at a time, and give each as soon as it has ended.

    Where ``stop`` is set, the runs under way are waited for, and ``Stopped`` is raised. An interruption of whoever
    iterates sets it.
    """
    ended: SimpleQueue[Future[Ended]] = SimpleQueue()

    def begin(name: str) -> Future[Ended]:
        one = pool.submit(run, name)
        one.add_done_callback(ended.put)
        return one

    with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="company") as pool:
        waiting = {begin(name) for name in dict.fromkeys(names)}
        try:
            while waiting:
                yield _next(waiting, ended, stop)
        except BaseException:
            stop.set()
            for one in waiting:
                one.cancel()
            raise


def _next(waiting: set[Future[Ended]], ended: SimpleQueue[Future[Ended]], stop: Stop) -> Ended:
    """Who ended next, and is then forgotten: thousands of reports would fill the memory."""
    while True:
        stop.check()
        try:
            one = ended.get(timeout=GLANCE)
        except Empty:
            continue
        waiting.discard(one)
        return one.result()


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """The exit code of several companies; of none, that all is in sync."""
    return max(codes, key=SEVERITY.index, default=ExitCode.IN_SYNC)


def summary(codes: Mapping[str, ExitCode]) -> str:
    """All in one line: ``3 companies: 1 in sync · 2 held or failed (acme, beta)``."""
    parts = []
    for code in sorted(set(codes.values()), key=SEVERITY.index):
        names = sorted(name for name, one in codes.items() if one is code)
        named = f" ({', '.join(names[:10])}{', …' if len(names) > 10 else ''})" if code else ""
        parts.append(f"{len(names)} {_WORDS[code]}{named}")
    companies = "1 company" if len(codes) == 1 else f"{len(codes)} companies"
    return f"{companies}: {' · '.join(parts)}" if parts else "no company to sync"
