"""``okrsync backfill``: recompute past values from the sources."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer

from okrsync.cli.arguments import Company, Json, day
from okrsync.cli.context import Context
from okrsync.cli.output import say, say_json


class Every(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def backfill(
    ctx: typer.Context,
    company: Company,
    first: Annotated[datetime, typer.Option("--from", parser=day, metavar="DATE", help="First day.")],
    last: Annotated[
        datetime | None,
        typer.Option("--to", parser=day, metavar="DATE", help="Last day; default: today."),
    ] = None,
    every: Annotated[Every, typer.Option("--every", help="One value at the end of each.")] = Every.WEEK,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="KR", help="A key result; may be repeated.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Read everything, record and add nothing.")
    ] = False,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Ask again for what was rebuilt before.")
    ] = False,
    check_ins: Annotated[
        bool, typer.Option(help="Add the check-ins that are missing for periods of this cycle that are over.")
    ] = True,
    as_json: Json = False,
) -> int:
    """Recompute past values from the sources. Never changes a current value."""
    from okrsync.cli.progress_bars import backfill_progress
    from okrsync.fleet import Stop
    from okrsync.render.history import backfill_data, backfill_text
    from okrsync.sync.backfill import BackfillRequest
    from okrsync.sync.backfill import backfill as run

    context: Context = ctx.obj
    loaded = context.company(company)
    today = context.clock.now().astimezone(loaded.zone).date()
    stop = Stop()
    with context.ledger() as ledger, backfill_progress() as on_progress, stop.on_signals():
        done = run(
            loaded,
            stop.ledger(ledger),
            stop.clock(context.clock),
            BackfillRequest(
                first=first.date(),
                last=last.date() if last is not None else today,
                every=str(every),
                only=only or (),
                dry_run=dry_run,
                refresh=refresh,
                check_ins=check_ins,
            ),
            on_progress,
        )
    if as_json:
        say_json(backfill_data(done))
    else:
        say(backfill_text(done))
    return done.exit_code
