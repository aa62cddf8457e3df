"""KPIs: numbers to watch, with a healthy range, no goal, no cycle, and no say in any objective."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from okrsync.testing import JumpClock
from tests.support.more_tables import add_table

LISTED = """\
kpis:
  - {id: K-1, title: Retention, metric: retention, healthy: {at_least: 98%}}
  - {id: K-2, title: Chat response, metric: chat, healthy: {at_most: 90s}}
"""
CELLS = "{value: Value, health: Health, trend: Trend, source: Source, updated: Synced}"


@pytest.fixture
def kpis(desk: Any) -> Any:
    properties = {
        "Name": "title",
        "ID": "rich_text",
        "Value": "number",
        "Health": {"type": "select", "options": ["Healthy", "Unhealthy"]},
        "Trend": "rich_text",
        "Source": "rich_text",
        "Synced": "date",
    }
    rows = [{"Name": "Retention", "ID": "K-1"}, {"Name": "Chat", "ID": "K-2"}]
    add_table(desk, "kpis", "KPIs", properties, rows, CELLS)
    desk.yaml.write_text(desk.yaml.read_text(encoding="utf-8") + LISTED, encoding="utf-8")
    return desk


def test_a_kpi_shows_its_value_and_whether_it_is_healthy(kpis: Any) -> None:
    ended = kpis.run("sync", "demo")
    assert ended.code == 3, ended.err
    table = kpis.table("KPIs")
    assert (table["K-1"]["Value"], table["K-1"]["Health"]) == ("98.4", "Healthy")
    assert (table["K-2"]["Value"], table["K-2"]["Health"]) == ("104", "Unhealthy")
    assert table["K-1"]["Trend"] == "first value"
    assert "K-2  Chat response  1 min 44 sec  unhealthy" in kpis.run("status", "demo").out


def test_a_kpi_counts_into_no_objective(kpis: Any) -> None:
    kpis.run("sync", "demo")
    before = kpis.table("Objectives")
    kpis.edit_yaml("healthy: {at_least: 98%}", "healthy: {at_least: 99%}")
    kpis.run("sync", "demo")
    assert kpis.table("KPIs")["K-1"]["Health"] == "Unhealthy"
    assert kpis.table("Objectives") == before


def test_a_kpi_moves_and_says_so(kpis: Any) -> None:
    kpis.run("sync", "demo")
    kpis.clock.jump(86_400)
    kpis.sheets.edit("KPI", "Chat response", "Now", 84)
    kpis.run("sync", "demo")
    row = kpis.table("KPIs")["K-2"]
    assert (row["Value"], row["Health"]) == ("84", "Healthy")
    assert row["Trend"].startswith("down 20 ")
    assert "since 2026-11-23" in row["Trend"]


def test_a_kpi_has_no_cycle(kpis: Any) -> None:
    kpis.run("sync", "demo")
    kpis.sheets.edit("KPI", "Chat response", "Now", 84)
    before = kpis.table()
    ended = kpis.run("sync", "demo", clock=JumpClock(datetime(2027, 2, 1, 6, tzinfo=UTC)))
    assert ended.code == 3
    assert "nothing is written any more" in ended.out
    assert kpis.table("KPIs")["K-2"]["Value"] == "84"
    assert kpis.table() == before


def test_a_person_wins_in_a_kpi_too(kpis: Any) -> None:
    kpis.run("sync", "demo")
    kpis.notion.edit("KPIs", "Chat", "Value", 77)
    kpis.sheets.edit("KPI", "Chat response", "Now", 84)
    kpis.run("sync", "demo")
    assert kpis.table("KPIs")["K-2"]["Value"] == "77"


def test_what_the_plan_says_of_a_kpi_can_be_done(kpis: Any) -> None:
    kpis.run("sync", "demo")
    kpis.notion.edit("KPIs", "Chat", "Value", 77)
    assert "okrsync release demo K-2" in kpis.run("sync", "demo").out
    assert kpis.run("release", "demo", "K-2").code == 0
    kpis.run("sync", "demo")
    kpis.sheets.edit("KPI", "Chat response", "Now", 10)
    assert "okrsync accept demo K-2" in kpis.run("sync", "demo").out
    assert "K-2" in kpis.run("accept", "demo", "K-2").out
    kpis.run("sync", "demo")
    assert kpis.table("KPIs")["K-2"]["Value"] == "10"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("healthy: {at_least: 98%}", "healthy: {}", "write one of at_least, at_most and within"),
        ("healthy: {at_least: 98%}", "healthy: {at_least: lots}", "lots"),
        ("metric: retention, healthy", "metric: retentoin, healthy", "did you mean 'retention'"),
        ("{id: K-2", "{id: KR-1", "the id 'KR-1' is taken already"),
    ],
)
def test_a_bad_kpi_is_refused(kpis: Any, old: str, new: str, said: str) -> None:
    kpis.edit_yaml(old, new)
    ended = kpis.run("validate", "demo")
    assert ended.code == 2
    assert said in ended.err


def test_a_first_0_that_nothing_proves_is_held_though_it_would_be_healthy(kpis: Any) -> None:
    kpis.edit_yaml("metric: chat, healthy: {at_most: 90s}", "metric: typo, healthy: {at_most: 5}")
    typo = '  typo: {from: jira, measure: count, jql: "project = APP AND labels = uxx"}\n'
    kpis.edit_yaml("  nps: {from", f"{typo}  nps: {{from")
    ended = kpis.run("sync", "demo")
    assert "the first value is 0, and nothing in the source has labels = uxx" in ended.out
    row = kpis.table("KPIs")["K-2"]
    assert (row["Value"], row["Health"]) == ("", "")
    assert kpis.run("accept", "demo", "K-2").code == 0
    kpis.run("sync", "demo")
    row = kpis.table("KPIs")["K-2"]
    assert (row["Value"], row["Health"]) == ("0", "Healthy")


def test_a_new_week_may_begin_with_0(kpis: Any) -> None:
    """Two deals were won by Sunday; on Monday morning the new week has none, and that is no fall."""
    kpis.edit_yaml("metric: chat, healthy: {at_most: 90s}", "metric: weekly, healthy: {at_least: 3}")
    weekly = "  weekly: {from: deals, measure: count, where: {Stage: Won}, date: Closed, window: week}\n"
    kpis.edit_yaml("  nps: {from", f"{weekly}  nps: {{from")
    kpis.run("sync", "demo", clock=JumpClock(datetime(2026, 11, 22, 1, tzinfo=UTC)))
    assert kpis.table("KPIs")["K-2"]["Value"] == "2"
    kpis.run("sync", "demo", clock=JumpClock(datetime(2026, 11, 23, 7, tzinfo=UTC)))
    assert kpis.table("KPIs")["K-2"]["Value"] == "0"


@pytest.mark.parametrize(
    ("healthy", "said"),
    [
        ("{at_least: 0.98}", "K-1: at_least: 0.98 in percent is 0.98 %; for 98 % write 98%"),
        ("{within: [80%, 70%]}", "80 to 70 is no range; write the lower number first"),
    ],
)
def test_a_limit_that_nobody_means_is_said(kpis: Any, healthy: str, said: str) -> None:
    kpis.edit_yaml("healthy: {at_least: 98%}", f"healthy: {healthy}")
    ended = kpis.run("validate", "demo")
    assert said in ended.out + ended.err
