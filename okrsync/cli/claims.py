"""Let the next sync write over cells of a person, for ``okrsync adopt`` and ``okrsync release``."""

from __future__ import annotations

from collections.abc import Sequence

from okrsync.cli.context import Context
from okrsync.cli.output import say_json
from okrsync.cli.results import say_ledger
from okrsync.cli.streams import echo
from okrsync.errors import ExitCode


def take_over(
    context: Context,
    name: str,
    subjects: Sequence[str] | None,
    *,
    edited: bool,
    as_json: bool,
    ours: bool = False,
) -> int:
    """Adopt cells, or release those that a person ``edited``."""
    from okrsync.render.words import cell_text
    from okrsync.sync.adopt import claim

    company = context.company(name)
    say_ledger(context)
    with context.ledger() as ledger:
        # Rows with a stamp say themselves what is a person's, whatever ledger is used.
        if edited and not any(one.stamped for one in company.tables.values()):
            context.require_runs(ledger, company.id)
        claims = claim(company, ledger, context.clock, subjects or None, edited=edited, ours=ours)
    if as_json:
        say_json(
            {
                "company": company.id,
                "cells": [{"id": one.subject, "cell": one.cell, "value": str(one.value)} for one in claims],
            }
        )
        return ExitCode.IN_SYNC
    for one in claims:
        shown = cell_text(company, one.subject, one.cell, one.value, fraction=one.fraction)
        echo(f"{one.subject} {one.cell}: the next sync may write over {shown}")
    if not claims:
        echo(
            "nothing to take over: "
            + ("no cell was edited by a person" if edited else "no cell was filled before okrsync")
        )
    else:
        echo(f"→ okrsync sync {company.id}")
    return ExitCode.IN_SYNC
