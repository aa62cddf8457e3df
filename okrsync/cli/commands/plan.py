"""``okrsync plan``: what a sync would write, and why."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from okrsync.cli.arguments import Company, Json
from okrsync.cli.context import Context
from okrsync.cli.output import say, say_json
from okrsync.cli.results import say_warnings
from okrsync.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from okrsync.sync.result import Report


def plan(
    ctx: typer.Context,
    company: Company,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Keep the plan for `sync --plan FILE`.")
    ] = None,
    as_json: Json = False,
) -> int:
    """Show what a sync would write, and why. Writes nothing."""
    from okrsync.sync.plan_file import plan_data

    context: Context = ctx.obj
    code, report = show_plan(context, company, as_json=as_json)
    if out is not None:
        _keep(out, plan_data(report.company.id, report.at, report.plan))
    if as_json:
        from okrsync.render.data import report_data

        say_json(report_data(report))
    return code


def show_plan(context: Context, company: str, *, as_json: bool) -> tuple[ExitCode, Report]:
    """Plan one company and print that as text, unless it is to be JSON; also for ``okrsync sync --dry-run``."""
    from okrsync.render.plan import plan_text
    from okrsync.sync.run import preview

    with context.ledger() as ledger:
        report = preview(context.company(company), ledger, context.clock)
    if not as_json:
        say_warnings(report.warnings)
        say(plan_text(report))
    return ExitCode.UNSAFE if report.plan.alarms else report.exit_code, report


def _private(path: str, flags: int) -> int:
    """A file for its owner only: a plan holds a company's numbers. One that is there already is narrowed."""
    if Path(path).is_file():
        Path(path).chmod(0o600)
    return os.open(path, flags, 0o600)


def _keep(path: Path, plan: dict[str, Any]) -> None:
    try:
        with open(path, "w", encoding="utf-8", opener=_private) as file:
            file.write(json.dumps(plan, ensure_ascii=False, indent=2) + "\n")
    except OSError as error:
        raise ConfigError(f"the plan cannot be kept in {path}: {error.strerror}") from error
