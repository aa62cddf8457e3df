"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Company = Annotated[
    str, typer.Argument(metavar="COMPANY", help="Name of a YAML in the configuration folder, or its path.")
]
Subjects = Annotated[
    list[str] | None,
    typer.Argument(help="Ids of key results or objectives; default: all.", metavar="KR"),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text.")]
Every = Annotated[bool, typer.Option("--all", help="Every company in the configuration folder.")]
Due = Annotated[bool, typer.Option("--due", help="Only those whose schedule has come since their last sync.")]
AtOnce = Annotated[
    int | None, typer.Option(metavar="N", min=1, max=64, help="How many companies side by side; default: 8.")
]
