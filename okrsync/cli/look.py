"""The commands that only look: status, explain, validate, doctor, connectors, schema."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from okrsync.cli.output import Json, console, say, say_json
from okrsync.cli.run import Company
from okrsync.cli.world import World
from okrsync.errors import ConfigError, DataError, ExitCode, OkrsyncError
from okrsync.spelling import did_you_mean

if TYPE_CHECKING:
    from okrsync import config
    from okrsync.ports import Finding, Ledger
    from okrsync.render import outputs


def register(app: typer.Typer) -> None:
    for command in (status, explain, validate, doctor, connectors, schema):
        app.command()(command)


def status(context: typer.Context, company: Company, as_json: Json = False) -> int:
    """Show where the key results stood at the last sync. Sends no request."""
    from okrsync.render import status_data, status_view
    from okrsync.sync import trend

    world: World = context.obj
    loaded = world.company(company)
    with world.ledger() as ledger:
        memory = ledger.recall(loaded.id)
        now = world.clock.now()
        trends = {one.id: trend(loaded, ledger, memory, one, now) for one in loaded.key_results}
    if as_json:
        say_json(status_data(loaded, memory.outcomes, trends))
    else:
        say(status_view(loaded, memory.outcomes, trends, console().width))
    held = any(
        cell["verdict"] == "held" for one in memory.outcomes.values() for cell in one.detail["cells"].values()
    )
    return ExitCode.HELD if held or not memory.outcomes else ExitCode.IN_SYNC


def explain(
    context: typer.Context,
    company: Company,
    key_result: Annotated[str, typer.Argument(metavar="KR", help="Id of a key result.")],
    as_json: Json = False,
) -> int:
    """Show how a number came about: formula, inputs, query, source. Sends no request."""
    from okrsync.render import efforts, explanation, explanation_data
    from okrsync.render.explain import VALUES_AT
    from okrsync.sync import trend

    world: World = context.obj
    loaded = world.company(company)
    known = {one.id: one for one in loaded.key_results}
    if key_result not in known:
        raise ConfigError(
            f"there is no key result {key_result!r} in {loaded.path.name}",
            hint=did_you_mean(key_result, known),
        )
    with world.ledger() as ledger:
        memory = ledger.recall(loaded.id)
        outcome = memory.outcomes.get(key_result)
        line = trend(loaded, ledger, memory, known[key_result], world.clock.now())
    if outcome is None:
        raise DataError(f"{key_result} has never been synced", hint=f"okrsync sync {company}")
    if as_json:
        say_json(explanation_data(loaded, outcome, line))
    else:
        initiatives = efforts(key_result, memory.outcomes)
        say(explanation(loaded, known[key_result], outcome, line, initiatives), hang=VALUES_AT)
    return ExitCode.IN_SYNC


def validate(
    context: typer.Context,
    companies: Annotated[list[str] | None, typer.Argument(metavar="COMPANY", help="Default: all.")] = None,
    as_json: Json = False,
) -> int:
    """Check YAML files without sending a request. Every error names its line."""
    from okrsync.sync import missing_secrets

    world: World = context.obj
    names = companies or world.companies()
    if not names:
        raise ConfigError(f"there is no company in {world.machine.config}", hint="okrsync init writes one")
    checked: outputs.Validation = {"companies": []}
    for name in names:
        loaded = world.company(name)
        missing = missing_secrets(loaded)
        checked["companies"].append(
            {"company": loaded.id, "key_results": len(loaded.key_results), "missing_secrets": missing}
        )
        if not as_json:
            typer.echo(
                f"{loaded.path}: valid, {len(loaded.key_results)} key results on {len(loaded.metrics)} metrics"
            )
            for line in missing:
                typer.echo(f"  not here: {line}")
    if as_json:
        say_json(checked)
    return ExitCode.IN_SYNC


def doctor(context: typer.Context, company: Company, as_json: Json = False) -> int:
    """Look at every connection, and say what to mend. Writes nothing."""
    from okrsync.render import findings_data

    world: World = context.obj
    loaded = world.company(company)
    with world.ledger() as ledger:
        findings = list(_examine(world, loaded, ledger))
    if as_json:
        say_json(findings_data(loaded, findings))
    else:
        _say_findings(findings)
    return ExitCode.IN_SYNC if all(one.ok for one in findings) else ExitCode.HELD


def _examine(world: World, company: config.Company, ledger: Ledger) -> Iterator[Finding]:
    from okrsync.ports import Finding
    from okrsync.sync import missing_secrets, open_connections

    yield Finding(
        subject="configuration", ok=True, detail=f"{company.path}: {len(company.key_results)} key results"
    )
    now = world.clock.now()
    inside = company.cycle.opens <= now < company.cycle.closes
    span = f"{company.cycle.name}, {company.cycle.start} to {company.cycle.end}"
    yield Finding(
        subject="cycle",
        ok=inside,
        detail=span,
        hint="" if inside else "today is outside the cycle: set the next one",
    )
    memory = ledger.recall(company.id)
    last = (
        f"last run {memory.last_run.at:%Y-%m-%d %H:%M} UTC" if memory.last_run is not None else "no run yet"
    )
    yield Finding(subject="ledger", ok=True, detail=last)
    missing = missing_secrets(company)
    for text in missing:
        yield Finding(subject="secret", ok=False, detail=text, hint="put the credential there and look again")
    if missing:
        return
    openings = open_connections(company, memory, world.clock)
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


def _say_findings(findings: Iterable[Finding]) -> None:
    from rich.text import Text

    text = Text()
    for one in findings:
        text.append("✓ " if one.ok else "✗ ", style="green" if one.ok else "bold red")
        text.append(f"{one.subject}  ", style="bold")
        text.append(f"{one.detail}\n")
        if one.hint:
            text.append(f"    → {one.hint}\n", style="cyan")
    say(text)


def connectors(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="One of them: all its keys and measures, with examples.", show_default=False
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """List the installed connectors, or all that one can be told."""
    world: World = context.obj
    known = world.connectors
    if name is not None:
        from okrsync.cli.guide import guide, guide_data

        if name not in known:
            raise ConfigError(f"there is no connector {name!r}", hint=did_you_mean(name, known))
        if as_json:
            say_json(guide_data(known[name]))
        else:
            typer.echo(guide(known[name]))
        return ExitCode.IN_SYNC
    rows = [
        {
            "name": name,
            "summary": known[name].summary,
            "reads": known[name].source is not None,
            "writes": known[name].destination is not None,
            "contract": known[name].contract,
            "distribution": known.distribution(name),
        }
        for name in known
    ]
    if as_json:
        say_json({"connectors": rows})
        return ExitCode.IN_SYNC
    for row in rows:
        typer.echo(
            f"{row['name']:<8} {row['distribution']} (contract {row['contract']})\n         {row['summary']}"
        )
    return ExitCode.IN_SYNC


def schema(
    context: typer.Context,
    output: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of what this command prints with --json; or plan-file."),
    ] = None,
) -> int:
    """Print the JSON Schema of the YAML, or of a command's output."""
    if output is None:
        from okrsync.config import json_schema

        say_json(json_schema(context.obj.connectors))
        return ExitCode.IN_SYNC
    from okrsync.render.outputs import OUTPUTS, output_schema

    if output not in OUTPUTS:
        raise ConfigError(f"there is no schema of {output!r}", hint=did_you_mean(output, OUTPUTS))
    say_json(output_schema(output))
    return ExitCode.IN_SYNC
