"""Say what happens between two commands of the documents: what people do in Notion, Jira and Google Sheets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import pytest

Scene = Callable[[Any, pytest.MonkeyPatch], None]


def _a_sync(desk: Any, _: pytest.MonkeyPatch) -> None:
    desk.run("sync", "demo")


def _ada_edits(desk: Any, _: pytest.MonkeyPatch) -> None:
    desk.notion.edit("Key results", "Open bugs", "Current", 70)


def _bugs_are_fixed(desk: Any, _: pytest.MonkeyPatch) -> None:
    for number in range(2, 12):
        desk.jira.edit("APP", f"APP-{number}", "status", "Done")


def _own_workspace(desk: Any, environment: pytest.MonkeyPatch) -> None:
    """The made-up Notion takes the token that the page tells its reader to type."""
    desk.notion.workspace.token = "secret_demo"
    environment.setenv("NOTION_TOKEN", "secret_demo")


def _reached(desk: Any, _: pytest.MonkeyPatch) -> None:
    """A reader's YAML names no address: there, okrsync asks the real Notion."""
    path = desk.folder / "acme.yaml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace("type: notion,", f'type: notion, url: "{desk.notion.server.url}",'), encoding="utf-8"
    )


def _kept_by_hand(desk: Any, _: pytest.MonkeyPatch) -> None:
    for column, value in (("Current", 1_800_000), ("Progress", 0.51), ("Status", "Behind")):
        desk.notion.edit("Key results", "Revenue from new deals", column, value)


SCENES: Final[Mapping[str, Scene]] = {
    "a first sync": _a_sync,
    "Ada writes 70 over Open bugs": _ada_edits,
    "ten bugs are fixed": _bugs_are_fixed,
    "a Notion workspace of your own": _own_workspace,
    "okrsync reaches the Notion of acme": _reached,
    "people kept the revenue by hand": _kept_by_hand,
}
