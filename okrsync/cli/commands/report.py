"""``okrsync report``: the page for people who never open a terminal."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from okrsync.cli.arguments import Every
from okrsync.cli.completion import company_names
from okrsync.cli.context import Context
from okrsync.cli.streams import echo, echo_file, visible
from okrsync.errors import ConfigError, ExitCode, OkrsyncError, exit_code_of

if TYPE_CHECKING:
    from okrsync.report import ReportIndex, ReportPage

STDOUT = "-"


class ReportFormat(StrEnum):
    """The forms that a report is written in."""

    HTML = "html"
    MARKDOWN = "markdown"


def report(
    ctx: typer.Context,
    company: Annotated[
        str | None,
        typer.Argument(
            metavar="COMPANY", help="Name of a YAML, or its path; or --all.", autocompletion=company_names
        ),
    ] = None,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="File or folder; - is the terminal. Default: COMPANY-report.html, with --all the folder okr-reports.",
        ),
    ] = "",
    form: Annotated[
        ReportFormat,
        typer.Option("--format", help="A page with charts, or text for a chat or a Notion page."),
    ] = ReportFormat.HTML,
    every: Every = False,
) -> int:
    """Write a page for people: objectives, charts, what is held. Sends no request."""
    context: Context = ctx.obj
    if (company is None) != every:
        raise ConfigError(
            "name one company, or write --all", hint="okrsync report COMPANY, or okrsync report --all"
        )
    if company is None:
        return _all(context, output, form)
    page = _page(context, company)
    to = Path(output or _file(page, form))
    _write(_rendered(page, form), str(to / _file(page, form) if to.is_dir() else output or to))
    return ExitCode.IN_SYNC if page.in_sync else ExitCode.HELD


def _page(context: Context, name: str) -> ReportPage:
    from okrsync.report import company_page

    loaded = context.company(name)
    with context.ledger() as ledger:
        return company_page(loaded, ledger, context.clock.now())


def _rendered(page: ReportPage, form: ReportFormat, index: str = "") -> str:
    from okrsync.report import page_html, page_markdown

    return page_html(page, index=index) if form is ReportFormat.HTML else page_markdown(page)


def _file(page: ReportPage, form: ReportFormat) -> str:
    return f"{page.company}-report.{'html' if form is ReportFormat.HTML else 'md'}"


def _all(context: Context, output: str, form: ReportFormat) -> int:
    """One page for each company in a folder, and the list of them; a fault of one stops no other."""
    from okrsync.fleet import worst
    from okrsync.report import index_markdown

    if not (names := context.companies()):
        raise context.no_company()
    pages: list[ReportPage] = []
    failed: dict[str, BaseException] = {}
    for name in names:
        try:
            pages.append(_page(context, name))
        except Exception as error:  # noqa: BLE001 - one company's fault, a bug too, stops no other
            failed[name] = error
    index = _index(context, pages, failed)
    if form is ReportFormat.MARKDOWN:
        _write(index_markdown(index), output or "okr-reports.md")
    else:
        _write_folder(index, Path(output or "okr-reports"))
    codes = [ExitCode.IN_SYNC if one.in_sync else ExitCode.HELD for one in pages]
    return worst([*codes, *map(exit_code_of, failed.values())])


def _index(context: Context, pages: Sequence[ReportPage], failed: Mapping[str, BaseException]) -> ReportIndex:
    from zoneinfo import ZoneInfo

    from okrsync import __version__
    from okrsync.report import Failed, ReportIndex, Words

    words = pages[0].words if pages else Words("en_US", ZoneInfo("UTC"))
    return ReportIndex(
        words=words,
        made=words("made", moment=words.moment(context.clock.now()), version=__version__),
        pages=tuple(pages),
        failed=tuple(Failed(company=name, **_said(error)) for name, error in failed.items()),
        files={one.company: f"{one.company}.html" for one in pages},
    )


def _said(error: BaseException) -> dict[str, str]:
    if isinstance(error, OkrsyncError):
        place = f"{error.place}: " if isinstance(error, ConfigError) and error.place else ""
        return {"reason": f"{place}{error.message}", "hint": error.hint}
    return {"reason": f"a bug in okrsync ({type(error).__name__})", "hint": "okrsync report COMPANY shows it"}


def _write_folder(index: ReportIndex, folder: Path) -> None:
    from okrsync.report import index_html

    if str(folder) == STDOUT:
        raise ConfigError("many pages need a folder", hint="--output FOLDER, or --format markdown")
    for page in index.pages:
        _write(_rendered(page, ReportFormat.HTML, "index.html"), str(folder / index.files[page.company]))
    _write(index_html(index), str(folder / "index.html"))


def _write(text: str, output: str) -> None:
    """Write the whole file or nothing: somebody may be reading it from a web server."""
    clean = visible(text)
    if output == STDOUT:
        echo_file(clean)
        return
    path = Path(output)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f".{path.name}.{os.getpid()}")
        fresh.write_text(clean, encoding="utf-8", newline="\n")
        fresh.replace(path)
    except OSError as error:
        raise ConfigError(f"the report cannot be written to {path}: {error.strerror}") from error
    echo(f"{path} is written ({len(clean.encode()) // 1024 + 1} kB)")
