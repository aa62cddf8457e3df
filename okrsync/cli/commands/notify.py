"""``okrsync notify``: try a company's addresses, and read its next digest."""

from __future__ import annotations

import typer

from okrsync.cli.arguments import Company
from okrsync.cli.context import Context
from okrsync.cli.results import say_findings
from okrsync.cli.streams import echo
from okrsync.errors import ConfigError, ExitCode, OkrsyncError

group = typer.Typer(help="Whom a company notifies.", no_args_is_help=True)


@group.command("test")
def test(ctx: typer.Context, company: Company) -> int:
    """Send a test message to every address that the company notifies."""
    from okrsync.alerts.probe import try_addresses
    from okrsync.ports import Finding

    context: Context = ctx.obj
    loaded = context.company(company)
    tried = try_addresses(loaded, context.notify(company), context.clock)
    if not tried:
        raise ConfigError(f"{loaded.id} notifies nobody", hint=f"write `notify:` in {loaded.path.name}")
    well = True
    for name, send in tried:
        try:
            send()
        except OkrsyncError as error:
            well = False
            say_findings([Finding(subject=name, ok=False, detail=error.message, hint=error.hint)])
        else:
            say_findings([Finding(subject=name, ok=True, detail="took the test message")])
    return ExitCode.IN_SYNC if well else ExitCode.HELD


@group.command("digest")
def digest(ctx: typer.Context, company: Company) -> int:
    """Print what the next digest would say now. Sends nothing."""
    from okrsync.alerts.digest import preview

    context: Context = ctx.obj
    loaded = context.company(company)
    with context.ledger() as ledger:
        text = preview(loaded, ledger.recall(loaded.id), context.clock.now())
    echo(text or "nothing is new since the last digest, and nothing is held")
    return ExitCode.IN_SYNC
