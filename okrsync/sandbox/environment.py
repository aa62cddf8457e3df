"""Set up a made-up company in a folder that the caller throws away."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Literal

from okrsync.config import load_company
from okrsync.config.yamlfile import read_yaml
from okrsync.emulation import Emulator
from okrsync.plugins import emulator_of
from okrsync.ports import Connector
from okrsync.sync import secrets_of

# The demo's present: a Monday morning in the middle of its cycle, so that every run of it looks the same.
PRESENT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


class DemoClock:
    """Starts at the demo's present and runs as fast as time does."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def now(self) -> datetime:
        return PRESENT + timedelta(seconds=time.monotonic() - self._started)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoEnvironment:
    """A made-up company, ready to be synced. ``variables`` are the environment variables that its YAML's secrets name."""

    company: Path
    emulators: Mapping[str, Emulator]
    variables: Mapping[str, str]

    @property
    def requests(self) -> int:
        """How many requests the emulators got since the last ``forget``."""
        return sum(one.server.count() for one in self.emulators.values())

    def forget(self) -> None:
        for one in self.emulators.values():
            one.server.forget()


@contextmanager
def demo_environment(
    connectors: Mapping[str, Connector], folder: Path, company_id: Literal["demo", "book"] = "demo"
) -> Iterator[DemoEnvironment]:
    """Start and seed the emulators, and write the company's YAML and exports into ``folder``."""
    with ExitStack() as stack:
        source = stack.enter_context(as_file(files("okrsync.sandbox") / company_id))
        text = (source / f"{company_id}.yaml").read_text(encoding="utf-8")
        emulators: dict[str, Emulator] = {}
        for name, connection in read_yaml(source / f"{company_id}.yaml").data["connections"].items():
            start = emulator_of(connection["type"])
            if start is None:
                continue
            emulator = emulators[name] = start()
            stack.callback(emulator.server.close)
            emulator.load(_with_floats(read_yaml(source / f"{name}.yaml").data))
            text = text.replace(connection["url"], emulator.server.url)
        company = folder / f"{company_id}.yaml"
        company.write_text(text, encoding="utf-8")
        _copy_exports(source / "exports", folder / "exports")
        yield DemoEnvironment(
            company=company, emulators=emulators, variables=_variables(company, connectors, emulators)
        )


def _with_floats(seed: Any) -> Any:
    """The same data as JSON would hold it: vendors answer with floats."""
    if isinstance(seed, dict):
        return {key: _with_floats(value) for key, value in seed.items()}
    if isinstance(seed, list):
        return [_with_floats(value) for value in seed]
    return float(seed) if isinstance(seed, Decimal) else seed


def _variables(
    company: Path, connectors: Mapping[str, Connector], emulators: Mapping[str, Emulator]
) -> dict[str, str]:
    connections = load_company(company, connectors).connections
    return {
        secret.env: emulators[name].secret()
        for name in emulators
        for _, secret in secrets_of(connections[name].settings)
        if secret.env is not None
    }


def _copy_exports(source: Path, target: Path) -> None:
    shutil.copytree(source, target)
    written = (PRESENT - timedelta(hours=10)).timestamp()
    for path in target.iterdir():
        os.utime(path, (written, written))
