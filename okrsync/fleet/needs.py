"""What of a run needs a person, and how to know the same thing again the next time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from okrsync.errors import Busy, ConfigError, OkrsyncError, UnsafePlan
from okrsync.fleet.running import Ended
from okrsync.model import Hold, Verdict

OVERDUE_AFTER: Final = 3
"""So many times of its schedule may come without a sync that got to its end; then a company is stale."""


UNREADABLE: Final = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing that needs a person. ``key`` stays the same as long as it is the same thing, whatever its numbers do.

    ``kind`` is ``held``, ``failed`` or ``stale``.
    """

    key: str
    kind: str
    subject: str
    text: str
    hint: str = ""


def needs(ended: Ended, last: datetime | None, now: datetime) -> list[Need]:
    """Everything in ``ended`` that needs a person. ``last`` is when the company's last sync before it got to its end."""
    if ended.report is not None:
        return list(_held(ended))
    found = list(_failed(ended))
    schedule = ended.company.schedule if ended.company is not None else None
    if schedule is None or last is None:
        return found
    if schedule.missed(last, now, at_most=OVERDUE_AFTER) >= OVERDUE_AFTER:
        text = f"no sync has got to its end since {last:%Y-%m-%d %H:%M} UTC, and its schedule is {schedule.line!r}"
        found.append(Need(key="stale", kind="stale", subject=ended.name, text=text, hint=_next_step(ended)))
    return found


def _held(ended: Ended) -> Iterator[Need]:
    assert ended.report is not None
    seen = set()
    for one in ended.report.decisions:
        if one.verdict is not Verdict.HELD or one.hold is Hold.FOLLOWS:
            continue
        key = f"held {one.subject} {one.hold} {one.cause or ''}".strip()
        if key not in seen:
            seen.add(key)
            yield Need(key=key, kind="held", subject=one.subject, text=one.reason, hint=one.hint)


def _failed(ended: Ended) -> Iterator[Need]:
    error = ended.error
    # Busy: the other run will tell. Interrupted: somebody knows already, and the next run finishes it.
    if error is None or isinstance(error, Busy | KeyboardInterrupt):
        return
    text, hint = (
        f"stopped by a bug in okrsync ({type(error).__name__})",
        f"okrsync sync {ended.name} shows it",
    )
    if isinstance(error, OkrsyncError):
        text, hint = error.message, error.hint
    if isinstance(error, ConfigError) and error.place:
        text = f"{error.place}: {text}"
    kind = "unsafe" if isinstance(error, UnsafePlan) else type(error).__name__
    if ended.company is None:
        kind, hint = UNREADABLE, hint or f"okrsync validate {ended.name}"
    yield Need(key=f"failed {kind}", kind="failed", subject=ended.name, text=text, hint=hint)


def _next_step(ended: Ended) -> str:
    return ended.error.hint if isinstance(ended.error, OkrsyncError) else f"okrsync sync {ended.name}"
