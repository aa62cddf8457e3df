"""Declare arguments and options that several commands share."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

import typer

from okrsync.cli.completion import company_names, key_result_ids


def day(text: str) -> datetime:
    """The midnight that a date begins with. Raises an error of the command line that says how to write it."""
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%d")  # noqa: DTZ007 - a date of the company's own calendar
    except ValueError:
        found = re.fullmatch(r"(\d{1,2})\.(\d{1,2})\.(\d{4})", text.strip())
        meant = f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}" if found is not None else "2026-10-01"
        raise typer.BadParameter(f"{text!r} is no date; write year, month and day: {meant}") from None


Company = Annotated[
    str,
    typer.Argument(
        metavar="COMPANY",
        help="Name of a YAML in the configuration folder, or its path.",
        autocompletion=company_names,
    ),
]
Subjects = Annotated[
    list[str] | None,
    typer.Argument(
        help="Ids of key results or objectives; default: all.", metavar="KR", autocompletion=key_result_ids
    ),
]
# Of a new company. Empty: not said, which `init` asks about on a terminal.
Timezone = Annotated[
    str, typer.Option("--timezone", metavar="ZONE", help="Such as Europe/Berlin; default: UTC.")
]
Locale = Annotated[
    str,
    typer.Option(
        "--locale", metavar="LOCALE", help="How numbers are written: such as de_DE; default: en_US."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Every = Annotated[bool, typer.Option("--all", help="Every company in the configuration folder.")]
Due = Annotated[bool, typer.Option("--due", help="Only those whose schedule has come since their last sync.")]
AtOnce = Annotated[
    int | None, typer.Option(metavar="N", min=1, max=64, help="How many companies side by side; default: 8.")
]
