"""The Jira source through the real ``jira`` library, against the emulator of Cloud and of Data Center."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from okrsync.errors import AccessError, Unavailable
from okrsync.loopback import Fault
from okrsync.model import PERCENT, Cause, Dimension, NoValue, Reading, Unit, Window
from okrsync.testing.source import SourceCase, SourceContract
from okrsync_emulators.jira import faults
from okrsync_jira import library
from tests.support.jira_site import NOW, World, ask, fact

OCTOBER = Window(
    start=datetime(2026, 9, 30, 22, tzinfo=UTC), end=datetime(2026, 10, 31, 23, tzinfo=UTC), label="2026-10"
)
HOURS = Unit(dimension=Dimension.DURATION, detail="hours")
BUGS = "project = APP AND type = Bug"
POINTS = "customfield_10016"
SEED: Mapping[str, Any] = {
    "users": [
        {"email": "bot@acme.example", "name": "Bot", "token": "s3cret-t0ken", "password": "pa55word-of-bot"},
        {"email": "scoped@acme.example", "token": "scoped-t0ken", "credential": "scoped"},
        {"email": "service@acme.example", "token": "service-t0ken", "credential": "service"},
        {"email": "guest@acme.example", "token": "guest-t0ken", "can_see": []},
    ],
    "fields": [
        {"id": POINTS, "name": "Story Points", "type": "number"},
        {"id": "customfield_10026", "name": "Story point estimate", "type": "number"},
        {"id": "customfield_10030", "name": "Effort", "type": "number"},
        {"id": "customfield_10031", "name": "Effort", "type": "number", "project": "OPS"},
        {"id": "customfield_10040", "name": "Customer", "type": "text"},
        {"id": "customfield_10050", "name": "Go-live", "type": "date"},
        {"id": "customfield_10051", "name": "Signed at", "type": "datetime"},
        {"id": "timespent", "name": "Time Spent", "type": "number", "custom": None},
        {"id": "customfield_10060", "name": "Unused", "type": "number"},
    ],
    "projects": [{"key": "APP", "name": "App"}, {"key": "OPS"}, {"key": "OPEN", "public": True}],
    "issues": [
        {
            "key": "APP-1",
            "type": "Bug",
            "created": "2026-10-05T09:00:00Z",
            "fields": {"customfield_10040": "Ada"},
        },
        {
            "key": "APP-2",
            "type": "Bug",
            "created": "2026-10-31T22:30:00Z",
            "fields": {"customfield_10040": "Bob"},
        },
        {
            "key": "APP-3",
            "type": "Bug",
            "created": "2026-10-31T23:30:00Z",
            "status": "Done",
            "resolved": "2026-11-02T09:00:00Z",
            "fields": {"customfield_10040": "Ada"},
        },
        *(
            {
                "key": f"APP-{10 + number}",
                "type": "Story",
                "created": f"2026-09-0{number + 1}T09:00:00Z",
                "status": "Done" if number < 2 else "To Do",
                **({"resolved": f"2026-10-1{number}T09:00:00Z"} if number < 2 else {}),
                "parent": "APP-100",
                "fields": {POINTS: points, "timespent": 1800 * (number + 1)},
            }
            for number, points in enumerate([5, 3, 8, None])
        ),
        {"key": "APP-20", "type": "Sub-task", "parent": "APP-10", "status": "Done", "fields": {POINTS: 50}},
        {"key": "APP-100", "type": "Epic", "parent": "APP-200", "fields": {POINTS: 16}},
        {"key": "APP-101", "type": "Epic", "parent": "APP-200"},
        {"key": "APP-200", "type": "Initiative"},
        {"key": "OPEN-1", "type": "Bug"},
    ],
}


@pytest.fixture
def seed() -> Mapping[str, Any]:
    return SEED


# ---- The contract ---------------------------------------------------------------------------------------------


class TestContract(SourceContract):
    @pytest.fixture
    def case(self, world: World) -> SourceCase:
        world.monkeypatch.setenv("WRONG", "no-such-token")
        wrong = {**world.auth, "token": {"env": "WRONG"}}
        return SourceCase(
            source=world.source(),
            records=world.records,
            good=[
                (ask("bugs", jql=BUGS), Decimal(3)),
                (ask("none", jql=f"{BUGS} AND created < 1000"), Decimal(0)),
                (
                    ask("points", jql="project = APP AND type = Story", measure="sum", field=POINTS),
                    Decimal(16),
                ),
                (ask("p50", jql="type = Story", measure="median", field="Story Points"), Decimal(5)),
                (
                    ask("share", unit=PERCENT, jql="type = Story", part="status = Done", measure="ratio"),
                    Decimal(50),
                ),
                (ask("epic", unit=PERCENT, parent="APP-100", measure="done_share"), Decimal(50)),
                (ask("october", jql=BUGS, date="created", window=OCTOBER), Decimal(2)),
                (ask("hours", unit=HOURS, jql="type = Story", measure="sum", field="timespent"), Decimal(5)),
                (ask("customers", jql=BUGS, measure="distinct", field="customfield_10040"), Decimal(2)),
            ],
            nothing=ask("nothing", jql="type = Epic AND key = APP-1", measure="mean", field=POINTS),
            broken=ask("broken", jql="project = NOPE"),
            denied=world.source(auth=wrong),
            down=world.source(url="http://127.0.0.1:9"),
        )


# ---- Numbers --------------------------------------------------------------------------------------------------


def test_count_says_where_it_came_from(world: World) -> None:
    answer = world.value(jql=BUGS)
    assert answer.evidence.query.startswith(BUGS)
    assert answer.evidence.rows == 3
    assert "main" in answer.evidence.source
    assert answer.as_of == NOW
    assert answer.method == "observed"
    if world.kind == "cloud":
        assert fact(answer, "sample") == "APP-1, APP-2, APP-3"


def test_a_sample_holds_twenty_keys_at_most(cloud: World) -> None:
    cloud.jira.load({"bulk": [{"project": "OPS", "count": 50}]})
    assert len(fact(cloud.value(jql="project = OPS"), "sample").split(", ")) == 20


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        ("sum", "16"),
        ("mean", "5.333333333333333333333333333"),
        ("min", "3"),
        ("max", "8"),
        ("median", "5"),
        ("p25", "4"),
        ("p90", "7.4"),
        ("p100", "8"),
    ],
)
def test_aggregates_of_a_field(world: World, measure: str, value: str) -> None:
    answer = world.value(jql="type = Story", measure=measure, field=POINTS)
    assert answer.value == Decimal(value)
    assert fact(answer, "empty") == "1 of 4 (skip)"
    assert answer.evidence.rows == 4
    assert ("percentile" in dict(answer.evidence.facts)) == (measure[0] == "p" or measure == "median")


def test_decimals_are_taken_as_they_are_written(world: World) -> None:
    world.jira.load({"issues": [{"key": f"OPS-{n}", "fields": {POINTS: 0.1}} for n in (1, 2, 3)]})
    assert world.value(jql="project = OPS", measure="sum", field=POINTS).value == Decimal("0.3")


def test_empty_fields_are_skipped_counted_as_zero_or_refused(world: World) -> None:
    query = {"jql": "type = Story", "measure": "mean", "field": POINTS}
    assert world.value(**query, empty_field="zero").value == 4
    refused = world.none(**query, empty_field="fail")
    assert refused.cause is Cause.DATA
    assert "1 of 4" in refused.reason
    assert "APP-13" in refused.reason


def test_of_several_fields_the_first_that_is_filled_in_counts(world: World) -> None:
    world.jira.load({"issues": [{"key": "OPS-1", "fields": {"customfield_10026": 13}}]})
    answer = world.value(
        jql="type = Story OR project = OPS", measure="sum", field=[POINTS, "Story point estimate"]
    )
    assert answer.value == 29


def test_too_few_samples_are_no_value(world: World) -> None:
    few = world.none(jql="type = Story", measure="p85", field=POINTS, min_samples=5)
    assert few.cause is Cause.EMPTY
    assert "3 issues with a value" in few.reason
    assert world.value(jql="type = Story", measure="p85", field=POINTS, min_samples=3).value == Decimal("7.1")


def test_a_sum_of_nothing_is_zero_only_where_the_yaml_says_so(world: World) -> None:
    query = {"jql": f"{BUGS} AND created < 1000", "field": POINTS}
    assert world.none(**query, measure="sum").cause is Cause.EMPTY
    assert world.value(**query, measure="sum", min_samples=0).value == 0
    assert world.none(**query, measure="mean", min_samples=0).cause is Cause.EMPTY


def test_a_field_that_no_issue_has_is_missing_even_where_empty_means_zero(world: World) -> None:
    world.jira.hide_field(POINTS)
    gone = world.none(jql="type = Story", measure="sum", field=POINTS, empty_field="zero")
    assert gone.cause is Cause.DATA
    assert POINTS in gone.reason
    assert "4 issues" in gone.reason


def test_texts_are_not_numbers(world: World) -> None:
    by_id = world.none(jql=BUGS, measure="sum", field="customfield_10040")
    assert by_id.cause is Cause.DATA
    assert "'Ada'" in by_id.reason
    by_name = world.none(jql=BUGS, measure="sum", field="Customer")
    assert by_name.cause is Cause.CONFIG
    assert "string" in by_name.reason


def test_time_fields_are_seconds_until_a_duration_is_asked_for(world: World) -> None:
    query = {"jql": "type = Story", "measure": "max", "field": "timespent"}
    assert world.value(**query).value == 7200
    hours = world.value(**query, unit=HOURS)
    assert (hours.value, hours.unit) == (Decimal(2), HOURS)


def test_distinct_counts_each_entry_of_a_list_and_people_by_account(world: World) -> None:
    world.jira.load(
        {
            "issues": [
                {"key": "OPS-1", "labels": ["a", "b"], "assignee": "bot@acme.example"},
                {"key": "OPS-2", "labels": ["b", "c"], "assignee": "bot@acme.example"},
                {"key": "OPS-3"},
            ]
        }
    )
    assert world.value(jql="project = OPS", measure="distinct", field="labels").value == 3
    assert world.value(jql="project = OPS", measure="distinct", field="assignee").value == 1
    assert world.none(jql="key = OPS-3", measure="distinct", field="assignee").cause is Cause.EMPTY
    assert world.value(jql=f"{BUGS} AND created < 1", measure="distinct", field="labels").value == 0


def test_ratio_is_a_fraction_unless_percent_is_asked_for(world: World) -> None:
    query = {"jql": "type = Story OR type = Bug", "part": "status = Done", "measure": "ratio"}
    percent = world.value(**query, unit=PERCENT)
    assert percent.value == Decimal(300) / 8
    assert (fact(percent, "part"), fact(percent, "whole")) == ("3", "8")
    assert percent.evidence.rows == 8
    assert world.value(**query).value == Decimal(3) / 8


def test_a_ratio_counts_its_part_inside_the_whole(world: World) -> None:
    world.value(jql="type = Story OR type = Bug", part="status = Done OR type = Epic", measure="ratio")
    sent = [jql.removesuffix(" ORDER BY created ASC, key ASC") for jql in world.searched()]
    assert "(type = Story OR type = Bug) AND (status = Done OR type = Epic)" in sent


def test_a_ratio_of_nothing_is_missing(world: World) -> None:
    nothing = world.none(
        jql=f"{BUGS} AND created < 1000", part="status = Done", measure="ratio", unit=PERCENT
    )
    assert nothing.cause is Cause.EMPTY
    few = world.none(jql=BUGS, part="status = Done", measure="ratio", min_samples=4)
    assert "3 issues in the whole" in few.reason
    allowed = world.none(jql=f"{BUGS} AND created < 1", part="status = Done", measure="ratio", min_samples=0)
    assert allowed.cause is Cause.EMPTY


def test_a_ratio_whose_part_outgrew_its_whole_is_not_a_number(world: World) -> None:
    def more() -> None:
        for _ in range(5):
            world.jira.create(project="APP", type="Bug", status="Done", resolved="2026-11-01T00:00:00Z")

    world.jira.server.faults.append(Fault(where="search", skip=1, prelude=more))
    (answer,) = world.read(ask(jql=BUGS, part="status = Done", measure="ratio"), parallel=1)
    assert isinstance(answer, NoValue)
    assert answer.cause is Cause.UNAVAILABLE


# ---- Windows and the past -------------------------------------------------------------------------------------


def test_windows_are_sent_as_unquoted_epoch_milliseconds(world: World) -> None:
    assert world.value(jql=f"{BUGS} OR type = Epic", date="created", window=OCTOBER).value == 2
    assert world.searched()[-1].startswith(
        f"({BUGS} OR type = Epic) AND created >= 1790805600000 AND created < 1793487600000"
    )


def test_windows_on_days_follow_the_company_and_not_the_account(world: World) -> None:
    world.jira.load(
        {
            "issues": [
                {"key": f"OPS-{n}", "due": day}
                for n, day in enumerate(["2026-09-30", "2026-10-01", "2026-10-31", "2026-11-01"], start=1)
            ]
        }
    )
    answer = world.value(jql="project = OPS", date="due", window=OCTOBER)
    assert answer.value == 2
    assert 'duedate >= "2026-10-01" AND duedate < "2026-11-01"' in answer.evidence.query


def test_windows_on_fields_of_ones_own(world: World) -> None:
    world.jira.load(
        {
            "issues": [
                {"key": "OPS-1", "fields": {"Go-live": "2026-10-31", "Signed at": "2026-10-31T22:59:00Z"}},
                {"key": "OPS-2", "fields": {"Go-live": "2026-11-01", "Signed at": "2026-10-31T23:01:00Z"}},
            ]
        }
    )
    day = world.value(jql="project = OPS", date="Go-live", window=OCTOBER)
    assert day.value == 1
    assert 'cf[10050] >= "2026-10-01"' in day.evidence.query
    moment = world.value(jql="project = OPS", date="customfield_10051", window=OCTOBER)
    assert moment.value == 1
    assert "cf[10051] >= 1790805600000" in moment.evidence.query
    assert world.none(jql="project = OPS", date="Customer", window=OCTOBER).cause is Cause.CONFIG


def test_the_past_is_answered_by_events(world: World) -> None:
    then = datetime(2026, 10, 12, tzinfo=UTC)
    answer = world.value(jql="project = APP", date="resolved", window=OCTOBER, at=then)
    assert answer.value == 2
    assert answer.method == "events"
    assert "as they are today" in fact(answer, "the past")
    assert answer.as_of == then
    # What happened after the moment asked about is left out.
    before = datetime(2026, 10, 11, tzinfo=UTC)
    assert world.value(jql="project = APP", date="resolved", window=OCTOBER, at=before).value == 1
    ratio = {"jql": "project = APP", "part": "type = Bug", "measure": "ratio", "date": "created"}
    assert world.value(**ratio, window=OCTOBER, at=then).value == 1


@pytest.mark.parametrize(
    "query",
    [
        {"jql": BUGS},
        {"jql": BUGS, "date": "updated", "window": OCTOBER},
        {"jql": BUGS, "date": "resolved", "window": OCTOBER, "measure": "sum", "field": POINTS},
        {"jql": f"{BUGS} AND status = Done", "date": "created", "window": OCTOBER},
        {"jql": f'{BUGS} AND "statusCategory" != Done', "date": "created", "window": OCTOBER},
        {"jql": f"{BUGS} AND created > -30d", "date": "created", "window": OCTOBER},
        {"jql": f'{BUGS} AND created > "-4w"', "date": "created", "window": OCTOBER},
        {"jql": f"{BUGS} AND created > startOfMonth()", "date": "created", "window": OCTOBER},
        {
            "jql": BUGS,
            "part": "assignee = currentUser()",
            "measure": "ratio",
            "date": "created",
            "window": OCTOBER,
        },
        {"jql": f"{BUGS} AND status = Done", "measure": "age", "unit": HOURS},
        {"jql": f"{BUGS} AND status = Done", "measure": "throughput"},
    ],
)
def test_a_past_that_jira_does_not_know_is_never_todays_number(world: World, query: dict[str, Any]) -> None:
    unknown = world.none(**query, at=NOW - timedelta(days=20))
    assert unknown.cause is Cause.PAST
    assert unknown.reason
    assert world.jira.server.count() == 0


def test_a_window_and_a_date_belong_together(world: World) -> None:
    assert world.none(jql=BUGS, window=OCTOBER).cause is Cause.CONFIG
    assert world.none(jql=BUGS, date="created").cause is Cause.CONFIG
    future = Window(start=NOW + timedelta(days=1), end=NOW + timedelta(days=2))
    assert world.none(jql=BUGS, date="created", window=future).cause is Cause.EMPTY
    assert world.jira.server.count() == 0


def test_distinct_knows_options_components_and_the_first_of_several_fields(world: World) -> None:
    world.jira.load(
        {
            "fields": [
                {"id": "customfield_10080", "name": "Tier", "type": "option"},
                {"id": "customfield_10081", "name": "Markets", "type": "options"},
            ],
            "issues": [
                {
                    "key": "OPS-21",
                    "components": ["API", "Web"],
                    "fields": {"Tier": "Gold", "Markets": ["DE", "FR"]},
                },
                {"key": "OPS-22", "components": ["API"], "fields": {"Tier": "Gold", "Markets": ["DE"]}},
                {"key": "OPS-23", "fields": {"customfield_10040": "Gold", "Markets": ["IT"]}},
            ],
        }
    )
    query: dict[str, Any] = {"jql": "project = OPS", "measure": "distinct"}
    assert world.value(**query, field="Tier").value == 1
    assert world.value(**query, field="Markets").value == 3
    assert world.value(**query, field="components").value == 2
    # An option and a text are two things, even if they read alike.
    assert world.value(**query, field=["Tier", "customfield_10040"]).value == 2
    several = world.value(jql="type = Story", measure="sum", field=["customfield_10026", POINTS])
    assert several.value == 16


def test_a_count_has_no_duration(world: World) -> None:
    assert world.none(jql=BUGS, unit=HOURS).cause is Cause.CONFIG


# ---- Epics and initiatives ------------------------------------------------------------------------------------


def test_done_share_by_points_leaves_sub_tasks_and_epics_out(world: World) -> None:
    answer = world.value(
        parent="APP-100", measure="done_share", by="points", field="Story Points", unit=PERCENT
    )
    assert answer.value == 50
    assert answer.evidence.rows == 4
    assert fact(answer, "done") == "2"
    assert fact(answer, "empty") == "1 of 4 (skip)"
    assert "APP-100" in answer.evidence.query


def test_done_share_of_an_initiative_goes_down_to_the_stories(world: World) -> None:
    world.jira.load(
        {"issues": [{"key": "APP-30", "type": "Story", "parent": "APP-101", "status": "In Progress"}]}
    )
    world.jira.server.forget()
    answer = world.value(parent="APP-200", measure="done_share", unit=PERCENT)
    assert (answer.value, answer.evidence.rows) == (Decimal(40), 5)
    assert world.jira.server.count("search") == 2


def test_sub_tasks_count_where_their_own_parent_is_asked_for(world: World) -> None:
    assert world.value(parent="APP-10", measure="done_share").value == 1


def test_sub_tasks_of_an_epic_do_not_count_for_its_initiative(world: World) -> None:
    world.jira.load(
        {"issues": [{"key": "APP-41", "type": "Sub-task", "parent": "APP-101", "status": "Done"}]}
    )
    assert world.value(parent="APP-101", measure="done_share").evidence.rows == 1
    assert world.value(parent="APP-200", measure="done_share").evidence.rows == 4


def test_parents_that_lie_below_one_another_count_their_children_once(world: World) -> None:
    answer = world.value(parent=["APP-200", "APP-100"], measure="done_share", unit=PERCENT)
    assert (answer.evidence.rows, answer.value) == (4, Decimal(50))


def test_a_hierarchy_may_be_deep_and_may_bite_its_tail(world: World) -> None:
    chain = [{"key": f"OPS-{n}", "type": "Initiative", "parent": f"OPS-{n - 1}"} for n in range(2, 9)]
    leaf = {"key": "OPS-9", "type": "Story", "parent": "OPS-8", "status": "Done"}
    if world.kind == "data_center":
        leaf = {"key": "OPS-9", "type": "Epic", "parent": "OPS-8"}
    world.jira.load({"issues": [{"key": "OPS-1", "type": "Initiative", "parent": "OPS-8"}, *chain, leaf]})
    if world.kind == "data_center":
        world.jira.load({"issues": [{"key": "OPS-10", "type": "Story", "parent": "OPS-9", "status": "Done"}]})
    assert world.value(parent="OPS-1", measure="done_share").value == 1


def test_cancelled_work_leaves_both_sides(world: World) -> None:
    world.jira.load(
        {
            "issues": [
                {
                    "key": "APP-31",
                    "type": "Story",
                    "parent": "APP-100",
                    "status": "Done",
                    "resolved": "2026-11-01T00:00:00Z",
                    "resolution": "Won't Do",
                }
            ]
        }
    )
    query = {"parent": "APP-100", "measure": "done_share", "unit": PERCENT}
    assert world.value(**query).value == 60
    answer = world.value(**query, done_excludes={"resolution": "Won't Do"})
    assert answer.value == 50
    assert fact(answer, "left out").startswith("1 ")


def test_no_children_are_no_value(world: World) -> None:
    childless = world.none(parent="APP-101", measure="done_share", unit=PERCENT)
    assert childless.cause is Cause.EMPTY
    assert "APP-101 has no children that count" in childless.reason
    pointless = world.none(parent="APP-100", measure="done_share", by="points", field="Unused", unit=PERCENT)
    assert isinstance(pointless, NoValue)


def test_hundreds_of_epics_are_asked_about_a_hundred_at_a_time(world: World) -> None:
    epics = [{"key": f"OPS-{n}", "type": "Epic", "parent": "APP-201"} for n in range(1, 151)]
    stories = [
        {
            "key": f"OPS-{1000 + n}",
            "type": "Story",
            "parent": f"OPS-{n}",
            "status": "Done" if n % 2 else "To Do",
        }
        for n in range(1, 151)
    ]
    world.jira.load({"issues": [{"key": "APP-201", "type": "Initiative"}, *epics, *stories]})
    answer = world.value(parent="APP-201", measure="done_share", unit=PERCENT)
    assert (answer.value, answer.evidence.rows) == (Decimal(50), 150)
    assert max(jql.count("OPS-") for jql in world.searched()) <= 200


# ---- Fields ---------------------------------------------------------------------------------------------------


def test_an_ambiguous_name_is_refused_with_the_ids(world: World) -> None:
    refused = world.none(jql="type = Story", measure="sum", field="Effort")
    assert refused.cause is Cause.CONFIG
    assert "customfield_10030" in refused.reason
    assert "customfield_10031" in refused.reason


def test_an_unknown_name_is_refused_with_a_suggestion(world: World) -> None:
    refused = world.none(jql="type = Story", measure="sum", field="Story Point")
    assert refused.cause is Cause.CONFIG
    assert "Story Points" in refused.hint


def test_names_are_asked_for_once_a_day_and_ids_never(world: World) -> None:
    named = ask("a", jql="type = Story", measure="sum", field="story points")
    world.read(named, ask("b", jql=BUGS, measure="sum", field="Effort"))
    assert world.jira.server.count("/field") == 1
    world.read(named)
    assert world.jira.server.count("/field") == 1
    world.clock.jump(86_401)
    world.read(named)
    assert world.jira.server.count("/field") == 2
    world.jira.server.forget()
    world.state.clear()
    world.read(ask(jql="type = Story", measure="sum", field=["cf[10016]", "timespent"]))
    assert world.jira.server.count("/field") == 0


def test_fields_that_cannot_be_listed_cost_only_those_that_need_a_name(world: World) -> None:
    world.jira.server.faults.append(Fault(where="/field", status=500, times=99))
    named, other, counted = world.read(
        ask(jql="type = Story", measure="sum", field="Story Points"),
        ask(jql="type = Story", measure="sum", field="Effort"),
        ask(jql=BUGS),
    )
    assert isinstance(named, NoValue)
    assert named.cause is Cause.UNAVAILABLE
    assert isinstance(other, NoValue)
    assert isinstance(counted, Reading)
    assert world.jira.server.count("/field") == 6


# ---- Requests -------------------------------------------------------------------------------------------------


def test_nothing_is_sent_before_a_question_is_asked(world: World) -> None:
    source = world.source()
    assert list(source.read([])) == []
    assert world.jira.server.requests == []


def test_twelve_thousand_issues_are_three_requests(cloud: World) -> None:
    cloud.jira.load(
        {"bulk": [{"project": "OPS", "count": 12_345, "every": "1s", "created": "2026-10-01T08:00:00Z"}]}
    )
    answer = cloud.value(jql="project = OPS")
    assert answer.value == 12_345
    assert fact(answer, "pages") == "3"
    assert cloud.jira.server.count("POST .*/search/jql$") == 3
    # Who am I, three pages, and what Jira's estimate says of so long a list.
    assert cloud.jira.server.count() == 5


def test_data_center_counts_with_one_request(server: World) -> None:
    server.jira.load({"bulk": [{"project": "OPS", "count": 2_345}]})
    assert server.value(jql="project = OPS").value == 2_345
    assert server.jira.server.count() == 2
    assert json.loads(server.jira.server.requests[-1].body)["maxResults"] == 0


def test_data_center_pages_on_after_what_came(server: World) -> None:
    server.jira.site.server_cap = 400
    server.jira.load({"bulk": [{"project": "OPS", "count": 1_001, "fields": {POINTS: 2}}]})
    assert server.value(jql="project = OPS", measure="sum", field=POINTS).value == 2_002
    assert server.jira.server.count("search") == 3


def test_equal_searches_are_sent_once_with_all_fields(world: World) -> None:
    story = "type = Story"
    answers = world.read(
        ask("n", jql=story),
        ask("sum", jql=f" {story}\n", measure="sum", field=POINTS),
        ask("hours", jql=story, measure="max", field="timespent", unit=HOURS),
        ask("rough", jql=story, exact=False),
        ask("part", jql=story, part="status = Done", measure="ratio"),
    )
    assert [answer.value for answer in answers if isinstance(answer, Reading)] == [
        4,
        16,
        2,
        4,
        Decimal("0.5"),
    ]
    assert world.jira.server.count("search") == 2


def test_an_exact_count_serves_an_estimate_too(cloud: World) -> None:
    cloud.jira.skew_count(7)
    for questions in (
        [ask("a", jql=BUGS, exact=False), ask("b", jql=BUGS)],
        [ask("b", jql=BUGS), ask("a", jql=BUGS, exact=False)],
    ):
        assert [answer.value for answer in cloud.read(*questions) if isinstance(answer, Reading)] == [3, 3]
    assert cloud.jira.server.count("approximate-count") == 0


def test_one_epic_asked_about_twice_is_read_once(world: World) -> None:
    world.read(
        ask("n", parent="APP-100", measure="done_share"),
        ask("p", parent="APP-100", measure="done_share", by="points", field=POINTS),
    )
    assert world.jira.server.count("search") == 1


def test_a_run_signs_in_once_and_asks_nothing_needless(world: World) -> None:
    world.read(*(ask(str(n), jql=f"{BUGS} AND created > {n}") for n in range(10)))
    assert world.jira.server.count("/myself") == 1
    assert world.jira.server.count("search") == 10
    assert world.jira.server.count() == 11


def test_answers_keep_their_order_though_searches_run_side_by_side(world: World) -> None:
    world.jira.load(
        {"bulk": [{"project": "OPS", "count": 30, "created": "2026-01-01T00:00:00Z", "every": "1h"}]}
    )
    starts = [datetime(2026, 1, 1, hour, tzinfo=UTC) for hour in range(24)]
    questions = [
        ask(f"{n}", jql=f"project = OPS AND created >= {int(start.timestamp() * 1000)}")
        for n, start in enumerate(starts)
    ]
    answers = world.read(*questions, parallel=8)
    assert [answer.value for answer in answers if isinstance(answer, Reading)] == [30 - n for n in range(24)]


def test_an_unknown_deployment_is_asked_for_once_and_remembered(world: World) -> None:
    for _ in range(2):
        (answer,) = world.read(ask(jql=BUGS), deployment="auto")
        assert isinstance(answer, Reading)
    assert world.jira.server.count("serverInfo") == 1


def test_an_estimate_is_one_request_and_says_so(cloud: World) -> None:
    cloud.jira.load({"bulk": [{"project": "OPS", "count": 300}]})
    cloud.jira.skew_count(2)
    answer = cloud.value(jql="project = OPS", exact=False)
    assert answer.value == 302
    assert "estimate" in fact(answer, "approximate")
    assert cloud.jira.server.count("search") == 1
    ratio = cloud.value(jql="project = OPS", part="type = Bug", measure="ratio", exact=False)
    assert "estimate" in fact(ratio, "approximate")


def test_long_jql_is_sent_in_a_body(world: World) -> None:
    keys = ", ".join(f"APP-{n}" for n in range(10, 14)) + ", APP-1" * 400
    answer = world.value(jql=f"key in ({keys}) AND type = Story", measure="sum", field=POINTS)
    assert answer.value == 16
    assert world.jira.server.count("POST .*search") == 1
    assert world.jira.server.count("GET .*search") == 0


def test_values_are_asked_for_so_that_jira_fails_rather_than_leaves_them_out(cloud: World) -> None:
    cloud.jira.fail_field(POINTS)
    lost = cloud.none(jql="type = Story", measure="sum", field=POINTS, empty_field="zero")
    assert lost.cause in {Cause.UNAVAILABLE, Cause.DATA}
    assert cloud.jira.server.count("GET .*search/jql.*failFast=true") > 0


def test_every_request_is_in_english_with_our_name_and_in_jiras_own_shape(world: World) -> None:
    world.jira.load({"users": [{"email": "bot@acme.example", "token": "s3cret-t0ken", "locale": "de_DE"}]})
    world.value(parent="APP-100", measure="done_share")
    broken = world.none(jql="nonsense = 1")
    assert "does not exist" in broken.reason
    for request in world.jira.server.requests:
        headers = dict(request.headers)
        assert headers["x-force-accept-language"] == "true"
        assert headers["accept-language"] == "en"
        assert headers["user-agent"].startswith("okrsync/")
        if world.kind == "cloud" and request.body:
            assert None not in json.loads(request.body).values()


def test_a_field_read_of_more_than_a_thousand_gets_a_second_opinion(cloud: World) -> None:
    cloud.jira.site.page_cap = 5000
    cloud.jira.load({"bulk": [{"project": "OPS", "count": 1_100, "every": "1s", "fields": {POINTS: 1}}]})
    query = {"jql": "project = OPS", "measure": "sum", "field": POINTS}
    fine = cloud.value(**query)
    assert fact(fine, "cross-check") == "1100 by Jira's estimate"
    assert cloud.jira.server.count("approximate-count") == 1
    cloud.jira.skew_count(20)
    assert "more than 1 %" in fact(cloud.value(**query), "cross-check")
    cloud.jira.skew_count(130)
    cut = cloud.none(**query)
    assert cut.cause is Cause.UNAVAILABLE
    assert "1100" in cut.reason
    assert "1230" in cut.reason
    cloud.jira.server.forget()
    cloud.value(jql="type = Story", measure="sum", field=POINTS)
    assert cloud.jira.server.count("approximate-count") == 0


# ---- What goes wrong ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "waited"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "0.5"}, 0.5),
        ({"retry_after": "Mon, 23 Nov 2026 06:00:09 GMT"}, 9.0),
        ({"retry_after": None, "reset": "2026-11-23T06:00:11Z"}, 11.0),
    ],
)
def test_too_many_requests_are_waited_out_in_full(
    world: World, headers: dict[str, Any], waited: float
) -> None:
    world.jira.server.faults.append(faults.rate_limited("search", **headers))
    assert world.value(jql=BUGS).value == 3
    assert sum(world.clock.slept) == pytest.approx(waited, abs=1.1)
    assert sum(world.clock.slept) >= waited
    assert world.jira.server.count("search") == 2


def test_a_wait_beyond_patience_is_not_waited(world: World) -> None:
    world.jira.server.faults.append(
        faults.rate_limited("search", retry_after="3600", reason="jira-quota-tenant")
    )
    held = world.none(jql=BUGS)
    assert held.cause is Cause.UNAVAILABLE
    assert "3600 s" in held.reason
    assert "jira-quota-tenant" in held.reason
    assert sum(world.clock.slept) < 10


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_passing_faults_are_repeated_and_then_said(world: World, status: int) -> None:
    world.jira.server.faults.append(faults.server_error("search", status=status, times=3))
    assert world.value(jql=BUGS).value == 3
    assert world.jira.server.count("search") == 4
    world.jira.server.faults[:] = [faults.server_error("search", status=status, times=99)]
    held = world.none(jql=BUGS)
    assert held.cause is Cause.UNAVAILABLE
    assert str(status) in held.reason


@pytest.mark.parametrize("fault", [faults.lost, faults.cut_json])
def test_cut_answers_are_asked_for_again(world: World, fault: Callable[..., Fault]) -> None:
    world.jira.server.faults.append(fault("search", times=2))
    assert world.value(jql=BUGS).value == 3
    world.jira.server.faults[:] = [fault("search", times=99)]
    assert world.none(jql=BUGS).cause is Cause.UNAVAILABLE


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"issues": null, "total": null}', b'{"total": true}'])
def test_an_answer_without_jiras_shape_is_never_zero(world: World, body: bytes) -> None:
    world.jira.server.faults.append(Fault(where="search", status=200, body=body, times=99))
    assert world.none(jql=BUGS).cause is Cause.UNAVAILABLE
    assert (
        world.none(jql="type = Story", measure="sum", field=POINTS, min_samples=0).cause is Cause.UNAVAILABLE
    )


def test_a_server_that_does_not_answer_in_time_is_asked_again(world: World) -> None:
    world.monkeypatch.setattr(library, "TIMEOUT", (1.0, 0.2))

    def hang() -> None:
        threading.Event().wait(0.3)

    world.jira.server.faults.append(Fault(where="search", prelude=hang))
    assert world.value(jql=BUGS).value == 3
    assert world.jira.server.count("search") >= 2


def test_an_expired_token_is_access_and_never_zero(world: World) -> None:
    world.jira.expire_tokens()
    with pytest.raises(AccessError) as caught:
        world.read(ask(jql=BUGS), ask(jql="type = Story"))
    assert "main" in caught.value.message
    assert "environment variable JIRA_TOKEN" in caught.value.message
    if world.kind == "cloud":
        assert "https://id.atlassian.com/manage-profile/security/api-tokens" in caught.value.hint
    assert world.jira.server.count("search") == 0


def test_a_token_that_expires_after_signing_in_is_noticed_by_its_header(cloud: World) -> None:
    cloud.jira.server.faults.append(Fault(where="search", prelude=cloud.jira.expire_tokens))
    with pytest.raises(AccessError, match="AUTHENTICATED_FAILED"):
        cloud.read(ask(jql=f"{BUGS} AND created < 1000"))


def test_a_token_that_expires_half_way_keeps_what_was_read(world: World) -> None:
    world.jira.server.faults.append(Fault(where="search", skip=1, prelude=world.jira.expire_tokens))
    first, second = world.read(ask(jql=BUGS), ask(jql="type = Story"), parallel=1)
    assert isinstance(first, Reading)
    assert isinstance(second, NoValue)
    assert second.cause is Cause.ACCESS


def test_being_nobody_is_not_being_signed_in(world: World) -> None:
    world.jira.server.faults.append(Fault(where="myself", status=200, body=b'{"displayName": "Anonymous"}'))
    with pytest.raises(AccessError, match="who is signed in"):
        world.read(ask(jql=BUGS))


def test_a_missing_secret_is_said_before_anything_is_sent(world: World) -> None:
    world.monkeypatch.delenv("JIRA_TOKEN")
    with pytest.raises(AccessError, match="JIRA_TOKEN"):
        world.read(ask(jql=BUGS))
    assert world.jira.server.count() == 0


def test_a_captcha_is_said(server: World) -> None:
    server.monkeypatch.setenv("JIRA_PASSWORD", "pa55word-of-bot")
    auth = {"user": "bot", "password": {"env": "JIRA_PASSWORD"}}
    (answer,) = server.read(ask(jql=BUGS), auth=auth)
    assert isinstance(answer, Reading)
    server.jira.captcha()
    with pytest.raises(AccessError, match="CAPTCHA"):
        server.read(ask(jql=BUGS), auth=auth)


def test_forbidden_is_access(world: World) -> None:
    world.jira.server.faults.append(Fault(where="search", status=403, body=b'{"errorMessages": ["No."]}'))
    first, second = world.read(ask(jql=BUGS), ask(jql="type = Story"), parallel=1)
    assert isinstance(first, NoValue)
    assert first.cause is Cause.ACCESS
    assert isinstance(second, Reading)


def test_lost_permissions_are_found_out_by_the_canary(world: World) -> None:
    canary = {"canary": "type = Initiative"}
    (answer,) = world.read(ask(jql=BUGS), **canary)
    assert isinstance(answer, Reading)
    world.jira.server.forget()
    world.jira.forbid("APP")
    answers = world.read(ask(jql="type = Bug AND created > 0"), ask(jql="type = Story"), **canary)
    for answer in answers:
        assert isinstance(answer, NoValue)
        assert answer.cause is Cause.ACCESS
        assert "the canary 'type = Initiative' finds nothing" in answer.reason
    assert world.jira.server.count("search") == 1
    (answer,) = world.read(ask(jql=BUGS), canary="project = APP")
    assert isinstance(answer, NoValue)
    assert answer.cause is Cause.ACCESS
    assert "does not exist" in answer.reason


def test_bad_jql_is_said_in_jiras_own_words(world: World) -> None:
    refused = world.none(jql="project = NOPE")
    assert refused.cause is Cause.CONFIG
    assert "The value 'NOPE' does not exist for the field 'project'." in refused.reason
    assert world.jira.server.count("search") == 1
    assert "Error in the JQL Query" in world.none(jql="project ==== APP").reason
    assert world.none(parent="APP-999", measure="done_share").cause in {Cause.CONFIG, Cause.EMPTY}


def test_a_cloud_site_taken_for_data_center_is_said(cloud: World) -> None:
    cloud.monkeypatch.setenv("PAT", "s3cret-t0ken")
    (answer,) = cloud.read(ask(jql=BUGS), deployment="data_center", auth={"anonymous": True})
    assert isinstance(answer, NoValue)
    assert "Cloud site" in answer.reason
    assert answer.cause is Cause.CONFIG


def test_data_center_taken_for_cloud_is_said(server: World) -> None:
    (answer,) = server.read(ask(jql=BUGS), deployment="cloud", auth={"anonymous": True})
    assert isinstance(answer, NoValue)
    assert answer.cause is Cause.CONFIG
    assert "deployment" in answer.hint


def test_a_way_of_signing_in_that_does_not_fit_is_said(cloud: World) -> None:
    (answer,) = cloud.read(ask(jql=BUGS), deployment="auto", auth={"token": {"env": "JIRA_TOKEN"}})
    assert isinstance(answer, NoValue)
    assert answer.cause is Cause.CONFIG
    assert "{email, token}" in answer.reason


def test_a_web_page_is_not_data(world: World) -> None:
    world.jira.server.faults.append(faults.html_page("search", times=99))
    page = world.none(jql=BUGS)
    assert page.cause is Cause.CONFIG
    assert "web page" in page.reason
    assert world.jira.server.count("search") == 1
    world.jira.server.faults[:] = [faults.html_page("myself", times=99)]
    assert world.none(jql=BUGS).cause is Cause.CONFIG


@pytest.mark.parametrize("status", [301, 302, 307])
def test_a_redirect_is_not_followed(world: World, status: int) -> None:
    moved = Fault(
        where="search", status=status, headers={"location": "https://login.acme.example/sso"}, times=99
    )
    world.jira.server.faults.append(moved)
    sent_on = world.none(jql=BUGS)
    assert sent_on.cause is Cause.CONFIG
    assert "login.acme.example" in sent_on.reason
    assert world.jira.server.count("search") == 1


def test_a_wrong_path_is_said(server: World) -> None:
    (answer,) = server.read(ask(jql=BUGS), url=f"{server.jira.server.url}/wrong")
    assert isinstance(answer, NoValue)
    assert answer.cause is Cause.CONFIG
    assert "HTTP 404" in answer.reason


def test_a_repeated_token_ends_and_is_no_number(cloud: World) -> None:
    cloud.jira.load({"bulk": [{"project": "OPS", "count": 350, "fields": {POINTS: 1}}]})
    cloud.jira.repeat_token()
    looped = cloud.none(jql="project = OPS", measure="sum", field=POINTS)
    assert looped.cause is Cause.UNAVAILABLE
    assert "already read" in looped.reason
    assert cloud.jira.server.count("search") <= 4


def test_a_list_without_a_token_and_without_an_end_is_no_number(cloud: World) -> None:
    body = b'{"issues": [{"id": "1", "key": "APP-1"}], "isLast": false}'
    cloud.jira.server.faults.append(Fault(where="search", status=200, body=body))
    assert cloud.none(jql=BUGS).cause is Cause.UNAVAILABLE


def test_an_empty_page_with_a_token_is_not_the_end(cloud: World) -> None:
    def page(token: str) -> Fault:
        body = json.dumps({"issues": [], "nextPageToken": token}).encode()
        return Fault(where="search", status=200, body=body)

    first = b'{"issues": [], "nextPageToken": "a"}'
    last = b'{"issues": [{"id": "1", "key": "APP-1"}, {"id": "1", "key": "APP-1"}], "isLast": true}'
    cloud.jira.server.faults += [Fault(where="search", status=200, body=body) for body in (first, last)]
    assert cloud.value(jql=BUGS).value == 1
    cloud.jira.server.faults[:] = [page(str(number)) for number in range(30)]
    assert cloud.none(jql=BUGS).cause is Cause.UNAVAILABLE


def test_a_list_that_data_center_cuts_short_is_no_number(server: World) -> None:
    body = b'{"issues": [], "startAt": 0, "maxResults": 1000, "total": 4}'
    server.jira.server.faults.append(Fault(where="search", status=200, body=body))
    cut = server.none(jql="type = Story", measure="sum", field=POINTS)
    assert cut.cause is Cause.UNAVAILABLE
    assert "0 of 4" in cut.reason


def test_truncated_lists_are_found_out(cloud: World) -> None:
    cloud.jira.site.page_cap = 5000
    cloud.jira.load({"bulk": [{"project": "OPS", "count": 1_500, "every": "1s", "fields": {POINTS: 1}}]})
    cloud.jira.truncate(1_200)
    assert cloud.none(jql="project = OPS", measure="sum", field=POINTS).cause is Cause.UNAVAILABLE
    cut = cloud.none(jql="project = OPS")
    assert cut.cause is Cause.UNAVAILABLE
    assert "gave 1200 issues and estimates 1500" in cut.reason


def test_doubts_of_jira_about_the_jql_are_not_ignored(world: World) -> None:
    body = {"issues": [], "total": 0, "startAt": 0, "maxResults": 50, "warningMessages": ["No such sprint."]}
    world.jira.server.faults.append(Fault(where="search", status=200, body=json.dumps(body).encode()))
    doubted = world.none(jql=BUGS)
    assert doubted.cause is Cause.CONFIG
    assert "No such sprint." in doubted.reason


def test_one_fault_costs_one_question(world: World) -> None:
    world.jira.server.faults.append(faults.server_error("search", status=503, times=6))
    first, second = world.read(ask(jql=BUGS), ask(jql="type = Story"), parallel=1)
    assert isinstance(first, NoValue)
    assert isinstance(second, Reading)


def test_a_jira_that_is_down_is_unavailable(world: World) -> None:
    world.jira.server.faults.append(faults.server_error("myself", status=503, times=99))
    with pytest.raises(Unavailable):
        world.read(ask(jql=BUGS))


def test_a_budget_that_runs_low_slows_everybody_down(cloud: World) -> None:
    nearly = Fault(
        where="myself",
        status=200,
        headers={"x-ratelimit-nearlimit": "true"},
        body=b'{"accountId": "1"}',
    )
    cloud.jira.server.faults.append(nearly)
    cloud.value(jql=BUGS)
    assert cloud.clock.slept == [1.0]


# ---- Signing in -----------------------------------------------------------------------------------------------


def test_tokens_with_scopes_and_service_accounts_go_through_the_gateway(cloud: World) -> None:
    from okrsync_emulators.jira.site import CLOUD_ID

    cloud.monkeypatch.setenv("SCOPED", "scoped-t0ken")
    cloud.monkeypatch.setenv("SERVICE", "service-t0ken")
    scoped = {"email": "scoped@acme.example", "token": {"env": "SCOPED"}, "cloud_id": CLOUD_ID}
    service = {"token": {"env": "SERVICE"}, "cloud_id": CLOUD_ID}
    for auth in (scoped, service):
        (answer,) = cloud.read(ask(jql=BUGS), auth=auth, api_url=cloud.jira.server.url, deployment="auto")
        assert isinstance(answer, Reading)
        assert answer.value == 3
    assert cloud.jira.server.count(f"/ex/jira/{CLOUD_ID}/rest/api/2/") == cloud.jira.server.count()
    cloud.jira.expire_tokens()
    with pytest.raises(AccessError) as caught:
        cloud.read(ask(jql=BUGS), auth=scoped, api_url=cloud.jira.server.url)
    assert "read:jira-work" in caught.value.hint


def test_nobody_reads_only_where_the_yaml_says_so(world: World, tmp_path: Any) -> None:
    # A stray .netrc must not sign anybody in.
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login bot password s3cret-t0ken\n")
    world.monkeypatch.setenv("NETRC", str(netrc))
    (answer,) = world.read(ask(jql="type = Bug"), auth={"anonymous": True})
    assert isinstance(answer, Reading)
    assert answer.value == 1
    assert all("authorization" not in dict(request.headers) for request in world.jira.server.requests)
    assert world.jira.server.count("myself") == 0


def test_secrets_are_in_no_text(world: World) -> None:
    texts: list[str] = []
    echo = json.dumps({"errorMessages": ["bad token s3cret-t0ken"]}).encode()
    for status in (400, 401, 403, 404, 409, 410, 500):
        world.jira.server.faults[:] = [Fault(where="search", status=status, body=echo, times=99)]
        try:
            texts += [repr(answer) for answer in world.read(ask(jql=BUGS), ask(jql="type = Story"))]
        except AccessError as error:
            texts += [str(error), repr(error), repr(error.__cause__)]
    world.jira.server.faults.clear()
    texts += [
        repr(world.one(jql=BUGS)),
        repr(world.examine()),
        repr(world.settings()),
        json.dumps(world.state),
    ]
    assert len(texts) > 8
    assert "s3cret" not in "".join(texts)


# ---- Doctor ---------------------------------------------------------------------------------------------------


def test_doctor_of_a_healthy_connection(world: World) -> None:
    found = world.examine(canary="project = APP")
    assert all(finding.ok for finding in found.values()), found
    assert "Bot" in found["account"].detail
    assert "Europe/Berlin" in found["account"].detail
    assert ("Cloud" if world.kind == "cloud" else "Data Center") in found["deployment"].detail
    assert found["canary"].ok
    assert ("request budget" in found) == (world.kind == "cloud")


def test_doctor_names_what_is_wrong(world: World) -> None:
    world.jira.rename_site("https://new.acme.example")
    moved = world.examine()["address"]
    assert not moved.ok
    assert "https://new.acme.example" in moved.detail
    world.jira.rename_site(None)
    world.jira.forbid("APP")
    assert not world.examine(canary="project = APP")["canary"].ok
    world.jira.expire_tokens()
    account = world.examine(canary="project = APP")["account"]
    assert not account.ok
    assert "JIRA_TOKEN" in account.detail
    world.monkeypatch.delenv("JIRA_TOKEN")
    assert not world.examine()["credential"].ok


def test_doctor_notices_the_wrong_deployment(world: World) -> None:
    other = "data_center" if world.kind == "cloud" else "cloud"
    finding = world.examine(deployment=other, auth={"anonymous": True})["deployment"]
    assert not finding.ok
    assert world.kind in finding.hint


def test_nothing_is_believed_only_where_jira_stands_by_it(cloud: World) -> None:
    cloud.jira.flap(0)
    cloud.jira.server.faults.clear()
    # Every second search of the index finds nothing; the estimate does not go by that index alone.
    answers = [cloud.one(jql=BUGS) for _ in range(4)]
    values = {answer.value for answer in answers if isinstance(answer, Reading)}
    assert values == {Decimal(3)}
    for answer in answers:
        if isinstance(answer, NoValue):
            assert answer.cause is Cause.UNAVAILABLE


def test_a_real_nothing_costs_one_request_more(cloud: World) -> None:
    nothing = f"{BUGS} AND created < 1000"
    assert cloud.value(jql=nothing).value == 0
    assert cloud.jira.server.count("approximate-count") == 1
    assert cloud.jira.server.count("search/jql") == 1
    cloud.jira.skew_count(3)
    answer = cloud.value(jql=nothing)
    assert answer.value == 0
    assert fact(answer, "cross-check") == "3 by Jira's estimate, but none when asked three times"
    assert cloud.jira.server.count("search/jql") == 4


def test_an_index_that_finds_nothing_and_then_something_is_not_believed(cloud: World) -> None:
    empty = Fault(where="search/jql", status=200, body=b'{"issues": [], "isLast": true}')
    cloud.jira.server.faults.append(empty)
    lost = cloud.none(jql=BUGS)
    assert lost.cause is Cause.UNAVAILABLE
    assert "asked again, 3" in lost.reason
