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


def _accounts(desk: Any, _: pytest.MonkeyPatch) -> None:
    """A folder of one's own, with the files that the page says how to get: what `okrsync init` keeps, and Google's key."""
    (desk.folder / "demo.yaml").unlink()
    folder = desk.folder / "secrets"
    folder.mkdir()
    for name, emulator in (
        ("acme.notion", desk.notion),
        ("acme.jira", desk.jira),
        ("google.json", desk.sheets),
    ):
        (folder / name).write_text(emulator.secret(), encoding="utf-8")


def _reached(desk: Any, _: pytest.MonkeyPatch) -> None:
    """A reader's YAML names no address of its own for Notion and Google: there, okrsync asks the real ones."""
    path = desk.folder / "acme.yaml"
    text = path.read_text(encoding="utf-8")
    for kind, emulator in (("notion", desk.notion), ("sheets", desk.sheets)):
        text = text.replace(f"type: {kind},", f'type: {kind}, url: "{emulator.server.url}",')
    path.write_text(text.replace("https://acme.atlassian.net", f'"{desk.jira.server.url}"'), encoding="utf-8")


def _kept_by_hand(desk: Any, _: pytest.MonkeyPatch) -> None:
    for column, value in (("Current", 1_800_000), ("Progress", 0.51), ("Status", "Behind")):
        desk.notion.edit("Key results", "Revenue from new deals", column, value)


SCENES: Final[Mapping[str, Scene]] = {
    "a first sync": _a_sync,
    "Ada writes 70 over Open bugs": _ada_edits,
    "ten bugs are fixed": _bugs_are_fixed,
    "a Notion workspace of your own": _own_workspace,
    "accounts of your own": _accounts,
    "okrsync reaches the accounts of acme": _reached,
    "people kept the revenue by hand": _kept_by_hand,
}
