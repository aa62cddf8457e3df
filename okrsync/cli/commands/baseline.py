"""``okrsync baseline``: decide what becomes of a baseline whose metric was changed."""

from __future__ import annotations

from typing import Annotated

import typer

from okrsync.cli.arguments import Company, Json
from okrsync.cli.completion import key_result_ids
from okrsync.cli.context import Context
from okrsync.cli.output import say_json
from okrsync.cli.streams import echo
from okrsync.errors import ConfigError, ExitCode


def baseline(
    ctx: typer.Context,
    company: Company,
    key_result: Annotated[
        str, typer.Argument(help="Id of a key result.", metavar="KR", autocompletion=key_result_ids)
    ],
    measure_again: Annotated[
        bool,
        typer.Option("--measure-again", help="Ask the source for the baseline by the metric as it is now."),
    ] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Go on with the number that was measured.")] = False,
    as_json: Json = False,
) -> int:
    """Keep a baseline whose metric was changed, or measure it again."""
    from okrsync.render.words import number
    from okrsync.sync.baseline import choose_baseline

    if measure_again == keep:
        raise ConfigError(
            "write either --measure-again or --keep",
            hint=f"okrsync baseline {company} {key_result} --measure-again",
        )
    context: Context = ctx.obj
    loaded = context.company(company)
    with context.ledger() as ledger:
        frozen = choose_baseline(loaded, ledger, context.clock, key_result, keep=keep)
    shown = number(str(frozen.value), str(frozen.unit), loaded.locale)
    if as_json:
        say_json({"company": loaded.id, "id": key_result, "baseline": shown, "kept": keep})
        return ExitCode.IN_SYNC
    echo(
        f"{key_result}: the baseline stays {shown}"
        if keep
        else f"{key_result}: the baseline was {shown}, and the next sync measures it again"
    )
    echo(f"→ okrsync sync {loaded.id}")
    return ExitCode.IN_SYNC
