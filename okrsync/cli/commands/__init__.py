"""The commands, one in each file, in the order of ``okrsync --help``."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final

import typer

from okrsync.cli.help_texts import placed

COMMANDS: Final[Mapping[str, str]] = {
    **{
        name: f"{name}.{name}"
        for name in (
            "demo",
            "init",
            "inspect",
            "validate",
            "doctor",
            "lint",
            "plan",
            "sync",
            "backfill",
            "history",
            "status",
            "explain",
            "report",
            "adopt",
            "release",
            "accept",
            "baseline",
            "worker",
            "enqueue",
            "connectors",
            "schema",
            "health",
        )
    },
    "schedule": "schedule.group",
    "ledger": "ledger.group",
    "notify": "notify.group",
    "import": "import_.import_table",
    "mcp": "mcp.serve_mcp",
    "help": "help.show_help",
}
"""Each command's name, and the function or the group of functions that it is in this package."""
_LISTS_ALL: Final = "help"


def register(app: typer.Typer, first_word: str | None) -> None:
    """Add the command that ``first_word`` names, else all of them.

    All files of commands, and typer's look at the parameters of each, take half as long as a whole `okrsync status`.
    """
    one = first_word is not None and first_word in COMMANDS and first_word != _LISTS_ALL
    for name in (first_word,) if one else COMMANDS:
        assert name is not None
        _add(app, name)


def _add(app: typer.Typer, name: str) -> None:
    module, _, attribute = COMMANDS[name].rpartition(".")
    command: Any = getattr(import_module(f"{__name__}.{module}"), attribute)
    if not isinstance(command, typer.Typer):
        app.command(name, **placed(name))(command)
        return
    for one in command.registered_commands:
        one.epilog = placed(f"{name} {one.name or getattr(one.callback, '__name__', '')}")["epilog"]
    app.add_typer(command, name=name, rich_help_panel=placed(name)["rich_help_panel"])
