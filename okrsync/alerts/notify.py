"""Notify people of a company's alerts, each once, and ping the dead man's switch after a finished run.

The ledger's notes say which alerts were sent, so that no run on any machine sends one again before it has gone away
and come back. An alert is noted as pending, with an id, before it is sent, and as sent after the webhook has taken
it. If okrsync is killed between the two, or the answer is lost, the alert is sent a second time under the same id, so
that the receiver can drop it. The other order could lose an alert.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from okrsync.alerts.detect import Alert, detect
from okrsync.alerts.webhook import Notice, Recipient, ping_switch, post_notices
from okrsync.config import Company, Notify
from okrsync.errors import OkrsyncError
from okrsync.fleet import CompanyRun, Stopped, run_company, worst
from okrsync.model import StateEntry
from okrsync.ports import Clock, Ledger
from okrsync.sync import Reviewed

STATE: Final = "@notify"
"""Under this name, which no connection can have, the ledger keeps what was sent."""

# Both are stored in ledgers: their texts stay.
_COMPLETED: Final = "completed"
_PENDING: Final = "being told as "


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
        to = _recipient(run, self.otherwise)
        if to is None or isinstance(run.error, KeyboardInterrupt):
            return run
        try:
            notify(run, to, self.ledger, self.clock)
        except OkrsyncError as error:
            return replace(run, code=worst([run.code, error.exit_code]), undelivered=str(error))
        except Stopped:
            # The run itself is finished; the next one sends what was not sent.
            return run
        return run


def _recipient(run: CompanyRun, otherwise: Callable[[str], Notify | None]) -> Recipient | None:
    company, notify = run.company, otherwise(run.name)
    own = company.notify if company is not None else None
    if own is not None:
        notify = replace(notify, ping=own.ping) if notify is not None and own.webhook is None else own
    if notify is None:
        return None
    if company is None:
        # A company is called like its file.
        name = Path(run.name).stem
        return Recipient(company=name, title=name, notify=notify)
    return Recipient(company=company.id, title=company.title, notify=notify)


def notify(run: CompanyRun, to: Recipient, ledger: Ledger, clock: Clock) -> None:
    """Send this run's new alerts, and ping if it finished. Raises ``OkrsyncError`` if an address did not take them."""
    with ledger.hold(f"{STATE} {to.company}"):
        now = clock.now()
        notes = ledger.recall(to.company).state
        known = {key: text for (owner, key), text in notes.items() if owner == STATE}
        last = datetime.fromisoformat(known[_COMPLETED]) if _COMPLETED in known else None
        if to.notify.webhook is not None:
            _send_new(run, to, detect(run, last, now), known, ledger, clock)
        if run.report is not None:
            ledger.record(to.company, StateEntry(connection=STATE, key=_COMPLETED, value=now.isoformat()))
            if to.notify.ping is not None:
                ping_switch(to, clock)


def _send_new(
    run: CompanyRun,
    to: Recipient,
    alerts: Sequence[Alert],
    known: Mapping[str, str],
    ledger: Ledger,
    clock: Clock,
) -> None:
    present = {one.key for one in alerts}
    # A failed run knows nothing of what was held: these notes stay.
    gone = [
        key
        for key in known
        if key not in present and key != _COMPLETED and (run.report is not None or key.startswith("failed"))
    ]
    ledger.record(to.company, *(StateEntry(connection=STATE, key=key, value=None) for key in gone))
    notices = [
        Notice(id=known.get(one.key, "").removeprefix(_PENDING) or uuid.uuid4().hex, alert=one)
        for one in alerts
        if known.get(one.key, _PENDING).startswith(_PENDING)
    ]
    if not notices:
        return
    _note(ledger, to, notices, lambda one: f"{_PENDING}{one.id}")
    post_notices(to, run.code, notices, clock)
    sent = clock.now().isoformat()
    _note(ledger, to, notices, lambda _: sent)


def _note(ledger: Ledger, to: Recipient, notices: Sequence[Notice], value: Callable[[Notice], str]) -> None:
    ledger.record(
        to.company, *(StateEntry(connection=STATE, key=one.alert.key, value=value(one)) for one in notices)
    )
