"""Remember which page was the row of each id, and say what became of a row that is no longer there.

A row that is not listed may be in the trash, moved, taken from the connection, or have another id now. Each needs
another step, and "add it there" would make a second row.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, MutableMapping
from typing import Any

from okrsync.model import Row
from okrsync_notion.rows import key_of, url_of
from okrsync_notion.table_layout import Layout


class KnownRows:
    """The page of each id in ``keys`` that ever had a row in the table, kept in the connection's notes."""

    def __init__(self, state: MutableMapping[str, str], layout: Layout, keys: Collection[str]) -> None:
        self._state = state
        self._note = f"rows of {layout.schema.id}"
        self._keys = keys
        self._known: dict[str, str] = json.loads(state.get(self._note, "{}")) if keys else {}

    def page(self, key: str) -> str | None:
        """The page that was the row of ``key`` when a run last saw it."""
        return self._known.get(key)

    def missing(self, listed: Collection[str]) -> list[tuple[str, str]]:
        """The ids with their pages that had a row once and are not ``listed`` now."""
        return [(key, page) for key, page in self._known.items() if key in self._keys and key not in listed]

    def remember(self, rows: Iterable[Row]) -> None:
        """Keep the pages of ``rows``; of an id with several rows, and of one that is gone, what was known stays."""
        found = {row.key: row.id for row in rows if row.key in self._keys and not row.problem}
        known = {key: page for key, page in (self._known | found).items() if key in self._keys}
        if known != self._known:
            self._state[self._note] = json.dumps(known)


def other_key(layout: Layout, page: Mapping[str, Any], key: str) -> str:
    """That a row, which is there, no longer has the id ``key``, and what to do."""
    now = key_of(layout, page)
    shows = f"shows {now!r}" if now else "is empty"
    column = layout.match.name if layout.match is not None else ""
    return (
        f"its row {url_of(page)} is there, but the column {column!r} {shows} instead of {key!r}: "
        f"write {key!r} there again, or take {key} out of the YAML"
    )


def several_rows(layout: Layout, key: str, pages: Iterable[Mapping[str, Any]], known: str | None) -> str:
    """That several rows have the id ``key``, which of them is probably the copy, and what to do."""
    ordered = sorted(pages, key=lambda page: (page["id"] != known, str(page.get("created_time") or "")))
    urls = [url_of(page) for page in ordered]
    first = "the one that okrsync has read before" if ordered[0]["id"] == known else "the oldest"
    column = layout.match.name if layout.match is not None else ""
    return (
        f"{len(urls)} rows have the id {key!r}: {' and '.join(urls)}. {urls[0]} is {first}: delete the copy or give it "
        f"another id in {column!r}; if each is right in its own cycle, name this one with `page:` in the YAML"
    )


def by_key(keyed: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The pages of each key."""
    found: dict[str, list[dict[str, Any]]] = {}
    for key, page in keyed:
        found.setdefault(key, []).append(page)
    return found
