"""Set up a made-up company in a folder that the caller throws away."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Literal

from okrsync.config import load_company
from okrsync.config.yamlfile import read_yaml
from okrsync.emulation import Emulator
from okrsync.plugins import emulator_of
from okrsync.ports import Connector
from okrsync.sandbox.clock import EXPORT_AGE, PRESENT
from okrsync.sync.connections import secrets_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoEnvironment:
    """A made-up company, ready to be synced. ``variables`` are the environment variables that its YAML's secrets name.

    ``seed`` is the folder with everything as it was at the start; ``data`` is the company's YAML.
    """

    company: Path
    emulators: Mapping[str, Emulator]
    variables: Mapping[str, str]
    seed: Path
    data: Mapping[str, Any]

    @property
    def exports(self) -> Path:
        return self.company.parent / "exports"

    @property
    def requests(self) -> int:
        """How many requests the emulators got since the last ``forget``."""
        return sum(one.server.count() for one in self.emulators.values())

    def forget(self) -> None:
        for one in self.emulators.values():
            one.server.forget()

    def start_over(self) -> None:
        """Everything is again as it was at the start: what the emulators hold, and the exports."""
        for name, emulator in self.emulators.items():
            emulator.reset()
            emulator.load(seed_of(self.seed / f"{name}.yaml"))
        shutil.rmtree(self.exports)
        _copy_exports(self.seed / "exports", self.exports)


@contextmanager
def demo_environment(
    connectors: Mapping[str, Connector],
    folder: Path,
    company_id: Literal["demo", "book"] = "demo",
    now: Callable[[], datetime] | None = None,
) -> Iterator[DemoEnvironment]:
    """Start and seed the emulators, and write the company's YAML and exports into ``folder``.

    ``now`` is what the emulators take for the present; without it they live today.
    """
    with ExitStack() as stack:
        source = stack.enter_context(as_file(files("okrsync.sandbox") / company_id))
        text = (source / f"{company_id}.yaml").read_text(encoding="utf-8")
        emulators: dict[str, Emulator] = {}
        data = read_yaml(source / f"{company_id}.yaml").data
        for name, connection in data["connections"].items():
            start = emulator_of(connection["type"])
            if start is None:
                continue
            emulator = emulators[name] = start() if now is None else start(now=now)
            emulator.server.date = now
            stack.callback(emulator.server.close)
            emulator.load(seed_of(source / f"{name}.yaml"))
            text = text.replace(connection["url"], emulator.server.url)
        company = folder / f"{company_id}.yaml"
        company.write_text(text, encoding="utf-8")
        _copy_exports(source / "exports", folder / "exports")
        try:
            yield DemoEnvironment(
                company=company,
                emulators=emulators,
                variables=_variables(company, connectors, emulators),
                seed=source,
                data=data,
            )
        finally:
            for emulator in emulators.values():
                emulator.server.leave()


def seed_of(path: Path) -> Any:
    """What an emulator is filled with."""
    return _with_floats(read_yaml(path).data)


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
    written = (PRESENT - EXPORT_AGE).timestamp()
    for path in target.iterdir():
        os.utime(path, (written, written))
