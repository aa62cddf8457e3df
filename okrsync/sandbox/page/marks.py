"""Say at each cell what the last sync did there: what it changed, what it holds, why, and what to do."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from okrsync.cells import Kind, kind_of
from okrsync.config import Company
from okrsync.emulation import Grid
from okrsync.memory import Memory
from okrsync.model import COUNT, PERCENT, Hold, Verdict
from okrsync.tables.registry import TABLES
from okrsync.units import show

# Which command lets a held cell go, and what it says on its button.
ACTIONS: Final[Mapping[str, str]] = {
    Hold.EDITED: "release",
    Hold.UNCLAIMED: "adopt",
    Hold.DOUBTFUL: "accept",
}


@dataclass(slots=True, kw_only=True)
class Marks:
    """``cells`` by row and column; ``notes`` by row; ``homeless`` are held key results without a row."""

    cells: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    notes: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    homeless: list[dict[str, Any]] = field(default_factory=list)
    subjects: dict[str, str] = field(default_factory=dict)
    """The row of each key result and objective."""

    @property
    def edited(self) -> set[tuple[str, str]]:
        """The cells in which a person's edit is held."""
        return {place for place, one in self.cells.items() if one.get("hold") == Hold.EDITED}

    def let_go(self, places: Collection[tuple[str, str]]) -> bool:
        """Whether one of these cells is held no more."""
        return any(self.cells.get(place, {}).get("kind") != "held" for place in places)


def marks_of(company: Company, memory: Memory, grids: Sequence[Grid]) -> Marks:
    """What the last sync of ``memory`` decided about the cells of ``grids``."""
    rows = {row.id.replace("-", ""): row.id for grid in grids for row in grid.rows}
    marks = Marks()
    for table in TABLES:
        if table.name not in company.tables:
            continue
        columns = company.tables[table.name].cells
        for subject in table.ids(company):
            outcome = memory.outcomes.get(subject)
            if outcome is None:
                continue
            place = re.search(r"([0-9a-f]{32})\W*$", outcome.detail["url"])
            row = rows.get(place.group(1)) if place else None
            decided = {
                cell: one for cell, one in outcome.detail["cells"].items() if one["verdict"] != Verdict.SAME
            }
            if row is not None:
                marks.subjects[subject] = row
                _mark_row(marks, row, subject, decided, company, columns)
            else:
                held = (one for one in decided.values() if one["verdict"] == Verdict.HELD)
                marks.homeless += [
                    {"id": subject, "reason": one["reason"], "hint": one["hint"]} for one in held
                ][:1]
    return marks


def _mark_row(
    marks: Marks,
    row: str,
    subject: str,
    decided: Mapping[str, dict[str, Any]],
    company: Company,
    columns: Mapping[str, str],
) -> None:
    notes: dict[tuple[str, str], dict[str, Any]] = {}
    for cell, one in decided.items():
        if cell not in columns:
            continue
        if one["verdict"] == Verdict.WRITE:
            before = _text(cell, one["now"], one["fraction"], company)
            marks.cells[row, columns[cell]] = {"kind": "changed", "before": before}
            continue
        known = (one["reason"], one["hint"])
        first = known not in notes
        note = notes.setdefault(
            known,
            {
                "subject": subject,
                "cells": [],
                "reason": one["reason"],
                "hint": one["hint"],
                "action": ACTIONS.get(one["hold"] or "", ""),
                "wanted": "",
            },
        )
        note["cells"].append(columns[cell])
        if note["action"] and first:
            note["wanted"] = _text(cell, one["wanted"], one["fraction"], company)
        mark = {"kind": "held", "hold": one["hold"], "cell": cell, "subject": subject}
        mark |= {"note": list(notes).index(known), "action": note["action"] if first else "", "first": first}
        marks.cells[row, columns[cell]] = mark
    if notes:
        marks.notes[row] = list(notes.values())


def _text(cell: str, value: Any, fraction: bool, company: Company) -> str:
    """A kept value of a cell as a person reads it."""
    if value is None:
        return "empty"
    if kind_of(cell) in {Kind.NUMBER, Kind.SHARE} and isinstance(value, str):
        return show(Decimal(value) * (100 if fraction else 1), PERCENT if fraction else COUNT, company.locale)
    text = str(value)
    if kind_of(cell) is Kind.INSTANT and "T" in text:
        text = f"{datetime.fromisoformat(text).astimezone(company.zone):%Y-%m-%d %H:%M}"
    return text if len(text) <= 60 else f"{text[:59]}…"
