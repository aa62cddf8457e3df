"""Show the sources as cards: what they hold, what can be changed, and what can be broken."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from okrsync.config.yamlfile import read_yaml
from okrsync.emulation import Emulator, Mishap
from okrsync.sandbox.environment import DemoEnvironment
from okrsync.sandbox.page.changes import Change, apply, change_of, met
from okrsync.sandbox.page.exports import Export

_TITLES: Final = {"jira": "Jira", "sheets": "Google Sheets", "crm": "CRM export", "notion": "Notion"}
_ROWS: Final = 12


class Sources:
    """All connections of the company. ``now`` is the demo's present."""

    def __init__(self, environment: DemoEnvironment, now: Callable[[], datetime]) -> None:
        self._connections: Mapping[str, Any] = environment.data["connections"]
        self._emulators = environment.emulators
        listed = read_yaml(environment.seed / "page.yaml").data
        self._changes = {name: [change_of(one) for one in some] for name, some in listed.items()}
        self._folder: Path = environment.company.parent
        self._now = now
        self.start_over()

    def start_over(self) -> None:
        """Repair everything, and write the exports again."""
        self._exports = {
            name: Export(connection, self._folder, self._now)
            for name, connection in self._connections.items()
            if name not in self._emulators
        }
        self._broken: set[tuple[str, str]] = set()
        self.new_exports()

    def new_exports(self) -> None:
        for export in self._exports.values():
            export.write_again()

    def change(self, name: str, number: int) -> str:
        """Apply a change from the list; returns what happened. Raises ``LookupError`` if there is no such change."""
        self._check(name)
        listed = self._changes.get(name, ())
        if not 0 <= number < len(listed):
            raise LookupError(f"{name} has no change {number}")
        change = listed[number]
        emulator = self._emulators.get(name)
        count = apply(emulator, change) if emulator is not None else self._exports[name].change(change)
        if not count:
            return f"{change.label}: there is none left."
        return f"{self._title(name)}: {count} {'record has' if count == 1 else 'records have'} changed."

    def type_in(self, name: str, table: str, row: int, column: int, text: str) -> None:
        """A person types into a spreadsheet. Raises ``LookupError`` if there is no such cell."""
        self._check(name)
        if self._connections[name]["type"] != "sheets":
            raise LookupError(f"{name} is no spreadsheet")
        view = next((one for one in self._emulators[name].tables() if one.title == table), None)
        if view is None or not (0 <= row < len(view.rows) and 0 <= column < len(view.columns)):
            raise LookupError(f"there is no such cell in {table!r}")
        self._emulators[name].edit(table, str(row + 2), _letter(column), _typed(text))

    def disturb(self, name: str, mishap: str, *, on: bool) -> str:
        """Break something or repair it; returns what happened. Raises ``LookupError`` if there is no such mishap."""
        found = next((one for one in self._mishaps(name) if one.id == mishap), None)
        if found is None:
            raise LookupError(f"{name} has nothing called {mishap!r} to break")
        (found.begin if on else found.end)()
        (self._broken.add if on else self._broken.discard)((name, mishap))
        title = self._title(name)
        return f"{title}: {found.label[0].lower()}{found.label[1:]}." if on else f"{title} works again."

    def cards(self) -> list[dict[str, Any]]:
        return [self._card(name, connection) for name, connection in self._connections.items()]

    def _card(self, name: str, connection: Mapping[str, Any]) -> dict[str, Any]:
        emulator = self._emulators.get(name)
        mishaps = [
            {"id": one.id, "label": one.label, "on": (name, one.id) in self._broken}
            for one in self._mishaps(name)
        ]
        return {
            "name": name,
            "title": self._title(name),
            "broken": ", ".join(str(one["label"]) for one in mishaps if one["on"]),
            "text": "" if emulator is not None else self._exports[name].describe(),
            "changes": [
                {"number": number, "label": one.label, "left": self._left(name, one)}
                for number, one in enumerate(self._changes.get(name, ()))
            ],
            "grids": _grids(emulator) if emulator is not None and connection["type"] == "sheets" else [],
            "mishaps": mishaps,
        }

    def _title(self, name: str) -> str:
        """What it is, and which one if there are more of its type."""
        kind = str(self._connections[name]["type"])
        alike = [one for one in self._connections.values() if one["type"] == kind]
        return _TITLES.get(kind, kind) + (f": {name}" if len(alike) > 1 else "")

    def _left(self, name: str, change: Change) -> int:
        emulator = self._emulators.get(name)
        return len(met(emulator, change)) if emulator is not None else self._exports[name].left(change)

    def _check(self, name: str) -> None:
        if name not in self._connections:
            raise LookupError(f"there is no source {name!r}")

    def _mishaps(self, name: str) -> Sequence[Mishap]:
        self._check(name)
        emulator = self._emulators.get(name)
        return emulator.mishaps() if emulator is not None else self._exports[name].mishaps()


def _grids(emulator: Emulator) -> list[dict[str, Any]]:
    return [
        {"title": one.title, "columns": list(one.columns), "rows": [list(row) for row in one.rows[:_ROWS]]}
        for one in emulator.tables()
    ]


def _letter(column: int) -> str:
    return chr(ord("A") + column) if column < 26 else _letter(column // 26 - 1) + _letter(column % 26)


def _typed(text: str) -> Any:
    """What a spreadsheet makes of a text that a person types: a number, a date, an error, or the text."""
    text = text.strip()
    plain = text.replace(",", "")
    if text.startswith("#") and text.endswith(("!", "?", "A")):
        return {"error": text}
    if re.fullmatch(r"[+-]?\d{1,15}(\.\d{1,10})?%", plain):
        return {"percent": float(plain[:-1]) / 100}
    if re.fullmatch(r"[+-]?\d{1,15}", plain):
        return int(plain)
    if re.fullmatch(r"[+-]?\d{1,15}\.\d{1,10}", plain):
        return float(plain)
    try:
        return {"date": date.fromisoformat(text)}
    except ValueError:
        return text or None
