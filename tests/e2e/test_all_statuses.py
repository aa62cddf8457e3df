"""``okrsync status --all``: one line for each company, few statements, and a broken YAML is one line with its reason."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.ledger import open_ledger
from okrsync.memory import RunFinished, RunStarted
from okrsync.testing import JumpClock
from tests.e2e.conftest import published
from tests.support.fleet import fleet

NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
LEAN = """\
company: {name}
timezone: Europe/Berlin
cycle: {{name: now, start: 2026-10-01, end: 2026-12-31}}
schedule: "0 7 * * *"
connections:
  deals: {{type: crm, path: deals.csv}}
  notion: {{type: notion, token: {{env: T}}}}
destination:
  connection: notion
  key_results: {{database: '11111111111141118111111111111111', match: KR, cells: {{current: Current}}}}
metrics: {{won: {{from: deals, measure: count}}}}
key_results: [{{id: KR-1, metric: won, reach: 10}}]
"""


@contextmanager
def statements() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: Any, _u: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_the_table_says_how_every_company_is_doing(desk: Any, tmp_path: Path) -> None:
    text = LEAN.format(name="beta")
    (tmp_path / "beta.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "old.yaml").write_text(
        text.replace("beta", "old").replace("2026-10-01, end: 2026-12-31", "2026-01-01, end: 2026-03-31"),
        encoding="utf-8",
    )
    (tmp_path / "wrong.yaml").write_text(text.replace("beta", "wrong").replace("metric: won", "metric: wno"))
    assert desk.run("sync", "demo").code == 3
    ended = desk.run("status", "--all")
    assert ended.code == 2, "the worst: a YAML cannot be read"
    lines = {line.split()[0]: line for line in ended.out.splitlines() if line.strip()}
    assert lines["company"].split() == ["company", "last", "sync", "ended", "held", "cycle", "next", "due"]
    for part in ("Mon 23 Nov 2026, 07:00", "3 held", " 1 ", "runs", "Tue 24 Nov 2026, 07:00"):
        assert part in lines["demo"]
    assert "never" in lines["beta"]
    assert lines["beta"].rstrip().endswith("now")
    assert "over" in lines["old"]
    assert "2 YAML" in lines["wrong"]
    assert "wrong.yaml:12:" in lines["wrong"]
    assert "there is no metric 'wno'" in " ".join(ended.out.split())
    data = desk.run("status", "--all", "--sort", "code", "--json").json
    assert [one["name"] for one in data["companies"]] == ["wrong", "beta", "demo", "old"]
    (demo,) = [one for one in data["companies"] if one["name"] == "demo"]
    assert (demo["exit_code"], demo["held"], demo["cycle"], demo["error"]) == (3, 1, "running", "")
    assert demo["last_run"].startswith("2026-11-23T06:00:")
    assert demo["next_due"] == "2026-11-24T06:00:00+00:00"
    by = {
        column: [
            one["name"] for one in desk.run("status", "--all", "--sort", column, "--json").json["companies"]
        ]
        for column in ("name", "last", "held", "cycle", "due")
    }
    assert by["name"] == ["beta", "demo", "old", "wrong"]
    assert by["last"][-1] == by["held"][0] == "demo"
    assert by["cycle"][:2] == ["wrong", "old"]
    assert by["due"][:2] == ["beta", "old"]
    (tmp_path / "wrong.yaml").unlink()
    assert desk.run("status", "--all").code == 3
    for words in (("status",), ("status", "demo", "--all"), ("status", "demo", "--sort", "due")):
        refused = desk.run(*words)
        assert refused.code == 2
        assert "okrsync status --all --sort due" in refused.err
    assert "'due'" in desk.run("status", "--all", "--sort", "deu").err
    published("status").validate(desk.run("status", "demo", "--json").json)


def test_a_run_under_way_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    with fleet(tmp_path, 1, schedule="0 7 * * *") as made:
        made.move_in(monkeypatch)
        clock = JumpClock(datetime.now(tz=UTC))
        with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}", clock) as ledger, ledger.hold("c00000"):
            main(("status", "--all"), Context(clock=clock))
    assert "runs now" in capsys.readouterr().out


def test_a_decision_after_a_sync_does_not_make_it_a_good_one(desk: Any) -> None:
    """accept, adopt, release and baseline end well: the company is held all the same."""
    assert desk.run("sync", "demo").code == 3
    desk.clock.jump(60)
    for words in (("accept", "demo", "KR-1"), ("adopt", "demo"), ("release", "demo")):
        assert desk.run(*words).code == 0
        ended = desk.run("status", "--all", "--json")
        assert ended.code == 3
        (demo,) = ended.json["companies"]
        assert (demo["exit_code"], demo["held"]) == (3, 1)
        assert demo["last_run"].startswith("2026-11-23T06:00:")
    assert "release" in desk.run("ledger").out


def test_a_backfill_is_no_company_of_its_own(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.run("backfill", "demo", "--from", "2026-11-01", "--only", "KR-5")
    assert [one["company"] for one in desk.run("ledger", "--json").json["companies"]] == ["demo"]


def test_many_companies_take_few_statements_and_little_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    folder, clock = tmp_path / "config", JumpClock(NOON)
    folder.mkdir()
    monkeypatch.setenv("OKRSYNC_CONFIG", str(folder))
    monkeypatch.setenv("OKRSYNC_LEDGER", f"sqlite:///{tmp_path / 'ledger.db'}")
    names = [f"c{number:02}" for number in range(40)]
    with open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}", clock) as ledger:
        for name in names:  # reading a YAML for the first time takes longest, as for `sync --due`
            (folder / f"{name}.yaml").write_text(LEAN.format(name=name), encoding="utf-8")
            for days in (2, 1):
                at = NOON - timedelta(days=days, hours=4)
                ledger.record(name, RunStarted(run=f"r{days}", command="sync", at=at))
                ledger.record(
                    name,
                    RunFinished(
                        run=f"r{days}", at=at, exit_code=0, digest="", counts={"held": 9, "held_rows": days}
                    ),
                )
    context = Context(clock=clock)
    assert main(("status", "--all"), context) == 0
    later = JumpClock(datetime(2027, 2, 1, tzinfo=UTC))
    assert main(("status", "--all"), Context(clock=later)) == 3, "their cycle is over"
    with statements() as seen:
        began = time.process_time()
        assert main(("status", "--all", "--json"), context) == 0
        took = time.process_time() - began
    assert len([one for one in seen if one.startswith("SELECT")]) <= 8, seen
    assert not [one for one in seen if one.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert took < 2.5, "40 companies; what grows is one cron line each"
    assert '"held": 1' in capsys.readouterr().out
