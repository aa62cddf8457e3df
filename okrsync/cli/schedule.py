"""``okrsync schedule``: run it in the foreground or export it to another scheduler; ``okrsync health``: ask whether it is well."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from okrsync import __version__
from okrsync.cli.output import Json, say_json
from okrsync.cli.world import World
from okrsync.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from okrsync.fleet import Ended


def register(app: typer.Typer) -> None:
    group = typer.Typer(
        no_args_is_help=True, rich_markup_mode=None, help="Run every company at its own times."
    )
    group.command("run")(run)
    group.command("export")(export)
    app.add_typer(group, name="schedule")
    app.command()(health)


def run(
    context: typer.Context,
    at_once: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=64, help="How many companies side by side; default: 8."),
    ] = None,
    look: Annotated[
        float, typer.Option(min=0.1, help="Seconds between two looks at the YAML files.", metavar="SECONDS")
    ] = 30.0,
) -> int:
    """Sync each company when its schedule comes. Stays in the foreground; SIGTERM ends it with exit code 0."""
    from okrsync.fleet import AT_ONCE, Stop, remembered, run_and_tell
    from okrsync.fleet.health import Health
    from okrsync.fleet.scheduler import Scheduler

    world: World = context.obj
    stop, machine = Stop(), world.machine
    clock = stop.clock(world.clock)
    if not world.companies():
        raise ConfigError(f"there is no company in {machine.config}", hint="okrsync init writes one")
    with world.ledger() as ledger:
        held = stop.ledger(ledger)
        scheduler = Scheduler(
            names=world.companies,
            files=world.files(),
            time_of=remembered(world.company, world.files(), ledger),
            last_syncs=ledger.last_syncs,
            run=lambda name: run_and_tell(name, world.company, held, clock, otherwise=world.notify),
            heard=lambda ended: say_line(ended, machine.log),
            at_once=at_once or AT_ONCE,
            health=Health(file=machine.health, process="okrsync schedule run"),
            clock=world.clock,
            look=look,
        )
        typer.echo(f"okrsync keeps the schedule of {machine.config}; SIGTERM or Ctrl-C ends it", err=True)
        with stop.on_signals():
            scheduler.until(stop)
    typer.echo("stopped; what was cut short is finished by the next run", err=True)
    return ExitCode.IN_SYNC


def health(context: typer.Context, as_json: Json = False) -> int:
    """Ask whether the scheduler or worker is alive. It is the one that writes to OKRSYNC_HEALTH."""
    from okrsync.fleet.health import state_of_health

    world: World = context.obj
    path = world.machine.health
    if path is None:
        raise ConfigError(
            "OKRSYNC_HEALTH is not set",
            hint="set it to the same file here and for okrsync schedule run or okrsync worker",
        )
    state = state_of_health(path, world.clock.now())
    if as_json:
        say_json(state)
    else:
        scheduled = f"{state['scheduled']} scheduled, " if "scheduled" in state else ""
        typer.echo(
            f"{state['process']} is alive: {scheduled}{len(state['running'])} running, "
            f"{len(state['not_in_sync'])} not in sync"
        )
    return ExitCode.IN_SYNC


def export(
    context: typer.Context,
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
    from okrsync.fleet.exporting import Deployment, exported
    from okrsync.sync import references

    world: World = context.obj
    secrets = [one for name in world.companies() for one in references(world.company(name))]
    # What this machine tells people by, the other one will need too.
    own = {"OKRSYNC_WEBHOOK"} if world.machine.webhook else set()
    deployment = Deployment(
        command=_command(),
        config=world.machine.config.absolute(),
        variables=sorted({one.env for one in secrets if one.env} | own),
        files=sorted({one.file.absolute() for one in secrets if one.file}),
        env_file=env_file,
        image=image,
    )
    files = exported(kind, deployment)
    for name, text in files.items():
        if to is not None:
            to.mkdir(parents=True, exist_ok=True)
            (to / name).write_text(text, encoding="utf-8")
            typer.echo(f"{to / name}")
        else:
            typer.echo(f"# ---- {name}\n{text}" if len(files) > 1 else text, nl=False)
    return ExitCode.IN_SYNC


def _command() -> list[str]:
    """The words that start okrsync as it was started now, from any folder."""
    started = Path(sys.argv[0])
    return [str(started.absolute())] if started.name == "okrsync" else [sys.executable, "-m", "okrsync"]


def say_line(ended: Ended, form: str) -> None:
    """One line for one run, on stderr; a bug with its traceback."""
    from okrsync.fleet import summary
    from okrsync.model import Verdict
    from okrsync.settings import redact

    at = datetime.now(tz=UTC).isoformat(timespec="seconds")
    decisions = ended.report.decisions if ended.report is not None else ()
    written = sum(one.verdict is Verdict.WRITE for one in decisions)
    held = len({one.subject for one in decisions if one.verdict is Verdict.HELD})
    trouble = "\n".join(one for one in (ended.complaint, ended.untold) if one)
    if form == "json":
        line = {
            "at": at,
            "company": ended.name,
            "exit_code": int(ended.code),
            "written": written,
            "held": held,
        }
        text = json.dumps(line | ({"error": trouble} if trouble else {}), ensure_ascii=False)
    else:
        word = summary({ended.name: ended.code}).partition(": 1 ")[2].partition(" (")[0]
        text = f"{at} {ended.name}: {word} · {written} cells written · {held} key results held"
        text += f"\n  {trouble.replace(chr(10), chr(10) + '  ')}" if trouble else ""
    typer.echo(redact(text), err=True)
