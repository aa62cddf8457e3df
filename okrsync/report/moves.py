"""Find what moved in a week: each key result's last value against the one of seven days before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from okrsync.report.key_result_card import Facts, title_of
from okrsync.report.page import NO_DATA, WeekMove
from okrsync.sync.trend import Seen

WEEK: Final = timedelta(days=7)


def week_ago(facts: Facts) -> date:
    return facts.today - WEEK


def pairs(facts: Facts) -> dict[str, tuple[Seen, Seen]]:
    """The key results with a value of a week ago or older and one since: those two, the newest of each."""
    found = {}
    for one in facts.company.key_results:
        both = pair(facts.trends[one.id].values, week_ago(facts))
        if both is not None:
            found[one.id] = both
    return found


def moves(facts: Facts) -> tuple[WeekMove, ...]:
    """The key results whose number is another one, those first whose progress changed most."""
    return tuple(sorted(_moves(facts), key=lambda one: abs(one.points or Decimal(0)), reverse=True))


def pair(values: Sequence[Seen], then: date) -> tuple[Seen, Seen] | None:
    """The last value up to the day ``then`` and the last one of all; None if both are not there."""
    before = [one for one in values if one.day <= then]
    return (before[-1], values[-1]) if before and values[-1].day > then else None


def _moves(facts: Facts) -> Iterator[WeekMove]:
    words, both = facts.words, pairs(facts)
    for one in facts.company.key_results:
        if one.id not in both or both[one.id][0].value == both[one.id][1].value:
            continue
        before, now = both[one.id]
        outcome = facts.outcomes.get(one.id)
        detail = outcome.detail if outcome is not None else {}
        points = None
        if before.progress is not None and now.progress is not None and one.judging is None:
            points = now.progress - before.progress
        yield WeekMove(
            id=one.id,
            title=title_of(facts.company, one, detail),
            status=detail.get("status") or NO_DATA,
            before=words.number(before.value, one.unit),
            now=words.number(now.value, one.unit),
            points=points,
            change=_signed(facts, points) if points is not None else "",
        )


def _signed(facts: Facts, points: Decimal) -> str:
    """Like ``+12 points``: percentage points of the progress; empty if it is less than one."""
    size = round(abs(points) * 100)
    return f"{'+' if points > 0 else '−'}{facts.words.count('points', size)}" if size else ""
