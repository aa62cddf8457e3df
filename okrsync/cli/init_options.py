"""Declare the options of ``okrsync init``: of Notion, the sources, the company and its next cycle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import typer

from okrsync.cli.arguments import Locale, Timezone, day
from okrsync.cli.new_sources import JIRA_TOKEN_FILE, GivenSources, GivenToken

TOKEN = "NOTION_TOKEN"  # noqa: S105 - the name of the variable, not what it holds
JIRA_TOKEN = "JIRA_TOKEN"  # noqa: S105 - as above


@dataclass(frozen=True, slots=True, kw_only=True)
class NotionOptions:
    """Where the OKRs are or will be; an empty text says nothing."""

    from_notion: Annotated[
        str, typer.Option("--from-notion", metavar="URL", help="Propose the mapping from this OKR database.")
    ] = ""
    create_under: Annotated[
        str, typer.Option("--create-under", metavar="PAGE", help="Make the OKR databases below this page.")
    ] = ""
    token_env: Annotated[
        str, typer.Option("--token-env", metavar="NAME", help="Variable with the token of Notion.")
    ] = TOKEN
    token_file: Annotated[
        str, typer.Option("--token-file", metavar="FILE", help="File with the token of Notion, instead.")
    ] = ""
    url: Annotated[
        str, typer.Option("--url", help="Where Notion's API answers, if not at its own place.", hidden=True)
    ] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceOptions:
    """Where the numbers are; an empty text says nothing."""

    jira: Annotated[str, typer.Option("--jira", metavar="URL", help="Address of a Jira to read from.")] = ""
    jira_email: Annotated[
        str, typer.Option("--jira-email", metavar="EMAIL", help="Of the account that reads a Jira Cloud.")
    ] = ""
    jira_token_env: Annotated[
        str, typer.Option("--jira-token-env", metavar="NAME", help="Variable with the token of Jira.")
    ] = JIRA_TOKEN
    jira_token_file: Annotated[
        str, typer.Option("--jira-token-file", metavar="FILE", help="File with the token of Jira, instead.")
    ] = ""
    spreadsheet: Annotated[
        str, typer.Option("--spreadsheet", metavar="URL", help="A Google spreadsheet to read from.")
    ] = ""
    google_key: Annotated[
        str,
        typer.Option("--google-key", metavar="FILE", help="Key of the Google service account that reads it."),
    ] = ""
    exports: Annotated[
        str, typer.Option("--exports", metavar="FOLDER", help="Folder with files exported from a CRM.")
    ] = ""
    google_url: Annotated[
        str, typer.Option("--google-url", help="Where Google answers, if not at its own place.", hidden=True)
    ] = ""

    @property
    def named(self) -> bool:
        """Whether a source is named; a token or key alone names none."""
        return bool(self.jira or self.spreadsheet or self.exports)


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyOptions:
    """The company itself; an empty text says nothing."""

    timezone: Timezone = ""
    locale: Locale = ""
    title: Annotated[str, typer.Option("--title", metavar="TITLE", help="How reports call the company.")] = ""

    @property
    def given(self) -> bool:
        return bool(self.timezone or self.locale or self.title)


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleOptions:
    """The next cycle of a company that has a YAML."""

    next_cycle: Annotated[
        bool, typer.Option("--next-cycle", help="Roll a company over: every start becomes the last value.")
    ] = False
    name: Annotated[
        str,
        typer.Option(
            "--name",
            metavar="NAME",
            help="With --next-cycle: its name; not needed after a month, quarter or year.",
        ),
    ] = ""
    start: Annotated[
        datetime | None,
        typer.Option("--start", parser=day, metavar="DATE", help="With --next-cycle: its first day."),
    ] = None
    end: Annotated[
        datetime | None,
        typer.Option("--end", parser=day, metavar="DATE", help="With --next-cycle: its last day."),
    ] = None
    write: Annotated[
        bool,
        typer.Option("--write", help="With --next-cycle: replace the file; else the new one is printed."),
    ] = False

    @property
    def described(self) -> bool:
        """Whether something is said that only --next-cycle has a use for."""
        return bool(self.name or self.start or self.end or self.write)


def given_sources(notion: NotionOptions, sources: SourceOptions, notion_url: str) -> GivenSources:
    """What the options say of the sources; ``notion_url`` is where Notion answers if they do not say it."""
    return GivenSources(
        notion=GivenToken(variable=notion.token_env, file=notion.token_file),
        notion_url=notion.url or notion_url,
        jira=sources.jira,
        jira_email=sources.jira_email,
        jira_token=GivenToken(
            variable=sources.jira_token_env, file=sources.jira_token_file, option=JIRA_TOKEN_FILE
        ),
        spreadsheet=sources.spreadsheet,
        google_key=sources.google_key,
        google_url=sources.google_url,
        exports=sources.exports,
    )
