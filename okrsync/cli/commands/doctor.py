"""``okrsync doctor``: try what a sync would, and say what to fix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from okrsync.cli.arguments import Company, Json
from okrsync.cli.context import Context
from okrsync.cli.output import console, say, say_json
from okrsync.cli.results import say_findings
from okrsync.errors import ExitCode

if TYPE_CHECKING:
    from rich.status import Status
    from rich.text import Text

    from okrsync.ports import Finding


def doctor(ctx: typer.Context, company: Company, as_json: Json = False) -> int:
    """Try all that a sync would, and say what to fix. Writes nothing."""
    from okrsync.render.data import findings_data
    from okrsync.sync.doctor import examine

    context: Context = ctx.obj
    loaded = context.company(company)
    findings = []
    with context.ledger() as ledger, _steps() as (step, pause):
        for one in examine(loaded, ledger, context.ledger_name, context.clock, step):
            findings.append(one)
            if not as_json:
                pause()
                say_findings([one])
    if as_json:
        say_json(findings_data(loaded, findings))
    else:
        say(_summary(findings))
    return ExitCode.IN_SYNC if all(one.ok for one in findings) else ExitCode.HELD


@contextmanager
def _steps() -> Iterator[tuple[Callable[[str], None], Callable[[], None]]]:
    """On a terminal, what is being done, on stderr: a function that shows it and one that takes it away."""
    out = console(stderr=True)
    if not out.is_terminal:
        yield lambda _: None, lambda: None
        return
    shown: list[Status] = []

    def pause() -> None:
        while shown:
            shown.pop().stop()

    def step(text: str) -> None:
        pause()
        shown.append(out.status(f"{text} …"))
        shown[-1].start()

    try:
        yield step, pause
    finally:
        pause()


def _summary(findings: list[Finding]) -> Text:
    from rich.text import Text

    faults = sum(not one.ok for one in findings)
    if not faults:
        return Text("No faults.", style="green")
    return Text(f"{faults} {'fault' if faults == 1 else 'faults'}, marked ✗.", style="bold red")
