"""Tell people what needs them, each thing once, and the dead man's switch that a run got to its end.

What was told stands in the ledger's notes, so that no run on any machine tells it again until it has gone and come
back. That it is to be told is noted first, with an id, and that it was told after the webhook took it: where okrsync is
killed between the two, or the answer is lost, it is told a second time under the same id, never not at all.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from okrsync.config import Company, Notify
from okrsync.errors import OkrsyncError
from okrsync.fleet.needs import UNREADABLE, Need, needs
from okrsync.fleet.posting import Addressee, News, hold_switch, post_news
from okrsync.fleet.running import Ended, run_company, worst
from okrsync.fleet.stopping import Stopped
from okrsync.model import Noted
from okrsync.ports import Clock, Ledger
from okrsync.sync import Reviewed

NOTEBOOK: Final = "@notify"
"""The ledger's notebook of what was told, beside those of the connections."""

_COMPLETED: Final = "completed"
_BEING_TOLD: Final = "being told as "


def run_and_tell(
    name: str,
    load: Callable[[str], Company],
    ledger: Ledger,
    clock: Clock,
    *,
    otherwise: Callable[[str], Notify | None] = lambda _: None,
    force: bool = False,
    reviewed: Reviewed | None = None,
) -> Ended:
    """Sync one company, and tell whom its YAML names; ``otherwise`` says whom where it names nobody or is unreadable.

    That telling failed becomes a part of the answer.
    """
    ended = run_company(name, load, ledger, clock, force=force, reviewed=reviewed)
    to = _addressee(ended, otherwise)
    if to is None or isinstance(ended.error, KeyboardInterrupt):
        return ended
    try:
        tell(ended, to, ledger, clock)
    except OkrsyncError as error:
        return replace(ended, code=worst([ended.code, error.exit_code]), untold=str(error))
    except Stopped:
        # The run itself had ended; what was not told is told by the next one.
        return ended
    return ended


def _addressee(ended: Ended, otherwise: Callable[[str], Notify | None]) -> Addressee | None:
    company, notify = ended.company, otherwise(ended.name)
    own = company.notify if company is not None else None
    if own is not None:
        notify = replace(notify, ping=own.ping) if notify is not None and own.webhook is None else own
    if notify is None:
        return None
    if company is None:
        name = Path(ended.name).stem
        return Addressee(company=name, title=name, notify=notify)
    return Addressee(company=company.id, title=company.title, notify=notify)


def tell(ended: Ended, to: Addressee, ledger: Ledger, clock: Clock) -> None:
    """Send what has to be said of this run. Raises ``OkrsyncError`` where an address did not take it."""
    with ledger.hold(f"{NOTEBOOK} {to.company}"):
        now = clock.now()
        notes = ledger.recall(to.company).notes
        known = {key: text for (owner, key), text in notes.items() if owner == NOTEBOOK}
        last = datetime.fromisoformat(known[_COMPLETED]) if _COMPLETED in known else None
        if to.notify.webhook is not None:
            _tell_news(ended, to, needs(ended, last, now), known, ledger, clock)
        if ended.company is not None and Path(ended.name).stem != to.company:
            # What was told of it while its id could not be read stands under its file's name.
            ledger.record(
                Path(ended.name).stem, Noted(connection=NOTEBOOK, key=f"failed {UNREADABLE}", value=None)
            )
        if ended.report is not None:
            ledger.record(to.company, Noted(connection=NOTEBOOK, key=_COMPLETED, value=now.isoformat()))
            if to.notify.ping is not None:
                hold_switch(to, clock)


def _tell_news(
    ended: Ended,
    to: Addressee,
    present: Sequence[Need],
    known: Mapping[str, str],
    ledger: Ledger,
    clock: Clock,
) -> None:
    current = {one.key for one in present}
    # A run that failed knows nothing of what was held: that stays as told.
    gone = [
        key
        for key in known
        if key not in current and key != _COMPLETED and (ended.report is not None or key.startswith("failed"))
    ]
    ledger.record(to.company, *(Noted(connection=NOTEBOOK, key=key, value=None) for key in gone))
    news = [
        News(id=known.get(one.key, "").removeprefix(_BEING_TOLD) or uuid.uuid4().hex, need=one)
        for one in present
        if known.get(one.key, _BEING_TOLD).startswith(_BEING_TOLD)
    ]
    if not news:
        return
    _note(ledger, to, news, lambda one: f"{_BEING_TOLD}{one.id}")
    post_news(to, ended.code, news, clock)
    told = clock.now().isoformat()
    _note(ledger, to, news, lambda _: told)


def _note(ledger: Ledger, to: Addressee, news: Sequence[News], value: Callable[[News], str]) -> None:
    ledger.record(
        to.company, *(Noted(connection=NOTEBOOK, key=one.need.key, value=value(one)) for one in news)
    )
