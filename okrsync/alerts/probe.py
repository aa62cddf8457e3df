"""Send a test message to each address of a company."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import partial

from okrsync.alerts.channel import deliver
from okrsync.alerts.company_runner import effective_notify
from okrsync.alerts.detect import Alert
from okrsync.alerts.message import alert_message, words_of
from okrsync.alerts.notify import channels_of
from okrsync.alerts.webhook import Notice, Recipient, ping_switch, post_notices
from okrsync.config import Company, Notify
from okrsync.errors import ExitCode
from okrsync.ports import Clock


def try_addresses(
    company: Company, otherwise: Notify | None, clock: Clock
) -> list[tuple[str, Callable[[], None]]]:
    """Every address by its name, with what sends it a test message and raises ``OkrsyncError`` if it is not taken."""
    notify = effective_notify(company.notify, otherwise)
    if notify is None:
        return []
    words = words_of(company)
    to = Recipient(company=company.id, title=company.title, notify=notify, words=words)
    text = "this is a test: alerts of this company arrive here"
    own = words("alert_test")
    alert = Alert(key="test", kind="test", subject=company.id, text=text, hint="nothing to do", own=own)
    number = uuid.uuid4().hex
    tried: list[tuple[str, Callable[[], None]]] = []
    if notify.webhook is not None:
        notice = Notice(id=number, alert=alert)
        send = partial(post_notices, to, ExitCode.IN_SYNC, [notice], clock)
        tried.append((f"webhook, {notify.webhook}", send))
    for channel in channels_of(notify):
        message = alert_message(words, company.id, company.title or company.id, number, [alert])
        tried.append((f"{channel.key}, {channel.address}", partial(deliver, channel, message)))
    if notify.ping is not None:
        tried.append((f"ping, {notify.ping}", partial(ping_switch, to, clock)))
    return tried
