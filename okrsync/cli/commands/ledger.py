"""``okrsync ledger``: move what okrsync remembers to another database."""

from __future__ import annotations

from typing import Annotated

import typer

from okrsync.cli.arguments import Json
from okrsync.cli.context import Context
from okrsync.cli.output import say_json
from okrsync.cli.streams import echo
from okrsync.errors import ExitCode

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Look after the ledger.")


@group.callback()
def _group() -> None:
    """Look after the ledger."""


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
