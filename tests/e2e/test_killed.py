"""kill -9 anywhere, then sync again: nothing doubled, nothing stuck, nothing lost."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

import pytest

from okrsync.loopback import Fault

# What differs from run to run: the time, and the emulators' ports in the source.
OF_THE_RUN = {"Last synced", "Source"}
PLACES = {
    "while reading Jira": ("jira", "search", 1, "before"),
    "while reading Notion": ("notion", "query", 0, "before"),
    "before the first write": ("notion", "^PATCH", 0, "before"),
    "after the first write": ("notion", "^PATCH", 0, "after"),
    "before a write in the middle": ("notion", "^PATCH", 6, "before"),
    "after a write in the middle": ("notion", "^PATCH", 6, "after"),
    "after the last write": ("notion", "^PATCH", 14, "after"),
}


def kill_at(desk: Any, place: str, row: str = "") -> None:
    """Kill a sync at ``place``; of writes, at that of ``row``: rows are written side by side, in any order."""
    emulator, where, skip, when = PLACES[place]
    if row:
        where = f"^PATCH /v1/pages/{desk.notion.page_id(row)}"
    fault = Fault(where=where, skip=skip, cut="before" if when == "before" else "after")
    desk.killed(["sync", "demo"], desk.stage.emulators[emulator], fault)


def content(desk: Any) -> list[dict[str, str]]:
    rows = [*desk.table().values(), *desk.table("Objectives").values()]
    return [{name: text for name, text in row.items() if name not in OF_THE_RUN} for row in rows]


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, Any]:
    return {}


@pytest.mark.parametrize("place", PLACES)
def test_the_next_sync_finishes_a_killed_one(desk: Any, place: str, undisturbed: dict[str, Any]) -> None:
    kill_at(desk, place)
    ended = desk.run("sync", "demo", "--json")
    held = [
        row["id"]
        for row in ended.json["rows"]
        if any(cell["verdict"] == "held" for cell in row["cells"].values())
    ]
    assert ended.code == 3, ended.err
    assert held == ["KR-13"]
    assert len(desk.table()) == 13
    assert content(desk) == undisturbed.setdefault("content", content(desk))
    desk.stage.forget()
    desk.run("sync", "demo")
    assert desk.writes == 0


def test_a_killed_write_is_finished_even_when_the_source_has_moved_on(desk: Any) -> None:
    kill_at(desk, "after the first write", "KR-1")
    for number in range(2, 12):
        desk.jira.edit("APP", f"APP-{number}", "status", "Done")
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Current"] == "62"


def test_an_edit_after_a_killed_write_is_kept(desk: Any) -> None:
    kill_at(desk, "after the first write", "KR-1")
    desk.notion.edit("Key results", "Open bugs", "Current", 70)
    ended = desk.run("sync", "demo")
    assert "a person changed it since okrsync wrote it" in ended.out
    assert desk.table()["KR-1"]["Current"] == "70"
    desk.run("release", "demo", "KR-1")
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Current"] == "72"


def test_an_interrupted_run_says_so_and_is_finished_by_the_next(desk: Any) -> None:
    started = threading.Event()
    process: list[Any] = []

    def interrupt() -> None:
        assert started.wait(timeout=120)
        os.kill(process[0].pid, signal.SIGINT)

    desk.notion.server.faults.append(Fault(where="^PATCH", skip=3, prelude=interrupt))
    process.append(desk.start("sync", "demo"))
    started.set()
    _, err = process[0].communicate(timeout=120)
    assert process[0].returncode == 130, err
    assert "interrupted; run it again to finish" in err
    assert desk.run("sync", "demo").code == 3
    assert desk.table()["KR-12"]["Current"] == "44,900"
