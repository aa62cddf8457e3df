"""Jira's past and its lengths of time, through the real ``jira`` library, against both emulators."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from okrsync.loopback import Fault
from okrsync.model import PERCENT, Cause, Dimension, NoValue, Question, Reading, Unit, Window
from okrsync_jira import JiraQuery, client
from okrsync_jira.changelog import Shared, moment, moves
from tests.support.jira_site import NOW, Build, World, ask, fact

POINTS = "customfield_10016"
DAYS = Unit(dimension=Dimension.DURATION, detail="days")
HOURS = Unit(dimension=Dimension.DURATION, detail="hours")
OCTOBER = Window(start=datetime(2026, 10, 1, tzinfo=UTC), end=datetime(2026, 11, 1, tzinfo=UTC))
BUGS = "project = APP AND type = Bug"
STORIES = "project = APP AND type = Story"


def step(day: str, old: str | None, new: str | None, name: str = "status") -> dict[str, Any]:
    return {"at": f"2026-{day}T09:00:00Z", "field": name, "from": old, "to": new}


SEED: Mapping[str, Any] = {
    "users": [{"email": "bot@acme.example", "name": "Bot", "token": "t0ken"}, {"email": "eva@acme.example"}],
    "fields": [{"id": POINTS, "name": "Story Points", "type": "number"}],
    "statuses": [
        {"id": "10000", "name": "To Do", "category": "new"},
        {"id": "3", "name": "In Progress", "category": "indeterminate"},
        {"id": "10001", "name": "In Review", "category": "indeterminate"},
        {"id": "10002", "name": "Done", "category": "done"},
        {"id": "6", "name": "Closed", "category": "done", "deleted": True},
        {"id": "10077", "name": "Shipped", "category": "done", "deleted": True},
    ],
    "sprints": [
        {"id": 11, "board": 1, "start": "2026-10-01", "end": "2026-10-14", "complete": "2026-10-15"},
        {"id": 12, "board": 1, "start": "2026-10-15", "end": "2026-10-28", "complete": "2026-10-29"},
        {"id": 13, "board": 1, "state": "active", "start": "2026-11-01"},
        {"id": 14, "board": 2, "start": "2026-10-01", "complete": "2026-10-20"},
    ],
    "boards": [
        {"id": 1, "project": "APP", "estimation": "Story Points"},
        {"id": 2, "project": "OPS"},
        {"id": 3, "project": "OPS", "type": "kanban"},
    ],
    "issues": [
        # Done on 10 October, opened again on 2 November.
        {
            "key": "APP-1",
            "type": "Bug",
            "status": "In Progress",
            "created": "2026-10-01T09:00:00Z",
            "assignee": "eva@acme.example",
            "history": [
                step("10-05", "To Do", "In Progress"),
                step("10-10", "In Progress", "Done"),
                step("11-02", "Done", "In Progress"),
                step("11-02", None, "eva@acme.example", "assignee"),
            ],
        },
        # Done on 20 October.
        {
            "key": "APP-2",
            "type": "Bug",
            "status": "Done",
            "created": "2026-10-03T09:00:00Z",
            "resolution": "Won't Do",
            "resolved": "2026-10-20T09:00:00Z",
            "history": [
                step("10-20", "To Do", "Done"),
                step("10-20", None, "Won't Do", "resolution"),
            ],
        },
        {"key": "APP-3", "type": "Bug", "status": "To Do", "created": "2026-11-05T09:00:00Z"},
        # A story that was closed, then moved to Done by a migration of the workflow nine months later.
        {
            "key": "APP-10",
            "type": "Story",
            "status": "Done",
            "created": "2026-01-01T09:00:00Z",
            "fields": {POINTS: 8},
            "history": [
                step("01-05", "To Do", "In Progress"),
                step("01-11", "In Progress", "Closed"),
                {"at": "2026-10-11T09:00:00Z", "field": "Workflow", "from": "old", "to": "new"},
                step("10-11", "Closed", "Done"),
            ],
        },
        # Two starts, one finish: 12 days of lead, 10 or 4 of cycle.
        {
            "key": "APP-11",
            "type": "Story",
            "status": "Done",
            "created": "2026-10-01T09:00:00Z",
            "fields": {POINTS: 5},
            "history": [
                step("10-03", "To Do", "In Progress"),
                step("10-05", "In Progress", "To Do"),
                step("10-09", "To Do", "In Review"),
                step("10-13", "In Review", "Done"),
                step("10-20", "3", "5", "Story Points"),
            ],
        },
        # Never in progress, finished on 24 October: 4 days of lead.
        {
            "key": "APP-12",
            "type": "Story",
            "status": "Done",
            "created": "2026-10-20T09:00:00Z",
            "fields": {POINTS: 2},
            "history": [step("10-24", "To Do", "Done")],
        },
    ],
}


@pytest.fixture
def seed() -> Mapping[str, Any]:
    return SEED


# ---- How changes are read -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "written", [1_760_087_400, 1_760_087_400_000, "2025-10-10T09:10:00.000+0000", "2025-10-10T17:10:00+0800"]
)
def test_a_moment_is_the_same_in_seconds_milliseconds_and_text(written: Any) -> None:
    assert moment(written) == datetime(2025, 10, 10, 9, 10, tzinfo=UTC)


@pytest.mark.parametrize("written", [None, "", "yesterday", True, "2025-10-10T09:10:00", 10**30])
def test_what_is_no_moment_is_refused(written: Any) -> None:
    with pytest.raises(Exception, match="instead of a date and time"):
        moment(written)


def test_histories_are_put_in_order_and_taken_once() -> None:
    def history(number: int, at: int) -> dict[str, Any]:
        return {"id": str(number), "created": at, "items": [{"field": "status", "from": "1", "to": "2"}]}

    # Newest first, one of them twice, and two of one second whose ids are no texts to sort by.
    found = moves([history(30, 300), history(10, 200), history(9, 200), history(30, 300)], Shared())
    assert [move.id for move in found] == [9, 10, 30]


@pytest.mark.parametrize("spelling", ["ms", "s", "iso"])
def test_cloud_may_tell_times_as_it_likes(cloud: World, spelling: Any) -> None:
    cloud.jira.site.switches.bulk_created = spelling
    assert cloud.value("10-31", scope=BUGS, state={"statusCategory": "not done"}).value == 0


def test_changes_of_one_issue_that_come_on_several_pages_are_put_together(
    cloud: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = cloud.value("10-12", scope=STORIES, state={"statusCategory": "done"})
    cloud.jira.server.forget()
    monkeypatch.setattr(client, "CHANGES_PAGE", 1)
    monkeypatch.setattr(client, "ISSUES_AT_ONCE", 2)
    assert cloud.value("10-12", scope=STORIES, state={"statusCategory": "done"}).value == whole.value == 1
    assert cloud.jira.server.count("changelog/bulkfetch") >= 6
    # This one needs every change of an issue, wherever it came.
    query: dict[str, Any] = {"scope": STORIES, "measure": "cycle_time", "unit": DAYS, "window": OCTOBER}
    assert cloud.value(**query).value == 10


def test_a_page_of_changes_that_names_itself_is_a_fault_and_no_number(cloud: World) -> None:
    body = {"issueChangeLogs": [], "nextPageToken": "7"}
    cloud.jira.server.faults.append(
        Fault(where="changelog/bulkfetch", times=99, status=200, body=json.dumps(body).encode())
    )
    lost = cloud.none("10-12", scope=BUGS, state={"status": "Done"})
    assert lost.cause is Cause.UNAVAILABLE
    assert cloud.jira.server.count("changelog/bulkfetch") == 2


@pytest.mark.parametrize("body", [{}, {"issueChangeLogs": [{"issueId": "1"}]}, []])
def test_changes_without_their_shape_are_asked_for_again(cloud: World, body: Any) -> None:
    cloud.jira.server.faults.append(
        Fault(where="changelog/bulkfetch", times=1, status=200, body=json.dumps(body).encode())
    )
    assert cloud.value("10-12", scope=BUGS, state={"status": "Done"}).value == 1
    assert cloud.jira.server.count("changelog/bulkfetch") == 2


def test_a_changelog_that_data_center_cuts_short_is_a_fault(server: World) -> None:
    cut = {"startAt": 0, "maxResults": 1, "total": 2, "histories": []}
    fields = {"created": "2026-10-01T09:00:00.000+0000"}
    body = {"startAt": 0, "maxResults": 9, "total": 1, "issues": [{"id": "1", "key": "APP-1", "fields": fields, "changelog": cut}]}  # fmt: skip
    server.jira.server.faults.append(
        Fault(where="api/2/search", times=99, status=200, body=json.dumps(body).encode())
    )
    lost = server.none("10-12", scope=BUGS, state={"status": "Done"})
    assert lost.cause is Cause.UNAVAILABLE
    assert "0 of 2 changes" in lost.reason


# ---- The past of a state --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "state", "count"),
    [
        ("10-02", {"statusCategory": "not done"}, 1),
        ("10-04", {"statusCategory": "not done"}, 2),
        ("10-12", {"statusCategory": "not done"}, 1),
        ("10-31", {"statusCategory": "not done"}, 0),
        ("11-03", {"statusCategory": "not done"}, 1),
        ("11-06", {"statusCategory": "not done"}, 2),
        (None, {"statusCategory": "not done"}, 2),
        ("10-07", {"statusCategory": "in progress"}, 1),
        ("10-07", {"statusCategory": ["to do", "done"]}, 1),
        ("10-12", {"status": "done"}, 1),
        ("10-12", {"status": ["10002", "In Review"]}, 1),
        ("10-12", {"status": {"not": ["Done"]}}, 1),
        ("10-31", {"resolution": "Won't Do"}, 1),
        ("10-19", {"resolution": "Won't Do"}, 0),
        ("10-19", {"resolution": "empty"}, 2),
        ("10-31", {"resolution": "not empty"}, 1),
        ("11-01", {"assignee": "empty"}, 2),
        ("11-03", {"assignee": "eva"}, 1),
        ("11-03", {"assignee": "eva", "statusCategory": "done"}, 0),
    ],
)
def test_open_bugs_as_they_were(world: World, day: str | None, state: Any, count: int) -> None:
    answer = world.value(day, scope=BUGS, state=state)
    assert answer.value == count
    assert answer.method == ("observed" if day is None else "changelog")
    assert answer.evidence.rows == count
    if day is not None:
        assert "were deleted" in fact(answer, "the past")
        assert fact(answer, "in the scope") == "3"


def test_one_read_serves_a_year_of_weeks(world: World) -> None:
    query: dict[str, Any] = {"scope": STORIES, "state": {"statusCategory": "not done"}}
    world.value("10-12", **query)
    one = world.jira.server.count()
    world.jira.server.forget()
    days = [NOW - timedelta(weeks=week) for week in range(52)]
    parsed = JiraQuery.model_validate(query)
    answers = world.read(*(Question(metric="m", query=parsed, at=day, now=NOW) for day in days))
    assert world.jira.server.count() == one
    known = [answer for answer in answers if isinstance(answer, Reading)]
    assert [answer.value for answer in known[4:9]] == [0, 0, 1, 1, 0]
    # Before the first story there is nothing to know, and nothing is not zero.
    before = [answer for answer in answers if isinstance(answer, NoValue)]
    assert len(before) == sum(day < datetime(2026, 1, 1, 9, tzinfo=UTC) for day in days) > 0
    assert {answer.cause for answer in before} == {Cause.PAST}


def test_today_needs_no_changes_and_only_the_issues_that_can_count(world: World) -> None:
    answer = world.value(scope=BUGS, state={"statusCategory": "not done"})
    assert answer.value == 2
    assert world.jira.server.count("changelog") == 0
    assert f"({BUGS}) AND (statusCategory not in (3))" in answer.evidence.query
    open_ones = {"statusCategory": ["to do", "in progress"], "status": "To Do"}
    answer = world.value(scope=BUGS, state=open_ones)
    assert answer.value == 1
    assert "statusCategory in (2, 4)" in answer.evidence.query
    both = world.read(
        ask(scope=BUGS, state={"statusCategory": "done"}), ask(scope=BUGS, state={"statusCategory": "to do"})
    )
    assert [one.value for one in both if isinstance(one, Reading)] == [1, 1]


def test_a_scope_without_issues_has_no_past(world: World) -> None:
    assert world.none("10-12", scope="project = APP AND type = Epic").cause is Cause.PAST
    assert world.value(scope="project = APP AND type = Epic").value == 0


def test_points_as_they_were(world: World) -> None:
    query: dict[str, Any] = {"scope": STORIES, "measure": "sum", "field": "Story Points"}
    assert world.value(**query).value == 15
    assert world.value("10-19", **query).value == 8 + 3
    assert world.value("10-21", **query).value == 8 + 5 + 2
    done = world.value("10-12", **query, state={"statusCategory": "done"})
    assert done.value == 8
    assert fact(done, "state") == "status category: done"
    assert world.value("10-19", **{**query, "measure": "max", "field": POINTS}).value == 8


def test_a_ratio_and_different_values_as_they_were(world: World) -> None:
    query: dict[str, Any] = {"scope": BUGS, "measure": "ratio", "part_state": {"statusCategory": "done"}}
    assert world.value("10-12", **query, unit=PERCENT).value == 50
    assert world.value("10-31", **query, unit=PERCENT).value == 100
    assert world.value("10-31", **query, state={"resolution": "empty"}).value == 1
    assert world.value("10-12", scope=BUGS, measure="distinct", field="status").value == 2
    assert world.value("10-31", scope=BUGS, measure="distinct", field="status").value == 1
    created = Window(start=datetime(2026, 10, 2, tzinfo=UTC), end=OCTOBER.end)
    assert world.value("10-12", scope=BUGS, date="created", window=created).value == 1


def test_sprints_and_parents_as_they_were(world: World) -> None:
    world.jira.load(
        {
            "issues": [
                {"key": "APP-50", "type": "Epic", "created": "2026-10-01"},
                {"key": "APP-51", "type": "Epic", "created": "2026-10-01"},
                {
                    "key": "OPS-1",
                    "type": "Story",
                    "created": "2026-10-01",
                    "sprint": [11, 12],
                    "parent": "APP-51",
                    "history": [
                        step("10-15", "11", "", "Sprint") | {"from": [11], "to": [11, 12]},
                        step("10-12", "APP-50", "APP-51", "parent" if world.kind == "cloud" else "Epic Link"),
                    ],
                },
            ]
        }
    )
    scope = "project = OPS"
    assert world.value("10-14", scope=scope, state={"sprint": "12"}).value == 0
    assert world.value("10-16", scope=scope, state={"sprint": "Sprint 12"}).value == 1
    assert world.value("10-14", scope=scope, state={"sprint": "11"}).value == 1
    assert world.value("10-11", scope=scope, state={"parent": "APP-50"}).value == 1
    assert world.value("10-13", scope=scope, state={"parent": "APP-50"}).value == 0
    assert world.value(scope=scope, state={"parent": "APP-51"}).value == 1


def test_a_change_holds_from_its_very_moment(world: World) -> None:
    query = JiraQuery.model_validate({"scope": BUGS, "state": {"statusCategory": "done"}})
    done = datetime(2026, 10, 10, 9, tzinfo=UTC)
    days = [done - timedelta(milliseconds=1), done, datetime(2026, 10, 1, 9, tzinfo=UTC)]
    answers = world.read(*(Question(metric="m", query=query, at=day, now=NOW) for day in days))
    assert [answer.value for answer in answers if isinstance(answer, Reading)] == [0, 1, 0]


def test_who_needs_all_changes_gets_them_beside_others(world: World) -> None:
    tie = "parent" if world.kind == "cloud" else "Epic Link"
    moved = {"key": "OPS-1", "type": "Story", "created": "2026-10-01", "parent": "OPS-51"}
    epics = [{"key": f"OPS-5{n}", "type": "Epic", "created": "2026-10-01"} for n in (0, 1)]
    world.jira.load({"issues": [*epics, {**moved, "history": [step("10-12", "OPS-50", "OPS-51", tie)]}]})
    states: list[dict[str, Any]] = [{"status": "To Do"}, {"parent": "OPS-50"}, {"status": "To Do"}]
    answers = world.read(*(ask(day="10-11", scope="project = OPS", state=state) for state in states))
    assert [answer.value for answer in answers if isinstance(answer, Reading)] == [3, 1, 3]
    assert world.jira.server.count("search") == 1


def test_a_status_that_is_gone_counts_as_the_built_in_one_it_was(world: World) -> None:
    assert world.value("09-01", scope=STORIES, state={"statusCategory": "done"}).value == 1
    assert world.value("09-01", scope=STORIES, state={"status": "Closed"}).value == 1
    assert world.value("01-06", scope=STORIES, state={"statusCategory": "in progress"}).value == 1


def shipped(world: World) -> None:
    world.jira.load(
        {
            "issues": [
                {
                    "key": "OPS-7",
                    "type": "Story",
                    "status": "Done",
                    "created": "2026-09-01",
                    "history": [step("09-10", "To Do", "Shipped"), step("10-10", "Shipped", "Done")],
                }
            ]
        }
    )


def test_a_status_that_nobody_knows_is_named_and_never_guessed(world: World) -> None:
    shipped(world)
    query: dict[str, Any] = {"scope": "project = OPS", "state": {"statusCategory": "done"}}
    unknown = world.none("09-20", **query)
    assert unknown.cause is Cause.CONFIG
    assert "OPS-7" in unknown.reason
    assert "'Shipped' (id 10077)" in unknown.reason
    assert 'status_map: {"10077": done}' in unknown.hint
    # On other days it stood elsewhere, and that is known.
    assert world.value("10-20", **query).value == 1
    for key in ("10077", "shipped"):
        assert world.value("09-20", **query, more={"status_map": {key: "Done"}}).value == 1
    assert world.value("09-20", **query, more={"status_map": {"Shipped": "to do"}}).value == 0


def test_what_is_there_today_is_not_for_the_map_to_say(world: World) -> None:
    state = {"statusCategory": "done"}
    assert world.value("10-12", scope=BUGS, state=state, more={"status_map": {"Done": "to do"}}).value == 1


def test_a_renamed_status_is_known_by_its_new_name(world: World) -> None:
    log = world.jira.world.issues["APP-1"].changes
    assert log[0].items[0].new_text == "In Progress"
    world.jira.load({"statuses": [{"id": "3", "name": "Building", "category": "indeterminate"}]})
    assert world.value("10-07", scope=BUGS, state={"status": "Building"}).value == 1
    # Its former name means the same, as long as no other status has it.
    assert world.value("10-07", scope=BUGS, state={"status": "In Progress"}).value == 1
    world.jira.load({"statuses": [{"id": "10009", "name": "In Progress", "category": "indeterminate"}]})
    assert world.value("10-07", scope=BUGS, state={"status": "In Progress"}).value == 0


def test_changes_that_do_not_follow_from_one_another_are_told(world: World) -> None:
    world.jira.load(
        {
            "issues": [
                {
                    "key": "OPS-8",
                    "type": "Story",
                    "status": "Done",
                    "created": "2026-10-01",
                    "history": [step("10-05", "To Do", "In Progress"), step("10-10", "In Review", "Done")],
                }
            ]
        }
    )
    answer = world.value("10-07", scope="project = OPS", state={"statusCategory": "not done"})
    assert fact(answer, "changes do not follow from one another") == "OPS-8"
    lead = world.none(scope="project = OPS", measure="lead_time", unit=DAYS)
    assert "0 issues finished" in lead.reason


def test_on_data_center_two_fields_of_one_name_cannot_be_told_apart(build: Build) -> None:
    twin = {
        "fields": [*SEED["fields"], {"id": "customfield_10099", "name": "Story Points", "type": "number"}]
    }
    query: dict[str, Any] = {"scope": STORIES, "measure": "sum", "field": POINTS}
    server = build("data_center", {**SEED, **twin, "boards": []})
    lost = server.none("10-19", **query)
    assert lost.cause is Cause.CONFIG
    assert "customfield_10099" in lost.reason
    assert server.value(**query).value == 15
    assert build("cloud", {**SEED, **twin, "boards": []}).value("10-19", **query).value == 11


# ---- Lengths of time ------------------------------------------------------------------------------------------


def test_lead_time_of_what_finished_in_the_window(world: World) -> None:
    answer = world.value(scope=STORIES, measure="lead_time", unit=DAYS, window=OCTOBER)
    # APP-11 and APP-12: 12 and 4 days. APP-10 was finished in January; a migration does not finish it again.
    assert answer.value == 8
    assert fact(answer, "samples") == "2"
    assert fact(answer, "sample") == "APP-11, APP-12"
    assert fact(answer, "aggregate") == "median"
    query: dict[str, Any] = {"scope": STORIES, "measure": "lead_time", "unit": DAYS}
    assert world.value(**query, window=OCTOBER, aggregate="max").value == 12
    assert world.value(**query, window=OCTOBER, aggregate="p75").value == 10
    assert world.value(**query, aggregate="min").value == 4
    assert fact(world.value(**query), "samples") == "3"
    assert world.value(**{**query, "unit": HOURS}, window=OCTOBER).value == 192


def test_a_window_reads_only_what_was_touched_since(world: World) -> None:
    world.value(scope=STORIES, measure="lead_time", unit=DAYS, window=OCTOBER)
    search = next(str(r.body or b"") + r.query for r in world.jira.server.requests if "search" in r.path)
    assert "updated" in search


def test_an_issue_that_was_opened_again_is_not_finished_but_was(world: World) -> None:
    query: dict[str, Any] = {"scope": BUGS, "measure": "lead_time", "unit": DAYS, "window": OCTOBER}
    assert fact(world.value(**query), "sample") == "APP-2"
    then = world.value("11-01", **query)
    assert fact(then, "sample") == "APP-1, APP-2"
    assert then.value == (Decimal(9) + 17) / 2
    assert then.method == "changelog"
    # What finished after the moment asked about had not finished.
    assert fact(world.value("10-12", **query), "sample") == "APP-1"


def test_cycle_time_from_the_first_or_the_last_start(world: World) -> None:
    query: dict[str, Any] = {"scope": STORIES, "measure": "cycle_time", "unit": DAYS, "window": OCTOBER}
    answer = world.value(**query)
    assert answer.value == 10
    assert fact(answer, "never in progress, left out") == "1 (APP-12)"
    assert world.value(**query, started="last").value == 4


def test_cancelled_work_was_never_finished(world: World) -> None:
    excludes = {"resolution": "Won't Do"}
    none = world.none(scope=BUGS, measure="lead_time", unit=DAYS, window=OCTOBER, done_excludes=excludes)
    assert none.cause is Cause.EMPTY
    answer = world.value(scope=BUGS, measure="throughput", window=OCTOBER, done_excludes=excludes)
    assert answer.value == 1
    assert fact(answer, "sample") == "APP-1"


def test_too_few_samples_are_no_number(world: World) -> None:
    few = world.none(scope=STORIES, measure="lead_time", unit=DAYS, window=OCTOBER, min_samples=3)
    assert few.cause is Cause.EMPTY
    assert "2 issues finished, at least 3" in few.reason
    empty = Window(start=OCTOBER.end, end=NOW)
    nothing = world.none(scope=STORIES, measure="cycle_time", unit=DAYS, window=empty, min_samples=0)
    assert nothing.cause is Cause.EMPTY


def test_throughput_counts_the_first_time_only(world: World) -> None:
    stories = world.value(scope=STORIES, measure="throughput", window=OCTOBER)
    assert stories.value == 2
    assert fact(stories, "sample") == "APP-11, APP-12"
    # APP-1 was done in October, whatever became of it since.
    assert world.value(scope=BUGS, measure="throughput", window=OCTOBER).value == 2
    assert world.value("10-15", scope=BUGS, measure="throughput", window=OCTOBER).value == 1
    november = Window(start=OCTOBER.end, end=NOW)
    assert world.value(scope=BUGS, measure="throughput", window=november).value == 0


def test_time_in_a_status_is_cut_to_the_window(world: World) -> None:
    query: dict[str, Any] = {"scope": STORIES, "measure": "time_in_status", "unit": DAYS, "aggregate": "sum"}
    # APP-10: 6 days in January; APP-11: 2 days.
    assert world.value(**query, statuses="In Progress").value == 8
    assert world.value(**query, statuses="In Progress", window=OCTOBER).value == 2
    assert world.value(**query, statuses=["3", "In Review"], window=OCTOBER).value == 6
    assert world.value("10-11", **query, statuses="In Review", window=OCTOBER).value == Decimal("2.125")
    early = Window(start=OCTOBER.start, end=datetime(2026, 10, 4, tzinfo=UTC))
    assert world.value(**query, statuses="In Progress", window=early).value == Decimal("0.625")
    assert world.none(**query, statuses="In Test").cause is Cause.EMPTY
    assert world.value(**query, statuses="Closed").value == 273


def test_work_that_was_born_done_has_no_lead_time(world: World) -> None:
    world.jira.load(
        {"issues": [{"key": "OPS-5", "type": "Story", "status": "Done", "created": "2026-10-02"}]}
    )
    none = world.none(scope="project = OPS", measure="lead_time", unit=DAYS)
    assert none.cause is Cause.EMPTY
    scope = "project in (OPS, APP) AND type = Story"
    answer = world.value(scope=scope, measure="lead_time", unit=DAYS, window=OCTOBER)
    assert fact(answer, "already done when created, left out") == "1 (OPS-5)"


def test_an_unknown_status_on_the_way_is_no_number(world: World) -> None:
    shipped(world)
    query: dict[str, Any] = {"scope": "project = OPS", "measure": "lead_time", "unit": DAYS}
    assert world.none(**query).cause is Cause.CONFIG
    assert world.value(**query, more={"status_map": {"10077": "in progress"}}).value == Decimal("39.375")
    assert world.value(**query, more={"status_map": {"10077": "done"}}).value == Decimal("9.375")


def test_age_of_what_is_open(world: World) -> None:
    query: dict[str, Any] = {
        "scope": BUGS,
        "state": {"statusCategory": "not done"},
        "measure": "age",
        "unit": DAYS,
        "aggregate": "max",
    }
    assert world.value(**query).value == Decimal("52.875")
    assert world.value(**query, since="status").value == Decimal("20.875")
    assert world.value("10-12", **query).value == Decimal("9.125")
    assert world.none("10-31", **query).cause is Cause.EMPTY
    assert world.value("11-03", **query, since="status").value == Decimal("1.125")


def test_a_length_of_time_is_no_count(world: World) -> None:
    lost = world.none(scope=BUGS, measure="lead_time")
    assert lost.cause is Cause.CONFIG
    assert "days" in lost.hint
    assert world.none(scope=BUGS, measure="throughput", unit=DAYS).cause is Cause.CONFIG
    assert world.jira.server.count() == 0


def test_windows_of_many_weeks_share_one_read(world: World) -> None:
    query = JiraQuery.model_validate({"scope": STORIES, "measure": "throughput"})
    starts = [OCTOBER.start + timedelta(weeks=week) for week in range(4)]
    questions = [
        Question(
            metric="m",
            query=query,
            at=start + timedelta(weeks=1),
            now=NOW,
            window=Window(start=start, end=start + timedelta(weeks=1)),
        )
        for start in starts
    ]
    answers = world.read(*questions)
    assert [answer.value for answer in answers if isinstance(answer, Reading)] == [0, 1, 0, 1]
    assert world.jira.server.count("search") == 1


# ---- Epics as they were ---------------------------------------------------------------------------------------


def epic(world: World) -> None:
    """An epic of two stories on 1 October, of three since the 12th, of which one came from another epic."""
    tie = "parent" if world.kind == "cloud" else "Epic Link"
    story: dict[str, Any] = {"type": "Story", "created": "2026-10-01", "parent": "OPS-50"}
    world.jira.load(
        {
            "issues": [
                {"key": "OPS-40", "type": "Initiative", "created": "2026-09-01"},
                {"key": "OPS-50", "type": "Epic", "created": "2026-09-01", "parent": "OPS-40"},
                {"key": "OPS-51", "type": "Epic", "created": "2026-09-01", "parent": "OPS-40"},
                {"key": "OPS-52", "type": "Epic", "created": "2026-09-01", "parent": "OPS-40"},
                {
                    **story,
                    "key": "OPS-60",
                    "status": "Done",
                    "fields": {POINTS: 5},
                    "history": [step("10-06", "To Do", "Done"), step("10-07", "1", "5", "Story Points")],
                },
                {
                    **story,
                    "key": "OPS-61",
                    "status": "Done",
                    "fields": {POINTS: 3},
                    "history": [step("10-20", "To Do", "Done")],
                },
                {
                    **story,
                    "key": "OPS-62",
                    "status": "Done",
                    "fields": {POINTS: 8},
                    "history": [step("10-12", "OPS-51", "OPS-50", tie), step("10-13", "To Do", "Done")],
                },
                {**story, "key": "OPS-63", "created": "2026-10-25", "fields": {POINTS: 4}},
                {**story, "key": "OPS-64", "parent": "OPS-51", "fields": {POINTS: 1}},
            ]
        }
    )


SHARE: Mapping[str, Any] = {"parent": "OPS-50", "measure": "done_share", "unit": PERCENT}


def test_an_epic_as_it_was(world: World) -> None:
    epic(world)
    assert world.value(**SHARE).value == 75
    assert world.value("10-05", **SHARE).value == 0
    assert world.value("10-07", **SHARE).value == 50
    then = world.value("10-14", **SHARE)
    assert fact(then, "children") == "3"
    assert then.method == "changelog"
    assert world.value("10-21", **SHARE).value == 100
    assert world.none("09-15", **SHARE).cause is Cause.PAST
    points = {**SHARE, "by": "points", "field": "Story Points"}
    assert world.value("10-06", **points).value == 25
    assert world.value("10-08", **points).value == Decimal(500) / 8


def test_a_frozen_scope_counts_what_was_there_when_the_window_began(world: World) -> None:
    epic(world)
    frozen: dict[str, Any] = {**SHARE, "frozen": True}
    window = Window(start=datetime(2026, 10, 2, tzinfo=UTC), end=NOW)
    answer = world.value(**frozen, window=window)
    assert answer.value == 100
    assert answer.evidence.rows == 2
    assert fact(answer, "frozen") == "children of 2026-10-02 00:00+00:00; 2 came later and do not count"
    assert world.value("10-08", **frozen, window=window).value == 50
    # By the points of then: 1 and 3, of which 1 was done.
    points = {**frozen, "by": "points", "field": POINTS}
    assert world.value("10-08", **points, window=window).value == 25
    later = Window(start=datetime(2026, 10, 13, tzinfo=UTC), end=NOW)
    assert world.value("10-14", **frozen, window=later).evidence.rows == 3
    assert world.none(**frozen).cause is Cause.CONFIG
    early = Window(start=datetime(2026, 9, 2, tzinfo=UTC), end=NOW)
    assert world.none(**frozen, window=early).cause is Cause.EMPTY
    assert world.none("10-08", **frozen, window=later).cause is Cause.EMPTY


def test_work_that_has_left_an_epic_is_found_where_it_may_be(world: World) -> None:
    epic(world)
    tie = "parent" if world.kind == "cloud" else "Epic Link"
    left: dict[str, Any] = {"type": "Story", "created": "2026-10-01"}
    world.jira.load(
        {
            "issues": [
                {**left, "key": "OPS-70", "history": [step("10-09", "OPS-50", "", tie)]},
                {
                    **left,
                    "key": "OPS-71",
                    "parent": "OPS-51",
                    "history": [step("10-09", "OPS-50", "OPS-51", tie)],
                },
                {
                    **left,
                    "key": "OPS-72",
                    "history": [step("10-09", "To Do", "In Progress")],
                    "status": "In Progress",
                },
            ]
        }
    )
    window = Window(start=datetime(2026, 10, 2, tzinfo=UTC), end=NOW)
    frozen: dict[str, Any] = {**SHARE, "frozen": True, "window": window}
    assert world.value(**frozen).value == 100
    # Whoever moves open work out of an epic does not finish it: two of four.
    kept = world.value(**frozen, scope="project = OPS")
    assert kept.value == 50
    assert kept.evidence.rows == 4
    then = world.value("10-07", **SHARE, scope="project = OPS")
    assert (fact(then, "done"), fact(then, "children")) == ("1", "4")
    assert fact(world.value("10-10", **SHARE, scope="project = OPS"), "children") == "2"
    # What was not touched since then cannot have left since then.
    asked = [str(one.body) + one.query for one in world.jira.server.requests if "search" in one.path]
    assert any("updated" in text and "project" in text for text in asked)
    # Today's share is today's, and needs nothing else.
    world.jira.server.forget()
    assert world.value(**SHARE, scope="project = OPS").value == 75
    assert world.jira.server.count("search") == 1


def test_the_mean_of_each_childs_share(world: World) -> None:
    epic(world)
    query: dict[str, Any] = {**SHARE, "parent": "OPS-40", "by": "children_mean"}
    answer = world.value(**query)
    # OPS-50 is done to 75 %, OPS-51 to 0 %; OPS-52 has no work, and therefore no share.
    assert answer.value == Decimal(75) / 2
    assert fact(answer, "children with work") == "2 of 2"
    assert world.value("10-07", **query).value == 25
    points = {**query, "field": "Story Points"}
    assert world.value(**points).value == 40
    world.jira.load({"issues": [{"key": "OPS-65", "type": "Story", "parent": "OPS-52"}]})
    unestimated = world.value(**points)
    assert unestimated.value == 40
    assert fact(unestimated, "children with work") == "2 of 3"
    assert world.value(**query).value == 25
    assert world.value(**{**query, "parent": "OPS-50"}).value == 75


# ---- Velocity -------------------------------------------------------------------------------------------------


def sprints(world: World) -> None:
    story: dict[str, Any] = {"type": "Story", "created": "2026-09-20"}
    carried = {"at": "2026-10-15T09:00:00Z", "field": "Sprint", "from": [11], "to": [11, 12]}
    world.jira.load(
        {
            "issues": [
                {
                    **story,
                    "key": "OPS-1",
                    "sprint": [11],
                    "status": "Done",
                    "fields": {POINTS: 9},
                    "history": [step("10-10", "To Do", "Done"), step("10-20", "5", "9", "Story Points")],
                },
                # Not finished in 11, carried over, finished in 12.
                {
                    **story,
                    "key": "OPS-2",
                    "sprint": [11, 12],
                    "status": "Done",
                    "fields": {POINTS: 3},
                    "history": [carried, step("10-20", "To Do", "Done")],
                },
                # Done before sprint 12 began, and put into it nevertheless.
                {
                    **story,
                    "key": "OPS-3",
                    "sprint": [12],
                    "status": "Done",
                    "fields": {POINTS: 100},
                    "history": [step("09-25", "To Do", "Done")],
                },
                # Done in 12, without points; and one that came into the sprint after it was over.
                {
                    **story,
                    "key": "OPS-4",
                    "sprint": [12],
                    "status": "Done",
                    "history": [step("10-21", "To Do", "Done")],
                },
                {
                    **story,
                    "key": "OPS-5",
                    "sprint": [12],
                    "status": "Done",
                    "fields": {POINTS: 50},
                    "history": [
                        step("10-21", "To Do", "Done"),
                        {"at": "2026-11-01T09:00:00Z", "field": "Sprint", "from": [], "to": [12]},
                    ],
                },
            ]
        }
    )


def test_velocity_is_what_was_completed_when_the_sprint_was(world: World) -> None:
    sprints(world)
    answer = world.value(measure="velocity", board=1, by="points")
    assert fact(answer, "Sprint 11") == "5 in 1 issues"
    assert fact(answer, "Sprint 12") == "3 in 2 issues"
    assert answer.value == 4
    assert "when the sprint was completed" in fact(answer, "reconstructed")
    assert world.value(measure="velocity", board=1, by="points", field=POINTS, sprints=1).value == 3
    assert world.value(measure="velocity", board=1).value == Decimal(3) / 2


def test_velocity_of_another_day_and_of_another_board(world: World) -> None:
    sprints(world)
    query: dict[str, Any] = {"measure": "velocity", "board": 1, "by": "points"}
    parsed = JiraQuery.model_validate(query)
    days = [datetime(2026, 10, day, tzinfo=UTC) for day in (14, 16, 30)]
    answers = world.read(*(Question(metric="m", query=parsed, at=day, now=NOW) for day in days))
    none, first, both = answers
    assert isinstance(none, NoValue)
    assert isinstance(first, Reading)
    assert isinstance(both, Reading)
    assert (first.value, both.value) == (Decimal(5), Decimal(4))
    assert world.jira.server.count("/sprint") == 1
    world.jira.server.forget()
    # Sprint 14 belongs to board 2, which estimates by no field.
    assert "by: count" in world.none(**{**query, "board": 2}).hint
    # Its only sprint was closed without an issue, or with issues that the account may not see: no data is not zero.
    unseen = world.none(measure="velocity", board=2)
    assert unseen.cause is Cause.EMPTY
    assert unseen.reason == "no issue that this account sees was in the closed sprint of board 2"
    kanban = world.none(**{**query, "board": 3, "by": "count"})
    assert kanban.cause is Cause.CONFIG
    assert "sprints of board 3: The board does not support sprints" in kanban.reason
    assert "board 9" in world.none(**{**query, "board": 9}).reason
    assert world.none(measure="velocity", board=1, min_samples=3).cause is Cause.EMPTY


# ---- Service levels -------------------------------------------------------------------------------------------


def run(day: str, hours: int, *, breached: bool) -> dict[str, Any]:
    stop = datetime.fromisoformat(f"2026-{day}T09:00:00+00:00")
    return {
        "stopTime": {"epochMillis": int(stop.timestamp() * 1000)},
        "breached": breached,
        "elapsedTime": {"millis": hours * 3_600_000},
    }


def desk(world: World) -> None:
    sla = {"id": "customfield_10070", "name": "Time to resolution", "type": "sla"}
    world.jira.load({"fields": [sla]})

    def ticket(number: int, *runs: Any, **ongoing: Any) -> dict[str, Any]:
        value = {"id": "1", "name": "Time to resolution", "completedCycles": list(runs), **ongoing}
        return {"key": f"DESK-{number}", "created": "2026-09-01", "fields": {"customfield_10070": value}}

    world.jira.load(
        {
            "issues": [
                ticket(1, run("10-05", 2, breached=False), run("10-20", 8, breached=True)),
                ticket(2, run("10-10", 5, breached=False)),
                ticket(3, run("11-05", 1, breached=False)),
                ticket(4, ongoingCycle={"breached": True}),
                {"key": "DESK-5", "created": "2026-09-01"},
            ]
        }
    )


def test_service_levels_count_runs_of_the_clock(world: World) -> None:
    desk(world)
    query: dict[str, Any] = {"measure": "sla", "jql": "project = DESK", "field": "Time to resolution"}
    met = world.value(**query, unit=PERCENT)
    assert met.value == 75
    assert (fact(met, "runs"), fact(met, "still running")) == ("4", "1")
    october = world.value(**query, unit=PERCENT, window=OCTOBER)
    assert (october.evidence.rows, fact(october, "met")) == (3, "2")
    assert world.value(**query, unit=HOURS, aggregate="mean", window=OCTOBER).value == 5
    assert world.value(**query, unit=HOURS, aggregate="p100").value == 8
    # Runs do not change once they are over: the past is known by their ends.
    then = world.value("10-12", **query, unit=PERCENT, window=OCTOBER)
    assert (then.value, then.method) == (Decimal(100), "events")


def test_what_is_no_service_level(world: World) -> None:
    desk(world)
    query: dict[str, Any] = {"measure": "sla", "jql": "project = DESK", "field": "Time to resolution"}
    assert world.none(**query).cause is Cause.CONFIG
    assert world.none(**query, unit=PERCENT, aggregate="mean").cause is Cause.CONFIG
    assert world.none(**query, unit=HOURS).cause is Cause.CONFIG
    empty = Window(start=datetime(2026, 7, 1, tzinfo=UTC), end=datetime(2026, 8, 1, tzinfo=UTC))
    assert world.none(**query, unit=PERCENT, window=empty).cause is Cause.EMPTY
    other: dict[str, Any] = {**query, "jql": STORIES, "field": POINTS, "unit": PERCENT}
    assert "no service level" in world.none(**other).reason
    moving: dict[str, Any] = {**query, "jql": "project = DESK AND status = Done", "unit": PERCENT}
    assert world.none("10-12", **moving).cause is Cause.PAST
