"""``okrsync explain``: how one number came about."""

from __future__ import annotations

from typing import Annotated

import typer

from okrsync.cli.arguments import Company, Json
from okrsync.cli.completion import key_result_ids
from okrsync.cli.context import Context
from okrsync.cli.output import say, say_json
from okrsync.cli.results import say_warnings
from okrsync.cli.streams import echo_file
from okrsync.errors import DataError, ExitCode


def explain(
    ctx: typer.Context,
    company: Company,
    key_result: Annotated[
        str, typer.Argument(metavar="KR", help="Id of a key result.", autocompletion=key_result_ids)
    ],
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", metavar="N", min=1, help="Show the first N records behind it, too. Asks the sources."
        ),
    ] = None,
    every: Annotated[
        bool, typer.Option("--records", help="Print all records behind it as CSV. Asks the sources.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Show how a number came about: formula, inputs, query, source.

    Sends no request, but with --limit and --records: they list the issues, cells or rows as they are now, and write
    nothing.
    """
    from okrsync.render.data import explanation_data
    from okrsync.render.explain import VALUES_AT, explanation
    from okrsync.render.records import records_csv, records_text, without_records
    from okrsync.render.status import efforts
    from okrsync.sync.records import records_behind
    from okrsync.sync.trend import trend

    context: Context = ctx.obj
    loaded = context.company(company)
    known = {one.id: one for one in loaded.key_results}
    if key_result not in known:
        raise loaded.unknown(key_result, known)
    with context.ledger() as ledger:
        memory = ledger.recall(loaded.id)
        outcome = memory.outcomes.get(key_result)
        line = trend(loaded, ledger, memory, known[key_result], context.clock.now())
    if outcome is None:
        raise DataError(f"{key_result} has never been synced", hint=f"okrsync sync {company}")
    listings = None
    if every or limit is not None:
        metric = known[key_result].metric
        listings = records_behind(loaded, metric, memory, context.clock, None if every else limit)
    if as_json:
        say_json(explanation_data(loaded, outcome, line, listings))
    elif every:
        echo_file(records_csv(listings or ()))
        say_warnings(without_records(listings or ()))
    else:
        initiatives = efforts(key_result, memory.outcomes)
        say(explanation(loaded, known[key_result], outcome, line, initiatives), hang=VALUES_AT)
        if listings is not None:
            say(records_text(listings), hang=VALUES_AT)
        elif "missing" not in outcome.detail["answer"]:
            say(f"  → okrsync explain {company} {key_result} --limit 20 lists the records behind it")
    return ExitCode.HELD if listings and any(True for _ in without_records(listings)) else ExitCode.IN_SYNC
