"""Hold issues and the results of searches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from okrsync.errors import ConfigError, DataError
from okrsync_jira.answers import IssueAnswer
from okrsync_jira.changelog import Move, Shared, moment, moves, torn

NAMED: Final = 5
"""How many issues a message names."""


@dataclass(frozen=True, slots=True)
class Issue:
    """``moves`` are the changes of the fields that were asked for, oldest first; none if none were asked for.

    ``born`` is when it was created, if that was asked for; ``torn`` says that its changes of status do not follow
    from one another.
    """

    id: str
    key: str
    fields: Mapping[str, Any]
    moves: tuple[Move, ...] = ()
    born: datetime | None = None
    torn: bool = False


def issue(raw: IssueAnswer, changes: tuple[Move, ...], shared: Shared) -> Issue:
    """An issue of a page, with its changes."""
    fields = raw.get("fields") or {}
    created = fields.get("created")
    found = Issue(
        id=raw["id"],
        key=raw.get("key", raw["id"]),
        fields={name: shared.value(value) for name, value in fields.items()},
        born=moment(created) if created else None,
    )
    return changed(found, changes)


def changed(found: Issue, changes: tuple[Move, ...]) -> Issue:
    """The issue with its changes, which came by themselves."""
    return replace(found, moves=changes, torn=torn((found.fields.get("status") or {}).get("id"), changes))


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchResult:
    """What a search found. ``issues`` is empty if only the number was asked for.

    ``above`` are the epics and the like in between, which are no work themselves; ``note`` are facts worth showing.
    ``kept`` is what one question has worked out of the issues and the next may use.
    """

    jql: str
    count: int
    issues: tuple[Issue, ...] = ()
    above: tuple[Issue, ...] = ()
    pages: int = 1
    note: tuple[tuple[str, str], ...] = ()
    kept: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)


@dataclass(slots=True)
class ReadIssues:
    """What the pages of one search have brought so far; ``broken`` says of an issue why it cannot be read."""

    shared: Shared
    found: dict[str, Issue] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    pages: int = 0
    bare: list[str] = field(default_factory=list)

    def take(self, raw: IssueAnswer, asked: Sequence[str], log: Sequence[Mapping[str, Any]]) -> None:
        """Keep one issue, of which the fields ``asked`` for should have come."""
        key, fields = raw.get("key", raw["id"]), raw.get("fields")
        if len(asked) > 1 and fields is None:
            self.bare.append(key)
        if "created" in asked and not (fields or {}).get("created"):
            self.broken[key] = (
                "came without its fields" if fields is None else "came without its creation date"
            )
        else:
            try:
                self.found[raw["id"]] = issue(raw, moves(log, self.shared), self.shared)
            except DataError as error:
                self.broken[key] = error.message

    def whole(self) -> dict[str, Issue]:
        """The issues by their ids. Raises ``DataError`` if some cannot be read, naming them."""
        if len(self.bare) < len(self.found):
            # If none of them has any, the site itself has no such field.
            self.broken |= dict.fromkeys(self.bare, "came without its fields")
        if not self.broken:
            return self.found
        reasons = [f"{key} {why}" for key, why in self.broken.items()]
        whole = len(self.broken.keys() | {one.key for one in self.found.values()})
        more = f" and {len(reasons) - NAMED} more" if len(reasons) > NAMED else ""
        raise DataError(
            f"{len(reasons)} of {whole} issues cannot be read: {', '.join(reasons[:NAMED])}{more}",
            hint="a security level or an index that is out of date may hide them: open them as okrsync's account, or "
            "let Jira index them again",
        )


def warned(warnings: Iterable[str], *, found: int) -> tuple[tuple[str, str], ...]:
    """What Jira warns of, as facts. Raises ``ConfigError`` if it found nothing: then the warning is the reason."""
    said = "; ".join(dict.fromkeys(warnings))
    if said and not found:
        raise ConfigError(
            f"Jira finds nothing, and warns: {said}", hint="try the JQL in Jira's own issue search"
        )
    return (("Jira warns", said),) if said else ()
