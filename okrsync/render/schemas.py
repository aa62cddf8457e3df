"""Publish the JSON Schema of what each command prints with ``--json``."""

from __future__ import annotations

from types import GenericAlias
from typing import Any, Final

from pydantic import ConfigDict, TypeAdapter

from okrsync.render import command_outputs as command
from okrsync.render import outputs as run
from okrsync.render.outputs import Failure

OUTPUTS: Final[dict[str, Any]] = {
    "plan": run.Run | Failure,
    "plan-file": run.PlanFile,
    "sync": run.Run | run.Runs | Failure,
    "status": run.Standings | run.AllStatuses | Failure,
    "explain": run.Explanation | Failure,
    "backfill": run.Backfill | Failure,
    "history": run.History | Failure,
    "doctor": run.Findings | Failure,
    "validate": run.Validation | Failure,
    "lint": command.LintedCompanies | command.LintRules | Failure,
    "adopt": command.TakenOverCells | Failure,
    "release": command.TakenOverCells | Failure,
    "accept": command.AcceptedNumbers | Failure,
    "baseline": command.ChosenBaseline | Failure,
    "init": command.NewCompanyWritten | command.NextCycleWritten | command.SeenSources | Failure,
    "import": command.ImportedTable | Failure,
    "connectors": command.InstalledConnectors | command.ConnectorKeys | Failure,
    "enqueue": command.Enqueued | Failure,
    "health": command.SignOfLife | Failure,
    "ledger": command.LedgerOverview | Failure,
    "ledger-backup": command.LedgerBackup | Failure,
    "ledger-restore": command.LedgerRestored | Failure,
    "ledger-check": command.LedgerChecked | Failure,
    "ledger-copy": command.LedgerCopied | Failure,
}
"""By the command's words, joined by a hyphen; ``plan-file`` is what ``plan --out`` writes."""


def output_schema(name: str) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of what the command ``name`` prints with ``--json``: these keys and no others."""
    # As the items of a list: pydantic takes a config for whatever holds a TypedDict, not for one alone.
    config = ConfigDict(extra="forbid", use_attribute_docstrings=True)
    many: Any = GenericAlias(list, (OUTPUTS[name],))
    whole = TypeAdapter(many, config=config).json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"okrsync: {name}",
        **whole["items"],
        "$defs": whole["$defs"],
    }


def output_name(words: list[str]) -> str | None:
    """Which of ``OUTPUTS`` a command line prints with ``--json``, if any."""
    names = ("-".join(words[:2]), words[0]) if words else ()
    return next((one for one in names if one in OUTPUTS), None)
