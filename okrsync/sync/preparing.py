"""Read sources and destination side by side, and decide every cell."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from okrsync.config import Company
from okrsync.key_results import KeyResult
from okrsync.model import Answer, Decision, Memory, Reading, Row, Verdict, Window
from okrsync.periods import windows_of
from okrsync.planning import Aim, Plan, plan
from okrsync.ports import Clock, Destination, Ledger, Opening
from okrsync.sync.asking import Ask, ask_all
from okrsync.sync.assessing import (
    Standing,
    as_it_will_stand,
    assess,
    heading,
    objective_proposals,
    proposals,
    restarted,
)
from okrsync.sync.opening import open_connections
from okrsync.sync.remembering import TICK, by_day
from okrsync.units import to_unit

# A baseline that the source cannot recall may be taken from what okrsync itself saw in the cycle's first days.
BASELINE_GRACE = timedelta(days=7)
KEY_RESULTS, OBJECTIVES = "key_results", "objectives"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A plan and everything it stands on. ``table_of`` says which destination table a subject's row is in."""

    plan: Plan
    answers: Mapping[Ask, Answer]
    standings: tuple[Standing, ...]
    baselines: Mapping[str, Reading]
    rows: Mapping[str, Row | None]
    destinations: Mapping[str, Destination]
    openings: Mapping[str, Opening]
    table_of: Mapping[str, str]


def prepare(company: Company, ledger: Ledger, memory: Memory, clock: Clock, now: datetime) -> Prepared:
    """Plan the company's run at ``now``. Writes nothing; raises what makes planning impossible."""
    openings = open_connections(company, memory, clock)
    destinations = open_tables(company, openings)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="destination") as pool:
        reading = pool.submit(lambda: {name: one.read() for name, one in destinations.items()})
        answers = ask_all(company, openings, _wanted(company, memory, now), now)
        tables = reading.result()
    rows = match_rows(company, tables)
    baselines = _capture(company, ledger, memory, answers)
    standings = tuple(
        assess(
            company,
            one,
            rows[one.id],
            answers[Ask(one.metric, now)],
            baselines.get(one.id, memory.baselines.get(one.id)),
            _periods(company, ledger, one, answers, now),
            now,
        )
        for one in company.key_results
    )
    return Prepared(
        plan=_plan(company, memory, standings, rows, destinations, now),
        answers=answers,
        standings=standings,
        baselines=baselines,
        rows=rows,
        destinations=destinations,
        openings=openings,
        table_of={one.id: KEY_RESULTS for one in company.key_results}
        | {one.id: OBJECTIVES for one in company.objectives},
    )


def open_tables(company: Company, openings: Mapping[str, Opening]) -> dict[str, Destination]:
    connection = company.connections[company.destination]
    assert connection.connector.destination is not None
    opening = openings[company.destination]
    return {
        name: connection.connector.destination(connection.settings, table, opening)
        for name, table in company.tables.items()
    }


def match_rows(company: Company, tables: Mapping[str, Sequence[Row]]) -> dict[str, Row | None]:
    """The row of each key result and objective; two rows with one key are the destination's ``problem``."""
    by_key = {name: {row.key: row for row in rows} for name, rows in tables.items()}
    found: dict[str, Row | None] = {one.id: by_key[KEY_RESULTS].get(one.id) for one in company.key_results}
    if OBJECTIVES in by_key:
        found |= {one.id: by_key[OBJECTIVES].get(one.id) for one in company.objectives}
    return found


def _wanted(company: Company, memory: Memory, now: datetime) -> set[Ask]:
    asks = {Ask(one.metric, now) for one in company.key_results}
    for one in company.key_results:
        if one.measured_baseline and one.id not in memory.baselines and company.cycle.opens < now:
            asks.add(Ask(one.metric, company.cycle.opens))
        asks |= {Ask(one.metric, end) for end in _ends(company, one, now)}
    return asks


def _ends(company: Company, key_result: KeyResult, now: datetime) -> list[datetime]:
    return [window.end for window in _judged(company, key_result, now)]


def _judged(company: Company, key_result: KeyResult, now: datetime) -> list[Window]:
    return windows_of(key_result.judging.every, company.cycle, now) if key_result.judging else []


def _capture(
    company: Company, ledger: Ledger, memory: Memory, answers: Mapping[Ask, Answer]
) -> dict[str, Reading]:
    """The baselines that are newly known: from the source as of the cycle's start, else from its first days."""
    captured: dict[str, Reading] = {}
    opens = company.cycle.opens
    for one in company.key_results:
        if not one.measured_baseline or one.id in memory.baselines:
            continue
        answer = answers.get(Ask(one.metric, opens))
        if isinstance(answer, Reading):
            captured[one.id] = answer
        elif seen := ledger.history(company.id, one.metric, opens - TICK, opens + BASELINE_GRACE):
            captured[one.id] = seen[0]
    return captured


def _periods(
    company: Company, ledger: Ledger, key_result: KeyResult, answers: Mapping[Ask, Answer], now: datetime
) -> list[Decimal | None]:
    """A value for each complete period that is judged: from the source, else the last one seen in that period."""
    values: list[Decimal | None] = []
    for window in _judged(company, key_result, now):
        answer: Answer | None = answers[Ask(key_result.metric, window.end)]
        if not isinstance(answer, Reading):
            seen = by_day(
                ledger.history(company.id, key_result.metric, window.start, window.end), company.zone
            )
            answer = seen[-1] if seen else None
        values.append(
            to_unit(answer.value, answer.unit, key_result.unit) if isinstance(answer, Reading) else None
        )
    return values


def _plan(
    company: Company,
    memory: Memory,
    standings: Collection[Standing],
    rows: Mapping[str, Row | None],
    destinations: Mapping[str, Destination],
    now: datetime,
) -> Plan:
    aims = []
    for one in standings:
        key_result = one.key_result
        before = memory.outcomes.get(key_result.id)
        aims.append(
            Aim(
                subject=key_result.id,
                row=rows[key_result.id],
                absent=_absent(company, KEY_RESULTS, key_result.id),
                proposals=proposals(
                    company, one, list(company.tables[KEY_RESULTS].cells), destinations[KEY_RESULTS], now
                ),
                direction=heading(one),
                restarted=restarted(one, before.detail if before is not None else None),
                unguarded=key_result.may_drop,
            )
        )
    decided = plan(company.id, aims, memory, company.limits)
    if OBJECTIVES not in destinations:
        return decided
    return decided.with_more(
        plan(company.id, _objective_aims(company, standings, rows, decided, destinations, now), memory)
    )


def _objective_aims(
    company: Company,
    standings: Collection[Standing],
    rows: Mapping[str, Row | None],
    decided: Plan,
    destinations: Mapping[str, Destination],
    now: datetime,
) -> list[Aim]:
    """Objectives follow what their key results' rows will show, a person's numbers included."""
    current: dict[str, Decision] = {one.subject: one for one in decided.decisions if one.cell == "current"}
    shown = [as_it_will_stand(company, one, current.get(one.key_result.id), now) for one in standings]
    return [
        Aim(
            subject=objective.id,
            row=rows[objective.id],
            absent=_absent(company, OBJECTIVES, objective.id),
            proposals=objective_proposals(
                company,
                objective,
                [one for one in shown if one.key_result.objective == objective.id],
                list(company.tables[OBJECTIVES].cells),
                destinations[OBJECTIVES],
                now,
            ),
        )
        for objective in company.objectives
    ]


def _absent(company: Company, table: str, subject: str) -> str:
    match = getattr(company.tables[table], "match", None)
    where = f"no row has {subject!r} in its column {match!r}" if match else f"no row is named for {subject}"
    return f"{where}: add it there, or name the row with `page:` in {company.path.name}"


def counts(decisions: Collection[Decision]) -> dict[str, int]:
    """How many cells got which verdict."""
    return {str(verdict): sum(one.verdict is verdict for one in decisions) for verdict in Verdict}
