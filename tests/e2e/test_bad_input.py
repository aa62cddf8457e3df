"""Whatever is wrong: a clear message, the right exit code, and no write."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest

from okrsync.ledger import open_ledger
from okrsync.loopback import Fault
from okrsync.sandbox import PRESENT
from okrsync.sync.row_writes import GROUP


def exports(desk: Any) -> Any:
    (path,) = (desk.folder / "exports").glob("*.csv")
    return path


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("locale: en_US", "locle: en_US", "unknown key 'locle'\n  → did you mean 'locale'?"),
        ("measure: count, jql", "mesure: count, jql", "unknown key 'mesure'\n  → did you mean 'measure'?"),
        ("from: 120, to: 30", "from: [120], to: 30", "write a number"),
        (
            "metric: open_bugs,",
            "metric: open_bug,",
            "there is no metric 'open_bug'\n  → did you mean 'open_bugs'?",
        ),
        ("expr: won / closed * 100", "expr: won / win_rate * 100", "win_rate -> win_rate"),
        ("expr: won / closed * 100", "expr: __import__('os')", "demo.yaml:"),
    ],
)
def test_a_bad_yaml_is_refused_with_its_place(desk: Any, old: str, new: str, said: str) -> None:
    desk.edit_yaml(old, new)
    for command in ("validate", "plan", "sync"):
        ended = desk.run(command, "demo")
        assert ended.code == 2
        assert said in ended.err
        assert "demo.yaml:" in ended.err
        assert "Traceback" not in ended.err
    assert desk.stage.requests == 0


def test_an_unknown_company_is_named_with_the_nearest(desk: Any) -> None:
    ended = desk.run("sync", "dmeo")
    assert ended.code == 2
    assert "did you mean 'demo'?" in ended.err


def test_a_secret_s_file_starts_from_the_yaml_s_folder(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    token = os.environ["DEMO_JIRA_TOKEN"]
    monkeypatch.delenv("DEMO_JIRA_TOKEN")
    monkeypatch.setenv("JIRA", "the token of another company")
    desk.edit_yaml("{env: DEMO_JIRA_TOKEN}", "{file: secrets/jira}")
    monkeypatch.chdir("/")
    ended = desk.run("sync", "demo")
    assert ended.code == 12
    assert f"token: the secret's file {desk.folder}/secrets/jira does not exist (" in ended.err
    (desk.folder / "secrets").mkdir()
    (desk.folder / "secrets" / "jira").write_text(token, encoding="utf-8")
    assert desk.run("sync", "demo").code == 3  # the demo holds one number on purpose


def test_a_missing_secret_stops_before_anything_is_read(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DEMO_JIRA_TOKEN")
    ended = desk.run("sync", "demo")
    assert ended.code == 12
    assert "connection jira, auth.token: the environment variable DEMO_JIRA_TOKEN is not set" in ended.err
    assert desk.stage.requests == 0
    assert "DEMO_JIRA_TOKEN is not set" in desk.run("validate", "demo").out
    looked = desk.run("doctor", "demo")
    assert looked.code == 3
    assert "✗ secret  connection jira, auth.token" in looked.out
    assert desk.jira.server.requests == [], "the others are examined all the same"


def test_no_words_at_all_show_the_help(desk: Any) -> None:
    ended = desk.run()
    assert ended.code == 0
    assert "Usage: okrsync" in ended.out


def test_a_wrong_notion_token_writes_nothing(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEMO_NOTION_TOKEN", "ntn_wrong_token_12345")
    ended = desk.run("sync", "demo")
    assert ended.code == 12
    assert "DEMO_NOTION_TOKEN" in ended.err
    assert "ntn_wrong_token_12345" not in ended.out + ended.err
    assert desk.writes == 0


def test_an_expired_jira_token_holds_its_key_results_and_no_others(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.jira.expire_tokens()
    desk.stage.forget()
    ended = desk.run("sync", "demo")
    assert ended.code == 12
    assert "DEMO_JIRA_TOKEN" in ended.out
    assert desk.table()["KR-1"]["Current"] == "72"
    assert desk.table()["KR-5"]["Current"] == "1,767,504"
    assert desk.writes <= 1


def test_a_server_that_is_down_holds_its_key_results(desk: Any) -> None:
    desk.jira.server.close()
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert "KR-1" in ended.out
    assert desk.table()["KR-1"]["Current"] == ""
    assert desk.table()["KR-9"]["Current"] == "46"
    assert desk.clock.slept


def test_notion_that_is_down_writes_nothing_and_says_when_to_come_back(desk: Any) -> None:
    desk.notion.server.close()
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert "after 3 tries" in ended.err
    assert "Traceback" not in ended.err


def test_a_database_that_is_not_shared_says_how_to_share_it(desk: Any) -> None:
    desk.notion.unshare("Key results")
    ended = desk.run("sync", "demo")
    assert ended.code == 12
    assert "onnections" in ended.err
    assert desk.writes == 0


def test_a_renamed_column_is_recognised(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.notion.rename_column("Key results", "Current", "Value now")
    desk.stage.forget()
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert "the column 'Current' is now called 'Value now'" in ended.out
    assert desk.writes == 0
    desk.edit_yaml("current: Current", "current: Value now")
    assert desk.run("sync", "demo").code == 3
    assert desk.writes == 0


def test_a_missing_column_is_named_with_the_nearest(desk: Any) -> None:
    desk.edit_yaml("status: Status, updated", "status: Statsu, updated")
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert "did you mean 'Status'" in ended.out
    assert desk.table()["KR-1"]["Status"] == "Not started"
    # The other cells are written all the same.
    assert desk.table()["KR-1"]["Current"] == "72"


@pytest.mark.parametrize("content", ["", "Deal ID;Client;Region;Stage;Amount;Created;Closed\n"])
def test_an_empty_export_is_no_data(desk: Any, content: str) -> None:
    desk.run("sync", "demo")
    path = exports(desk)
    path.write_text(content, encoding="utf-8")
    os.utime(path, (PRESENT.timestamp() - 3600, PRESENT.timestamp() - 3600))
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert desk.table()["KR-5"]["Current"] == "1,767,504"
    assert desk.table()["KR-6"]["Current"] == "49.06"
    assert "deals-2026-11-22.csv" in ended.out


def test_a_stale_export_is_no_data(desk: Any) -> None:
    old = (PRESENT - timedelta(days=4)).timestamp()
    os.utime(exports(desk), (old, old))
    ended = desk.run("sync", "demo")
    assert desk.table()["KR-5"]["Current"] == ""
    assert ended.code == 3
    assert "stale_after" in ended.out


def test_a_row_in_the_trash_is_held_and_not_made_again(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.notion.trash("KR-2")
    desk.stage.forget()
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert "KR-2" in ended.out
    assert "the row is in Notion's trash: restore it there, or take KR-2 out of the YAML" in ended.out
    assert "add it there" not in ended.out
    assert not any(one.method == "POST" and one.path == "/v1/pages" for one in desk.notion.server.requests)


def test_a_person_who_edits_while_we_write_wins(desk: Any) -> None:
    def edit() -> None:
        desk.notion.edit("Key results", "Open bugs", "Current", 71)

    desk.meanwhile(edit)
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert desk.table()["KR-1"]["Current"] == "71"
    assert desk.table()["KR-2"]["Current"] == "192"
    again = desk.run("sync", "demo")
    assert "okrsync adopt demo KR-1" in again.out


@pytest.mark.parametrize("cut", ["before", "after"])
def test_an_answer_that_is_lost_is_found_out_by_reading(desk: Any, cut: Any) -> None:
    desk.notion.server.faults.append(Fault(where="^PATCH", skip=2, cut=cut))
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert desk.table()["KR-3"]["Current"] == "60"
    desk.stage.forget()
    desk.run("sync", "demo")
    assert desk.writes == 0


def test_a_short_rate_limit_is_waited_out_in_full(desk: Any) -> None:
    body = b'{"object":"error","status":429,"code":"rate_limited","message":"You have been rate limited."}'
    desk.notion.server.faults.append(
        Fault(where="query", status=429, headers={"retry-after": "7"}, body=body)
    )
    assert desk.run("plan", "demo").code == 3
    assert 7.0 in desk.clock.slept


@pytest.mark.parametrize("form", ["text", "json"])
def test_waits_are_logged_on_stderr(desk: Any, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setenv("OKRSYNC_LOG", form)
    desk.notion.server.faults.append(Fault(where="query", status=503, body=b"{}"))
    ended = desk.run("sync", "demo", "--json")
    assert ended.json["applied"] is True
    lines = [line for line in ended.err.splitlines() if "trying again" in line]
    assert len(lines) == 1
    assert form == "text" or json.loads(lines[0])["level"] == "info"


def test_many_numbers_that_fall_back_together_are_refused_until_confirmed(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.edit_yaml('schedule: "0 7', 'limits: {fall_back: 0%, of_at_least: 2}\nschedule: "0 7')
    desk.sheets.edit("KPI", "NPS", "Now", 40)
    desk.stage.forget()
    planned = desk.run("plan", "demo")
    assert planned.code == 10
    assert "UNSAFE 1 of 12 key results would fall back at once (KR-9)" in planned.out
    refused = desk.run("sync", "demo")
    assert refused.code == 10
    assert "--force" in refused.err
    assert desk.writes == 0
    assert desk.run("sync", "demo", "--force").code == 3
    assert desk.table()["KR-9"]["Current"] == "40"


def test_two_runs_of_one_company_do_not_meet(desk: Any) -> None:
    with open_ledger(f"sqlite:///{desk.folder / 'ledger.db'}", desk.clock) as other, other.hold("demo"):
        ended = desk.run("sync", "demo")
    assert ended.code == 11
    assert desk.writes == 0
    assert desk.run("sync", "demo").code == 3


def test_one_company_s_bad_file_stops_no_other(desk: Any) -> None:
    (desk.folder / "broken.yaml").write_text("company: broken\n", encoding="utf-8")
    ended = desk.run("sync", "--all")
    assert ended.code == 2
    assert "broken.yaml" in ended.err
    assert desk.table()["KR-1"]["Current"] == "72"
    assert desk.run("sync", "--all", "--json").json["exit_code"] == 2


@pytest.mark.parametrize("words", [("sync",), ("nonsense",), ("plan",), ("sync", "demo", "--nonsense")])
def test_a_wrong_command_line_is_said(desk: Any, words: tuple[str, ...]) -> None:
    ended = desk.run(*words)
    assert ended.code == 2
    assert ended.err
    assert desk.stage.requests == 0


def test_errors_are_json_too(desk: Any) -> None:
    ended = desk.run("explain", "demo", "KR-99", "--json")
    assert ended.json["exit_code"] == 2
    assert "there is no key result 'KR-99'" in ended.json["error"]
    assert desk.run("explain", "demo", "KR-1").code == 3


def test_no_secret_leaves_the_process(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = []
    for command in (
        ("plan", "demo"),
        ("sync", "demo", "--json"),
        ("doctor", "demo"),
        ("explain", "demo", "KR-1"),
        ("status", "demo", "--json"),
    ):
        ended = desk.run(*command)
        texts += [ended.out, ended.err]
    texts += [path.read_bytes().decode("latin-1") for path in desk.folder.glob("ledger.db*")]
    secrets = [desk.notion.secret(), desk.jira.secret(), "PRIVATE KEY"]
    assert not [secret for secret in secrets for text in texts if secret in text]


def test_a_run_whose_lease_was_taken_over_stops_before_its_next_write(desk: Any) -> None:
    def take_over() -> None:
        with closing(sqlite3.connect(desk.folder / "ledger.db")) as database, database:
            database.execute("UPDATE okrsync_leases SET owner = 'elsewhere:1:1', token = token + 1")

    desk.notion.server.faults.append(Fault(where="^PATCH", skip=4, postlude=take_over))
    ended = desk.run("sync", "demo")
    assert ended.code == 11
    # Writes that were under way are ended; of those that wait none begins.
    assert desk.writes <= 4 + GROUP
    desk.clock.jump(90)
    assert desk.run("sync", "demo").code == 3
    desk.stage.forget()
    desk.run("sync", "demo")
    assert desk.writes == 0


def test_a_number_that_a_person_emptied_stays_empty_with_all_that_follows_from_it(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.notion.edit("Key results", "KR-1", "Current", None)
    desk.jira.edit("APP", "APP-2", "status", "Done")
    desk.stage.forget()
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert desk.table()["KR-1"]["Current"] == ""
    assert desk.writes == 1, "only the objective follows: one key result less has a progress"
    assert "okrsync release demo KR-1" in ended.out
