"""Notify people of a company's alerts, each once, send its digest, and ping the dead man's switch.

The ledger's notes say which alerts were sent, so that no run on any machine sends one again before it has gone away
and come back. An alert is noted as pending, with an id, before it is sent, and as sent after the webhook has taken
it. If okrsync is killed between the two, or the answer is lost, the alert is sent a second time under the same id, so
that the receiver can drop it. The other order could lose an alert. Every address has notes of its own.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from okrsync.alerts.channel import Channel, deliver
from okrsync.alerts.detect import Alert, detect
from okrsync.alerts.message import alert_message, words_of
from okrsync.alerts.webhook import Notice, Recipient, ping_switch, post_notices
from okrsync.config import Notify
from okrsync.errors import OkrsyncError
from okrsync.fleet import CompanyRun
from okrsync.memory import StateEntry
from okrsync.ports import Clock, Ledger

STATE: Final = "@notify"
"""Under this name, which no connection can have, the ledger keeps what was sent."""

# Both are stored in ledgers: their texts stay.
_COMPLETED: Final = "completed"
_PENDING: Final = "being told as "


def channels_of(notify: Notify) -> list[Channel]:
    """The addresses of Apprise: of those who are notified of everything, and of owners."""
    owned = [
        Channel(address=one, key=f"owners, {owner.name}", only=owner.of)
        for owner in notify.owners
        for one in owner.to
    ]
    return [*(Channel(address=one, key="to") for one in notify.to), *owned]


def _recipient(run: CompanyRun, whom: Notify) -> Recipient:
    company = run.company
    if company is None:
        # A company is called like its file.
        name = Path(run.name).stem
        return Recipient(company=name, title=name, notify=whom, words=words_of(None))
    return Recipient(company=company.id, title=company.title, notify=whom, words=words_of(company))


def notify(run: CompanyRun, whom: Notify, ledger: Ledger, clock: Clock) -> list[OkrsyncError]:
    """Send this run's new alerts and the digest if it is due, and ping if the run finished.

    Returns why addresses did not take what was sent: one that fails keeps nothing from the others.
    """
    from okrsync.alerts.digest import (
        send_digest,  # it loads the words of the report, and few runs notify anybody
    )

    to = _recipient(run, whom)
    failures: list[OkrsyncError] = []
    with ledger.hold(f"{STATE} {to.company}"):
        now = clock.now()
        notes = ledger.recall(to.company).state
        completed = notes.get((STATE, _COMPLETED))
        last = datetime.fromisoformat(completed) if completed else None
        alerts = detect(run, to.words, last, now)
        channels = channels_of(to.notify)
        for one in _listeners(run, to, channels, alerts, clock):
            try:
                one.send_new(run, notes, ledger, clock)
            except OkrsyncError as error:
                failures.append(error)
        if run.report is not None:
            ledger.record(to.company, StateEntry(connection=STATE, key=_COMPLETED, value=now.isoformat()))
            if to.notify.ping is not None:
                try:
                    ping_switch(to, clock)
                except OkrsyncError as error:
                    failures.append(error)
        if run.company is not None:
            failures += send_digest(run.company, to.notify.digest, channels, ledger, now)
    return failures


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listener:
    """One address and the alerts that it is sent. ``state`` is the name of its notes in the ledger.

    ``in_messages``: the alerts of one message share an id; else each alert has its own.
    """

    company: str
    state: str
    in_messages: bool
    alerts: Sequence[Alert]
    post: Callable[[Sequence[Notice]], None]

    def send_new(
        self, run: CompanyRun, notes: Mapping[tuple[str, str], str], ledger: Ledger, clock: Clock
    ) -> None:
        """Send the alerts that this address did not get yet. Raises ``OkrsyncError`` if it does not take them."""
        known = {key: text for (owner, key), text in notes.items() if owner == self.state}
        present = {one.key for one in self.alerts}
        # A failed run knows nothing of what was held: these notes stay.
        gone = [
            key
            for key in known
            if key not in present
            and key != _COMPLETED
            and (run.report is not None or key.startswith("failed"))
        ]
        ledger.record(self.company, *(StateEntry(connection=self.state, key=key, value=None) for key in gone))
        together = uuid.uuid4().hex  # one message has one id
        notices = [
            Notice(
                id=known.get(one.key, "").removeprefix(_PENDING)
                or (together if self.in_messages else uuid.uuid4().hex),
                alert=one,
            )
            for one in self.alerts
            if known.get(one.key, _PENDING).startswith(_PENDING)
        ]
        if not notices:
            return
        self._note(ledger, notices, lambda one: f"{_PENDING}{one.id}")
        for batch in self._batches(notices):
            self.post(batch)
            sent = clock.now().isoformat()
            self._note(ledger, batch, _always(sent))

    def _batches(self, notices: Sequence[Notice]) -> list[list[Notice]]:
        """What is sent at once: what was sent together before is sent together again."""
        if not self.in_messages:
            return [list(notices)]
        by_id: dict[str, list[Notice]] = {}
        for one in notices:
            by_id.setdefault(one.id, []).append(one)
        return list(by_id.values())

    def _note(self, ledger: Ledger, notices: Sequence[Notice], value: Callable[[Notice], str]) -> None:
        ledger.record(
            self.company,
            *(StateEntry(connection=self.state, key=one.alert.key, value=value(one)) for one in notices),
        )


def _always(text: str) -> Callable[[Notice], str]:
    return lambda _: text


def _listeners(
    run: CompanyRun, to: Recipient, channels: Sequence[Channel], alerts: Sequence[Alert], clock: Clock
) -> Iterator[_Listener]:
    if to.notify.webhook is not None:
        yield _Listener(
            company=to.company,
            state=STATE,
            in_messages=False,
            alerts=alerts,
            post=lambda notices: post_notices(to, run.code, notices, clock),
        )
    for channel in channels:
        yield _Listener(
            company=to.company,
            state=f"{STATE} {channel.id}",
            in_messages=True,
            alerts=[one for one in alerts if channel.is_for(one.subject)],
            post=partial(_post, to, channel),
        )


def _post(to: Recipient, channel: Channel, notices: Sequence[Notice]) -> None:
    alerts = [one.alert for one in notices]
    deliver(channel, alert_message(to.words, to.company, to.title, notices[0].id, alerts))
