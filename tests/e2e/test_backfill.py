"""The past through the command line: recomputed from the sources, never instead of what was seen, never as the present."""

from __future__ import annotations

import csv
import os
import pty
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.ledger import open_ledger
from okrsync.loopback import Fault
from okrsync.model import Answer, Evidence, Question, Reading
from tests.e2e.conftest import KILLABLE
from tests.support.terminal import shown_on

WEEKS = [date(2026, 10, 4) + timedelta(weeks=number) for number in range(8)]
PAST = ("backfill", "demo", "--from", "2026-10-01")


def readings(desk: Any, metric: str = "%") -> list[str]:
    with closing(sqlite3.connect(desk.folder / "ledger.db")) as database:
        rows = database.execute(
            "SELECT reading FROM okrsync_readings WHERE metric LIKE ? ORDER BY id", (metric,)
        )
        return [row[0] for row in rows]


def everything_but_readings(desk: Any) -> dict[str, list[Any]]:
    kept = ("starts", "finishes", "puts", "intents", "baselines", "outcomes", "notes")
    with closing(sqlite3.connect(desk.folder / "ledger.db")) as database:
        return {name: database.execute(f"SELECT * FROM okrsync_{name}").fetchall() for name in kept}


def by_date(answer: Any, subject: str) -> dict[str, Any]:
    return {one["date"]: one for one in answer["values"] if subject in one["key_results"]}


def won(desk: Any) -> list[tuple[date, Decimal]]:
    """The export, read once more by other means."""
    (path,) = (desk.folder / "exports").glob("*.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter=";") if row["Stage"] == "Won"]
    return [
        (
            datetime.strptime(row["Closed"], "%d.%m.%Y").date(),  # noqa: DTZ007 - a day without a time
            Decimal(row["Amount"].replace(".", "").replace(",", ".")),
        )
        for row in rows
    ]


# ---- what is found --------------------------------------------------------------------------------------------


def test_past_values_are_what_the_sources_say_they_were(desk: Any) -> None:
    ended = desk.run(*PAST, "--json")
    assert ended.code == 3, ended.err
    revenue = by_date(ended.json, "KR-5")
    assert list(revenue) == [day.isoformat() for day in WEEKS]
    for day in WEEKS:
        sold = sum(amount for closed, amount in won(desk) if date(2026, 10, 1) <= closed <= day)
        assert Decimal(revenue[day.isoformat()]["value"]) == sold
        assert revenue[day.isoformat()]["method"] == "events"
    visitors = by_date(ended.json, "KR-12")
    assert [one["value"] for one in visitors.values()] == ["41000"] * 4 + ["44900"] * 4
    assert {one["method"] for one in visitors.values()} == {"dated rows"}
    rate = by_date(ended.json, "KR-6")
    assert len(rate) == 8
    assert {one["found"] for one in rate.values()} == {"added"}


def test_the_value_of_a_day_is_not_the_next_days(desk: Any) -> None:
    ended = desk.run(
        "backfill", "demo", "--from", "2026-09-29", "--to", "2026-10-31", "--every", "day", "--json"
    )
    visitors = by_date(ended.json, "KR-12")
    assert visitors["2026-09-29"]["value"] == "40250"
    assert visitors["2026-09-30"]["value"] == "41000"
    assert visitors["2026-10-30"]["value"] == "41000"
    assert visitors["2026-10-31"]["value"] == "44900"
    months = desk.run("backfill", "demo", "--from", "2026-08-01", "--every", "month", "--json")
    assert list(by_date(months.json, "KR-12")) == ["2026-08-31", "2026-09-30", "2026-10-31"]


def test_what_cannot_be_known_is_missing_with_its_reason_and_never_a_number(desk: Any) -> None:
    ended = desk.run(*PAST, "--json")
    assert ended.code == 3
    promoters = by_date(ended.json, "KR-9")
    assert {one["found"] for one in promoters.values()} == {"missing"}
    assert all("value" not in one for one in promoters.values())
    assert (
        "a spreadsheet shows only today's value, and 2026-10-04 is asked"
        in promoters["2026-10-04"]["missing"]
    )
    before = desk.run(
        "backfill", "demo", "--from", "2026-09-01", "--to", "2026-09-30", "--only", "KR-5", "--json"
    )
    assert before.code == 3
    assert "the cycle 2026-Q4 has not begun" in before.json["values"][0]["missing"]
    shown = desk.run(*PAST, "--only", "KR-9")
    assert "2026-10-04 to 2026-11-22 (8 dates): a spreadsheet shows only today's value" in shown.out
    assert readings(desk, "nps") == []


def test_known_to_the_last_date_is_exit_code_0(desk: Any) -> None:
    assert desk.run(*PAST, "--only", "KR-5", "--only", "KR-12").code == 0


def test_periods_that_are_not_over_are_left_out(desk: Any) -> None:
    ended = desk.run(
        "backfill", "demo", "--from", "2026-11-10", "--to", "2026-12-31", "--only", "KR-5", "--json"
    )
    assert [one["date"] for one in ended.json["values"]] == ["2026-11-15", "2026-11-22"]
    never = desk.run("backfill", "demo", "--from", "2026-11-23", "--only", "KR-5")
    assert never.code == 2
    assert "no week has its last day in 2026-11-23 to 2026-11-23 and is over" in never.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "2026-11-02", "--to", "2026-11-01"), "--from 2026-11-02 is after --to 2026-11-01"),
        (("--from", "2026-10-01", "--only", "KR-99"), "there is no key result 'KR-99'"),
        (
            ("--from", "01.10.2026"),
            "Invalid value for '--from': '01.10.2026' is no date; write year, month and day: 2026-10-01\n  → okrsync backfill --help",
        ),
        (("--from", "2026-10-01", "--every", "hour"), "hour"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_asked(
    desk: Any, words: tuple[str, ...], said: str
) -> None:
    ended = desk.run("backfill", "demo", *words)
    assert ended.code == 2
    assert said in ended.err
    assert desk.stage.requests == 0


# ---- what is recorded -----------------------------------------------------------------------------------------


def test_a_dry_run_records_nothing(desk: Any) -> None:
    chosen = [word for number in (4, 5, 6, 7, 8, 12) for word in ("--only", f"KR-{number}")]
    ended = desk.run(*PAST, *chosen, "--dry-run")
    assert "Dry run, nothing recorded: 48 new" in ended.out
    assert "€185,500.50 → €1,767,504" in ended.out
    assert readings(desk) == []
    assert desk.run("history", "demo", "--json").json["values"] == []
    assert desk.run(*PAST, *chosen, "--json").json["counts"]["added"] == 48


def test_only_readings_are_recorded(desk: Any) -> None:
    desk.run("sync", "demo")
    before = everything_but_readings(desk)
    desk.run(*PAST)
    assert everything_but_readings(desk) == before


def test_a_second_run_adds_nothing_and_asks_nothing_that_is_known(desk: Any) -> None:
    chosen = ("--only", "KR-5", "--only", "KR-6", "--only", "KR-12")
    assert desk.run(*PAST, *chosen, "--json").json["counts"]["added"] == 24
    kept = readings(desk)
    desk.stage.forget()
    (export,) = (desk.folder / "exports").glob("*.csv")
    export.unlink()
    again = desk.run(*PAST, *chosen, "--json")
    assert (again.code, again.json["counts"]["known"]) == (0, 24)
    assert desk.stage.requests == 0
    assert readings(desk) == kept
    desk.run(*PAST)
    assert desk.sheets.server.count() == 0, (
        "the dates of the one sheet are known, and the others cannot be asked"
    )


def test_refresh_asks_again_and_adds_only_what_has_changed(desk: Any) -> None:
    desk.run(*PAST, "--only", "KR-12")
    kept = readings(desk)
    desk.stage.forget()
    same = desk.run(*PAST, "--only", "KR-12", "--refresh", "--json")
    assert desk.sheets.server.count("batchGet") == 1
    assert same.json["counts"] == {"added": 0, "known": 8, "observed": 0, "missing": 0}
    assert readings(desk) == kept
    desk.sheets.edit("Web", "10/31/26", "Organic visitors", 45000)
    assert desk.run(*PAST, "--only", "KR-12", "--json").json["counts"]["added"] == 0
    fresh = desk.run(*PAST, "--only", "KR-12", "--refresh", "--json")
    assert (fresh.json["counts"]["added"], fresh.json["counts"]["known"]) == (4, 4)
    assert readings(desk)[: len(kept)] == kept
    values = desk.run("history", "demo", "KR-12", "--json").json["values"]
    assert [one["value"] for one in values] == ["41000"] * 4 + ["45000"] * 4


def test_one_read_of_a_connection_serves_all_dates(desk: Any) -> None:
    desk.run("backfill", "demo", "--from", "2026-09-01", "--every", "day", "--only", "KR-12")
    assert desk.sheets.server.count("batchGet") == 1


# ---- what was seen on the day, and the present ----------------------------------------------------------------


def test_what_was_seen_on_the_day_stays_and_wins(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.clock.jump(timedelta(days=7).total_seconds())
    (export,) = (desk.folder / "exports").glob("*.csv")
    export.rename(export.with_name("deals-2026-11-29.csv"))
    os.utime(export.with_name("deals-2026-11-29.csv"), (desk.clock.now().timestamp(),) * 2)
    seen = [one for one in readings(desk, "revenue") if '"method":"observed"' in one]
    assert len(seen) == 1
    ended = desk.run(*PAST, "--every", "day", "--only", "KR-5", "--refresh", "--json")
    on_the_day = by_date(ended.json, "KR-5")["2026-11-22"]
    assert (on_the_day["found"], on_the_day["method"]) == ("observed", "observed")
    assert [one for one in readings(desk, "revenue") if '"method":"observed"' in one] == seen
    values = desk.run("history", "demo", "KR-5", "--from", "2026-11-21", "--to", "2026-11-23", "--json").json[
        "values"
    ]
    assert [(one["date"], one["method"]) for one in values] == [
        ("2026-11-21", "events"),
        ("2026-11-22", "observed"),
        ("2026-11-23", "events"),
    ]


def test_what_was_seen_wins_over_what_had_been_rebuilt_before(desk: Any) -> None:
    desk.run(
        "backfill", "demo", "--from", "2026-10-31", "--to", "2026-10-31", "--every", "day", "--only", "KR-12"
    )
    desk.sheets.edit("Web", "10/31/26", "Organic visitors", 45000)
    desk.run("sync", "demo")
    (one,) = desk.run("history", "demo", "KR-12", "--from", "2026-10-31", "--json").json["values"]
    assert (one["value"], one["method"]) == ("45000", "observed")


def test_an_old_value_never_becomes_the_current_one(desk: Any) -> None:
    desk.run("sync", "demo")
    rows, pages = desk.run("status", "demo", "--json").json["rows"], desk.table()
    objectives = desk.table("Objectives")
    desk.run(*PAST, "--every", "day")
    after = desk.run("status", "demo", "--json").json["rows"]
    moving = {"trend", "forecast"}
    assert [{name: one[name] for name in one if name not in moving} for one in after] == [
        {name: one[name] for name in one if name not in moving} for one in rows
    ]
    desk.stage.forget()
    desk.run("sync", "demo")
    assert desk.writes == 0
    assert (desk.table(), desk.table("Objectives")) == (pages, objectives)


def test_where_today_is_unknown_the_past_does_not_stand_in(desk: Any) -> None:
    desk.run(*PAST, "--only", "KR-5")
    (export,) = (desk.folder / "exports").glob("*.csv")
    export.unlink()
    ended = desk.run("sync", "demo", "--json")
    (row,) = [one for one in ended.json["rows"] if one["id"] == "KR-5"]
    assert {cell["verdict"] for cell in row["cells"].values()} == {"held"}
    assert desk.table()["KR-5"]["Current"] == ""


def test_a_baseline_that_came_too_late_is_captured_by_a_backfill_and_frozen(desk: Any) -> None:
    desk.edit_yaml('metric: revenue, reach: "€3.5M"', "metric: revenue, change: +25%")
    first = desk.run("sync", "demo", "--json")
    (row,) = [one for one in first.json["rows"] if one["id"] == "KR-5"]
    assert "its baseline was not measured when the cycle began" in row["blocked"]
    desk.run(*PAST, "--only", "KR-5")
    assert "blocked" not in desk.run("explain", "demo", "KR-5").out
    desk.run("sync", "demo")
    told = desk.run("explain", "demo", "KR-5").out
    assert "€185,500.50, frozen" in told
    (export,) = (desk.folder / "exports").glob("*.csv")
    export.write_text(
        export.read_text(encoding="utf-8").replace("124.000,00", "125.000,00"), encoding="utf-8"
    )
    os.utime(export, (desk.clock.now().timestamp() - 60,) * 2)
    desk.run(*PAST, "--only", "KR-5", "--refresh")
    desk.run("sync", "demo")
    assert "€185,500.50, frozen" in desk.run("explain", "demo", "KR-5").out


def test_a_value_of_the_day_before_the_cycle_is_its_baseline(desk: Any) -> None:
    desk.edit_yaml('metric: revenue, reach: "€3.5M"', "metric: revenue, change: +25%")
    desk.edit_yaml("exports/deals-*.csv\n    stale_after: 2d", "exports/deals-{date}.csv")
    desk.edit_yaml('date: Closed, window: cycle, unit: "money:EUR"', 'unit: "money:EUR"')
    (export,) = (desk.folder / "exports").glob("*.csv")
    text = export.read_text(encoding="utf-8")
    for day in ("2026-09-30", "2026-10-04"):
        snapshot = export.with_name(f"deals-{day}.csv")
        snapshot.write_text(
            text.replace("124.000,00", "124.001,00") if day == "2026-10-04" else text, encoding="utf-8"
        )
        os.utime(snapshot, (desk.clock.now().timestamp() - 60,) * 2)
    days = ("--from", "2026-09-30", "--to", "2026-10-04", "--every", "day")
    ended = desk.run("backfill", "demo", *days, "--only", "KR-5", "--json")
    assert ended.json["counts"]["added"] == 2
    assert {one["method"] for one in ended.json["values"] if "method" in one} == {"snapshot"}
    desk.run("sync", "demo")
    baseline = desk.run("explain", "demo", "KR-5", "--json").json["baseline"]
    assert baseline["as_of"].startswith("2026-09-30T21:59:59.999999")


# ---- what goes wrong ------------------------------------------------------------------------------------------


def test_a_connection_that_is_down_costs_only_its_own(desk: Any) -> None:
    desk.sheets.server.faults.append(Fault(where=".", status=503, times=10_000))
    ended = desk.run(*PAST, "--only", "KR-5", "--only", "KR-12", "--json")
    assert ended.code == 3
    assert ended.json["counts"] == {"added": 8, "known": 0, "observed": 0, "missing": 8}
    assert {one["cause"] for one in ended.json["values"] if one["metric"] == "visitors"} == {"unavailable"}
    desk.sheets.server.faults.clear()
    again = desk.run(*PAST, "--only", "KR-5", "--only", "KR-12", "--json")
    assert (again.code, again.json["counts"]["added"], again.json["counts"]["known"]) == (0, 8, 8)


class Present:
    """A source that answers for the past with today's value."""

    def read(self, questions: Sequence[Question]) -> list[Answer]:
        evidence = Evidence(source="present", query="now")
        return [
            Reading(metric=one.metric, value=Decimal(7), unit=one.unit, as_of=one.now, evidence=evidence)
            for one in questions
        ]


def test_a_source_that_gives_todays_value_for_the_past_is_not_believed(desk: Any) -> None:
    crm = replace(desk.connectors["crm"], source=lambda settings, context: Present())
    connectors: Any = {**desk.connectors, "crm": crm}
    code = main([*PAST, "--only", "KR-5"], Context(clock=desk.clock, connectors=connectors))
    assert code == 3
    assert readings(desk, "revenue") == []


def test_a_credential_that_is_refused_is_exit_code_12(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO_GOOGLE_CREDENTIALS")
    ended = desk.run(*PAST, "--only", "KR-12")
    assert ended.code == 12
    assert "DEMO_GOOGLE_CREDENTIALS" in ended.err
    assert readings(desk) == []


def test_a_second_backfill_waits_and_a_sync_need_not(desk: Any) -> None:
    url = f"sqlite:///{desk.folder / 'ledger.db'}"
    with open_ledger(url, desk.clock) as other, other.hold("demo backfill"):
        ended = desk.run(*PAST)
        assert ended.code == 11
        assert "demo backfill is held by" in ended.err
        assert desk.run("sync", "demo").code == 3
        assert desk.run(*PAST, "--dry-run").code == 3


# ---- kill, interrupt, terminal --------------------------------------------------------------------------------


def wait_for(true: Callable[[], bool]) -> None:
    for _ in range(2400):
        if true():
            return
        time.sleep(0.05)  # another process is at work
    raise AssertionError("it never came")


def test_a_killed_backfill_goes_on_where_it_was(desk: Any) -> None:
    chosen = ("--only", "KR-5", "--only", "KR-12")

    def export_is_in() -> None:
        wait_for(lambda: len(readings(desk, "revenue")) == 8)

    desk.killed((*PAST, *chosen), desk.sheets, Fault(where="batchGet", cut="before"), once=export_is_in)
    kept = readings(desk)
    assert (len(kept), readings(desk, "visitors")) == (8, [])
    ended = desk.run(*PAST, *chosen, "--json")
    assert ended.json["counts"] == {"added": 8, "known": 8, "observed": 0, "missing": 0}
    assert readings(desk)[:8] == kept
    assert len(readings(desk)) == 16
    desk.stage.forget()
    assert desk.run(*PAST, *chosen, "--json").json["counts"]["known"] == 16
    assert desk.stage.requests == 0


def test_an_interrupted_backfill_says_so_and_keeps_what_it_has(desk: Any) -> None:
    started = threading.Event()
    process: list[subprocess.Popen[str]] = []

    def interrupt() -> None:
        assert started.wait(timeout=120)
        wait_for(lambda: len(readings(desk, "revenue")) == 8)
        os.kill(process[0].pid, signal.SIGINT)

    desk.sheets.server.faults.append(Fault(where="batchGet", prelude=interrupt))
    chosen = ("--only", "KR-5", "--only", "KR-12")
    process.append(desk.start(*PAST, *chosen))
    started.set()
    _, err = process[0].communicate(timeout=120)
    assert process[0].returncode == 130, err
    assert "interrupted; run it again to finish" in err
    assert len(readings(desk)) == 8
    assert desk.run(*PAST, *chosen).code == 0
    assert len(readings(desk)) == 16


def test_progress_is_plain_lines_in_a_pipe(desk: Any) -> None:
    ended = desk.run(*PAST, "--only", "KR-5", "--only", "KR-12", "--json")
    lines = ended.err.splitlines()
    assert lines[0] == "okrsync: 0 of 16 values; reading deals (8), sheets (8)"
    assert re.fullmatch(r"okrsync: 8 of 16 values; reading (deals|sheets) \(8\)", lines[1])
    assert lines[2:] == ["okrsync: 16 of 16 values"]
    assert ended.json["counts"]["added"] == 16


def test_what_is_known_is_not_shown_as_progress(desk: Any) -> None:
    chosen = ("--only", "KR-5", "--only", "KR-12")
    desk.run(*PAST, "--only", "KR-5")
    again = desk.run(*PAST, *chosen)
    assert again.err.splitlines() == [
        "okrsync: 8 of 16 values; reading sheets (8)",
        "okrsync: 16 of 16 values",
    ]
    assert desk.run(*PAST, *chosen).err.splitlines() == ["okrsync: 16 of 16 values"]


def on_a_terminal(words: Sequence[str]) -> tuple[int, str, str]:
    """The exit code, what stderr showed on a terminal, and what went to stdout."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", KILLABLE, *words],
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(theirs)
    shown = shown_on(ours)
    out, _ = process.communicate(timeout=120)
    return process.returncode, re.sub(r"\x1b\[[?\d;]*[A-Za-z]", "", shown), out.decode()


def test_progress_is_a_bar_for_each_connection_with_rate_and_time_on_a_terminal(desk: Any) -> None:
    # The sheet answers when the export is in, so that for a while one is done and the other one is not.
    desk.sheets.server.faults.append(
        Fault(where="batchGet", prelude=lambda: wait_for(lambda: len(readings(desk, "revenue")) == 8))
    )
    code, shown, out = on_a_terminal((*PAST, "--only", "KR-5", "--only", "KR-12"))
    assert code == 0
    assert re.search(r"deals .* 0/8 .* reading", shown)
    assert re.search(r"deals .* 8/8 .*/s", shown)
    assert re.search(r"sheets .* 0/8 .*0:00:0\d reading", shown)
    assert re.search(r"all values .* 8/16 .*/s, 0:00:\d\d left", shown)
    assert re.search(r"all values .* 16/16", shown)
    assert "Recorded: 16 new" in out
    assert "0:00:0" not in out


def test_a_sync_on_a_terminal_says_what_it_is_about(desk: Any) -> None:
    code, shown, out = on_a_terminal(("sync", "demo"))
    assert code == 3
    assert "demo: reading" in shown
    assert f"demo: writing, {desk.writes} rows so far" in shown
    assert "rows so far" not in out
    piped = desk.start("sync", "demo")
    _, err = piped.communicate(timeout=120)
    assert err == f"okrsync: the ledger is {desk.folder / 'ledger.db'}\n"
