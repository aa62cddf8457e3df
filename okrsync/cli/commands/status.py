"""``okrsync status``: where the key results were at the last sync, and how all companies are doing."""

from __future__ import annotations

from typing import Annotated

import typer

from okrsync.cli.arguments import Every, Json
from okrsync.cli.context import Context
from okrsync.cli.output import console, say, say_json
from okrsync.cli.results import say_ledger, say_warnings
from okrsync.errors import ConfigError, ExitCode
from okrsync.spelling import did_you_mean


def status(
    ctx: typer.Context,
    company: Annotated[
        str | None,
        typer.Argument(metavar="COMPANY", help="Name of a YAML in the configuration folder, or its path."),
    ] = None,
    every: Every = False,
    sort: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Of --all: sort by name, last, code, held, cycle or due; default: name."
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """Show where the key results were at the last sync.

    With --all: how all companies are doing. Sends no request.
    """
    context: Context = ctx.obj
    if every == (company is not None) or (sort is not None and not every):
        raise ConfigError(
            "name one company, or write --all (with --sort, if you like)",
            hint="okrsync status COMPANY, or okrsync status --all --sort due",
        )
    return _one(context, company, as_json) if company is not None else _all(context, sort or "name", as_json)


def _all(context: Context, sort: str, as_json: bool) -> int:
    from okrsync.cli.all_statuses import all_statuses_data, all_statuses_table
    from okrsync.fleet import timings, worst
    from okrsync.fleet.overview import SORTS, ordered, overviews
    from okrsync.sync.ledger_notices import times_ahead

    if sort not in SORTS:
        raise ConfigError(f"there is no column {sort!r} to sort by", hint=did_you_mean(sort, SORTS))
    say_ledger(context)
    with context.ledger() as ledger:
        now = context.clock.now()
        known = {one.company: one for one in ledger.companies()}
        time_of = timings(context.company, context.files(), ledger)
        found = ordered(overviews(context.companies(), time_of, known, now), sort)
    ended = {one.company: one.last_sync for one in known.values() if one.last_sync is not None}
    say_warnings(times_ahead(ended, now))
    code = worst(one.code for one in found)
    if as_json:
        say_json(all_statuses_data(found, code))
    elif found:
        say(all_statuses_table(found, now))
    else:
        raise context.no_company()
    return code


def _one(context: Context, company: str, as_json: bool) -> int:
    from okrsync.render.trend import left_out_text
    from okrsync.sync.ledger_notices import ledger_notices
    from okrsync.sync.trend import trend

    loaded = context.company(company)
    say_ledger(context)
    with context.ledger() as ledger:
        memory = ledger.recall(loaded.id)
        now = context.clock.now()
        trends = {one.id: trend(loaded, ledger, memory, one, now) for one in loaded.key_results}
    say_warnings(ledger_notices(loaded.id, memory))
    say_warnings(f"{name}: {left_out_text(one.left_out)}" for name, one in trends.items() if one.left_out)
    if as_json:
        from okrsync.render.data import status_data

        say_json(status_data(loaded, memory.outcomes, trends, now))
    else:
        from okrsync.render.status import held_text, kpis_text, status_view
        from okrsync.render.words import notice_text

        if (notice := loaded.cycle_notice(now)) is not None:
            say(notice_text(notice))
        say(status_view(loaded, memory.outcomes, trends, console().width))
        if loaded.kpis:
            say(kpis_text(loaded, memory.outcomes))
        if reasons := held_text(memory.outcomes):
            say(reasons)
    held = any(
        cell["verdict"] == "held" for one in memory.outcomes.values() for cell in one.detail["cells"].values()
    )
    over = loaded.cycle_notice(now) is not None
    never = bool(loaded.key_results) and not memory.outcomes
    return ExitCode.HELD if held or over or never else ExitCode.IN_SYNC
