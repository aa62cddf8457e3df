"""``okrsync demo``: a made-up company, synced for real, on this machine only."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from shutil import which
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from okrsync.cli.context import Context
from okrsync.cli.output import console
from okrsync.cli.streams import echo
from okrsync.errors import ExitCode

if TYPE_CHECKING:
    from rich.table import Table

    from okrsync.emulation import TableView
    from okrsync.fleet import Stop
    from okrsync.plugins import Connectors
    from okrsync.sandbox import DemoEnvironment

CompanyId = Literal["demo", "book"]
Show = Callable[..., None]
"""Shows a command, given as its words, and runs it."""
# Columns that would make the last tables of the demo too wide for a terminal, and for one of 80 columns.
LEFT_OUT = {"Owner", "Source", "Last synced"}
NARROW = {"Start", "Target", "Comment"}
FOLDED = {"Name", "Comment", "Summary"}


def demo(
    ctx: typer.Context,
    serve: Annotated[
        bool,
        typer.Option("--serve", help="Stay up, with a page to try it in a browser, and for other terminals."),
    ] = False,
    book: Annotated[
        bool, typer.Option("--book", help="Another company: all 68 key results of the book OKRs for All.")
    ] = False,
) -> int:
    """Sync a made-up company between emulators. Leaves no trace."""
    from okrsync.fleet import Stop

    context: Context = ctx.obj
    stop = Stop()
    # The emulators are threads of this process: an exception in the middle of a lock that they share would end none.
    with tempfile.TemporaryDirectory(prefix="okrsync-demo-") as name, stop.on_signals():
        run = _serve if serve else _play
        run(Path(name).resolve(), "book" if book else "demo", context.connectors, stop)
        if not serve:
            stop.check()
    if serve:
        echo("The demo has ended and is gone. Goodbye.")
    return ExitCode.IN_SYNC


def _play(folder: Path, company: CompanyId, connectors: Connectors, stop: Stop) -> None:
    from okrsync.sandbox import DemoClock, demo_environment
    from okrsync.sandbox.terminal import LEFT_OUT, ledger_of

    with demo_environment(connectors, folder, company) as environment:
        variables = {
            **environment.variables,
            "OKRSYNC_CONFIG": str(folder),
            "OKRSYNC_LEDGER": ledger_of(folder),
        }
        with _set(variables | dict.fromkeys(LEFT_OUT)):
            context = Context(clock=DemoClock(), connectors=connectors)

            def show(*words: str) -> None:
                stop.check()
                _command(context, *words)
                stop.check()

            play = _play_book if company == "book" else _play_demo
            play(environment, show)


def _serve(folder: Path, company: CompanyId, connectors: Connectors, stop: Stop) -> None:
    """Keep the company up, with its page and its clock, until somebody ends it."""
    from okrsync.loopback import LoopbackServer
    from okrsync.sandbox import PRESENT, demo_environment
    from okrsync.sandbox.clock import ImpatientClock
    from okrsync.sandbox.page import Visit, application
    from okrsync.sandbox.terminal import LEFT_OUT, open_to_terminals, variables

    clock = ImpatientClock(folder)
    clock.set(PRESENT)
    with demo_environment(connectors, folder, company, clock.now) as environment, ExitStack() as stack:
        notion = environment.emulators["notion"]
        values = variables(folder, environment.variables, notion.secret())
        script = open_to_terminals(folder, values, notion.server.url, Path(sys.argv[0]))
        stack.enter_context(_set({**environment.variables, **dict.fromkeys(LEFT_OUT)}))
        visit = Visit(environment, clock, connectors)
        stack.callback(visit.close)
        server = LoopbackServer(application(visit, str(script)))
        stack.callback(server.close)
        echo(f"Notion, as people see it: {server.url}/")
        echo("In another terminal:")
        echo(f"  . {script} && okrsync plan {environment.company.stem}")
        echo("Ctrl-C ends it.")
        while not stop.wait(timeout=60):
            server.forget()  # an open page asks every second


def _play_demo(environment: DemoEnvironment, show: Show) -> None:
    out = console()
    notion = environment.emulators["notion"]
    out.print(
        "Acme Travel keeps 13 key results in Notion. Their numbers live in Jira, in Google Sheets and in a CRM export."
    )
    out.print(
        "All of these are emulators on this machine; what talks to them is the real okrsync.", style="dim"
    )
    show("plan", "demo")
    show("sync", "demo")
    out.print("Once more: nothing is new, so nothing is written.", style="italic")
    notion.server.forget()
    show("sync", "demo")
    out.print(
        f"Notion got {notion.server.count('^PATCH')} writes and {notion.server.count()} reads: "
        "a schema and a page of rows for each of two databases.",
        style="italic",
    )
    out.print("Now Ada corrects a number by hand, and ten more bugs are fixed.", style="italic")
    notion.edit("Key results", "Open bugs", "Current", 70)
    for number in range(1, 11):
        environment.emulators["jira"].edit("APP", f"APP-{number + 1}", "status", "Done")
    show("sync", "demo")
    out.print(
        "Her number stays, and the objective counts with it. How did the win rate come about?",
        style="italic",
    )
    show("explain", "demo", "KR-6")
    out.rule("What Notion holds now", style="dim")
    out.print()
    for view in notion.tables():
        table = _table(view, LEFT_OUT)
        out.print(table if out.measure(table).maximum <= out.width else _table(view, LEFT_OUT | NARROW))
    out.print(
        f"{_okrsync()} demo --serve keeps all this up, with a page that shows the Notion databases.",
        style="dim",
    )


def _okrsync() -> str:
    """The name by which a shell finds okrsync here: after `make demo` that is a path."""
    started = Path(sys.argv[0])
    return "okrsync" if started.stem != "okrsync" or which("okrsync") else str(started)


def _play_book(environment: DemoEnvironment, show: Show) -> None:
    out = console()
    out.print("The book's 21 objectives and 68 key results, on made-up numbers in emulators and files.")
    environment.forget()
    show("plan", "book")
    out.print(
        f"That took {environment.requests} requests. Nothing is written yet: "
        f"{_okrsync()} demo --book --serve keeps all this up, to be synced from another terminal.",
        style="italic",
    )


def _command(context: Context, *words: str) -> None:
    """Show a command as a user would type it, and run it. A signal that ends it ends the demo, which has no more to say."""
    from okrsync.cli.main import main

    out = console()
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


@contextmanager
def _set(values: Mapping[str, str | None]) -> Iterator[None]:
    """Set environment variables for the length of a ``with`` block; None unsets one."""
    before = {name: os.environ.get(name) for name in values}
    _put(values)
    try:
        yield
    finally:
        _put(before)


def _put(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
