"""``okrsync history``: what is known of the past."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from okrsync.cli.arguments import Company, Json, day
from okrsync.cli.completion import key_result_ids
from okrsync.cli.context import Context
from okrsync.cli.output import console, say, say_json
from okrsync.cli.results import say_warnings
from okrsync.cli.streams import echo_file
from okrsync.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from okrsync import config
    from okrsync.key_results import KeyResult


def history(
    ctx: typer.Context,
    company: Company,
    key_results: Annotated[
        list[str] | None,
        typer.Argument(metavar="KR", help="Ids of key results; default: all.", autocompletion=key_result_ids),
    ] = None,
    first: Annotated[
        datetime | None,
        typer.Option("--from", parser=day, metavar="DATE", help="Default: all that is known."),
    ] = None,
    last: Annotated[
        datetime | None,
        typer.Option("--to", parser=day, metavar="DATE", help="Last day; default: today."),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV instead of a table.")] = False,
    as_json: Json = False,
) -> int:
    """Show what is known of the past, one value a day. Sends no request."""
    from okrsync.render.history import history_csv, history_data, history_table
    from okrsync.render.trend import left_out_text
    from okrsync.sync.trend import goal_of, remembered

    if as_csv and as_json:
        raise ConfigError("--csv and --json exclude each other", hint="keep one of the two")
    context: Context = ctx.obj
    loaded = context.company(company)
    now = context.clock.now()
    since = _midnight(first.date(), loaded) if first is not None else datetime(1, 1, 2, tzinfo=now.tzinfo)
    until = min(_midnight(last.date() + timedelta(days=1), loaded), now) if last is not None else now
    with context.ledger() as ledger:
        memory = ledger.recall(loaded.id)
        values = {
            one.id: remembered(loaded, ledger, one, goal_of(loaded, one, memory), (since, until))
            for one in _chosen(loaded, key_results)
        }
    say_warnings(f"{name}: {left_out_text(count)}" for name, (_, count) in values.items() if count)
    found = {name: known for name, (known, _) in values.items()}
    if as_json:
        say_json(history_data(loaded, found))
    elif as_csv:
        echo_file(history_csv(loaded, found))
    else:
        say(history_table(loaded, found, one_line=console().is_terminal))
        if unknown := [name for name, seen in found.items() if not seen]:
            say(
                f"→ okrsync backfill {loaded.id} --from DATE --only {unknown[0]} looks for values of past days"
            )
    return ExitCode.IN_SYNC


def _chosen(company: config.Company, names: Sequence[str] | None) -> list[KeyResult]:
    known = {one.id: one for one in company.key_results}
    for name in names or ():
        if name not in known:
            raise company.unknown(name, known)
    return [known[name] for name in dict.fromkeys(names or known)]


def _midnight(day: date, company: config.Company) -> datetime:
    return datetime.combine(day, time.min, company.zone)
