"""``okrsync worker``: sync what is due, together with other machines on one PostgreSQL."""

from __future__ import annotations

from typing import Annotated

import typer

from okrsync.cli import garbage
from okrsync.cli.arguments import AtOnce
from okrsync.cli.context import Context, require_cluster
from okrsync.cli.results import say_ledger, say_line
from okrsync.cli.streams import echo
from okrsync.errors import ExitCode


def worker(
    ctx: typer.Context,
    at_once: AtOnce = None,
    until_idle: Annotated[bool, typer.Option("--until-idle", help="End when no company waits.")] = False,
    stalled_after: Annotated[
        float,
        typer.Option(min=1.0, help="Seconds of silence after which a worker is dead.", metavar="SECONDS"),
    ] = 30.0,
) -> int:
    """Enqueue who is due and sync who is enqueued. Stays in the foreground; run as many as you like, anywhere."""
    require_cluster()
    from okrsync.fleet import AT_ONCE, CompanyRun, Stop, due_names, is_due, timings
    from okrsync.fleet.health import Health
    from okrsync.fleet.limits import SharedLimiter
    from okrsync.fleet.queue import Work, work
    from okrsync.http import make_limiters
    from okrsync.ledger.database import connected

    context: Context = ctx.obj
    garbage.for_many_companies()
    stop, form = Stop(), context.machine.log
    clock = stop.clock(context.clock)
    with context.ledger() as ledger:
        runner = context.runner(stop.ledger(ledger), clock)
        time_of = timings(context.company, context.files(), ledger)

        def due() -> list[str]:
            names = (name for name in context.companies() if not stop.asked)  # many names take minutes
            return due_names(names, time_of, ledger.last_syncs(), clock.now())

        def run(name: str, only_due: bool) -> CompanyRun | None:
            if only_due and not is_due(
                name, time_of, lambda one: ledger.last_syncs(one).get(one), clock.now()
            ):
                return None
            return runner.run(name)

        limits = connected(context.ledger_url)
        make_limiters(
            clock, lambda credential, rate, burst: SharedLimiter(limits, clock, credential, rate, burst)
        )
        say_ledger(context)
        echo("okrsync works; SIGTERM or Ctrl-C ends it", err=True)
        try:
            work(
                context.ledger_url,
                Work(
                    run=run,
                    due=due,
                    heard=lambda ended: say_line(ended, form),
                    at_once=at_once or AT_ONCE,
                    health=Health(file=context.machine.health, process="okrsync worker"),
                    stalled_after=stalled_after,
                ),
                stop,
                until_idle=until_idle,
            )
        finally:
            limits.close()
    echo("stopped; what was cut short is in the queue again", err=True)
    return ExitCode.IN_SYNC
