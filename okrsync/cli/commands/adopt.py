"""``okrsync adopt``: let okrsync write cells that people filled before it."""

from __future__ import annotations

from typing import Annotated

import typer

from okrsync.cli.arguments import Company, Json, Subjects
from okrsync.cli.claims import take_over


def adopt(
    ctx: typer.Context,
    company: Company,
    key_results: Subjects = None,
    ours: Annotated[
        bool, typer.Option("--ours", help="Only rows that this integration wrote last, from another ledger.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Take over cells that were filled before this ledger knew them. The next sync may write them."""
    return take_over(ctx.obj, company, key_results, edited=False, as_json=as_json, ours=ours)
