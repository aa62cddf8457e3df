"""Every metric that docs/connect-jira.md shows is one the connector takes and answers, today and for another day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from okrsync.model import COUNT, PERCENT, Cause, Dimension, NoValue, Question, Reading, Unit, Window
from okrsync.ports import ConnectorContext
from okrsync.testing import JumpClock
from okrsync_emulators.jira import JiraEmulator
from okrsync_jira import JiraQuery, JiraSettings, connector
from okrsync_jira.queries import OTHER_MEASURES

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
OCTOBER = datetime(2026, 10, 20, 6, 0, tzinfo=UTC)
CYCLE = Window(start=datetime(2026, 10, 1, tzinfo=UTC), end=datetime(2027, 1, 1, tzinfo=UTC))
UNITS = {
    "percent": PERCENT,
    "days": Unit(dimension=Dimension.DURATION, detail="days"),
    "hours": Unit(dimension=Dimension.DURATION, detail="hours"),
}


def guide() -> Mapping[str, Mapping[str, Any]]:
    text = (Path(__file__).parents[3] / "docs" / "connect-jira.md").read_text(encoding="utf-8")
    section = text[text.index("## What Jira can measure") :]
    block = section.split("```yaml\n")[1].split("```")[0]
    metrics: Mapping[str, Mapping[str, Any]] = YAML(typ="safe").load(block)["metrics"]
    return metrics


def step(day: str, old: str, new: str, name: str = "status") -> dict[str, Any]:
    return {"at": f"2026-{day}T06:00:00Z", "field": name, "from": old, "to": new}


def clock(day: str, hours: int, *, breached: bool) -> dict[str, Any]:
    stop = datetime.fromisoformat(f"2026-{day}T06:00:00+00:00")
    return {
        "stopTime": {"epochMillis": int(stop.timestamp() * 1000)},
        "breached": breached,
        "elapsedTime": {"millis": hours * 3_600_000},
    }


SEED: Mapping[str, Any] = {
    "users": [{"email": "bot@acme.example", "name": "Bot", "token": "t0ken"}],
    "fields": [
        {"id": "customfield_10016", "name": "Story Points", "type": "number"},
        {"id": "customfield_10026", "name": "Story point estimate", "type": "number"},
        {"id": "customfield_10040", "name": "Customer", "type": "option"},
        {"id": "customfield_10070", "name": "Time to resolution", "type": "sla"},
    ],
    "statuses": [
        {"id": "10000", "name": "To Do", "category": "new"},
        {"id": "3", "name": "In Progress", "category": "indeterminate"},
        {"id": "10001", "name": "In Review", "category": "indeterminate"},
        {"id": "10003", "name": "In Test", "category": "indeterminate"},
        {"id": "10002", "name": "Done", "category": "done"},
    ],
    "boards": [{"id": 1, "project": "APP", "estimation": "Story Points"}],
    "sprints": [{"id": 11, "board": 1, "start": "2026-10-01", "complete": "2026-10-15"}],
    "issues": [
        {"key": "APP-200", "type": "Initiative", "created": "2026-09-01T06:00:00Z"},
        {"key": "APP-100", "type": "Epic", "created": "2026-09-01T06:00:00Z", "parent": "APP-200"},
        {"key": "APP-101", "type": "Epic", "created": "2026-09-01T06:00:00Z", "parent": "APP-200"},
        {
            "key": "APP-1",
            "type": "Story",
            "status": "Done",
            "created": "2026-09-20T06:00:00Z",
            "parent": "APP-100",
            "sprint": [11],
            "fields": {"Story Points": 5, "Customer": "Ada"},
            "history": [
                step("10-01", "To Do", "In Progress"),
                step("10-05", "In Progress", "In Review"),
                step("10-10", "In Review", "Done"),
            ],
        },
        {
            "key": "APP-2",
            "type": "Story",
            "status": "Done",
            "created": "2026-09-30T06:00:00Z",
            "parent": "APP-100",
            "fields": {"Story point estimate": 3, "Customer": "Bob"},
            "history": [step("10-25", "To Do", "In Progress"), step("11-09", "In Progress", "Done")],
        },
        {
            "key": "APP-3",
            "type": "Story",
            "status": "In Test",
            "created": "2026-10-10T06:00:00Z",
            "parent": "APP-101",
            "assignee": "bot@acme.example",
            "fields": {"Story Points": 2, "Customer": "Ada"},
            "history": [step("11-20", "To Do", "In Test")],
        },
        {"key": "APP-4", "type": "Bug", "created": "2026-10-11T06:00:00Z"},
        {
            "key": "APP-5",
            "type": "Bug",
            "status": "Done",
            "created": "2026-10-12T06:00:00Z",
            "history": [step("10-30", "To Do", "Done")],
        },
        {
            "key": "DESK-1",
            "type": "Task",
            "created": "2026-10-01T06:00:00Z",
            "fields": {
                "Time to resolution": {
                    "completedCycles": [
                        clock("10-05", 2, breached=False),
                        clock("11-05", 12, breached=True),
                    ]
                }
            },
        },
    ],
}
# Worked out by hand from the seed: today, and on 20 October at 06:00 UTC. None: it has no past.
EXPECTED: Mapping[str, tuple[str, str | None]] = {
    "open_bugs": ("1", "2"),  # APP-4; then APP-5 too
    "in_test": ("1", "0"),  # APP-3 since 20 November
    "open_points": (
        "2",
        "2",
    ),  # APP-3 has 2, the open bugs and epics have none; APP-2 estimates in another field
    "median_size": ("3", None),  # 2, 3, 5
    "customers": ("2", None),  # Ada, Bob
    "bug_share": ("66.67", "66.67"),  # created since 1 October: APP-3, APP-4, APP-5
    "done_bugs": ("50", "0"),  # APP-5 of two
    "launch": ("100", "50"),  # APP-1 and APP-2 of APP-100
    "launch_fixed": ("100", "100"),  # of the 5 points that the two had on 1 October, all on APP-1
    "programme": ("50", "25"),  # APP-100 to 100 % (then 50 %), APP-101 to 0 %
    "lead_time": ("37", "20"),  # 20 days and 40 days: 20 + 0.85 x 20; then APP-1 alone
    "cycle_time": ("12", "9"),  # 9 and 15 days; then 9
    "in_review": ("120", "120"),  # APP-1: 5 days
    "throughput": ("3", "1"),  # APP-1, APP-2, APP-5
    "oldest_bug": ("43", "9"),  # APP-4 since 11 October
    "velocity": ("5", "5"),  # Sprint 11: APP-1
    "in_time": ("50", "100"),  # one run of two in time; then one of one
    "resolution": ("11", "2"),  # 2 and 12 hours: 2 + 0.9 x 10
}


@pytest.fixture(params=["cloud", "data_center"])
def settings(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[JiraSettings]:
    monkeypatch.setenv("JIRA_TOKEN", "t0ken")
    jira = JiraEmulator(request.param, now=lambda: NOW)
    jira.load(SEED)
    token = {"token": {"env": "JIRA_TOKEN"}}
    auth = {"email": "bot@acme.example", **token} if request.param == "cloud" else token
    yield JiraSettings.model_validate({"url": jira.server.url, "deployment": request.param, "auth": auth})
    jira.close()


def asked(at: datetime) -> list[Question]:
    questions = []
    for name, metric in guide().items():
        engine = {"from", "unit", "window"}
        questions.append(
            Question(
                metric=name,
                query=JiraQuery.model_validate({key: metric[key] for key in metric if key not in engine}),
                at=at,
                now=NOW,
                unit=UNITS.get(metric.get("unit", ""), COUNT),
                window=CYCLE if "window" in metric else None,
            )
        )
    return questions


@pytest.mark.parametrize(("at", "place"), [(NOW, 0), (OCTOBER, 1)])
def test_every_metric_of_the_guide_is_answered(settings: JiraSettings, at: datetime, place: int) -> None:
    assert connector.source is not None
    source = connector.source(settings, ConnectorContext(name="jira", clock=JumpClock(), timezone="UTC"))
    answers = {answer.metric: answer for answer in source.read(asked(at))}
    values = {
        name: str(answer.value.quantize(Decimal("0.01")).normalize().__format__("f"))
        for name, answer in answers.items()
        if isinstance(answer, Reading)
    }
    unknown = {name: answer for name, answer in answers.items() if isinstance(answer, NoValue)}
    assert values == {name: both[place] for name, both in EXPECTED.items() if both[place] is not None}
    assert {answer.cause for answer in unknown.values()} <= {Cause.PAST}


def test_the_guide_leaves_no_measure_out() -> None:
    assert {metric["measure"] for metric in guide().values()} >= set(OTHER_MEASURES)
    assert set(EXPECTED) == set(guide())
