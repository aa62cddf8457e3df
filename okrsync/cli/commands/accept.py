"""``okrsync accept``: let a number that okrsync doubts pass once."""

from __future__ import annotations

from typing import Annotated

import typer

from okrsync.cli.arguments import Company, Json
from okrsync.cli.completion import key_result_ids
from okrsync.cli.context import Context
from okrsync.cli.output import say_json
from okrsync.cli.results import say_ledger
from okrsync.cli.streams import echo
from okrsync.errors import ExitCode


def accept(
    ctx: typer.Context,
    company: Company,
    key_results: Annotated[
        list[str], typer.Argument(help="Ids of key results.", metavar="KR", autocompletion=key_result_ids)
    ],
    as_json: Json = False,
) -> int:
    """Let a doubtful number pass once.

    The next sync writes it, if it is still that number.
    """
    from okrsync.render.words import wanted
    from okrsync.sync.accept import accept as accept_numbers

    context: Context = ctx.obj
    loaded = context.company(company)
    say_ledger(context)
    with context.ledger() as ledger:
        context.require_runs(ledger, loaded.id)
        found = accept_numbers(loaded, ledger, context.clock, key_results)
    texts = [(one.subject, wanted(one.decision, loaded.locale), one.decision.reason) for one in found]
    if as_json:
        cells = [{"id": subject, "value": text, "doubt": doubt} for subject, text, doubt in texts]
        say_json({"company": loaded.id, "accepted": cells})
        return ExitCode.IN_SYNC
    for subject, text, doubt in texts:
        echo(f"{subject}: {text} is accepted ({doubt})")
    for subject in key_results:
        if subject not in {one.subject for one in found}:
            echo(f"{subject}: nothing to accept, its number is not in doubt")
    if found:
        echo(f"→ okrsync sync {loaded.id}")
    return ExitCode.IN_SYNC
