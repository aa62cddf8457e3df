"""What the emulated Notion assumes, asked of Notion: a database is made below a page, filled and put into the trash."""

from __future__ import annotations

import os
import re
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from okrsync.settings import Secret
from tests.live.report import CannotTry, Check, Http, Reply

NEEDS: Final = ("OKRSYNC_LIVE_NOTION_TOKEN", "OKRSYNC_LIVE_NOTION_PAGE")
VERSION: Final = "2026-03-11"
COLUMNS: Final[dict[str, Any]] = {
    "Name": {"title": {}},
    "Number": {"number": {}},
    "Text": {"rich_text": {}},
    "When": {"date": {}},
    "Made": {"created_time": {}},
}
# Notion keeps last_edited_time by the minute.
MINUTE: Final = 61.0


class Scratch:
    """A database of ours below a page that the connection may edit. ``wait`` passes a minute."""

    def __init__(self, wait: Callable[[float], None] = time.sleep) -> None:
        base = os.environ.get("OKRSYNC_LIVE_NOTION_URL", "https://api.notion.com")
        token = Secret(env=NEEDS[0]).reveal()
        self.http = Http(base, {"Authorization": f"Bearer {token}", "Notion-Version": VERSION})
        self.wait = wait
        page = os.environ[NEEDS[1]].rpartition("/")[2].split("?")[0][-32:]
        made = self.http.got(
            "POST",
            "/v1/databases",
            {
                "parent": {"type": "page_id", "page_id": str(uuid.UUID(page))},
                "title": [{"type": "text", "text": {"content": "okrsync live check"}}],
                "initial_data_source": {"properties": COLUMNS},
            },
        )
        self.database: Any = made
        self.source = made["data_sources"][0]["id"]

    def add(self, name: str, **columns: Any) -> Any:
        """A row with a title and values as the API takes them."""
        title = {"title": [{"text": {"content": name}}]}
        parent = {"type": "data_source_id", "data_source_id": self.source}
        return self.http.got(
            "POST", "/v1/pages", {"parent": parent, "properties": {"Name": title, **columns}}
        )

    def patch(self, row: Any, body: Any) -> Reply:
        return self.http.ask("PATCH", f"/v1/pages/{row['id']}", body)

    def names(self, body: Any) -> list[str]:
        """The titles of the rows that a query finds."""
        rows = self.http.got("POST", f"/v1/data_sources/{self.source}/query", body)["results"]
        return ["".join(one["plain_text"] for one in row["properties"]["Name"]["title"]) for row in rows]


@contextmanager
def scratch(wait: Callable[[float], None] = time.sleep) -> Iterator[Scratch]:
    made = Scratch(wait)
    try:
        yield made
    finally:
        made.http.got("PATCH", f"/v1/databases/{made.database['id']}", {"in_trash": True})


def _in_trash(scratch: Scratch) -> str:
    reply = scratch.patch(scratch.add("trash"), {"in_trash": True})
    return f"archived: {reply.body.get('archived')}"


def _too_long(scratch: Scratch) -> str:
    body = {"filter": {"property": "Text", "rich_text": {"equals": "x" * 600_000}}}
    said = scratch.http.ask("POST", f"/v1/data_sources/{scratch.source}/query", body).said
    return re.sub(r"was `\d+`", "was `N`", said)


def _bad_version(scratch: Scratch) -> str:
    reply = scratch.http.ask("GET", "/v1/users/me", headers={"Notion-Version": "2030-01-01"})
    return f"{reply.status} {reply.body.get('code')}"


def _uuid_version(scratch: Scratch) -> str:
    # The variant is that of an id, the version (0) is none.
    return f"{scratch.http.ask('GET', '/v1/pages/12345678123401238123123456789012').status}"


def _week(scratch: Scratch) -> str:
    today = datetime.now(UTC).date()
    monday = today - timedelta(days=today.weekday())
    for name, day in (("before", monday - timedelta(days=1)), ("after", monday + timedelta(days=6))):
        scratch.add(name, When={"date": {"start": day.isoformat()}})
    found = scratch.names({"filter": {"property": "When", "date": {"this_week": {}}}})
    if found not in (["after"], ["before"]):
        return f"another: {found}"
    return "Monday" if found == ["after"] else "Sunday"


def _zone(scratch: Scratch) -> str:
    scratch.add("zone", When={"date": {"start": "2026-01-02T00:30:00+02:00"}})
    days = [date(2026, 1, 1), date(2026, 1, 2)]
    found = [
        day
        for day in days
        if scratch.names({"filter": {"property": "When", "date": {"equals": day.isoformat()}}})
    ]
    return "UTC" if found == days[:1] else f"another: {found}"


def _zone_answered(scratch: Scratch) -> str:
    row = scratch.add("berlin", When={"date": {"start": "2026-01-02T00:30:00", "time_zone": "Europe/Berlin"}})
    return f"{row['properties']['When']['date']['time_zone']}"


def _edit_in_trash(scratch: Scratch) -> str:
    row = scratch.add("gone")
    scratch.patch(row, {"in_trash": True})
    return scratch.patch(row, {"properties": {"Number": {"number": 1}}}).said


def _equal_values(scratch: Scratch) -> str:
    row = scratch.add("same", Number={"number": 1})
    scratch.wait(MINUTE)
    after = scratch.patch(row, {"properties": {"Number": {"number": 1}}}).body
    return "it stays" if after["last_edited_time"] == row["last_edited_time"] else "it moves"


def _cursor(scratch: Scratch) -> str:
    for name in ("cursor a", "cursor c"):
        scratch.add(name)
    body = {
        "filter": {"property": "Name", "title": {"starts_with": "cursor"}},
        "sorts": [{"property": "Name", "direction": "ascending"}],
        "page_size": 1,
    }
    path = f"/v1/data_sources/{scratch.source}/query"
    cursor = scratch.http.got("POST", path, body)["next_cursor"]
    scratch.add("cursor b")
    return f"{scratch.names({**body, 'start_cursor': cursor})}"


def _empty(scratch: Scratch) -> str:
    for name, value in (("sort full", 1), ("sort empty", None)):
        scratch.add(name, Number={"number": value})
    found = []
    for direction in ("ascending", "descending"):
        sorts = [{"property": "Number", "direction": direction}]
        ours = {"property": "Name", "title": {"starts_with": "sort"}}
        names = scratch.names({"sorts": sorts, "filter": ours})
        found.append(f"{direction}: {'last' if names[-1] == 'sort empty' else 'first'}")
    return ", ".join(found)


def _columns(scratch: Scratch, properties: Any) -> Reply:
    return scratch.http.ask("PATCH", f"/v1/data_sources/{scratch.source}", {"properties": properties})


def _roll_up(scratch: Scratch) -> str:
    roll_up = {"relation_property_name": "Nope", "rollup_property_name": "Number", "function": "sum"}
    return _columns(scratch, {"Sum": {"rollup": roll_up}}).said


def _retyped(scratch: Scratch) -> str:
    row = scratch.add("retype", Text={"rich_text": [{"text": {"content": "12"}}]})
    if (reply := _columns(scratch, {"Text": {"number": {}}})).status != 200:
        return reply.said
    after = scratch.http.got("GET", f"/v1/pages/{row['id']}")
    _columns(scratch, {"Text": {"rich_text": {}}})
    return f"{after['properties']['Text'].get('number')}"


def _mention(scratch: Scratch) -> str:
    day = {"type": "mention", "mention": {"date": {"start": "2026-01-02"}}}
    row = scratch.add("mention", Text={"rich_text": [day]})
    found: str = row["properties"]["Text"]["rich_text"][0]["plain_text"]
    return found


def _view(scratch: Scratch, **changes: Any) -> Reply:
    body = {
        "data_source_id": scratch.source,
        "database_id": scratch.database["id"],
        "name": "board",
        "type": "board",
    }
    return scratch.http.ask("POST", "/v1/views", body | changes)


def _view_refused(scratch: Scratch) -> str:
    return _view(scratch, configuration={"type": "table"}).said


def _view_default(scratch: Scratch) -> str:
    reply = _view(scratch, name="list", type="list")
    if reply.status != 200:
        raise CannotTry(reply.said)
    return f"{sorted(reply.body.get('configuration') or {})}"


def _computed(scratch: Scratch) -> str:
    row = scratch.add("computed")
    return scratch.patch(row, {"properties": {"Made": {"created_time": "2026-01-01T00:00:00.000Z"}}}).said


_FAULT: Final = "a fault of the server cannot be asked for"
_APP: Final = "it takes a status or relation that people set up in the app; there is no check yet"
CHECKS: Final[Sequence[Check]] = (
    Check(mark="notion/answers: what it says…", assumed="archived: True", find=_in_trash),
    Check(
        mark="notion/answers: what other…",
        assumed="default",
        find=lambda scratch: str(scratch.database.get("database_type")),
    ),
    Check(
        mark="notion/api._admitted: …",
        assumed="400 validation_error: body failed validation: body.length should be ≤ `512000`, instead was `N`.",
        find=_too_long,
    ),
    Check(
        mark="notion/api.Budget: …",
        why="a burst until Notion refuses would hold up everybody in the workspace",
    ),
    Check(mark="notion/api._bad_version: …", assumed="400 missing_version", find=_bad_version),
    Check(mark="notion/calls: …", assumed="404", find=_uuid_version),
    Check(mark="notion/calls.spend_block: …", why="it needs a free workspace that is full"),
    Check(mark="notion/date_filters._window: …", assumed="Monday", find=_week),
    Check(mark="notion/date_filters._day: …", assumed="UTC", find=_zone),
    Check(mark="notion/dates.accept: …", assumed="None", find=_zone_answered),
    Check(mark="notion/faults.overloaded: …", why=_FAULT),
    Check(mark="notion/faults.service_unavailable: …", why=_FAULT),
    Check(mark="notion/faults.gateway_timeout: …", why=_FAULT),
    Check(mark="notion/filters._holds: …", why=_APP),
    Check(
        mark="notion/filters: how many…",
        why="it needs a filter of more than 100 conditions, which okrsync never sends",
    ),
    Check(
        mark="notion/service.NotionEmulator: how late…", why="it needs a person who edits at a known instant"
    ),
    Check(
        mark="notion/tables.create_database: …",
        why="it would leave a database inside a database if Notion takes it",
    ),
    Check(mark="notion/tables.search: whether…", why="it needs a workspace of thousands of databases"),
    Check(
        mark="notion/pages.update: whether the sentence…",
        assumed="400 validation_error: Can't edit block that is archived. You must unarchive the block before editing.",
        find=_edit_in_trash,
    ),
    Check(mark="notion/pages.update: whether a PATCH…", assumed="it stays", find=_equal_values),
    Check(mark="notion/queries.Cursors: …", assumed="['cursor c']", find=_cursor),
    Check(mark="notion/queries._sorted: …", assumed="ascending: last, descending: last", find=_empty),
    Check(mark="notion/relations.follow: …", why=_APP),
    Check(mark="notion/schema.starting_option: …", why=_APP),
    Check(mark="notion/schema._mirror: …", why=_APP),
    Check(
        mark="notion/schema._follow: …",
        assumed="400 validation_error: body.properties.Sum.rollup: the relation property does not exist.",
        find=_roll_up,
    ),
    Check(mark="notion/schema._pair: …", why=_APP),
    Check(mark="notion/schema.retype: …", assumed="12", find=_retyped),
    Check(mark="notion/schema.forget_lost_options: …", why=_APP),
    Check(mark="notion/texts._mention: …", assumed="@2026-01-02", find=_mention),
    Check(
        mark="notion/views.create: Notion's…",
        assumed='400 validation_error: body failed validation: body.configuration.type should be `"board"`, instead was `"table"`.',
        find=_view_refused,
    ),
    Check(mark="notion/views.create: what…", assumed="['type']", find=_view_default),
    Check(
        mark="notion/writes.accept: …",
        assumed="400 validation_error: Made is a created_time property and cannot be updated via the API.",
        find=_computed,
    ),
)
