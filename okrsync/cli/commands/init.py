"""``okrsync init``: write a new company's YAML, with what its OKR database shows."""

from __future__ import annotations

import re
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from okrsync.cli.arguments import Json, day
from okrsync.cli.context import Context
from okrsync.cli.new_databases import make, unfinished
from okrsync.cli.next_cycle import GivenCycle, write_next_cycle
from okrsync.cli.output import say_json
from okrsync.cli.streams import echo, echo_file
from okrsync.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from okrsync.ports import Proposed, Setup

TOKEN = "NOTION_TOKEN"  # noqa: S105 - the name of the variable, not what it holds


def init(
    ctx: typer.Context,
    company: Annotated[
        str | None, typer.Argument(metavar="COMPANY", help="Short name: the YAML's name.")
    ] = None,
    from_notion: Annotated[
        str, typer.Option("--from-notion", metavar="URL", help="Propose the mapping from this OKR database.")
    ] = "",
    create_under: Annotated[
        str, typer.Option("--create-under", metavar="PAGE", help="Make the OKR databases below this page.")
    ] = "",
    token_env: Annotated[
        str, typer.Option("--token-env", metavar="NAME", help="Variable with the token of Notion.")
    ] = TOKEN,
    timezone: Annotated[str, typer.Option("--timezone", metavar="ZONE", help="Such as Europe/Berlin.")] = "",
    locale: Annotated[str, typer.Option("--locale", metavar="LOCALE", help="Such as de_DE.")] = "",
    title: Annotated[
        str, typer.Option("--title", metavar="TITLE", help="How reports call the company.")
    ] = "",
    url: Annotated[
        str, typer.Option("--url", help="Where Notion's API answers, if not at its own place.", hidden=True)
    ] = "",
    next_cycle: Annotated[
        bool, typer.Option("--next-cycle", help="Roll a company over: every start becomes the last value.")
    ] = False,
    name: Annotated[
        str,
        typer.Option(
            "--name",
            metavar="NAME",
            help="With --next-cycle: its name; not needed after a month, quarter or year.",
        ),
    ] = "",
    start: Annotated[
        datetime | None,
        typer.Option("--start", parser=day, metavar="DATE", help="With --next-cycle: its first day."),
    ] = None,
    end: Annotated[
        datetime | None,
        typer.Option("--end", parser=day, metavar="DATE", help="With --next-cycle: its last day."),
    ] = None,
    write: Annotated[
        bool,
        typer.Option("--write", help="With --next-cycle: replace the file; else the new one is printed."),
    ] = False,
    show_example: Annotated[
        bool, typer.Option("--example", help="Print a company with every key explained. Writes nothing.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Write a company's YAML: for a new one, or for its next cycle.

    From an OKR database, with a new one, or empty. A new company's file never overwrites one; the next cycle's is printed unless --write is given.
    """
    from okrsync.config.new_company import NOTHING, NewCompany, company_yaml, example

    if show_example:
        echo_file(example())
        return ExitCode.IN_SYNC
    context: Context = ctx.obj
    given = [bool(one) for one in (from_notion, create_under, url, timezone, locale, title)]
    if next_cycle and company is not None and not any(given):
        return write_next_cycle(
            context, company, GivenCycle(name=name, start=start, end=end), write=write, as_json=as_json
        )
    if next_cycle:
        raise ConfigError(
            "--next-cycle takes a company that has a YAML, and none of the options for a new one",
            hint="okrsync init COMPANY --next-cycle",
        )
    if name or start or end or write:
        raise ConfigError(
            "--name, --start, --end and --write belong to --next-cycle",
            hint="okrsync init COMPANY --next-cycle",
        )
    if company is None:
        company, from_notion, create_under, timezone = _ask(from_notion, create_under, timezone)
    if from_notion and create_under:
        raise ConfigError("--from-notion and --create-under do not go together", hint="choose one")
    path = _named_path(context, company)
    go_on = f"okrsync init {company} --create-under {create_under}"
    if path.exists():
        begun = unfinished(path) if create_under else None
        if begun is None:
            raise ConfigError(
                f"{path} is there already, and init overwrites nothing", hint="choose another name"
            )
        setup = _setup(context, begun.connection)
        proposed = make(path, go_on, create_under, setup, begun.made, lambda _: "")
        _report(path, proposed, as_json=as_json)
        return ExitCode.IN_SYNC
    timezone, locale = _zone(timezone or "UTC"), _locale(locale or "en_US")
    connection: dict[str, Any] = {"type": "notion", "token": {"env": token_env}}
    connection |= {"url": url} if url else {}

    def text_of(proposed: Proposed) -> str:
        return company_yaml(
            NewCompany(
                name=path.stem,
                title=title or path.stem,
                timezone=timezone,
                locale=locale,
                today=context.clock.now().date(),
                connection=connection,
                proposed=proposed,
            )
        )

    if create_under:
        proposed = make(path, go_on, create_under, _setup(context, connection), None, text_of)
    else:
        proposed = _setup(context, connection).propose(from_notion) if from_notion else NOTHING
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text_of(proposed))
    _report(path, proposed, as_json=as_json)
    return ExitCode.IN_SYNC


def _ask(from_notion: str, create_under: str, timezone: str) -> tuple[str, str, str, str]:
    """Ask the person at the terminal for what the options leave open."""
    if not sys.stdin.isatty():
        raise ConfigError("no company was named", hint="okrsync init COMPANY --from-notion URL")
    company = typer.prompt("Short name of the company, for the command line")
    timezone = timezone or typer.prompt("Time zone", default="UTC")
    if not from_notion and not create_under:
        from_notion = typer.prompt("Address of your OKR database in Notion (empty: none)", default="")
    if not from_notion and not create_under:
        create_under = typer.prompt("Address of a page to make new databases under (empty: none)", default="")
    return company, from_notion, create_under, timezone


def _named_path(context: Context, company: str) -> Path:
    path = context.file(company)
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]*", path.stem):
        raise ConfigError(
            f"{path.stem!r} is no short name", hint="use small letters, digits, - and _, such as acme-eu"
        )
    return path


def _zone(name: str) -> str:
    from zoneinfo import available_timezones

    if name not in available_timezones():
        raise ConfigError(f"there is no time zone {name!r}", hint="write a name such as Europe/Berlin")
    return name


def _locale(name: str) -> str:
    from babel import Locale, UnknownLocaleError

    spelled = name.replace("-", "_")
    try:
        Locale.parse(spelled)
    except (UnknownLocaleError, ValueError):
        raise ConfigError(f"there is no locale {name!r}", hint="write one such as de_DE or en_US") from None
    return spelled


def _setup(context: Context, connection: dict[str, Any]) -> Setup:
    from pydantic import ValidationError

    from okrsync.ports import ConnectorContext

    connector = context.connectors[connection["type"]]
    assert connector.setup is not None
    try:
        settings = connector.settings.model_validate(
            {key: value for key, value in connection.items() if key != "type"}
        )
    except ValidationError as error:
        raise ConfigError(str(error.errors()[0]["msg"])) from None
    return connector.setup(settings, ConnectorContext(name=connection["type"], clock=context.clock))


def _report(path: Path, proposed: Proposed, *, as_json: bool) -> None:
    if as_json:
        say_json(
            {
                "file": str(path),
                "tables": {name: dict(table) for name, table in proposed.tables.items()},
                "key_results": len(proposed.key_results),
                "objectives": len(proposed.objectives),
                "remarks": list(proposed.remarks),
            }
        )
        return
    echo(f"{path}: written, {len(proposed.key_results)} key results")
    for name, table in proposed.tables.items():
        for cell, column in table["cells"].items():
            echo(f"  {name} {cell:<10} → {column}")
    for remark in proposed.remarks:
        echo(f"  ! {remark}")
    echo(f"→ fill in what says TODO, then: okrsync validate {path.stem}")
