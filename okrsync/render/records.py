"""Show the records behind a number: as text with links, as CSV, as JSON."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.style import Style
from rich.text import Text

from okrsync.connector import is_encrypted
from okrsync.model import NoValue, SourceRecord

if TYPE_CHECKING:
    from okrsync.render import outputs
    from okrsync.sync.records import MetricRecords

SHORT = 60


def records_text(listings: Sequence[MetricRecords]) -> Text:
    """The first records of each metric, one on a line, and how many there are."""
    out = Text()
    for one in listings:
        if isinstance(one.found, NoValue):
            hint = f" → {one.found.hint}" if one.found.hint else ""
            out.append(f"  {one.metric}: ", style="cyan").append(f"{one.found.reason}{hint}\n")
            continue
        shown = len(one.found.records)
        count = f"{shown} of {one.found.total}" if shown < one.found.total else f"all {shown}"
        said = "1 record, as it is now" if one.found.total == 1 else f"{count} records, as they are now"
        out.append(f"  {one.metric}: ", style="cyan").append(f"{said}\n")
        for record in one.found.records:
            out.append_text(_line(record))
    return out


def _line(record: SourceRecord) -> Text:
    # A link that a terminal opens is only ever one to the source itself, without characters that end it.
    link = record.link if is_encrypted(record.link) and record.link.isprintable() else ""
    line = Text("    ").append(record.id, style=Style(bold=True, link=link or None))
    for name, text in record.cells:
        if text:
            line.append(f"  {name} ", style="dim").append(_short(text))
    if link:
        line.append(f"  {link}", style="dim")
    return line.append("\n")


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= SHORT else f"{plain[: SHORT - 1]}…"


def records_csv(listings: Sequence[MetricRecords]) -> str:
    """Every record on a line: metric, record, link, and a column for each part that the number depends on."""
    names = list(
        dict.fromkeys(name for one in listings for record in _records(one) for name, _ in record.cells)
    )
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["metric", "record", "link", *names])
    for one in listings:
        for record in _records(one):
            cells = dict(record.cells)
            row = [one.metric, record.id, record.link, *(cells.get(name, "") for name in names)]
            writer.writerow([_harmless(text) for text in row])
    return out.getvalue()


def _records(one: MetricRecords) -> Iterator[SourceRecord]:
    if not isinstance(one.found, NoValue):
        yield from one.found.records


def _harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: titles come from outside."""
    return (
        f"'{text}"
        if text[:1] in {"=", "+", "@", "\t", "\r"} or (text[:1] == "-" and not _number(text))
        else text
    )


def _number(text: str) -> bool:
    return text[1:].replace(".", "", 1).isdecimal()


def without_records(listings: Sequence[MetricRecords]) -> Iterator[str]:
    """Why there are no records of a metric to list, for each that has none."""
    for one in listings:
        if isinstance(one.found, NoValue):
            yield f"{one.metric}: {one.found.reason}" + (f" → {one.found.hint}" if one.found.hint else "")


def records_data(listings: Sequence[MetricRecords]) -> list[outputs.Listing]:
    """What ``--json`` prints of the records."""
    return [_listing(one) for one in listings]


def _listing(one: MetricRecords) -> outputs.Listing:
    if isinstance(one.found, NoValue):
        return {
            "metric": one.metric,
            "connection": one.connection,
            "missing": one.found.reason,
            "hint": one.found.hint,
        }
    return {
        "metric": one.metric,
        "connection": one.connection,
        "total": one.found.total,
        "records": [
            {"id": record.id, "link": record.link, "cells": dict(record.cells)}
            for record in one.found.records
        ],
    }
