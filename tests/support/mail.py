"""A mail server on loopback: it keeps what it takes, refuses if a test says so, and can be stopped."""

from __future__ import annotations

import email
import socket
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller


class MailServer:
    """Serves from construction to ``close``. ``before`` runs before a message is taken, ``after`` when it was."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.refusal = ""
        self._closed = False
        self.after: Callable[[], None] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def url(self, to: str) -> str:
        """The address for Apprise."""
        return f"mailto://127.0.0.1:{self.port}?from=okrsync@acme.example&to={to}"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refusal:
            return self.refusal
        mail = email.message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        mail["Received-For"] = ", ".join(envelope.rcpt_tos)
        self.mails.append(mail)
        if self.after is not None:
            self.after()
        return "250 taken"

    def close(self) -> None:
        """May be called twice."""
        if not self._closed:
            self._closed = True
            self._controller.stop()


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content
