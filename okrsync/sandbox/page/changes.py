"""Change a source with one button, as ``page.yaml`` beside the seed lists the changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from okrsync.emulation import Emulator


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Put ``put`` into the first ``most`` records that have all of ``where``; without ``most`` into all of them."""

    label: str
    where: Mapping[str, str]
    put: Mapping[str, str]
    table: str = ""
    most: int | None = field(default=None)


def change_of(data: Mapping[str, Any]) -> Change:
    given = {name: value for name, value in data.items() if name != "set"}
    return Change(put=data["set"], **given)


def matches(record: Mapping[str, str], where: Mapping[str, str]) -> bool:
    return all(record.get(name) == text for name, text in where.items())


def met(emulator: Emulator, change: Change) -> list[str]:
    """The keys of all records that the change is about."""
    (view,) = [one for one in emulator.tables() if one.title == change.table]
    rows = (dict(zip(view.columns, row, strict=True)) for row in view.rows)
    return [row[view.columns[0]] for row in rows if matches(row, change.where)]


def apply(emulator: Emulator, change: Change) -> int:
    """Apply the change as a person would; how many records it met."""
    keys = met(emulator, change)[: change.most]
    for key in keys:
        for column, text in change.put.items():
            emulator.edit(change.table, key, column, text)
    return len(keys)
