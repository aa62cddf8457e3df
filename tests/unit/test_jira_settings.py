"""What the YAML may say of Jira, and JQL as text: no requests."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from okrsync.connector import NoValueError, no_value
from okrsync.errors import AccessError, ConfigError, DataError, Unavailable
from okrsync.model import Cause, Window
from okrsync_jira import JiraQuery, JiraSettings
from okrsync_jira.fields import Field
from okrsync_jira.issues import Issue
from okrsync_jira.jql import during_days, fault, moving
from okrsync_jira.reducers import is_done, numbers_of
from okrsync_jira.settings import (
    Anonymous,
    ApiToken,
    Password,
    PersonalToken,
    ScopedToken,
    ServiceAccount,
)

TOKEN = {"env": "T"}
CLOUD = "https://acme.atlassian.net"
OWN = "https://jira.acme.example/jira/"


def settings(url: str = CLOUD, **more: Any) -> JiraSettings:
    return JiraSettings.model_validate(
        {"url": url, "auth": {"email": "a@acme.example", "token": TOKEN}, **more}
    )


@pytest.mark.parametrize(
    ("auth", "kind"),
    [
        ({"email": "a@acme.example", "token": TOKEN}, ApiToken),
        ({"email": "a@acme.example", "token": TOKEN, "cloud_id": "1"}, ScopedToken),
        ({"token": TOKEN, "cloud_id": "1"}, ServiceAccount),
        ({"token": TOKEN}, PersonalToken),
        ({"user": "a", "password": TOKEN}, Password),
        ({"anonymous": True}, Anonymous),
    ],
)
def test_the_keys_of_auth_say_which_kind_it_is(auth: dict[str, Any], kind: type[Any]) -> None:
    made = settings(OWN, auth=auth)
    assert isinstance(made.auth, kind)
    assert settings(OWN, auth=made.auth).auth == made.auth


@pytest.mark.parametrize(
    "auth",
    [{}, {"email": "a@acme.example"}, {"token": TOKEN, "tokens": TOKEN}, {"anonymous": False}, None, "token"],
)
def test_no_account_is_never_taken_for_nobody(auth: Any) -> None:
    with pytest.raises(ValidationError):
        settings(auth=auth)


@pytest.mark.parametrize("auth", [{"token": TOKEN}, {"user": "a", "password": TOKEN}])
def test_cloud_takes_no_password_and_no_bare_token(auth: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="Jira Cloud takes"):
        settings(auth=auth)
    assert settings(OWN, auth=auth).known_deployment is None


def test_data_center_takes_no_api_token() -> None:
    with pytest.raises(ValidationError, match="Data Center takes"):
        settings(OWN, deployment="data_center")


@pytest.mark.parametrize(
    "url", ["acme", "ftp://acme.example", "https://me:secret@acme.example", "http://a.atlassian.net"]
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ValidationError):
        settings(url)


@pytest.mark.parametrize(
    ("url", "meant"),
    [
        ("https://acme.atlassian.net/jira/software/projects/APP/boards/1", "https://acme.atlassian.net"),
        ("https://acme.atlassian.net/browse/APP-1", "https://acme.atlassian.net"),
        ("https://jira.acme.example/secure/Dashboard.jspa", "https://jira.acme.example"),
        ("https://acme.example/jira/rest/api/2/", "https://acme.example/jira"),
    ],
)
def test_the_address_of_a_page_is_not_that_of_jira(url: str, meant: str) -> None:
    with pytest.raises(ValidationError, match=f"is the address of a page in Jira; write {meant} "):
        settings(url, auth={"anonymous": True})


@pytest.mark.parametrize("auth", [{"token": TOKEN}, {"user": "a", "password": TOKEN}])
def test_a_credential_is_not_sent_unencrypted(auth: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="would send the credential unencrypted; write https://"):
        settings("http://jira.acme.example", auth=auth)
    assert settings("http://127.0.0.1:8080", auth=auth).base == "http://127.0.0.1:8080"
    assert settings("http://jira.acme.example", auth={"anonymous": True}).base == "http://jira.acme.example"
    scoped = {"token": TOKEN, "cloud_id": "77"}
    with pytest.raises(ValidationError, match="unencrypted"):
        settings(auth=scoped, api_url="http://proxy.acme.example")


def test_where_the_api_is() -> None:
    assert settings().base == CLOUD
    assert settings(OWN).base == "https://jira.acme.example/jira"
    scoped = settings(auth={"token": TOKEN, "cloud_id": "77"})
    assert scoped.base == "https://api.atlassian.com/ex/jira/77"
    assert settings(OWN, auth={"token": TOKEN, "cloud_id": "77"}).known_deployment == "cloud"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({}, "needs jql"),
        ({"measure": "sum", "jql": "a = 1"}, "needs field"),
        ({"measure": "ratio", "jql": "a = 1"}, "needs part"),
        ({"measure": "done_share"}, "needs parent"),
        ({"measure": "done_share", "parent": "APP-1", "by": "points"}, "needs field"),
        ({"measure": "done_share", "parent": "APP-1", "jql": "a = 1"}, "no use for jql"),
        ({"measure": "done_share", "parent": "APP-1", "field": "x"}, "no use for field"),
        ({"jql": "a = 1", "field": "x"}, "no use for field"),
        ({"jql": "a = 1", "part": "b = 1"}, "no use for part"),
        ({"jql": "a = 1", "min_samples": 3}, "no use for min_samples"),
        ({"jql": "a = 1", "measure": "mean", "field": "x", "exact": False}, "no use for exact"),
        ({"jql": "a = 1", "measure": "p101", "field": "x"}, "no measure"),
        ({"jql": "a = 1", "measure": "distinct", "field": "x", "empty_field": "zero"}, "distinct"),
        ({"jql": "a = 1 ORDER BY created"}, "ORDER BY"),
        ({"jql": "a = 1", "measure": "ratio", "part": "b = 1 order  by c"}, "ORDER BY"),
        ({"measure": "done_share", "parent": "app-1"}, "key of an issue"),
        ({"jql": "  "}, "empty"),
        ({"jql": "project = A AND"}, "ends with AND: something is missing"),
        ({"jql": "project = A AND type ="}, "ends with =: something is missing"),
        ({"jql": "project = A and status IN "}, "ends with IN"),
        ({"measure": "lead_time"}, "needs jql or scope"),
        ({"jql": "a = 1", "scope": "project = A"}, "not both"),
        ({"jql": "a = 1", "state": {"status": "x"}}, "no use for state"),
        ({"scope": "project = A", "exact": False}, "no use for exact"),
        ({"scope": "project = A", "part": "b = 1", "measure": "ratio"}, "needs part_state"),
        ({"scope": "project = A", "state": {}}, "at least one condition"),
        ({"scope": "project = A", "state": {"statusCategory": "open"}}, "'open' is no category"),
        ({"scope": "project = A", "state": {"status": {"no": "x"}}}, "{not: a name or a list}"),
        ({"scope": "project = A", "state": {"status": []}}, "at least 1 item"),
        ({"scope": "project = A", "state": {"colour": "red"}}, "Extra inputs"),
        ({"scope": "status = Done"}, "'status' changes with time"),
        ({"scope": "created > -30d"}, "changes with time"),
        ({"scope": "assignee = currentUser()"}, "changes with time"),
        ({"scope": "project = A AND labels = x"}, "'labels' changes with time.*state: {labels: x}"),
        (
            {"scope": "fixVersion in (1.0, 1.1)"},
            '\'fixVersion\' changes.*state: {fixVersions: \\["1.0", "1.1"\\]}',
        ),
        ({"scope": "project = A AND component = UI"}, "'component' changes.*state: {components: UI}"),
        ({"scope": 'project = A AND "Epic Link" = A-1'}, "'Epic Link' changes.*state: {parent: A-1}"),
        ({"scope": "parent = A-1"}, "'parent' changes.*state: {parent: A-1}"),
        ({"scope": "reporter = eva"}, "'reporter' changes.*state: {reporter: eva}"),
        ({"scope": 'project = A AND ("Team" = Blue)'}, "'Team' changes.*state: {fields: {Team: Blue}}"),
        ({"scope": "cf[10020] = 12"}, 'changes with time.*state: {fields: {"cf\\[10020\\]": 12}}'),
        ({"scope": 'status = "On: hold"'}, "'status' changes with time.*state: {status: \"On: hold\"}"),
        ({"scope": "labels = no"}, "'labels' changes with time.*state: {labels: \"no\"}"),
        ({"scope": "project = A", "state": {"fixVersions": 1.1}}, "reads this as 1.1, not as a name"),
        ({"scope": "project = A", "state": {"labels": True}}, "reads this as true, not as a name"),
        ({"scope": "project = A", "state": {"labels": {"not": [1.5]}}}, "put it in quotes"),
        ({"scope": "project = A AND NOT labels = x"}, "'labels' changes with time"),
        ({"scope": "project = A AND summary ~ 'project = x'"}, "'summary' changes with time"),
        ({"jql": "project = A", "measure": "lead_time", "state": {"labels": "x"}}, "no use for state"),
        ({"scope": "project = A", "date": "resolved"}, "date is created or nothing"),
        ({"jql": "a = 1", "measure": "lead_time", "date": "created"}, "no use for date"),
        ({"jql": "a = 1", "measure": "lead_time", "aggregate": "met"}, "'met' is none"),
        ({"jql": "a = 1", "measure": "lead_time", "started": "last"}, "no use for started"),
        ({"jql": "a = 1", "measure": "time_in_status"}, "needs statuses"),
        ({"jql": "a = 1", "measure": "sla"}, "needs field"),
        ({"jql": "a = 1", "measure": "sla", "field": "x", "aggregate": "p101"}, "write met, mean"),
        ({"measure": "velocity"}, "needs board"),
        ({"measure": "velocity", "board": 1, "field": "x"}, "no use for field"),
        ({"measure": "velocity", "board": 1, "sprints": 0}, "greater than or equal to 1"),
        ({"measure": "throughput", "jql": "a = 1", "aggregate": "mean"}, "no use for aggregate"),
        ({"measure": "done_share", "parent": "APP-1", "frozen": True, "date": "created"}, "no use for date"),
        ({"measure": "done_share", "parent": "APP-1", "date": "created"}, "no use for date"),
        ({"jql": "a = 1", "wimdow": "cycle"}, "Extra inputs"),
    ],
)
def test_queries_that_are_refused_when_the_file_is_read(query: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        JiraQuery.model_validate(query)


def test_queries_are_trimmed_and_names_may_stand_alone() -> None:
    query = JiraQuery.model_validate({"jql": " a = 1\n", "measure": "p99.5", "field": "Story Points"})
    assert (query.jql, query.field) == ("a = 1", ("Story Points",))
    assert JiraQuery.model_validate({"measure": "done_share", "parent": ["A-1", "A-1"]}).parent == ("A-1",)


def test_an_id_may_be_written_as_a_number() -> None:
    state = {"status": 10001, "sprint": [12, "Alpha"], "resolution": {"not": 5}}
    read = JiraQuery.model_validate({"scope": "project = A", "state": state}).state
    assert str(read) == "status: 10001, resolution: not 5, sprint: 12 or Alpha"
    times = {"measure": "time_in_status", "scope": "project = A", "statuses": 3}
    assert JiraQuery.model_validate(times).statuses == ("3",)


def test_conditions_are_written_in_the_words_people_use() -> None:
    state = {"statusCategory": "not Done", "status": "Not started", "assignee": "Not empty"}
    read = JiraQuery.model_validate({"scope": "project = A", "state": state}).state
    assert read is not None
    assert str(read) == "status category: not done, status: Not started, assignee: not empty"
    assert read.conditions["status"].negated is False
    listed = {"statusCategory": {"not": ["to do", "In Progress"]}, "status": {"not": "Backlog"}}
    read = JiraQuery.model_validate({"scope": "project = A", "state": listed}).state
    assert str(read) == "status category: not new or indeterminate, status: not Backlog"


@pytest.mark.parametrize(
    "jql",
    [
        "project = APP AND type in (Bug, Task)",
        "key in (APP-1, APP-2) OR issuekey = APP-3",
        "created >= 1790805600000 AND creator = eva",
        'PROJECT = "labels = x" and NOT (issuetype = "status")'.replace('"status"', "Bug"),
    ],
)
def test_what_a_scope_may_be_about(jql: str) -> None:
    assert JiraQuery.model_validate({"scope": jql}).scope == jql


def test_lengths_of_time_have_a_state_in_a_scope() -> None:
    for more in (
        {"measure": "lead_time"},
        {"measure": "throughput"},
        {"measure": "time_in_status", "statuses": "x"},
    ):
        state = {"fixVersions": "1.0", "fields": {"Team": {"not": "Blue"}}}
        read = JiraQuery.model_validate({"scope": "project = A", "state": state, **more}).state
        assert str(read) == "fix versions: 1.0, Team: not Blue"


def test_measures_of_events_know_what_their_window_is_about() -> None:
    assert JiraQuery.model_validate({"measure": "lead_time", "jql": "a = 1"}).date == "finished"
    assert JiraQuery.model_validate({"measure": "sla", "jql": "a = 1", "field": "x"}).date == "stopped"
    frozen = {"measure": "done_share", "parent": "APP-1", "frozen": True}
    assert JiraQuery.model_validate(frozen).date == "began"
    assert JiraQuery.model_validate({"jql": "a = 1"}).date is None


def test_a_map_of_statuses_speaks_in_the_same_words() -> None:
    assert settings(status_map={"10077": "done", "Old Doing": "In progress"}).status_map == {
        "10077": "done",
        "old doing": "indeterminate",
    }
    with pytest.raises(ValidationError, match="'closed' is no category"):
        settings(status_map={"10077": "closed"})


@pytest.mark.parametrize(
    "jql",
    [
        "a = 1)",
        "(a = 1",
        "a = 1) OR (b = 2",
        'summary ~ "open',
        "summary ~ 'open",
    ],
)
def test_jql_that_would_break_out_of_its_brackets(jql: str) -> None:
    assert fault(jql)


@pytest.mark.parametrize(
    "jql",
    ["a in (1, (2))", 'summary ~ "a ) order by \\" (" AND b = 1', "c ~ 'it''s'", "ordering = byte", "''"],
)
def test_jql_that_may_be_put_into_brackets(jql: str) -> None:
    assert fault(jql) is None


@pytest.mark.parametrize(
    ("jql", "piece"),
    [
        ("project = APP AND type in (Bug, Task) AND NOT (labels = x)", None),
        ("created >= 1790805600000", None),
        ("created >= -7d", "-7d"),
        ("created >= '-1w'", "-1w"),
        ("a = 1 AND (created > endOfDay())", "endOfDay"),
        ("status = Open", "status"),
        ("Assignee is empty", "Assignee"),
        ("filter = 12345", "filter"),
        ("type was Bug", "was"),
    ],
)
def test_what_holds_only_today(jql: str, piece: str | None) -> None:
    assert moving(jql) == piece


def test_days_of_a_window_that_does_not_begin_at_midnight() -> None:
    window = Window(start=datetime(2026, 10, 1, 9, tzinfo=UTC), end=datetime(2026, 10, 9, 22, tzinfo=UTC))
    assert (
        during_days("a = 1", "due", window, "Europe/Berlin")
        == '(a = 1) AND due >= "2026-10-02" AND due < "2026-10-10"'
    )
    assert during_days("a = 1", "due", window, "UTC").endswith('due < "2026-10-10"')


def test_every_error_has_its_cause() -> None:
    errors = [
        ConfigError("x"),
        AccessError("x"),
        Unavailable("x"),
        DataError("x"),
        NoValueError(Cause.PAST, "x"),
    ]
    causes = [no_value("m", error).cause for error in errors]
    assert causes == [Cause.CONFIG, Cause.ACCESS, Cause.UNAVAILABLE, Cause.DATA, Cause.PAST]


def test_done_is_the_category_and_not_its_name() -> None:
    def issue(**category: str) -> Issue:
        return Issue("1", "APP-1", {"status": {"name": "x", "statusCategory": category}})

    assert is_done(issue(key="done", name="Erledigt"))
    assert not is_done(issue(key="new", name="Done"))
    with pytest.raises(DataError, match="APP-1"):
        is_done(Issue("1", "APP-1", {}))


@pytest.mark.parametrize("value", [True, "5", {"value": 5}, [5], float("nan"), float("inf")])
def test_what_is_no_number(value: Any) -> None:
    with pytest.raises(DataError, match="APP-1"):
        numbers_of([(Issue("1", "APP-1", {}), Field("f", "f"), value)])


def test_the_plug_in_loads_no_vendor_library() -> None:
    code = "import sys, okrsync_jira; sys.exit(bool({'jira', 'requests', 'uvicorn'} & set(sys.modules)))"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": "connectors:."})


def test_both_models_describe_themselves_to_editors() -> None:
    assert JiraQuery.model_json_schema()["properties"]["field"]["anyOf"]
    assert "oneOf" in JiraSettings.model_json_schema()["properties"]["auth"]
