"""Match names in the YAML with what Jira calls things: in any case, by name or id, today or then.

A name means what has it today; a name that nothing has today means what had it, as the changes say. A name that
neither the issues nor their changes know is asked of Jira; if Jira does not know it either, there is no value.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from okrsync.connector import NoValueError
from okrsync.model import Cause
from okrsync.spelling import did_you_mean
from okrsync_jira.changelog import Move
from okrsync_jira.fields import Field
from okrsync_jira.issues import SearchResult
from okrsync_jira.statuses import Statuses
from okrsync_jira.values import LABELS, PARENT, STATUS, concerns, entries, paired, words

EMPTY: Final = "empty"
_IDS: Final = ("id", "accountId", "key")
_SHOWN: Final = ("name", "value", "displayName", "key")
_KEPT: Final = "names"
# Jira refuses a name that it does not know in these; of others, such as labels, it takes any.
_CHECKED: Final = frozenset(
    {
        *("status", "resolution", "priority", "issuetype", "project", "assignee", "reporter", "creator"),
        *("fixVersions", "versions", "components", "parent"),
    }
)
_CHECKED_TYPES: Final = frozenset({"option", "user", "version", "priority", "date"})
# What Jira's own pages and JQL show in place of a resolution that is not there.
_UNRESOLVED: Final = "unresolved"
# How JQL calls fields whose id is another word.
_CLAUSES: Final = {"fixVersions": "fixVersion", "components": "component", "parent": "issuekey"}


class UnknownNameError(NoValueError):
    """Some names are unknown to the issues that were read and to their changes.

    ``clauses`` ask Jira for each of them; ``must_find`` says that Jira takes any name there, known or not.
    """

    def __init__(self, index: Index, field: Field, names: Sequence[str]) -> None:
        must_find = (
            field.id not in _CHECKED
            and field.type not in _CHECKED_TYPES
            and field.name.casefold() not in {"sprint", "epic link", "parent link"}
        )
        why = (
            "no issue in Jira has it, and no issue that was read ever had it"
            if must_find
            else "Jira does not know it, and no issue that was read ever had it"
        )
        super().__init__(
            Cause.EMPTY,
            f"no {field.name} is called {names[0]!r}: {why}",
            hint=_meant(names[0], index),
        )
        self.index = index
        self.field = field
        self.names = tuple(names)
        self.clauses = tuple(f"{_clause(field)} = {_quoted(name)}" for name in names)
        self.must_find = must_find
        # An issue that was moved answers to its former keys, but no other issue names it by them.
        self.of_issues = field.id == PARENT.id
        # All statuses that there are have been read already.
        self.final = field.id == STATUS.id

    def learn(self, called: Mapping[str, Iterable[str]]) -> None:
        """Jira knows the issues, and ``called`` says by which ids and keys others name them."""
        for name, ids in called.items():
            _add(self.index.today, name, ids)

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
            if name.casefold() == EMPTY or self._is_unresolved(fields[0], name):
                meant.add(EMPTY)
                continue
            if fields[0].type == "number":
                meant |= words(_number(fields[0], name))
                continue
            known = [ids for one in fields if (ids := self.index(one).ids(name)) is not None]
            meant.update(*known)
            if not known:
                unknown.append(name)
        if unknown:
            self._look_at(fields[0], unknown)
            meant |= {name.casefold() for name in unknown}
        return frozenset(meant)

    def _is_unresolved(self, field: Field, name: str) -> bool:
        return (
            field.id == "resolution"
            and name.casefold() == _UNRESOLVED
            and self.index(field).ids(_UNRESOLVED) is None
        )

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


def _meant(name: str, index: Index) -> str:
    bare = name[4:].strip() if name.casefold().startswith("not ") else ""
    if bare and index.ids(bare) is not None:
        return f"write {{not: {bare}}}"
    if name.endswith(")"):
        return "a function of JQL belongs into jql; here write a name or an id"
    return did_you_mean(name, sorted(index.shown))


def _number(field: Field, name: str) -> Decimal:
    try:
        number = Decimal(name)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise NoValueError(
            Cause.CONFIG, f"{field} holds numbers, and {name!r} is none", hint="write it as 5 or 2.5"
        )
    return number


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
