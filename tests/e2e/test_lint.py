"""Check `okrsync lint`: each rule fires, stays silent, says why, and can be switched off."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from okrsync.config.models import LintRule
from okrsync.lint import RULES

HEAD = """\
company: acme
timezone: UTC
cycle: {name: 2026-Q4, start: 2026-10-01, end: 2026-12-31}
connections:
  notion: {type: notion, token: {env: NOTION_TOKEN}}
  deals: {type: crm, path: deals.csv}
destination:
  connection: notion
  key_results: {database: TODO, match: KR, cells: {current: Current}}
metrics:
  deals: {from: deals, measure: count}
  year: {from: deals, measure: count, date: Closed, window: last 365d}
  share: {from: deals, measure: ratio, part: {Stage: Won}, unit: percent}
"""
GOOD = """\
objectives:
  - {id: O-1, title: Become the first choice of travellers, owner: Ada}
key_results:
  - {id: KR-1, title: Open bugs, objective: O-1, metric: deals, from: 120, to: 30}
  - {id: KR-2, title: Raise monthly active users from 50 000 to 85 000, objective: O-1, owner: Grace, metric: TODO}
  - {id: KR-3, title: Retention, objective: O-1, metric: share, at_least: 98%}
  - {id: KR-4, title: Выручка, objective: O-1, metric: TODO, reach: 3500000, unit: money:EUR}
initiatives:
  - {id: I-1, title: Triage every Monday, key_result: KR-1, metric: TODO}
"""
OBJECTIVE = "objectives:\n  - {id: O-1, title: %s, owner: Ada}\nkey_results:\n  - {id: KR-1, title: Open bugs, objective: O-1, metric: deals, from: 9, to: 3}\n"
KEY_RESULT = (
    "objectives:\n  - {id: O-1, title: Win, owner: Ada}\nkey_results:\n  - {id: KR-1, objective: O-1, %s}\n"
)


def write(desk: Any, body: str, *, head: str = HEAD) -> Path:
    path: Path = desk.folder / "acme.yaml"
    path.write_text(head + body, encoding="utf-8")
    return path


def warned(desk: Any, *words: str) -> list[str]:
    ended = desk.run("lint", "acme", "--json", *words)
    found = json.loads(ended.out)["companies"][0]["warnings"]
    assert ended.code == (3 if found else 0)
    return [one["rule"] for one in found]


def many(number: int) -> str:
    objectives = "".join(f"  - {{id: O-{n}, title: Win {n}, owner: Ada}}\n" for n in range(number))
    rows = "".join(f"  - {{id: KR-{n}, objective: O-{n}, metric: deals, reach: 5}}\n" for n in range(number))
    return f"objectives:\n{objectives}key_results:\n{rows}"


CASES: list[tuple[str, str]] = [
    (OBJECTIVE % "Keep passing on sales data so that service quality stays where it is", "business-as-usual"),
    (OBJECTIVE % "Поддерживать качество на прежнем уровне", "business-as-usual"),
    (KEY_RESULT % "title: Happier customers, metric: TODO", "no-number"),
    (KEY_RESULT % "title: Довольные клиенты, metric: TODO", "no-number"),
    (KEY_RESULT % "title: Launch the mobile app, metric: deals, from: 2, to: 5", "task"),
    (KEY_RESULT % "title: Запустить приложение, metric: deals, from: 2, to: 5", "task"),
    (KEY_RESULT % "title: Mobile app, metric: deals, yes_no: true", "task"),
    (many(6), "too-many-objectives"),
    (
        "objectives:\n  - {id: O-1, title: Win, owner: Ada}\nkey_results:\n"
        + "".join(f"  - {{id: KR-{n}, objective: O-1, metric: deals, reach: 5}}\n" for n in range(6)),
        "too-many-key-results",
    ),
    (KEY_RESULT % "title: Deals, metric: deals, change: +0%", "baseline-equals-target"),
    (KEY_RESULT % "title: Deals, metric: deals, change: 0", "baseline-equals-target"),
    (KEY_RESULT % "title: Reduce open bugs, metric: deals, from: 30, to: 120", "direction"),
    (KEY_RESULT % "title: Open bugs, metric: deals, from: 30, to: 120", "direction"),
    (KEY_RESULT % "title: Повысить NPS, metric: TODO, from: 50, to: 40", "direction"),
    (KEY_RESULT % "title: Increase deals, metric: deals, change: -25%", "direction"),
    ("key_results:\n  - {id: KR-1, title: Deals, metric: deals, reach: 5}\n", "no-owner"),
    (KEY_RESULT % "title: New customers in Q3, metric: deals, reach: 5", "period"),
    (KEY_RESULT % "title: Новые клиенты за 3 квартал, metric: deals, reach: 5", "period"),
    (KEY_RESULT % "title: Sales of 2024, metric: deals, reach: 5", "period"),
    (KEY_RESULT % "title: Deals, metric: year, reach: 5", "period"),
    (
        KEY_RESULT % "title: Deals, metric: deals, reach: 5" + "initiatives:\n  - {id: I-1, metric: share}\n",
        "untied",
    ),
    (
        KEY_RESULT % "title: Deals, metric: deals, reach: 5" + "initiatives:\n  - {id: I-1, metric: TODO}\n",
        "untied",
    ),
    (
        KEY_RESULT % "title: Deals, metric: deals, reach: 5"
        + "  - {id: KR-2, owner: Ada, metric: deals, reach: 5}\n",
        "untied",
    ),
    (KEY_RESULT % "title: Cold calls, metric: deals, reach: 50", "leading-only"),
    (KEY_RESULT % "title: Холодные звонки, metric: deals, reach: 50", "leading-only"),
    (KEY_RESULT % "title: Uptime, metric: share, at_least: 99.9%", "kpi-as-key-result"),
    (KEY_RESULT % "title: Retention, metric: share, at_least: 98%, judge: held", "kpi-as-key-result"),
    (KEY_RESULT % "title: Maintain NPS of 50, metric: deals, at_least: 50", "kpi-as-key-result"),
]


def test_each_rule_has_a_name_in_the_yaml_and_a_case_here() -> None:
    assert set(get_args(LintRule)) == set(RULES)
    # It needs a sync, and has a test of its own.
    assert {rule for _, rule in CASES} == set(RULES) - {"target-already-met"}


def test_each_rule_finds_its_case_alone_and_can_be_switched_off(desk: Any) -> None:
    for body, rule in CASES:
        write(desk, body)
        assert warned(desk) == [rule], (body, rule)
        assert warned(desk, "--off", rule) == []
        write(desk, f"lint: {{off: [{rule}]}}\n{body}")
        assert warned(desk) == []


def test_good_okrs_are_left_in_peace(desk: Any) -> None:
    write(desk, GOOD)
    ended = desk.run("lint", "acme")
    assert (ended.code, ended.err) == (0, "")
    assert "nothing to say" in ended.out
    assert sum(one.server.count() for one in (desk.notion, desk.jira, desk.sheets)) == 0


def test_a_warning_says_where_what_why_and_what_to_do(desk: Any) -> None:
    path = write(desk, KEY_RESULT % "title: Launch the mobile app, metric: deals, from: 2, to: 5")
    ended = desk.run("lint")
    assert ended.code == 3
    assert (
        f"{path}:17:5: KR-1: 'Launch the mobile app' names work, not what it brings about [task]" in ended.out
    )
    assert RULES["task"].reason in ended.out
    assert f"→ {RULES['task'].hint}" in ended.out
    for name, rule in RULES.items():
        assert name in desk.run("lint", "--rules").out
        assert rule.reason in desk.run("lint", "--rules").out


def test_what_is_broken_or_misspelled_is_no_warning(desk: Any) -> None:
    path = write(desk, "key_results: 7\n")
    assert desk.run("lint", "acme").code == 2
    write(desk, GOOD + "lint: {off: [tasks]}\n")
    ended = desk.run("lint", "acme")
    assert ended.code == 2
    assert f"{path}:23:14: part 1 of off cannot be 'tasks'" in ended.err
    write(desk, GOOD)
    ended = desk.run("lint", "acme", "--off", "tasks")
    assert ended.code == 2
    assert "'task'" in ended.err or "task?" in ended.err


def test_a_target_that_the_last_sync_found_met_is_too_low(desk: Any) -> None:
    assert desk.run("sync", "demo").code == 3
    desk.edit_yaml("from: 120, to: 30", "from: 120, to: 100")
    assert desk.run("sync", "demo", "--force").code == 3
    # Met at the end of November, of a cycle that ends with December: that is what a target is for.
    assert "target-already-met" not in desk.run("lint", "demo").out
    desk.edit_yaml(
        "cycle: {name: 2026-Q4, start: 2026-10-01, end: 2026-12-31}",
        "cycle: {name: H2, start: 2026-11-01, end: 2027-03-31}",
    )
    assert desk.run("sync", "demo", "--force").code == 3
    ended = desk.run("lint", "demo")
    assert "KR-1: the last sync found its target met [target-already-met]" in ended.out


@pytest.mark.parametrize("company", ["book"])
def test_the_book_is_warned_of_what_it_says_itself(desk: Any) -> None:
    found = json.loads(desk.run("lint", "book", "--json").out)["companies"][0]["warnings"]
    rules = {one["rule"] for one in found}
    # One file for 21 teams; "in Q3" in a fourth quarter; activities without a result; owners are kept in Notion.
    assert rules == {"too-many-objectives", "period", "leading-only", "no-owner"}, found
