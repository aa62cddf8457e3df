"""``okrsync help``: the commands, one command, or a topic."""

from __future__ import annotations

from typing import Annotated

import typer

from okrsync.cli.help_texts import MEANINGS
from okrsync.cli.streams import echo
from okrsync.errors import ConfigError, ExitCode
from okrsync.spelling import did_you_mean

TOPICS = {
    "exit-codes": "what each exit code means, and what to do",
    "variables": "the environment variables that okrsync reads",
}


def show_help(
    ctx: typer.Context,
    topic: Annotated[
        str | None, typer.Argument(metavar="TOPIC", help="A command, exit-codes or variables.")
    ] = None,
) -> int:
    """Show the help of a command, or of a topic."""
    root = ctx.find_root()
    if topic is None:
        echo(root.get_help())
        echo("\nTopics (okrsync help TOPIC):")
        for name, about in TOPICS.items():
            echo(f"  {name:<12} {about}")
        return ExitCode.IN_SYNC
    if topic in TOPICS:
        echo(_exit_codes() if topic == "exit-codes" else _variables())
        return ExitCode.IN_SYNC
    group = root.command
    command = getattr(group, "get_command")(root, topic)  # noqa: B009 - typer's type of a group is not public
    if command is None:
        known = [*getattr(group, "list_commands")(root), *TOPICS]  # noqa: B009
        raise ConfigError(f"there is no command or topic {topic!r}", hint=did_you_mean(topic, known))
    with typer.Context(command, info_name=topic, parent=root) as own:
        echo(command.get_help(own))
    return ExitCode.IN_SYNC


def _exit_codes() -> str:
    lines = [f"{int(code):>3}  {means}\n     \u2192 {do}" for code, (means, do) in MEANINGS.items()]
    return "\n".join((*lines, "", "With several companies, the exit code is the worst of them."))


def _variables() -> str:
    from okrsync.machine import Machine

    names = {f"OKRSYNC_{name.upper()}": info.description or "" for name, info in Machine.model_fields.items()}
    names |= {
        "NOTION_TOKEN": "what okrsync init reads unless --token-env names another variable",
        "PGPASSWORD": "PostgreSQL's password, so that it is in no URL",
        "HTTPS_PROXY": "the proxy; NO_PROXY names the hosts without one",
        "SSL_CERT_FILE": "certificates that this machine does not trust by itself",
    }
    return "\n".join(f"{name}\n     {about}" for name, about in names.items())
