"""The commands that read sources and write: plan, sync, adopt, release."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from okrsync.cli.output import Json, say, say_json
from okrsync.cli.world import World
from okrsync.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from okrsync.render import outputs
    from okrsync.sync import Reviewed

Company = Annotated[
    str, typer.Argument(metavar="COMPANY", help="Name of a YAML in the configuration folder, or its path.")
]
Subjects = Annotated[
    list[str] | None,
    typer.Argument(help="Ids of key results or objectives; default: all.", metavar="KR"),
]


def register(app: typer.Typer) -> None:
    for command in (plan, sync, adopt, release):
        app.command()(command)


def plan(
    context: typer.Context,
    company: Company,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Keep the plan for `sync --plan FILE`.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Show what a sync would write, and why. Writes nothing."""
    from okrsync.render import plan_text, report_data
    from okrsync.sync import preview
    from okrsync.sync.reviewing import kept

    world: World = context.obj
    with world.ledger() as ledger:
        report = preview(world.company(company), ledger, world.clock)
    if out is not None:
        _keep(out, kept(report.company.id, report.at, report.plan))
    if as_json:
        say_json(report_data(report))
    else:
        say(plan_text(report))
    return ExitCode.UNSAFE if report.plan.alarms else report.exit_code


def _keep(path: Path, plan: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(plan, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"the plan cannot be kept in {path}: {error.strerror}") from error


def sync(
    context: typer.Context,
    companies: Annotated[list[str] | None, typer.Argument(metavar="COMPANY", help="Names or paths.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every company in the configuration folder.")] = False,
    due: Annotated[
        bool, typer.Option("--due", help="Only those whose schedule has come since their last sync.")
    ] = False,
    at_once: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, max=64, help="How many companies side by side; default: 8."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Apply a plan that changes more than its limits allow.")
    ] = False,
    reviewed: Annotated[
        Path | None,
        typer.Option("--plan", metavar="FILE", help="Apply just this plan of `plan --out FILE`, or nothing."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Bring Notion in step with the sources. One company's failure stops no other."""
    from okrsync.cli.several import sync_several

    world: World = context.obj
    names = companies or (list(world.companies()) if every or due else [])
    if not names:
        raise ConfigError("no company was named", hint="okrsync sync COMPANY, or okrsync sync --all")
    if reviewed is not None and (len(names) != 1 or due or every):
        raise ConfigError("a plan is one company's", hint="okrsync sync COMPANY --plan FILE")
    data: outputs.Run | outputs.Runs | outputs.Failure
    if len(names) == 1 and not due and not every:
        code, data = _sync_one(world, names[0], force=force, as_json=as_json, reviewed=reviewed)
    else:
        code, data = sync_several(world, names, due=due, at_once=at_once, force=force, as_json=as_json)
    if as_json:
        say_json(data)
    return code


def _reviewed(path: Path) -> Reviewed:
    from okrsync.sync.reviewing import recalled

    try:
        return recalled(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the plan {path} cannot be read: {error}", hint="okrsync plan COMPANY --out FILE"
        ) from error


def _sync_one(
    world: World, name: str, *, force: bool, as_json: bool, reviewed: Path | None
) -> tuple[ExitCode, outputs.Run | outputs.Failure]:
    from okrsync.cli.bars import sync_progress
    from okrsync.cli.several import ended_data, say_ended
    from okrsync.fleet import Stop, run_and_tell

    agreed = _reviewed(reviewed) if reviewed is not None else None
    stop = Stop()
    with world.ledger() as ledger, sync_progress(name, stop.ledger(ledger)) as heard, stop.on_signals():
        ended = run_and_tell(
            name,
            world.company,
            heard,
            stop.clock(world.clock),
            otherwise=world.notify,
            force=force,
            reviewed=agreed,
        )
    if ended.error is not None:
        if ended.untold:
            from okrsync.settings import redact

            typer.echo(redact(f"okrsync: people were not told: {ended.untold}"), err=True)
        raise ended.error
    if not as_json:
        say_ended(ended)
    return ended.code, ended_data(ended)


def adopt(
    context: typer.Context, company: Company, key_results: Subjects = None, as_json: Json = False
) -> int:
    """Take over cells that people filled before okrsync. The next sync may write them."""
    return _claim(context.obj, company, key_results, edited=False, as_json=as_json)


def release(
    context: typer.Context, company: Company, key_results: Subjects = None, as_json: Json = False
) -> int:
    """Give up a person's edit: the next sync may write over it."""
    return _claim(context.obj, company, key_results, edited=True, as_json=as_json)


def _claim(world: World, name: str, subjects: Sequence[str] | None, *, edited: bool, as_json: bool) -> int:
    from okrsync.sync import claim

    company = world.company(name)
    with world.ledger() as ledger:
        claims = claim(company, ledger, world.clock, subjects or None, edited=edited)
    if as_json:
        say_json(
            {
                "company": company.id,
                "cells": [{"id": one.subject, "cell": one.cell, "value": str(one.value)} for one in claims],
            }
        )
        return ExitCode.IN_SYNC
    for one in claims:
        typer.echo(
            f"{one.subject} {one.cell}: {'empty' if one.value is None else one.value} stays until the next sync"
        )
    if not claims:
        typer.echo(
            "nothing to take over: "
            + ("no cell was edited by a person" if edited else "no cell was filled before okrsync")
        )
    else:
        typer.echo(f"→ okrsync sync {company.id}")
    return ExitCode.IN_SYNC
