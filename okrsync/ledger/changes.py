"""Reduce a sequence of entries to few statements, however many entries there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import assert_never

from okrsync.codec import serialize
from okrsync.memory import (
    Entry,
    Forgotten,
    Intended,
    Landed,
    MeasuredBaseline,
    Observed,
    Outcome,
    RunFinished,
    RunStarted,
    StateEntry,
    Withdrawn,
)

Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Changes:
    """The last value of every key; None deletes it. Keys are (row, address) or (connection, key)."""

    starts: list[RunStarted] = field(default_factory=list)
    finishes: list[RunFinished] = field(default_factory=list)
    puts: dict[Key, dict[str, str]] = field(default_factory=dict)
    intents: dict[Key, dict[str, str] | None] = field(default_factory=dict)
    observed: list[Observed] = field(default_factory=list)
    baselines: list[MeasuredBaseline] = field(default_factory=list)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    forgotten: set[str] = field(default_factory=set)
    notes: dict[Key, str | None] = field(default_factory=dict)


def changes_of(entries: Sequence[Entry]) -> Changes:
    """What ``entries`` change together, in their order. Raises ``DataError`` or ``TypeError`` for a value that no cell can hold."""
    changes = Changes()
    for entry in entries:
        _add(changes, entry)
    return changes


def _add(changes: Changes, entry: Entry) -> None:
    match entry:
        case RunStarted():
            changes.starts.append(entry)
        case RunFinished():
            changes.finishes.append(entry)
        case Intended():
            for address, intent in entry.values.items():
                both = {"before": serialize(intent.before), "after": serialize(intent.after)}
                changes.intents[entry.row, address] = {**both, "run": entry.run}
        case Landed():
            for address, value in entry.values.items():
                changes.puts[entry.row, address] = {"value": serialize(value), "run": entry.run}
                changes.intents[entry.row, address] = None
        case Withdrawn():
            changes.intents.update(dict.fromkeys((entry.row, address) for address in entry.addresses))
        case Forgotten():
            _forget(changes, entry.row)
        case Observed():
            changes.observed.append(entry)
        case MeasuredBaseline():
            changes.baselines.append(entry)
        case Outcome():
            known = changes.outcomes.get(entry.subject)
            if known is None or known.at <= entry.at:
                changes.outcomes[entry.subject] = entry
        case StateEntry():
            changes.notes[entry.connection, entry.key] = entry.value
        case _:
            assert_never(entry)


def _forget(changes: Changes, row: str) -> None:
    for known in (changes.puts, changes.intents):
        for where in [one for one in known if one[0] == row]:
            del known[where]
    changes.forgotten.add(row)
