"""An option that is renamed in Notion is still the same option."""

from __future__ import annotations

from typing import Any


def held(ended: Any) -> set[str]:
    rows = ended.json["rows"]
    return {row["id"] for row in rows if any(cell["verdict"] == "held" for cell in row["cells"].values())}


def test_a_renamed_option_is_no_edit_and_is_still_written(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.notion.rename_option("Key results", "Status", "On track", "Läuft")
    desk.stage.forget()
    assert held(desk.run("sync", "demo", "--json")) == {"KR-13"}
    assert desk.writes == 0
    assert desk.table()["KR-1"]["Status"] == "Läuft"
    # Its number falls to a third of the way, which is at risk; then it comes back.
    desk.notion.edit("Key results", "Net Promoter Score", "Start", 45)
    desk.run("sync", "demo")
    desk.notion.edit("Key results", "Net Promoter Score", "Start", 40)
    assert held(desk.run("sync", "demo", "--json")) == {"KR-13"}
    assert desk.table()["KR-9"]["Status"] == "Läuft"
    # Whoever writes the new name into the YAML means the same option.
    desk.edit_yaml(
        "updated: Last synced, source: Source}\n",
        "updated: Last synced, source: Source}\n    statuses: {on_track: Läuft}\n",
    )
    desk.stage.forget()
    assert held(desk.run("sync", "demo", "--json")) == {"KR-13"}
    assert desk.writes == 0


def test_another_option_chosen_by_a_person_is_an_edit_all_the_same(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.notion.rename_option("Key results", "Status", "On track", "Läuft")
    desk.notion.edit("Key results", "Open bugs", "Status", "Behind")
    assert held(desk.run("sync", "demo", "--json")) == {"KR-1", "KR-13"}
    assert desk.table()["KR-1"]["Status"] == "Behind"


def test_swapped_names_are_what_people_read(desk: Any) -> None:
    desk.run("sync", "demo")
    for old, new in (("On track", "X"), ("Behind", "On track"), ("X", "Behind")):
        desk.notion.rename_option("Key results", "Status", old, new)
    desk.run("sync", "demo")
    # What stood there is called otherwise now; nothing is written over it unasked.
    assert desk.table()["KR-1"]["Status"] == "Behind"
    desk.run("release", "demo")
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Status"] == "On track"


def test_a_deleted_option_that_is_made_again_is_another_one(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.notion.delete_option("Key results", "Status", "On track")
    ended = desk.run("sync", "demo")
    assert "has no option 'On track'" in ended.out
    assert ended.code == 3
