"""Print text for people and one JSON object for programs, never a secret."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from okrsync.cli.streams import echo, json_line

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

HANG = 4


def console(*, stderr: bool = False) -> Console:
    """A console that neither cuts nor wraps lines in a pipe."""
    from okrsync.cli.terminal import safe_console

    stream = sys.stderr if stderr else sys.stdout
    return safe_console(stream, width=None if stream.isatty() else 160)


def say(what: RenderableType, *, hang: int | None = None) -> None:
    """Print; on a terminal, a long line continues on the next one, indented (to column ``hang`` if given)."""
    from rich.text import Text

    out = console()
    if not out.is_terminal:
        out.print(what, soft_wrap=True)
    elif isinstance(what, Text):
        lines = what.split("\n", allow_blank=True)
        out.print(Text("\n").join(_hung(line, out.width, hang) for line in lines), soft_wrap=True)
    else:
        out.print(what)


def say_error(text: str) -> None:
    """Print on stderr, without secrets; on a terminal, a long line continues on the next one, indented."""
    from okrsync.redaction import redact

    plain = redact(text)
    if not getattr(sys.stderr, "isatty", bool)():
        echo(plain, err=True)
        return
    from rich.text import Text

    out = console(stderr=True)
    out.print(
        Text("\n").join(_hung(line, out.width, None) for line in Text(plain).split("\n")), soft_wrap=True
    )


def _hung(line: Text, width: int, hang: int | None) -> Text:
    if line.cell_len <= width:
        return line
    from rich.cells import cell_len
    from rich.text import Text

    indent = hang if hang is not None else len(line.plain) - len(line.plain.lstrip()) + HANG
    cuts, column = [], 0
    for word in re.finditer(r"\S+\s*|\s+", line.plain):
        if column > indent and column + cell_len(word[0].rstrip()) > width:
            cuts.append(word.start())
            column = indent
        column += cell_len(word[0])
    parts = line.divide(cuts)
    for part in parts:
        part.rstrip()
    return Text(f"\n{' ' * indent}").join(parts)


def say_json(data: Any) -> None:
    echo(json_line(redacted(data), sys.stdout, indent=2))


def redacted(data: Any) -> Any:
    """The same data with every text redacted: redacting the JSON text itself could break it."""
    from okrsync.redaction import redact

    if isinstance(data, Mapping):
        return {str(key): redacted(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [redacted(value) for value in data]
    return data if data is None or isinstance(data, bool | int | float) else redact(str(data))
