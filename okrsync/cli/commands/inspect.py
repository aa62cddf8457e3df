"""``okrsync inspect``: look at a source before it is configured; no other command guesses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from okrsync.cli.context import Context
from okrsync.cli.output import console
from okrsync.cli.streams import echo
from okrsync.errors import ConfigError, ExitCode
from okrsync.spelling import did_you_mean

if TYPE_CHECKING:
    from okrsync.ports import Connector


def inspect(
    ctx: typer.Context,
    target: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE|URL", help="An exported file, or a spreadsheet's address.", show_default=False
        ),
    ] = None,
    jql: Annotated[
        str | None, typer.Option(metavar="JQL", help="A JQL to try out.", show_default=False)
    ] = None,
    through: Annotated[
        str | None,
        typer.Option(
            metavar="COMPANY",
            help="Whose credentials; or COMPANY/CONNECTION. A file needs none.",
            show_default=False,
        ),
    ] = None,
    sheet: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The sheet of a workbook that has several.", show_default=False),
    ] = None,
) -> int:
    """Show what a file, spreadsheet or JQL holds, and its YAML. Writes nothing."""
    context: Context = ctx.obj
    if (target is None) == (jql is None):
        raise ConfigError(
            "name one thing to look at",
            hint="okrsync inspect FILE | URL --through COMPANY | --jql JQL --through COMPANY",
        )
    if target is not None and through is None and "://" not in target:
        with console(stderr=True).status(f"reading {target}"):
            found = _of_file(context, target, sheet)
        echo(found)
        return ExitCode.IN_SYNC
    if sheet is not None:
        raise ConfigError("--sheet belongs to a file", hint="okrsync inspect FILE --sheet NAME")
    text = jql if jql is not None else target
    assert text is not None
    if through is None:
        raise ConfigError(
            "it is not said whose credentials may read it", hint="--through COMPANY, or COMPANY/CONNECTION"
        )
    with console(stderr=True).status(f"asking {through}"):
        found = _of_connection(context, through, text, "jql" if jql is not None else "spreadsheet")
    echo(found)
    return ExitCode.IN_SYNC


def _of_file(context: Context, target: str, sheet: str | None) -> str:
    """Let the connector inspect that reads files: its settings have a path."""
    from okrsync.ports import ConnectorContext

    path = Path(target)
    for name in context.connectors:
        connector = context.connectors[name]
        if connector.inspect is not None and "path" in connector.settings.model_fields:
            chosen = {"sheet": sheet} if sheet is not None else {}
            settings = connector.settings.model_validate({"path": path.name, **chosen})
            opening = ConnectorContext(name=path.name, clock=context.clock, base=str(path.parent))
            return connector.inspect(settings, path.name, opening)
    raise ConfigError("no installed connector reads files", hint="okrsync connectors")


def _of_connection(context: Context, through: str, text: str, key: str) -> str:
    from okrsync.sync.connections import open_connections

    company_name, _, name = through.partition("/")
    company = context.company(company_name)
    able = {
        one.name: one.connector for one in company.connections.values() if _can_inspect(one.connector, key)
    }
    if name and name not in company.connections:
        raise ConfigError(
            f"there is no connection {name!r} in {company.path.name}", hint=did_you_mean(name, able)
        )
    chosen = [name] if name else list(able)
    if len(chosen) != 1 or chosen[0] not in able:
        raise ConfigError(
            f"{through} does not say which connection takes a {key}",
            hint=f"write --through {company_name}/NAME, one of: {_listed(able)}",
        )
    with context.ledger() as ledger:
        openings = open_connections(company, ledger.recall(company.id), context.clock)
    look = able[chosen[0]].inspect
    assert look is not None
    return look(company.connections[chosen[0]].settings, text, openings[chosen[0]])


def _can_inspect(connector: Connector, key: str) -> bool:
    """Whether the connector's metrics have the key that takes such a text."""
    return (
        connector.inspect is not None and connector.query is not None and key in connector.query.model_fields
    )


def _listed(names: Mapping[str, Any]) -> str:
    return ", ".join(names) or "none"
