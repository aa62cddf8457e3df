"""``okrsync schema``: the JSON Schema of the YAML, or of what a command prints."""

from __future__ import annotations

from typing import Annotated

import typer

from okrsync.cli.output import say_json
from okrsync.errors import ConfigError, ExitCode
from okrsync.spelling import did_you_mean


def schema(
    ctx: typer.Context,
    output: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Of what this command prints with --json, such as plan or ledger-copy; or plan-file.",
        ),
    ] = None,
) -> int:
    """Print the JSON Schema of the YAML, or of a command's output."""
    if output is None:
        from okrsync.config.schema import json_schema

        say_json(json_schema(ctx.obj.connectors))
        return ExitCode.IN_SYNC
    from okrsync.render.schemas import OUTPUTS, output_schema

    if output not in OUTPUTS:
        raise ConfigError(f"there is no schema of {output!r}", hint=did_you_mean(output, OUTPUTS))
    say_json(output_schema(output))
    return ExitCode.IN_SYNC
