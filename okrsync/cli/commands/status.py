"""``okrsync status``: where the key results stood at the last sync."""

from __future__ import annotations

import typer

from okrsync.cli.arguments import Company, Json
from okrsync.cli.context import Context
from okrsync.cli.output import console, say, say_json
from okrsync.cli.results import say_ledger, say_warnings
from okrsync.errors import ExitCode


def status(ctx: typer.Context, company: Company, as_json: Json = False) -> int:
    """Show where the key results stood at the last sync. Sends no request."""
    from okrsync.render import kpis_text, left_out_text, notice_text, status_data, status_view
    from okrsync.sync import ledger_notices, trend

    context: Context = ctx.obj
    loaded = context.company(company)
    say_ledger(context)
    with context.ledger() as ledger:
        memory = ledger.recall(loaded.id)
        now = context.clock.now()
        trends = {one.id: trend(loaded, ledger, memory, one, now) for one in loaded.key_results}
    say_warnings(ledger_notices(loaded.id, memory))
    say_warnings(f"{name}: {left_out_text(one.left_out)}" for name, one in trends.items() if one.left_out)
    if as_json:
        say_json(status_data(loaded, memory.outcomes, trends, now))
    else:
        if (notice := loaded.cycle_notice(now)) is not None:
            say(notice_text(notice))
        say(status_view(loaded, memory.outcomes, trends, console().width))
        if loaded.kpis:
            say(kpis_text(loaded, memory.outcomes))
    held = any(
        cell["verdict"] == "held" for one in memory.outcomes.values() for cell in one.detail["cells"].values()
    )
    over = loaded.cycle_notice(now) is not None
    never = bool(loaded.key_results) and not memory.outcomes
    return ExitCode.HELD if held or over or never else ExitCode.IN_SYNC
