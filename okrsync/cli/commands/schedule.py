"""``okrsync schedule``: run companies at their times, or export the times to another scheduler."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from okrsync import __version__
from okrsync.cli.arguments import AtOnce
from okrsync.cli.context import Context
from okrsync.cli.results import say_line
from okrsync.cli.streams import echo, echo_file
from okrsync.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    pass


group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Run every company at its own times.")


@group.command()
def run(
    ctx: typer.Context,
    at_once: AtOnce = None,
    look: Annotated[
        float, typer.Option(min=0.1, help="Seconds between two looks at the YAML files.", metavar="SECONDS")
    ] = 30.0,
) -> int:
    """Sync each company when its schedule comes. Stays in the foreground; SIGTERM ends it with exit code 0."""
    from okrsync.fleet import AT_ONCE, Stop, timings
    from okrsync.fleet.health import Health
    from okrsync.fleet.scheduler import Scheduler

    context: Context = ctx.obj
    stop, machine = Stop(), context.machine
    clock = stop.clock(context.clock)
    if not context.companies():
        raise ConfigError(f"there is no company in {machine.config}", hint="okrsync init writes one")
    with context.ledger() as ledger:
        held = stop.ledger(ledger)
        scheduler = Scheduler(
            names=context.companies,
            files=context.files(),
            time_of=timings(context.company, context.files(), ledger),
            last_syncs=ledger.last_syncs,
            run=context.runner(held, clock).run,
            heard=lambda ended: say_line(ended, machine.log),
            at_once=at_once or AT_ONCE,
            health=Health(file=machine.health, process="okrsync schedule run"),
            clock=context.clock,
            look=look,
        )
        echo(f"okrsync keeps the schedule of {machine.config}; SIGTERM or Ctrl-C ends it", err=True)
        with stop.on_signals():
            scheduler.until(stop)
    echo("stopped; what was cut short is finished by the next run", err=True)
    return ExitCode.IN_SYNC


@group.command()
def export(
    ctx: typer.Context,
    kind: Annotated[Literal["cron", "systemd", "kubernetes"], typer.Option("--format", help="For which.")],
    to: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="A folder to write the files into, instead of printing them."),
    ] = None,
    env_file: Annotated[
        Path, typer.Option(metavar="FILE", help="The file that sets the variables with secrets.")
    ] = Path("/etc/okrsync/env"),
    image: Annotated[
        str, typer.Option(metavar="IMAGE", help="The container image.")
    ] = f"okrsync:{__version__}",
) -> int:
    """Print ready files for cron, systemd or Kubernetes. They hold no secret, only the names of where it is."""
    from okrsync.fleet.deployment import Deployment, deployment_files
    from okrsync.sync import references

    context: Context = ctx.obj
    secrets = [one for name in context.companies() for one in references(context.company(name))]
    # The other machine needs this one's webhook too.
    own = {"OKRSYNC_WEBHOOK"} if context.machine.webhook else set()
    deployment = Deployment(
        command=_command(),
        config=context.machine.config.absolute(),
        variables=sorted({one.env for one in secrets if one.env} | own),
        files=sorted({one.file.absolute() for one in secrets if one.file}),
        env_file=env_file,
        image=image,
    )
    files = deployment_files(kind, deployment)
    for name, text in files.items():
        if to is not None:
            to.mkdir(parents=True, exist_ok=True)
            (to / name).write_text(text, encoding="utf-8")
            echo(f"{to / name}")
        else:
            echo_file(f"# ---- {name}\n{text}" if len(files) > 1 else text)
    return ExitCode.IN_SYNC


def _command() -> list[str]:
    """The command that starts this okrsync from any folder."""
    started = Path(sys.argv[0])
    return [str(started.absolute())] if started.name == "okrsync" else [sys.executable, "-m", "okrsync"]
