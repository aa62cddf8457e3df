"""Choose the keys of a page's properties in a write: names first, ids if Notion knows no such name.

All 608 keys of recorded page writes are names. That an id may be used for a name is documented and was seen in no
recording, so ids come second. A name is the one that the page showed right before the write, so that a column renamed
since the run began is still written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Final

from okrsync_notion.property_values import NotionColumn

NOTE: Final = "page keys"
Spelling = Callable[[NotionColumn, str], str]
# The escaped id is the documented one; the plain id is what most ids look like anyway.
SPELLINGS: Final[Mapping[str, Spelling]] = {
    "names": lambda _column, name: name,
    "ids": lambda column, _name: column.wire,
    "plain ids": lambda column, _name: column.id,
}
# What Notion says of a key that it does not know. Unknown: whether it still says so, or leaves the property out.
UNKNOWN: Final = ("is not a property that exists", "Could not find property")


def unknown_key(message: str) -> bool:
    """Whether Notion refused a write or a filter for a key that it does not know."""
    return any(one in message for one in UNKNOWN)


class PropertyKeys:
    """The spellings to try, the one that worked last first; the connection's notes remember it."""

    def __init__(self, state: MutableMapping[str, str]) -> None:
        self._state = state

    def spellings(self) -> Iterator[str]:
        """``names`` twice: after a refusal the page is read again, and may show the new name of a column."""
        first = self._state.get(NOTE, "names")
        yield first if first in SPELLINGS else "names"
        yield from (one for one in SPELLINGS if one != first or one == "names")

    def worked(self, spelling: str) -> None:
        """Start with ``spelling`` from now on."""
        if spelling != "names":
            self._state[NOTE] = spelling
        elif NOTE in self._state:
            del self._state[NOTE]

    @staticmethod
    def spelled(
        spelling: str, columns: Mapping[str, NotionColumn], names: Mapping[str, str]
    ) -> dict[str, str]:
        """The key of each of ``columns``; ``names`` (id -> name) are those that the page shows now."""
        taken = {identity for column in columns.values() for identity in (column.id, column.wire)}
        keys = {}
        for cell, column in columns.items():
            name = names.get(column.id, column.name)
            # A column may be called like another one's id ("title"): only its own id is sure to mean it then.
            ambiguous = name in (taken | set(names) | {"title"}) - {column.id, column.wire}
            keys[cell] = SPELLINGS["ids" if ambiguous and spelling == "names" else spelling](column, name)
        return keys
