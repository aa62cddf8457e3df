"""Remember which page was the row of each id, and say what became of a row that is no longer there.

A row that is not listed may be in the trash, moved, taken from the connection, or have another id now. Each needs
another step, and "add it there" would make a second row.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, MutableMapping
from typing import Any

from okrsync.errors import DataError
from okrsync.model import Row
from okrsync_notion.rows import key_or_fault, url_of
from okrsync_notion.table_layout import Layout


class KnownRows:
    """The page of each id in ``keys`` that ever had a row in the table, kept in the connection's notes."""

    def __init__(self, state: MutableMapping[str, str], layout: Layout, keys: Collection[str]) -> None:
        self._state = state
        self._note = f"rows of {layout.schema.id}"
        self._keys = keys
        noted: dict[str, str] = json.loads(state.get(self._note, "{}")) if keys else {}
        self._known = {key: page for key, page in noted.items() if key in keys}
        # Ids of another table of the YAML that is kept in the same data source.
        self._others = {key: page for key, page in noted.items() if key not in keys}

    def page(self, key: str) -> str | None:
        """The page that was the row of ``key`` when a run last saw it."""
        return self._known.get(key)

    def missing(self, listed: Collection[str]) -> list[tuple[str, str]]:
        """The ids with their pages that had a row once and are not ``listed`` now."""
        return [(key, page) for key, page in self._known.items() if key not in listed]

    def remember(self, rows: Iterable[Row]) -> None:
        """Keep the pages of ``rows``; of an id with several rows, and of one that is gone, what was known stays."""
        found = {row.key: row.id for row in rows if row.key in self._keys and not row.problem}
        known = self._known | found
        if known != self._known:
            self._known = known
            self._state[self._note] = json.dumps(self._others | known)


def other_key(layout: Layout, page: Mapping[str, Any], key: str) -> str:
    """That a row, which is there, no longer has the id ``key``, and what to do."""
    now, fault = key_or_fault(layout, page)
    shows = f"shows {now!r}" if now else "is empty"
    column, kind = (layout.match.name, layout.match.type) if layout.match is not None else ("", "")
    if fault:
        return f"its row {url_of(page)} is there, but its id in the column {column!r} cannot be read: {fault}"
    step = f"write {key!r} there again"
    if kind == "unique_id":
        step = (
            f"Notion numbers the rows itself: set the column's prefix back, or call {key} {now!r} in the YAML"
        )
    if kind == "formula":
        step = f"Notion computes it: look at the formula and at what it is made of, or call {key} {now!r} in the YAML"
    return (
        f"its row {url_of(page)} is there, but the column {column!r} {shows} instead of {key!r}: "
        f"{step}, or take {key} out of the YAML"
    )


def several_rows(layout: Layout, key: str, pages: Iterable[Mapping[str, Any]], known: str | None) -> str:
    """That several rows have the id ``key``, which of them is probably the copy, and what to do."""
    ordered = sorted(pages, key=lambda page: (page["id"] != known, str(page.get("created_time") or "")))
    urls = [url_of(page) for page in ordered]
    first = "the one that okrsync has read before" if ordered[0]["id"] == known else "the oldest"
    column = layout.match.name if layout.match is not None else ""
    named = "; if each is right in its own cycle, name this one with `page:` in the YAML"
    return (
        f"{len(urls)} rows have the id {key!r}: {' and '.join(urls)}. {urls[0]} is {first}: delete the copy or give it "
        f"another id in {column!r}{'' if layout.adds_rows else named}"
    )


def by_key(keyed: Iterable[tuple[str, dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The pages of each key."""
    found: dict[str, list[dict[str, Any]]] = {}
    for key, page in keyed:
        found.setdefault(key, []).append(page)
    return found


def keyed(
    here: Layout, pages: Mapping[str, dict[str, Any]], named: Mapping[str, str]
) -> list[tuple[str, dict[str, Any]]]:
    """The rows that the matching column gives a key; what the YAML names by address comes before it."""
    by_address = set(named.values())
    read = {identity: key_or_fault(here, page) for identity, page in pages.items()}
    faults = {fault for _, fault in read.values()}
    if faults and "" not in faults:
        column = here.match.name if here.match is not None else ""
        raise DataError(
            f"the ids in the column {column!r} of {here.schema.title!r} cannot be read: {min(faults)}",
            hint="keep the ids in a text column or an ID column, and name it under `match`",
        )
    found = [(name, pages[identity]) for identity, (name, _) in read.items() if identity not in by_address]
    return [(name, page) for name, page in found if name and name not in named]


def shared_pages(named: Mapping[str, str]) -> dict[str, str]:
    """For every page that the YAML gives to several ids: the sentence that says so."""
    names: dict[str, list[str]] = {}
    for name, page in named.items():
        names.setdefault(page, []).append(name)
    return {
        page: f"{' and '.join(several)} are given the same row"
        for page, several in names.items()
        if len(several) > 1
    }
