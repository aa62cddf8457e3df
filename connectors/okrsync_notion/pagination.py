"""Read every row of a data source, in pages of 100, also past the 10,000 rows of one query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from okrsync.errors import DataError, Unavailable
from okrsync_notion.client import Notion
from okrsync_notion.http_errors import Refused

# Since April 2026 Notion forgets where a list goes on while it is read: then it is read from its beginning once more.
AGAIN: Final = 3
# A page may hold fewer rows than asked for, even none; so many in a row without a new one is a list without an end.
MOST_EMPTY: Final = 50


def lost_place(error: Refused) -> bool:
    """Whether Notion refuses to go on with a list, because it no longer knows its own ``start_cursor``."""
    return "start_cursor" in error.message


def every_row(
    api: Notion, source: str, properties: Sequence[str], where: Mapping[str, Any] | None = None
) -> dict[str, dict[str, Any]]:
    """All rows by id, oldest first: ceil(rows / 100) requests, a few more where Notion cuts the answer short.

    ``where`` is one condition that the rows must meet.

    Notion ends a query at 10,000 rows and says so in ``request_status``; the next query starts from the minute of the
    last row seen (rows of that minute come twice). Raises rather than ever returning a part.
    """
    rows: dict[str, dict[str, Any]] = {}
    since = ""
    while True:
        complete = _whole_window(api, source, properties, _conditions(where, since), rows)
        if complete:
            return rows
        last = str(next(reversed(rows.values())).get("created_time") or "") if rows else ""
        if last in {"", since}:
            raise DataError(
                f"Notion does not show all rows: more than it lists at once were created at {last or 'one time'}",
                hint="split the table, or move old rows into another one",
            )
        since = last


def _conditions(where: Mapping[str, Any] | None, since: str) -> Mapping[str, Any] | None:
    if not since:
        return where
    later = {"timestamp": "created_time", "created_time": {"on_or_after": since}}
    return {"and": [where, later]} if where is not None else later


def _whole_window(
    api: Notion,
    source: str,
    properties: Sequence[str],
    where: Mapping[str, Any] | None,
    rows: dict[str, dict[str, Any]],
) -> bool:
    """As ``_window``; from the beginning once more if Notion has forgotten where it was."""
    before = set(rows)
    for _ in range(AGAIN - 1):
        try:
            return _window(api, source, properties, where, rows)
        except Refused as error:
            if not lost_place(error):
                raise
            # A row of the first try may have been put away since.
            for identity in rows.keys() - before:
                del rows[identity]
    return _window(api, source, properties, where, rows)


def _window(
    api: Notion,
    source: str,
    properties: Sequence[str],
    where: Mapping[str, Any] | None,
    rows: dict[str, dict[str, Any]],
) -> bool:
    """Add the rows that meet ``where`` to ``rows``; whether these are all there are."""
    body: dict[str, Any] = {
        "page_size": 100,
        "sorts": [{"timestamp": "created_time", "direction": "ascending"}],
    }
    if where is not None:
        body["filter"] = where
    incomplete = False
    followed: set[str] = set()
    empty = 0
    while True:
        answer = api.query(source, properties, body)
        for row in answer["results"]:
            if row.get("object") == "page":
                rows[row["id"]] = row
        status = answer.get("request_status") or {}
        incomplete = incomplete or status.get("type") == "incomplete"
        if not answer.get("has_more"):
            return not incomplete
        cursor = answer.get("next_cursor")
        empty = 0 if answer["results"] else empty + 1
        if not cursor or cursor in followed or empty >= MOST_EMPTY:
            raise Unavailable("reading the rows: Notion has more rows and does not say where they go on")
        followed.add(cursor)
        body["start_cursor"] = cursor
