"""What the emulated Notion shows a person, and what it makes of what a person types."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta, timezone

import pytest

from okrsync.emulation import Grid
from okrsync_emulators.notion import NotionEmulator

BERLIN = timezone(timedelta(hours=1))
SEED = {
    "people": ["Ada Lovelace"],
    "databases": [
        {
            "title": title,
            "id": f"{number}" * 8 + "-0000-4000-8000-000000000000",
            "data_sources": [
                {
                    "title": "Key results",
                    "properties": {
                        "Name": "title",
                        "Share": {"type": "number", "format": "percent"},
                        "Count": "number",
                        "When": "date",
                        "Done": "checkbox",
                        "Status": {
                            "type": "status",
                            "options": [
                                {"name": "Open", "group": "To-do"},
                                {"name": "Late", "group": "In progress", "color": "red"},
                            ],
                        },
                        "Sum": {"type": "formula"},
                    },
                    "rows": [{"Name": f"Row {number}", "When": "2026-11-23T06:00:00Z", "Share": 0.25}],
                }
            ],
        }
        for number, title in ((1, "Sales"), (2, "Sales"), (3, "Support"))
    ],
}


@pytest.fixture
def notion() -> Iterator[NotionEmulator]:
    emulator = NotionEmulator()
    emulator.load(SEED)
    yield emulator
    emulator.server.close()


def first(notion: NotionEmulator) -> Grid:
    return notion.grids(BERLIN)[0]


def shown(notion: NotionEmulator, column: str) -> str:
    grid = first(notion)
    return grid.rows[0].cells[[one.name for one in grid.columns].index(column)].text


def test_tables_of_one_name_are_told_apart(notion: NotionEmulator) -> None:
    assert [(one.title, one.note) for one in notion.grids(UTC)] == [
        ("Key results", "in the database Sales · id " + notion.grids(UTC)[0].id[:8]),
        ("Key results", "in the database Sales · id " + notion.grids(UTC)[1].id[:8]),
        ("Key results", "in the database Support"),
    ]
    assert len({one.note for one in notion.grids(UTC)}) == 3


def test_a_person_sees_local_times_colours_and_who_edited_last(notion: NotionEmulator) -> None:
    grid = first(notion)
    (row,) = grid.rows
    assert shown(notion, "When") == "2026-11-23 07:00"
    assert [cell.share for cell in row.cells if cell.share is not None] == [0.25]
    (status,) = [one for one in grid.columns if one.kind == "status"]
    assert status.options == {"Open": "gray", "Late": "red"}
    assert {one.name for one in grid.columns if not one.editable} == {"Sum"}
    assert (row.editor, row.by_integration, row.in_trash) == ("Ada Lovelace", False, False)


@pytest.mark.parametrize(
    ("column", "typed", "text"),
    [
        ("Share", "70%", "70%"),
        ("Share", "33.3", "33.3%"),
        ("Share", "", ""),
        ("Count", "1,234.5", "1234.5"),
        ("Count", " -7 ", "-7"),
        ("When", "2026-11-24", "2026-11-24"),
        ("When", "2026-11-24 09:30", "2026-11-24 09:30"),
        ("Done", "yes", "✓"),
        ("Status", "Late", "Late"),
        ("Name", "Renamed", "Renamed"),
    ],
)
def test_a_person_types_what_the_column_takes(
    notion: NotionEmulator, column: str, typed: str, text: str
) -> None:
    notion.type_in(first(notion).rows[0].id, column, typed, BERLIN)
    assert shown(notion, column) == text


@pytest.mark.parametrize(
    ("column", "typed", "reason"),
    [
        ("Count", "many", "takes a number, not 'many'"),
        ("Count", "1e99", "up to 15 digits"),
        ("Count", "NaN", "up to 15 digits"),
        ("When", "tomorrow", "takes a date such as 2026-11-23"),
        ("Sum", "1", "nobody types into Sum"),
        ("Status", "Lost", "has no option 'Lost'"),
        ("Missing", "1", "column 'Missing'"),
    ],
)
def test_what_a_column_does_not_take_changes_nothing(
    notion: NotionEmulator, column: str, typed: str, reason: str
) -> None:
    before = first(notion)
    with pytest.raises((LookupError, ValueError), match=reason):
        notion.type_in(before.rows[0].id, column, typed, BERLIN)
    assert first(notion) == before


def test_what_is_broken_is_repaired_and_a_reset_repairs_everything(notion: NotionEmulator) -> None:
    unshared, outage = notion.mishaps()
    unshared.begin()
    assert "not shared with okrsync" in first(notion).note
    unshared.end()
    assert "not shared" not in first(notion).note
    for _ in range(2):
        outage.begin()
        assert len(notion.server.faults) == 1
    outage.end()
    assert notion.server.faults == []
    outage.begin()
    notion.reset()
    assert notion.server.faults == []
    assert notion.grids(UTC) == []
