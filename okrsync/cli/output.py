"""What commands print: text for people, one JSON object for programs, never a secret."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]


def console(*, stderr: bool = False) -> Console:
    """A console that does not cut or wrap what goes into a pipe."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    return Console(stderr=stderr, highlight=False, width=None if stream.isatty() else 160)


def say(what: RenderableType) -> None:
    console().print(what, soft_wrap=True)


def say_json(data: Any) -> None:
    typer.echo(json.dumps(_redacted(data), ensure_ascii=False, indent=2))


def _redacted(data: Any) -> Any:
    """The same data with every text redacted, so that what is printed stays JSON."""
    from okrsync.settings import redact

    if isinstance(data, Mapping):
        return {str(key): _redacted(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_redacted(value) for value in data]
    return data if data is None or isinstance(data, bool | int | float) else redact(str(data))
