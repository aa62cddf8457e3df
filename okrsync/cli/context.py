"""Give every command its clock, the machine's settings, the companies and the ledger."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from okrsync.cli import garbage
from okrsync.errors import ConfigError
from okrsync.plugins import Connectors
from okrsync.spelling import did_you_mean

if TYPE_CHECKING:
    from okrsync.alerts import CompanyRunner
    from okrsync.config import Company, Notify
    from okrsync.ledger.store import SqlLedger
    from okrsync.machine import Machine
    from okrsync.ports import Clock, Ledger
    from okrsync.sandbox.terminal import DemoTerminal


_NOTIFYING: Final = ("WEBHOOK", "WEBHOOK_FILE", "WEBHOOK_KIND", "NOTIFY", "NOTIFY_FILE")
"""The settings of whom the machine notifies: without any of them nothing has to be checked."""


class WallClock:
    """The system's clock; other code gets it as an argument."""

    def now(self) -> datetime:
        return datetime.now(tz=UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Handed to every command as typer's context object; tests hand in a clock that jumps."""

    clock: Clock = field(default_factory=WallClock)
    connectors: Connectors = field(default_factory=Connectors)
    demo: DemoTerminal | None = None
    """Set in a terminal of `okrsync demo --serve`: nothing outside of that demo may be used."""

    @classmethod
    def here(cls) -> Context:
        """The context of this process: today's clock, but in a terminal of a demo the demo's.

        Raises ``ConfigError`` if that demo has ended, or if the companies or the ledger are not the demo's.
        """
        if not (demo := os.environ.get("OKRSYNC_DEMO")):
            return cls()
        from okrsync.machine import Machine
        from okrsync.sandbox.terminal import demo_terminal

        terminal = demo_terminal(demo, Machine())
        return cls(clock=terminal.clock, demo=terminal)

    @property
    def machine(self) -> Machine:
        """All settings of the machine. Loading what checks them takes as long as typer."""
        from okrsync.machine import Machine

        return Machine()

    @property
    def config(self) -> Path:
        """The folder with one YAML per company; any text is one."""
        text = variable("CONFIG")
        return Path(text if text is not None else "config")

    def company(self, name: str) -> Company:
        """The company called ``name`` in the configuration folder, or that of a YAML file's path."""
        from okrsync.config import load_company

        path = self.file(name)
        if path != Path(name) and (other := path.with_suffix(".yml")).is_file():
            if path.is_file():
                raise ConfigError(
                    f"there are two files of {name!r}: {path.name} and {other.name}",
                    hint=f"delete the older one; okrsync reads {path.name}",
                )
            raise ConfigError(
                f"the file {other.absolute()} is not read: its name ends in .yml",
                hint=f"rename it to {path.name}",
            )
        if path != Path(name) and not path.is_file():
            there = self.companies()
            known = did_you_mean(name, there) if there else ""
            known += "" if not known or known.endswith("?") else "."
            hint = f"{known} {'F' if known else 'f'}or another folder name the file by its path, or set OKRSYNC_CONFIG".strip()
            raise ConfigError(f"there is no company {name!r}: no file {path.absolute()}", hint=hint)
        company = load_company(path, self.connectors)
        garbage.loaded_stays()
        return company

    def no_company(self) -> ConfigError:
        """That the configuration folder holds no company, and how it gets one."""
        return ConfigError(
            f"there is no company in {self.machine.config.absolute()}",
            hint="okrsync init NAME writes one; set OKRSYNC_CONFIG for another folder",
        )

    def file(self, name: str) -> Path:
        """The YAML of that name in the configuration folder, or the file that a path names."""
        return self.files()(name)

    def files(self) -> Callable[[str], Path]:
        """``file`` for many names: the settings are looked up once, that takes longer than all the rest."""
        folder = self.config

        def file(name: str) -> Path:
            path = Path(name)
            path = path if path.suffix in {".yaml", ".yml"} else folder / f"{name}.yaml"
            if self.demo is not None:
                self.demo.check(path)
            return path

        return file

    def companies(self) -> Sequence[str]:
        """The names of all YAML files in the configuration folder; ``company`` refuses those that end in ``.yml``."""
        return sorted({path.stem for pattern in ("*.yaml", "*.yml") for path in self.config.glob(pattern)})

    def notify(self, name: str) -> Notify | None:
        """Whom the machine notifies of a company whose YAML names nobody; None for a name without a YAML."""
        from okrsync.config import Notify
        from okrsync.settings import Secret

        if all(variable(one) is None for one in _NOTIFYING):
            return None
        machine = self.machine
        if not self.file(name).is_file():
            return None
        webhook = to = None
        if machine.webhook_file or machine.webhook:
            file = machine.webhook_file
            webhook = Secret(file=file) if file else Secret(env="OKRSYNC_WEBHOOK")
        if machine.notify_file or machine.notify:
            file = machine.notify_file
            to = Secret(file=file) if file else Secret(env="OKRSYNC_NOTIFY")
        if webhook is None and to is None:
            return None
        addresses = (to,) if to is not None else ()
        return Notify(ping=None, webhook=webhook, kind=machine.webhook_kind, place="", to=addresses)

    def runner(self, ledger: Ledger, clock: Clock) -> CompanyRunner:
        """Syncs companies on this ledger and clock, and sends their alerts."""
        from okrsync.alerts import CompanyRunner

        return CompanyRunner(load=self.company, ledger=ledger, clock=clock, otherwise=self.notify)

    @contextmanager
    def ledger(self) -> Iterator[SqlLedger]:
        from okrsync.ledger import open_ledger

        with open_ledger(self.ledger_url, self.clock) as ledger:
            yield ledger

    @property
    def ledger_url(self) -> str | None:
        """The ledger's address; None is the file on this machine."""
        return variable("LEDGER")

    @property
    def ledger_name(self) -> str:
        """Where the ledger is, for people: a path, or a database and its server."""
        from okrsync.ledger.location import ledger_name

        return ledger_name(self.ledger_url)

    def require_runs(self, ledger: SqlLedger, company: str) -> None:
        """Raises ``ConfigError`` if the ledger has never seen a run of the company: it is another one than the runs'."""
        if ledger.recall(company).last_run is None:
            raise ConfigError(
                f"the ledger {self.ledger_name} has seen no run of {company}",
                hint="set OKRSYNC_LEDGER as the scheduled runs do; each sync names its ledger, and so does okrsync ledger",
            )


def variable(name: str) -> str | None:
    """The text of a setting of the machine that needs no check, whatever the case of its variable."""
    wanted = f"OKRSYNC_{name}"
    return next((text for key, text in os.environ.items() if key.upper() == wanted), None)


def require_cluster() -> None:
    """Raises ``ConfigError`` if what many machines need is not installed."""
    from okrsync.extras import install_command

    try:
        import procrastinate  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise ConfigError(
            f"many machines need more than is installed: {error}", hint=install_command("cluster")
        ) from error
