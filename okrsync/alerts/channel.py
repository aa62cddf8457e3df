"""Send messages through Apprise: mail, Teams, Slack, Telegram and many more.

Apprise says only whether a message was taken, and logs why not. Its log is read here, so that a person learns the reason.
"""

from __future__ import annotations

import hashlib
import logging
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from okrsync.alerts.message import Message, as_text
from okrsync.connector import on_this_machine
from okrsync.errors import ConfigError, Unavailable
from okrsync.extras import install_command
from okrsync.network import trust
from okrsync.redaction import conceal, redact
from okrsync.settings import Secret

if TYPE_CHECKING:
    import apprise

PLACES: Final = "https://appriseit.com/services/"
PROGRAMS: Final = {"json", "xml", "form"}
_SECRET_LENGTH: Final = 6
_ANSWER: Final = re.compile(r"\((\d{3}), b(['\"])(.*?)\2\)")
_REASONS: Final = ("Socket Exception", "Response Details")


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """One address that is notified. ``only`` are the ids of what it is notified of; None is everything."""

    address: Secret
    key: str
    only: frozenset[str] | None = None

    @property
    def id(self) -> str:
        """A short name of the address that tells nothing of it: by where it is read from, and whose it is."""
        return hashlib.sha256(f"{self.key} {self.address}".encode()).hexdigest()[:12]

    @property
    def name(self) -> str:
        """The address in messages."""
        return f"the address from {self.address} (notify, {self.key})"

    def is_for(self, subject: str) -> bool:
        """Whether an alert of ``subject`` goes to this address."""
        return self.only is None or subject in self.only


def deliver(channel: Channel, message: Message) -> None:
    """Send one message, once.

    Raises ``ConfigError`` if the address cannot be used, ``AccessError`` if it cannot be read, and ``Unavailable`` with
    the reason if the message was not taken.
    """
    url = channel.address.reveal()
    _conceal_parts(url)
    service = _service(channel, url)
    headers = getattr(service, "headers", None)
    if isinstance(headers, dict):  # mail and webhooks: a receiver can drop what comes twice
        headers["X-Okrsync-Id"] = message.id
    result = _notify(service, message)
    if not result:
        raise Unavailable(
            f"{channel.name} did not take a message: {_reason(result)}", hint="the next run sends it"
        )


def _service(channel: Channel, url: str) -> apprise.NotifyBase:
    try:
        import apprise
    except ImportError:
        raise ConfigError(
            f"{channel.name} needs more than is installed", hint=install_command("alerts")
        ) from None
    trust()
    log = logging.getLogger("apprise")
    log.propagate, log.level = False, logging.DEBUG  # its lines become the reasons of errors
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    asset = apprise.AppriseAsset(
        app_id="okrsync",
        app_desc="okrsync",
        app_url="",
        async_mode=False,
        storage_mode=apprise.PersistentStoreMode.MEMORY,
    )
    service = apprise.Apprise.instantiate(url, asset=asset)
    if service is None:
        raise ConfigError(
            f"{channel.name} is no address that Apprise can use",
            hint=f"write it as {PLACES} shows, such as mailtos://USER:PASSWORD@HOST?from=…&to=…",
        )
    if _in_the_clear(service, url):
        raise ConfigError(
            f"{channel.name} would be sent to without encryption",
            hint=f"write {urlsplit(url).scheme}s:// instead of {urlsplit(url).scheme}://",
        )
    return service


def _in_the_clear(service: Any, url: str) -> bool:
    """Whether a message or a password could be read on the way. Mail without a password may go to a relay nearby."""
    scheme, secure = urlsplit(url).scheme.lower(), _schemes(service.secure_protocol)
    if not secure or scheme in secure or on_this_machine(f"http://{service.host or ''}"):
        return False
    return not scheme.startswith("mailto") or bool(service.password)


def _schemes(names: Any) -> set[str]:
    return {names} if isinstance(names, str) else set(names or ())


def _notify(service: apprise.NotifyBase, message: Message) -> apprise.AppriseResult:
    import apprise

    sender = apprise.Apprise(asset=service.asset)
    sender.add(service)
    # What services show to people is made of HTML, escaped as each needs it; programs are given plain text.
    plain = _schemes(service.protocol) & PROGRAMS
    return sender.notify(
        title=message.title,
        body=as_text(message) if plain else message.html,
        body_format=apprise.NotifyFormat.TEXT if plain else apprise.NotifyFormat.HTML,
        log_level=logging.DEBUG,
    )


def _reason(result: apprise.AppriseResult) -> str:
    """What Apprise has logged about a failure, on one line."""
    lines = [
        one.message
        for one in result.logs()
        if one.level in {"WARNING", "ERROR", "CRITICAL"} or one.message.startswith(_REASONS)
    ]
    # A mail server's answer is logged as Python shows it: (554, b'no thanks').
    lines = [_ANSWER.sub(r"\1 \3", line.removeprefix("Socket Exception: ")) for line in lines]
    said = "; ".join(dict.fromkeys(" ".join(redact(line).split()) for line in lines))
    return said[:500] or "Apprise does not say why"


def _conceal_parts(url: str) -> None:
    """Keep the address out of every text, and each of its parts that may be a token: services repeat single ones."""
    conceal(url)
    parts = urlsplit(url)
    tokens = [one for one in (parts.username, *parts.path.split("/")) if one and _like_a_token(one)]
    for part in (parts.password, *tokens):
        if part:
            conceal(part)
            conceal(unquote(part))


def _like_a_token(part: str) -> bool:
    """Concealing a word, such as the name of a mailbox, would make holes in every text."""
    return len(part) >= _SECRET_LENGTH and "@" not in unquote(part) and any(map(str.isdigit, part))
