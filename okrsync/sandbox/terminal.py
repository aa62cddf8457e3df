"""Let other terminals work on a demo that stays up, and on nothing else.

The variable ``OKRSYNC_DEMO`` names the demo's folder. A command that finds it takes its time from the demo's clock. So
that no company of somebody's own is ever synced at a made-up time, the same terminal must have its companies and its
ledger in that folder, and no file outside of it can be named.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from okrsync.errors import ConfigError
from okrsync.machine import PREFIX, Machine
from okrsync.sandbox.clock import SharedClock

VARIABLE: Final = "OKRSYNC_DEMO"
PLACE: Final = "demo.json"
# What a person's own terminal may have set, and what would send messages about a made-up company.
LEFT_OUT: Final = tuple(
    f"{PREFIX}{name}" for name in ("WEBHOOK", "WEBHOOK_FILE", "NOTIFY", "NOTIFY_FILE", "HEALTH")
)
_LEAVE: Final = f"open a new terminal, or: unset {VARIABLE}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoTerminal:
    """A terminal of the demo in ``folder``; ``notion`` is where its Notion answers."""

    folder: Path
    clock: SharedClock
    notion: str

    def check(self, path: Path) -> None:
        """Raises ``ConfigError`` for a company outside of the demo."""
        if not path.resolve().is_relative_to(self.folder):
            raise ConfigError(f"this terminal belongs to a demo, and {path} does not", hint=_LEAVE)


def demo_terminal(text: str, machine: Machine) -> DemoTerminal:
    """The terminal that ``OKRSYNC_DEMO=text`` asks for.

    Raises ``ConfigError`` if that demo has ended, or if the companies or the ledger are not the demo's.
    """
    folder = Path(text).resolve()
    clock = SharedClock(folder)
    clock.now()
    said = json.loads((folder / PLACE).read_text(encoding="utf-8"))
    terminal = DemoTerminal(folder=folder, clock=clock, notion=str(said["notion"]))
    terminal.check(machine.config)
    ledger = machine.ledger.get_secret_value() if machine.ledger is not None else ""
    if ledger != ledger_of(folder):
        raise ConfigError("this terminal belongs to a demo, and its ledger does not", hint=_LEAVE)
    return terminal


def ledger_of(folder: Path) -> str:
    return f"sqlite:///{folder / 'ledger.db'}"


def variables(folder: Path, secrets: Mapping[str, str], notion_token: str) -> dict[str, str]:
    """What the environment of a terminal of the demo must have; ``init`` looks for its token under its usual name."""
    return {
        **secrets,
        "NOTION_TOKEN": notion_token,
        "OKRSYNC_CONFIG": str(folder),
        "OKRSYNC_LEDGER": ledger_of(folder),
        VARIABLE: str(folder),
    }


def open_to_terminals(folder: Path, values: Mapping[str, str], notion: str, program: Path) -> Path:
    """Write what ``demo_terminal`` reads, and the script that another terminal reads first; returns the script.

    In that terminal ``okrsync`` is ``program``, the one that keeps the demo up: after ``make demo`` no shell finds it.
    """
    (folder / PLACE).write_text(json.dumps({"notion": notion}), encoding="utf-8")
    script = folder / "env.sh"
    exports = "".join(f"export {name}={shlex.quote(text)}\n" for name, text in values.items())
    path = f'export PATH={shlex.quote(str(program.absolute().parent))}:"$PATH"\n'
    script.write_text(f"{exports}{path}unset {' '.join(LEFT_OUT)}\n", encoding="utf-8")
    return script
