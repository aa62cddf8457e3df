"""Show the progress of a backfill on stderr, in bars if it is a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from okrsync.cli.output import console
from okrsync.cli.streams import echo
from okrsync.sync.backfill import Progress as Report

Read = Mapping[str, tuple[int, int]]


@contextmanager
def backfill_progress() -> Iterator[Report]:
    """A bar for each connection on a terminal, with rate and time left; plain lines elsewhere."""
    out = console(stderr=True)
    if not out.is_terminal:
        yield _lines()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        _Pace(),
    )
    with Progress(*columns, console=out, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def show(name: str, done: int, of: int) -> None:
            if name not in tasks:
                tasks[name] = bars.add_task(name, total=of, completed=done, known=done)
            bars.update(tasks[name], completed=done)

        def report(what: str, done: int, of: int, read: Read) -> None:
            for name, (values, wanted) in read.items():
                show(name, values, wanted)
            if len(read) != 1:
                show(f"all {what}", done, of)
            bars.refresh()

        yield report


class _Pace(ProgressColumn):
    """Rate and time left, of what was read now: what the ledger knew before took no time."""

    def render(self, task: Task) -> Text:
        fresh = task.completed - task.fields["known"]
        elapsed = task.finished_time or task.elapsed
        if not fresh or not elapsed:
            return Text("" if task.finished else "reading")
        rate = fresh / elapsed
        left = f", {timedelta(seconds=round((task.remaining or 0) / rate))} left" if task.remaining else ""
        return Text(f"{rate:,.0f}/s{left}")


def _lines() -> Report:
    """A line for each batch of values, and for each tenth of what is read one by one."""
    tenths: dict[str, int] = {}

    def report(what: str, done: int, of: int, read: Read) -> None:
        rest = [f"{name} ({wanted - values})" for name, (values, wanted) in read.items() if values < wanted]
        reading = f"; reading {', '.join(rest)}" if rest else ""
        if read or done * 10 // of > tenths.get(what, -1):
            tenths[what] = done * 10 // of
            echo(f"okrsync: {done} of {of} {what}{reading}", err=True)

    return report
