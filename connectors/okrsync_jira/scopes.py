"""Read which fields the JQL of a scope is about: what may change is refused, moves are wound back.

A scope is asked of Jira as of today. It may name what never changes about an issue (its key, its creation) and its
project and type, which change rarely and whose changes Jira keeps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from okrsync.errors import DataError
from okrsync_jira.fields import Field
from okrsync_jira.issues import Issue
from okrsync_jira.jql import clauses
from okrsync_jira.names import Names
from okrsync_jira.statuses import Statuses
from okrsync_jira.values import PROJECT, TYPE, changes_of, value_at, words

_WOUND: Final[Mapping[str, Field]] = {"project": PROJECT, "type": TYPE, "issuetype": TYPE}


@dataclass(frozen=True, slots=True)
class ScopeRules:
    """The values that a scope demands of the fields that are wound back.

    ``unclear`` are fields that it names in another way, such as ``project = APP OR type != Bug``.
    """

    demanded: tuple[tuple[Field, frozenset[str]], ...] = ()
    unclear: tuple[Field, ...] = ()

    @property
    def fields(self) -> tuple[Field, ...]:
        return (*(field for field, _ in self.demanded), *self.unclear)

    @property
    def several_projects(self) -> bool:
        """Whether the id of an earlier project is not enough to know if the scope takes it in."""
        return any(field is PROJECT and len(names) > 1 for field, names in self.demanded)


EVERYWHERE: Final = ScopeRules()


def rules(jql: str) -> ScopeRules:
    """What ``jql`` demands of project and type."""
    demanded: dict[Field, frozenset[str]] = {}
    unclear: dict[Field, None] = {}
    for clause in clauses(jql):
        field = _WOUND.get(clause.field.casefold())
        if field is None:
            continue
        if clause.certain and clause.operator in {"=", "in"}:
            both = frozenset(clause.values)
            demanded[field] = demanded[field] & both if field in demanded else both
        else:
            unclear[field] = None
    return ScopeRules(tuple(demanded.items()), tuple(field for field in unclear if field not in demanded))


class Membership:
    """Whether an issue was in a scope at a moment, by its project and its type then."""

    def __init__(self, scope: ScopeRules, names: Names, statuses: Statuses) -> None:
        self._scope = scope
        self._names = names
        self._statuses = statuses

    def held(self, issue: Issue, at: datetime) -> bool:
        """Raises ``DataError`` if Jira does not say."""
        for field in self._scope.unclear:
            if any(move.at > at for move in changes_of(issue, field)):
                raise DataError(
                    f"{issue.key} has changed its {_called(field)} since, and what the scope says of it is not simple",
                    hint=f"write scope: {_called(field)} = …, or {_called(field)} in (…), joined to the rest by AND",
                )
        return all(self._had(issue, field, wanted, at) for field, wanted in self._scope.demanded)

    def _had(self, issue: Issue, field: Field, wanted: frozenset[str], at: datetime) -> bool:
        if not any(move.at > at for move in changes_of(issue, field)):
            return True
        index = self._names.index(field)
        known = {name: index.today.get(name.casefold()) for name in wanted}
        meant = {word for name, ids in known.items() for word in (name.casefold(), *(ids or ()))}
        then = value_at(issue, field, at, self._statuses)
        called = words(then)
        if not called.isdisjoint(meant):
            return True
        strange = [name for name, ids in known.items() if ids is None]
        identified = any(word in index.today for word in called) or (
            field is PROJECT and (then or {}).get("key")
        )
        if strange and not identified:
            raise DataError(
                f"{issue.key} was in {_called(field)} {' or '.join(sorted(called))} then, and whether that is "
                f"{' or '.join(strange)} is not known",
                hint="write the id beside the name in scope",
            )
        return False


def _called(field: Field) -> str:
    return "type" if field is TYPE else field.name
