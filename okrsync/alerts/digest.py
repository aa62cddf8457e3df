"""Tell people at fixed times what moved, how each objective is doing, and what is held since when.

What a digest says is worked out once, when it is due, and kept in the ledger with an id before it is sent to anybody.
Each address strikes its own copy out when it has taken it; what is left is sent again by the next run, under the same id.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from okrsync.alerts.channel import Channel, deliver
from okrsync.alerts.message import (
    Message,
    as_html,
    as_text,
    bullets,
    footer,
    plain_title,
    reason_lines,
    shown,
    words_of,
)
from okrsync.config import Company
from okrsync.errors import OkrsyncError
from okrsync.memory import Memory, Outcome, StateEntry
from okrsync.ports import Ledger
from okrsync.progress import Status
from okrsync.render.words import number, share
from okrsync.report.held import held_cells, own_reason
from okrsync.schedules import Schedule
from okrsync.settings import Secret
from okrsync.words import Words

STATE: Final = "@digest"
"""Under this name, which no connection can have, the ledger keeps what a digest needs. The keys are stored: they stay."""
_LAST, _SHOWN, _HELD, _WAITING = "last", "shown", "held", "waiting "


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A company's digests, as far as the ledger remembers them in ``memory``."""

    company: Company
    memory: Memory
    now: datetime

    def messages(self, channels: Sequence[Channel], since: datetime | None, id_of: str) -> dict[str, Message]:
        """What each channel is to be sent, by the channel's id; a channel that nothing is new for gets nothing."""
        found, words = {}, self._words
        for channel in channels:
            if (html := self._html(channel)) is not None:
                name = f"{id_of}-{channel.id}"
                days = words("digest_since", moment=words.weekday_moment(since)) if since is not None else ""
                html = f"<p>{shown(self.company.cycle.name)}{shown(days)}</p>{html}"
                title = plain_title(words("digest_title", company=self.company.title or self.company.id))
                html += footer(words, self.company.id, name)
                found[channel.id] = Message(id=name, title=title, html=html)
        return found

    def last(self) -> datetime | None:
        """When the last digest was made."""
        text = self._noted(_LAST)
        return datetime.fromisoformat(text) if text else None

    def made(self, messages: Mapping[str, Message]) -> list[StateEntry]:
        """What the ledger must keep before anything is sent: the messages, and what was shown."""
        shown_now = {one: self._state_of(one) for one in self._outcomes()}
        kept = {_LAST: self.now.isoformat(), _SHOWN: json.dumps(shown_now)}
        kept |= {
            f"{_WAITING}{one.id}": json.dumps([channel, asdict(one)]) for channel, one in messages.items()
        }
        return [StateEntry(connection=STATE, key=key, value=value) for key, value in kept.items()]

    def held_since(self) -> dict[str, str]:
        """Since when each key result is held, as ISO texts: as noted, and as its run says for what is new."""
        before: dict[str, str] = json.loads(self._noted(_HELD) or "{}")
        held = {one: list(held_cells(one, "", known.detail)) for one, known in self._outcomes().items()}
        return {
            one: before.get(one) or cells[0].decision.get("since") or self.now.isoformat()
            for one, cells in held.items()
            if cells
        }

    def held_notes(self) -> list[StateEntry]:
        """The change of ``held_since``, if there is one."""
        text = json.dumps(self.held_since(), sort_keys=True)
        changed = text != (self._noted(_HELD) or "{}")
        return [StateEntry(connection=STATE, key=_HELD, value=text)] if changed else []

    @property
    def _words(self) -> Words:
        return words_of(self.company)

    def _noted(self, key: str) -> str:
        return self.memory.state.get((STATE, key), "")

    def _outcomes(self) -> Mapping[str, Outcome]:
        known = self.memory.outcomes
        return {one.id: known[one.id] for one in self.company.key_results if one.id in known}

    def _state_of(self, subject: str) -> list[str | None]:
        detail = self.memory.outcomes[subject].detail
        return [detail["value"], detail["progress"], detail["status"]]

    def _html(self, channel: Channel) -> str | None:
        """What is new for a channel's key results, None if nothing is."""
        mine = [one for one in self._outcomes() if channel.is_for(one)]
        before = json.loads(self._noted(_SHOWN) or "{}")
        moved = [one for one in mine if before.get(one) != self._state_of(one)]
        held = {one: since for one, since in self.held_since().items() if one in mine}
        if not moved and not held:
            return None
        words = self._words
        parts = [f"<h3>{words('digest_moved')}</h3>{bullets(self._moves(moved, before))}"] if moved else []
        parts.append(f"<h3>{words('objectives')}</h3>{bullets(self._objectives(mine))}")
        if held:
            parts.append(f"<h3>{words('digest_held')}</h3>{bullets(self._holds(held))}")
        return "".join(parts)

    def _named(self, subject: str) -> str:
        key_result = next(one for one in self.company.key_results if one.id == subject)
        title = (
            key_result.title
            or self.memory.outcomes[subject].detail["title"]
            or self.company.metric_title(key_result.metric)
        )
        return f"<b>{shown(subject)}</b> {shown(title)}"

    def _moves(self, subjects: Iterable[str], before: Mapping[str, Any]) -> Iterator[str]:
        words, locale = self._words, self.company.locale
        for one in subjects:
            detail = self.memory.outcomes[one].detail
            value, progress, status = before.get(one) or [None, None, None]
            values = [number(text, detail["unit"], locale) for text in (value, detail["value"])]
            shares = [share(text, locale) for text in (progress, detail["progress"])]
            statuses = [words(text or "no_data") for text in (status, detail["status"])]
            if one not in before:
                new = words("digest_new", value=values[1], share=shares[1], status=statuses[1])
                yield f"{self._named(one)}: {shown(new)}"
                continue
            number_, share_, status_ = map(_change, (values, shares, statuses))
            changes = f"{number_}, {words('digest_progress', change=share_)}, {status_}"
            yield f"{self._named(one)}: {_arrow(value, detail['value'])}{shown(changes)}"

    def _objectives(self, subjects: Sequence[str]) -> Iterator[str]:
        """How many key results of each objective are on track, behind and so on."""
        titles = {one.id: one.title for one in self.company.objectives}
        groups: dict[str, list[str]] = {}
        for one in self.company.key_results:
            if one.id in subjects:
                groups.setdefault(one.objective, []).append(one.id)
        words = self._words
        for objective, own in groups.items():
            said = [self.memory.outcomes[one].detail["status"] for one in own]
            counts = [
                words("digest_count", n=said.count(one), status=words(one))
                for one in map(str, Status)
                if one in said
            ]
            counts += [words.count("without_data_counted", said.count(None))] if None in said else []
            name = (
                f"<b>{shown(objective)}</b> {shown(titles.get(objective, ''))}"
                if objective
                else words("no_objective")
            )
            yield f"{name}: {', '.join(counts)}"

    def _holds(self, held: Mapping[str, str]) -> Iterator[str]:
        words = self._words
        for subject, since in held.items():
            (first, *_) = held_cells(subject, "", self.memory.outcomes[subject].detail)
            why = reason_lines(words, own_reason(words, first), *first.reason)
            when = words.weekday_moment(datetime.fromisoformat(since))
            yield words("held_since", row=self._named(subject), moment=shown(when), reason=as_html(why))


def _change(both: Sequence[str]) -> str:
    old, new = both
    return f"{old} → {new}" if old != new else new


def _arrow(before: str | None, after: str | None) -> str:
    if before is None or after is None or before == after:
        return ""
    return "▲ " if Decimal(after) > Decimal(before) else "▼ "


def send_digest(
    company: Company,
    times: Schedule | None,
    channels: Sequence[Channel],
    ledger: Ledger,
    now: datetime,
) -> list[OkrsyncError]:
    """Make the digest if it is due, and send what waits; return what went wrong with each address."""
    memory = ledger.recall(company.id)
    digest = Digest(company=company, memory=memory, now=now)
    entries = digest.held_notes()
    last = digest.last()
    if times is not None and last is None:
        # The first run only notes where everything is: a digest says what moved.
        entries += digest.made({})
    elif times is not None and times.due(last, now):
        entries += digest.made(digest.messages(channels, last, uuid.uuid4().hex))
    ledger.record(company.id, *entries)
    waiting = dict(memory.state) | {(one.connection, one.key): one.value for one in entries}
    return list(_flush(company.id, waiting, {one.id: one for one in channels}, ledger))


def _flush(
    company: str,
    state: Mapping[tuple[str, str], str | None],
    channels: Mapping[str, Channel],
    ledger: Ledger,
) -> Iterator[OkrsyncError]:
    for (owner, key), text in state.items():
        if owner != STATE or not key.startswith(_WAITING) or text is None:
            continue
        channel, message = json.loads(text)
        try:
            if channel in channels:  # else the address is no longer in the YAML
                deliver(channels[channel], Message(**message))
        except OkrsyncError as error:
            yield error
            continue
        ledger.record(company, StateEntry(connection=STATE, key=key, value=None))


def preview(company: Company, memory: Memory, now: datetime) -> str:
    """What a digest of everything would say now, as text; empty if it would not be sent."""
    digest = Digest(company=company, memory=memory, now=now)
    reader = Channel(address=Secret(env="NOBODY"), key="to")
    found = digest.messages([reader], digest.last(), "preview")
    return "\n".join(as_text(one) for one in found.values())
