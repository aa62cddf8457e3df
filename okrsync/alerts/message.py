"""Put alerts into messages that people read.

A message is a title and simple HTML, of which Apprise makes each service's own form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape, unescape
from typing import Final

from okrsync.alerts.detect import Alert
from okrsync.redaction import redact

MOST: Final = 20
LONGEST: Final = 500
# What steers a terminal or turns the reading direction: texts come from Jira, Notion and files.
_UNSEEN: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """``id`` is the same if it is sent again. ``html`` has headings, paragraphs and lists, no more."""

    id: str
    title: str
    html: str


def short(text: str, longest: int = LONGEST) -> str:
    """The text on one line, without secrets and without what no reader sees, cut if it is very long."""
    text = " ".join(_UNSEEN.sub("", redact(text)).split())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def shown(text: str) -> str:
    """``short`` as HTML."""
    return escape(short(text), quote=False)


def plain_title(text: str) -> str:
    """A title that no service takes for HTML: some put it into the body."""
    return short(text).translate(str.maketrans("<>", "‹›"))


def bullets(lines: Iterable[str]) -> str:
    """A list of lines that are HTML already."""
    return f"<ul>{''.join(f'<li>{line}</li>' for line in lines)}</ul>"


def alert_message(company: str, title: str, notice: str, alerts: Sequence[Alert]) -> Message:
    """One message for new alerts; ``notice`` is its id."""
    lines = []
    for one in alerts[:MOST]:
        hint = f"<br/>→ {shown(one.hint)}" if one.hint else ""
        lines.append(f"<b>{shown(one.subject)}</b> {one.kind}: {shown(one.text)}{hint}")
    if len(alerts) > MOST:
        lines.append(f"… and {len(alerts) - MOST} more: okrsync status {company}")
    subjects = list(dict.fromkeys(one.subject for one in alerts))
    what = subjects[0] if len(subjects) == 1 else f"{len(subjects)} things"
    need = "needs" if len(subjects) == 1 else "need"
    heading = plain_title(f"{title}: {what} {need} a person")
    return Message(id=notice, title=heading, html=bullets(lines) + footer(company, notice))


def as_text(message: Message) -> str:
    """A message for a terminal."""
    text = re.sub(r"<li>", "\n  • ", re.sub(r"<br/>", "\n    ", message.html))
    text = re.sub(r"</?(h3|p|ul)>", "\n", text)
    body = unescape(re.sub(r"<[^>]+>", "", text))
    return re.sub(r"\n{3,}", "\n\n", f"{message.title}\n\n{body.strip()}")


def footer(company: str, notice: str) -> str:
    """Which company and which message this is; a message that comes twice has the same id."""
    return f"<p>okrsync, company {shown(company)}, message {notice}</p>"
