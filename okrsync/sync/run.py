"""Bring a company's tables up to date with its sources: lease, read, plan, check, apply, record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime

from okrsync.cells import CHECK_INS, KEY_RESULTS
from okrsync.config import Company
from okrsync.errors import exit_code_of
from okrsync.memory import SYNC, Entry, MeasuredBaseline, Observed, Outcome, RunFinished, RunStarted
from okrsync.model import Reading, Row
from okrsync.ownership import is_behind
from okrsync.planning import Plan, plan
from okrsync.ports import Clock, Destination, Ledger
from okrsync.run_context import Run, new_run, require_destination
from okrsync.sync.apply import Writing, apply, settle_same
from okrsync.sync.connections import open_connections, state_changes
from okrsync.sync.fetch import fetch
from okrsync.sync.lease_record import recording
from okrsync.sync.other_ledgers import learned_of_rows, matched, noting_edits
from okrsync.sync.plan_file import Reviewed, confirm
from okrsync.sync.result import Report, closed_report, counts, report_of
from okrsync.sync.side_by_side import read_side_by_side
from okrsync.tables.check_ins import open_register, with_check_ins
from okrsync.tables.doubts import no_longer_accepted
from okrsync.tables.kept_edits import edits_seen, released
from okrsync.tables.key_results import settled
from okrsync.tables.registry import due_tables, kept_tables


def preview(company: Company, ledger: Ledger, clock: Clock) -> Report:
    """Read everything and plan; write nothing, neither to the destination nor to the ledger."""
    require_destination(company)
    if not kept_tables(company, clock.now()):
        return closed_report(company, clock.now())
    run = read(opened(new_run(company, ledger, clock)))
    planned = plan_of(run)
    return report_of(run, planned, planned.decisions, applied=False)


def sync(
    company: Company, ledger: Ledger, clock: Clock, *, force: bool = False, reviewed: Reviewed | None = None
) -> Report:
    """Bring the destination up to date with the sources, as far as the write rule allows.

    With ``reviewed`` only that very plan is applied. Raises ``Busy`` if another run holds the company,
    ``UnsafePlan`` if the plan is too much to apply without ``force`` or is not the reviewed one, and whatever makes
    planning impossible; in each of these cases nothing was written.
    """
    require_destination(company)
    with ledger.hold(company.id) as lease:
        run = new_run(company, ledger, clock)
        ledger.record(company.id, RunStarted(run=run.id, command=SYNC, at=run.now))
        if not kept_tables(company, run.now):
            report = closed_report(company, run.now)
            ledger.record(company.id, _finished(run, report))
            return report
        try:
            run = read(opened(run))
            planned = plan_of(run)
            ledger.record(company.id, *_learned(run, planned))
            if reviewed is not None:
                confirm(reviewed, company.id, planned)
            if not force:
                planned.check(
                    hint=f"read `okrsync plan {company.id}`, then: okrsync sync {company.id} --force"
                )

            writing = Writing(
                destination_of=destination_of(run),
                record=noting_edits(run, recording(ledger, company.id, lease, clock)),
                run=run.id,
                hint=f"okrsync sync {company.id}",
                check_ins=run.check_ins,
                in_groups=in_groups(company, run.now),
            )
            decisions = apply(planned, writing)
        except BaseException as error:
            ledger.record(company.id, RunFinished(run=run.id, at=clock.now(), exit_code=exit_code_of(error)))
            raise
        report = report_of(run, planned, decisions, applied=True)
        ledger.record(company.id, *edits_seen(run, decisions), *no_longer_accepted(run, decisions))
        ledger.record(company.id, *_concluded(run, report))
        return report


def opened(run: Run) -> Run:
    """The run with its connections and tables, which have sent no request yet.

    Raises ``AccessError`` if a secret cannot be read: a run without all its credentials does not begin.
    """
    require_destination(run.company)
    run = replace(run, connections=open_connections(run.company, run.memory, run.clock))
    return replace(run, destinations=open_tables(run))


def read(run: Run) -> Run:
    """The run with all answers, all rows, and the progress of each key result: sources and destination side by side."""
    wanted = {ask for table in due_tables(run.company, run.now) for ask in table.asks(run)}

    def halves() -> Iterator[tuple[str, Callable[[], Run]]]:
        yield "destination", lambda: read_tables(run)
        answered = replace(run, answers=fetch(run, wanted))  # has threads of its own
        yield "sources", lambda: answered

    found = read_side_by_side(halves(), run.clock, "side")
    run = replace(found["destination"], answers=found["sources"].answers)
    return settled(run) if KEY_RESULTS in run.destinations else run


def read_tables(run: Run) -> Run:
    """The run with the rows of all its tables, matched to the ids of the YAML."""
    return with_rows(run, {name: tuple(one.read()) for name, one in run.destinations.items()})


def with_rows(run: Run, listed: Mapping[str, tuple[Row, ...]]) -> Run:
    """The run with the rows that each table lists, matched to the ids of the YAML."""
    rows = {}
    for table in kept_tables(run.company, run.now):
        by_key = {row.key: row for row in listed[table.name]}
        rows.update({subject: by_key.get(subject) for subject in table.ids(run.company)})
    run = with_check_ins(replace(run, listed=listed, rows=rows))
    return replace(run, memory=replace(run.memory, behind=is_behind(matched(run), run.memory)))


def plan_of(run: Run) -> Plan:
    """Decide every cell of every table; a table's rows may follow what the tables before it will show."""
    planned = Plan(decisions=())
    for table in kept_tables(run.company, run.now):
        rows = released(run, table.desired(run, planned))
        planned = planned.with_more(plan(run.company.id, rows, run.memory, run.company.limits))
    return planned


def open_tables(run: Run) -> dict[str, Destination]:
    """The company's tables, opened without a request."""
    return {one.name: open_table(run, one.name) for one in kept_tables(run.company, run.now)}


def open_table(run: Run, name: str) -> Destination:
    """One table of the destination; rows may be added to the check-ins alone."""
    company = run.company
    if name == CHECK_INS:
        return open_register(company, run.connections[company.destination], run.at)
    connection = company.connections[company.destination]
    assert connection.connector.destination is not None
    return connection.connector.destination(
        connection.settings, company.tables[name], run.connections[company.destination]
    )


def destination_of(run: Run) -> Callable[[str], Destination]:
    """Which table the row of an id is in."""
    table_of = _table_of(run.company, run.now)
    return lambda subject: run.destinations[table_of(subject)]


def in_groups(company: Company, now: datetime) -> Callable[[str], bool]:
    """Whether the YAML lets the row of an id be read again together with others, although okrsync has written it before."""
    table_of = _table_of(company, now)
    return lambda subject: company.tables[table_of(subject)].settings.recheck == "group"


def _table_of(company: Company, now: datetime) -> Callable[[str], str]:
    """The table of an id; rows with keys of their own are check-ins."""
    tables = {subject: one.name for one in kept_tables(company, now) for subject in one.ids(company)}
    return lambda subject: tables.get(subject, CHECK_INS)


def _learned(run: Run, planned: Plan) -> Iterator[Entry]:
    """What reading alone has taught: worth keeping even if the plan is refused."""
    yield from state_changes(run)
    yield from (MeasuredBaseline(subject=subject, reading=one) for subject, one in run.baselines.items())
    # A past value can be asked of the source again; only what was seen today is history.
    today = {one for ask, one in run.answers.items() if ask.at == run.now and isinstance(one, Reading)}
    yield from (Observed(run=run.id, reading=one) for one in sorted(today, key=lambda one: one.metric))
    if run.check_ins is not None:
        yield from run.check_ins.turned_up(run.id)
        yield from run.check_ins.over()
    yield from learned_of_rows(run, planned.decisions)
    yield from settle_same(planned, run.memory, run.id)


def _concluded(run: Run, report: Report) -> Iterator[Entry]:
    # Once more: writing teaches connectors too, such as by which keys Notion takes a write.
    yield from state_changes(run)
    check_ins = run.check_ins.rows if run.check_ins is not None else {}
    for subject, detail in report.details.items():
        if subject not in check_ins:
            yield Outcome(run=run.id, subject=subject, at=run.now, detail=detail)
    yield _finished(run, report)


def _finished(run: Run, report: Report) -> RunFinished:
    return RunFinished(
        run=run.id,
        at=run.clock.now(),
        exit_code=report.exit_code,
        digest=report.plan.digest,
        counts=counts(report.decisions),
    )
