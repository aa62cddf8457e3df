"""Sync companies side by side: a failure stays with its company; one code and line sum them up."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Final

from okrsync.config import Company
from okrsync.errors import ExitCode, OkrsyncError, exit_code_of
from okrsync.fleet.stop import GLANCE, Stop
from okrsync.ports import Clock, Ledger
from okrsync.sync.plan_file import Reviewed
from okrsync.sync.result import Report
from okrsync.sync.run import sync

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
class CompanyRun:
    """How one company's run ended. ``name`` is as the user gave it; ``error`` is what ended the run, else None.

    ``company`` is None if its YAML could not be read. ``undelivered`` says why nobody could be notified.
    """

    name: str
    code: ExitCode
    company: Company | None = None
    report: Report | None = None
    error: BaseException | None = None
    undelivered: str = ""

    @property
    def complaint(self) -> str:
        """The error for a person; a bug with its traceback."""
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
) -> CompanyRun:
    """Sync one company; an error becomes a part of the answer."""
    company: Company | None = None
    try:
        company = load(name)
        report = sync(company, ledger, clock, force=force, reviewed=reviewed)
        return CompanyRun(name=name, code=report.exit_code, company=company, report=report)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - one company's bug stops no other; it is said in full
        return CompanyRun(name=name, code=exit_code_of(error), company=company, error=error)


def side_by_side(
    names: Iterable[str], run: Callable[[str], CompanyRun], stop: Stop, *, at_once: int = AT_ONCE
) -> Iterator[CompanyRun]:
    """Run all, at most ``at_once`` at a time, and give each as soon as it has ended.

    If ``stop`` is set, wait for the runs under way and raise ``Stopped``. An exception in the caller's loop sets it.
    """
    ended: SimpleQueue[Future[CompanyRun]] = SimpleQueue()

    def begin(name: str) -> Future[CompanyRun]:
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


def _next(waiting: set[Future[CompanyRun]], ended: SimpleQueue[Future[CompanyRun]], stop: Stop) -> CompanyRun:
    """The run that ended next. It is then forgotten: thousands of reports would fill the memory."""
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
