"""Read rows again together right before they are written: what is asked, believed and lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest

from okrsync.errors import Conflict
from okrsync.model import Row, Stored
from okrsync.ports import RECENT, ConnectorContext, Destination, TableSpec
from okrsync.settings import Secret
from okrsync.testing import JumpClock
from okrsync_emulators.notion import NotionEmulator, faults
from okrsync_notion import NotionSettings, NotionTable, connector

DATABASE = "11111111-1111-4111-8111-111111111111"
GET, PATCH, QUERY = "^GET /v1/pages/", "^PATCH /v1/pages/", "/query"
TABLE = "Key results"


@pytest.fixture
def clock() -> JumpClock:
    return JumpClock()


@pytest.fixture
def notion(monkeypatch: pytest.MonkeyPatch) -> Iterator[NotionEmulator]:
    made = NotionEmulator()
    monkeypatch.setenv("NOTION_TOKEN", "secret_demo")
    seed(made)
    yield made
    made.server.close()


def seed(notion: NotionEmulator, kind: str = "rich_text", keys: tuple[Any, ...] = ()) -> None:
    keys = keys or tuple(f"KR-{number}" for number in range(1, 6))
    options = {"options": list(keys)} if kind in {"select", "status"} else {}
    table = {
        "title": TABLE,
        "properties": {
            "Name": {"type": "title"},
            "KR ID": {"type": kind, **options, **({"prefix": "KR"} if kind == "unique_id" else {})},
            "Current": {"type": "number"},
        },
        "rows": [{"Name": f"Row {key}", **({"KR ID": key} if kind != "unique_id" else {})} for key in keys],
    }
    notion.load(
        {"token": "secret_demo", "databases": [{"id": DATABASE, "title": "OKRs", "data_sources": [table]}]}
    )


def opened(notion: NotionEmulator, clock: JumpClock, **spec: Any) -> Destination:
    table = NotionTable(database=DATABASE, match="KR ID", cells={"current": "Current"})
    settings = NotionSettings(
        token=Secret(env="NOTION_TOKEN"), url=notion.server.url, requests_per_second=Decimal(100), burst=1000
    )
    assert connector.destination is not None
    return connector.destination(
        settings, TableSpec(settings=table, **spec), ConnectorContext(name="notion", clock=clock)
    )


def listed(destination: Destination) -> dict[str, Row]:
    return {row.key: row for row in destination.read()}


def write(destination: Destination, row: Row, value: int = 5, expect: Stored = None) -> Mapping[str, Stored]:
    wanted: dict[str, Stored] = {"current": Decimal(value)}
    found = destination.write(row.id, wanted, {"current": expect}, recent=True)
    return {name: cell.value for name, cell in found.cells.items()}


def test_rows_are_read_again_by_one_request_and_each_reading_is_used_once(
    notion: NotionEmulator, clock: JumpClock
) -> None:
    destination = opened(notion, clock)
    rows = listed(destination)
    clock.jump(RECENT + 1)
    notion.server.forget()
    destination.look([row.id for row in rows.values()], fresh=1.0)
    assert notion.server.count() == notion.server.count(QUERY) == 1
    for row in rows.values():
        assert write(destination, row) == {"current": Decimal(5)}
    assert (notion.server.count(GET), notion.server.count(PATCH)) == (0, 5)
    assert write(destination, rows["KR-1"], 6, Decimal(5)) == {"current": Decimal(6)}
    assert notion.server.count(GET) == 1


@pytest.mark.parametrize(
    ("kind", "keys"),
    [
        ("title", ()),
        ("number", (1, 2, 3.5, 4, 5)),
        ("select", ()),
        ("status", ()),
        ("unique_id", ()),
        ("url", ()),
        ("email", ()),
        ("phone_number", ()),
    ],
)
def test_every_kind_of_key_can_be_asked_for(
    notion: NotionEmulator, clock: JumpClock, kind: str, keys: tuple[Any, ...]
) -> None:
    if kind == "title":
        seed(notion)
        notion.rename_column(TABLE, "KR ID", "Old id")
        notion.rename_column(TABLE, "Name", "KR ID")
    else:
        seed(notion, kind, keys)
    destination = opened(notion, clock)
    rows = listed(destination)
    assert len(rows) == 5
    clock.jump(60)
    notion.server.forget()
    destination.look([row.id for row in rows.values()], fresh=0)
    for row in rows.values():
        write(destination, row)
    assert (notion.server.count(QUERY), notion.server.count(GET), notion.server.count(PATCH)) == (1, 0, 5)


def test_what_the_run_has_just_read_is_not_read_again(notion: NotionEmulator, clock: JumpClock) -> None:
    destination = opened(notion, clock)
    rows = listed(destination)
    notion.server.forget()
    clock.jump(0.9)
    destination.look([row.id for row in rows.values()], fresh=1.0)
    clock.jump(RECENT - 0.9)
    write(destination, rows["KR-1"])
    assert (notion.server.count(QUERY), notion.server.count(GET), notion.server.count(PATCH)) == (0, 0, 1)
    clock.jump(0.1)
    write(destination, rows["KR-2"])
    assert (notion.server.count(QUERY), notion.server.count(GET), notion.server.count(PATCH)) == (0, 1, 2)


def test_a_write_that_may_use_no_recent_reading_makes_its_own(
    notion: NotionEmulator, clock: JumpClock
) -> None:
    destination = opened(notion, clock)
    row = listed(destination)["KR-1"]
    notion.edit(TABLE, "KR-1", "Current", 999)
    with pytest.raises(Conflict, match="999"):
        destination.write(row.id, {"current": Decimal(5)}, {"current": None})
    assert notion.server.count(PATCH) == 0


def test_an_edit_before_the_common_reading_is_kept(notion: NotionEmulator, clock: JumpClock) -> None:
    destination = opened(notion, clock)
    rows = listed(destination)
    notion.edit(TABLE, "KR-2", "Current", 999)
    destination.look([row.id for row in rows.values()], fresh=0)
    with pytest.raises(Conflict, match="999"):
        write(destination, rows["KR-2"])
    assert notion.row("KR-2")["Current"] == 999
    write(destination, rows["KR-1"])


def test_an_edit_after_an_old_reading_is_kept(notion: NotionEmulator, clock: JumpClock) -> None:
    destination = opened(notion, clock)
    rows = listed(destination)
    destination.look([row.id for row in rows.values()], fresh=0)
    notion.edit(TABLE, "KR-2", "Current", 999)
    clock.jump(RECENT + 0.1)
    with pytest.raises(Conflict, match="999"):
        write(destination, rows["KR-2"])


def test_a_reading_that_is_not_as_expected_is_not_believed(
    clock: JumpClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person fills a cell and empties it again; the query lists the first of it, the page itself shows the last."""
    monkeypatch.setenv("NOTION_TOKEN", "secret_demo")
    notion = NotionEmulator(edit_lag=1)
    seed(notion)
    try:
        destination = opened(notion, clock)
        rows = listed(destination)
        notion.edit_lag = 0
        notion.edit(TABLE, "KR-1", "Current", 999)
        notion.edit_lag = 1
        notion.edit(TABLE, "KR-1", "Current", None)
        destination.look([row.id for row in rows.values()], fresh=0)
        notion.server.forget()
        assert write(destination, rows["KR-1"]) == {"current": Decimal(5)}
        assert (notion.server.count(GET), notion.server.count(PATCH)) == (1, 1)
    finally:
        notion.server.close()


def test_a_late_listing_loses_what_a_reading_of_its_own_keeps(
    clock: JumpClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The risk that the documents name: only for rows that nobody has filled, or if the YAML says ``recheck: group``."""
    monkeypatch.setenv("NOTION_TOKEN", "secret_demo")
    notion = NotionEmulator(edit_lag=1)
    seed(notion)
    try:
        destination = opened(notion, clock)
        rows = listed(destination)
        notion.edit(TABLE, "KR-1", "Current", 999)
        notion.edit(TABLE, "KR-2", "Current", 999)
        destination.look([rows["KR-1"].id, rows["KR-3"].id], fresh=0)
        write(destination, rows["KR-1"])
        assert notion.row("KR-1")["Current"] == 5
        with pytest.raises(Conflict):
            destination.write(rows["KR-2"].id, {"current": Decimal(5)}, {"current": None})
        assert notion.row("KR-2")["Current"] == 999
    finally:
        notion.server.close()


@pytest.mark.parametrize("away", ["trash", "move", "other key"])
def test_a_row_that_is_missing_from_the_answer_is_read_by_itself(
    notion: NotionEmulator, clock: JumpClock, away: str
) -> None:
    destination = opened(notion, clock)
    rows = listed(destination)
    if away == "other key":
        notion.edit(TABLE, "Row KR-1", "KR ID", "KR-77")
    else:
        getattr(notion, away)("Row KR-1")
    destination.look([row.id for row in rows.values()], fresh=0)
    notion.server.forget()
    if away == "other key":
        write(destination, rows["KR-1"])
    else:
        with pytest.raises(Conflict):
            write(destination, rows["KR-1"])
    assert notion.server.count(GET) >= 1


def test_rows_named_by_their_address_are_read_one_by_one(notion: NotionEmulator, clock: JumpClock) -> None:
    addresses = {f"KR-{number}": notion.page_id(f"KR-{number}") for number in (1, 2)}
    destination = opened(notion, clock, pages=addresses)
    rows = listed(destination)
    clock.jump(60)
    notion.server.forget()
    destination.look([row.id for row in rows.values()], fresh=0)
    assert notion.server.count(QUERY) == 1
    for row in rows.values():
        write(destination, row)
    assert (notion.server.count(GET), notion.server.count(PATCH)) == (2, 5)


def test_a_query_that_is_refused_is_asked_once_and_costs_no_row_its_write(
    notion: NotionEmulator, clock: JumpClock
) -> None:
    destination = opened(notion, clock)
    rows = listed(destination)
    clock.jump(60)
    notion.server.faults.append(faults.forbidden_html(QUERY, times=99))
    notion.server.forget()
    for _ in range(3):
        destination.look([row.id for row in rows.values()], fresh=0)
    assert notion.server.count(QUERY) == 1
    for row in rows.values():
        write(destination, row)
    assert (notion.server.count(GET), notion.server.count(PATCH)) == (5, 5)


def test_a_column_renamed_since_the_common_reading_is_still_written(
    notion: NotionEmulator, clock: JumpClock
) -> None:
    destination = opened(notion, clock)
    rows = listed(destination)
    destination.look([row.id for row in rows.values()], fresh=0)
    notion.rename_column(TABLE, "Current", "Current value")
    assert write(destination, rows["KR-1"]) == {"current": Decimal(5)}
    assert notion.row("KR-1")["Current value"] == 5


def test_a_write_that_is_tried_again_reads_its_row_again(notion: NotionEmulator, clock: JumpClock) -> None:
    destination = opened(notion, clock)
    rows = listed(destination)
    destination.look([row.id for row in rows.values()], fresh=0)
    notion.server.faults.append(faults.meanwhile(PATCH, lambda: notion.edit(TABLE, "KR-1", "Current", 999)))
    notion.server.faults[-1].status = 503
    with pytest.raises(Conflict, match="999"):
        write(destination, rows["KR-1"])
    assert notion.row("KR-1")["Current"] == 999


def test_the_emulator_takes_a_hundred_conditions_and_no_more(notion: NotionEmulator) -> None:
    import httpx

    source = notion.workspace.source(TABLE).id
    headers = {"authorization": "Bearer secret_demo", "notion-version": "2026-03-11"}
    with httpx.Client(base_url=notion.server.url, headers=headers, trust_env=False) as http:
        for size, status in ((100, 200), (101, 400)):
            test = {"property": "KR ID", "rich_text": {"equals": "kr-1"}}
            answer = http.post(f"/v1/data_sources/{source}/query", json={"filter": {"or": [test] * size}})
            assert answer.status_code == status
            if status == 200:
                assert len(answer.json()["results"]) == 1
