"""Put alerts into messages that people read.

A message is a title and simple HTML, of which Apprise makes each service's own form.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape, unescape
from typing import Final
from zoneinfo import ZoneInfo

from okrsync.alerts.detect import Alert
from okrsync.config import Company
from okrsync.redaction import redact
from okrsync.words import Words

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


def words_of(company: Company | None) -> Words:
    """The words for a company's people; English if its YAML could not be read."""
    return Words(company.locale, company.zone) if company is not None else Words("en_US", ZoneInfo("UTC"))


def reason_lines(words: Words, own: str, text: str, hint: str) -> list[str]:
    """Why something needs a person and what to do: in short, then in full, which stays English if it is not listed."""
    lines = [] if words.language == "en" or not own else [own]
    said = [*lines, words.reason(text).text, *([f"→ {words.reason(hint).text}"] if hint else [])]
    return [short(one) for one in said]


def alert_message(words: Words, company: str, title: str, notice: str, alerts: Sequence[Alert]) -> Message:
    """One message for new alerts; ``notice`` is its id."""
    lines = []
    for one in alerts[:MOST]:
        said = reason_lines(words, one.own, one.text, one.hint)
        lines.append(f"<b>{shown(one.subject)}</b> {words(f'kind_{one.kind}')}: {as_html(said)}")
    if len(alerts) > MOST:
        lines.append(shown(left_out(words, company, len(alerts))))
    subjects = list(dict.fromkeys(one.subject for one in alerts))
    if len(subjects) == 1:
        heading = words("one_alert", company=title, subject=subjects[0])
    else:
        heading = words.count("alerts", len(subjects), company=title)
    return Message(
        id=notice, title=plain_title(heading), html=bullets(lines) + footer(words, company, notice)
    )


def left_out(words: Words, company: str, alerts: int) -> str:
    """How many alerts a message does not show, and the command that does."""
    return words.count("and_more", alerts - MOST, command=f"okrsync status {company}")


def as_html(lines: Iterable[str]) -> str:
    """Lines of text as HTML."""
    return "<br/>".join(escape(one, quote=False) for one in lines)


def as_text(message: Message) -> str:
    """A message for a terminal."""
    text = re.sub(r"<li>", "\n  • ", re.sub(r"<br/>", "\n    ", message.html))
    text = re.sub(r"</?(h3|p|ul)>", "\n", text)
    body = unescape(re.sub(r"<[^>]+>", "", text))
    return re.sub(r"\n{3,}", "\n\n", f"{message.title}\n\n{body.strip()}")


def footer(words: Words, company: str, notice: str) -> str:
    """Which company and which message this is; a message that comes twice has the same id."""
    return f"<p>{shown(words('message_of', company=company, id=notice))}</p>"
