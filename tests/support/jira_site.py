"""What the tests of the Jira source share: a Jira of either kind, and a source in front of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest

from okrsync.model import COUNT, Answer, NoValue, Question, Reading, SourceRecords, Unit, Window
from okrsync.ports import ConnectorContext, Finding, Source
from okrsync.testing import JumpClock
from okrsync_emulators.jira import JiraEmulator
from okrsync_jira import JiraQuery, JiraSettings, connector

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
KINDS: Sequence[Any] = ["cloud", "data_center"]


@dataclass
class World:
    """A Jira, and a source in front of it that runs on a clock of its own."""

    jira: JiraEmulator
    kind: str
    monkeypatch: pytest.MonkeyPatch
    clock: JumpClock = field(default_factory=JumpClock)
    state: dict[str, str] = field(default_factory=dict)

    @property
    def auth(self) -> Mapping[str, Any]:
        token = {"token": {"env": "JIRA_TOKEN"}}
        return {"email": "bot@acme.example", **token} if self.kind == "cloud" else token

    def settings(self, **more: Any) -> JiraSettings:
        given = {"url": self.jira.server.url, "deployment": self.kind, "auth": self.auth, **more}
        return JiraSettings.model_validate(given)

    def context(self) -> ConnectorContext:
        return ConnectorContext(name="main", clock=self.clock, timezone="Europe/Berlin", state=self.state)

    def records(self, question: Question, limit: int | None) -> SourceRecords:
        assert connector.records is not None
        return connector.records(self.settings(), question, limit, self.context())

    def source(self, **more: Any) -> Source:
        assert connector.source is not None
        return connector.source(self.settings(**more), self.context())

    def read(self, *questions: Question, **more: Any) -> Sequence[Answer]:
        return self.source(**more).read(questions)

    def one(
        self, day: str | None = None, /, *, more: Mapping[str, Any] | None = None, **query: Any
    ) -> Answer:
        """The answer to one question, for a day or now; ``more`` are settings."""
        (answer,) = self.read(ask(day=day, **query), **(more or {}))
        return answer

    def value(self, day: str | None = None, /, **query: Any) -> Reading:
        answer = self.one(day, **query)
        assert isinstance(answer, Reading), answer
        return answer

    def none(self, day: str | None = None, /, **query: Any) -> NoValue:
        answer = self.one(day, **query)
        assert isinstance(answer, NoValue), answer
        return answer

    def searched(self) -> list[str]:
        """The JQL of every search so far."""
        texts = []
        for request in self.jira.server.requests:
            if "search" in request.path:
                sent = json.loads(request.body) if request.body else parse_qs(request.query)
                texts.append(sent["jql"] if isinstance(sent["jql"], str) else sent["jql"][0])
        return texts

    def examine(self, **more: Any) -> dict[str, Finding]:
        assert connector.doctor is not None
        return {found.subject: found for found in connector.doctor(self.settings(**more), [], self.context())}


Build = Callable[..., World]


def ask(
    metric: str = "m",
    *,
    day: str | None = None,
    at: datetime = NOW,
    unit: Unit = COUNT,
    window: Window | None = None,
    **query: Any,
) -> Question:
    """One question, for now, for a moment, or for noon of a day of 2026."""
    at = at if day is None else datetime.fromisoformat(f"2026-{day}T12:00:00+00:00")
    return Question(
        metric=metric, query=JiraQuery.model_validate(query), at=at, now=NOW, unit=unit, window=window
    )


def fact(answer: Reading, name: str) -> str:
    return dict(answer.evidence.facts)[name]
