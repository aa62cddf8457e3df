"""Add the check-ins that were never made, from recomputed values: a row for each key result and period that is over.

A row that is there is left as it is, whoever made it and whatever it says. The goal and the calendar are today's; the
value, and with it progress and status, are those of the period's last instant.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from okrsync.cells import CHECK_INS, KEY_RESULTS
from okrsync.config import Company
from okrsync.key_results import KeyResult
from okrsync.model import (
    Answer,
    Baseline,
    Cause,
    Decision,
    Entry,
    Hold,
    Landed,
    Memory,
    Reading,
    Row,
    Verdict,
)
from okrsync.periods import last_instant, windows_of
from okrsync.planning import NEW, plan
from okrsync.ports import Clock, Ledger, Opening, Register
from okrsync.sync.applying import Record, apply, settle_same
from okrsync.sync.asking import Ask, ask_all
from okrsync.sync.baselining import baseline_asks, captured
from okrsync.sync.check_ins import CheckIns, check_in_aims, key_of, look, open_register
from okrsync.sync.judging import judged_asks
from okrsync.sync.opening import new_notes, open_connections
from okrsync.sync.preparing import match_rows, open_table, stand

Told = Callable[[int, int], None]
AGAIN = "run the same backfill again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What came of the check-ins of so many ``periods``.

    ``there`` is how many there were already, ``decisions`` are those on the others as they ended. Where there is no
    number there is no check-in, and no decision either.
    """

    periods: int
    there: int
    decisions: tuple[Decision, ...]

    @property
    def added(self) -> list[str]:
        """The keys of the rows that were or, where nothing was applied, would be added."""
        whole = (one for one in self.decisions if one.verdict is Verdict.WRITE and one.row.startswith(NEW))
        return list(dict.fromkeys(one.subject for one in whole))

    @property
    def held(self) -> dict[str, Decision]:
        """By key, what kept a row from being added."""
        held = [one for one in self.decisions if one.verdict is Verdict.HELD and one.hold is not Hold.FOLLOWS]
        return {one.subject: one for one in reversed(held)}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """The check-ins of a period that is over, whose last instant is ``at``; ``lacking`` are to be settled."""

    at: datetime
    register: Register
    check_ins: CheckIns
    there: int
    lacking: Sequence[KeyResult]

    def the_register(self, _subject: str) -> Register:
        return self.register


def periods_to_fill(company: Company, moments: Collection[datetime], now: datetime) -> list[datetime]:
    """The ``moments`` at which a period of the check-ins and of this cycle ends, oldest first."""
    ends = [last_instant(one) for one in windows_of(company.check_in_every, company.cycle, now)]
    return [at for at in ends if at in moments]


def fill(
    company: Company,
    ledger: Ledger,
    clock: Clock,
    *,
    now: datetime,
    run: str,
    moments: Sequence[datetime],
    answers: Mapping[Ask, Answer],
    only: Collection[str],
    record: Record | None,
    told: Told,
) -> Filled:
    """Add what is lacking at each of ``moments`` for the key results in ``only``, whose ``answers`` are known.

    Without ``record`` nothing is added. ``told`` hears how many of how many check-ins are done. Raises like
    ``Destination.read``; what was added until then is found by the next run.
    """
    if not moments:
        return Filled(periods=0, there=0, decisions=())
    memory = ledger.recall(company.id)
    openings = open_connections(company, memory, clock)
    listed = open_table(company, openings, KEY_RESULTS).read()
    chosen = [one for one in company.key_results if one.id in only]
    pasts = [_look_back(company, memory, openings, listed, chosen, answers, at) for at in moments]
    further = ask_all(company, openings, _further(company, memory, pasts, now), now)
    lacking = {one.id for past in pasts for one in past.lacking}
    wanting = [one for one in chosen if one.id in lacking]
    baselines = captured(company, ledger, memory, further, wanting)
    if record is not None:
        record(*(Baseline(subject=subject, reading=one) for subject, one in baselines.items()))
    rows = match_rows(company, {KEY_RESULTS: listed})
    frozen = {**memory.baselines, **baselines}
    count = _Count(told, len(pasts) * len(chosen))
    decisions: list[Decision] = []
    for number, past in enumerate(pasts, start=1):
        standings = [
            stand(company, ledger, one, rows, answers[Ask(one.metric, past.at)], further, frozen, past.at)
            for one in past.lacking
        ]
        mine = past.check_ins
        aims = check_in_aims(company, standings, {**rows, **mine.rows}, past.register, mine)
        decided = plan(company.id, aims, mine.memory)
        ended = decided.decisions
        if record is not None:
            record(*mine.turned_up(run), *settle_same(decided, mine.memory, run))
            ended = apply(decided, past.the_register, count.noting(record), run, AGAIN, mine)
        decisions += ended
        count.reach(number * len(chosen))
        if any(one.cause is Cause.ACCESS for one in ended):
            break
    if record is not None:
        record(*new_notes(openings, memory))
    return Filled(periods=len(pasts), there=sum(past.there for past in pasts), decisions=tuple(decisions))


def _look_back(
    company: Company,
    memory: Memory,
    openings: Mapping[str, Opening],
    listed: Sequence[Row],
    chosen: Sequence[KeyResult],
    answers: Mapping[Ask, Answer],
    at: datetime,
) -> _Past:
    register = open_register(company, openings[company.destination], at)
    tables = {KEY_RESULTS: listed, CHECK_INS: register.read()}
    check_ins = look(company, memory, tables, {CHECK_INS: register}, at)
    there, lacking = 0, []
    for one in chosen:
        row = check_ins.rows[key_of(company, one, check_ins.label)]
        there += row is not None
        # A row that an interrupted run was adding is settled like a new one.
        unsettled = row is None or row.id in check_ins.adopted
        if unsettled and isinstance(answers[Ask(one.metric, at)], Reading):
            lacking.append(one)
    return _Past(at=at, register=register, check_ins=check_ins, there=there, lacking=lacking)


def _further(company: Company, memory: Memory, pasts: Sequence[_Past], now: datetime) -> set[Ask]:
    """What the sources must be asked besides the values themselves: baselines, and the periods judged before."""
    asks: set[Ask] = set()
    for past in pasts:
        for one in past.lacking:
            asks |= set(baseline_asks(company, one, memory, now)) | set(judged_asks(company, one, past.at))
    return asks


class _Count:
    """Tells how many check-ins are done, as rows land; threads share it."""

    def __init__(self, told: Told, of: int) -> None:
        self._told, self._of, self._done, self._lock = told, of, 0, Lock()

    def reach(self, done: int) -> None:
        """So many are settled: added, there already, or without a number."""
        with self._lock:
            self._done = done
            self._told(self._done, self._of)

    def noting(self, record: Record) -> Record:
        def noted(*entries: Entry) -> None:
            record(*entries)
            if any(isinstance(one, Landed) for one in entries):
                with self._lock:
                    self._done += 1
                    self._told(self._done, self._of)

        return noted
