"""The roll-over to the next cycle: starts at the last values, and the YAML as people wrote it."""

from __future__ import annotations

import difflib
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from okrsync.config import load_company
from okrsync.config.next_cycle import next_cycle
from okrsync.errors import ConfigError
from okrsync.plugins import Connectors
from okrsync.testing import JumpClock

NEXT = ("init", "demo", "--next-cycle")


def changed(before: str, after: str) -> list[str]:
    return [
        line
        for line in difflib.ndiff(before.splitlines(), after.splitlines())
        if line.startswith(("+ ", "- "))
    ]


def test_starts_become_last_values_and_nothing_else_changes(desk: Any) -> None:
    before = desk.yaml.read_text(encoding="utf-8")
    desk.run("sync", "demo")
    desk.stage.forget()
    ended = desk.run(*NEXT)
    assert desk.stage.requests == 0
    assert ended.code == 3
    assert desk.yaml.read_text(encoding="utf-8") == before
    assert changed(before, ended.out) == [
        "- cycle: {name: 2026-Q4, start: 2026-10-01, end: 2026-12-31}",
        "+ cycle: {name: 2027-Q1, start: 2027-01-01, end: 2027-03-31}",
        "-   - {id: KR-1, objective: O-1, title: Open bugs, metric: open_bugs, from: 120, to: 30}",
        "+   - {id: KR-1, objective: O-1, title: Open bugs, metric: open_bugs, from: 72, to: 30}",
        "-   - {id: KR-6, objective: O-2, title: Deals won of deals closed, metric: win_rate, from: 40%, to: 56%}",
        "+   - {id: KR-6, objective: O-2, title: Deals won of deals closed, metric: win_rate, from: 49.0566%, to: 56%}",
        "-   - {id: KR-7, objective: O-2, title: Sales cycle, metric: sales_cycle, from: 35, to: 24}",
        "+   - {id: KR-7, objective: O-2, title: Sales cycle, metric: sales_cycle, from: 31.0385, to: 24}",
        "-   - {id: KR-12, objective: O-3, title: Organic visitors a month, metric: visitors, change: +25%}",
        "+   - {id: KR-12, objective: O-3, title: Organic visitors a month, metric: visitors, change: +25%, baseline: 44900}",
    ]
    assert "KR-1 starts at 72" in ended.err
    assert "! KR-9: its start is kept in the destination" in ended.err
    assert "! KR-13: no value of it is known" in ended.err


def test_the_next_cycle_runs_on_with_the_same_history(desk: Any) -> None:
    desk.run("sync", "demo")
    written = desk.run(*NEXT, "--write")
    assert "KR-12 starts at 44900" in written.out
    assert desk.run("validate", "demo").code == 0
    later = JumpClock(datetime(2027, 1, 12, 6, tzinfo=UTC))
    desk.run("sync", "demo", "--force", clock=later)
    told = desk.run("explain", "demo", "KR-12", clock=later).out
    assert "44,900 → 56,125" in told
    history = desk.run("history", "demo", "KR-1", "--json", clock=later).json["values"]
    assert [one["date"] for one in history] == ["2026-11-23", "2027-01-12"]
    assert history[0]["progress"] == "0"
    assert not list(desk.folder.glob(".*.next"))


def test_a_target_that_was_reached_is_a_persons_to_set(desk: Any) -> None:
    desk.edit_yaml("from: 120, to: 30}", "from: 120, to: 80}")
    desk.run("sync", "demo")
    ended = desk.run(*NEXT)
    assert "! KR-1: its last value 72 has reached its target 80: set a new target and start" in ended.err
    assert "from: 120, to: 80}" in ended.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--start", "2026-12-31", "--end", "2027-03-31"), "before 2026-Q4 has ended on 2026-12-31"),
        (("--start", "2027-01-01", "--end", "2027-01-01"), "which is not after its start 2027-01-01"),
    ],
)
def test_dates_that_make_no_next_cycle(desk: Any, words: tuple[str, ...], said: str) -> None:
    ended = desk.run(*NEXT, "--name", "x", *words, "--write")
    assert ended.code == 2
    assert said in ended.err
    assert "2026-Q4" in desk.yaml.read_text(encoding="utf-8")


def test_what_comes_after_a_cycle_of_ones_own_is_not_guessed(desk: Any) -> None:
    desk.edit_yaml("name: 2026-Q4", "name: Autumn")
    unsaid = desk.run(*NEXT, "--name", "Winter")
    assert unsaid.code == 2
    assert "Autumn (2026-10-01 to 2026-12-31) is no calendar month, quarter or year" in unsaid.err
    assert "okrsync init demo --next-cycle --name NAME --start DATE --end DATE" in unsaid.err
    said = desk.run(*NEXT, "--name", "Winter", "--start", "2027-01-15", "--end", "2027-04-14")
    assert "cycle: {name: Winter, start: 2027-01-15, end: 2027-04-14}" in said.out


def test_a_part_of_what_comes_next_may_be_said(desk: Any) -> None:
    said = desk.run(*NEXT, "--end", "2027-04-02")
    assert "cycle: {name: 2027-Q1, start: 2027-01-01, end: 2027-04-02}" in said.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("init", "--next-cycle"), "takes a company that has a YAML"),
        ((*NEXT, "--from-notion", "https://www.notion.so/x"), "none of the options for a new one"),
        (("init", "new", "--write"), "--name, --start, --end and --write belong to --next-cycle"),
        (("init", "nobody", "--next-cycle"), "nobody"),
    ],
)
def test_words_that_do_not_go_together(desk: Any, words: tuple[str, ...], said: str) -> None:
    ended = desk.run(*words)
    assert (ended.code, ended.out) == (2, "")
    assert said in " ".join(ended.err.split())


BLOCK = """\
# The company's own words stay.
company: acme
timezone: UTC
cycle:            # a quarter
  name: "2026-Q4"
  start: 2026-10-01
  end:   2026-12-31   # its last day
pace:
  points: {2026-11-15: 30%}
connections:
  deals: {type: crm, path: "deals.csv"}
  notion: {type: notion, token: {env: T}}
destination: {connection: notion, key_results: {database: '11111111111141118111111111111111', match: KR, cells: {current: Current}}}
metrics:
  a: {from: deals, measure: count}

key_results:
  # up, and relative
  - id: KR-1
    metric: a
    change: +500      # on top
    title: "Größe"
  - id: KR-2
    metric: a
    from: 10   # was nine
    to: 20
  - {id: KR-3, metric: a, at_most: 5}
  - {id: KR-4, metric: a, change: +10%, baseline: cycle_start}
"""


@pytest.mark.parametrize("line", ["\n", "\r\n"])
def test_comments_quotes_and_line_ends_stay(tmp_path: Path, line: str) -> None:
    text = BLOCK.replace("\n", line)
    path = tmp_path / "acme.yaml"
    path.write_bytes(text.encode())
    last = {"KR-1": Decimal("12.34567"), "KR-2": Decimal(15), "KR-3": Decimal(1), "KR-4": Decimal(0)}
    done = next_cycle(
        text,
        load_company(path, Connectors()),
        name="2027-Q1: next",
        start=date(2027, 1, 1),
        end=date(2027, 3, 31),
        last=last,
    )
    wanted = (
        BLOCK.replace('"2026-Q4"', "'2027-Q1: next'")
        .replace("2026-10-01", "2027-01-01")
        .replace("2026-12-31", "2027-03-31")
        .replace("change: +500 ", "change: +500\n    baseline: 12.3457 ")
        .replace("from: 10 ", "from: 15 ")
    )
    assert done.text == wanted.replace("\n", line)
    assert done.started == {"KR-1": "12.3457", "KR-2": "15"}
    assert list(done.left) == ["KR-4", "pace"]


@pytest.mark.parametrize(
    "name", ["2027", "yes", "1.5", "2027-01-01", "a: b", "it's", " x ", "Q1 #2", "null", "Q1"]
)
def test_any_name_reads_back_as_the_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "acme.yaml"
    path.write_text(BLOCK.replace("pace:\n  points: {2026-11-15: 30%}\n", ""), encoding="utf-8")
    company = load_company(path, Connectors())
    text = path.read_text(encoding="utf-8")
    done = next_cycle(text, company, name=name, start=date(2027, 1, 1), end=date(2027, 3, 31), last={})
    path.write_text(done.text, encoding="utf-8")
    assert load_company(path, Connectors()).cycle.name == name


def test_a_cycle_of_no_days_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "acme.yaml"
    path.write_text(BLOCK, encoding="utf-8")
    with pytest.raises(ConfigError, match="not after its start"):
        next_cycle(
            BLOCK,
            load_company(path, Connectors()),
            name="x",
            start=date(2027, 1, 1),
            end=date(2027, 1, 1),
            last={},
        )
