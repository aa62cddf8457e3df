"""``okrsync accept``: let a number that okrsync doubts pass once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from okrsync.cli.arguments import Company, Json
from okrsync.cli.completion import key_result_ids
from okrsync.cli.context import Context
from okrsync.cli.output import say_json
from okrsync.cli.results import say_ledger
from okrsync.cli.streams import echo
from okrsync.errors import ExitCode

if TYPE_CHECKING:
    from okrsync import config
    from okrsync.render.command_outputs import AcceptedNumbers
    from okrsync.sync.accept import Accepted


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
    from okrsync.render.words import moment, wanted
    from okrsync.sync.accept import accept as accept_numbers

    context: Context = ctx.obj
    loaded = context.company(company)
    say_ledger(context)
    with context.ledger() as ledger:
        context.require_runs(ledger, loaded.id)
        found = accept_numbers(loaded, ledger, context.clock, key_results)
    others = [one for one in key_results if one not in {known.subject for known in found}]
    if as_json:
        say_json(_data(loaded, found, others))
        return ExitCode.IN_SYNC
    for one in found:
        text = wanted(one.decision, loaded.locale)
        if one.before:
            since = f", since {moment(one.since, loaded.zone)}" if one.since is not None else ""
            echo(f"{one.subject}: {text} is accepted already{since}; the next sync writes it")
        else:
            echo(f"{one.subject}: {text} is accepted ({one.decision.reason}); the next sync writes it")
    for subject in others:
        echo(f"{subject}: nothing to accept, its number is not in doubt")
    if found:
        echo(f"→ okrsync sync {loaded.id}")
    return ExitCode.IN_SYNC


def _data(company: config.Company, found: Sequence[Accepted], others: Sequence[str]) -> AcceptedNumbers:
    from okrsync.render.words import wanted

    return {
        "company": company.id,
        "accepted": [
            {
                "id": one.subject,
                "value": wanted(one.decision, company.locale),
                "doubt": one.decision.reason,
            }
            for one in found
            if not one.before
        ],
        "accepted_before": [
            {
                "id": one.subject,
                "value": wanted(one.decision, company.locale),
                "since": one.since.isoformat() if one.since is not None else None,
            }
            for one in found
            if one.before
        ],
        "not_in_doubt": list(others),
    }
