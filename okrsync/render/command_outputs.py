"""Declare the ``--json`` output of the commands that decide, begin or look after something.

The results of runs are in ``outputs``; both are published by ``schemas``.
"""

from __future__ import annotations

from typing import Any, NotRequired

# pydantic makes schemas of typing's own TypedDict from Python 3.12 on only.
from typing_extensions import TypedDict

from okrsync.errors import ExitCode
from okrsync.render.outputs import Failure, Finding, Moment


class TakenOver(TypedDict):
    """A cell that the next sync may write over, and the value that a person put there."""

    id: str
    cell: str
    value: str


class TakenOverCells(TypedDict):
    company: str
    cells: list[TakenOver]


class AcceptedNumber(TypedDict):
    """A number that is written by the next sync, and why it was in doubt."""

    id: str
    value: str
    doubt: str


class AcceptedBefore(TypedDict):
    """A number that was accepted before and waits for the next sync."""

    id: str
    value: str
    since: Moment | None
    """Null if an older okrsync accepted it."""


class AcceptedNumbers(TypedDict):
    company: str
    accepted: list[AcceptedNumber]
    accepted_before: list[AcceptedBefore]
    not_in_doubt: list[str]


class ChosenBaseline(TypedDict):
    company: str
    id: str
    baseline: str
    kept: bool
    """False: the next sync measures it again."""


class SeenResource(TypedDict):
    kind: str
    name: str
    address: str


class SeenAccount(TypedDict):
    """What one token can see."""

    account: str
    resources: list[SeenResource]
    notes: list[str]


class SeenSources(TypedDict):
    """With ``--look``: by the name of the connection."""

    found: dict[str, SeenAccount]


class NewCompanyWritten(TypedDict):
    """The YAML of a new company."""

    file: str
    tables: dict[str, dict[str, Any]]
    """As they stand in the YAML: the keys are the connector's."""
    key_results: int
    objectives: int
    remarks: list[str]
    proposals: dict[str, list[str]]
    """Which metrics may fit which key result."""
    found: NotRequired[dict[str, SeenAccount]]


class NextCycleWritten(TypedDict):
    """With ``--next-cycle``: where each key result starts, and why others could not be rolled over."""

    company: str
    started: dict[str, str]
    left: dict[str, str]
    written: bool
    yaml: NotRequired[str]


class NotUnderstoodCell(TypedDict):
    row: int
    column: str
    text: str


class ImportedTable(TypedDict):
    file: str | None
    """Null if the YAML is only printed."""
    headings_in_row: int | None
    columns: dict[str, str]
    objectives: int
    key_results: int
    initiatives: int
    kpis: int
    unknown_columns: list[str]
    not_understood: list[NotUnderstoodCell]
    yaml: NotRequired[str]


class LintWarning(TypedDict):
    rule: str
    id: str
    place: str
    text: str
    reason: str
    hint: str


class LintedCompany(TypedDict):
    company: str
    off: list[str]
    warnings: list[LintWarning]


class LintedCompanies(TypedDict):
    companies: list[LintedCompany | Failure]


class LintRule(TypedDict):
    name: str
    reason: str
    hint: str


class LintRules(TypedDict):
    """With ``--rules``."""

    rules: list[LintRule]


class InstalledConnector(TypedDict):
    name: str
    summary: str
    reads: bool
    writes: bool
    contract: int
    distribution: str


class InstalledConnectors(TypedDict):
    connectors: list[InstalledConnector]


class ShownExample(TypedDict):
    shows: str
    metric: str
    value: str


class ConnectorKeys(TypedDict):
    """With a name: each key of the YAML and what it means."""

    name: str
    summary: str
    connection: dict[str, str]
    metric: dict[str, str]
    table: dict[str, str]
    examples: list[ShownExample]


class Enqueued(TypedDict):
    """How many companies were put into the queue, and how many waited there already."""

    enqueued: int
    waiting: int


class SignOfLife(TypedDict):
    """What the scheduler or a worker last said of itself."""

    process: str
    at: Moment
    beat: float
    """Seconds between two signs of life."""
    running: dict[str, Moment]
    not_in_sync: dict[str, ExitCode]
    scheduled: NotRequired[int]


class LedgerCompany(TypedDict):
    company: str
    last_sync: Moment | None
    last_run: Moment | None
    command: str
    exit_code: ExitCode | None
    holder: str
    """Who is writing this company now, else empty."""
    held_since: Moment | None


class LedgerOverview(TypedDict):
    ledger: str
    kind: str
    there: bool
    bytes: int
    schema: str
    up_to_date: bool
    companies: list[LedgerCompany]


class LedgerBackup(TypedDict):
    ledger: str
    backup: str
    bytes: int


class LedgerRestored(TypedDict):
    ledger: str
    rows: int
    kept: str | None
    """The file with what the ledger held before."""


class LedgerChecked(TypedDict):
    ledger: str
    findings: list[Finding]


class CopiedTable(TypedDict):
    table: str
    rows: int
    digest: str


class LedgerCopied(TypedDict):
    tables: list[CopiedTable]
    rows: int
