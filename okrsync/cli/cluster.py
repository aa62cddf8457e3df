"""``okrsync enqueue`` and ``okrsync worker``: many machines on one PostgreSQL."""

from __future__ import annotations

from typing import Annotated

import typer

from okrsync.cli.output import Json, say_json
from okrsync.cli.schedule import say_line
from okrsync.cli.world import World
from okrsync.errors import ConfigError, ExitCode


def register(app: typer.Typer) -> None:
    for command in (enqueue, worker):
        app.command()(command)


def enqueue(
    context: typer.Context,
    companies: Annotated[
        list[str] | None, typer.Argument(metavar="COMPANY", help="Names in the configuration folder.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every company in the configuration folder.")] = False,
    due: Annotated[
        bool, typer.Option("--due", help="Only those whose schedule has come since their last sync.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Put companies into the queue of the workers. Who waits there already waits once."""
    _needs_cluster()
    from okrsync.fleet import due_names, remembered
    from okrsync.fleet.queue import enqueue as put_all

    world: World = context.obj
    known = world.companies()
    names = list(companies or (known if every or due else []))
    if not names:
        raise ConfigError("no company was named", hint="okrsync enqueue COMPANY, --due or --all")
    for name in names:
        if name not in known:
            world.company(name)  # says which names there are
    if due:
        with world.ledger() as ledger:
            time_of = remembered(world.company, world.files(), ledger)
            names = due_names(names, time_of, ledger.last_syncs(), world.clock.now())
    put, waiting = put_all(_ledger(world), names, only_due=due)
    if as_json:
        say_json({"enqueued": put, "waiting": waiting})
    else:
        typer.echo(f"{put} enqueued, {waiting} waiting already")
    return ExitCode.IN_SYNC


def worker(
    context: typer.Context,
    at_once: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=64, help="How many companies side by side; default: 8."),
    ] = None,
    until_idle: Annotated[bool, typer.Option("--until-idle", help="End when no company waits.")] = False,
    stalled_after: Annotated[
        float,
        typer.Option(min=1.0, help="Seconds of silence after which a worker is dead.", metavar="SECONDS"),
    ] = 30.0,
) -> int:
    """Enqueue who is due and sync who is enqueued. Stays in the foreground; run as many as you like, anywhere."""
    _needs_cluster()
    from okrsync.fleet import AT_ONCE, Ended, Stop, due_names, is_due, remembered, run_and_tell
    from okrsync.fleet.health import Health
    from okrsync.fleet.limits import SharedLimiter
    from okrsync.fleet.queue import Work, work
    from okrsync.http import make_limiters
    from okrsync.ledger.database import connected

    world: World = context.obj
    stop, form = Stop(), world.machine.log
    clock = stop.clock(world.clock)
    with world.ledger() as ledger:
        held = stop.ledger(ledger)
        time_of = remembered(world.company, world.files(), ledger)

        def due() -> list[str]:
            names = (name for name in world.companies() if not stop.asked)  # a look at many takes minutes
            return due_names(names, time_of, ledger.last_syncs(), clock.now())

        def run(name: str, only_due: bool) -> Ended | None:
            if only_due and not is_due(
                name, time_of, lambda one: ledger.last_syncs(one).get(one), clock.now()
            ):
                return None
            return run_and_tell(name, world.company, held, clock, otherwise=world.notify)

        limits = connected(_ledger(world))
        make_limiters(
            clock, lambda credential, rate, burst: SharedLimiter(limits, clock, credential, rate, burst)
        )
        typer.echo("okrsync works; SIGTERM or Ctrl-C ends it", err=True)
        try:
            work(
                _ledger(world),
                Work(
                    run=run,
                    due=due,
                    heard=lambda ended: say_line(ended, form),
                    at_once=at_once or AT_ONCE,
                    health=Health(file=world.machine.health, process="okrsync worker"),
                    stalled_after=stalled_after,
                ),
                stop,
                until_idle=until_idle,
            )
        finally:
            limits.close()
    typer.echo("stopped; what was cut short is in the queue again", err=True)
    return ExitCode.IN_SYNC


def _ledger(world: World) -> str | None:
    url = world.machine.ledger
    return url.get_secret_value() if url is not None else None


def _needs_cluster() -> None:
    try:
        import procrastinate  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise ConfigError(
            f"many machines need more than is installed: {error}", hint="pip install 'okrsync[cluster]'"
        ) from error
