"""``okrsync schedule``: run companies at their times, or export the times to another scheduler."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from okrsync import __version__
from okrsync.cli import garbage
from okrsync.cli.arguments import AtOnce
from okrsync.cli.context import Context
from okrsync.cli.deployments import Asked, gathered
from okrsync.cli.results import say_ledger, say_line
from okrsync.cli.streams import echo, echo_file
from okrsync.errors import ExitCode

Format = Literal["cron", "systemd", "launchd", "windows", "compose", "kubernetes", "job", "github", "gitlab"]
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
    garbage.for_many_companies()
    stop, machine = Stop(), context.machine
    clock = stop.clock(context.clock)
    if not context.companies():
        raise context.no_company()
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
        say_ledger(context)
        echo(f"okrsync keeps the schedule of {machine.config}; SIGTERM or Ctrl-C ends it", err=True)
        with stop.on_signals():
            scheduler.until(stop)
    echo("stopped; what was cut short is finished by the next run", err=True)
    return ExitCode.IN_SYNC


@group.command()
def export(
    ctx: typer.Context,
    kind: Annotated[Format, typer.Option("--format", help="For which.")],
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
    user: Annotated[str, typer.Option(metavar="NAME", help="systemd: who runs it; default: you.")] = "",
    source: Annotated[
        str,
        typer.Option(
            metavar="SOURCE",
            help="GitHub, GitLab: where the job gets okrsync from, URL@COMMIT of a Git repository or a folder of yours.",
        ),
    ] = "",
) -> int:
    """Print ready files for another scheduler. They hold no secret, only the names of where it is."""
    from okrsync.fleet.exports import export_files

    asked = Asked(
        env_file=env_file.absolute(), image=image, user=user, source=source, to=(to or Path()).absolute()
    )
    found = gathered(ctx.obj, kind, asked)
    files = export_files(kind, found.deployment)
    for name, text in files.items():
        if to is not None:
            to.mkdir(parents=True, exist_ok=True)
            (to / name).write_text(text, encoding="utf-8", newline="\r\n" if name.endswith(".cmd") else "\n")
            echo(f"{to / name}")
        else:
            echo_file(f"# ---- {name}\n{text}" if len(files) > 1 else text)
    if found.unscheduled:
        echo(f"okrsync: without a schedule, so never due: {', '.join(found.unscheduled)}", err=True)
    for one in found.unreadable:
        echo(f"okrsync: not in the files: {one}", err=True)
    return ExitCode.HELD if found.unreadable else ExitCode.IN_SYNC
