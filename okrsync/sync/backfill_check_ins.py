"""Add the check-ins that were never made, from recomputed values: one per key result and period.

A row that is there is left as it is, no matter who made it and what it says. The goal and the calendar are today's; the
value, and with it progress and status, are those of the period's last instant.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from threading import Lock

from okrsync.cells import KEY_RESULTS
from okrsync.config import Company
from okrsync.key_results import KeyResult
from okrsync.memory import Entry, Landed, MeasuredBaseline
from okrsync.model import Answer, Cause, Decision, Hold, Reading, Verdict
from okrsync.periods import last_instant, windows_of
from okrsync.planning import NEW, plan
from okrsync.run_context import Ask, Run
from okrsync.sync.apply import Writing, apply, settle_same
from okrsync.sync.connections import open_connections, state_changes
from okrsync.sync.fetch import fetch
from okrsync.sync.lease_record import Record
from okrsync.sync.run import in_groups, open_table
from okrsync.tables.check_ins import CheckIns, desired_rows, found_in, key_of, open_register
from okrsync.tables.key_results import assessed
from okrsync.tables.past_values import baseline_asks, judged_asks, new_baselines

OnCount = Callable[[int, int], None]
AGAIN = "run the same backfill again"


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What came of the check-ins of so many ``periods``.

    ``there`` is how many there were already, ``decisions`` are those on the others as they ended. Without a number
    there is no check-in, and no decision either.
    """

    periods: int
    there: int
    decisions: tuple[Decision, ...]

    @property
    def added(self) -> list[str]:
        """The keys of the rows that were or, if nothing was applied, would be added."""
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
    check_ins: CheckIns
    there: int
    lacking: Sequence[KeyResult]


def periods_to_fill(company: Company, moments: Collection[datetime], now: datetime) -> list[datetime]:
    """The ``moments`` at which a period of the check-ins and of this cycle ends, oldest first."""
    ends = [last_instant(one) for one in windows_of(company.check_in_every, company.cycle, now)]
    return [at for at in ends if at in moments]


def fill(
    run: Run,
    *,
    moments: Sequence[datetime],
    answers: Mapping[Ask, Answer],
    only: Collection[str],
    record: Record | None,
    on_count: OnCount,
) -> Filled:
    """Add what is lacking at each of ``moments`` for the key results in ``only``, whose ``answers`` are known.

    Without ``record`` nothing is added. ``on_count`` hears how many of how many check-ins are done. Raises like
    ``Destination.read``; what was added until then is found by the next run.
    """
    if not moments:
        return Filled(periods=0, there=0, decisions=())
    run, chosen = _with_rows(run), [one for one in run.company.key_results if one.id in only]
    pasts = [_look_back(run, chosen, answers, at) for at in moments]
    run = _with_goals(run, pasts)
    if record is not None:
        record(*(MeasuredBaseline(subject=subject, reading=one) for subject, one in run.baselines.items()))
    count = _Count(on_count, len(pasts) * len(chosen))
    decisions: list[Decision] = []
    for number, past in enumerate(pasts, start=1):
        ended = _fill_period(run, past, answers, count.noting(record) if record is not None else None)
        decisions += ended
        count.reach(number * len(chosen))
        if any(one.cause is Cause.ACCESS for one in ended):
            break
    if record is not None:
        record(*state_changes(run))
    return Filled(periods=len(pasts), there=sum(past.there for past in pasts), decisions=tuple(decisions))


def _with_rows(run: Run) -> Run:
    """The run with a fresh memory and the rows of its key results: what was recorded so far may have changed both."""
    run = replace(run, memory=run.ledger.recall(run.company.id))
    run = replace(run, connections=open_connections(run.company, run.memory, run.clock))
    listed = tuple(open_table(run, KEY_RESULTS).read())
    by_key = {row.key: row for row in listed}
    rows = {one.id: by_key.get(one.id) for one in run.company.key_results}
    return replace(run, listed={KEY_RESULTS: listed}, rows=rows)


def _look_back(run: Run, chosen: Sequence[KeyResult], answers: Mapping[Ask, Answer], at: datetime) -> _Past:
    company = run.company
    register = open_register(company, run.connections[company.destination], at)
    check_ins = found_in(run, register, register.read(), at)
    there, lacking = 0, []
    for one in chosen:
        row = check_ins.rows[key_of(company, one, check_ins.label)]
        there += row is not None
        # A row that an interrupted run was adding is settled like a new one.
        unsettled = row is None or row.id in check_ins.adopted
        if unsettled and isinstance(answers[Ask(one.metric, at)], Reading):
            lacking.append(one)
    return _Past(at=at, check_ins=check_ins, there=there, lacking=lacking)


def _with_goals(run: Run, pasts: Sequence[_Past]) -> Run:
    """The run with what goals and judged periods need besides the values themselves, asked of the sources."""
    asks: set[Ask] = set()
    for past in pasts:
        for one in past.lacking:
            asks |= {*baseline_asks(run, one), *judged_asks(run.company, one, past.at)}
    run = replace(run, answers=fetch(run, asks))
    lacking = {one.id for past in pasts for one in past.lacking}
    wanting = [one for one in run.company.key_results if one.id in lacking]
    return replace(run, baselines=new_baselines(run, wanting))


def _fill_period(
    run: Run, past: _Past, answers: Mapping[Ask, Answer], record: Record | None
) -> tuple[Decision, ...]:
    """Add the check-ins that one period lacks, or decide only which would be added."""
    mine = past.check_ins
    assessments = [assessed(run, one, answers[Ask(one.metric, past.at)], past.at) for one in past.lacking]
    decided = plan(run.company.id, desired_rows(run, mine, assessments), mine.memory)
    if record is None:
        return decided.decisions
    record(*mine.turned_up(run.id), *settle_same(decided, mine.memory, run.id))
    writing = Writing(
        destination_of=lambda _subject: mine.register,
        record=record,
        run=run.id,
        hint=AGAIN,
        check_ins=mine,
        in_groups=in_groups(run.company, past.at),
    )
    return apply(decided, writing)


class _Count:
    """Counts the check-ins that are done, as rows land; threads share it."""

    def __init__(self, on_count: OnCount, of: int) -> None:
        self._on_count, self._of, self._done, self._lock = on_count, of, 0, Lock()

    def reach(self, done: int) -> None:
        """So many are settled: added, there already, or without a number."""
        with self._lock:
            self._done = done
            self._on_count(self._done, self._of)

    def noting(self, record: Record) -> Record:
        def noted(*entries: Entry) -> None:
            record(*entries)
            landed = sum(isinstance(one, Landed) for one in entries)
            if landed:
                with self._lock:
                    self._done += landed
                    self._on_count(self._done, self._of)

        return noted
