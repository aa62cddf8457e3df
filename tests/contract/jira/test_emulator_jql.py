"""What JQL means on the emulated site: every case is asked over HTTP by a person in Berlin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from okrsync_emulators.jira import JiraEmulator

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday
ANN, BOB = "ann@acme.example", "bob@acme.example"
SEED: dict[str, Any] = {
    "users": [
        {"email": ANN, "name": "Ann", "token": "ann-token", "timezone": "Europe/Berlin", "locale": "de_DE"},
        {"email": BOB, "name": "Bob", "token": "bob-token", "timezone": "America/New_York"},
    ],
    "fields": [
        {"id": "customfield_10016", "name": "Story Points", "type": "number"},
        {"id": "customfield_10026", "name": "Estimate", "type": "number"},
        {"id": "customfield_10027", "name": "Estimate", "type": "number"},
        {"id": "customfield_10040", "name": "Customer", "type": "option"},
        {"id": "customfield_10041", "name": "Notes", "type": "text"},
    ],
    "statuses": [
        {"id": "1", "name": "To Do", "category": "new", "names": {"de": "Zu erledigen"}},
        {"id": "3", "name": "In Progress", "category": "indeterminate", "names": {"de": "In Arbeit"}},
        {"id": "5", "name": "Done", "category": "done", "names": {"de": "Fertig"}},
        {"id": "9", "name": "Testing", "category": "indeterminate", "deleted": True},
    ],
    "projects": [{"key": "A", "name": "Alpha"}, {"key": "B"}, {"key": "OLD", "archived": True}],
    "boards": [{"id": 1, "project": "A"}],
    "sprints": [{"id": 7, "board": 1, "state": "closed"}, {"id": 8, "board": 1, "state": "active"}],
    "filters": [
        {"id": 100, "name": "Bugs", "jql": "type = Bug"},
        {"id": 101, "name": "Loop", "jql": "filter = 102"},
        {"id": 102, "name": "Pool", "jql": "filter = 101"},
    ],
    "issues": [
        {
            "key": "A-1", "type": "Bug", "status": "Done", "created": "2026-10-05T09:00:00Z",
            "resolved": "2026-10-20T09:00:00Z", "assignee": ANN, "reporter": ANN, "labels": ["ops", "fast"],
            "fields": {"Story Points": 5, "Customer": "Initech"}, "sprint": 7, "summary": "Login page is slow",
        },
        {
            "key": "A-2", "type": "Bug", "created": "2026-10-06T22:30:00Z", "due": "2026-11-30", "reporter": ANN,
            "fields": {"Story Points": 3, "customfield_10026": 2}, "sprint": [7, 8], "summary": "Log out twice",
        },
        {
            "key": "A-3", "type": "Story", "status": "In Progress", "created": "2026-10-10T00:00:00Z", "parent": "A-9",
            "priority": "High", "labels": ["ops"], "reporter": BOB,
            "history": [
                {"at": "2026-10-12T10:00:00Z", "field": "status", "from": "To Do", "to": "Testing", "by": BOB},
                {"at": "2026-11-01T10:00:00Z", "field": "status", "from": "Testing", "to": "In Progress", "by": ANN},
                {"at": "2026-11-02T10:00:00Z", "field": "priority", "from": "Low", "to": "High", "by": BOB},
            ],
        },
        {
            "key": "A-4", "type": "Story", "status": "Done", "created": "2026-10-11T00:00:00Z", "parent": "A-9",
            "resolved": "2026-11-20T09:00:00Z", "resolution": "Won't Do", "fields": {"customfield_10027": 2},
        },
        {
            "key": "A-5", "type": "Task", "status": "To Do", "created": "2026-10-12T00:00:00Z", "assignee": BOB,
            "fix_versions": ["1.0", "2.0"], "components": ["Web"], "fields": {"Notes": "slow on Mondays"},
            "history": [
                {"at": "2026-11-02T10:00:00Z", "field": "status", "from": "To Do", "to": "Done", "by": ANN},
                {"at": "2026-11-10T23:30:00Z", "field": "status", "from": "Done", "to": "To Do", "by": BOB},
                {"at": "2026-11-03T10:00:00Z", "field": "assignee", "from": ANN, "to": BOB},
                {"at": "2026-11-04T10:00:00Z", "field": "fixVersions", "to": ["2.0"]},
            ],
        },
        {"key": "A-9", "type": "Epic", "status": "In Progress", "created": "2026-10-01T00:00:00Z", "updated": "2026-11-21T23:00:00Z"},
        {"key": "A-10", "type": "Task", "status": "Done", "created": "2026-11-23T11:30:00Z"},
        {"key": "B-1", "type": "Bug", "status": "To Do", "created": "2026-11-16T12:00:00Z", "updated": "2026-11-22T15:00:00Z"},
        {"key": "OLD-1", "type": "Bug", "status": "To Do", "created": "2026-10-02T00:00:00Z"},
    ],
}  # fmt: skip
EVERY = "A-1 A-2 A-3 A-4 A-5 A-9 A-10 B-1"


@pytest.fixture(scope="module")
def site() -> Iterator[JiraEmulator]:
    emulator = JiraEmulator(now=lambda: NOW)
    emulator.load(SEED)
    yield emulator
    emulator.close()


def ask(site: JiraEmulator, jql: str, *, person: str = ANN, german: bool = False) -> requests.Response:
    english = {} if german else {"X-Force-Accept-Language": "true", "Accept-Language": "en"}
    return requests.post(
        f"{site.url}/rest/api/3/search/jql",
        auth=(person, f"{person.partition('@')[0]}-token"),
        headers=english,
        json={"jql": jql, "maxResults": 5000, "fields": ["key"]},
        timeout=120,
    )


def keys(site: JiraEmulator, jql: str, **how: Any) -> list[str]:
    answer = ask(site, jql, **how)
    assert answer.status_code == 200, answer.text
    return [issue["key"] for issue in answer.json()["issues"]]


def refusal(site: JiraEmulator, jql: str, **how: Any) -> str:
    answer = ask(site, jql, **how)
    assert answer.status_code == 400, answer.text
    (message,) = answer.json()["errorMessages"]
    assert isinstance(message, str)
    return message


def same(found: list[str], wanted: str) -> None:
    assert sorted(found) == sorted(wanted.split())


@pytest.mark.parametrize(
    ("jql", "wanted"),
    [
        # every one that can be seen, and never an archived project's
        ("project in (A, B)", EVERY),
        ("issuekey is not EMPTY OR type != Nothing", None),
        ("created > 0", EVERY),
        # projects, keys, types
        ("project = A AND type = Bug", "A-1 A-2"),
        ("project = alpha AND issuetype = bug", "A-1 A-2"),
        ("project != A", "B-1"),
        ("project NOT IN (A)", "B-1"),
        ("key = A-1", "A-1"),
        ("key in (A-1, b-1)", "A-1 B-1"),
        ("issue = A-1 or id = 10002", "A-1 A-2"),
        ("key > A-5 and project = A", "A-9 A-10"),
        ("key <= A-2", "A-1 A-2"),
        # AND binds closer than OR; NOT closest
        ("project = B OR project = A AND type = Epic", "B-1 A-9"),
        ("(project = B OR project = A) AND type = Epic", "A-9"),
        ("NOT type = Bug AND status = Done", "A-4 A-10"),
        ("NOT (type = Bug OR status = Done)", "A-3 A-5 A-9"),
        ("! (type = Bug) && project = A && ! (status = Done)", "A-3 A-5 A-9"),
        ("type = Epic || type = Task", "A-9 A-5 A-10"),
        ("not not type = Epic", "A-9"),
        # statuses and their categories
        ('status = "In Progress"', "A-3 A-9"),
        ("status = 5", "A-1 A-4 A-10"),
        ("statusCategory = Done", "A-1 A-4 A-10"),
        ("statusCategory = 3", "A-1 A-4 A-10"),
        ("statusCategory != Done AND type = Bug", "A-2 B-1"),
        ('statusCategory in ("To Do", "In Progress") and project = A', "A-2 A-3 A-5 A-9"),
        # empty fields fulfil neither = nor !=
        ("assignee = ann@acme.example", None),
        ('assignee = "ann@acme.example"', "A-1"),
        ("assignee = currentUser()", "A-1"),
        ("assignee != currentUser()", "A-5"),
        ("NOT assignee = currentUser()", "A-5"),
        ("assignee not in (currentUser())", "A-5"),
        ("assignee is EMPTY", "A-2 A-3 A-4 A-9 A-10 B-1"),
        ("NOT assignee is EMPTY", "A-1 A-5"),
        ("assignee is not null", "A-1 A-5"),
        ("assignee = EMPTY AND project = B", "B-1"),
        ("assignee in (EMPTY, Bob) AND type = Task", "A-5 A-10"),
        ("assignee not in (EMPTY, Bob)", "A-1"),
        # a resolution that is not there
        ("resolution = Unresolved", "A-2 A-3 A-5 A-9 A-10 B-1"),
        ("resolution is EMPTY", "A-2 A-3 A-5 A-9 A-10 B-1"),
        ("resolution = Done", "A-1"),
        ("resolution != Done", "A-4"),
        ("resolution not in (\"Won't Do\", Duplicate)", "A-1"),
        ("resolution in (Unresolved, Done) and type = Bug", "A-1 A-2 B-1"),
        ("resolution != Unresolved", "A-1 A-4"),
        # many values
        ("labels = ops", "A-1 A-3"),
        ("labels = nobody", ""),
        ("labels != fast", "A-3"),
        ("labels in (fast, slow)", "A-1"),
        ("labels not in (fast)", "A-3"),
        ("labels is empty and type = Bug", "A-2 B-1"),
        ("fixVersion = 2.0", "A-5"),
        ("component = Web", "A-5"),
        ("sprint = 7", "A-1 A-2"),
        ('sprint in ("Sprint 8")', "A-2"),
        ("sprint in openSprints()", "A-2"),
        ("sprint in closedSprints() AND sprint not in openSprints()", "A-1"),
        # numbers and custom fields
        ('"Story Points" > 3', "A-1"),
        ('"story points" >= 3', "A-1 A-2"),
        ("cf[10016] = 3.0", "A-2"),
        ("customfield_10016 < 4", "A-2"),
        ("cf[10016] in (3, 5)", "A-1 A-2"),
        ("cf[10016] != 3", "A-1"),
        ("NOT cf[10016] > 3", "A-2"),
        ("NOT cf[10016] < 5", "A-1"),
        ("NOT cf[10016] >= 5", "A-2"),
        ("NOT cf[10016] <= 3", "A-1"),
        ("NOT cf[10016] in (3, 7)", "A-1"),
        ("cf[10016] is not EMPTY", "A-1 A-2"),
        ("Estimate = 2", "A-2 A-4"),
        ("Customer = initech", "A-1"),
        ("priority = High", "A-3"),
        # parents
        ("parent = A-9", "A-3 A-4"),
        ("parent in (A-9, A-1)", "A-3 A-4"),
        ('"Epic Link" = A-9', "A-3 A-4"),
        ("parent is EMPTY and project = A and type = Task", "A-5 A-10"),
        # texts
        ("summary ~ login", "A-1"),
        ("summary ~ log", "A-2"),
        ('summary ~ "slow login"', "A-1"),
        ('summary ~ "twice login"', ""),
        ("NOT summary ~ log and type = Bug", "A-1 B-1"),
        ('summary ~ "log*"', "A-1 A-2"),
        ('summary !~ "log*" and type = Bug', "B-1"),
        ("text ~ slow", "A-1 A-5"),
        # saved filters
        ("filter = 100", "A-1 A-2 B-1"),
        ("filter = Bugs and project = B", "B-1"),
        ("filter != 100 and status = Done", "A-4 A-10"),
    ],
)  # fmt: skip
def test_what_is_found(site: JiraEmulator, jql: str, wanted: str | None) -> None:
    if wanted is None:
        assert refusal(site, jql)
    else:
        same(keys(site, jql), wanted)


@pytest.mark.parametrize(
    ("jql", "wanted"),
    [
        # to the minute, in the asker's zone: A-2 was created at 00:30 on the 7th in Berlin
        ('created >= "2026-10-07" AND created < "2026-10-08"', "A-2"),
        ('created < "2026-10-07 00:30" AND project = A', "A-1 A-9"),
        ('created <= "2026/10/07 00:30" AND project = A', "A-1 A-2 A-9"),
        # unquoted numbers are epoch milliseconds, whoever asks
        ("created >= 1791325800000 AND created < 1791325800001", "A-2"),
        ("created > 1791325800000 AND created < 1791500000000", ""),
        ("created = 1791325800000", "A-2"),
        ("createdDate >= -30m", "A-10"),
        ("created > -30m", ""),
        ("created >= -1h", "A-10"),
        ('created >= "-7d"', "A-10 B-1"),
        ('created >= "-1w -1m"', None),
        ('created > "-6d 23h"', "A-10"),
        ("created >= startOfDay()", "A-10"),
        ("created >= startOfDay(-7d) and created <= endOfDay(-7)", "B-1"),
        ("created >= startOfDay(-7) and created <= endOfDay(-7)", "B-1"),
        ("created > endOfDay()", ""),
        # A-9 was touched at midnight in Berlin: that is the next day's first moment
        ("updated >= startOfDay(-2) and updated <= endOfDay(-2)", ""),
        ("updated >= startOfDay(-1) and updated <= endOfDay(-1)", "A-9 B-1"),
        ("created >= startOfWeek() and project in (A, B)", "A-10"),
        ("created >= startOfMonth(-1) and created <= endOfMonth(-1)", "A-1 A-2 A-3 A-4 A-5 A-9"),
        ('created >= startOfMonth("-1M") and created < startOfMonth()', "A-1 A-2 A-3 A-4 A-5 A-9"),
        ("created >= startOfYear() AND created <= endOfYear() AND type = Epic", "A-9"),
        ("created < startOfYear()", ""),
        ("created > now()", ""),
        ("created <= now() AND type = Epic", "A-9"),
        ("resolved >= 2026-10-20 AND resolved < 2026-10-21", "A-1"),
        ("resolutiondate is EMPTY and type = Bug", "A-2 B-1"),
        ("due = 2026-11-30", "A-2"),
        ("duedate < 7d", ""),
        ("due <= 7d", "A-2"),
        ("due > now()", "A-2"),
        ("updated >= 2026-11-20 AND updated < 2026-11-21", "A-4"),
    ],
)
def test_when_it_was(site: JiraEmulator, jql: str, wanted: str | None) -> None:
    if wanted is None:
        assert "Date value" in refusal(site, jql)
    else:
        same(keys(site, jql), wanted)


def test_dates_are_read_in_the_zone_of_the_person_who_asks(site: JiraEmulator) -> None:
    on_the_sixth = 'created >= "2026-10-06" AND created < "2026-10-07"'
    assert keys(site, on_the_sixth, person=BOB) == ["A-2"]
    assert keys(site, on_the_sixth, person=ANN) == []


def test_a_week_begins_as_the_persons_locale_has_it(site: JiraEmulator) -> None:
    last_week = "created >= startOfWeek(-1w) AND created <= endOfWeek(-1w)"
    assert keys(site, last_week, person=ANN) == ["B-1"]  # Monday the 16th to Sunday the 22nd
    # B-1 was touched on Sunday the 22nd
    same(keys(site, "updated >= startOfWeek()", person=ANN), "A-10")
    same(keys(site, "updated >= startOfWeek()", person=BOB), "A-10 B-1")
    assert keys(site, "resolved >= startOfWeek(-1w) AND resolved < startOfWeek()", person=BOB) == ["A-4"]


@pytest.mark.parametrize(
    ("jql", "wanted"),
    [
        ('status WAS "In Progress"', "A-3 A-9"),
        ("status WAS Testing", "A-3"),
        ("status WAS Done", "A-1 A-4 A-5 A-10"),
        ("status WAS NOT Done AND project = A", "A-2 A-3 A-9"),
        ("NOT status WAS Done AND project = A", "A-2 A-3 A-9"),
        ('status WAS IN (Done, "In Progress") AND type = Story', "A-3 A-4"),
        ("status WAS NOT IN (Done, Testing) AND type in (Story, Task)", ""),
        ("status WAS Done ON 2026-11-02", "A-1 A-5"),
        ("status WAS Done ON 2026-11-01", "A-1"),
        # the reopening of A-5 was at 00:30 on the 11th in Berlin
        ("status WAS Done ON 2026-11-11 AND type = Task", "A-5"),
        ("status WAS Done ON 2026-11-12 AND type = Task", ""),
        ("status WAS Done BEFORE 2026-10-21", "A-1"),
        # A-5 became Done at that very moment: not before it, but on it
        ("status WAS Done BEFORE 1793613600000 AND type = Task", ""),
        ("status WAS Done ON 1793613600000 AND type = Task", "A-5"),
        ("status CHANGED TO Done BEFORE 1793613600000", "A-1"),
        ("status WAS Done AFTER 2026-11-11 AND type = Task", "A-10"),
        ('status WAS Done BY "ann@acme.example"', "A-1 A-4 A-5"),
        ("status WAS Done BY Bob", ""),
        ("status WAS Done DURING (2026-11-03, 2026-11-09) AND type = Task", "A-5"),
        ('status WAS "To Do" DURING (2026-11-03, 2026-11-09) AND type = Task', ""),
        ("status CHANGED", "A-1 A-3 A-4 A-5"),
        ("NOT status CHANGED AND project = A", "A-2 A-9 A-10"),
        ("status CHANGED TO Done", "A-1 A-4 A-5"),
        ("status CHANGED FROM Done", "A-5"),
        ('status CHANGED FROM ("To Do", Testing) TO ("In Progress")', "A-3"),
        ("status CHANGED TO Done AFTER 2026-11-02", "A-4"),
        ("status CHANGED TO Done AFTER 2026-11-01", "A-4 A-5"),
        ("status CHANGED BY Bob", "A-3 A-5"),
        ("status CHANGED DURING (2026-10-20, 2026-11-01)", "A-1 A-3"),
        ("status CHANGED TO Done DURING (startOfMonth(), now())", "A-4 A-5"),
        ("assignee WAS Ann", "A-1 A-5"),
        ("assignee WAS EMPTY AND type = Bug", "A-2 B-1"),
        ("assignee CHANGED FROM currentUser()", "A-5"),
        ("priority WAS Low", "A-3"),
        ("priority CHANGED TO High BY Bob", "A-3"),
        ("resolution CHANGED TO Done", "A-1"),
        ("fixVersion WAS 1.0", "A-5"),
        ("fixVersion WAS 1.0 BEFORE 2026-11-01", "A-5"),
        ("fixVersion WAS 2.0 BEFORE 2026-11-01", ""),
        ("reporter WAS Bob", "A-3"),
    ],
)
def test_what_was(site: JiraEmulator, jql: str, wanted: str) -> None:
    same(keys(site, jql), wanted)


@pytest.mark.parametrize(
    ("jql", "wanted"),
    [
        ("project = A ORDER BY key", "A-1 A-2 A-3 A-4 A-5 A-9 A-10"),
        ("project = A ORDER BY key DESC", "A-10 A-9 A-5 A-4 A-3 A-2 A-1"),
        ("project = A ORDER BY created ASC, key ASC", "A-9 A-1 A-2 A-3 A-4 A-5 A-10"),
        ("type in (Bug, Epic) ORDER BY type DESC, created", "A-9 A-1 A-2 B-1"),
        ('type = Bug ORDER BY "Story Points" ASC', "A-2 A-1 B-1"),
        ("type = Bug ORDER BY cf[10016] DESC, key", "B-1 A-1 A-2"),
        ("type = Story ORDER BY priority DESC", "A-3 A-4"),
        ("type = Bug", "B-1 A-2 A-1"),
    ],
)
def test_the_order(site: JiraEmulator, jql: str, wanted: str) -> None:
    assert keys(site, jql) == wanted.split()


PERIODS = (
    "Valid formats include: 'yyyy/MM/dd HH:mm', 'yyyy-MM-dd HH:mm', 'yyyy/MM/dd', 'yyyy-MM-dd', or a period "
    "format e.g. '-5d', '4w 2d'."
)


@pytest.mark.parametrize(
    ("jql", "message"),
    [
        ("project = NOPE", "The value 'NOPE' does not exist for the field 'project'."),
        ("project = OLD", "The value 'OLD' does not exist for the field 'project'."),
        ("nope = 1", "Field 'nope' does not exist or you do not have permission to view it."),
        ("project = A ORDER BY nope", "Field 'nope' does not exist or you do not have permission to view it."),
        ("status = Testing", "The value 'Testing' does not exist for the field 'status'."),
        ("status = 4711", "A value with ID '4711' does not exist for the field 'status'."),
        ("statusCategory = Finished", "The value 'Finished' does not exist for the field 'statusCategory'."),
        ("type = Nothing", "The value 'Nothing' does not exist for the field 'type'."),
        ("assignee = Zoe", "The value 'Zoe' does not exist for the field 'assignee'."),
        ("fixVersion = 9.9", "The value '9.9' does not exist for the field 'fixVersion'."),
        ("Customer = Nobody", "The value 'Nobody' does not exist for the field 'Customer'."),
        ("sprint = Nobody", "The value 'Nobody' does not exist for the field 'sprint'."),
        ("resolution = Nobody", "The value 'Nobody' does not exist for the field 'resolution'."),
        ("key = A-77", "An issue with key 'A-77' does not exist for field 'key'."),
        ("parent in (A-9, A-77)", "An issue with key 'A-77' does not exist for field 'parent'."),
        ("key = OLD-1", "An issue with key 'OLD-1' does not exist for field 'key'."),
        ("filter = 999", "The value '999' does not exist for the field 'filter'."),
        ("filter = 101", "Field 'filter' with value '101' matches filter and causes a cyclical reference."),
        ("status ~ x", "The operator '~' is not supported by the 'status' field."),
        ("status > Done", "The operator '>' is not supported by the 'status' field."),
        ("created ~ x", "The operator '~' is not supported by the 'created' field."),
        ("summary = x", "The operator '=' is not supported by the 'summary' field."),
        ("cf[10016] ~ 3", "The operator '~' is not supported by the 'cf[10016]' field."),
        ("project is A", "The operator 'is' is not supported by the 'project' field."),
        ("status is EMPTY", "The field 'status' does not support searching for EMPTY values."),
        ("cf[10016] > many", "Value '\"many\"' is invalid for the 'cf[10016]' field. Please enter a number."),
        ("created > yesterday", f"Date value 'yesterday' for field 'created' is invalid. {PERIODS}"),
        ('created > "2026-13-01"', f"Date value '2026-13-01' for field 'created' is invalid. {PERIODS}"),
        ('created > "1791325800000"', f"Date value '1791325800000' for field 'created' is invalid. {PERIODS}"),
        ("created > nope()", "Unable to find JQL function 'nope()'."),
        ("labels = currentUser()", "Unable to find JQL function 'currentUser()'."),
        ("assignee in membersOf(x)", "Unable to find JQL function 'membersOf()'."),
        ("created > now(1)", "Function 'now' expected '0' arguments but received '1'."),
        ("created > startOfDay(soon)", None),
        ("labels WAS ops", "History searches do not support the 'labels' field."),
        ("type CHANGED", "History searches do not support the 'type' field."),
        ("project in A", "Operator 'in' does not support the non-list value '\"A\"' for field 'project'."),
        ("project = (A, B)", 'Operator \'=\' does not support the list value ("A", "B") for field \'project\'.'),
        ("project = A ORDER BY " + ", ".join(["key"] * 8), None),
        ("project A", "Error in the JQL Query: Expecting operator but got 'A'. (line 1, character 9)"),
        ("project = A type = Bug", "Error in the JQL Query: Expecting either 'OR' or 'AND' but got 'type'. (line 1, character 13)"),
        ("project =", None),
        ("(project = A", None),
        ("reporter = a@b", "Error in the JQL Query: The character '@' is a reserved JQL character. You must enclose it in a string or use the escape '\\u0040' instead. (line 1, character 13)"),
        ("and = 3", "Error in the JQL Query: 'and' is a reserved JQL word. You must surround it in quotation marks to use it in a query. (line 1, character 1)"),
        ('summary ~ "x', "Error in the JQL Query: The quoted string 'x' has not been completed. (line 1, character 11)"),
        ("", "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."),
        ("ORDER BY created", "Unbounded JQL queries are not allowed here. Please add a search restriction to your query."),
    ],
)  # fmt: skip
def test_what_is_refused(site: JiraEmulator, jql: str, message: str | None) -> None:
    said = refusal(site, jql)
    assert message is None or said == message


def test_names_follow_the_persons_language_unless_english_is_forced(site: JiraEmulator) -> None:
    assert keys(site, "statusCategory = Fertig and project = A", german=True) == ["A-10", "A-4", "A-1"]
    assert "Fertig" in refusal(site, "statusCategory = Fertig")
    assert refusal(site, "statusCategory = Done", german=True) == (
        "Der Wert 'Done' ist für das Feld 'statusCategory' nicht vorhanden."
    )
    assert keys(site, 'status = "In Arbeit"', german=True) == keys(site, 'status = "In Progress"')
    assert keys(site, "statusCategory = 3", german=True) == keys(site, "statusCategory = Done")
