"""``okrsync ledger``: one ledger and everybody knows which; a backup in the middle of a run, a restore in mid-week."""

from __future__ import annotations

import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.ledger import open_ledger
from okrsync.ledger.backup import back_up, restore
from okrsync.loopback import Fault
from okrsync.memory import RunStarted
from okrsync.testing import JumpClock
from tests.e2e.test_lost_ledger import fix_bugs
from tests.support.postgres import running

DAY = 86_400


def test_every_command_names_it_and_another_one_is_not_taken_for_it(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = desk.folder / "ledger.db"
    shown = desk.run("ledger")
    assert f"ledger     {file} (SQLite)" in shown.out
    assert "nothing is there yet" in shown.out
    assert not file.exists()
    assert desk.run("ledger", "check").code == 0
    assert not file.exists()
    named = f"okrsync: the ledger is {file}\n"
    assert named in desk.run("sync", "demo").err
    assert named in desk.run("sync", "--all").err
    assert named in desk.run("status", "demo").err
    assert f"✓ ledger  {file}, last run 2026-11-23" in desk.run("doctor", "demo").out
    shown = desk.run("ledger").out
    assert "demo  last run 2026-11-23" in shown
    assert "sync, exit code 3" in shown
    desk.notion.edit("Key results", "Open bugs", "Current", 70)
    # running.md, 8: a shell with another ledger heard "nothing to take over" and exit code 0.
    monkeypatch.setenv("OKRSYNC_LEDGER", f"sqlite:///{desk.folder / 'other.db'}")
    desk.notion.server.forget()
    for words in (("release", "demo", "KR-1"), ("accept", "demo", "KR-1")):
        ended = desk.run(*words)
        assert ended.code == 2
        assert f"the ledger {desk.folder / 'other.db'} has seen no run of demo" in ended.err
        assert "set OKRSYNC_LEDGER as the scheduled runs do" in ended.err
    assert desk.notion.server.count() == 0
    monkeypatch.setenv("OKRSYNC_LEDGER", f"sqlite:///{file}")
    ended = desk.run("release", "demo", "KR-1")
    assert (ended.code, named in ended.err) == (0, True)
    assert "KR-1 current: the next sync may write over 70" in ended.out


def test_what_is_in_use_is_shown_and_not_restored_over(desk: Any) -> None:
    desk.run("sync", "demo")
    saved = desk.folder / "saved.db"
    url = f"sqlite:///{desk.folder / 'ledger.db'}"
    with open_ledger(url, desk.clock) as other, other.hold("demo"):
        assert "in use by process" in desk.run("ledger").out
        # A copy of one moment, while a run holds the company and another process writes.
        assert desk.run("ledger", "backup", str(saved)).code == 0
        before = desk.run("ledger", "--json").json["companies"]
        ended = desk.run("ledger", "restore", str(saved))
        assert ended.code == 11
        assert "demo is being synced by process" in ended.err
        assert desk.run("ledger", "--json").json["companies"] == before
    assert not list(desk.folder.glob("*.before-restore-*"))
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert desk.run("ledger", "restore", str(saved)).code == 0


def test_a_restore_in_the_middle_of_a_week_loses_nothing_and_blames_nobody(desk: Any) -> None:
    saved = desk.folder / "backups"
    saved.mkdir()
    desk.run("sync", "demo")  # Monday
    assert desk.run("ledger", "backup", str(saved)).code == 0
    (backup,) = saved.iterdir()
    desk.clock.sleep(DAY)
    fix_bugs(desk, 2)
    desk.run("sync", "demo")  # Tuesday: written after the backup
    assert desk.table()["KR-1"]["Current"] == "62"
    desk.notion.edit("Key results", "Net Promoter Score", "Current", 777)
    with (desk.folder / "ledger.db").open("rb+") as file:  # the disk fails
        file.seek(4096)
        file.write(b"\xff" * 40_000)
    for end in ("-wal", "-shm"):
        Path(f"{desk.folder / 'ledger.db'}{end}").unlink(missing_ok=True)
    ended = desk.run("ledger", "check")
    assert ended.code == 3
    assert "okrsync ledger restore FILE puts a backup back" in ended.out + ended.err
    desk.clock.sleep(DAY)
    ended = desk.run("ledger", "restore", str(backup))  # Wednesday
    assert ended.code == 0, ended.err
    (kept,) = desk.folder.glob("ledger.db.before-restore-*")
    assert f"what it held before is in {kept}" in ended.out
    assert desk.run("ledger", "check").code == 0
    plan = desk.run("plan", "demo")
    assert "the ledger is an older copy" in plan.err
    desk.run("sync", "demo")
    assert desk.table()["KR-9"]["Current"] == "777"  # the person's
    assert desk.table()["KR-1"]["Current"] == "62"
    desk.run("adopt", "demo", "--ours")
    fix_bugs(desk, 12)
    desk.clock.sleep(DAY)
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Current"] == "52"
    assert desk.table()["KR-9"]["Current"] == "777"


def test_a_scheduler_that_has_it_open_sees_what_was_restored(tmp_path: Path) -> None:
    """A file that was exchanged would go on living without a name, and the scheduler would write there."""
    url, clock = f"sqlite:///{tmp_path / 'ledger.db'}", JumpClock()
    with open_ledger(url, clock) as scheduler:
        scheduler.record("acme", RunStarted(run="1", command="sync", at=clock.now()))
        saved = back_up(url, tmp_path / "saved.db", clock.now())
        scheduler.record("acme", RunStarted(run="2", command="sync", at=clock.now()))
        for _ in range(3):
            with scheduler.hold("acme"):
                pass
        done = restore(url, saved, clock.now())
        assert done.kept is not None
        scheduler.record("acme", RunStarted(run="3", command="sync", at=clock.now()))
    assert runs(tmp_path / "ledger.db") == ["1", "3"]
    assert runs(done.kept) == ["1", "2"]
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as raw:
        # The count of holders never goes back: a holder that was frozen must find out that others came after it.
        assert raw.execute("SELECT company, token FROM okrsync_leases").fetchall() == [("acme", 3)]


def runs(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as raw:
        return [one for (one,) in raw.execute("SELECT run FROM okrsync_starts ORDER BY id")]


def test_what_is_no_backup_is_refused_and_nothing_changes(
    desk: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.run("sync", "demo")
    before = desk.run("ledger", "--json").json
    text, empty, other = (desk.folder / name for name in ("notes.txt", "empty.db", "other.db"))
    text.write_text("not a backup")
    empty.touch()
    with closing(sqlite3.connect(other)) as raw:
        raw.execute("CREATE TABLE a (b)")
        raw.commit()
    cases = {
        text: "is no backup of a ledger",
        empty: "is no backup of a ledger",
        other: "is a database, but no ledger",
        desk.folder / "gone.db": "does not exist",
    }
    for path, reason in cases.items():
        ended = desk.run("ledger", "restore", str(path))
        assert ended.code == 2
        assert reason in ended.err
    ended = desk.run("ledger", "backup", str(text))
    assert (ended.code, text.read_text()) == (2, "not a backup")
    assert "was left as it is" in ended.err
    ended = desk.run("ledger", "backup", str(desk.folder / "ledger.db"))
    assert (ended.code, "is the ledger itself" in ended.err) == (2, True)
    assert desk.run("ledger", "--json").json == before
    damaged = desk.folder / "damaged.db"
    desk.run("ledger", "backup", str(damaged))
    with damaged.open("rb+") as file:
        file.seek(4096)
        file.write(b"\xff" * 40_000)
    ended = desk.run("ledger", "restore", str(damaged))
    assert (ended.code, "is damaged" in ended.err) == (3, True)
    assert desk.run("ledger", "--json").json == before
    with closing(sqlite3.connect(desk.folder / "ledger.db")) as raw:
        raw.execute("UPDATE okrsync_puts SET value = 'x' WHERE rowid = 1")
        raw.execute("UPDATE okrsync_schema SET version_num = '9999'")
        raw.commit()
    ended = desk.run("ledger", "check", "--json")
    assert ended.code == 3
    assert [one["subject"] for one in ended.json["findings"] if not one["ok"]] == ["schema"]
    with closing(sqlite3.connect(desk.folder / "ledger.db")) as raw:
        raw.execute("UPDATE okrsync_schema SET version_num = ?", (before["schema"],))
        raw.commit()
    ended = desk.run("ledger", "check", "--json")
    (bad,) = [one for one in ended.json["findings"] if not one["ok"]]
    assert bad["subject"] == "okrsync_puts"
    assert "1 of" in bad["detail"]


def test_another_programs_database_is_no_place_for_a_backup(desk: Any) -> None:
    desk.run("sync", "demo")
    file = desk.folder / "bookmarks.sqlite"
    with closing(sqlite3.connect(file)) as raw, raw:
        raw.execute("CREATE TABLE bookmarks (address TEXT)")
    before = file.read_bytes()
    ended = desk.run("ledger", "backup", str(file))
    assert (ended.code, file.read_bytes() == before) == (2, True)
    assert f"{file} is there and is no backup; it was left as it is" in ended.err


def test_a_backup_that_cannot_be_restored_is_named_and_changes_nothing(desk: Any) -> None:
    """What was said of a newer one named a file of ours in /tmp; of a damaged one, to restore that very file."""
    desk.run("sync", "demo")
    newer, damaged, ledger = (desk.folder / name for name in ("newer.db", "damaged.db", "ledger.db"))
    desk.run("ledger", "backup", str(newer))
    damaged.write_bytes(newer.read_bytes()[:50_000])
    with closing(sqlite3.connect(newer)) as raw, raw:
        raw.execute("UPDATE okrsync_schema SET version_num = '0099'")
    for file, code, said in (
        (newer, 2, f"the backup {newer} was written by a newer okrsync: its schema is 0099"),
        (damaged, 3, f"the backup {damaged} is damaged: "),
        (damaged, 3, "→ restore an older backup; the ledger is as it was"),
        (ledger, 2, f"{ledger} is the ledger itself"),
    ):
        ended = desk.run("ledger", "restore", str(file))
        assert (ended.code, said in ended.err) == (code, True), ended.err
        assert "backup.db" not in ended.err
    assert desk.run("ledger", "check").code == 0


def test_a_backup_while_a_run_writes_is_of_one_moment(desk: Any) -> None:
    """The run is stopped by a fault between two rows; the copy is whole, and the run goes on."""
    copies: list[Path] = []

    def copy_now() -> None:
        url = f"sqlite:///{desk.folder / 'ledger.db'}"
        copies.append(back_up(url, desk.folder / f"copy-{len(copies)}.db", desk.clock.now()))

    desk.notion.server.faults.append(Fault(where="^PATCH", skip=3, times=1, prelude=copy_now))
    desk.run("sync", "demo")
    (copy,) = copies
    with closing(sqlite3.connect(copy)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert raw.execute("SELECT count(*) FROM okrsync_intents").fetchone() != (0,)


@pytest.mark.postgres
def test_postgresql_is_backed_up_into_a_file_that_restores_into_either(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OKRSYNC_LEDGER", running().fresh())
    desk.run("sync", "demo")
    shown = desk.run("ledger", "--json").json
    assert shown.get("kind") == "postgresql", shown
    assert shown["bytes"] > 0
    saved = desk.folder / "saved.db"
    assert desk.run("ledger", "backup", str(saved)).code == 0
    desk.clock.sleep(DAY)
    desk.run("sync", "demo")
    ended = desk.run("ledger", "restore", str(saved), "--json")
    assert ended.code == 0, ended.err
    assert Path(ended.json["kept"]).is_file()
    assert desk.run("ledger", "--json").json["companies"] == shown["companies"]
    assert desk.run("sync", "demo").code == 3  # numbers of identity columns go on after the restored rows
    assert desk.run("ledger", "check").code == 0
    monkeypatch.setenv("OKRSYNC_LEDGER", f"sqlite:///{desk.folder / 'moved.db'}")
    assert desk.run("ledger", "restore", str(saved)).code == 0
    moved = desk.run("ledger", "--json").json["companies"]
    assert [one["last_run"] for one in moved] == [one["last_run"] for one in shown["companies"]]


def test_a_relative_path_is_refused_by_every_command(
    desk: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OKRSYNC_LEDGER", "sqlite:///state/ledger.db")
    for words in (["sync", "demo"], ["ledger"], ["status", "demo"], ["ledger", "backup", "x.db"]):
        ended = desk.run(*words)
        assert ended.code == 2
        assert "is relative" in ended.err
        assert f"sqlite:///{Path.cwd() / 'state/ledger.db'}" in ended.err
    assert not Path("state").exists()
    monkeypatch.delenv("OKRSYNC_LEDGER")
    monkeypatch.setenv("XDG_STATE_HOME", str(desk.folder / "mine"))
    ended = desk.run("ledger", "--json")
    assert json.loads(ended.out)["ledger"] == str(desk.folder / "mine" / "okrsync" / "ledger.db")
    assert main(["ledger"], Context()) == 0
    assert "this user's own" in capsys.readouterr().out
