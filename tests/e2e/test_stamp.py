"""The stamp in the row: a ledger that is lost, fresh or older mistakes nobody, and a killed write is read from the row."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from okrsync.config.yamlfile import parse_yaml
from okrsync.loopback import Fault
from okrsync_emulators.notion.workspace import Column

COLUMN = "okrsync"


@pytest.fixture
def stamped(desk: Any) -> Any:
    text = (files("okrsync.sandbox") / "demo" / "notion.yaml").read_text(encoding="utf-8")
    seed = parse_yaml(text, name="notion.yaml").data
    for database in seed["databases"]:
        database["data_sources"][0]["properties"][COLUMN] = "rich_text"
    desk.notion.load(seed)
    desk.edit_yaml("source: Source}", f"source: Source, stamp: {COLUMN}}}")
    desk.edit_yaml("summary: Summary}", f"summary: Summary, stamp: {COLUMN}}}")
    assert desk.run("sync", "demo").code == 3
    return desk


def lose_the_ledger(desk: Any) -> None:
    for path in desk.folder.glob("ledger.db*"):
        path.unlink()


def fix_ten_bugs(desk: Any) -> None:
    for number in range(2, 12):
        desk.jira.edit("APP", f"APP-{number}", "status", "Done")


def fix_ten_more_bugs(desk: Any) -> None:
    for number in range(12, 22):
        desk.jira.edit("APP", f"APP-{number}", "status", "Done")


def current(desk: Any, row: str = "KR-1") -> str:
    text: str = desk.table()[row]["Current"]
    return text


def test_a_row_gets_its_stamp_with_its_values_and_a_second_run_writes_nothing(stamped: Any) -> None:
    desk = stamped
    stamp = desk.table()["KR-1"][COLUMN]
    assert stamp.startswith("okrsync1 #1 current:")
    assert len(stamp) < 120
    stamps = [
        row[COLUMN] for row in (*desk.table().values(), *desk.table("Objectives").values()) if row[COLUMN]
    ]
    assert desk.notion.server.count("^PATCH /v1/pages") == len(stamps) == 15, (
        "one PATCH for a row and its stamp"
    )
    desk.stage.forget()
    desk.run("sync", "demo")
    assert desk.writes == 0


def test_a_job_without_a_disk_writes_nothing_new_and_updates_what_moved(stamped: Any) -> None:
    desk = stamped
    lose_the_ledger(desk)
    desk.stage.forget()
    assert desk.run("sync", "demo").code == 3
    assert desk.writes == 0
    lose_the_ledger(desk)
    fix_ten_bugs(desk)
    desk.clock.sleep(86_400)
    desk.run("sync", "demo")
    assert current(desk) == "62"
    assert desk.table()["KR-1"][COLUMN].startswith("okrsync1 #2 ")


def test_a_job_without_a_disk_holds_a_persons_edit(stamped: Any) -> None:
    desk = stamped
    desk.notion.edit("Key results", "Open bugs", "Current", 70)
    for _ in range(2):
        lose_the_ledger(desk)
        fix_ten_bugs(desk)
        ended = desk.run("sync", "demo")
        assert "a person changed it since okrsync wrote it" in ended.out
        assert current(desk) == "70"


def test_a_job_without_a_disk_holds_an_emptied_cell_and_a_status_set_back(stamped: Any) -> None:
    desk = stamped
    desk.notion.edit("Key results", "Open bugs", "Current", None)
    desk.notion.edit("Key results", "Net Promoter Score", "Status", "Not started")
    lose_the_ledger(desk)
    ended = desk.run("sync", "demo")
    assert "a person cleared it since okrsync wrote it" in ended.out
    assert current(desk) == ""
    assert desk.table()["KR-9"]["Status"] == "Not started"


def test_a_release_lasts_although_the_ledger_is_lost(stamped: Any) -> None:
    desk = stamped
    desk.notion.edit("Key results", "Open bugs", "Current", 70)
    lose_the_ledger(desk)
    ended = desk.run("release", "demo", "KR-1")
    assert "KR-1 current: the next sync may write over 70" in ended.out
    assert current(desk) == "70"
    lose_the_ledger(desk)
    desk.run("sync", "demo")
    assert current(desk) == "72"


@pytest.mark.parametrize("keep", [True, False], ids=["with the ledger", "without it"])
def test_whether_a_killed_write_landed_is_read_from_the_row(stamped: Any, *, keep: bool) -> None:
    desk = stamped
    fix_ten_bugs(desk)
    page = desk.notion.page_id("KR-1")
    desk.killed(["sync", "demo"], desk.notion, Fault(where=f"^PATCH /v1/pages/{page}", cut="after"))
    assert current(desk) == "62"
    fix_ten_more_bugs(desk)
    if not keep:
        lose_the_ledger(desk)
    desk.run("sync", "demo")
    assert current(desk) == "52"


@pytest.mark.parametrize("keep", [True, False], ids=["with the ledger", "without it"])
def test_a_person_who_puts_back_what_stood_there_before_a_killed_write_is_seen(
    stamped: Any, *, keep: bool
) -> None:
    desk = stamped
    fix_ten_bugs(desk)
    page = desk.notion.page_id("KR-1")
    desk.killed(["sync", "demo"], desk.notion, Fault(where=f"^PATCH /v1/pages/{page}", cut="after"))
    desk.notion.edit("Key results", "Open bugs", "Current", 72)
    if not keep:
        lose_the_ledger(desk)
    ended = desk.run("sync", "demo")
    assert current(desk) == "72"
    assert "a person changed it since okrsync wrote it" in ended.out


def test_a_person_who_clears_the_first_value_of_a_killed_run_is_seen(stamped: Any) -> None:
    """okr_engine.md, 21: the cell was empty before the write, and is empty again."""
    desk = stamped
    objective = next(iter(desk.table("Objectives")))
    assert desk.table("Objectives")[objective]["Progress"]
    lose_the_ledger(desk)
    for column in ("Progress", "Status", "Summary", COLUMN):
        desk.notion.edit("Objectives", objective, column, None)
    page = desk.notion.page_id(objective)
    desk.killed(["sync", "demo"], desk.notion, Fault(where=f"^PATCH /v1/pages/{page}", cut="after"))
    desk.notion.edit("Objectives", objective, "Progress", None)
    ended = desk.run("sync", "demo")
    assert desk.table("Objectives")[objective]["Progress"] == ""
    assert "a person cleared it since okrsync wrote it" in ended.out


def test_an_older_ledger_mistakes_nobody(stamped: Any) -> None:
    """okr_engine.md, 15."""
    desk = stamped
    ledger = desk.folder / "ledger.db"
    copy = _content(desk.folder)
    fix_ten_bugs(desk)
    for _ in range(3):
        desk.clock.sleep(86_400)
        desk.run("sync", "demo")
    desk.notion.edit("Key results", "Net Promoter Score", "Current", 777)
    desk.notion.edit("Key results", "Open bugs", "Current", 72)
    lose_the_ledger(desk)
    for name, content in copy.items():
        (ledger.parent / name).write_bytes(content)
    fix_ten_more_bugs(desk)
    desk.clock.sleep(86_400)
    ended = desk.run("sync", "demo", "--json")
    held = {
        row["id"]: sorted(cell for cell, one in row["cells"].items() if one["hold"] == "edited")
        for row in ended.json["rows"]
    }
    assert {name: cells for name, cells in held.items() if cells} == {
        "KR-1": ["current"],
        "KR-9": ["current"],
    }
    assert (current(desk), current(desk, "KR-9")) == ("72", "777")


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("ledger.db*")}


def test_a_row_that_was_put_back_as_a_whole_is_a_persons(stamped: Any) -> None:
    desk = stamped
    before = desk.notion.row("KR-1")
    fix_ten_bugs(desk)
    desk.clock.sleep(86_400)
    desk.run("sync", "demo")
    for column in ("Current", "Progress", "Status", "Source", COLUMN):
        desk.notion.edit("Key results", "Open bugs", column, before[column])
    desk.run("sync", "demo")
    assert current(desk) == "72"


@pytest.mark.parametrize("text", ["okrsync1 #1 current:aaaaaa ~bbbbbb", "", "okrsync1 #", None])
def test_a_stamp_that_was_edited_counts_as_none_and_is_written_again(stamped: Any, text: str | None) -> None:
    desk = stamped
    good = desk.table()["KR-1"][COLUMN]
    desk.notion.edit("Key results", "Open bugs", COLUMN, text)
    fix_ten_bugs(desk)
    desk.run("sync", "demo")
    assert current(desk) == "62", "the ledger still knows"
    assert desk.table()["KR-1"][COLUMN].startswith("okrsync1 #2 ")
    desk.notion.edit("Key results", "Open bugs", COLUMN, f"{good[:-1]}x")
    lose_the_ledger(desk)
    fix_ten_more_bugs(desk)
    ended = desk.run("sync", "demo")
    assert current(desk) == "62", ended.out


def test_a_stamp_copied_to_another_row_counts_as_none(stamped: Any) -> None:
    desk = stamped
    desk.notion.edit("Key results", "Net Promoter Score", COLUMN, desk.table()["KR-1"][COLUMN])
    desk.stage.forget()
    desk.run("sync", "demo")
    assert desk.writes == 1
    assert desk.table()["KR-9"][COLUMN] != desk.table()["KR-1"][COLUMN]


def test_a_persons_text_in_the_column_is_kept_and_nothing_is_written_without_the_stamp(stamped: Any) -> None:
    desk = stamped
    desk.notion.edit("Key results", "Open bugs", COLUMN, "ask Ada")
    fix_ten_bugs(desk)
    ended = desk.run("sync", "demo")
    assert "follows stamp, which is held" in ended.out
    assert desk.table()["KR-1"][COLUMN] == "ask Ada"
    assert current(desk) == "72"
    desk.run("release", "demo", "KR-1")
    desk.run("sync", "demo")
    assert current(desk) == "62"
    assert desk.table()["KR-1"][COLUMN].startswith("okrsync1 #")


def test_a_table_that_gets_a_stamp_later_is_stamped_once(desk: Any) -> None:
    text = (files("okrsync.sandbox") / "demo" / "notion.yaml").read_text(encoding="utf-8")
    seed = parse_yaml(text, name="notion.yaml").data
    seed["databases"][0]["data_sources"][0]["properties"][COLUMN] = "rich_text"
    desk.notion.load(seed)
    desk.run("sync", "demo")
    desk.edit_yaml("source: Source}", f"source: Source, stamp: {COLUMN}}}")
    desk.stage.forget()
    ended = desk.run("sync", "demo")
    assert desk.table()["KR-1"][COLUMN].startswith("okrsync1 #1 current:"), ended.out
    desk.stage.forget()
    desk.run("sync", "demo")
    assert desk.writes == 0
    lose_the_ledger(desk)
    fix_ten_bugs(desk)
    desk.run("sync", "demo")
    assert current(desk) == "62"


def test_a_cell_moved_to_another_column_is_a_first_value_there(stamped: Any) -> None:
    desk = stamped
    desk.edit_yaml("current: Current", "current: Other")
    desk.notion.server.forget()
    _add_column(desk, "Other")
    lose_the_ledger(desk)
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Other"] == "72"


def _add_column(desk: Any, name: str) -> None:
    source = desk.notion.workspace.source("Key results")
    source.columns["zzzz"] = Column(id="zzzz", name=name, kind="number")
