"""Find the work below epics and initiatives, level by level."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from okrsync_jira.client import Site
from okrsync_jira.fields import Field
from okrsync_jira.issues import Issue, SearchResult
from okrsync_jira.values import PARENT, changes_of

KEYS_AT_ONCE: Final = 100
CHILD_FIELDS: Final = frozenset({"created", "status", "issuetype", "resolution"})


@dataclass(frozen=True, slots=True)
class Links:
    """How this Jira ties a child to its parent.

    ``names`` are JQL fields, ``fields`` the same as fields. On Data Center ``parent`` is for sub-tasks alone, stories
    name their epic in the field ``epic`` (its id) and epics their initiative in "Parent Link"; Cloud has ``parent`` for
    all.
    """

    names: tuple[str, ...] = ("parent",)
    epic: str = ""
    fields: tuple[Field, ...] = (PARENT,)


def children(
    site: Site,
    parents: Sequence[str],
    fields: frozenset[str],
    links: Links,
    history: frozenset[str] | None = None,
    former: str = "",
) -> SearchResult:
    """The pieces of work below ``parents``, each once: breadth first, at most 100 keys a search, however deep.

    Work is what has the level of a story. A sub-task counts only if its own parent was asked for, else its
    points would count twice. An issue below itself is visited once. What a search for ``former`` finds
    beside them has left, or was never there: only its changes can tell.
    """
    wanted = fields | CHILD_FIELDS | {field.id for field in links.fields}
    seen = set(parents)
    work: list[Issue] = []
    containers: list[Issue] = []
    asked: list[str] = []
    pages = depth = 0
    above: Sequence[str] = parents
    while above:
        level: list[Issue] = []
        for jql in _searches(links, above, directly=depth == 0):
            found = site.search(jql, wanted, history)
            asked.append(found.jql)
            pages += found.pages
            level += [issue for issue in found.issues if issue.key not in seen]
            seen.update(issue.key for issue in found.issues)
        heights = {issue.key: _height(issue, links) for issue in level}
        work += [
            issue for issue in level if heights[issue.key] == 0 or (heights[issue.key] < 0 and depth == 0)
        ]
        containers += [issue for issue in level if heights[issue.key] > 0]
        above = [key for key, height in heights.items() if height > 0]
        depth += 1
    if former:
        found = site.search(former, wanted, history)
        asked.append(found.jql)
        pages += found.pages
        others = [issue for issue in found.issues if issue.key not in seen]
        work += [issue for issue in others if _height(issue, links) == 0 or _was_a_story(issue, links)]
        containers += [issue for issue in others if _height(issue, links) > 0]
    further = f" (and {len(asked) - 1} more searches below)" if len(asked) > 1 else ""
    return SearchResult(
        jql=asked[0] + further, count=len(work), issues=tuple(work), above=tuple(containers), pages=pages
    )


def _searches(links: Links, keys: Sequence[str], *, directly: bool) -> Iterator[str]:
    # Containers have no sub-tasks that count, so Data Center's "parent" is only asked of the parents themselves.
    names = links.names if directly or not links.epic else [name for name in links.names if name != "parent"]
    for start in range(0, len(keys), KEYS_AT_ONCE):
        listed = ", ".join(keys[start : start + KEYS_AT_ONCE])
        yield " OR ".join(f"{name} in ({listed})" for name in names)


def _was_a_story(issue: Issue, links: Links) -> bool:
    """Data Center: an issue that has left its epic is a story all the same."""
    tied = (field for field in links.fields if field.id == links.epic)
    return _height(issue, links) > 0 and any(changes_of(issue, field) for field in tied)


def _height(issue: Issue, links: Links) -> int:
    """Levels above (1, 2, ...) or below (-1) that of stories (0)."""
    kind = issue.fields.get("issuetype") or {}
    if isinstance(level := kind.get("hierarchyLevel"), int):
        return level
    if kind.get("subtask"):
        return -1
    # Data Center tells no level: what names its epic is a story, what does not was found by its initiative.
    if links.epic:
        return 0 if issue.fields.get(links.epic) else 1
    return 1 if kind.get("name") == "Epic" else 0
