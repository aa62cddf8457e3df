"""The demo's clock, its exports, and who may use them."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, cast

import pytest
from starlette.testclient import TestClient

from okrsync.cli.commands import demo
from okrsync.emulation import Mishap
from okrsync.errors import ConfigError, UnsafePlan
from okrsync.fleet import CompanyRun
from okrsync.machine import PREFIX, Machine
from okrsync.memory import RunFinished
from okrsync.plugins import Connectors
from okrsync.sandbox import PRESENT, demo_environment
from okrsync.sandbox.clock import ImpatientClock, SharedClock
from okrsync.sandbox.page import application
from okrsync.sandbox.page.changes import Change
from okrsync.sandbox.page.exports import Export
from okrsync.sandbox.page.sources import Sources
from okrsync.sandbox.page.story import of_others, of_sync
from okrsync.sandbox.terminal import LEFT_OUT, demo_terminal, open_to_terminals, variables

ROWS = "Deal;Stage;Closed\n1;Proposal;\n2;Won;01.11.2026\n3;Proposal;\n"


def near(clock: SharedClock, moment: datetime) -> bool:
    return abs(clock.now() - moment) < timedelta(minutes=5)


def test_all_processes_read_one_clock_and_only_an_impatient_one_skips_waits(tmp_path: Path) -> None:
    mine, other = ImpatientClock(tmp_path), SharedClock(tmp_path)
    mine.set(PRESENT)
    assert near(other, PRESENT)
    other.set(PRESENT + timedelta(days=7))
    assert near(mine, PRESENT + timedelta(days=7))
    before = mine.monotonic()
    mine.sleep(3600)
    assert mine.monotonic() - before >= 3600
    assert near(mine, PRESENT + timedelta(days=7)), "a skipped wait moves nobody's calendar"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "demo"
    folder.mkdir()
    SharedClock(folder).set(PRESENT)
    values = variables(folder, {"DEMO_TOKEN": "it's"}, "secret")
    open_to_terminals(folder, values, "http://127.0.0.1:1", tmp_path / "it's mine" / "okrsync")
    for name, text in values.items():
        monkeypatch.setenv(name, text)
    return folder


def test_a_terminal_of_a_demo_has_its_clock_and_its_notion(folder: Path) -> None:
    terminal = demo_terminal(str(folder), Machine())
    assert near(terminal.clock, PRESENT)
    assert terminal.notion == "http://127.0.0.1:1"
    terminal.check(folder / "demo.yaml")
    script = (folder / "env.sh").read_text(encoding="utf-8")
    assert """export DEMO_TOKEN='it'"'"'s'\n""" in script
    assert (
        "\nunset OKRSYNC_WEBHOOK OKRSYNC_WEBHOOK_FILE OKRSYNC_NOTIFY OKRSYNC_NOTIFY_FILE OKRSYNC_HEALTH\n"
        in script
    )


def test_a_terminal_of_a_demo_meets_the_okrsync_of_the_demo(folder: Path, tmp_path: Path) -> None:
    program = tmp_path / "it's mine" / "okrsync"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho found\n", encoding="utf-8")
    program.chmod(0o700)
    ended = subprocess.run(
        ["/bin/sh", "-c", f". {folder / 'env.sh'} && okrsync"], capture_output=True, text=True, check=True
    )
    assert ended.stdout == "found\n"


def test_every_setting_of_the_machine_is_the_demo_s_own_or_left_out() -> None:
    """Only forms and sizes may be the machine's: what says where to send it never counts for a made-up company."""
    settings = {f"{PREFIX}{name.upper()}" for name in Machine.model_fields}
    own = {"OKRSYNC_CONFIG", "OKRSYNC_LEDGER"}
    assert settings - own - set(LEFT_OUT) == {"OKRSYNC_ANSWER_MB", "OKRSYNC_LOG", "OKRSYNC_WEBHOOK_KIND"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("OKRSYNC_CONFIG", ".."),
        ("OKRSYNC_CONFIG", "/etc/okrsync"),
        ("OKRSYNC_LEDGER", "sqlite:////var/lib/okrsync/ledger.db"),
        ("OKRSYNC_LEDGER", "postgresql://okrsync@db/okrsync"),
        ("OKRSYNC_LEDGER", None),
    ],
)
def test_no_other_company_and_no_other_ledger_gets_the_time_of_a_demo(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str | None
) -> None:
    monkeypatch.delenv(name) if text is None else monkeypatch.setenv(name, text)
    with pytest.raises(ConfigError, match="this terminal belongs to a demo"):
        demo_terminal(str(folder), Machine())


def test_a_link_out_of_the_demo_is_no_way_out(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").touch()
    (folder / "mine.yaml").symlink_to(tmp_path / "mine.yaml")
    terminal = demo_terminal(str(folder), Machine())
    for path in (folder / "mine.yaml", folder / ".." / "mine.yaml", Path("mine.yaml")):
        with pytest.raises(ConfigError, match="belongs to a demo"):
            terminal.check(path)


def export(folder: Path, **settings: str) -> Export:
    (folder / "deals-2026-11-22.csv").write_text(ROWS, encoding="utf-8")
    connection = {"path": "deals-*.csv", "delimiter": ";", "date_format": "%d.%m.%Y", **settings}
    return Export(connection, folder, lambda: PRESENT + timedelta(days=7))


def mishap(of: Export, name: str) -> Mishap:
    (found,) = [one for one in of.mishaps() if one.id == name]
    return found


def test_an_export_is_written_every_night_under_its_days_name(tmp_path: Path) -> None:
    deals = export(tmp_path, stale_after="2d")
    deals.write_again()
    assert [path.name for path in tmp_path.iterdir()] == ["deals-2026-11-29.csv"]
    written = datetime.fromtimestamp(deals.file.stat().st_mtime, UTC)
    assert written == datetime(2026, 11, 29, 20, tzinfo=UTC)
    late = mishap(deals, "late")
    late.begin()
    deals.write_again()
    assert deals.file.name == "deals-2026-10-31.csv", "a late export stays late"
    late.end()
    assert deals.file.name == "deals-2026-11-29.csv"
    assert deals.file.read_text(encoding="utf-8") == ROWS


def test_an_empty_export_comes_back_whole_with_what_was_changed_before(tmp_path: Path) -> None:
    deals = export(tmp_path)
    assert [one.id for one in deals.mishaps()] == ["empty"], "nobody looks at this export's age"
    win = Change(label="Win", where={"Stage": "Proposal"}, put={"Stage": "Won", "Closed": "today"}, most=1)
    assert deals.left(win) == 2
    assert deals.change(win) == 1
    whole = deals.file.read_text(encoding="utf-8")
    assert "1;Won;30.11.2026\n" in whole
    empty = mishap(deals, "empty")
    empty.begin()
    empty.begin()
    assert deals.file.read_text(encoding="utf-8") == "Deal;Stage;Closed\n"
    assert deals.describe() == "deals-2026-11-29.csv: no rows"
    assert deals.change(win) == 0
    empty.end()
    empty.end()
    assert deals.file.read_text(encoding="utf-8") == whole


def test_a_bug_behind_a_button_is_answered_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        title = "Acme"

        def sync(self, *, force: bool) -> None:
            raise RuntimeError("a wheel fell off")

    client = TestClient(
        cast("Any", application(cast("Any", Broken()), "env.sh")),
        base_url="http://127.0.0.1:8000",
        raise_server_exceptions=False,
    )
    answer = client.post("/do/sync", json={})
    assert answer.status_code == 500
    assert "this is a bug in okrsync" in answer.json()["error"]
    assert "a wheel fell off" in caplog.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")


@pytest.mark.parametrize("company", ["demo", "book"])
def test_every_change_and_every_mishap_that_the_page_offers_can_be_made(
    company: Literal["demo", "book"], tmp_path: Path
) -> None:
    with demo_environment(Connectors(), tmp_path, company, lambda: PRESENT) as environment:
        sources = Sources(environment, lambda: PRESENT)
        cards = sources.cards()
        assert len({card["title"] for card in cards}) == len(cards) == len(environment.data["connections"])
        assert sum(len(card["changes"]) for card in cards) >= 3
        for card in cards:
            for change in card["changes"]:
                assert change["left"] > 0, change
                assert "changed" in sources.change(card["name"], change["number"])
            for mishap in card["mishaps"]:
                sources.disturb(card["name"], mishap["id"], on=True)
        assert all(card["broken"] for card in sources.cards())
        environment.start_over()
        sources.start_over()
        assert sources.cards() == cards


def test_the_page_says_what_ended_a_sync_and_offers_to_force_only_an_unsafe_plan() -> None:
    for error, force in ((UnsafePlan("too much", hint="read the plan"), "yes"), (ConfigError("no"), "")):
        said = of_sync(CompanyRun(name="demo", code=error.exit_code, error=error))
        assert (said["tone"], said["text"], said["hint"]) == ("bad", error.message, error.hint)
        assert said["force"] == force


@pytest.mark.parametrize(
    ("counts", "text", "held"),
    [
        ({}, "A command has ended in another terminal.", ""),
        ({"write": 1, "held": 0}, "In another terminal: Synced. 1 cell written.", ""),
        (
            {"held": 5, "held_rows": 1},
            "In another terminal: Synced. Nothing new, so nothing was written.",
            "1 row waits for a person: HELD.",
        ),
    ],
)
def test_the_page_says_what_another_terminal_did(counts: dict[str, int], text: str, held: str) -> None:
    said = of_others(RunFinished(run="r", at=PRESENT, exit_code=0, counts=counts))
    assert said["text"] == text
    assert said.get("held", "") == held


@pytest.mark.parametrize(
    ("started", "on_path", "named"),
    [
        (".venv/bin/okrsync", False, ".venv/bin/okrsync"),
        (".venv/bin/okrsync", True, "okrsync"),
        ("-m", False, "okrsync"),
    ],
)
def test_the_demo_names_okrsync_as_a_shell_finds_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, started: str, on_path: bool, named: str
) -> None:
    if on_path:
        (tmp_path / "okrsync").write_text("#!/bin/sh\n", encoding="utf-8")
        (tmp_path / "okrsync").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.argv", [started, "demo"])
    assert demo._okrsync() == named
