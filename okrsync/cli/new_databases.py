"""Create databases for ``okrsync init --create-under``, and keep each in the YAML once it is made.

The file's first line says that it is unfinished until all is made; by that line a second try knows that it may go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from okrsync.errors import OkrsyncError

if TYPE_CHECKING:
    from okrsync.discovery import Proposed, Setup

MARK: Final = "# Unfinished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A YAML whose databases are not all made. ``made`` are the addresses of those that are."""

    connection: dict[str, Any]
    made: Mapping[str, str]


def unfinished(path: Path) -> Unfinished | None:
    """The YAML at ``path`` if an earlier ``--create-under`` did not finish it, else None."""
    from okrsync.config.models import TODO
    from okrsync.config.new_company import addresses_in
    from okrsync.config.yamlfile import parse_yaml

    text = path.read_text(encoding="utf-8")
    if not text.startswith(MARK):
        return None
    data = parse_yaml(text, name=str(path)).data
    connection = data["connections"][data["destination"]["connection"]]
    made = {name: address for name, address in addresses_in(text).items() if address != TODO}
    return Unfinished(connection=connection, made=made)


def make(
    path: Path,
    command: str,
    parent: str,
    setup: Setup,
    made: Mapping[str, str] | None,
    text_of: Callable[[Proposed], str],
) -> Proposed:
    """The tables below ``parent``, those that an earlier try has ``made`` included; each is in the YAML as soon as it is there.

    ``command`` is what goes on after a failure. ``text_of`` is the YAML of a file that is not there yet.
    """

    def keep(proposed: Proposed) -> None:
        if path.exists():
            _update(path, proposed)
        else:
            _create(path, f"{MARK}: not every database is made. Go on with: {command}\n{text_of(proposed)}")

    try:
        proposed = setup.create(parent, made, keep)
    except OkrsyncError as error:
        if path.exists():
            go_on = f"{path.name} names what was made so far; go on with: {command}"
            error.hint = f"{error.hint}\n  → {go_on}" if error.hint else go_on
        raise
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith(MARK)), encoding="utf-8")
    return proposed


def _create(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(text)


def _update(path: Path, proposed: Proposed) -> None:
    from okrsync.config.new_company import with_addresses

    addresses = {name: str(table["database"]) for name, table in proposed.tables.items()}
    text = path.read_text(encoding="utf-8")
    path.write_text(with_addresses(text, addresses), encoding="utf-8")
