"""Tell people what needs them, each thing once, and the dead man's switch that a run got to its end.

What was told stands in the ledger's notes, so that no run on any machine tells it again until it has gone and come
back. It is noted after the webhook took it: where okrsync is killed between the two, it is told a second time, never
not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from okrsync.config import Company, Notify
from okrsync.errors import AccessError, ConfigError, OkrsyncError
from okrsync.fleet.needs import Need, needs
from okrsync.fleet.running import Ended, run_company, worst
from okrsync.fleet.stopping import Stopped
from okrsync.http import USER_AGENT, Again, limiter, patiently, retry_after
from okrsync.model import Noted
from okrsync.ports import Clock, Ledger
from okrsync.settings import Secret, redact
from okrsync.sync import Reviewed

if TYPE_CHECKING:
    import requests

NOTEBOOK: Final = "@notify"
"""The ledger's notebook of what was told, beside those of the connections."""

_COMPLETED: Final = "completed"
_TIMEOUT: Final = (5.0, 20.0)
_MOST: Final = 20
_LONGEST: Final = 300
_LOOPBACK: Final = ("127.0.0.1", "localhost", "::1")


def run_and_tell(
    name: str,
    load: Callable[[str], Company],
    ledger: Ledger,
    clock: Clock,
    *,
    force: bool = False,
    reviewed: Reviewed | None = None,
) -> Ended:
    """Sync one company, and tell whom its YAML names. That telling failed becomes a part of the answer."""
    ended = run_company(name, load, ledger, clock, force=force, reviewed=reviewed)
    if ended.company is None or ended.company.notify is None or isinstance(ended.error, KeyboardInterrupt):
        return ended
    try:
        tell(ended, ended.company, ended.company.notify, ledger, clock)
    except OkrsyncError as error:
        return replace(ended, code=worst([ended.code, error.exit_code]), untold=str(error))
    except Stopped:
        # The run itself had ended; what was not told is told by the next one.
        return ended
    return ended


def tell(ended: Ended, company: Company, notify: Notify, ledger: Ledger, clock: Clock) -> None:
    """Send what has to be said of this run. Raises ``OkrsyncError`` where an address did not take it."""
    with ledger.hold(f"{NOTEBOOK} {company.id}"):
        now = clock.now()
        known = {
            key: text for (owner, key), text in ledger.recall(company.id).notes.items() if owner == NOTEBOOK
        }
        last = datetime.fromisoformat(known[_COMPLETED]) if _COMPLETED in known else None
        present = needs(ended, last, now)
        if notify.webhook is not None:
            _tell_news(ended, company, notify, present, known, ledger, clock)
        if ended.report is not None:
            ledger.record(company.id, Noted(connection=NOTEBOOK, key=_COMPLETED, value=now.isoformat()))
            if notify.ping is not None:
                _send(notify.ping, "ping", company, notify, clock, None)


def _tell_news(
    ended: Ended,
    company: Company,
    notify: Notify,
    present: Sequence[Need],
    known: Mapping[str, str],
    ledger: Ledger,
    clock: Clock,
) -> None:
    assert notify.webhook is not None
    current = {one.key for one in present}
    # A run that failed knows nothing of what was held: that stays as told.
    gone = [
        key
        for key in known
        if key not in current and key != _COMPLETED and (ended.report is not None or key.startswith("failed"))
    ]
    ledger.record(company.id, *(Noted(connection=NOTEBOOK, key=key, value=None) for key in gone))
    news = [one for one in present if one.key not in known]
    if not news:
        return
    body = _slack(company, news) if notify.kind == "slack" else _plain(company, ended, news, clock.now())
    _send(notify.webhook, "webhook", company, notify, clock, body)
    told = clock.now().isoformat()
    ledger.record(company.id, *(Noted(connection=NOTEBOOK, key=one.key, value=told) for one in news))


def _send(
    address: Secret, what: str, company: Company, notify: Notify, clock: Clock, body: dict[str, Any] | None
) -> None:
    import requests

    url = address.reveal()
    where = f"the {what} of {company.id} (address from {address})"
    parts = urlsplit(url)
    here = parts.hostname in _LOOPBACK
    if parts.scheme != "https" and not (parts.scheme == "http" and here):
        raise ConfigError(
            f"{where} is no https address", place=notify.place, hint="put the whole https://… address there"
        )

    def call() -> None:
        with requests.Session() as session:
            session.trust_env = not here
            answer = session.request(
                "GET" if body is None else "POST",
                url,
                json=body,
                headers={"User-Agent": USER_AGENT},
                timeout=_TIMEOUT,
                allow_redirects=False,
            )
        if not 200 <= answer.status_code < 300:
            raise _RefusedError(answer)

    def again(error: Exception) -> Again | None:
        # The library's own sentences repeat the address, which is a secret: they are not passed on.
        if isinstance(error, _RefusedError):
            passing = error.status == 429 or error.status >= 500
            after = retry_after(error.retry_after, clock.now())
            return Again(f"it answered {error.status}", after) if passing else None
        return (
            Again(f"no answer ({type(error).__name__})")
            if isinstance(error, requests.RequestException)
            else None
        )

    limit = limiter(clock, ("notify", url), rate=1, burst=5)
    try:
        patiently(call, clock=clock, limit=limit, again=again, what=where, attempts=4, deadline=60)
    except _RefusedError as error:
        raise AccessError(
            f"{where} answered {error.status}", hint="make a new address where the old one was made"
        ) from None


class _RefusedError(Exception):
    def __init__(self, answer: requests.Response) -> None:
        super().__init__(str(answer.status_code))
        self.status = answer.status_code
        self.retry_after = answer.headers.get("Retry-After")


def _slack(company: Company, news: Sequence[Need]) -> dict[str, Any]:
    lines = [f"*{_escaped(company.title)}* needs a person"]
    for one in news[:_MOST]:
        lines.append(f"• *{_escaped(one.subject)}* {one.kind}: {_escaped(_short(one.text))}")
        if one.hint:
            lines.append(f"    → {_escaped(_short(one.hint))}")
    if len(news) > _MOST:
        lines.append(f"… and {len(news) - _MOST} more: okrsync status {company.id}")
    return {"text": "\n".join(lines)}


def _plain(company: Company, ended: Ended, news: Sequence[Need], now: datetime) -> dict[str, Any]:
    return {
        "company": company.id,
        "title": company.title,
        "at": now.isoformat(),
        "exit_code": int(ended.code),
        "needs": [
            {"kind": one.kind, "subject": one.subject, "text": _short(one.text), "hint": _short(one.hint)}
            for one in news
        ],
    }


def _short(text: str) -> str:
    text = " ".join(redact(text).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _escaped(text: str) -> str:
    """Slack reads only these three as its own signs."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
