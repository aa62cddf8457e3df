"""Find what in a run needs a person, and recognise it in the next run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from okrsync.errors import Busy, ConfigError, OkrsyncError, UnsafePlan
from okrsync.fleet import CompanyRun
from okrsync.model import Hold, Verdict
from okrsync.tables.notes import note_text
from okrsync.words import Words

OVERDUE_AFTER: Final = 3
"""So many times of its schedule may pass without a finished sync; then a company is stale."""

UNREADABLE: Final = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One thing that needs a person. ``key`` stays the same as long as it is the same thing, whatever its numbers do.

    ``kind`` is ``held``, ``failed``, ``stale``, ``over`` (the cycle) or ``test``. ``own`` says ``text`` in short in the
    company's language. ``text`` and ``hint`` are in English, as programs read them.
    """

    key: str
    kind: str
    subject: str
    text: str
    hint: str = ""
    own: str = ""


def detect(run: CompanyRun, words: Words, last: datetime | None, now: datetime) -> list[Alert]:
    """Everything in ``run`` that needs a person. ``last`` is when the company's last finished sync before it ended."""
    if run.report is not None:
        return list(_held(run, words))
    found = list(_failed(run, words))
    schedule = run.company.schedule if run.company is not None else None
    if schedule is None or last is None:
        return found
    if schedule.missed(last, now, at_most=OVERDUE_AFTER) >= OVERDUE_AFTER:
        text = f"no sync has finished since {last:%Y-%m-%d %H:%M} UTC, and its schedule is {schedule.line!r}"
        own = words("alert_stale", moment=words.weekday_moment(last))
        found.append(
            Alert(key="stale", kind="stale", subject=run.name, text=text, hint=_next_step(run), own=own)
        )
    return found


def _held(run: CompanyRun, words: Words) -> Iterator[Alert]:
    assert run.report is not None
    if (notice := run.report.notice) is not None:
        own = words.cycle_phase(run.report.company.cycle, run.report.at)
        yield Alert(
            key="cycle over", kind="over", subject=run.name, text=notice.text, hint=notice.hint, own=own
        )
    seen = set()
    for one in run.report.decisions:
        if one.verdict is not Verdict.HELD or one.hold in {Hold.FOLLOWS, Hold.CLOSED}:
            continue
        # Not by its text: the numbers in it change every day.
        key = f"held {one.subject} {one.hold} {one.cause or ''}".strip()
        if key not in seen:
            seen.add(key)
            own = note_text([one], words.locale) or ""
            yield Alert(key=key, kind="held", subject=one.subject, text=one.reason, hint=one.hint, own=own)


def _failed(run: CompanyRun, words: Words) -> Iterator[Alert]:
    error = run.error
    # Busy: the other run notifies. Interrupted: a person did it, and the next run finishes it.
    if error is None or isinstance(error, Busy | KeyboardInterrupt):
        return
    text, hint = (
        f"stopped by a bug in okrsync ({type(error).__name__})",
        f"okrsync sync {run.name} shows it",
    )
    if isinstance(error, OkrsyncError):
        text, hint = error.message, error.hint
    if isinstance(error, ConfigError) and error.place:
        text = f"{error.place}: {text}"
    kind = "unsafe" if isinstance(error, UnsafePlan) else type(error).__name__
    if run.company is None:
        kind, hint = UNREADABLE, hint or f"okrsync validate {run.name}"
    own = words("alert_failed")
    yield Alert(key=f"failed {kind}", kind="failed", subject=run.name, text=text, hint=hint, own=own)


def _next_step(run: CompanyRun) -> str:
    return run.error.hint if isinstance(run.error, OkrsyncError) else f"okrsync sync {run.name}"
