"""``okrsync demo``: a made-up company, synced for real, on this machine only."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from okrsync.cli.context import Context
from okrsync.cli.output import console
from okrsync.cli.streams import echo
from okrsync.errors import ExitCode

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from okrsync.emulation import TableView
    from okrsync.sandbox import DemoEnvironment

# Columns that would make the last tables of the demo too wide for a terminal, and for one of 80 columns.
LEFT_OUT = {"Owner", "Source", "Last synced"}
NARROW = {"Start", "Target", "Comment"}
FOLDED = {"Name", "Comment", "Summary"}


def demo(
    ctx: typer.Context,
    serve: Annotated[
        bool, typer.Option("--serve", help="Stay up, to be tried from another terminal.")
    ] = False,
    book: Annotated[
        bool, typer.Option("--book", help="Another company: all 68 key results of the book OKRs for All.")
    ] = False,
) -> int:
    """Sync a made-up company between emulators. Leaves no trace."""
    from okrsync.sandbox import DemoClock, demo_environment

    context: Context = ctx.obj
    with tempfile.TemporaryDirectory(prefix="okrsync-demo-") as name:
        folder = Path(name)
        with demo_environment(context.connectors, folder, "book" if book else "demo") as environment:
            variables = {
                **environment.variables,
                "OKRSYNC_CONFIG": str(folder),
                "OKRSYNC_LEDGER": f"sqlite:///{folder / 'ledger.db'}",
            }
            with _set(variables):
                play = _play_book if book else _play
                play(environment, Context(clock=DemoClock(), connectors=context.connectors))
            if serve:
                _stay(environment, folder, variables)
    return ExitCode.IN_SYNC


def _play(environment: DemoEnvironment, context: Context) -> None:
    out = console()
    notion = environment.emulators["notion"]
    out.print(
        "Acme Travel keeps 13 key results in Notion. Their numbers live in Jira, in Google Sheets and in a CRM export."
    )
    out.print(
        "All of these are emulators on this machine; what talks to them is the real okrsync.", style="dim"
    )
    _command(out, context, "plan", "demo")
    _command(out, context, "sync", "demo")
    out.print("Once more: nothing is new, so nothing is written.", style="italic")
    notion.server.forget()
    _command(out, context, "sync", "demo")
    out.print(
        f"Notion got {notion.server.count('^PATCH')} writes and {notion.server.count()} reads: "
        "a schema and a page of rows for each of two databases.",
        style="italic",
    )
    out.print("Now Ada corrects a number by hand, and ten more bugs are fixed.", style="italic")
    notion.edit("Key results", "Open bugs", "Current", 70)
    for number in range(1, 11):
        environment.emulators["jira"].edit("APP", f"APP-{number + 1}", "status", "Done")
    _command(out, context, "sync", "demo")
    out.print(
        "Her number stays, and the objective counts with it. How did the win rate come about?",
        style="italic",
    )
    _command(out, context, "explain", "demo", "KR-6")
    out.rule("What Notion holds now", style="dim")
    out.print()
    for view in notion.tables():
        table = _table(view, LEFT_OUT)
        out.print(table if out.measure(table).maximum <= out.width else _table(view, LEFT_OUT | NARROW))
    out.print(
        "okrsync demo --serve keeps all this up, with a page that shows the Notion databases.", style="dim"
    )


def _play_book(environment: DemoEnvironment, context: Context) -> None:
    out = console()
    out.print("The book's 21 objectives and 68 key results, on made-up numbers in emulators and files.")
    environment.forget()
    _command(out, context, "plan", "book")
    out.print(
        f"That took {environment.requests} requests. Nothing is written yet: "
        "okrsync demo --book --serve keeps all this up, to be synced from another terminal.",
        style="italic",
    )


def _command(out: Console, context: Context, *words: str) -> None:
    """Show a command as a user would type it, and run it. A signal that ends it ends the demo, which has no more to say."""
    from okrsync.cli.main import main

    out.rule(style="dim")
    out.print(f"$ okrsync {' '.join(words)}", style="bold")
    out.print()
    if main(words, context) == ExitCode.INTERRUPTED:
        sys.exit(ExitCode.INTERRUPTED)


def _table(view: TableView, left_out: Collection[str]) -> Table:
    from rich import box
    from rich.table import Table

    from okrsync.render.tables import with_whole_columns

    table = Table(title=view.title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    shown = [index for index, column in enumerate(view.columns) if column not in left_out]
    for index in shown:
        table.add_column(view.columns[index])
    for row in view.rows:
        table.add_row(*(row[index] for index in shown))
    return with_whole_columns(table, *FOLDED)


def _stay(environment: DemoEnvironment, folder: Path, variables: Mapping[str, str]) -> None:
    script = folder / "env.sh"
    script.write_text(
        "".join(f"export {name}={shlex.quote(text)}\n" for name, text in variables.items()),
        encoding="utf-8",
    )
    echo(f"\nNotion, as people see it: {environment.emulators['notion'].server.url}/")
    echo("In another terminal:")
    echo(f"  . {script} && okrsync plan {environment.company.stem}")
    echo("Ctrl-C ends it.")
    threading.Event().wait()


@contextmanager
def _set(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for the length of a ``with`` block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
