"""Where the key results stand, as of the last run: no requests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from okrsync.config import Company
from okrsync.model import Outcome
from okrsync.render.words import STATUS, goal, moment, number, share

if TYPE_CHECKING:
    from rich.table import Table

STYLE = {
    "on_track": "green",
    "achieved": "bold green",
    "behind": "yellow",
    "at_risk": "red",
    "not_started": "dim",
}


def status_table(company: Company, outcomes: Mapping[str, Outcome]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("id", "key result"):
        table.add_column(name, overflow="fold")
    for name in ("goal", "now", "progress", "expected"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("as of", no_wrap=True)
    for one in company.key_results:
        outcome = outcomes.get(one.id)
        if outcome is None:
            table.add_row(one.id, one.title or one.metric, "–", "–", "–", "–", "never synced", "–")
            continue
        table.add_row(*_line(company, one.id, one.title, outcome.detail))
        for effort in efforts(one.id, outcomes):
            table.add_row(
                "", f"· {effort['title']}", "", "", share(effort["progress"], company.locale), "", "", ""
            )
    return table


def efforts(key_result: str, outcomes: Mapping[str, Outcome]) -> list[Mapping[str, Any]]:
    """The initiatives of a key result, as the last run found them."""
    return [one.detail for one in outcomes.values() if one.detail.get("initiative_of") == key_result]


def _line(company: Company, subject: str, title: str, detail: Mapping[str, Any]) -> list[str]:
    unit, locale = detail["unit"], company.locale
    answer = detail["answer"]
    as_of = moment(datetime.fromisoformat(answer["as_of"]), company.zone) if "as_of" in answer else "–"
    held = any(cell["verdict"] == "held" for cell in detail["cells"].values())
    word = detail["status"]
    shown = f"[{STYLE[word]}]{STATUS[word]}[/]" if word else "[red]no data[/]"
    return [
        subject,
        title or detail["title"] or detail["metric"],
        goal(detail["goal"], unit, locale),
        number(detail["value"], unit, locale),
        share(detail["progress"], locale),
        share(detail["expected"], locale),
        f"{shown} [bold red]HELD[/]" if held else shown,
        as_of,
    ]
