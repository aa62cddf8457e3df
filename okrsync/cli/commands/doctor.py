"""``okrsync doctor``: check every connection of a company, and say what to fix."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from okrsync.cli.arguments import Company, Json
from okrsync.cli.context import Context
from okrsync.cli.output import say_json
from okrsync.cli.results import say_findings
from okrsync.errors import ExitCode, OkrsyncError

if TYPE_CHECKING:
    from okrsync import config
    from okrsync.ports import Finding, Ledger


def doctor(ctx: typer.Context, company: Company, as_json: Json = False) -> int:
    """Check every connection, and say what to fix. Writes nothing."""
    from okrsync.render import findings_data

    context: Context = ctx.obj
    loaded = context.company(company)
    with context.ledger() as ledger:
        findings = list(_examine(context, loaded, ledger))
    if as_json:
        say_json(findings_data(loaded, findings))
    else:
        say_findings(findings)
    return ExitCode.IN_SYNC if all(one.ok for one in findings) else ExitCode.HELD


def _examine(context: Context, company: config.Company, ledger: Ledger) -> Iterator[Finding]:
    from okrsync.ports import Finding
    from okrsync.render import drafts_text
    from okrsync.sync import ledger_notices, missing_secrets, open_connections

    yield Finding(
        subject="configuration", ok=True, detail=f"{company.path}: {len(company.key_results)} key results"
    )
    if company.drafts:
        yield Finding(subject="drafts", ok=True, detail=drafts_text(company))
    for name, table in company.open_tables.items():
        detail = f"{name} have no {table.key} yet: it says TODO"
        yield Finding(subject="destination", ok=False, detail=detail, hint=f"write it at {table.place}")
    now = context.clock.now()
    notice = company.cycle_notice(now)
    yield Finding(
        subject="cycle",
        ok=notice is None,
        detail=f"{company.cycle.name}, {company.cycle.start} to {company.cycle.end}"
        if notice is None
        else notice.text,
        hint=notice.hint if notice is not None else "",
    )
    memory = ledger.recall(company.id)
    last = (
        f"last run {memory.last_run.at:%Y-%m-%d %H:%M} UTC" if memory.last_run is not None else "no run yet"
    )
    yield Finding(subject="ledger", ok=True, detail=f"{context.ledger_name}, {last}")
    for text in ledger_notices(company.id, memory):
        yield Finding(subject="ledger", ok=False, detail=text, hint="check this machine's clock, then sync")
    missing = missing_secrets(company)
    for text in missing:
        yield Finding(subject="secret", ok=False, detail=text, hint="put the credential there and look again")
    if missing:
        return
    openings = open_connections(company, memory, context.clock)
    for name, connection in company.connections.items():
        if connection.connector.doctor is None:
            yield Finding(
                subject=name, ok=True, detail=f"{connection.connector.name} has no check of its own"
            )
            continue
        tables = list(company.tables.values()) if name == company.destination else []
        try:
            for one in connection.connector.doctor(connection.settings, tables, openings[name]):
                yield Finding(subject=f"{name}: {one.subject}", ok=one.ok, detail=one.detail, hint=one.hint)
        except OkrsyncError as error:
            yield Finding(subject=name, ok=False, detail=error.message, hint=error.hint)
