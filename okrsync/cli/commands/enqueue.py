"""``okrsync enqueue``: put companies into the queue of the workers."""

from __future__ import annotations

from typing import Annotated

import typer

from okrsync.cli.arguments import Due, Every, Json
from okrsync.cli.completion import company_names
from okrsync.cli.context import Context, require_cluster
from okrsync.cli.output import say_json
from okrsync.cli.results import say_warnings
from okrsync.cli.streams import echo
from okrsync.errors import ConfigError, ExitCode


def enqueue(
    ctx: typer.Context,
    companies: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="COMPANY", help="Names in the configuration folder.", autocompletion=company_names
        ),
    ] = None,
    every: Every = False,
    due: Due = False,
    as_json: Json = False,
) -> int:
    """Put companies into the queue of the workers. Who waits there already waits once."""
    require_cluster()
    from okrsync.fleet import due_names, timings
    from okrsync.fleet.queue import enqueue as put_all
    from okrsync.sync.ledger_notices import times_ahead

    context: Context = ctx.obj
    known = context.companies()
    names = list(companies or (known if every or due else []))
    if not names:
        raise ConfigError("no company was named", hint="okrsync enqueue COMPANY, --due or --all")
    for name in names:
        if name not in known:
            context.company(name)  # says which names there are
    if due:
        with context.ledger() as ledger:
            time_of = timings(context.company, context.files(), ledger)
            last, now = ledger.last_syncs(), context.clock.now()
            say_warnings(times_ahead(last, now))
            names = due_names(names, time_of, last, now)
    put, waiting = put_all(context.ledger_url, names, only_due=due)
    if as_json:
        say_json({"enqueued": put, "waiting": waiting})
    else:
        echo(f"{put} enqueued, {waiting} waiting already")
    return ExitCode.IN_SYNC
