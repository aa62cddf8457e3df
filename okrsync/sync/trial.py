"""Try what a sync would do: ask every metric, read every row, and plan. Writes nothing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final

from okrsync.cells import KEY_RESULTS
from okrsync.config import Company
from okrsync.connector import no_value
from okrsync.errors import OkrsyncError
from okrsync.model import Answer, Cause, Decision, Hold, NoValue, Row, Verdict
from okrsync.planning import Plan
from okrsync.ports import ConnectorContext, Destination, Finding
from okrsync.run_context import Ask, Run
from okrsync.spelling import by_number
from okrsync.sync.batches import connections_of, together
from okrsync.sync.fetch import fetch
from okrsync.sync.run import open_table, plan_of, with_rows
from okrsync.sync.side_by_side import read_side_by_side
from okrsync.tables.key_results import settled
from okrsync.tables.registry import TABLES, due_tables, kept_tables
from okrsync.units import show

NOT_TRIED: Final = "not tried"
NAMED: Final = 12
"""So many names are written into one line."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Trial:
    """One company's trial. ``closed`` are the connections that nothing is asked of: their fault is known already.

    ``used`` are the metrics that a sync asks for, ``said`` the faults that were found before.
    """

    run: Run
    contexts: Mapping[str, ConnectorContext]
    used: Collection[str]
    closed: set[str] = field(default_factory=set)
    said: set[str] = field(default_factory=set)
    _destinations: dict[str, Destination] = field(default_factory=dict)
    _listed: dict[str, tuple[Row, ...]] = field(default_factory=dict)

    @property
    def company(self) -> Company:
        return self.run.company

    def findings(self, step: Callable[[str], None]) -> Iterator[Finding]:
        """Every metric once, the rows and the ids of the YAML in both directions, and what a sync would hold."""
        self.run = replace(self.run, connections=self.contexts)
        step("asking for every metric")
        yield from self._metrics()
        if self.company.destination in self.closed:
            yield _untried("rows", f"{self.company.destination} cannot be asked")
            return
        for table in TABLES:
            if table.name in self.company.tables:
                step(f"reading the rows of {_spoken(table.name)}")
                yield from self._rows(table.name, list(table.ids(self.company)))
        step("planning")
        yield from self._plan()

    def _metrics(self) -> Iterator[Finding]:
        run, company = self.run, self.company
        reachable = {one for name in self.used for one in connections_of(company, name)}
        tried = [one for one in company.metrics if connections_of(company, one) <= reachable]
        wanted = {Ask(name, run.at) for name in tried}
        wanted |= {ask for table in due_tables(company, run.now) for ask in table.asks(run)}
        shut = {ask for ask in wanted if connections_of(company, ask.metric) & self.closed}
        answers = _answers(run, sorted(wanted - shut, key=lambda ask: (ask.metric, ask.at)))
        self.run = replace(run, answers={**answers, **{ask: _not_tried(ask) for ask in shut}})
        if shut:
            self.said.add(NOT_TRIED)
        yield from self._values(one for one in tried if Ask(one, run.at) not in shut)
        if shut:
            named = _listing(sorted({ask.metric for ask in shut}))
            yield _untried("metrics", f"{named}: their connection cannot be asked")
        # What was asked of the past alone, such as a baseline to be measured.
        for ask, answer in answers.items():
            if isinstance(answer, NoValue) and ask.at != run.at and answer.reason not in self.said:
                self.said.add(answer.reason)
                when = f"metric {ask.metric} on {ask.at.astimezone(company.zone):%Y-%m-%d}"
                yield Finding(subject=when, ok=True, detail=answer.reason, hint=answer.hint)

    def _values(self, metrics: Iterable[str]) -> Iterator[Finding]:
        """The value of each metric; then those that have none, together if it is for the same reason."""
        without: dict[tuple[bool, str, str], list[str]] = {}
        for name in metrics:
            answer = self.run.answer(name)
            if isinstance(answer, NoValue):
                without.setdefault((name in self.used, answer.reason, answer.hint), []).append(name)
            else:
                shown = show(answer.value, answer.unit, self.company.locale)
                yield Finding(subject=f"metric {name}", ok=True, detail=shown)
        for (used, reason, hint), names in without.items():
            subject = f"metric {names[0]}" if len(names) == 1 else f"metrics {_listing(names)}"
            if used:
                self.said.add(reason)
                yield Finding(subject=subject, ok=False, detail=reason, hint=hint)
            else:
                unused = "no fault: no key result uses it, so no sync asks for it"
                yield Finding(subject=subject, ok=True, detail=reason, hint=unused)

    def _rows(self, name: str, ids: Sequence[str]) -> Iterator[Finding]:
        """Whether each id has a row and each row an id that the YAML names."""
        subject, spoken = f"rows of {_spoken(name)}", _spoken(name)
        try:
            table = self._destinations[name] = open_table(self.run, name)
            rows = self._listed[name] = tuple(table.read())
        except OkrsyncError as error:
            self.said.add(error.message)
            yield Finding(subject=subject, ok=False, detail=error.message, hint=error.hint)
            return
        except Exception as error:  # noqa: BLE001 - it is one finding; the other tables are read
            _log.exception("the rows of %s", name)
            yield Finding(
                subject=subject, ok=False, detail=f"a bug in the connector ({type(error).__name__})"
            )
            return
        if not ids:  # the check-ins: okrsync adds their rows
            return
        there = {row.key for row in rows}
        file = self.company.path.name
        if lacking := [one for one in ids if one not in there]:
            hint = f"add a row with that id, name the row with `page:`, or take the id out of {file}"
            yield Finding(subject=subject, ok=False, detail=f"no row has {_listing(lacking)}", hint=hint)
        drafts = {one.id for one in self.company.drafts}
        if unknown := sorted(there - {*ids, *drafts}, key=by_number):
            detail = (
                f"{file} does not name {len(unknown)} of {len(there)} that have an id: {_listing(unknown)}"
            )
            hint = f"okrsync leaves them alone; write them under `{name}:` to have them kept up to date"
            yield Finding(subject=subject, ok=True, detail=detail, hint=hint)
        if not lacking and not unknown:
            yield Finding(subject=subject, ok=True, detail=f"each of the {len(ids)} {spoken} has its row")

    def _plan(self) -> Iterator[Finding]:
        """What a sync would hold that was not said before."""
        due = {table.name for table in kept_tables(self.company, self.run.now)}
        if self.company.open_tables:
            yield _untried("plan", "a table has no address yet")
            return
        if not due:
            yield _untried("plan", "no table is written outside the cycle")
            return
        if due - self._listed.keys():
            yield _untried("plan", "not every table can be read")
            return
        run = replace(self.run, destinations={name: self._destinations[name] for name in due})
        try:
            run = with_rows(run, {name: self._listed[name] for name in due})
            planned = plan_of(settled(run) if KEY_RESULTS in due else run)
        except OkrsyncError as error:
            yield Finding(subject="plan", ok=False, detail=error.message, hint=error.hint)
            return
        seen = set()
        for one in planned.decisions:
            # What a column cannot hold is the same of every row.
            key = ("", one.reason) if one.hold is Hold.INVALID else (one.subject, one.reason)
            if one.verdict is Verdict.HELD and key not in seen and self._is_news(one):
                seen.add(key)
                yield Finding(
                    subject=one.subject, ok=False, detail=f"{one.cell}: {one.reason}", hint=one.hint
                )
        for alarm in planned.alarms:
            hint = f"read `okrsync plan {self.company.id}`, then: okrsync sync {self.company.id} --force"
            yield Finding(subject="plan", ok=False, detail=alarm, hint=hint)
        yield Finding(subject="plan", ok=True, detail=_counted(planned))

    def _is_news(self, one: Decision) -> bool:
        if one.hold in {Hold.FOLLOWS, Hold.CLOSED, Hold.NO_ROW}:
            return False
        # An objective without data follows key results without data.
        follows = one.hold is Hold.NO_DATA and one.subject in {each.id for each in self.company.objectives}
        return not follows and not any(reason in one.reason for reason in self.said)


def _answers(run: Run, asks: Sequence[Ask]) -> dict[Ask, Answer]:
    """The answers, connections side by side; whatever ends the reading of one is the answer to all that need it."""
    groups = together(run.company, asks)
    reads = ((name, partial(_group, run, group)) for name, group in groups.items())
    parts = read_side_by_side(reads, run.clock, "trial")
    return {ask: answer for part in parts.values() for ask, answer in part.items()}


def _group(run: Run, asks: Sequence[Ask]) -> dict[Ask, Answer]:
    try:
        return fetch(run, asks)
    except OkrsyncError as error:
        return {ask: no_value(ask.metric, error) for ask in asks}


def _not_tried(ask: Ask) -> NoValue:
    return NoValue(metric=ask.metric, cause=Cause.UNAVAILABLE, reason=NOT_TRIED)


def _counted(planned: Plan) -> str:
    cells = {verdict: sum(one.verdict is verdict for one in planned.decisions) for verdict in Verdict}
    held = list(dict.fromkeys(one.subject for one in planned.decisions if one.verdict is Verdict.HELD))
    whose = f" (of {_listing(held)})" if held else ""
    return (
        f"a sync would write {cells[Verdict.WRITE]} cells, leave {cells[Verdict.SAME]} as they are, and hold"
        f" {cells[Verdict.HELD]}{whose}"
    )


def _listing(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"


def _spoken(table: str) -> str:
    return table.replace("_", " ")


def _untried(subject: str, why: str) -> Finding:
    return Finding(
        subject=subject, ok=True, detail=f"not tried: {why}", hint="fix what is marked, and look again"
    )
