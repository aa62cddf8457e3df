"""Send alerts to a webhook, and a ping to the dead man's switch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from okrsync.alerts.detect import Alert
from okrsync.alerts.message import MOST, left_out, reason_lines, short
from okrsync.config import Notify
from okrsync.connector import is_encrypted, passes
from okrsync.errors import AccessError, ConfigError, ExitCode
from okrsync.http import USER_AGENT, Again, limiter, patiently, retry_after
from okrsync.network import session
from okrsync.ports import Clock
from okrsync.settings import Secret
from okrsync.words import Words

if TYPE_CHECKING:
    import requests

_TIMEOUT: Final = (5.0, 20.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom to notify of a company. ``company`` is its id, or the name of a YAML that could not be read."""

    company: str
    title: str
    notify: Notify
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A new alert. If it is sent a second time, it has the same ``id``."""

    id: str
    alert: Alert


def post_notices(to: Recipient, code: ExitCode, notices: Sequence[Notice], clock: Clock) -> None:
    """Send new alerts in one request. Raises ``OkrsyncError`` if the webhook did not take it."""
    assert to.notify.webhook is not None
    body = _slack(to, notices) if to.notify.kind == "slack" else _plain(to, code, notices, clock.now())
    _send(to.notify.webhook, "webhook", to, clock, body)


def ping_switch(to: Recipient, clock: Clock) -> None:
    """Ping the dead man's switch. Raises ``OkrsyncError`` if it did not answer."""
    assert to.notify.ping is not None
    _send(to.notify.ping, "ping", to, clock, None)


def _send(address: Secret, what: str, to: Recipient, clock: Clock, body: dict[str, Any] | None) -> None:
    import requests

    url = address.reveal()
    where = f"the {what} of {to.company} (address from {address})"
    if not is_encrypted(url):
        raise ConfigError(
            f"{where} is no https address",
            place=to.notify.place,
            hint="put the whole https://… address there",
        )

    def call() -> None:
        with session(url) as http:
            answer = http.request(
                "GET" if body is None else "POST",
                url,
                json=body,
                headers={"User-Agent": USER_AGENT},
                timeout=_TIMEOUT,
                allow_redirects=False,
            )
        if not 200 <= answer.status_code < 300:
            raise _RefusalError(answer)

    def again(error: Exception) -> Again | None:
        # The library's own sentences repeat the address, which is a secret: they are not passed on.
        if isinstance(error, _RefusalError):
            after = retry_after(error.retry_after, clock.now())
            return Again(f"it answered {error.status}", after) if passes(error.status) else None
        return (
            Again(f"no answer ({type(error).__name__})")
            if isinstance(error, requests.RequestException)
            else None
        )

    limit = limiter(clock, ("notify", url), rate=1, burst=5)
    try:
        patiently(call, clock=clock, limit=limit, again=again, what=where, attempts=4, deadline=60)
    except _RefusalError as error:
        raise AccessError(
            f"{where} answered {error.status}", hint="make a new address where the old one was made"
        ) from None


class _RefusalError(Exception):
    def __init__(self, answer: requests.Response) -> None:
        super().__init__(str(answer.status_code))
        self.status = answer.status_code
        self.retry_after = answer.headers.get("Retry-After")


def _slack(to: Recipient, notices: Sequence[Notice]) -> dict[str, Any]:
    lines = [to.words("chat_alert", company=f"*{_escaped(to.title)}*")]
    for one in (each.alert for each in notices[:MOST]):
        first, *more = reason_lines(to.words, one.own, one.text, one.hint)
        lines.append(f"• *{_escaped(one.subject)}* {to.words(f'kind_{one.kind}')}: {_escaped(first)}")
        lines += [f"    {_escaped(line)}" for line in more]
    if len(notices) > MOST:
        lines.append(left_out(to.words, to.company, len(notices)))
    return {"text": "\n".join(lines)}


def _plain(to: Recipient, code: ExitCode, notices: Sequence[Notice], now: datetime) -> dict[str, Any]:
    return {
        "company": to.company,
        "title": to.title,
        "at": now.isoformat(),
        "exit_code": int(code),
        "needs": [
            {
                "id": each.id,
                "kind": each.alert.kind,
                "subject": each.alert.subject,
                "text": short(each.alert.text),
                "hint": short(each.alert.hint),
            }
            for each in notices
        ],
    }


def _escaped(text: str) -> str:
    """Slack reads only these three as its own signs."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
