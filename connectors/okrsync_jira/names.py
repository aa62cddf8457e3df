"""Matches names in the YAML with what Jira calls things: in any case, by name or id, today or then.

A name means what has it today; a name that nothing has any more means what had it, as the changes say. A name that
neither the issues nor their changes know is asked of Jira; if Jira does not know it either, there is no value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from okrsync.connector import NoValueError
from okrsync.model import Cause
from okrsync.spelling import did_you_mean
from okrsync_jira.changelog import Move
from okrsync_jira.fields import Field
from okrsync_jira.issues import SearchResult
from okrsync_jira.statuses import Statuses
from okrsync_jira.values import LABELS, STATUS, concerns, entries, paired, words

EMPTY: Final = "empty"
_IDS: Final = ("id", "accountId", "key")
_SHOWN: Final = ("name", "value", "displayName", "key")
_KEPT: Final = "names"
# How JQL calls fields whose id is another word.
_CLAUSES: Final = {"fixVersions": "fixVersion", "components": "component", "parent": "issuekey"}


class UnknownNameError(NoValueError):
    """Some names are unknown to the issues that were read and to their changes.

    ``clauses`` ask Jira for each of them; ``must_find`` says that Jira takes any name there, known or not.
    """

    def __init__(self, index: Index, field: Field, names: Sequence[str]) -> None:
        called = field.name if field.name != field.id else f"{field.id} "
        super().__init__(
            Cause.EMPTY,
            f"no {called.strip()} is called {names[0]!r}: Jira does not know it, and no issue that was read ever had it",
            hint=did_you_mean(names[0], sorted(index.shown)),
        )
        self.index = index
        self.field = field
        self.names = tuple(names)
        self.clauses = tuple(f"{_clause(field)} = {_quoted(name)}" for name in names)
        self.must_find = field.id == "labels"
        # All statuses that there are have been read already.
        self.final = field.id == STATUS.id

    def accept(self) -> None:
        """Jira knows the names, so that no issue has them is a fact."""
        self.index.accepted.update(name.casefold() for name in self.names)


@dataclass(slots=True)
class Index:
    """What one field's values are called: ``today`` and ``former`` lead from a name to the ids that have or had it.

    ``nameless`` are ids that only changes know, and without a name.
    """

    today: dict[str, set[str]] = field(default_factory=dict)
    former: dict[str, set[str]] = field(default_factory=dict)
    shown: set[str] = field(default_factory=set)
    nameless: set[str] = field(default_factory=set)
    accepted: set[str] = field(default_factory=set)

    def ids(self, name: str) -> set[str] | None:
        """The ids that ``name`` means, itself among them; None if nothing is or was called that."""
        folded = name.casefold()
        if folded in self.today:
            return self.today[folded] | {folded}
        if folded in self.former:
            return self.former[folded] | {folded}
        return None


class Names:
    """The names in the issues of one search."""

    def __init__(self, found: SearchResult, statuses: Statuses) -> None:
        self._found = found
        self._statuses = statuses
        self._indices: dict[str, Index] = {}

    def index(self, field: Field) -> Index:
        if field.id not in self._indices:
            self._indices[field.id] = self._built(field)
        return self._indices[field.id]

    def resolved(self, fields: Sequence[Field], names: Iterable[str]) -> frozenset[str]:
        """All words by which a value that is one of ``names`` may be called. Raises ``UnknownNameError``."""
        meant: set[str] = set()
        unknown = []
        for name in names:
            if name.casefold() == EMPTY:
                meant.add(EMPTY)
                continue
            known = [ids for one in fields if (ids := self.index(one).ids(name)) is not None]
            meant.update(*known)
            if not known:
                unknown.append(name)
        if unknown:
            self._look_at(fields[0], unknown)
            meant |= {name.casefold() for name in unknown}
        return frozenset(meant)

    def _look_at(self, field: Field, unknown: Sequence[str]) -> None:
        index = self.index(field)
        if news := [name for name in unknown if name.casefold() not in index.accepted]:
            raise UnknownNameError(index, field, news)
        if index.nameless:
            raise NoValueError(
                Cause.DATA,
                f"the changes of {field} name it by id only ({', '.join(sorted(index.nameless)[:5])}), and which of "
                f"them is {unknown[0]!r} is not known",
                hint="write the id in place of the name",
            )

    def _built(self, field: Field) -> Index:
        index = Index()
        if field.id == STATUS.id:
            for status, name in self._statuses.names.items():
                _add(index.today, name, {status})
                _add(index.today, status, {status})
                index.shown.add(name)
        for issue in (*self._found.issues, *self._found.above):
            for entry in entries(issue.fields.get(field.id)):
                _learn(index, entry)
        named = set(index.today)
        for issue in self._found.issues:
            for move in issue.moves:
                for raw, text in _sides(field, move) if concerns(move, field) else ():
                    ids = {one for one in (raw or text,) if one}
                    for name in filter(None, (raw, text)):
                        _add(index.former, name, ids)
                    if text:
                        index.shown.add(text)
                        named.add((raw or text).casefold())
                    elif raw:
                        index.nameless.add(raw.casefold())
        index.nameless -= named
        return index


def names_in(found: SearchResult, statuses: Statuses) -> Names:
    """The names in the issues of ``found``, worked out once for all questions about them."""
    kept = found.kept.get(_KEPT)
    if not isinstance(kept, Names):
        found.kept[_KEPT] = kept = Names(found, statuses)
    return kept


def missing(error: UnknownNameError, find: Callable[[str], int | None]) -> UnknownNameError | None:
    """The error about those names that Jira does not know either, or None if it knows all of them.

    ``find`` counts what a clause finds, or says None if Jira refuses it.
    """
    if error.final:
        return error
    counts = dict(zip(error.names, map(find, error.clauses), strict=True))
    lost = [name for name, count in counts.items() if count is None or (error.must_find and not count)]
    return UnknownNameError(error.index, error.field, lost) if lost else None


def _learn(index: Index, entry: Any) -> None:
    called = words(entry)
    ids = (
        {str(entry[name]).casefold() for name in _IDS if entry.get(name) not in (None, "")}
        if isinstance(entry, Mapping)
        else called
    )
    for name in called:
        _add(index.today, name, ids)
    if isinstance(entry, Mapping):
        index.shown.update(str(entry[name]) for name in _SHOWN if isinstance(entry.get(name), str))
    elif isinstance(entry, str) and "Sprint@" not in entry:
        index.shown.add(entry)


def _sides(field: Field, move: Move) -> Iterator[tuple[str | None, str | None]]:
    for raw, text in ((move.old, move.old_text), (move.new, move.new_text)):
        if field.id == LABELS.id:
            yield from ((None, label) for label in (text or "").split())
        elif field.type == "array":
            yield from paired(raw, text)
        else:
            yield raw, text


def _add(index: dict[str, set[str]], name: str, ids: Iterable[str]) -> None:
    index.setdefault(name.casefold(), set()).update(one.casefold() for one in ids)


def _clause(field: Field) -> str:
    return _CLAUSES.get(field.id, field.clause)


def _quoted(name: str) -> str:
    if re.fullmatch(r"\d+", name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
