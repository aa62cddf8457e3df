"""Run a command, and turn whatever ends it into a message and an exit code."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer

from okrsync import __version__
from okrsync.cli import garbage
from okrsync.cli.commands import register
from okrsync.cli.completion import COMPLETING, company_names, completed_command, key_result_ids
from okrsync.cli.context import Context, variable
from okrsync.cli.help_texts import GroupedCommands
from okrsync.cli.logs import log_to_stderr
from okrsync.cli.output import say_error, say_json
from okrsync.cli.streams import echo, prepare
from okrsync.errors import ExitCode, OkrsyncError, exit_code_of


def _version(asked: bool) -> None:
    if asked:
        import platform  # slow to load

        echo(f"okrsync {__version__} (Python {platform.python_version()} on {platform.system()})")
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options without a command."""


def _program(words: Sequence[str]) -> typer.Typer:
    program = typer.Typer(
        name="okrsync",
        help="Keep the key results in your Notion database true: numbers from Jira, Google Sheets and CRM exports.",
        cls=GroupedCommands,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    program.callback()(_options)
    register(program, next(iter(words), None) or completed_command())
    return program


def main(arguments: Sequence[str] | None = None, context: Context | None = None) -> int:
    """Run one command; print errors on stderr, with ``--json`` also as JSON.

    With ``arguments`` it returns the exit code; without, as the program itself, it ends the process with it.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    if arguments is None:
        signal.signal(signal.SIGTERM, _interrupt)
    code = _run(words, context)
    if arguments is None:
        _leave(code)
    return code


def _leave(code: int) -> NoReturn:
    """End the process: Python would take all its modules apart first, for a tenth of a sync's time.

    A run that was stopped leaves threads behind that wait for a server's answer; Python would wait for them, too. What
    is to be closed at the end may still be in their hands.
    """
    if threading.active_count() == 1:
        atexit._run_exitfuncs()  # noqa: SLF001 - what Python calls at its end; it has no other name
    for stream in filter(None, (sys.stdout, sys.stderr)):  # there is none under pythonw
        with suppress(OSError):  # nobody may read it any more
            stream.flush()
    os._exit(code)


def _run(words: Sequence[str], context: Context | None) -> int:
    garbage.for_one_command()
    try:
        prepare()
        context = context or Context.here()
        if COMPLETING not in os.environ:  # a shell waits for that, and its answer goes to stdout alone
            log_to_stderr(_log_form(context))
        code = _program(words)(words or ["--help"], standalone_mode=False, prog_name="okrsync", obj=context)
    except (typer.Abort, KeyboardInterrupt):  # Ctrl-D at a question, or Ctrl-C before the command has begun
        code = ExitCode.INTERRUPTED
    except typer.TyperException as error:
        if (shown := str(error)).startswith("Usage: "):  # a group without a command shows its help
            echo(shown, err=True)
            return int(ExitCode.CONFIG)
        return _said(_usage(error), error, words, ExitCode.CONFIG)
    except OkrsyncError as error:
        return _said(str(error), error, words)
    except Exception as error:  # noqa: BLE001 - the last line of defence: a bug is shown whole, without secrets
        return _said(f"{traceback.format_exc()}\nThis is a bug in okrsync.", error, words)
    if code == ExitCode.INTERRUPTED:
        return _said("interrupted; run it again to finish", KeyboardInterrupt(), words)
    return int(code or 0)


def _log_form(context: Context) -> str:
    """The form of log lines. The settings are only loaded if it is not one of the usual: that takes as long as typer."""
    form = variable("LOG")
    return form or "text" if form in {None, "text", "json"} else context.machine.log


def _usage(error: typer.TyperException) -> str:
    """What is wrong with the arguments, and the command that lists them."""
    # Only errors about options have format_message, which names the option.
    said = getattr(error, "format_message", error.__str__)().replace("Value error, ", "")
    from okrsync.cli.familiar_commands import meant

    context = getattr(error, "ctx", None)
    if said.startswith("Missing argument") and (there := _there(error, context)):
        from okrsync.spelling import did_you_mean

        said += f"\n  → {did_you_mean('', there)}"
    path = context.command_path if context is not None else "okrsync"
    if hint := meant(said, path):
        said += f"\n  → {hint}"
    return f"{said}\n  → {path} --help"


def _there(error: Any, context: Any) -> list[str]:
    """The names that could stand in the place of a missing argument, as a shell would complete it."""
    match getattr(error.param, "metavar", None):
        case "COMPANY":
            return company_names("")
        case "KR":
            return [one for one, _ in key_result_ids(context, "")]
        case _:
            return []


def _said(text: str, error: BaseException, words: Sequence[str], code: ExitCode | None = None) -> int:
    code = exit_code_of(error) if code is None else code
    say_error(f"okrsync: {text}")
    if "--json" in words:
        said = {"error": getattr(error, "message", str(error)), "exit_code": int(code)}
        said |= {name: getattr(error, name) for name in ("hint", "place") if getattr(error, name, "")}
        say_json(said)
    return int(code)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
