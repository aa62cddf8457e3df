"""``okrsync init``: write a new company's YAML, with what its OKR database and its sources show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from okrsync.cli.arguments import Json
from okrsync.cli.context import Context
from okrsync.cli.init_options import CompanyOptions, CycleOptions, NotionOptions, SourceOptions, given_sources
from okrsync.cli.new_company_file import LOCALE, ZONE, locale_of, named_path, write_schema, zone_of
from okrsync.cli.new_company_report import found_data, say_new_company
from okrsync.cli.new_databases import make, unfinished
from okrsync.cli.new_sources import GivenSources, NewSources, opened, seen_lines
from okrsync.cli.next_cycle import write_next_cycle
from okrsync.cli.option_records import with_option_records
from okrsync.cli.output import console, say_json
from okrsync.cli.questions import Questions
from okrsync.cli.streams import echo, echo_file
from okrsync.errors import ConfigError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from okrsync.config.proposals import MetricProposal
    from okrsync.discovery import Proposed, Resource, Setup


@with_option_records
def init(
    ctx: typer.Context,
    *,
    company: Annotated[
        str | None, typer.Argument(metavar="COMPANY", help="Short name: the YAML's name.")
    ] = None,
    notion: NotionOptions,
    sources: SourceOptions,
    new: CompanyOptions,
    look: Annotated[
        bool, typer.Option("--look", help="Only list what the tokens can see. Writes nothing.")
    ] = False,
    cycle: CycleOptions,
    show_example: Annotated[
        bool, typer.Option("--example", help="Print a company with every key explained. Writes nothing.")
    ] = False,
    as_json: Json = False,
) -> int:
    """Write a company's YAML: for a new one, or for its next cycle.

    On a terminal it asks for what the options leave open; every question may stay unanswered. It tests each token as soon as it has it, lists what the token can see, and proposes metrics for the key results. A new company's file never overwrites one; the next cycle's is printed unless --write is given.
    """
    if show_example:
        from okrsync.config.new_company import example

        echo_file(example())
        return ExitCode.IN_SYNC
    context: Context = ctx.obj
    given = given_sources(notion, sources, context.demo.notion if context.demo is not None else "")
    for_a_new_one = bool(notion.from_notion or notion.create_under or notion.url or look)
    if cycle.next_cycle and company is not None and not (for_a_new_one or sources.named or new.given):
        return write_next_cycle(context, company, cycle, as_json=as_json)
    if cycle.next_cycle:
        raise ConfigError(
            "--next-cycle takes a company that has a YAML, and none of the options for a new one",
            hint="okrsync init COMPANY --next-cycle",
        )
    if cycle.described:
        raise ConfigError(
            "--name, --start, --end and --write belong to --next-cycle",
            hint="okrsync init COMPANY --next-cycle",
        )
    if notion.from_notion and notion.create_under:
        raise ConfigError("--from-notion and --create-under do not go together", hint="choose one")
    if look:
        return _look(context, given, as_json=as_json)
    asked = Questions.at_the_terminal()
    if company is None and not asked.asks:
        raise ConfigError("no company was named", hint="okrsync init COMPANY --from-notion URL")
    wanted = GivenCompany(
        company=company or asked.needed("", "Short name of the company, for the command line", "COMPANY"),
        title=new.title,
        timezone=new.timezone,
        locale=new.locale,
        from_notion=notion.from_notion,
        create_under=notion.create_under,
    )
    return _new(context, wanted, given, asked, as_json=as_json)


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenCompany:
    """What the command line says of the new company itself; an empty text says nothing."""

    company: str
    title: str
    timezone: str
    locale: str
    from_notion: str
    create_under: str


def _new(
    context: Context, wanted: GivenCompany, given: GivenSources, asked: Questions, *, as_json: bool
) -> int:
    path = named_path(context, wanted.company)
    begun = _begun(context, path, wanted) if path.exists() else None
    if begun is not None:
        say_new_company(path, begun, {}, as_json=as_json)
        return ExitCode.IN_SYNC
    zone = zone_of(asked.optional(wanted.timezone, "Time zone, such as Europe/Berlin", ZONE))
    locale = locale_of(
        asked.optional(wanted.locale, "Language and country of your numbers, such as de_DE", LOCALE)
    )
    sources = NewSources(context=context, questions=asked, given=given, name=path.stem, folder=path.parent)
    connection, database, page = _destination(sources, wanted, asked)
    setup = _setup(context, connection, path.parent)
    proposed = _looked(setup, database)
    sources.collect()
    proposals = _proposals(proposed, sources)

    def text_of(proposed: Proposed) -> str:
        from okrsync.config.new_company import NewCompany, company_yaml

        return company_yaml(
            NewCompany(
                name=path.stem,
                title=wanted.title or path.stem,
                timezone=zone,
                locale=locale,
                today=context.clock.now().date(),
                connection=connection,
                proposed=proposed,
                sources=sources.connections,
                proposals=proposals,
            )
        )

    if page:
        proposed = make(path, _go_on(wanted.company, page), page, setup, None, text_of)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text_of(proposed))
    write_schema(context, path.parent)
    say_new_company(path, proposed, proposals, as_json=as_json, sources=sources)
    return ExitCode.IN_SYNC


def _begun(context: Context, path: Path, wanted: GivenCompany) -> Proposed:
    """Go on with databases that an earlier try did not finish. Raises ``ConfigError`` for any other file."""
    begun = unfinished(path) if wanted.create_under else None
    if begun is None:
        raise ConfigError(f"{path} is there already, and init overwrites nothing", hint="choose another name")
    setup = _setup(context, begun.connection, path.parent)
    page = wanted.create_under
    return make(path, _go_on(wanted.company, page), page, setup, begun.made, lambda _: "")


def _go_on(company: str, page: str) -> str:
    return f"okrsync init {company} --create-under {page}"


def _destination(
    sources: NewSources, wanted: GivenCompany, asked: Questions
) -> tuple[Mapping[str, Any], str, str]:
    """The connection to Notion, the database with the key results, and the page to make new ones under."""
    database, page = wanted.from_notion, wanted.create_under
    connection = sources.notion(wanted=bool(database or page))
    if connection is None:
        later = {"type": "notion", "token": {"env": sources.given.notion.variable}}
        url = {"url": sources.given.notion_url} if sources.given.notion_url else {}
        return later | url, database, page
    if database or page or not asked.asks:
        return connection, database, page
    return connection, *_chosen(sources.found["notion"].resources, asked)


def _chosen(seen: Sequence[Resource], asked: Questions) -> tuple[str, str]:
    """The address of the database that the person chooses, or that of a page for new ones; both may be empty."""
    for number, one in enumerate(seen, 1):
        likely = "  (looks like key results)" if one.fits else ""
        echo(f"  {number}. {one.name}, {one.detail}{likely}", err=True)
    first = "1" if seen and seen[0].fits else ""
    while True:
        answer = asked.optional(
            "", "Which database holds the key results? A number, an address, new or later", first or "later"
        )
        if answer.casefold() == "new":
            return "", asked.needed("", "Address of the page to make them under", "--create-under PAGE")
        if answer.casefold() == "later":
            return "", ""
        if not answer.isdecimal():
            return answer, ""
        if 1 <= int(answer) <= len(seen):
            return seen[int(answer) - 1].address, ""
        echo(f"! there is no database {answer}: write 1 to {len(seen)}, or an address", err=True)


def _looked(setup: Setup, database: str) -> Proposed:
    from okrsync.config.new_company import NOTHING

    if not database:
        return NOTHING
    with console(stderr=True).status("reading the database"):
        return setup.propose(database)


def _proposals(proposed: Proposed, sources: NewSources) -> Mapping[str, tuple[MetricProposal, ...]]:
    from okrsync.config.proposals import proposals

    return proposals(proposed.key_results, sources.offers)


def _look(context: Context, given: GivenSources, *, as_json: bool) -> int:
    """List what the given tokens can see. Without a terminal as with one, nothing is asked."""
    sources = NewSources(
        context=context, questions=Questions(asks=False), given=given, name="", folder=Path().absolute()
    )
    others = bool(given.jira or given.spreadsheet or given.exports)
    connection = sources.notion(wanted=not others)
    if connection is not None:
        sources.found["notion"] = sources.look("notion", connection)
    sources.collect()
    if as_json:
        say_json({"found": found_data(sources)})
        return ExitCode.IN_SYNC
    for name, found in sources.found.items():
        for line in seen_lines(name, found):
            echo(line)
    return ExitCode.IN_SYNC


def _setup(context: Context, connection: Mapping[str, Any], folder: Path) -> Setup:
    connector = context.connectors[connection["type"]]
    assert connector.setup is not None
    return connector.setup(*opened(context, connection["type"], connection, folder))
