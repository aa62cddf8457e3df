"""``okrsync sync``: one company, or several side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from okrsync.cli import garbage
from okrsync.cli.arguments import AtOnce, Due, Every, Json
from okrsync.cli.commands.plan import show_plan
from okrsync.cli.completion import company_names
from okrsync.cli.context import Context
from okrsync.cli.output import say_json
from okrsync.cli.results import result_data, say_ledger, say_not_notified, say_result, say_warnings
from okrsync.cli.streams import echo
from okrsync.errors import ConfigError, ExitCode, OkrsyncError

if TYPE_CHECKING:
    from okrsync.fleet import CompanyRun
    from okrsync.render import outputs
    from okrsync.sync.plan_file import Reviewed


def sync(
    ctx: typer.Context,
    companies: Annotated[
        list[str] | None,
        typer.Argument(metavar="COMPANY", help="Names or paths.", autocompletion=company_names),
    ] = None,
    every: Every = False,
    due: Due = False,
    at_once: AtOnce = None,
    force: Annotated[
        bool, typer.Option("--force", help="Apply a plan that changes more than its limits allow.")
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Show what would be written, as okrsync plan does. Writes nothing."),
    ] = False,
    reviewed: Annotated[
        Path | None,
        typer.Option("--plan", metavar="FILE", help="Apply just this plan of `plan --out FILE`, or nothing."),
    ] = None,
    as_json: Json = False,
) -> int:
    """Write what changed in the sources into Notion. One company's failure stops no other."""
    context: Context = ctx.obj
    names = companies or (list(context.companies()) if every or due else [])
    if not names:
        raise ConfigError("no company was named", hint="okrsync sync COMPANY, or okrsync sync --all")
    if reviewed is not None and (len(names) != 1 or due or every):
        raise ConfigError("a plan is one company's", hint="okrsync sync COMPANY --plan FILE")
    if dry_run:
        if reviewed is not None or force or due:
            raise ConfigError(
                "--dry-run goes with none of --plan, --force and --due", hint="okrsync plan COMPANY"
            )
        return _dry_run(context, names, as_json=as_json)
    if len(names) == 1 and not due and not every:
        return _sync_one(context, names[0], force=force, as_json=as_json, reviewed=reviewed)
    return _sync_several(context, names, due=due, at_once=at_once, force=force, as_json=as_json)


def _dry_run(context: Context, names: Sequence[str], *, as_json: bool) -> ExitCode:
    """Plan each company; what ends one of several is said, and stops no other."""
    from okrsync.fleet import summary, worst
    from okrsync.redaction import redact
    from okrsync.render.data import report_data

    if len(names) == 1:
        code, report = show_plan(context, names[0], as_json=as_json)
        if as_json:
            say_json(report_data(report))
        return code
    codes: dict[str, ExitCode] = {}
    found: list[outputs.Run | outputs.Failure] = []
    for name in names:
        try:
            codes[name], report = show_plan(context, name, as_json=as_json)
            found.append(report_data(report))
        except OkrsyncError as error:
            codes[name] = error.exit_code
            found.append({"company": name, "error": redact(error.message), "exit_code": error.exit_code})
            echo(redact(f"okrsync: {name}: {error}"), err=True)
    code = worst(codes.values())
    if as_json:
        say_json({"companies": found, "summary": summary(codes), "exit_code": code})
    else:
        echo(summary(codes))
    return code


def _sync_one(context: Context, name: str, *, force: bool, as_json: bool, reviewed: Path | None) -> ExitCode:
    from okrsync.cli.sync_progress import sync_progress
    from okrsync.fleet import Stop

    agreed = _reviewed(reviewed) if reviewed is not None else None
    stop = Stop()
    say_ledger(context)
    with context.ledger() as ledger, sync_progress(name, stop.ledger(ledger)) as heard, stop.on_signals():
        runner = context.runner(heard, stop.clock(context.clock))
        ended = runner.run(name, force=force, reviewed=agreed)
    if ended.error is not None:
        say_not_notified(ended, "okrsync")
        raise ended.error
    if as_json:
        say_json(result_data(ended))
    else:
        say_result(ended)
    return ended.code


def _reviewed(path: Path) -> Reviewed:
    from okrsync.sync.plan_file import read_plan

    try:
        return read_plan(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"the plan {path} cannot be read: {error}", hint="okrsync plan COMPANY --out FILE"
        ) from error


def _sync_several(
    context: Context, names: Sequence[str], *, due: bool, at_once: int | None, force: bool, as_json: bool
) -> ExitCode:
    """Sync side by side; the texts of two companies never mix."""
    from okrsync.fleet import (
        AT_ONCE,
        Stop,
        due_names,
        side_by_side,
        summary,
        timings,
        worst,
    )
    from okrsync.sync.ledger_notices import times_ahead

    garbage.for_many_companies()
    stop = Stop()
    clock = stop.clock(context.clock)
    codes: dict[str, ExitCode] = {}
    data: dict[str, outputs.Run | outputs.Failure] = {}
    with context.ledger() as ledger:
        if due:
            time_of = timings(context.company, context.files(), ledger)
            last = ledger.last_syncs()
            say_warnings(times_ahead(last, clock.now()))
            names = due_names(names, time_of, last, clock.now())
        if names:  # silent if nothing is due: cron would mail it every few minutes
            say_ledger(context)
        runner = context.runner(stop.ledger(ledger), clock)

        def run(name: str) -> CompanyRun:
            return runner.run(name, force=force)

        with stop.on_signals():
            for ended in side_by_side(names, run, stop, at_once=at_once or AT_ONCE):
                codes[ended.name] = ended.code
                if as_json:
                    data[ended.name] = result_data(ended)
                else:
                    say_result(ended)
    code = worst(codes.values())
    if as_json:
        ordered = [data[name] for name in dict.fromkeys(names) if name in data]
        say_json({"companies": ordered, "summary": summary(codes), "exit_code": code})
    elif codes:
        echo(summary(codes))
    return code
