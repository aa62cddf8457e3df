"""Several companies in one command: each one's text when it is done, one summary, and the worst exit code."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from okrsync.cli.output import say
from okrsync.cli.world import World
from okrsync.errors import ExitCode
from okrsync.fleet import (
    AT_ONCE,
    Ended,
    Stop,
    due_names,
    remembered,
    run_and_tell,
    side_by_side,
    summary,
    worst,
)
from okrsync.render import outputs, plan_text, report_data
from okrsync.settings import redact


def sync_several(
    world: World, names: Sequence[str], *, due: bool, at_once: int | None, force: bool, as_json: bool
) -> tuple[ExitCode, outputs.Runs]:
    """Sync side by side. What is printed of one company is never mixed with another's."""
    stop = Stop()
    clock = stop.clock(world.clock)
    codes: dict[str, ExitCode] = {}
    data: dict[str, outputs.Run | outputs.Failure] = {}
    with world.ledger() as ledger:
        if due:
            time_of = remembered(world.company, world.files(), ledger)
            names = due_names(names, time_of, ledger.last_syncs(), clock.now())
        held = stop.ledger(ledger)

        def run(name: str) -> Ended:
            return run_and_tell(name, world.company, held, clock, otherwise=world.notify, force=force)

        with stop.on_signals():
            for ended in side_by_side(names, run, stop, at_once=at_once or AT_ONCE):
                codes[ended.name] = ended.code
                if as_json:
                    data[ended.name] = ended_data(ended)
                else:
                    say_ended(ended)
    code = worst(codes.values())
    if not as_json and codes:  # where nothing is due, nothing is said: cron would mail it every few minutes
        typer.echo(summary(codes))
    ordered = [data[name] for name in dict.fromkeys(names) if name in data]
    return code, {"companies": ordered, "summary": summary(codes), "exit_code": code}


def say_ended(ended: Ended) -> None:
    """One company's text: what its run did on stdout, or what ended it on stderr."""
    if ended.report is not None:
        say(plan_text(ended.report))
    if ended.complaint:
        typer.echo(redact(f"okrsync: {ended.name}: {ended.complaint}"), err=True)
    if ended.untold:
        typer.echo(redact(f"okrsync: {ended.name}: people were not told: {ended.untold}"), err=True)


def ended_data(ended: Ended) -> outputs.Run | outputs.Failure:
    if ended.report is None:
        return {"company": ended.name, "error": redact(ended.complaint), "exit_code": ended.code}
    data = report_data(ended.report)
    data["exit_code"] = ended.code
    if ended.untold:
        data["untold"] = redact(ended.untold)
    return data
