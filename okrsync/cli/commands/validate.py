"""``okrsync validate``: check YAML files without a request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from okrsync.cli.arguments import Json
from okrsync.cli.completion import company_names
from okrsync.cli.context import Context
from okrsync.cli.output import say_json
from okrsync.cli.results import say_unreadable
from okrsync.cli.streams import echo
from okrsync.errors import ConfigError, ExitCode
from okrsync.spelling import counted

if TYPE_CHECKING:
    from okrsync.render import outputs


def validate(
    ctx: typer.Context,
    companies: Annotated[
        list[str] | None,
        typer.Argument(metavar="COMPANY", help="Default: all.", autocompletion=company_names),
    ] = None,
    as_json: Json = False,
) -> int:
    """Check YAML files without sending a request. Every error names its line."""
    from okrsync.fleet import worst

    context: Context = ctx.obj
    names = companies or context.companies()
    if not names:
        raise context.no_company()
    checked: outputs.Validation = {"companies": []}
    codes = []
    for name in names:
        try:
            code, found = _checked(context, name, as_json=as_json)
        except ConfigError as error:
            if len(names) == 1:
                raise
            codes.append(ExitCode.CONFIG)
            checked["companies"].append(say_unreadable(name, error, as_json=as_json))
        else:
            codes.append(code)
            checked["companies"].append(found)
    if as_json:
        say_json(checked)
    return worst(codes)


def _checked(context: Context, name: str, *, as_json: bool) -> tuple[ExitCode, outputs.Valid]:
    """Load one company; print what it holds and lacks, or return that as data."""
    from okrsync.render.plan import drafts_text
    from okrsync.sync.connections import missing_secrets

    loaded = context.company(name)
    missing = missing_secrets(loaded)
    notice = loaded.cycle_notice(context.clock.now())
    warnings = [*loaded.warnings, *([notice.text] if notice is not None else [])]
    over = notice is not None and loaded.cycle.closes <= context.clock.now()
    found: outputs.Valid = {
        "company": loaded.id,
        "key_results": len(loaded.key_results),
        "missing_secrets": missing,
        "warnings": warnings,
    }
    if loaded.drafts:
        found["not_measured_yet"] = [one.id for one in loaded.drafts]
    if loaded.open_tables:
        found["open_tables"] = list(loaded.open_tables)
    if not as_json:
        results, metrics = len(loaded.key_results), len(loaded.metrics)
        echo(f"{loaded.path}: valid, {counted(results, 'key result')} on {counted(metrics, 'metric')}")
        if loaded.drafts:
            echo(f"  {drafts_text(loaded)}")
            if not loaded.key_results:
                echo(
                    "    → okrsync inspect FILE, or the address of a spreadsheet, shows what can be measured"
                )
        for table, one in loaded.open_tables.items():
            echo(f"  {one.place}: {table} have no {one.key} yet: it says TODO")
        for line in missing:
            echo(f"  not here: {line}; a sync on this machine needs it")
        for warning in loaded.warnings:
            echo(f"  ! {warning}")
        if notice is not None:
            echo(f"  ! {notice.text}\n    → {notice.hint}")
    return ExitCode.HELD if over else ExitCode.IN_SYNC, found
