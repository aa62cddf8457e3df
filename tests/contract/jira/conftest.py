"""A Jira of its own for each test, with what its file calls ``seed``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

import pytest

from okrsync_emulators.jira import JiraEmulator
from tests.support.jira_site import KINDS, NOW, Build, World


@pytest.fixture(scope="module")
def closing() -> Iterator[Executor]:
    """Closes servers behind the tests' back: each takes a moment to notice."""
    with ThreadPoolExecutor(32) as pool:
        yield pool


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch, closing: Executor, seed: Mapping[str, Any]) -> Iterator[Build]:
    started: list[JiraEmulator] = []

    def start(kind: Any, seed: Mapping[str, Any] = seed) -> World:
        jira = JiraEmulator(kind, now=lambda: NOW)
        started.append(jira)
        jira.load(seed)
        return World(jira, kind, monkeypatch)

    monkeypatch.setenv("JIRA_TOKEN", seed["users"][0]["token"])
    yield start
    for jira in started:
        closing.submit(jira.close)


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, build: Build) -> World:
    return build(request.param)


@pytest.fixture
def cloud(build: Build) -> World:
    return build("cloud")


@pytest.fixture
def server(build: Build) -> World:
    return build("data_center")
