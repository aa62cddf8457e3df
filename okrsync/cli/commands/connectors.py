"""``okrsync connectors``: list them, or print every key and measure of one, with examples."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import fill
from typing import TYPE_CHECKING, Annotated, Any

import typer

from okrsync.cli.arguments import Json
from okrsync.cli.context import Context
from okrsync.cli.output import say_json
from okrsync.cli.streams import echo
from okrsync.errors import ConfigError, ExitCode
from okrsync.spelling import did_you_mean

if TYPE_CHECKING:
    from okrsync.ports import Connector


def connectors(
    ctx: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME", help="One of them: all its keys and measures, with examples.", show_default=False
        ),
    ] = None,
    as_json: Json = False,
) -> int:
    """List the connectors, or all keys and measures of one."""
    context: Context = ctx.obj
    known = context.connectors
    if name is not None:
        if name not in known:
            raise ConfigError(f"there is no connector {name!r}", hint=did_you_mean(name, known))
        if as_json:
            say_json(_guide_data(known[name]))
        else:
            echo("\n".join(_lines(known[name])))
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
        echo(f"{row['name']:<8} {row['distribution']} (contract {row['contract']})")
        echo(fill(str(row["summary"]), width=79, initial_indent=" " * 9, subsequent_indent=" " * 9))
    return ExitCode.IN_SYNC


def _guide_data(connector: Connector) -> dict[str, Any]:
    return {
        "name": connector.name,
        "summary": connector.summary,
        "connection": dict(_keys(connector.settings)),
        "metric": dict(_keys(connector.query)) if connector.query is not None else {},
        "table": dict(_keys(connector.table)) if connector.table is not None else {},
        "examples": [
            {"shows": one.shows, "metric": one.metric, "value": one.value}
            for one in (connector.examples() if connector.examples is not None else ())
        ],
    }


def _lines(connector: Connector) -> Iterator[str]:
    data = _guide_data(connector)
    yield f"{connector.name}: {connector.summary}"
    for part, title in (
        ("connection", f"connections:  (type: {connector.name})"),
        ("metric", "metrics:"),
        ("table", "destination:"),
    ):
        if data[part]:
            yield ""
            yield title
            yield from (f"  {key:<18} {said}" for key, said in data[part].items())
    if data["examples"]:
        yield ""
        yield "Examples, and what they give on the data of `okrsync demo --book`:"
    for one in data["examples"]:
        yield ""
        yield f"  # {one['shows']}: {one['value']}"
        yield f"  {one['metric']}"


def _keys(model: type[Any]) -> Iterator[tuple[str, str]]:
    for name, info in model.model_fields.items():
        said = info.description or ""
        if info.is_required():
            said = f"{said} (required)".strip()
        yield info.alias or name, said
