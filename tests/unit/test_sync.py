"""The conductor with a source and a destination in memory: what depends on time, on history and on several key results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from okrsync.config import Company, load_company
from okrsync.errors import AccessError, DataError, ExitCode, OkrsyncError, Unavailable, UnsafePlan
from okrsync.memory import Observed
from okrsync.model import Answer, Cause, CellState, Evidence, NoValue, Question, Reading, Row
from okrsync.ports import Connector, ConnectorContext, Destination, Source, TableSpec
from okrsync.settings import Strict, TableSettings
from okrsync.sync.adopt import claim
from okrsync.sync.result import Report
from okrsync.sync.run import preview, sync
from okrsync.testing import JumpClock
from okrsync.testing.memory import MemoryDestination, MemoryLedger

HEAD = """\
company: acme
timezone: Europe/Berlin
cycle: {name: 2026-Q4, start: 2026-10-01, end: 2026-12-31}
connections: {numbers: {type: fake}, other: {type: fake}, table: {type: fake}}
destination:
  connection: table
  key_results: {cells: {current: Current, progress: Progress, status: Status}}
  objectives: {cells: {progress: Progress, status: Status, summary: Summary}}
"""
# Thursday 1 October 2026, 09:00 in Berlin: the first morning of the cycle.
FIRST = datetime(2026, 10, 1, 7, tzinfo=UTC)
DAY = 86_400
BERLIN = ZoneInfo("Europe/Berlin")


class Query(Strict):
    name: str
    date: str | None = None


@dataclass
class Fake:
    """A source that answers with what a test put there, and of the past only what it was told to remember."""

    now: dict[str, str] = field(default_factory=dict)
    past: dict[tuple[str, str], str] = field(default_factory=dict)
    fault: OkrsyncError | None = None
    bug: bool = False
    at_opening: bool = False
    why_not: Cause = Cause.PAST
    asked: list[Question] = field(default_factory=list)

    def read(self, questions: Sequence[Question]) -> Sequence[Answer]:
        self.asked += questions
        if any(one.query.name == "other" for one in questions):
            self.fail()
        return [self._answer(one) for one in questions]

    def fail(self) -> None:
        if self.bug:
            raise ZeroDivisionError
        if self.fault is not None:
            raise self.fault

    def _answer(self, one: Question) -> Answer:
        day = f"{one.at.astimezone(BERLIN):%Y-%m-%d}"
        text = self.past.get((one.query.name, day)) if one.past else self.now.get(one.query.name)
        if text is None:
            return NoValue(
                metric=one.metric, cause=self.why_not if one.past else Cause.EMPTY, reason="nothing there"
            )
        evidence = Evidence(source="fake", query=one.query.name)
        return Reading(
            metric=one.metric,
            value=Decimal(text),
            unit=one.unit,
            as_of=one.at,
            evidence=evidence,
            window=one.window,
            method="events" if one.past else "observed",
        )


@dataclass
class Desk:
    company: Company
    numbers: Fake
    key_results: MemoryDestination
    objectives: MemoryDestination
    ledger: MemoryLedger
    clock: JumpClock

    def sync(self, *, force: bool = False) -> Report:
        return sync(self.company, self.ledger, self.clock, force=force)

    def cell(self, row: str, cell: str) -> Any:
        return {**self.key_results.rows, **self.objectives.rows}[row].cells[cell].value

    def later(self, days: float) -> None:
        self.clock.jump(days * DAY)


Open = Callable[[str], Desk]


@pytest.fixture
def opened(tmp_path: Path) -> Open:
    def make(body: str) -> Desk:
        numbers = Fake()
        tables = {"Current": MemoryDestination(), "Summary": MemoryDestination()}

        def source(settings: Strict, context: ConnectorContext) -> Source:
            if numbers.at_opening and context.name == "other":
                numbers.fail()
            return numbers

        def destination(settings: Strict, table: TableSpec, context: ConnectorContext) -> Destination:
            return tables["Summary" if "summary" in table.cells else "Current"]

        fake = Connector(
            name="fake",
            summary="",
            settings=Strict,
            query=Query,
            table=TableSettings,
            source=source,
            destination=destination,
        )
        path = tmp_path / "acme.yaml"
        path.write_text(HEAD + body, encoding="utf-8")
        company = load_company(path, {"fake": fake})
        for one in company.key_results:
            tables["Current"].rows[one.id] = row(one.id, "current", "progress", "status")
        for objective in company.objectives:
            tables["Summary"].rows[objective.id] = row(objective.id, "progress", "status", "summary")
        return Desk(company, numbers, tables["Current"], tables["Summary"], MemoryLedger(), JumpClock(FIRST))

    return make


def row(subject: str, *cells: str) -> Row:
    return Row(
        id=subject,
        key=subject,
        title=subject,
        url="",
        cells={name: CellState(address=name) for name in cells},
    )


ONE = """\
metrics: {{m: {{from: numbers, name: n{metric}}}, o: {{from: other, name: other}}}}
key_results: [{{id: KR, metric: m, {goal}}}, {{id: OTHER, metric: o, reach: 10}}]
"""


def one(goal: str, metric: str = "") -> str:
    return ONE.format(goal=goal, metric=metric)


def test_a_number_that_restarts_with_its_week_is_not_a_collapse(opened: Open) -> None:
    desk = opened(one("reach: 100", ", date: d, window: week"))
    desk.numbers.now = {"n": "50", "other": "5"}
    desk.later(3)
    desk.sync()
    desk.numbers.now["n"] = "2"
    desk.later(0.5)
    desk.sync()
    assert desk.cell("KR", "current") == 50
    desk.later(0.7)
    desk.sync()
    assert desk.cell("KR", "current") == 2


def test_a_rolling_window_never_restarts(opened: Open) -> None:
    desk = opened(one("reach: 100", ", date: d, window: last 30d"))
    desk.numbers.now = {"n": "50", "other": "5"}
    desk.sync()
    desk.numbers.now["n"] = "2"
    desk.later(9)
    assert desk.sync().exit_code is ExitCode.HELD
    assert desk.cell("KR", "current") == 50


def test_a_refused_plan_writes_nothing_and_says_how_to_go_on(opened: Open) -> None:
    desk = opened("limits: {of_at_least: 2}\n" + one("reach: 100"))
    desk.numbers.now = {"n": "50", "other": "5"}
    desk.sync()
    desk.numbers.now = {"n": "40", "other": "4"}
    before = desk.key_results.writes
    with pytest.raises(UnsafePlan) as caught:
        desk.sync()
    assert "okrsync sync acme --force" in caught.value.hint
    assert desk.key_results.writes == before
    assert desk.ledger.recall("acme").last_run is not None
    assert desk.ledger.recall("acme").last_run.exit_code == ExitCode.UNSAFE  # type: ignore[union-attr]
    desk.sync(force=True)
    assert desk.cell("KR", "current") == 40


def test_may_drop_frees_one_key_result(opened: Open) -> None:
    desk = opened(one("reach: 100, may_drop: true"))
    desk.numbers.now = {"n": "50", "other": "5"}
    desk.sync()
    desk.numbers.now["n"] = "0"
    desk.sync()
    assert desk.cell("KR", "current") == 0


def test_the_baseline_is_what_the_source_says_of_the_cycle_s_start(opened: Open) -> None:
    desk = opened(one("change: +50%"))
    desk.numbers.now = {"n": "120", "other": "5"}
    desk.numbers.past = {("n", "2026-10-01"): "100"}
    desk.later(40)
    desk.sync()
    assert desk.cell("KR", "progress") == Decimal("0.4")
    desk.numbers.past = {("n", "2026-10-01"): "1"}
    desk.numbers.asked.clear()
    desk.sync()
    assert desk.cell("KR", "progress") == Decimal("0.4")
    assert not [question for question in desk.numbers.asked if question.past]


def test_what_is_frozen_is_not_taken_again_from_the_first_week(opened: Open) -> None:
    desk = opened(one("change: +100"))
    desk.numbers.now = {"n": "110", "other": "5"}
    desk.numbers.past = {("n", "2026-10-01"): "100"}
    desk.later(3)
    desk.sync()
    desk.numbers.past.clear()
    desk.sync()
    assert desk.cell("KR", "progress") == Decimal("0.1")


def test_the_next_cycle_measures_a_baseline_of_its_own(opened: Open, tmp_path: Path) -> None:
    desk = opened(one("change: +50%"))
    desk.numbers.now = {"n": "120", "other": "5"}
    desk.numbers.past = {("n", "2026-10-01"): "100", ("n", "2027-01-01"): "200"}
    desk.later(40)
    desk.sync()
    path = desk.company.path
    later = path.read_text(encoding="utf-8").replace(
        "{name: 2026-Q4, start: 2026-10-01, end: 2026-12-31}",
        "{name: 2027-Q1, start: 2027-01-01, end: 2027-03-31}",
    )
    path.write_text(later, encoding="utf-8")
    desk.company = load_company(path, {"fake": desk.company.connections["table"].connector})
    desk.numbers.now = {"n": "250", "other": "5"}
    desk.later(70)
    desk.sync(force=True)
    assert desk.cell("KR", "progress") == Decimal("0.5")


def test_else_it_is_what_okrsync_saw_in_the_first_week(opened: Open) -> None:
    desk = opened(one("change: +20"))
    desk.numbers.now = {"n": "100", "other": "5"}
    desk.later(2)
    first = desk.sync()
    assert first.exit_code is ExitCode.HELD
    assert desk.cell("KR", "current") == 100
    assert desk.cell("KR", "progress") is None
    desk.numbers.now["n"] = "105"
    desk.later(20)
    desk.sync()
    assert desk.cell("KR", "progress") == Decimal("0.25")


def test_a_number_seen_too_late_is_no_baseline(opened: Open) -> None:
    desk = opened(one("change: +20"))
    desk.numbers.now = {"n": "100", "other": "5"}
    desk.later(10)
    desk.sync()
    desk.later(10)
    report = desk.sync()
    (held,) = [d for d in report.decisions if d.subject == "KR" and d.cell == "progress"]
    assert "its baseline was not measured when the cycle began" in held.reason
    assert desk.cell("KR", "current") == 100
    assert desk.cell("KR", "progress") is None


def test_a_limit_is_judged_over_the_weeks_the_source_remembers(opened: Open) -> None:
    desk = opened(one("at_most: 10, judge: held, every: week, missing_periods: miss"))
    desk.numbers.now = {"n": "9", "other": "5"}
    # The weeks end on 4, 11, 18 and 25 October; what is dated with the Monday after belongs to the next week.
    desk.numbers.past = {("n", "2026-10-04"): "8", ("n", "2026-10-11"): "11", ("n", "2026-10-18"): "10"}
    desk.numbers.past |= {("n", f"2026-10-{day}"): "99" for day in ("05", "12", "19", "26")}
    desk.later(27)
    report = desk.sync()
    # Two of four weeks held, one missed, one unknown counts as missed. The week that runs is not judged yet.
    assert desk.cell("KR", "progress") == Decimal("0.5")
    assert desk.cell("KR", "status") == "on_track"
    assert report.assessments[0].history == (Decimal(8), Decimal(11), Decimal(10), None)


def test_or_over_what_okrsync_saw_itself(opened: Open) -> None:
    desk = opened(one("at_most: 10, judge: worst, every: week, missing_periods: skip"))
    desk.numbers.now = {"n": "11", "other": "5"}
    desk.later(1)
    desk.sync()
    desk.numbers.now["n"] = "9"
    desk.later(7)
    desk.sync()
    assert desk.cell("KR", "progress") == 0
    desk.later(7)
    assert desk.sync().assessments[0].history == (Decimal(11), Decimal(9))


def test_half_a_weeks_count_is_not_judged_as_the_weeks(opened: Open) -> None:
    desk = opened(
        one("at_least: 10, judge: worst, every: week, missing_periods: skip", ", date: d, window: week")
    )
    desk.numbers.now = {"n": "3", "other": "5"}
    desk.later(1)
    desk.sync()
    desk.numbers.past = {("n", "2026-10-04"): "12"}
    desk.later(7)
    assert desk.sync().assessments[0].history == (Decimal(12),)
    assert [one.window.end - one.window.start for one in desk.numbers.asked if one.past and one.window] == [
        timedelta(days=7)
    ]
    desk.numbers.past = {}
    assert desk.sync(force=True).assessments[0].history == (None,)


def test_a_week_looked_back_on_is_judged_as_that_week(opened: Open) -> None:
    desk = opened(
        one(
            "at_least: 10, judge: worst, every: week, missing_periods: skip",
            ", date: d, window: previous_week",
        )
    )
    desk.numbers.now = {"n": "30", "other": "5"}
    desk.later(1)
    desk.sync()
    desk.later(4)
    desk.numbers.now["n"] = "12"
    desk.sync()
    desk.later(4)
    # Seen on the Friday, of the week before the cycle; seen on the Tuesday, of the one that ended on 4 October.
    assert desk.sync().assessments[0].history == (Decimal(12),)
    desk.numbers.past = {("n", "2026-10-05"): "13"}
    assert desk.sync().assessments[0].history == (Decimal(13),)


def test_a_baseline_waits_for_a_source_that_gives_no_answer(opened: Open) -> None:
    desk = opened(one("change: +50%"))
    desk.numbers.now = {"n": "120", "other": "5"}
    desk.numbers.why_not = Cause.UNAVAILABLE
    desk.later(1)
    desk.sync()
    assert desk.sync().assessments[0].baseline is None
    desk.numbers.past = {("n", "2026-10-01"): "100"}
    baseline = desk.sync().assessments[0].baseline
    assert baseline is not None
    assert baseline.value == 100


def test_history_holds_what_was_seen_and_not_what_was_asked_of_the_past(opened: Open) -> None:
    desk = opened(one("change: +50%"))
    desk.numbers.now = {"n": "120", "other": "5"}
    desk.numbers.past = {("n", "2026-10-01"): "100"}
    desk.later(40)
    desk.sync()
    seen = [entry.reading for entry in desk.ledger.entries["acme"] if isinstance(entry, Observed)]
    assert {(reading.metric, reading.value, reading.method) for reading in seen} == {
        ("m", Decimal(120), "observed"),
        ("o", Decimal(5), "observed"),
    }


@pytest.mark.parametrize(
    ("fault", "cause", "code"),
    [
        (AccessError("the token has expired", hint="renew it"), Cause.ACCESS, ExitCode.ACCESS),
        (Unavailable("no answer"), Cause.UNAVAILABLE, ExitCode.HELD),
        (DataError("not a number"), Cause.DATA, ExitCode.HELD),
    ],
)
@pytest.mark.parametrize("at_opening", [False, True])
def test_a_connection_that_fails_holds_its_own_key_results(
    opened: Open, fault: OkrsyncError, cause: Cause, code: ExitCode, at_opening: bool
) -> None:
    desk = opened(one("reach: 100"))
    desk.numbers.at_opening = at_opening
    desk.numbers.now = {"n": "50", "other": "5"}
    desk.numbers.fault = fault
    report = desk.sync()
    assert report.exit_code is code
    assert desk.cell("KR", "current") == 50
    assert desk.cell("OTHER", "current") is None
    assert {d.cause for d in report.decisions if d.subject == "OTHER"} == {cause}
    assert {d.reason for d in report.decisions if d.cell == "current" and d.subject == "OTHER"} == {
        f"other: {fault.message}"
    }


def test_a_bug_in_a_connector_is_a_bug_and_writes_nothing_of_its_own(opened: Open) -> None:
    desk = opened(one("reach: 100"))
    desk.numbers.now = {"n": "many"}
    assert desk.sync().exit_code is ExitCode.BUG
    assert desk.key_results.writes == 0
    assert desk.ledger.recall("acme").last_run.exit_code == ExitCode.BUG  # type: ignore[union-attr]


ROLLED = """\
metrics: {{a: {{from: numbers, name: a}}, b: {{from: numbers, name: b}}, c: {{from: other, name: c}}}}
objectives: [{{id: O, rollup: {rollup}}}]
key_results:
  - {{id: A, objective: O, metric: a, from: 0, to: 100}}
  - {{id: B, objective: O, metric: b, from: 50, to: 250{weight}}}
  - {{id: C, metric: c, {goal}}}
"""


@pytest.mark.parametrize(
    ("rollup", "weight", "progress"),
    [
        ("mean", "", "0.375"),  # (50 % + 25 %) / 2
        ("mean", ", weight: 3", "0.3125"),  # (50 % + 3 x 25 %) / 4
        ("worst", "", "0.25"),
        ("sum", "", "0.3333"),  # (50 + 50) of (100 + 200)
    ],
)
def test_an_objective_follows_its_key_results(opened: Open, rollup: str, weight: str, progress: str) -> None:
    desk = opened(ROLLED.format(rollup=rollup, weight=weight, goal="find_baseline: true"))
    desk.numbers.now = {"a": "50", "b": "100", "c": "1"}
    desk.later(20)
    assert desk.sync().exit_code is ExitCode.IN_SYNC
    assert desk.cell("O", "progress") == Decimal(progress)
    assert desk.cell("O", "summary") == "2 of 2 key results on track"
    assert desk.cell("C", "current") == 1
    assert desk.cell("C", "progress") is None
    assert desk.cell("C", "status") == "on_track"


def test_a_sum_with_a_part_missing_is_held_and_a_mean_says_how_many(opened: Open) -> None:
    for rollup, summary in (("sum", None), ("mean", "1 of 2 key results on track, 1 without data")):
        desk = opened(ROLLED.format(rollup=rollup, weight="", goal="yes_no: true"))
        desk.numbers.now = {"a": "50", "c": "1"}
        desk.later(20)
        desk.sync()
        assert (desk.cell("O", "progress") is None) == (rollup == "sum")
        assert summary is None or desk.cell("O", "summary") == summary
        assert desk.cell("C", "progress") == 1


def test_what_cannot_be_added_up_is_said(opened: Open) -> None:
    body = ROLLED.format(rollup="sum", weight="", goal="reach: 5").replace(
        "metric: a,", "metric: a, unit: index,"
    )
    desk = opened(body)
    desk.numbers.now = {"a": "50", "b": "100", "c": "1"}
    report = desk.sync()
    reasons = {d.reason for d in report.decisions if d.subject == "O"}
    assert reasons == {"key results in count and index cannot be added up; write rollup: mean"}


def test_progress_beyond_its_ends_is_shown_clamped_and_kept_raw(opened: Open) -> None:
    desk = opened(one("from: 0, to: 100"))
    desk.numbers.now = {"n": "150", "other": "-5"}
    report = desk.sync()
    assert desk.cell("KR", "progress") == 1
    assert desk.cell("OTHER", "progress") == 0
    assert [assessment.progress for assessment in report.assessments] == [Decimal("1.5"), Decimal("-0.5")]


def test_preview_leaves_no_trace(opened: Open) -> None:
    desk = opened(one("reach: 100"))
    desk.numbers.now = {"n": "50", "other": "5"}
    report = preview(desk.company, desk.ledger, desk.clock)
    assert len(report.plan.writes) == 6
    assert desk.key_results.writes == 0
    assert desk.ledger.entries == {}


def test_claims_take_every_row_there_is(opened: Open) -> None:
    desk = opened(one("reach: 100"))
    cells = {**desk.key_results.rows["KR"].cells, "current": CellState(address="current", value=Decimal(7))}
    desk.key_results.rows["KR"] = Row(id="KR", key="KR", title="", url="", cells=cells)
    del desk.key_results.rows["OTHER"]
    assert [
        (one.subject, one.value) for one in claim(desk.company, desk.ledger, desk.clock, None, edited=False)
    ] == [("KR", Decimal(7))]
    with pytest.raises(DataError, match="there is no such row"):
        claim(desk.company, desk.ledger, desk.clock, ["OTHER"], edited=False)


@pytest.mark.parametrize("at_opening", [False, True])
def test_a_bug_in_one_connection_holds_its_own_metrics_and_no_other(
    opened: Open, caplog: pytest.LogCaptureFixture, at_opening: bool
) -> None:
    desk = opened(one("reach: 100"))
    desk.numbers.at_opening = at_opening
    desk.numbers.now = {"n": "50", "other": "5"}
    desk.numbers.bug = True
    report = desk.sync()
    assert report.exit_code is ExitCode.BUG
    assert desk.cell("KR", "current") == 50
    held = [one for one in report.decisions if one.subject == "OTHER" and one.cell == "current"]
    assert held[0].reason == "other: a bug in the connector fake (ZeroDivisionError)"
    assert "ZeroDivisionError" in caplog.text


def test_a_row_that_is_there_is_compared_with_no_other(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    def compared(text: str) -> str:
        raise AssertionError(text)  # each with each: minutes for 10,000 rows

    monkeypatch.setattr("okrsync.tables.desired.look", compared)
    desk = opened(one("reach: 100"))
    desk.numbers.now = {"n": "50", "other": "5"}
    assert desk.sync().exit_code is ExitCode.IN_SYNC
