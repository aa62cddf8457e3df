"""Read sources and destination side by side, and decide every cell."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from okrsync.cells import CHECK_INS, INITIATIVES, KEY_RESULTS, OBJECTIVES
from okrsync.config import Company
from okrsync.key_results import KeyResult
from okrsync.model import Answer, Decision, Memory, Reading, Row, Verdict
from okrsync.planning import Aim, Plan, plan
from okrsync.ports import Clock, Destination, Ledger, Opening
from okrsync.sync.asking import Ask, ask_all
from okrsync.sync.assessing import (
    Standing,
    absent,
    as_it_will_stand,
    assess,
    heading,
    objective_proposals,
    proposals,
    restarted,
)
from okrsync.sync.baselining import baseline_asks, captured, frozen_as
from okrsync.sync.check_ins import CheckIns, check_in_aims, look, open_register
from okrsync.sync.initiatives import initiative_aims
from okrsync.sync.judging import judged_asks, judged_values
from okrsync.sync.opening import open_connections
from okrsync.sync.releasing import freed


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
    check_ins: CheckIns


def prepare(company: Company, ledger: Ledger, memory: Memory, clock: Clock, now: datetime) -> Prepared:
    """Plan the company's run at ``now``. Writes nothing; raises what makes planning impossible."""
    openings = open_connections(company, memory, clock)
    destinations = open_tables(company, openings, now)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="destination") as pool:
        reading = pool.submit(lambda: {name: one.read() for name, one in destinations.items()})
        answers = ask_all(company, openings, _wanted(company, memory, now), now)
        tables = reading.result()
    rows = match_rows(company, tables)
    check_ins = look(company, memory, tables, destinations, now)
    rows |= check_ins.rows
    memory = check_ins.memory
    baselines = captured(company, ledger, memory, answers, company.key_results)
    frozen = {**memory.baselines, **baselines}
    standings = tuple(
        stand(company, ledger, one, rows, answers[Ask(one.metric, now)], answers, frozen, now)
        for one in company.key_results
    )
    initiatives = initiative_aims(company, answers, rows, destinations.get(INITIATIVES), now)
    efforts = plan(company.id, freed(company, initiatives, memory, now), memory)
    return Prepared(
        plan=_plan(company, memory, standings, rows, destinations, check_ins, now).with_more(efforts),
        answers=answers,
        standings=standings,
        baselines=baselines,
        rows=rows,
        destinations=destinations,
        openings=openings,
        table_of={one.id: KEY_RESULTS for one in company.key_results}
        | {one.id: OBJECTIVES for one in company.objectives}
        | {one.id: INITIATIVES for one in company.initiatives}
        | dict.fromkeys(check_ins.rows, CHECK_INS),
        check_ins=check_ins,
    )


def stand(
    company: Company,
    ledger: Ledger,
    key_result: KeyResult,
    rows: Mapping[str, Row | None],
    answer: Answer,
    judged: Mapping[Ask, Answer],
    frozen: Mapping[str, Reading],
    at: datetime,
) -> Standing:
    """Where the key result stands, or stood, at ``at``, by its ``answer`` and those on the periods ``judged`` before."""
    return assess(
        company,
        key_result,
        rows[key_result.id],
        answer,
        frozen.get(frozen_as(company, key_result)),
        judged_values(company, ledger, key_result, judged, at),
        at,
    )


def open_tables(company: Company, openings: Mapping[str, Opening], now: datetime) -> dict[str, Destination]:
    tables = {name: open_table(company, openings, name) for name in company.tables if name != CHECK_INS}
    if CHECK_INS in company.tables:
        tables[CHECK_INS] = open_register(company, openings[company.destination], now)
    return tables


def open_table(company: Company, openings: Mapping[str, Opening], name: str) -> Destination:
    """One table of the destination that okrsync adds no rows to."""
    connection = company.connections[company.destination]
    assert connection.connector.destination is not None
    return connection.connector.destination(
        connection.settings, company.tables[name], openings[company.destination]
    )


def match_rows(company: Company, tables: Mapping[str, Sequence[Row]]) -> dict[str, Row | None]:
    """The row of each key result and objective; two rows with one key are the destination's ``problem``."""
    by_key = {name: {row.key: row for row in rows} for name, rows in tables.items()}
    found: dict[str, Row | None] = {one.id: by_key[KEY_RESULTS].get(one.id) for one in company.key_results}
    if OBJECTIVES in by_key:
        found |= {one.id: by_key[OBJECTIVES].get(one.id) for one in company.objectives}
    if INITIATIVES in by_key:
        found |= {one.id: by_key[INITIATIVES].get(one.id) for one in company.initiatives}
    return found


def _wanted(company: Company, memory: Memory, now: datetime) -> set[Ask]:
    asks = {Ask(one.metric, now) for one in company.key_results}
    asks |= {Ask(one.metric, now) for one in company.initiatives}
    for one in company.key_results:
        asks |= set(baseline_asks(company, one, memory, now)) | set(judged_asks(company, one, now))
    return asks


def _plan(
    company: Company,
    memory: Memory,
    standings: Collection[Standing],
    rows: Mapping[str, Row | None],
    destinations: Mapping[str, Destination],
    check_ins: CheckIns,
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
                absent=absent(company, KEY_RESULTS, key_result.id),
                proposals=proposals(
                    company, one, list(company.tables[KEY_RESULTS].cells), destinations[KEY_RESULTS], now
                ),
                direction=heading(one),
                restarted=restarted(one, before.detail if before is not None else None),
                unguarded=key_result.may_drop,
            )
        )
    decided = plan(company.id, freed(company, aims, memory, now), memory, company.limits)
    current: dict[str, Decision] = {one.subject: one for one in decided.decisions if one.cell == "current"}
    shown = [as_it_will_stand(company, one, current.get(one.key_result.id), now) for one in standings]
    if OBJECTIVES in destinations:
        objectives = _objective_aims(company, shown, rows, destinations, now)
        more = plan(company.id, freed(company, objectives, memory, now), memory)
        decided = decided.with_more(more)
    if CHECK_INS in destinations:
        added = check_in_aims(company, shown, rows, destinations[CHECK_INS], check_ins)
        decided = decided.with_more(plan(company.id, freed(company, added, memory, now), memory))
    return decided


def _objective_aims(
    company: Company,
    shown: Collection[Standing],
    rows: Mapping[str, Row | None],
    destinations: Mapping[str, Destination],
    now: datetime,
) -> list[Aim]:
    """Objectives follow what their key results' rows will show, a person's numbers included."""
    return [
        Aim(
            subject=objective.id,
            row=rows[objective.id],
            absent=absent(company, OBJECTIVES, objective.id),
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


def counts(decisions: Collection[Decision]) -> dict[str, int]:
    """How many cells got which verdict."""
    return {str(verdict): sum(one.verdict is verdict for one in decisions) for verdict in Verdict}
