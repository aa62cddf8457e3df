"""``okrsync mcp``: status, explain, history and plan as read-only tools for an AI client."""

from __future__ import annotations

import typer

from okrsync.cli.context import Context
from okrsync.errors import ConfigError, ExitCode


def serve_mcp(ctx: typer.Context) -> int:
    """Answer an AI client over MCP: four read-only tools.

    It serves status, explain, history and plan over stdio, and writes nothing. The client starts it: docs/mcp.md has
    the configuration.
    """
    try:
        from okrsync.cli.mcp_server import server
    except ImportError as error:
        from okrsync.extras import install_command

        raise ConfigError(
            f"the MCP server needs more than is installed: {error}", hint=install_command("mcp")
        ) from error

    context: Context = ctx.obj
    server(context).run("stdio")
    return ExitCode.IN_SYNC
