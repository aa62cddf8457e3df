"""What people do to the database while a run is writing: the right words, the right exit code, and nothing overwritten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from okrsync.emulation import Fault

KEY = "Open bugs"
TABLE = "Key results"
MISHAPS: dict[str, tuple[Callable[[Any], None], str]] = {
    "trashed": (lambda notion: notion.trash(KEY), "the row is in Notion's trash"),
    "moved": (lambda notion: notion.move(KEY), "the row was moved out of 'Key results'"),
    "unshared": (lambda notion: notion.unshare_row(KEY), "Notion shows no such row any more"),
    "edited": (
        lambda notion: notion.edit(TABLE, KEY, "Current", 70),
        "the column 'Current' holds 70, and nothing was expected; last edited by a person",
    ),
}


def during_the_writes(desk: Any, mishap: Callable[[Any], None]) -> Any:
    """Let ``mishap`` happen after everything was read and before the first row is looked at again."""
    desk.notion.server.faults.append(Fault(where="^GET /v1/pages", prelude=lambda: mishap(desk.notion)))
    return desk.run("sync", "demo")


@pytest.mark.parametrize("name", MISHAPS)
def test_a_row_that_people_touch_meanwhile_is_left_and_the_others_are_written(desk: Any, name: str) -> None:
    mishap, words = MISHAPS[name]
    ended = during_the_writes(desk, mishap)
    assert ended.code == 3
    assert words in ended.out
    page = desk.notion.page_id(KEY)
    assert desk.notion.server.count(f"^PATCH /v1/pages/{page}") == 0
    assert desk.table()["KR-2"]["Current"] == "192"


def test_a_column_renamed_meanwhile_is_written_all_the_same(desk: Any) -> None:
    ended = during_the_writes(desk, lambda notion: notion.rename_column(TABLE, "Current", "Now"))
    assert ended.code == 3
    assert desk.table()["KR-1"]["Now"] == "72"
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert "the column 'Current' is now called 'Now'" in ended.out


@pytest.mark.parametrize("change", ["deleted", "retyped"])
def test_a_column_that_goes_away_meanwhile_stops_every_row_that_needs_it(desk: Any, change: str) -> None:
    def mishap(notion: Any) -> None:
        if change == "deleted":
            notion.delete_column(TABLE, "Current")
        else:
            notion.retype_column(TABLE, "Current", "rich_text")

    ended = during_the_writes(desk, mishap)
    assert ended.code == 3
    assert "Current" in ended.out
    for number in (1, 2, 5):
        assert desk.table()[f"KR-{number}"]["Progress"] == ""


def test_an_option_renamed_meanwhile_is_written_by_its_id(desk: Any) -> None:
    ended = during_the_writes(desk, lambda notion: notion.rename_option(TABLE, "Status", "On track", "Läuft"))
    assert ended.code == 3
    assert desk.table()["KR-1"]["Status"] == "Läuft"


def test_an_option_deleted_meanwhile_is_reported_and_never_made_again(desk: Any) -> None:
    ended = during_the_writes(desk, lambda notion: notion.delete_option(TABLE, "Status", "On track"))
    assert ended.code == 3
    assert "Notion refused it" in ended.out
    column = desk.notion.workspace.source(TABLE).column("Status")
    assert "On track" not in [option.name for option in column.options]


def test_a_database_unshared_meanwhile_is_said_of_every_row(desk: Any) -> None:
    ended = during_the_writes(desk, lambda notion: notion.unshare(TABLE))
    assert ended.code == 3
    assert "Notion shows no such row any more" in ended.out
    assert desk.notion.server.count("^PATCH") <= 3, "only the objectives are in another database"
    assert desk.run("sync", "demo").code == 12
