"""Numbers that people check by hand: judged periods, roll-ups, units of expressions, trends, forecasts, baselines."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.small_company import SmallCompany, small_company

Open = Callable[..., SmallCompany]


@pytest.fixture
def opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Open]:
    with ExitStack() as stack:

        def open_one(body: str, rows: Sequence[Sequence[Any]] = (), **more: str) -> SmallCompany:
            folder = tmp_path / str(len(list(tmp_path.iterdir())))
            folder.mkdir()
            return stack.enter_context(small_company(folder, monkeypatch, capsys, body, rows, **more))

        yield open_one


def cells(*values: Any) -> list[list[Any]]:
    return [["Figure", "Now"], *(["x", value] for value in values)]


def daily(first: str, last: str, count: int) -> list[tuple[str, int]]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [((start + timedelta(days=one)).isoformat(), count) for one in range((end - start).days + 1)]


# ---- judged over time -----------------------------------------------------------------------------------------

FRIDAYS = ["2026-10-02", "2026-10-09", "2026-10-16", "2026-10-23", "2026-10-30", "2026-11-06", "2026-11-13", "2026-11-20"]  # fmt: skip
DATED = 'metrics:\n  a: {from: sheets, range: "KPI!B2:B", dates: "KPI!A2:A"}\nkey_results:\n  - {id: KR-1, metric: a, GOAL}\n'
COUNTED = "metrics:\n  a: {from: deals, measure: count, date: Closed, window: WINDOW}\nkey_results:\n  - {id: KR-1, metric: a, GOAL}\n"
TO_DATE = daily("2026-09-01", "2026-11-23", 2)


def dated(values: Sequence[float]) -> list[list[Any]]:
    return [["Day", "Value"], *([{"date": day}, value] for day, value in zip(FRIDAYS, values, strict=True))]


@pytest.mark.parametrize(
    ("judge", "progress"),
    [("held", "75%"), ("average", "100%"), ("worst", "0%"), ("last", "100%"), ("held, misses: 3", "75%")],
)
def test_a_limit_is_judged_over_complete_weeks_and_status_says_the_same_number(
    opened: Open, judge: str, progress: str
) -> None:
    """Six of eight weeks held 98; the week that runs is no ninth. The mean is 98.125."""
    rows = dated([99, 98, 97, 99, 99, 96, 98, 99])
    acme = opened(DATED.replace("GOAL", f"at_least: 98, judge: {judge}"), rows)
    assert acme.sync() == 0
    assert acme.row("KR-1", "Current", "Progress") == ("99", progress)
    acme.run("explain", "acme", "KR-1")
    assert f"= {progress}" in acme.out
    if "held" in judge:
        assert "judged over 99, 98, 97, 99, 99, 96, 98, 99 = 75%" in acme.out
        assert "6 of 8 weeks held" in acme.out


@pytest.mark.parametrize(
    ("window", "judge", "shown"),
    [
        # 2 deals a day: 14 in each of eight whole weeks. On Monday morning the ninth has 2.
        ("week", "at_least: 14, judge: held", ("2", "100%", "On track")),
        ("week", "at_least: 14, judge: worst", ("2", "100%", "On track")),
        ("week", "at_least: 14, judge: average", ("2", "100%", "On track")),
        ("week", "at_least: 15, judge: held", ("2", "0%", "At risk")),
        ("month", "at_least: 60, judge: held, every: month", ("46", "100%", "On track")),
    ],
)
def test_a_period_that_has_only_begun_is_not_judged(
    opened: Open, window: str, judge: str, shown: tuple[str, ...]
) -> None:
    acme = opened(COUNTED.replace("WINDOW", window).replace("GOAL", judge))
    acme.deals(TO_DATE)
    assert acme.sync() == 0
    assert acme.row("KR-1", "Current", "Progress", "Status") == shown


def test_a_week_that_one_looks_back_on_counts_once(opened: Open) -> None:
    """Seven weeks of 14 and one of 7: 7 of 8, not 7 of 9."""
    acme = opened(
        COUNTED.replace("WINDOW", "previous_week").replace("GOAL", "at_least: 14, judge: held"),
        at="2026-11-25T06:00:00",
    )
    acme.deals([*daily("2026-09-01", "2026-11-15", 2), *daily("2026-11-16", "2026-11-25", 1)])
    assert acme.sync() == 0
    assert acme.row("KR-1", "Current", "Progress") == ("7", "87.5%")


def test_the_last_month_counts_once_when_the_cycle_is_over(opened: Open) -> None:
    """October and November held 60, December has 31: 2 of 3."""
    acme = opened(
        COUNTED.replace("WINDOW", "month").replace("GOAL", "at_least: 60, judge: held, every: month"),
        at="2027-01-03T06:00:00",
    )
    acme.deals([*daily("2026-10-01", "2026-11-30", 2), *daily("2026-12-01", "2026-12-31", 1)])
    acme.sync()
    assert acme.row("KR-1", "Current", "Progress", "Status") == ("31", "66.67%", "At risk")


@pytest.mark.parametrize(
    ("window", "every", "said"),
    [
        ("week", "month", "`every: month` looks at each whole month, and a counts one week (`window: week`)"),
        ("previous_month", "week", "and a counts one month (`window: previous_month`)"),
        ("day", "week", "write every: day, or change the window of a"),
        ("week", "week", ""),
        ("cycle", "week", ""),
        ("last 30d", "week", ""),
    ],
)
def test_months_are_not_judged_by_what_counts_a_week(
    opened: Open, window: str, every: str, said: str
) -> None:
    acme = opened(
        COUNTED.replace("WINDOW", window).replace("GOAL", f"at_least: 1, judge: worst, every: {every}")
    )
    assert acme.run("validate", "acme") == (2 if said else 0)
    assert said in acme.out


@pytest.mark.parametrize(
    ("judge", "status"),
    [("held", "At risk"), ("worst", "At risk"), ("average", "On track")],
)
def test_a_level_that_fails_today_says_so_before_its_week_is_over(
    opened: Open, judge: str, status: str
) -> None:
    rows = [*dated([99, 98, 99, 99, 99, 98, 98, 99]), [{"date": "2026-11-23"}, 90]]
    acme = opened(DATED.replace("GOAL", f"at_least: 98, judge: {judge}"), rows)
    assert acme.sync() == 0
    assert acme.row("KR-1", "Current", "Progress", "Status") == ("90", "100%", status)


def test_a_distance_is_explained_as_one(opened: Open) -> None:
    acme = opened(
        DATED.replace("GOAL", "at_least: 98, judge: distance"), dated([99, 98, 97, 99, 99, 96, 98, 96])
    )
    acme.sync()
    acme.run("explain", "acme", "KR-1")
    assert "96 against ≥ 98 = 97.96%" in acme.out
    assert "progress is how near 96 is to the limit, which is 100%" in acme.out
    assert "progress is 0%" not in acme.out


# ---- roll-ups -------------------------------------------------------------------------------------------------

TWO = """\
metrics:
  a: {from: sheets, cell: "KPI!B2"A}
  b: {from: sheets, cell: "KPI!B3"B}
objectives:
  - {id: O-1OF}
key_results:
  - {id: KR-1, objective: O-1, metric: a, ONE}
  - {id: KR-2, objective: O-1, metric: b, OTHER}
"""


def two(one: str, other: str, of: str = "", a: str = "", b: str = "") -> str:
    return TWO.replace("ONE", one).replace("OTHER", other).replace("OF}", f"{of}}}").replace("A}", f"{a}}}").replace("B}", f"{b}}}")  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "values", "progress"),
    [
        (
            "from: 0, to: 100",
            "from: 100, to: 60",
            (50, 60),
            "64.29%",
        ),  # 50 of 100 up, 40 of 40 down: 90 of 140
        (
            "from: 0, to: 100",
            "from: 100, to: 0",
            (50, 60),
            "45%",
        ),  # 50 and 40 of 200: the ways do not cancel out
        ("from: 100, to: 60", "from: 50, to: 0", (80, 25), "50%"),
        ("from: 0, to: 100", "from: 100, to: 60", (50, 110), "28.57%"),  # 10 the wrong way: 40 of 140
    ],
)
def test_a_sum_adds_distances_up_or_down(
    opened: Open, one: str, other: str, values: tuple[int, int], progress: str
) -> None:
    acme = opened(two(one, other, ", rollup: sum"), cells(*values))
    assert acme.sync() == 0
    assert acme.row("O-1", "Progress", table="objectives") == (progress,)


def test_a_sum_takes_lengths_of_time_in_any_unit(opened: Open) -> None:
    """1 of 2 hours and 90 of 180 minutes: 2.5 of 5 hours."""
    body = two("from: 0, to: 2", "from: 0, to: 180", ", rollup: sum", ", unit: hours, values: plain", ", unit: minutes, values: plain")  # fmt: skip
    acme = opened(body, cells(1, 90))
    assert acme.sync() == 0
    assert acme.row("O-1", "Progress", table="objectives") == ("50%",)


def test_an_average_of_limits_is_not_achieved_before_the_cycle_is_over(opened: Open) -> None:
    acme = opened(two("at_most: 25", "reach: 10", ", status: average"), cells(24, 12))
    assert acme.sync() == 0
    assert acme.row("O-1", "Progress", "Status", table="objectives") == ("100%", "On track")
    acme.edit_yaml("at_most: 25", "from: 50, to: 25")
    acme.sync()
    assert acme.row("O-1", "Progress", "Status", table="objectives") == ("100%", "Achieved")


def test_a_strict_goal_that_is_only_hit_is_not_counted_as_reached(opened: Open) -> None:
    acme = opened(two("from: 0, to: 5, strict: true", "reach: 10"), cells(5, 10))
    assert acme.sync() == 0
    assert acme.row("O-1", "Count", table="objectives") == ("1 of 2 key results",)


def test_an_objective_that_only_looks_for_baselines_is_in_sync(opened: Open) -> None:
    acme = opened(two("find_baseline: true", "find_baseline: true"), cells(5, 7))
    assert acme.sync() == 0, acme.out
    shown = acme.row("O-1", "Progress", "Status", "Summary", table="objectives")
    assert shown == ("", "On track", "2 of 2 key results on track, 2 finding a baseline")
    acme.type_in("B3", {"error": "#REF!"})
    assert acme.sync() == 3
    (summary,) = acme.row("O-1", "Summary", table="objectives")
    assert summary == "1 of 2 key results on track, 1 without data, 1 finding a baseline"


def test_an_objective_without_key_results_says_what_to_write(opened: Open) -> None:
    acme = opened(
        two("reach: 10", "reach: 10").replace("key_results:", "  - {id: O-2}\nkey_results:"), cells(5, 7)
    )
    assert acme.sync() == 3
    assert "no key result belongs to O-2\n      → write `objective: O-2` at its key results" in acme.out


@pytest.mark.parametrize(("rollup", "said"), [("sum", True), ("worst", True), ("mean", False)])
def test_a_weight_that_changes_nothing_is_said(opened: Open, rollup: str, said: bool) -> None:
    acme = opened(two("reach: 10, weight: 3", "reach: 10", f", rollup: {rollup}"), cells(5, 7))
    assert acme.run("validate", "acme") == 0
    assert (f"KR-1: its weight changes nothing: O-1 has rollup: {rollup}" in acme.out) is said


# ---- units of expressions -------------------------------------------------------------------------------------

EXPR = """\
metrics:
  a: {from: sheets, cell: "KPI!B2"A}
  b: {from: sheets, cell: "KPI!B3"B}
  c: {expr: "FORMULA"C}
key_results:
  - {id: KR-1, metric: c, from: 0, to: 100}
"""
HOURS, MINUTES = ", unit: hours, values: plain", ", unit: minutes, values: plain"
EUR, USD, PERCENT = ', unit: "money:EUR"', ', unit: "money:USD"', ", unit: percent"


@pytest.mark.parametrize(
    ("formula", "c", "a", "b", "said"),
    [
        ("a + b", EUR, EUR, USD, "a + b mixes money:EUR and money:USD"),
        ("a + a - b", EUR, EUR, USD, "mixes money:EUR and money:USD"),
        ("a + b * 0.92", EUR, EUR, USD, ""),
        ("a - b", EUR, EUR, "", ""),
        ("a + b", ", unit: hours", HOURS, MINUTES, "mixes hours and minutes"),
        ("a + b / 60", ", unit: hours", HOURS, MINUTES, ""),
        ("max(a, -b)", ", unit: hours", HOURS, MINUTES, "mixes hours and minutes"),
        ("a / b * 100", PERCENT, HOURS, MINUTES, "turn one into the other, such as minutes / 60 for hours"),
        ("a / a * 100", PERCENT, HOURS, MINUTES, ""),
        ("abs(a) + 5", ", unit: days", HOURS, MINUTES, "is a number in hours, and c in days"),
        ("a + a", EUR, USD, USD, "is a number in money:USD, and c in money:EUR"),
        ("a * b", EUR, EUR, "", ""),
        ("a / b", PERCENT, "", "", None),
        ("(a - b) / b", PERCENT, "", "", None),
        ("a / (b / 100)", PERCENT, "", "", ""),
        ("a / b", PERCENT, ", unit: percent, values: points", "", ""),
        ("a / b", "", "", "", ""),
    ],
)
def test_an_expression_has_one_unit(
    opened: Open, formula: str, c: str, a: str, b: str, said: str | None
) -> None:
    """None: it is legal, and warned of."""
    body = (
        EXPR.replace("FORMULA", formula)
        .replace("A}", f"{a}}}")
        .replace("B}", f"{b}}}")
        .replace("C}", f"{c}}}")
    )
    acme = opened(body, cells(2, 30))
    assert acme.run("validate", "acme") == (2 if said else 0), acme.out
    assert (said or "") in acme.out
    assert ("makes 0.25 % of a quarter" in acme.out) is (said is None)


# ---- KPIs, forecasts, baselines, doubts ------------------------------------------------------------------------

KPI = """\
metrics:
  a: {from: deals, measure: count, date: Closed, window: WINDOW}
  p: {from: sheets, cell: "KPI!B2", unit: percent, values: points}
kpis:
  - {id: K-1, metric: a, healthy: {at_least: 1}}
  - {id: K-2, metric: p, healthy: {at_least: 90%}}
key_results:
  - {id: KR-1, metric: a, reach: 1000}
"""


@pytest.mark.parametrize(
    ("window", "trend"),
    [
        ("week", "a new period"),  # 2 on Monday are not 8 fewer than the 10 of Friday
        ("previous_week", "unchanged since 2026-11-20"),
        ("month", "up 6 since 2026-11-20"),
        ("last 7d", "unchanged since 2026-11-20"),
    ],
)
def test_a_kpis_trend_compares_what_counts_as_much_time(opened: Open, window: str, trend: str) -> None:
    acme = opened(KPI.replace("WINDOW", window), cells(50), at="2026-11-20T06:00:00")
    acme.deals(daily("2026-09-01", "2026-11-30", 2))
    acme.sync()
    assert acme.row("K-1", "Trend", table="kpis") == ("first value",)
    acme.at("2026-11-23T06:00:00")
    acme.sync()
    assert acme.row("K-1", "Trend", table="kpis") == (trend,)


def test_a_kpis_trend_is_that_of_the_same_day_a_week_before(opened: Open) -> None:
    acme = opened(KPI.replace("WINDOW", "week"), cells(50), at="2026-11-17T06:00:00")
    acme.deals([*daily("2026-11-01", "2026-11-22", 2), *daily("2026-11-23", "2026-11-30", 3)])
    acme.sync()
    acme.at("2026-11-24T06:00:00")
    acme.sync()
    assert acme.row("K-1", "Value", "Trend", table="kpis") == ("6", "up 2 since 2026-11-17")


def test_percentages_differ_by_points_and_an_old_value_is_not_denied(opened: Open) -> None:
    acme = opened(KPI.replace("WINDOW", "cycle"), cells(50), at="2026-11-16T06:00:00")
    acme.sync()
    acme.at("2026-11-18T06:00:00")
    acme.type_in("B2", 52)
    acme.sync()
    assert acme.row("K-2", "Trend", table="kpis") == ("up 2 points since 2026-11-16",)
    acme.at("2026-12-30T06:00:00")
    acme.sync()
    assert acme.row("K-2", "Trend", table="kpis") == ("no value in the 31 days before",)


@pytest.mark.parametrize(
    ("goal", "values", "most"),
    [("milestones: 12", [1, 2, 4, 5, 7, 8, 10, 11], "12"), ("yes_no: true", [0, 0, 0, 1, 1, 1, 1, 1], "1")],
)
def test_a_forecast_stays_within_what_there_is(
    opened: Open, goal: str, values: Sequence[float], most: str
) -> None:
    acme = opened(DATED.replace("GOAL", goal), dated(values))
    acme.run("backfill", "acme", "--from", "2026-10-01")
    acme.sync()
    (row,) = acme.json("status", "acme")["rows"]
    assert row["forecast"]["high"] == most


@pytest.mark.parametrize(
    ("window", "said"),
    [("cycle", "(the cycle 2026-Q4 has not begun on 2026-10-01: it starts on 2026-10-01)"), ("quarter", "")],
)
def test_a_baseline_that_cannot_be_measured_says_why(opened: Open, window: str, said: str) -> None:
    acme = opened(COUNTED.replace("WINDOW", window).replace("GOAL", "change: +50%"))
    acme.deals(TO_DATE)
    assert acme.sync() == (3 if said else 0)
    assert said in acme.out


def test_a_rise_to_0_is_no_fall(opened: Open) -> None:
    acme = opened(
        DATED.replace("GOAL", "from: -10, to: 10"), [["Day", "Value"], [{"date": "2026-11-20"}, -5]]
    )
    acme.sync()
    acme.type_in("B2", 0)
    assert acme.sync() == 3
    assert "it would go from -5 to 0 at once" in acme.out
