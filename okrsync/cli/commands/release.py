"""``okrsync release``: let okrsync write over a person's edit."""

from __future__ import annotations

import typer

from okrsync.cli.arguments import Company, Json, Subjects
from okrsync.cli.claims import take_over


def release(ctx: typer.Context, company: Company, key_results: Subjects = None, as_json: Json = False) -> int:
    """Give up a person's edit: the next sync may write over it."""
    return take_over(ctx.obj, company, key_results, edited=True, as_json=as_json)
