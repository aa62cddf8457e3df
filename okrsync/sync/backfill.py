"""Recompute past values from the sources, and keep them in the ledger beside what was seen then.

Readings are recorded, and check-ins of periods that are over are added. Nothing that is there is touched: no cell, no
outcome and no run, so that an old value can never become the current one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterator, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

from okrsync.cells import CHECK_INS
from okrsync.config import Company
from okrsync.errors import ConfigError, ExitCode
from okrsync.memory import Entry, Observed
from okrsync.model import OBSERVED, Answer, Cause, NoValue, Reading
from okrsync.periods import TICK, endings
from okrsync.ports import Clock, Ledger
from okrsync.run_context import Ask, Run, new_run
from okrsync.sync.backfill_check_ins import Filled, fill, periods_to_fill
from okrsync.sync.batches import in_batches, together
from okrsync.sync.connections import open_connections
from okrsync.sync.lease_record import recording
from okrsync.sync.trend import SOURCE_TIME
from okrsync.tables.past_values import day_of, known_readings

Progress = Callable[[str, int, int, Mapping[str, tuple[int, int]]], None]
"""Hears how many of how many values, or check-ins, are done; of values also by the connections read together."""


class Found(StrEnum):
    """What came of one metric at one moment."""

    ADDED = "added"
    KNOWN = "known"
    OBSERVED = "observed"
    MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalled:
    """One metric at one moment: what was found and, if there is one, the value in the ledger or on its way there."""

    metric: str
    at: datetime
    found: Found
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """What a backfill did or, if it was not ``applied``, would have done; ``values`` by metric, then by moment.

    ``filled`` is None if no check-ins are kept or they were not asked for.
    """

    company: Company
    at: datetime
    moments: tuple[datetime, ...]
    subjects: Mapping[str, tuple[str, ...]]
    values: tuple[Recalled, ...]
    filled: Filled | None
    applied: bool

    @property
    def missing(self) -> list[tuple[Recalled, NoValue]]:
        return [(one, one.answer) for one in self.values if isinstance(one.answer, NoValue)]

    @property
    def exit_code(self) -> ExitCode:
        held = self.filled.held.values() if self.filled is not None else ()
        causes = {answer.cause for _, answer in self.missing} | {one.cause for one in held}
        if Cause.ACCESS in causes:
            return ExitCode.ACCESS
        return ExitCode.HELD if causes else ExitCode.IN_SYNC


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillRequest:
    """Which past values to find: at the end of each ``every`` (day, week, month) from ``first`` to ``last``.

    ``only`` names key results; none means all. ``refresh`` asks again for what an earlier backfill found, ``check_ins``
    adds those of periods that are over, ``dry_run`` records nothing.
    """

    first: date
    last: date
    every: str
    only: Collection[str] = ()
    dry_run: bool = False
    refresh: bool = False
    check_ins: bool = True


def backfill(
    company: Company,
    ledger: Ledger,
    clock: Clock,
    request: BackfillRequest,
    on_progress: Progress = lambda *_: None,
) -> Backfill:
    """Find the value of every key result at each moment that ``request`` asks for.

    What the ledger knows is not asked again, unless ``refresh``; a value that was seen on the day never is, and stays.
    Each batch is recorded when it is read, so that the next run continues after a kill. If the company keeps
    check-ins, those of periods that end at one of the dates are added if there is none. ``on_progress`` hears how far
    it is: before anything is asked, and batch by batch. Raises ``Busy`` if another backfill of the company runs or,
    if check-ins are to be added, a sync.
    """
    run = new_run(company, ledger, clock)
    moments = _moments(company, request, run.now)
    subjects = _subjects(company, request.only)
    fillable = periods_to_fill(company, moments, run.now)
    filling = request.check_ins and CHECK_INS in company.tables
    if filling and fillable and not request.dry_run:
        # A sync that begins from now on adds check-ins of later periods; one that runs now may add these.
        with ledger.hold(company.id):
            pass
    # Its own lease: a sync need not wait for a backfill, as they write different things.
    with nullcontext() if request.dry_run else ledger.hold(f"{company.id} backfill") as lease:
        record = recording(ledger, company.id, lease, clock) if lease is not None else _not_recorded
        known = _known(company, ledger, subjects, moments)
        wanted = [Ask(metric, at) for metric in subjects for at in moments]
        unknown = [one for one in wanted if _unknown(known.get(one), refresh=request.refresh)]
        found = {one: _remembered(one, known[one]) for one in wanted if one in known}
        if unknown:
            run = replace(run, connections=open_connections(company, run.memory, clock))
        with closing(_ask(run, unknown, known, len(wanted), on_progress)) as batches:
            for fresh in batches:
                record(*(Observed(run=run.id, reading=one) for one in _new(fresh.values())))
                found |= fresh
        filled = None
        if filling:
            filled = fill(
                run,
                moments=fillable,
                answers={ask: one.answer for ask, one in found.items()},
                only={one for subject in subjects.values() for one in subject},
                record=None if request.dry_run else record,
                on_count=lambda done, of: on_progress("check-ins", done, of, {}),
            )
    return Backfill(
        company=company,
        at=run.now,
        moments=tuple(moments),
        subjects=subjects,
        values=tuple(found[one] for one in wanted),
        filled=filled,
        applied=not request.dry_run,
    )


def _not_recorded(*_: Entry) -> None:
    """Stand for a record in a dry run."""


def _ask(
    run: Run, unknown: Sequence[Ask], known: Mapping[Ask, Reading], total: int, on_progress: Progress
) -> Generator[dict[Ask, Recalled]]:
    """Ask for what is unknown of ``total`` values, and give what came of each batch."""
    groups = together(run.company, unknown)
    read = {name: (0, len(group)) for name, group in groups.items()}
    done = total - len(unknown)
    on_progress("values", done, total, read)
    with closing(in_batches(run, groups)) as batches:
        for name, answers in batches:
            fresh = {one: _recalled(one, answer, known.get(one)) for one, answer in answers.items()}
            yield fresh
            done += len(fresh)
            read[name] = (read[name][0] + len(fresh), read[name][1])
            on_progress("values", done, total, read)


def _moments(company: Company, request: BackfillRequest, now: datetime) -> list[datetime]:
    first, last, every = request.first, request.last, request.every
    if last < first:
        raise ConfigError(f"--from {first} is after --to {last}", hint="write the earlier day first")
    moments = endings(every, first, last, company.cycle.calendar, now)
    if not moments:
        raise ConfigError(
            f"no {every} has its last day in {first} to {last} and is over",
            hint="widen --from and --to, or write --every day",
        )
    return moments


def _subjects(company: Company, only: Collection[str]) -> dict[str, tuple[str, ...]]:
    """The ids of the key results that use each metric, metrics of one connection side by side."""
    known = {one.id: one for one in company.key_results}
    for name in only:
        if name not in known:
            raise company.unknown(name, known)
    chosen = [one for one in company.key_results if not only or one.id in only]
    found: dict[str, tuple[str, ...]] = {}
    for one in chosen:
        found[one.metric] = (*found.get(one.metric, ()), one.id)
    return found


def _known(
    company: Company, ledger: Ledger, metrics: Collection[str], moments: Sequence[datetime]
) -> dict[Ask, Reading]:
    """What the ledger holds for the moments: what was seen on that day, else what was rebuilt for that moment."""
    days = {at.date(): at for at in moments}
    known: dict[Ask, Reading] = {}
    since = moments[0].replace(hour=0, minute=0, second=0, microsecond=0)
    for metric in metrics:
        for one in known_readings(company, ledger, metric, since, moments[-1] + TICK):
            at = days.get(day_of(one, company.zone))
            if at is None or (one.method != OBSERVED and one.as_of != at):
                continue
            before = known.get(Ask(metric, at))
            if before is None or one.method == OBSERVED or before.method != OBSERVED:
                known[Ask(metric, at)] = one
    return known


def _new(recalled: Collection[Recalled]) -> Iterator[Reading]:
    for one in recalled:
        if one.found is Found.ADDED and isinstance(one.answer, Reading):
            yield one.answer


def _unknown(known: Reading | None, *, refresh: bool) -> bool:
    return known is None or (refresh and known.method != OBSERVED)


def _remembered(ask: Ask, reading: Reading) -> Recalled:
    kind = Found.OBSERVED if reading.method == OBSERVED else Found.KNOWN
    return Recalled(metric=ask.metric, at=ask.at, found=kind, answer=reading)


def _recalled(ask: Ask, answer: Answer, known: Reading | None) -> Recalled:
    if isinstance(answer, Reading):
        answer = _of_the_moment(ask, answer)
    if isinstance(answer, NoValue):
        if known is not None:
            return _remembered(ask, known)
        return Recalled(metric=ask.metric, at=ask.at, found=Found.MISSING, answer=answer)
    same = known is not None and _says(known) == _says(answer)
    return Recalled(metric=ask.metric, at=ask.at, found=Found.KNOWN if same else Found.ADDED, answer=answer)


def _says(reading: Reading) -> tuple[object, ...]:
    return reading.value, reading.unit, reading.method, reading.window


def _of_the_moment(ask: Ask, answer: Reading) -> Answer:
    """The answer as the value of the moment that was asked for; its own time in the source stays a fact of it."""
    if answer.method == OBSERVED or answer.as_of > ask.at + TICK:
        return NoValue(
            metric=ask.metric,
            cause=Cause.PAST,
            reason=f"{answer.evidence.source} gave a value of {answer.as_of:%Y-%m-%d}, and that of {ask.at:%Y-%m-%d} is asked",
        )
    facts = answer.evidence.facts
    if answer.as_of < ask.at and SOURCE_TIME not in dict(facts):
        facts = (*facts, (SOURCE_TIME, answer.as_of.astimezone(ask.at.tzinfo).isoformat()))
    return replace(answer, as_of=ask.at, evidence=replace(answer.evidence, facts=facts))
