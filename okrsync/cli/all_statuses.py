"""Show every company on one line: the table of ``okrsync status --all``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from okrsync.errors import ExitCode
from okrsync.periods import Phase

if TYPE_CHECKING:
    from rich.table import Table

    from okrsync.fleet.overview import CompanyOverview
    from okrsync.render import outputs

NONE: Final = "–"
_WORDS: Final = {
    ExitCode.IN_SYNC: "in sync",
    ExitCode.BUG: "a bug",
    ExitCode.CONFIG: "YAML",
    ExitCode.HELD: "held",
    ExitCode.UNSAFE: "unsafe",
    ExitCode.BUSY: "busy",
    ExitCode.ACCESS: "access",
    ExitCode.INTERRUPTED: "interrupted",
}
_STYLES: Final = {ExitCode.IN_SYNC: "green", ExitCode.HELD: "yellow", ExitCode.BUSY: "yellow"}
_CYCLE: Final = {
    Phase.BEFORE: ("not begun", "yellow"),
    Phase.RUNNING: ("runs", ""),
    Phase.CLOSING: ("closing", "yellow"),
    Phase.OVER: ("over", "bold red"),
}


def all_statuses_table(found: Sequence[CompanyOverview], now: datetime) -> Table:
    """One line for each company; a YAML that cannot be read is one with its reason."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from okrsync.render.words import moment

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("company", "last sync", "ended", "held", "cycle", "next due"):
        table.add_column(name, no_wrap=name != "next due", justify="right" if name == "held" else "left")
    for one in found:
        if one.error is not None:
            place = one.error.place.rpartition(os.sep)[2]  # the folder is the same for all
            reason = Text(f"{place}: " if place else "").append(one.error.message)
            refused = Text(f"{int(ExitCode.CONFIG)} {_WORDS[ExitCode.CONFIG]}", style="bold red")
            table.add_row(Text(one.name), NONE, refused, NONE, NONE, reason)
            continue
        running = one.known is not None and bool(one.known.holder)
        last = moment(one.last_run, one.zone) if one.last_run is not None else "never"
        code, (word, style) = one.last_code, _CYCLE[one.phase or Phase.RUNNING]
        ended = Text("runs now", "cyan") if running else Text(NONE)
        if not running and code is not None:
            ended = Text(f"{int(code)} {_WORDS[code]}", _STYLES.get(code, "bold red"))
        held = NONE if one.held is None else str(one.held)
        due = NONE if one.due is None else "now" if one.due <= now else moment(one.due, one.zone)
        table.add_row(Text(one.name), last, ended, held, Text(word, style), due)
    return table


def all_statuses_data(found: Sequence[CompanyOverview], code: ExitCode) -> outputs.AllStatuses:
    """What ``--json`` prints of all companies."""
    return {"companies": [_data(one) for one in found], "exit_code": code}


def _data(one: CompanyOverview) -> Any:
    known, error = one.known, one.error
    since = known.held_since if known is not None else None
    return {
        "name": one.name,
        "company": one.company or None,
        "last_run": one.last_run.isoformat() if one.last_run is not None else None,
        "exit_code": one.last_code,
        "held": one.held,
        "cycle": one.phase,
        "next_due": one.due.isoformat() if one.due is not None else None,
        "running_since": since.isoformat() if since is not None else None,
        "error": f"{error.place}: {error.message}".removeprefix(": ") if error is not None else "",
        "hint": error.hint if error is not None else "",
    }
