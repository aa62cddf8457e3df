"""``okrsync init --next-cycle``: the same company for its next cycle."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from okrsync.cli.context import Context
from okrsync.cli.init_options import CycleOptions
from okrsync.cli.output import say_json
from okrsync.cli.streams import echo, echo_file
from okrsync.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from okrsync import config
    from okrsync.config.next_cycle import NextCycle


def write_next_cycle(context: Context, company: str, given: CycleOptions, *, as_json: bool) -> ExitCode:
    """Print the company's YAML for its next cycle, or put it in place of the old one. Sends no request."""
    loaded = context.company(company)
    with loaded.path.open(encoding="utf-8", newline="") as file:
        before = file.read()
    name, first, last = _cycle(loaded, given)
    done = roll_over(context, loaded, before, name=name, start=first, end=last)
    if given.write:
        _replace(loaded.path, done.text)
    if as_json:
        said = {"started": done.started, "left": done.left, "written": given.write}
        say_json({"company": loaded.id, **said, **({} if given.write else {"yaml": done.text})})
    else:
        if not given.write:
            echo_file(done.text)
        for subject, value in done.started.items():
            echo(f"{subject} starts at {value}", err=not given.write)
        for subject, why in done.left.items():
            echo(f"! {subject}: {why}", err=not given.write)
        if given.write:
            echo(f"→ set the targets in {loaded.path}, then: okrsync plan {loaded.id}")
    return ExitCode.HELD if done.left else ExitCode.IN_SYNC


def _cycle(company: config.Company, given: CycleOptions) -> tuple[str, date, date]:
    """The next cycle as given; what is not given follows only from a calendar month, quarter or year."""
    from okrsync.periods import following

    name, start, end = given.name, given.start, given.end
    if name and start and end:
        return name, start.date(), end.date()
    after = following(company.cycle)
    if after is None:
        raise ConfigError(
            f"{company.cycle.name} ({company.cycle.start} to {company.cycle.end}) is no calendar month, quarter or year, "
            "named as 2026-10, 2026-Q4 or 2026: which cycle comes next is yours to say",
            hint=f"okrsync init {company.id} --next-cycle --name NAME --start DATE --end DATE",
        )
    return (
        name or after.name,
        start.date() if start is not None else after.start,
        end.date() if end is not None else after.end,
    )


def roll_over(
    context: Context, company: config.Company, text: str, *, name: str, start: date, end: date
) -> NextCycle:
    """The YAML ``text`` for the next cycle; each start is the last value that the ledger knows."""
    from okrsync.config.next_cycle import next_cycle
    from okrsync.sync.trend import last_values

    with context.ledger() as ledger:
        last = last_values(company, ledger, context.clock.now())
    return next_cycle(text, company, name=name, start=start, end=end, last=last)


def _replace(path: Path, text: str) -> None:
    """Replace the file in one step: a process killed here must not leave half a YAML."""
    fresh = path.with_name(f".{path.name}.next")
    with fresh.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
    fresh.chmod(path.stat().st_mode)
    fresh.replace(path)
