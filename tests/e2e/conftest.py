"""The demo company on emulators, and the real command line in front of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.emulation import Emulator
from okrsync.loopback import Fault
from okrsync.plugins import Connectors
from okrsync.ports import Clock
from okrsync.render.schemas import output_name, output_schema
from okrsync.sandbox import PRESENT, DemoEnvironment, demo_environment
from okrsync.testing import JumpClock

NOWHERE = "00000000-0000-0000-0000-000000000000"
"""The page that does not exist: `doctor` asks whether it may be changed."""

# A shell that starts the tests in the background has them ignore Ctrl-C; a person's shell does not.
KILLABLE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.sandbox import DemoClock
sys.exit(main(context=Context(clock=DemoClock())))
"""


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@cache
def published(name: str) -> Draft202012Validator:
    """What checks data against ``okrsync schema --output NAME``."""
    schema = output_schema(name)
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FormatChecker())


@dataclass
class Desk:
    """Somebody at a terminal. ``run`` is one command; time passes only when told to."""

    stage: DemoEnvironment
    folder: Path
    run: Callable[..., Ended]
    clock: JumpClock
    connectors: Connectors = field(default_factory=Connectors)

    @property
    def notion(self) -> Any:
        return self.stage.emulators["notion"]

    @property
    def jira(self) -> Any:
        return self.stage.emulators["jira"]

    @property
    def sheets(self) -> Any:
        return self.stage.emulators["sheets"]

    @property
    def yaml(self) -> Path:
        return self.stage.company

    @property
    def writes(self) -> int:
        count: int = self.notion.server.count(f"^(PATCH(?! /v1/pages/{NOWHERE})|POST /v1/pages|DELETE)")
        return count

    def edit_yaml(self, old: str, new: str) -> None:
        text = self.yaml.read_text(encoding="utf-8")
        assert old in text
        self.yaml.write_text(text.replace(old, new), encoding="utf-8")

    def table(self, title: str = "Key results") -> dict[str, dict[str, str]]:
        """What people see: row key -> column -> text."""
        (view,) = [one for one in self.notion.tables() if one.title == title]
        rows = [dict(zip(view.columns, row, strict=True)) for row in view.rows]
        return {row.get("KR") or row.get("ID") or row["Name"]: row for row in rows}

    @property
    def again(self) -> str:
        """The requests by which rows of the key results are read: alone, or several by a query."""
        return f"(GET /v1/pages/|{self.notion.workspace.source('Key results').id}/query)"

    def slow(self) -> None:
        """Let the next run's sources be slow: what it has read of the key results is too old to write by."""
        self.notion.server.faults.append(Fault(where=self.again, postlude=lambda: self.clock.jump(5)))

    def meanwhile(self, happens: Callable[[], None]) -> None:
        """Let ``happens`` happen in the next run, after it has read everything and before it reads its first row again."""
        self.slow()
        self.notion.server.faults.append(Fault(where=self.again, prelude=happens))

    def start(self, *words: str) -> subprocess.Popen[str]:
        """The command line as a process of its own, which a test may kill."""
        return subprocess.Popen(
            [sys.executable, "-c", KILLABLE, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
        )

    def killed(
        self, words: Sequence[str], emulator: Any, fault: Fault, *, once: Callable[[], None] = lambda: None
    ) -> None:
        """Kill -9 a command ``once`` it is so, when it meets the fault: where it is cut, before or after the answer."""
        started = threading.Event()
        process: list[subprocess.Popen[str]] = []

        def kill() -> None:
            assert started.wait(timeout=120)
            once()
            process[0].kill()
            process[0].wait()

        if fault.cut == "before":
            fault.prelude = kill
        else:
            fault.postlude = kill
        emulator.server.faults.append(fault)
        process.append(self.start(*words))
        started.set()
        process[0].communicate(timeout=120)
        assert process[0].returncode == -signal.SIGKILL


@pytest.fixture
def company() -> Literal["demo", "book"]:
    """Which made-up company a test uses; a test file may override it."""
    return "demo"


@pytest.fixture
def desk(
    company: Literal["demo", "book"],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Desk]:
    clock = JumpClock(PRESENT)
    connectors = Connectors()
    with demo_environment(connectors, tmp_path, company, clock.now) as stage:
        for name, value in stage.variables.items():
            monkeypatch.setenv(name, value)
        for emulator in stage.emulators.values():
            emulator.server.date = None  # the clock jumps with every wait of every thread
        monkeypatch.setenv("OKRSYNC_CONFIG", str(tmp_path))
        monkeypatch.setenv("OKRSYNC_LEDGER", f"sqlite:///{tmp_path / 'ledger.db'}")

        def run(*words: str, clock: Clock = clock) -> Ended:
            capsys.readouterr()
            code = main(words, Context(clock=clock, connectors=connectors))
            captured = capsys.readouterr()
            if "--json" in words and (name := output_name([one for one in words if one != "--json"])):
                published(name).validate(json.loads(captured.out))
            return Ended(code=code, out=captured.out, err=captured.err)

        yield Desk(stage=stage, folder=tmp_path, run=run, clock=clock)


__all__ = ["Desk", "Emulator", "Ended"]
