"""``okrsync import``: a company's YAML from the table that another tool exports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from okrsync.cli.arguments import Json, Locale, Timezone
from okrsync.cli.context import Context
from okrsync.cli.new_company_file import LOCALE, ZONE, locale_of, named_path, write_schema, zone_of
from okrsync.cli.output import say_json
from okrsync.cli.streams import echo, echo_file
from okrsync.errors import ConfigError, ExitCode
from okrsync.spelling import counted

if TYPE_CHECKING:
    from okrsync.discovery import ExportedTable
    from okrsync.imports import Imported

PRINTED = "imported"
"""What the company is called in a YAML that is only printed."""


def import_table(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV or XLSX that another tool exported.")],
    company: Annotated[
        str | None,
        typer.Argument(metavar="COMPANY", help="Write the YAML of this new company; else it is printed."),
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="ROLE=HEADING", help="Which column holds what; may be repeated."),
    ] = None,
    sheet: Annotated[
        str | None, typer.Option("--sheet", metavar="NAME", help="The sheet of a workbook that has several.")
    ] = None,
    locale: Locale = "",
    timezone: Timezone = "",
    as_json: Json = False,
) -> int:
    """Take OKRs and KPIs over from the table of another tool.

    Every metric says TODO: a table says what should be reached, not where its number comes from. What was not understood is listed. It never overwrites a file.
    """
    from okrsync.config.new_company import NOTHING, NewCompany, company_yaml
    from okrsync.discovery import Proposed
    from okrsync.imports import below_titles, columns_of, read_table

    context: Context = ctx.obj
    zone, spelled = zone_of(timezone or ZONE), locale_of(locale or LOCALE)
    path = named_path(context, company) if company is not None else None
    if path is not None and path.exists():
        raise ConfigError(
            f"{path} is there already, and import overwrites nothing", hint="choose another name"
        )
    said = _said(column or ())
    table, headings = below_titles(_table(context, file, sheet), said)
    try:
        columns = columns_of(table.header, said)
    except ValueError as error:
        raise ConfigError(str(error), hint="--column ROLE=HEADING") from None
    found = read_table(table, columns, spelled)
    text = company_yaml(
        NewCompany(
            name=path.stem if path is not None else PRINTED,
            title=path.stem if path is not None else PRINTED,
            timezone=zone,
            locale=spelled,
            today=context.clock.now().date(),
            connection={"type": "notion", "token": {"env": "NOTION_TOKEN"}},
            proposed=Proposed(
                tables=NOTHING.tables,
                key_results=tuple(found.key_results),
                objectives=tuple(found.objectives),
            ),
            initiatives=tuple(found.initiatives),
            kpis=tuple(found.kpis),
        )
    )
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as new:
            new.write(text)
        write_schema(context, path.parent)
    named = {role: table.header[at] for role, at in columns.items()}
    if as_json:
        _say_data(found, named, headings, path, text)
    else:
        if path is None:
            echo_file(text)
        _say(found, named, headings, path)
    return ExitCode.HELD if found.left else ExitCode.IN_SYNC


def _table(context: Context, file: Path, sheet: str | None) -> ExportedTable:
    """Let the connector read the file that reads files: its settings have a path."""
    from okrsync.ports import ConnectorContext

    for name in context.connectors:
        connector = context.connectors[name]
        if connector.rows is not None:
            settings = {"path": file.name} | ({"sheet": sheet} if sheet is not None else {})
            opening = ConnectorContext(name=file.name, clock=context.clock, base=str(file.parent))
            return connector.rows(connector.settings.model_validate(settings), opening)
    raise ConfigError("no installed connector reads files", hint="okrsync connectors")


def _said(pairs: list[str] | tuple[str, ...]) -> dict[str, str]:
    said = {}
    for pair in pairs:
        role, equals, heading = pair.partition("=")
        if not equals:
            raise ConfigError(f"{pair!r} names no heading", hint="--column target=Goal")
        said[role.strip()] = heading.strip()
    return said


def _say(found: Imported, named: dict[str, str], headings: int, path: Path | None) -> None:
    err = path is None
    if path is not None:
        echo(f"{path}: written, {', '.join(_counts(found))}")
    if headings:
        echo(f"  the headings are in row {headings}; what is above it is left out", err=err)
    for role, heading in named.items():
        echo(f"  {role:<16} ← {heading}", err=err)
    for heading in found.unknown:
        echo(f"  ! the column {heading!r} is not read: --column ROLE={heading!r} if it should be", err=err)
    for one in found.left:
        echo(f"  ! row {one.row}, {one.column}: {one.text}", err=err)
    if path is not None:
        echo(f"→ write the address of the database and the metrics, then: okrsync lint {path.stem}")


def _counts(found: Imported) -> list[str]:
    parts = [counted(len(found.objectives), "objective"), counted(len(found.key_results), "key result")]
    parts += [counted(len(found.initiatives), "initiative")] if found.initiatives else []
    return parts + ([counted(len(found.kpis), "KPI")] if found.kpis else [])


def _say_data(found: Imported, named: dict[str, str], headings: int, path: Path | None, text: str) -> None:
    say_json(
        {
            "file": str(path) if path is not None else None,
            "headings_in_row": headings or None,
            "columns": named,
            "objectives": len(found.objectives),
            "key_results": len(found.key_results),
            "initiatives": len(found.initiatives),
            "kpis": len(found.kpis),
            "unknown_columns": found.unknown,
            "not_understood": [
                {"row": one.row, "column": one.column, "text": one.text} for one in found.left
            ],
            **({} if path is not None else {"yaml": text}),
        }
    )
