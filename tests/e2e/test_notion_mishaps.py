"""What people do to the database while a run is writing: the right words, the right exit code, and nothing overwritten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from okrsync.loopback import Fault
from okrsync_emulators.notion import faults
from tests.support.check_ins import keep_check_ins, rows

KEY = "Open bugs"
TABLE = "Key results"
MISHAPS: dict[str, tuple[Callable[[Any], None], str]] = {
    "trashed": (lambda notion: notion.trash(KEY), "the row is in Notion's trash"),
    "moved": (lambda notion: notion.move(KEY), "the row was moved out of 'Key results'"),
    "unshared": (lambda notion: notion.unshare_row(KEY), "Notion shows no such row any more"),
    "edited": (
        lambda notion: notion.edit(TABLE, KEY, "Current", 70),
        "the column 'Current' holds 70, and nothing was expected; last edited by a person",
    ),
}


def during_the_writes(desk: Any, mishap: Callable[[Any], None]) -> Any:
    """Let ``mishap`` happen after everything was read and before the first row is looked at again."""
    desk.meanwhile(lambda: mishap(desk.notion))
    return desk.run("sync", "demo")


@pytest.mark.parametrize("name", MISHAPS)
def test_a_row_that_people_touch_meanwhile_is_left_and_the_others_are_written(desk: Any, name: str) -> None:
    mishap, words = MISHAPS[name]
    ended = during_the_writes(desk, mishap)
    assert ended.code == 3
    assert words in ended.out
    page = desk.notion.page_id(KEY)
    assert desk.notion.server.count(f"^PATCH /v1/pages/{page}") == 0
    assert desk.table()["KR-2"]["Current"] == "192"


def test_a_column_renamed_meanwhile_is_written_all_the_same(desk: Any) -> None:
    ended = during_the_writes(desk, lambda notion: notion.rename_column(TABLE, "Current", "Now"))
    assert ended.code == 3
    assert desk.table()["KR-1"]["Now"] == "72"
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert "the column 'Current' is now called 'Now'" in ended.out


@pytest.mark.parametrize("change", ["deleted", "retyped"])
def test_a_column_that_goes_away_meanwhile_stops_every_row_that_needs_it(desk: Any, change: str) -> None:
    def mishap(notion: Any) -> None:
        if change == "deleted":
            notion.delete_column(TABLE, "Current")
        else:
            notion.retype_column(TABLE, "Current", "rich_text")

    ended = during_the_writes(desk, mishap)
    assert ended.code == 3
    assert "Current" in ended.out
    for number in (1, 2, 5):
        assert desk.table()[f"KR-{number}"]["Progress"] == ""


def test_an_option_renamed_meanwhile_is_written_by_its_id(desk: Any) -> None:
    ended = during_the_writes(desk, lambda notion: notion.rename_option(TABLE, "Status", "On track", "Läuft"))
    assert ended.code == 3
    assert desk.table()["KR-1"]["Status"] == "Läuft"


def test_an_option_deleted_meanwhile_is_reported_and_never_made_again(desk: Any) -> None:
    ended = during_the_writes(desk, lambda notion: notion.delete_option(TABLE, "Status", "On track"))
    assert ended.code == 3
    assert "Notion refused it" in ended.out
    column = desk.notion.workspace.source(TABLE).column("Status")
    assert "On track" not in [option.name for option in column.options]


def test_a_database_unshared_meanwhile_is_said_of_every_row(desk: Any) -> None:
    ended = during_the_writes(desk, lambda notion: notion.unshare(TABLE))
    assert ended.code == 3
    assert "Notion shows no such row any more" in ended.out
    assert desk.notion.server.count("^PATCH") <= 3, "only the objectives are in another database"
    assert desk.run("sync", "demo").code == 12


GONE: dict[str, tuple[Callable[[Any], object], str]] = {
    "trashed": (
        lambda notion: notion.trash(KEY),
        "the row is in Notion's trash: restore it there, or take KR-1 out of the YAML",
    ),
    "archived": (
        lambda notion: archive(notion),  # noqa: PLW0108 - it is defined below
        "the row is archived: bring it back in Notion, or take KR-1 out of the YAML",
    ),
    "moved": (
        lambda notion: notion.move(KEY),
        "the row was moved out of 'Key results' into a page: move it back, or take KR-1 out of the YAML",
    ),
    "unshared": (
        lambda notion: notion.unshare_row(KEY),
        "Share that place, or take KR-1 out of the YAML",
    ),
    "renamed": (
        lambda notion: notion.edit(TABLE, KEY, "KR", "KR-1 (old)"),
        "the column 'KR' shows 'KR-1 (old)' instead of 'KR-1': write 'KR-1' there again, or take KR-1 out of the YAML",
    ),
    "without its id": (
        lambda notion: notion.edit(TABLE, KEY, "KR", None),
        "the column 'KR' is empty instead of 'KR-1': write 'KR-1' there again, or take KR-1 out of the YAML",
    ),
    "duplicated": (
        lambda notion: notion.add_row(TABLE, {"Name": "A copy", "KR": "KR-1"}),
        "is the one that okrsync has read before: delete the copy or give it another id in 'KR'",
    ),
}


def archive(notion: Any) -> None:
    page = notion.page_id(KEY)
    notion.workspace.row(page).is_archived = True


@pytest.mark.parametrize("name", GONE)
@pytest.mark.parametrize("command", ["plan", "sync"])
def test_a_row_that_went_between_two_runs_has_its_own_sentence_and_step(
    desk: Any, name: str, command: str
) -> None:
    mishap, words = GONE[name]
    desk.run("sync", "demo")
    page = desk.notion.page_id(KEY)
    mishap(desk.notion)
    desk.jira.edit("APP", "APP-2", "status", "Done")
    desk.stage.forget()
    ended = desk.run(command, "demo")
    assert ended.code == 3
    assert words in " ".join(ended.out.split())
    assert "add it there" not in ended.out
    assert desk.notion.server.count("^POST /v1/pages") == 0
    assert desk.notion.server.count(f"^PATCH /v1/pages/{page}") == 0
    listed = name in {"renamed", "without its id", "duplicated", "archived"}
    assert desk.notion.server.count(f"^GET /v1/pages/{page}") == (0 if listed else 1)


def test_a_copy_without_a_run_before_is_told_by_its_age(desk: Any) -> None:
    desk.clock.sleep(60)
    desk.notion.add_row(TABLE, {"Name": "A copy", "KR": "KR-1"})
    ended = desk.run("sync", "demo")
    text = " ".join(ended.out.split())
    assert "2 rows have the id 'KR-1': " in text
    assert "is the oldest: delete the copy or give it another id in 'KR'" in text
    assert "name this one with `page:` in the YAML" in text
    assert text.index("Open-bugs") < text.index("A-copy")
    assert "A copy" not in text.split("2 rows have")[0]


def test_a_row_that_comes_back_is_written_again(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.notion.trash(KEY)
    desk.run("sync", "demo")
    desk.notion.restore(KEY)
    desk.jira.edit("APP", "APP-2", "status", "Done")
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Current"] != "72"


def test_the_row_of_an_id_that_left_the_yaml_costs_nothing(desk: Any) -> None:
    desk.run("sync", "demo")
    text = desk.yaml.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines(keepends=True) if "{id: KR-13," not in line.replace("- ", "")]
    assert len(lines) < len(text.splitlines())
    desk.yaml.write_text("".join(lines), encoding="utf-8")
    page = desk.notion.page_id("KR-13")
    desk.notion.trash("KR-13")
    desk.stage.forget()
    desk.run("sync", "demo")
    assert desk.notion.server.count(f"^GET /v1/pages/{page}") == 0


def test_the_row_of_an_objective_is_looked_for_too(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.notion.trash("O-1")
    ended = desk.run("sync", "demo")
    assert "restore it there, or take O-1 out of the YAML" in " ".join(ended.out.split())


# ---- a status whose default is not the schema's first option ----


def give_a_default(desk: Any, default: str = "Not started") -> None:
    """People put an option before all others, and the app's default stays what it was."""
    for title in ("Key results", "Objectives"):
        column = desk.notion.workspace.source(title).column("Status")
        backlog = replace(column.option(default), id=f"backlog{len(title)}", name="Backlog")
        column.options.insert(0, backlog)
        column.default = column.option(default).id


def test_a_status_default_is_asked_for_and_then_written_over(desk: Any) -> None:
    give_a_default(desk)
    ended = desk.run("plan", "demo")
    text = " ".join(ended.out.split())
    assert "all 13 untouched rows show 'Not started': is it the default?" in text
    assert "write `initial: Not started` above `cells`; else: okrsync adopt demo KR-1" in text
    doctor = desk.run("doctor", "demo")
    assert "all 13 untouched rows show 'Not started'" in " ".join(doctor.out.split())
    desk.run("sync", "demo")
    again = desk.run("sync", "demo")
    asked = "rows that nobody had touched showed 'Not started': is it the default?"
    assert asked in " ".join(again.out.split()), "the question stays, though the rows are no longer untouched"
    desk.edit_yaml("    cells: {", "    initial: Not started\n    cells: {")
    ended = desk.run("sync", "demo")
    assert "is it the default?" not in ended.out
    assert {row["Status"] for key, row in desk.table().items() if key != "KR-13"} & {
        "On track",
        "Behind",
        "At risk",
        "Achieved",
    }
    assert desk.table()["KR-1"]["Status"] == "On track"
    assert desk.table()["KR-13"]["Status"] == "Not started"


def test_a_status_that_a_person_chose_is_theirs_whatever_the_default_is(desk: Any) -> None:
    give_a_default(desk)
    desk.edit_yaml("    cells: {", "    initial: Not started\n    cells: {")
    desk.notion.edit(TABLE, KEY, "Status", "Backlog")
    desk.notion.edit(TABLE, "KR-2", "Status", "Behind")
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Status"] == "Backlog"
    assert desk.table()["KR-2"]["Status"] == "Behind"


def test_an_initial_option_that_is_not_there_is_a_mistake_in_the_yaml(desk: Any) -> None:
    desk.edit_yaml("    cells: {", "    initial: Not begun\n    cells: {")
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    said = "`initial` says 'Not begun', and the status column 'Status' has no such option; fix `initial`: "
    assert said in " ".join(ended.out.split())
    assert desk.table()["KR-1"]["Current"] == "72"


# ---- what free workspaces refuse ----


@pytest.mark.parametrize(
    "refusal", [(403, "restricted_resource"), (400, "validation_error"), (402, "plan_limit")]
)
def test_at_the_block_limit_numbers_are_written_and_check_ins_say_why_not(
    desk: Any, refusal: tuple[int, str]
) -> None:
    keep_check_ins(desk)
    desk.notion.behaviour.blocks, desk.notion.behaviour.limit = 0, refusal
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    text = " ".join(ended.out.split())
    assert "it has reached the block limit of its plan" in text
    assert "1,000 blocks: change its plan, or take `check_ins` out of the YAML" in text
    assert desk.table()["KR-1"]["Current"] == "72"
    assert desk.table()["KR-12"]["Current"]
    assert desk.notion.server.count("^POST /v1/pages") <= 10, "a limit met three times is believed"
    desk.notion.behaviour.blocks = None
    assert "block limit" not in desk.run("sync", "demo").out
    assert len(rows(desk)) == 12


def test_a_token_that_may_not_add_rows_still_writes_numbers(desk: Any) -> None:
    keep_check_ins(desk)
    workspace = desk.notion.workspace
    workspace.capabilities = workspace.capabilities - {"insert"}
    ended = desk.run("sync", "demo")
    assert ended.code == 12
    assert "insert content" in ended.out
    assert all(desk.table()[f"KR-{number}"]["Current"] for number in range(1, 13))


@pytest.mark.parametrize(("limit", "said"), [(5 * 1024 * 1024, True), (5 * 1024**3, False)])
def test_doctor_says_what_a_free_workspace_refuses(desk: Any, limit: int, said: bool) -> None:
    desk.notion.workspace.upload_limit = limit
    assert "1,000 blocks" not in desk.run("doctor", "demo").out, "nothing is added without check-ins"
    keep_check_ins(desk)
    desk.notion.workspace.upload_limit = limit
    assert ("1,000 blocks" in " ".join(desk.run("doctor", "demo").out.split())) is said


# ---- answers of another shape than Notion's ----

DEEP = b'{"object": "list", "results": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
SHAPES: dict[str, bytes] = {
    "a list without results": b'{"object": "list"}',
    "results that are null": b'{"object": "list", "results": null, "has_more": false}',
    "a result that is null": b'{"object": "list", "results": [null], "has_more": false}',
    "a page without properties": b'{"object": "list", "results": [{"object": "page", "id": "x"}], "has_more": false}',
    "a page without an id": b'{"object": "list", "results": [{"object": "page", "properties": {}}], "has_more": false}',
    "HTML": b"<html>Sign in</html>",
    "nothing": b"",
    "null": b"null",
    "a text": b'"hello"',
    "deep nesting": DEEP,
    "a huge number": b'{"object": "list", "results": [], "has_more": false, "n": ' + b"9" * 5000 + b"}",
    "no text": b"\xff\xfe",
    "an error with 200": b'{"object": "error", "status": 500, "code": "internal_server_error", "message": "no"}',
    "an empty object": b"{}",
    "a page that is a list": b'{"object": "page", "id": "x", "properties": []}',
    "a data source without columns": b'{"object": "data_source", "id": "x", "properties": {}}',
    "columns that are null": b'{"object": "data_source", "id": "x", "properties": {"Name": null}}',
    "options that are a number": b'{"object": "data_source", "id": "x", "properties": {"S": {"id": "s", "type": "select", '
    b'"select": {"options": 7}}}}',
    "a database without data sources": b'{"object": "database", "id": "x"}',
}
EVERYWHERE = ("HTML", "null", "deep nesting", "an empty object")
PLACES = ("GET /v1/databases", "GET /v1/data_sources", "GET /v1/pages", "PATCH /v1/pages", "GET /v1/users")
CASES = [
    *((name, "/query") for name in SHAPES),
    *((name, where) for where in PLACES for name in EVERYWHERE),
    ("a database without data sources", "GET /v1/databases"),
    *((name, "GET /v1/data_sources") for name in SHAPES if "column" in name or "options" in name),
    *((name, f"{method} /v1/pages") for name in SHAPES if "page" in name for method in ("GET", "PATCH")),
]


@pytest.mark.parametrize(("name", "where"), CASES)
def test_an_answer_of_another_shape_is_no_answer(desk: Any, name: str, where: str) -> None:
    """It is asked again, and held with a sentence if it stays so: never a traceback, never a wrong number."""
    broken = Fault(where=where, status=200, body=SHAPES[name], times=1000)
    if where == "GET /v1/pages":
        # Rows are only read by themselves if they were not read a moment ago, and cannot be read together.
        desk.slow()
        broken.where = desk.again
    desk.notion.server.faults.append(broken)
    command = "doctor" if "users" in where else "sync"
    ended = desk.run(command, "demo")
    assert ended.code == 3, ended.err
    assert "the answer is not Notion's, but" in ended.err + " ".join(ended.out.split())
    assert "Traceback" not in ended.err + ended.out
    if "PATCH" not in where:
        assert {row["Current"] for row in desk.table().values()} == {""}
        # The three objectives are another table, whose rows can still be read again.
        assert desk.notion.server.count("PATCH") == (3 if where == "GET /v1/pages" else 0)
    desk.notion.server.faults.clear()
    desk.run("sync", "demo")
    assert desk.table()["KR-1"]["Current"] == "72"


def test_a_notion_that_allows_no_burst_gets_every_row_in_one_run(desk: Any) -> None:
    budget = desk.notion.api.budget
    budget.writes, budget.monotonic = 3, desk.clock.monotonic
    ended = desk.run("sync", "demo")
    assert "slow down" not in ended.out
    assert [row["Current"] != "" for row in desk.table().values()].count(True) == 12
    # Those that went out together before the first refusal, and one or two that were a moment too early.
    assert 0 < budget.refused <= 12


def test_a_notion_that_asks_to_wait_an_hour_is_left_alone(desk: Any) -> None:
    fault = faults.rate_limited("PATCH /v1/pages", retry_after=3600, times=99)
    desk.notion.server.faults.append(fault)
    ended = desk.run("sync", "demo")
    assert ended.code == 3
    assert "it asked to wait 3600 s" in ended.out
    # Ten go out side by side; of the other rows none.
    assert desk.writes <= 10
    assert "it asked to wait 3600 s, so nothing was sent" in ended.out
