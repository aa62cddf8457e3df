"""Draw the picture of the README: what ``okrsync plan demo`` shows on a terminal after a person's edit."""

from __future__ import annotations

import io
import re
from html import unescape
from typing import Any, Final

import pytest

from tests.support.documents import ROOT
from tests.support.scenes import SCENES

PICTURE: Final = ROOT / "docs" / "images" / "plan.svg"
COLUMNS: Final = 96


def picture(desk: Any, environment: pytest.MonkeyPatch) -> str:
    """The terminal as an SVG, of the real output in its real colours."""
    from rich.console import Console
    from rich.terminal_theme import MONOKAI
    from rich.text import Text

    for scene in ("a first sync", "Ada writes 70 over Open bugs", "ten bugs are fixed"):
        SCENES[scene](desk, environment)
    environment.setenv("FORCE_COLOR", "1")
    environment.setenv("TERM", "xterm")
    shown = desk.run("plan", "demo").out
    paper = Console(
        record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="standard"
    )
    paper.print(Text("$ okrsync plan demo\n", style="bold"))
    paper.print(Text.from_ansi(shown.rstrip() + "\n"))
    drawn = paper.export_svg(title="okrsync plan demo", theme=MONOKAI, unique_id="okrsync")
    # rich names fonts of another server, which GitHub does not load; a reader's own font does as well.
    drawn = re.sub(r"\s*@font-face \{.*?\}", "", drawn, flags=re.DOTALL)
    return "".join(f"{line.rstrip()}\n" for line in drawn.splitlines())


def words_of(svg: str) -> str:
    """The words of a picture, whatever version of rich drew it."""
    lines = re.findall(r"<text [^>]*>([^<]*)</text>", svg)
    return " ".join(unescape(" ".join(lines)).split())
