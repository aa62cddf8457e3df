"""``okrsync health``: ask whether the scheduler or worker is alive."""

from __future__ import annotations

import typer

from okrsync.cli.arguments import Json
from okrsync.cli.context import Context
from okrsync.cli.output import say_json
from okrsync.cli.streams import echo
from okrsync.errors import ConfigError, ExitCode


def health(ctx: typer.Context, as_json: Json = False) -> int:
    """Ask whether the scheduler or worker is alive. It is the one that writes to OKRSYNC_HEALTH."""
    from okrsync.fleet.health import state_of_health

    context: Context = ctx.obj
    path = context.machine.health
    if path is None:
        raise ConfigError(
            "OKRSYNC_HEALTH is not set",
            hint="set it to the same file here and for okrsync schedule run or okrsync worker",
        )
    state = state_of_health(path, context.clock.now())
    if as_json:
        say_json(state)
    else:
        scheduled = f"{state['scheduled']} scheduled, " if "scheduled" in state else ""
        echo(
            f"{state['process']} is alive: {scheduled}{len(state['running'])} running, "
            f"{len(state['not_in_sync'])} not in sync"
        )
    return ExitCode.IN_SYNC
