"""Draw the pictures of the documents: what commands show on a terminal."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping
from html import unescape
from typing import Any, Final

import pytest

from okrsync.cli.streams import echo
from tests.support.documents import ROOT
from tests.support.scenes import SCENES

IMAGES: Final = ROOT / "docs" / "images"
COLUMNS: Final = 96


def picture(desk: Any, environment: pytest.MonkeyPatch) -> str:
    """What ``okrsync plan demo`` shows after a person's edit, in its real colours."""
    for scene in ("a first sync", "Ada writes 70 over Open bugs", "ten bugs are fixed"):
        SCENES[scene](desk, environment)
    environment.setenv("FORCE_COLOR", "1")
    environment.setenv("TERM", "xterm")
    return _drawn("okrsync plan demo", desk.run("plan", "demo").out)


ANSWERS: Final = (
    ("Short name", "acme"),
    ("Time zone", "Europe/Berlin"),
    ("Language", ""),
    ("Token of your Notion", "secret_demo"),
    ("Which database", "1"),
    ("Address of your Jira", "https://acme.atlassian.net"),
    ("Its API token", "demo-jira-token"),
    ("spreadsheet", "https://docs.google.com/spreadsheets/d/1AcmeDemoOkrNumbers2026Q4xxxxxxxxxxxxxxxxxxx"),
    ("key of a Google", "google.json"),
    ("Folder with", "exports"),
)


def interview(desk: Any, environment: pytest.MonkeyPatch) -> str:
    """What ``okrsync init`` asks, what a person answers, and what it finds."""
    desk.notion.workspace.token = "secret_demo"
    (desk.folder / "google.json").write_text(desk.sheets.secret(), encoding="utf-8")
    environment.chdir(desk.folder)
    environment.setattr("sys.stdin.isatty", lambda: True, raising=False)
    environment.setattr("typer.prompt", lambda question, **how: _answered(desk, question, how))
    addresses = ["--url", desk.notion.server.url, "--google-url", desk.sheets.server.url]
    ended = desk.run("init", *addresses, "--jira-email", "bot@acme.example")
    assert ended.code == 0, ended.err
    shown = (ended.err + ended.out).replace(str(desk.folder), "config")
    return _drawn("okrsync init", shown)


def _answered(desk: Any, question: str, how: Mapping[str, Any]) -> str:
    answer = next(text for about, text in ANSWERS if about in question)
    default = f" [{how['default']}]" if how.get("show_default") else ""
    echo(f"{question}{default}: {'' if how.get('hide_input') else answer}", err=True)
    return desk.jira.server.url if answer.startswith("https://acme.atlassian") else answer


def _drawn(command: str, shown: str) -> str:
    """The terminal as an SVG."""
    from rich.console import Console
    from rich.terminal_theme import MONOKAI
    from rich.text import Text

    paper = Console(
        record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="standard"
    )
    paper.print(Text(f"$ {command}\n", style="bold"))
    paper.print(Text.from_ansi(shown.rstrip() + "\n"))
    drawn = paper.export_svg(title=command, theme=MONOKAI, unique_id="okrsync")
    # rich names fonts of another server, which GitHub does not load; a reader's own font does as well.
    drawn = re.sub(r"\s*@font-face \{.*?\}", "", drawn, flags=re.DOTALL)
    return "".join(f"{line.rstrip()}\n" for line in drawn.splitlines())


PICTURES: Final[Mapping[str, Callable[[Any, pytest.MonkeyPatch], str]]] = {
    "plan.svg": picture,
    "init.svg": interview,
}


def words_of(svg: str) -> str:
    """The words of a picture, whatever version of rich drew it."""
    lines = re.findall(r"<text [^>]*>([^<]*)</text>", svg)
    return " ".join(unescape(" ".join(lines)).split())
