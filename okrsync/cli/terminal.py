"""Print rich text without the characters that would control a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO, TextIO, cast

from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.segment import Segment

from okrsync.cli.streams import Guarded, visible


def safe_console(stream: TextIO, *, width: int | None) -> Console:
    """A console whose colours are its own: a control character in what it prints is left out."""
    console = Console(file=cast("IO[str]", Guarded(stream)), highlight=False, width=width)
    console.push_render_hook(_OnlyVisible())
    return console


class _OnlyVisible(RenderHook):
    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        return [_Visible(one) for one in renderables]


@dataclass(frozen=True, slots=True)
class _Visible:
    renderable: ConsoleRenderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for one in console.render(self.renderable, options):
            yield one if one.control else Segment(visible(one.text), one.style)
