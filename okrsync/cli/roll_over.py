"""``okrsync next-cycle``: the same company for its next cycle."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from okrsync.cli.output import Json, say_json
from okrsync.cli.run import Company
from okrsync.cli.world import World
from okrsync.errors import ExitCode

if TYPE_CHECKING:
    from okrsync import config


def register(app: typer.Typer) -> None:
    app.command("next-cycle")(next_cycle)


def next_cycle(
    context: typer.Context,
    company: Company,
    name: Annotated[str, typer.Option("--name", help="What the company calls it, such as 2027-Q1.")],
    start: Annotated[
        datetime, typer.Option("--start", formats=["%Y-%m-%d"], metavar="DATE", help="First day.")
    ],
    end: Annotated[datetime, typer.Option("--end", formats=["%Y-%m-%d"], metavar="DATE", help="Last day.")],
    write: Annotated[
        bool, typer.Option("--write", help="Replace the YAML file; else the new one is printed.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Roll over to the next cycle: every start becomes the last value, comments and layout stay. Sends no request."""
    world: World = context.obj
    loaded = world.company(company)
    with loaded.path.open(encoding="utf-8", newline="") as file:
        before = file.read()
    done = roll_over(world, loaded, before, name=name, start=start, end=end)
    if write:
        _replace(loaded.path, done.text)
    if as_json:
        said = {"started": done.started, "left": done.left, "written": write}
        say_json({"company": loaded.id, **said, **({} if write else {"yaml": done.text})})
    else:
        if not write:
            typer.echo(done.text, nl=False)
        for subject, value in done.started.items():
            typer.echo(f"{subject} starts at {value}", err=not write)
        for subject, why in done.left.items():
            typer.echo(f"! {subject}: {why}", err=not write)
        if write:
            typer.echo(f"→ set the targets in {loaded.path}, then: okrsync plan {loaded.id}")
    return ExitCode.HELD if done.left else ExitCode.IN_SYNC


def roll_over(
    world: World, company: config.Company, text: str, *, name: str, start: datetime, end: datetime
) -> config.NextCycle:
    """The company's YAML ``text`` for its next cycle, with the values that the ledger knows last of this one."""
    from okrsync import config
    from okrsync.sync import last_values

    with world.ledger() as ledger:
        last = last_values(company, ledger, world.clock.now())
    return config.next_cycle(text, company, name=name, start=start.date(), end=end.date(), last=last)


def _replace(path: Path, text: str) -> None:
    """All of the file or nothing of it: a torn YAML would be the company's."""
    fresh = path.with_name(f".{path.name}.next")
    with fresh.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
    fresh.chmod(path.stat().st_mode)
    fresh.replace(path)
