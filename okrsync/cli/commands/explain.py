"""``okrsync explain``: how one number came about."""

from __future__ import annotations

from typing import Annotated

import typer

from okrsync.cli.arguments import Company, Json
from okrsync.cli.context import Context
from okrsync.cli.output import say, say_json
from okrsync.errors import DataError, ExitCode


def explain(
    ctx: typer.Context,
    company: Company,
    key_result: Annotated[str, typer.Argument(metavar="KR", help="Id of a key result.")],
    as_json: Json = False,
) -> int:
    """Show how a number came about: formula, inputs, query, source. Sends no request."""
    from okrsync.render import efforts, explanation, explanation_data
    from okrsync.render.explain import VALUES_AT
    from okrsync.sync import trend

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
    if as_json:
        say_json(explanation_data(loaded, outcome, line))
    else:
        initiatives = efforts(key_result, memory.outcomes)
        say(explanation(loaded, known[key_result], outcome, line, initiatives), hang=VALUES_AT)
    return ExitCode.IN_SYNC
