"""What ``inspect`` shows of a JQL, and that the YAML it prints is right, against both emulators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from ruamel.yaml import YAML

from okrsync.errors import AccessError, ConfigError
from okrsync.model import COUNT, PERCENT, Dimension, Question, Reading, Unit, Window
from okrsync.ports import ConnectorContext
from okrsync.testing import JumpClock
from okrsync_emulators.jira import JiraEmulator
from okrsync_jira import JiraQuery, JiraSettings, connector

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
POINTS = "customfield_10016"
WINDOW = Window(start=datetime(2026, 11, 1, tzinfo=UTC), end=NOW)
UNITS = {"days": Unit(dimension=Dimension.DURATION, detail="days"), "percent": PERCENT}
CLOCK = {"stopTime": {"epochMillis": 1_793_000_000_000}, "breached": False, "elapsedTime": {"millis": 1}}
SEED: Mapping[str, Any] = {
    "users": [{"email": "bot@acme.example", "name": "Bot", "token": "t0ken"}],
    "fields": [
        {"id": POINTS, "name": "Story Points", "type": "number"},
        {"id": "customfield_10030", "name": "Team: core", "type": "option"},
        {"id": "customfield_10031", "name": "Region", "type": "option"},
        {"id": "customfield_10032", "name": "Region", "type": "option"},
        {"id": "customfield_10040", "name": "Unused", "type": "number"},
        {"id": "customfield_10070", "name": "Time to resolution", "type": "sla"},
    ],
    "issues": [
        {
            "key": "APP-1",
            "type": "Bug",
            "status": "Done",
            "created": "2026-11-01T06:00:00Z",
            "resolved": "2026-11-05T06:00:00Z",
            "labels": ["a", "b"],
            "fields": {POINTS: 5, "Team: core": "Red", "customfield_10031": "EU"},
        },
        {
            "key": "APP-2",
            "type": "Bug",
            "created": "2026-11-02T06:00:00Z",
            "fields": {POINTS: 3, "Time to resolution": {"completedCycles": [CLOCK]}},
        },
    ],
    "bulk": [{"project": "OPS", "type": "Task", "count": 70}],
}


@pytest.fixture(params=["cloud", "data_center"])
def jira(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[JiraEmulator]:
    monkeypatch.setenv("JIRA_TOKEN", "t0ken")
    site = JiraEmulator(request.param, now=lambda: NOW)
    site.load(SEED)
    yield site
    site.close()


def settings(jira: JiraEmulator, **more: Any) -> JiraSettings:
    token = {"token": {"env": "JIRA_TOKEN"}}
    kind = jira.world.kind
    auth = {"email": "bot@acme.example", **token} if kind == "cloud" else token
    return JiraSettings.model_validate({"url": jira.server.url, "deployment": kind, "auth": auth, **more})


def context() -> ConnectorContext:
    return ConnectorContext(name="jira", clock=JumpClock(), timezone="Europe/Berlin")


def inspected(jira: JiraEmulator, jql: str, **more: Any) -> str:
    assert connector.inspect is not None
    return connector.inspect(settings(jira, **more), jql, context())


def test_what_a_jql_finds_is_shown(jira: JiraEmulator) -> None:
    text = inspected(jira, "project = APP")
    assert "2 issues, in jira" in text
    assert "keys      APP-2, APP-1" in text
    assert "types     Bug 2" in text
    assert "Done [Done] 1" in text
    lines = {line.split("  ")[1].strip(): line.split() for line in text.splitlines() if "field_" in line}
    assert lines["Story Points"][-3:] == [POINTS, "number", "2"]
    assert lines["Team: core"][-3:] == ["customfield_10030", "option", "1"]
    assert "Unused" not in text
    assert "called Region: write the id" in text


def test_the_yaml_it_ends_in_can_be_read(jira: JiraEmulator) -> None:
    text = inspected(jira, "project = APP AND type = Bug")
    metrics = YAML(typ="safe").load(text[text.index("metrics:") :])["metrics"]
    values = {}
    for name, metric in metrics.items():
        assert metric.pop("from") == "jira"
        unit = UNITS.get(metric.pop("unit", ""), COUNT)
        window = WINDOW if metric.pop("window", None) else None
        query = JiraQuery.model_validate(metric)
        question = Question(metric=name, query=query, at=NOW, now=NOW, unit=unit, window=window)
        assert connector.source is not None
        (answer,) = connector.source(settings(jira), context()).read([question])
        assert isinstance(answer, Reading), answer
        values[name] = answer.value
    assert values == {
        "issues": Decimal(2),
        "open_issues": Decimal(1),
        "lead_time": Decimal(4),
        "total": Decimal(8),
        "in_time": Decimal(100),
    }


def test_what_changes_with_time_is_said(jira: JiraEmulator) -> None:
    text = inspected(jira, "project = OPS AND status != Done")
    assert "70 issues" in text
    assert "# 'status' changes with time" in text
    assert "scope: " not in text[text.index("metrics:") :]
    assert "OPS-61, …" in text


def test_nothing_found_is_not_taken_for_an_error_nor_an_error_for_nothing(jira: JiraEmulator) -> None:
    assert "0 issues" in inspected(jira, "project = APP AND type = Epic")
    for jql in ("project = NOPE", "project = APP ORDER BY created", "  ", "project = 'APP"):
        with pytest.raises(ConfigError):
            inspected(jira, jql)
    with pytest.raises(AccessError, match="canary"):
        inspected(jira, "project = APP", canary="project = APP AND type = Epic")
    jira.expire_tokens()
    with pytest.raises(AccessError):
        inspected(jira, "project = APP")


def test_doctor_looks_at_the_map_of_statuses(jira: JiraEmulator) -> None:
    assert connector.doctor is not None

    def found(**mapped: str) -> tuple[bool, str]:
        for finding in connector.doctor(settings(jira, status_map=mapped), [], context()):  # type: ignore[misc]
            if finding.subject == "status_map":
                return finding.ok, finding.detail
        raise AssertionError

    assert found(Shipped="done") == (True, "speaks of 1 that are gone")
    assert found(Done="to do", Shipped="done") == (False, "Done is still there, and counts as Jira says")
