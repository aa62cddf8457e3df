"""Say what one exported file holds and which metrics it offers, for ``okrsync init``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from okrsync.discovery import Discovery, Offer, Resource
from okrsync.ports import ConnectorContext
from okrsync_crm.inspect.proposal import inspect
from okrsync_crm.settings import CrmSettings


def discover(settings: CrmSettings, context: ConnectorContext) -> Discovery:
    """What ``okrsync inspect`` finds, with the YAML that it has run. Raises ``DataError`` if the file cannot be read."""
    from ruamel.yaml import YAML

    said, _, written = inspect(settings, settings.path, context).partition("\nYAML:\n")
    yaml = YAML(typ="safe", pure=True).load(written) or {}
    own: dict[str, Any] = dict(next(iter((yaml.get("connections") or {}).values()), {}))
    keys = {key: value for key, value in own.items() if key not in {"type", "path"}}
    stem = Path(settings.path).name.split(".")[0]
    offers = [_offer(name, stem, metric) for name, metric in (yaml.get("metrics") or {}).items()]
    notes = [line.removeprefix("  ! ") for line in said.splitlines() if line.startswith("  ! ")]
    name = Path(settings.path).name
    return Discovery(
        account=name,
        resources=(Resource(kind="file", name=name, address=settings.path),),
        offers=tuple(offers),
        settings=keys,
        notes=tuple(notes),
    )


def _offer(name: str, stem: str, metric: Mapping[str, Any]) -> Offer:
    """People call a sum of a column by the column, and a count by what its rows are."""
    keys = {key: value for key, value in metric.items() if key != "from"}
    filters = " ".join(str(value) for value in (keys.get("where") or {}).values())
    about = f"{filters} {keys.get('field') or stem}"
    slug = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in stem.lower())
    letters = "_".join(part for part in slug.split("_") if part and not part.isdecimal())
    return Offer(name=f"{letters}_{name}" if letters else name, about=about.strip(), keys=keys)
