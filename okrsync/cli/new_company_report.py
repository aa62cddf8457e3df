"""Say what `okrsync init` has found and written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from okrsync.cli.new_sources import NewSources, seen_lines
from okrsync.cli.output import say_json
from okrsync.cli.streams import echo
from okrsync.spelling import counted

if TYPE_CHECKING:
    from okrsync.config.proposals import MetricProposal
    from okrsync.discovery import Proposed


_COLUMNS: Final = ("match", "baseline", "target", "owner")
"""Keys of a table that name a column, beside its cells."""


def _columns(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    return ((key, table[key]) for key in _COLUMNS if key in table)


def found_data(sources: NewSources) -> dict[str, Any]:
    return {
        name: {
            "account": found.account,
            "resources": [
                {"kind": one.kind, "name": one.name, "address": one.address} for one in found.resources
            ],
            "notes": list(found.notes),
        }
        for name, found in sources.found.items()
    }


def say_new_company(
    path: Path,
    proposed: Proposed,
    proposals: Mapping[str, tuple[MetricProposal, ...]],
    *,
    as_json: bool,
    sources: NewSources | None = None,
) -> None:
    if as_json:
        said = {
            "file": str(path),
            "tables": {name: dict(table) for name, table in proposed.tables.items()},
            "key_results": len(proposed.key_results),
            "objectives": len(proposed.objectives),
            "remarks": list(proposed.remarks),
            "proposals": {subject: [one.name for one in several] for subject, several in proposals.items()},
        }
        say_json(said | ({"found": found_data(sources)} if sources is not None else {}))
        return
    if sources is not None and not sources.questions.asks:
        for name, found in sources.found.items():
            for line in seen_lines(name, found):
                echo(line)
    echo(f"{path}: written, {counted(len(proposed.key_results), 'key result')}")
    for name, table in proposed.tables.items():
        for part, column in (*_columns(table), *table["cells"].items()):
            echo(f"  {name} {part:<10} → {column}")
    for remark in proposed.remarks:
        echo(f"  ! {remark}")
    for one in proposed.key_results:
        if one.id in proposals:
            names = " or ".join(found.name for found in proposals[one.id])
            echo(f"  {one.id} {one.title}: measured by {names}? (only a proposal)")
    echo(f"→ fill in what says TODO, then: okrsync validate {path.stem}")
