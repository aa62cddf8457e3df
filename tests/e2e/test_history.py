"""History, trend, forecast and error budget through the command line: what is known, and what cannot be said yet."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from okrsync.testing import JumpClock

PAST = ("backfill", "demo", "--from", "2026-10-01")
HELD = "at_least: 95%, risk: 90%"


def told(desk: Any, subject: str, *words: str) -> dict[str, str]:
    """The lines of ``explain`` by their names."""
    lines = desk.run("explain", "demo", subject, *words).out.splitlines()[1:]
    return {line[2:17].strip(): line[17:].strip() for line in lines}


# ---- history --------------------------------------------------------------------------------------------------


def test_history_is_a_table_of_dates_values_progress_method_and_source(desk: Any) -> None:
    desk.run(*PAST)
    desk.run("sync", "demo")
    desk.stage.forget()
    ended = desk.run("history", "demo", "KR-5", "KR-12")
    assert ended.code == 0
    assert desk.stage.requests == 0
    lines = [line.split() for line in ended.out.splitlines()]
    assert ["KR-5", "2026-10-11", "€471,502", "13.47%", "events", "deals:"] in [line[:6] for line in lines]
    assert ["KR-5", "2026-11-22", "€1,767,504", "50.5%", "observed"] in [line[:5] for line in lines]
    assert ["KR-12", "2026-10-31", "44,900", "38.05%", "observed"] in [line[:5] for line in lines]
    assert "KR-1 " not in ended.out


def test_history_of_nothing_says_what_to_do(desk: Any) -> None:
    assert (
        "okrsync backfill demo --from DATE --only KR-5 looks for values of past days"
        in desk.run("history", "demo", "KR-5").out
    )
    assert desk.run("history", "demo", "--json").json["values"] == []
    unknown = desk.run("history", "demo", "KR-55")
    assert (unknown.code, "there is no key result 'KR-55'" in unknown.err) == (2, True)


def test_history_between_two_days_and_as_csv_and_json(desk: Any) -> None:
    desk.run(*PAST)
    between = ("--from", "2026-10-11", "--to", "2026-10-25")
    rows = list(csv.DictReader(io.StringIO(desk.run("history", "demo", "KR-5", *between, "--csv").out)))
    assert [row["date"] for row in rows] == ["2026-10-11", "2026-10-18", "2026-10-25"]
    assert (rows[0]["value"], rows[0]["unit"], rows[0]["method"]) == ("471502", "money:EUR", "events")
    assert rows[0]["source"] == "deals"
    same = desk.run("history", "demo", "KR-5", *between, "--json").json["values"]
    assert [one["value"] for one in same] == [row["value"] for row in rows]
    both = desk.run("history", "demo", "--csv", "--json")
    assert (both.code, "--csv and --json exclude each other" in both.err) == (2, True)


def test_progress_is_measured_by_the_goal_where_it_is_known(desk: Any) -> None:
    """KR-12's goal stands on a baseline that only a sync captures; KR-5's stands in the YAML."""
    desk.run(*PAST)
    (first, *_) = desk.run("history", "demo", "KR-5", "--json").json["values"]
    assert Decimal(first["progress"]) == Decimal("0.053")
    assert desk.run("history", "demo", "KR-12", "--json").json["values"][0]["progress"] is None
    desk.run("sync", "demo")
    last = desk.run("history", "demo", "KR-12", "--json").json["values"][-1]
    assert Decimal(last["progress"]) == Decimal("0.380488")


# ---- trend and forecast ---------------------------------------------------------------------------------------


def test_status_and_explain_show_where_it_is_heading(desk: Any) -> None:
    desk.run("sync", "demo")
    assert "cannot say yet: 1 of the 5 values that a forecast needs" in told(desk, "KR-5")["forecast"]
    desk.run(*PAST)
    (row,) = [
        line for line in desk.run("status", "demo").out.splitlines() if line.lstrip().startswith("KR-5 ")
    ]
    assert "▁▂▃▄▆▆▇█" in row
    assert "€3,190,000" in row
    line = told(desk, "KR-5")
    assert line["trend"] == "▁▂▃▄▆▆▇█ (2026-10-04 to 2026-11-22)"
    assert line["forecast"].startswith(
        "€3,190,000 by 2026-12-31, in 4 of 5 cases €2,910,000 to €3,300,000; progress 91.2%; "
        "reaching the goal is unlikely"
    )
    forecast = desk.run("explain", "demo", "KR-5", "--json").json["forecast"]
    assert forecast["points"] == 8
    low, value, high = (Decimal(forecast[name]) for name in ("low", "value", "high"))
    assert low < value < high < 3_500_000
    assert forecast["outlook"] == "unlikely"


def test_a_share_of_a_whole_is_not_forecast_beyond_it(desk: Any) -> None:
    desk.run(*PAST)
    desk.run("sync", "demo")
    forecast = desk.run("explain", "demo", "KR-4", "--json").json["forecast"]
    assert Decimal(forecast["high"]) <= 100
    assert Decimal(forecast["low"]) < Decimal(forecast["value"])
    spread = desk.run("explain", "demo", "KR-8", "--json").json["forecast"]
    assert Decimal(spread["low"]) < 0, "its goal is a deviation to either side"


def test_a_value_that_stood_still_in_the_source_is_one_observation(desk: Any) -> None:
    desk.run("backfill", "demo", "--from", "2026-10-01", "--every", "day", "--only", "KR-12")
    desk.run("sync", "demo")
    row = desk.run("explain", "demo", "KR-12", "--json").json
    assert row["forecast"] == {"missing": "2 of the 5 values that a forecast needs"}
    assert len(row["trend"]) == 12


def test_values_of_a_week_that_is_not_over_are_no_trend(desk: Any) -> None:
    desk.edit_yaml(
        'where: {Stage: Won}, date: Closed, window: cycle, unit: "money:EUR"',
        'where: {Stage: Won}, date: Closed, window: week, unit: "money:EUR"',
    )
    desk.run("backfill", "demo", "--from", "2026-10-01", "--only", "KR-5")
    desk.run("backfill", "demo", "--from", "2026-10-01", "--only", "KR-5", "--every", "day")
    desk.run("sync", "demo")
    assert desk.run("explain", "demo", "KR-5", "--json").json["forecast"]["points"] == 8


def test_after_the_cycle_there_is_nothing_to_forecast(desk: Any) -> None:
    desk.run(*PAST)
    desk.run("sync", "demo")
    desk.clock.jump(40 * 86_400)
    assert told(desk, "KR-5")["forecast"] == "cannot say yet: the cycle has ended"


# ---- error budget ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("misses", "text", "status"),
    [
        # Incidents that took too long came on 9, 16, 23 and 30 October: four of seven weeks missed 95 %.
        ("", "3 of 7 weeks held (13 in the cycle)", "on track (rule: default)"),
        (
            ", misses: 3",
            "3 of 7 weeks held, 4 misses where 3 may be (13 in the cycle)",
            "at risk (rule: default)",
        ),
        (
            ", misses: 4",
            "3 of 7 weeks held, 0 misses left of 4 (13 in the cycle)",
            "on track (rule: default)",
        ),
        (", misses: 5", "3 of 7 weeks held, 1 miss left of 5 (13 in the cycle)", "on track (rule: default)"),
    ],
)
def test_a_goal_that_is_held_over_time_has_an_error_budget(
    desk: Any, misses: str, text: str, status: str
) -> None:
    desk.edit_yaml(
        "date: created, window: cycle, unit: percent}", "date: created, window: week, unit: percent}"
    )
    desk.edit_yaml(HELD, f"at_least: 95%, judge: held{misses}, missing_periods: skip")
    desk.run("sync", "demo", clock=JumpClock(datetime(2026, 11, 19, 12, tzinfo=UTC)))
    line = told(desk, "KR-4")
    assert line["budget"] == text
    assert line["status"] == status
    assert "3 of 7 weeks held" in " ".join(desk.run("status", "demo").out.split())
    budget = desk.run("explain", "demo", "KR-4", "--json").json["budget"]
    assert (budget["held"], budget["judged"], budget["periods"]) == (3, 7, 13)


def test_a_budget_needs_a_goal_that_is_held(desk: Any) -> None:
    desk.edit_yaml(HELD, "at_least: 95%, misses: 3")
    ended = desk.run("validate", "demo")
    assert ended.code == 2
    assert "misses is the error budget of judge: held" in ended.err
