"""``okrsync ledger``: show, back up, restore, check and move what okrsync remembers."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from okrsync.cli.arguments import Json
from okrsync.cli.context import Context
from okrsync.cli.output import say_json
from okrsync.cli.results import say_findings
from okrsync.cli.streams import echo
from okrsync.errors import ExitCode

if TYPE_CHECKING:
    from okrsync.ledger.overview import Known, Overview

_HELP = "Show where the ledger is and what it knows; look after it."
group = typer.Typer(invoke_without_command=True, rich_markup_mode=None, help=_HELP)


@group.callback()
def show(ctx: typer.Context, as_json: Json = False) -> int:
    """Show where the ledger is and what it knows; look after it."""
    from okrsync.ledger.overview import overview

    if ctx.invoked_subcommand is not None:
        return ExitCode.IN_SYNC
    context: Context = ctx.obj
    found = overview(context.ledger_url, context.clock.now())
    if as_json:
        say_json(_data(found))
    else:
        for line in _lines(found, chosen=context.ledger_url is not None):
            echo(line)
    return ExitCode.IN_SYNC


@group.command()
def backup(
    ctx: typer.Context,
    to: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write, or a folder.")],
    as_json: Json = False,
) -> int:
    """Write one moment of the ledger into a file, while runs go on. From PostgreSQL too."""
    from okrsync.ledger.backup import back_up

    context: Context = ctx.obj
    written = back_up(context.ledger_url, to, context.clock.now())
    size = written.stat().st_size
    if as_json:
        say_json({"ledger": context.ledger_name, "backup": str(written.absolute()), "bytes": size})
    else:
        echo(f"{written}: {_bytes(size)}, a whole copy of {context.ledger_name}")
        echo(f"→ okrsync ledger restore {written} puts it back")
    return ExitCode.IN_SYNC


@group.command()
def restore(
    ctx: typer.Context,
    backup: Annotated[Path, typer.Argument(metavar="FILE", help="A file of `okrsync ledger backup`.")],
    as_json: Json = False,
) -> int:
    """Replace the ledger's content with a backup. Never while a run uses it; what was there is kept in a file."""
    from okrsync.ledger.backup import restore as restore_ledger

    context: Context = ctx.obj
    done = restore_ledger(context.ledger_url, backup, context.clock.now())
    rows = sum(one.rows for one in done.tables)
    if as_json:
        kept = str(done.kept) if done.kept is not None else None
        say_json({"ledger": context.ledger_name, "rows": rows, "kept": kept})
        return ExitCode.IN_SYNC
    echo(f"{context.ledger_name} holds the {rows} rows of {backup}, read back row by row")
    if done.kept is not None:
        echo(f"what it held before is in {done.kept}")
    echo("→ okrsync plan COMPANY shows what the next sync makes of it")
    return ExitCode.IN_SYNC


@group.command()
def check(ctx: typer.Context, as_json: Json = False) -> int:
    """Read all of the ledger: can every value be read? Changes nothing.

    It says whether the file is whole, and whether its schema is this program's.
    """
    from okrsync.ledger.check import check_ledger

    context: Context = ctx.obj
    findings = list(check_ledger(context.ledger_url))
    if as_json:
        said = [
            {"subject": one.subject, "ok": one.ok, "detail": one.detail, "hint": one.hint} for one in findings
        ]
        say_json({"ledger": context.ledger_name, "findings": said})
    else:
        echo(context.ledger_name)
        say_findings(findings)
    return ExitCode.IN_SYNC if all(one.ok for one in findings) else ExitCode.HELD


@group.command()
def copy(
    ctx: typer.Context,
    to: Annotated[
        str,
        typer.Option(
            metavar="URL", help="URL of an empty database. Keep its password in PGPASSWORD or ~/.pgpass."
        ),
    ],
    as_json: Json = False,
) -> int:
    """Copy the whole ledger into another database. Proves that nothing was lost."""
    from okrsync.ledger.copy import copy_ledger

    context: Context = ctx.obj
    copied = copy_ledger(context.ledger_url, to, context.clock.now())
    if as_json:
        tables = [{"table": one.table, "rows": one.rows, "digest": one.digest} for one in copied]
        say_json({"tables": tables, "rows": sum(one.rows for one in copied)})
        return ExitCode.IN_SYNC
    for one in copied:
        echo(f"{one.table:<20} {one.rows:>9} rows  {one.digest[:16]}")
    echo(f"copied {sum(one.rows for one in copied)} rows; the copy reads back the same, row by row")
    echo("→ set OKRSYNC_LEDGER to the new URL everywhere before the next run")
    return ExitCode.IN_SYNC


def _lines(found: Overview, *, chosen: bool) -> list[str]:
    kind = "SQLite" if found.kind == "sqlite" else "PostgreSQL"
    why = (
        "OKRSYNC_LEDGER names it" if chosen else "OKRSYNC_LEDGER is not set: this user's own on this machine"
    )
    lines = [f"ledger     {found.name} ({kind})", f"chosen by  {why}"]
    if not found.there or not found.schema:
        return [*lines, "           nothing is there yet: the first run creates it"]
    lines.append(f"size       {_bytes(found.size)}")
    if not found.up_to_date:
        return [*lines, f"schema     {found.schema}: not this program's; okrsync ledger check says more"]
    lines.append(f"schema     {found.schema}, this program's")
    if not found.companies:
        return [*lines, "companies  none yet"]
    width = max(len(one.company) for one in found.companies)
    for number, one in enumerate(found.companies):
        for first, story in enumerate(_story(one)):
            company = "" if first else one.company
            lines.append(f"{'' if number or first else 'companies':<9}  {company:<{width}}  {story}")
    return lines


def _story(one: Known) -> list[str]:
    last = (
        f"last run {_moment(one.last_run)}, {one.command}, exit code {one.exit_code}"
        if one.last_run is not None
        else "no run yet"
    )
    lines = [last]
    if one.last_sync is not None and one.last_sync != one.last_run:
        lines.append(f"last sync {_moment(one.last_sync)}")
    return [*lines, f"in use by {one.holder} since {_moment(one.held_since)}"] if one.holder else lines


def _moment(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at is not None else ""


def _bytes(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    size = count / 1000
    for unit in ("kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if size >= 10 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"


def _data(found: Overview) -> dict[str, Any]:
    return {
        "ledger": found.name,
        "kind": found.kind,
        "there": found.there,
        "bytes": found.size,
        "schema": found.schema,
        "up_to_date": found.up_to_date,
        "companies": [
            {
                "company": one.company,
                "last_sync": _iso(one.last_sync),
                "last_run": _iso(one.last_run),
                "command": one.command,
                "exit_code": one.exit_code,
                "holder": one.holder,
                "held_since": _iso(one.held_since),
            }
            for one in found.companies
        ],
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at is not None else None
