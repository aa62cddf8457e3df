"""Sync companies and notify people of their alerts.

What sends the alerts is loaded if there is anybody to notify.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from okrsync.config import Company, Notify
from okrsync.errors import OkrsyncError
from okrsync.fleet import CompanyRun, Stopped, run_company, worst
from okrsync.ports import Clock, Ledger
from okrsync.sync.plan_file import Reviewed


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyRunner:
    """Syncs companies and sends their alerts: to whom the YAML names, or ``otherwise`` if that names nobody.

    ``otherwise`` also counts if the YAML cannot be read.
    """

    load: Callable[[str], Company]
    ledger: Ledger
    clock: Clock
    otherwise: Callable[[str], Notify | None]

    def run(self, name: str, *, force: bool = False, reviewed: Reviewed | None = None) -> CompanyRun:
        """Sync one company and send its alerts. If the alerts cannot be sent, the answer says why."""
        run = run_company(name, self.load, self.ledger, self.clock, force=force, reviewed=reviewed)
        own = run.company.notify if run.company is not None else None
        whom = effective_notify(own, self.otherwise(name))
        if whom is None or isinstance(run.error, KeyboardInterrupt):
            return run
        from okrsync.alerts.notify import notify

        try:
            failures = notify(run, whom, self.ledger, self.clock)
        except OkrsyncError as error:
            failures = [error]
        except Stopped:
            # The run itself is finished; the next one sends what was not sent.
            return run
        if not failures:
            return run
        code = worst([run.code, *(one.exit_code for one in failures)])
        return replace(run, code=code, undelivered="\n".join(map(str, failures)))


def effective_notify(own: Notify | None, otherwise: Notify | None) -> Notify | None:
    """Whom a company notifies: by its YAML, or by the machine if that names nobody for everything."""
    if own is None or otherwise is None or own.webhook is not None or own.to:
        return own or otherwise
    return replace(own, webhook=otherwise.webhook, kind=otherwise.kind, to=otherwise.to)
