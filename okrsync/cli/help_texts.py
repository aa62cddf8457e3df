"""Say in the help of each command where it belongs, give examples, and name its exit codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from typer.core import TyperGroup

from okrsync.errors import ExitCode

START: Final = "Start"
SYNC: Final = "Every day"
READ: Final = "Look"
DECIDE: Final = "Decide what is held"
RUN: Final = "On a schedule, on many machines"
KNOW: Final = "Know more"

MEANINGS: Final[Mapping[ExitCode, tuple[str, str]]] = {
    ExitCode.IN_SYNC: ("in sync", "nothing"),
    ExitCode.BUG: ("a bug in okrsync, with its traceback", "report it"),
    ExitCode.CONFIG: ("the configuration", "edit the YAML: file, line and column are named"),
    ExitCode.HELD: (
        "finished, but something is held or failed, or the cycle is over",
        "read the HELD lines: each says what to do",
    ),
    ExitCode.UNSAFE: (
        "the plan changes too much, or is not the reviewed one",
        "read okrsync plan, then use --force",
    ),
    ExitCode.BUSY: ("another run holds the company", "wait for it"),
    ExitCode.ACCESS: ("access", "renew the credential that is named"),
    ExitCode.INTERRUPTED: ("interrupted", "run it again"),
}
"""Each exit code, what it means, and what to do."""

_ALWAYS: Final = (0, 1, 2)
_SOURCES: Final = (0, 1, 2, 3, 12)
_RUNS: Final = (0, 1, 2, 3, 10, 11, 12, 130)


@dataclass(frozen=True, slots=True)
class HelpText:
    """The command's group in the help, examples of it, and the exit codes it can end with."""

    panel: str
    examples: tuple[str, ...]
    codes: tuple[int, ...] = _ALWAYS

    def meaning(self, code: int) -> str:
        """What an exit code means for this command: 0 is in sync only for what looks at that."""
        done = code == 0 and self.panel not in {SYNC, READ}
        return "done" if done else MEANINGS[ExitCode(code)][0]

    @property
    def epilog(self) -> str:
        """The text below a command's options. The first line of each part keeps its lines as they are."""
        examples = "\n".join(("\b", "Examples:", *(f"  okrsync {one}" for one in self.examples)))
        named = (f"  {code:>3}  {self.meaning(code)}" for code in self.codes)
        codes = "\n".join(("\b", "Exit codes:", *named))
        return f"{examples}\n\n{codes}"


HELP_TEXTS: Final[Mapping[str, HelpText]] = {
    "demo": HelpText(START, ("demo", "demo --serve", "demo --book"), (0, 1, 3, 130)),
    "init": HelpText(START, ("init acme", "init acme --from-notion URL", "init acme --next-cycle"), _SOURCES),
    "inspect": HelpText(
        START, ("inspect exports/deals.csv", "inspect --through acme --jql 'project = APP'"), _SOURCES
    ),
    "validate": HelpText(START, ("validate", "validate acme"), (0, 1, 2, 3)),
    "lint": HelpText(START, ("lint acme",), (0, 1, 2, 3)),
    "import": HelpText(START, ("import okrs.csv",), (0, 1, 2, 3)),
    "doctor": HelpText(START, ("doctor acme", "doctor acme --json"), _SOURCES),
    "plan": HelpText(SYNC, ("plan acme", "plan acme --out plan.json"), (0, 1, 2, 3, 10, 12)),
    "sync": HelpText(SYNC, ("sync acme", "sync acme --dry-run", "sync --all --due"), _RUNS),
    "backfill": HelpText(
        SYNC, ("backfill acme --from 2026-10-01 --dry-run", "backfill acme --from 2026-10-01"), _RUNS
    ),
    "status": HelpText(READ, ("status acme", "status acme --json"), (0, 1, 2, 3)),
    "explain": HelpText(
        READ,
        ("explain acme KR-1", "explain acme KR-1 --limit 20", "explain acme KR-1 --records > issues.csv"),
        _SOURCES,
    ),
    "history": HelpText(READ, ("history acme", "history acme KR-1 --from 2026-10-01 --csv"), (0, 1, 2)),
    "report": HelpText(
        READ,
        ("report acme", "report acme --format markdown", "report --all --output pages"),
        (0, 1, 2, 3, 12),
    ),
    "adopt": HelpText(DECIDE, ("adopt acme KR-1", "adopt acme --ours"), (0, 1, 2, 3, 11, 12)),
    "release": HelpText(DECIDE, ("release acme KR-1",), (0, 1, 2, 3, 11, 12)),
    "accept": HelpText(DECIDE, ("accept acme KR-1",), (0, 1, 2, 3, 11, 12)),
    "baseline": HelpText(
        DECIDE, ("baseline acme KR-1 --keep", "baseline acme KR-1 --measure-again"), (0, 1, 2, 3, 11)
    ),
    "worker": HelpText(RUN, ("worker", "worker --until-idle"), (0, 1, 2, 130)),
    "enqueue": HelpText(RUN, ("enqueue acme", "enqueue --all --due"), _ALWAYS),
    "health": HelpText(RUN, ("health",), (0, 1, 2, 3)),
    "schedule": HelpText(RUN, ("schedule run", "schedule export --format systemd")),
    "ledger": HelpText(RUN, ("ledger --help",)),
    "notify": HelpText(RUN, ("notify test acme", "notify digest acme")),
    "schedule run": HelpText(RUN, ("schedule run", "schedule run --at-once 4"), (0, 1, 2, 130)),
    "schedule export": HelpText(RUN, ("schedule export --format systemd", "schedule export --format cron")),
    "ledger backup": HelpText(RUN, ("ledger backup --help",), (0, 1, 2, 3)),
    "ledger restore": HelpText(RUN, ("ledger restore --help",), (0, 1, 2, 3, 11)),
    "ledger check": HelpText(RUN, ("ledger check",), (0, 1, 2, 3)),
    "ledger copy": HelpText(RUN, ("ledger copy --to postgresql://USER@HOST/NAME",), (0, 1, 2, 3)),
    "notify test": HelpText(RUN, ("notify test acme",), (0, 1, 2, 3, 12)),
    "notify digest": HelpText(RUN, ("notify digest acme",), (0, 1, 2, 3, 12)),
    "connectors": HelpText(KNOW, ("connectors", "connectors jira")),
    "schema": HelpText(KNOW, ("schema > okrsync.schema.json", "schema --output plan")),
    "mcp": HelpText(KNOW, ("mcp",), (0, 1, 2, 130)),
    "help": HelpText(KNOW, ("help", "help exit-codes", "help variables", "help sync")),
}
_OTHER: Final = HelpText(KNOW, ())
PANELS: Final = (START, SYNC, READ, DECIDE, RUN, KNOW)


def placed(name: str) -> dict[str, Any]:
    """What typer gets for the command ``name``: its group in the help, and the text below its options."""
    text = HELP_TEXTS.get(name, _OTHER)
    return {"rich_help_panel": text.panel, "epilog": text.epilog}


class GroupedCommands(TyperGroup):
    """Lists the commands under the headings of their groups, in the order of use."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        listed: dict[str, list[tuple[str, str]]] = {panel: [] for panel in PANELS}
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        width = formatter.width - 6 - max((len(name) for name, _ in commands), default=0)
        for name, command in commands:
            if command is not None and not command.hidden:
                listed[HELP_TEXTS.get(name, _OTHER).panel].append((name, command.get_short_help_str(width)))
        for panel, rows in listed.items():
            if rows:
                with formatter.section(panel):
                    formatter.write_dl(rows)
