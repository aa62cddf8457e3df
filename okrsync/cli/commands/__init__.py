"""The commands, one in each file, in the order of ``okrsync --help``."""

from __future__ import annotations

import typer

from okrsync.cli.commands import ledger, notify, schedule
from okrsync.cli.commands.accept import accept
from okrsync.cli.commands.adopt import adopt
from okrsync.cli.commands.backfill import backfill
from okrsync.cli.commands.baseline import baseline
from okrsync.cli.commands.connectors import connectors
from okrsync.cli.commands.demo import demo
from okrsync.cli.commands.doctor import doctor
from okrsync.cli.commands.enqueue import enqueue
from okrsync.cli.commands.explain import explain
from okrsync.cli.commands.health import health
from okrsync.cli.commands.help import show_help
from okrsync.cli.commands.history import history
from okrsync.cli.commands.import_ import import_table
from okrsync.cli.commands.init import init
from okrsync.cli.commands.inspect import inspect
from okrsync.cli.commands.lint import lint
from okrsync.cli.commands.mcp import serve_mcp
from okrsync.cli.commands.plan import plan
from okrsync.cli.commands.release import release
from okrsync.cli.commands.report import report
from okrsync.cli.commands.schema import schema
from okrsync.cli.commands.status import status
from okrsync.cli.commands.sync import sync
from okrsync.cli.commands.validate import validate
from okrsync.cli.commands.worker import worker
from okrsync.cli.help_texts import placed


def register(app: typer.Typer) -> None:
    """Add all of them to ``app``."""
    for command in (
        demo,
        init,
        inspect,
        validate,
        doctor,
        lint,
        plan,
        sync,
        backfill,
        history,
        status,
        explain,
        report,
        adopt,
        release,
        accept,
        baseline,
        worker,
        enqueue,
        connectors,
        schema,
        health,
    ):
        app.command(**placed(command.__name__))(command)
    app.add_typer(schedule.group, name="schedule", rich_help_panel=placed("schedule")["rich_help_panel"])
    app.add_typer(ledger.group, name="ledger", rich_help_panel=placed("ledger")["rich_help_panel"])
    app.add_typer(notify.group, name="notify", rich_help_panel=placed("notify")["rich_help_panel"])
    for name, group in (("schedule", schedule.group), ("ledger", ledger.group), ("notify", notify.group)):
        for one in group.registered_commands:
            one.epilog = placed(f"{name} {one.name or getattr(one.callback, '__name__', '')}")["epilog"]
    app.command("import", **placed("import"))(import_table)
    app.command("mcp", **placed("mcp"))(serve_mcp)
    app.command("help", **placed("help"))(show_help)
