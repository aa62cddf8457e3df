"""Look at an exported file, and write the YAML that reads it, for ``okrsync inspect FILE``.

It is the only place where a file's dialect is guessed. What it prints it has run unchanged, metrics included; what
the file does not decide it leaves out, and says so.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from okrsync.connector import NoValueError
from okrsync.errors import ConfigError, DataError
from okrsync.ports import ConnectorContext
from okrsync_crm.dialects import DIALECTS
from okrsync_crm.doctor import examine
from okrsync_crm.files.private_folder import private_folder
from okrsync_crm.inspect.columns import (
    ColumnProfile,
    described,
    key_of,
    read_columns,
    repeated_key,
    settle,
)
from okrsync_crm.inspect.opened_file import OpenedFile, opened
from okrsync_crm.inspect.trial import ProposedMetric, proposed_metrics, tried
from okrsync_crm.settings import CrmSettings

_OF_THE_FILE: Final = ("dialect", "sheet", "key")
"""Keys that no dialect says anything about."""
_MARKS: Mapping[str, tuple[str, ...]] = {
    # dialect: columns, all of which (folded) are signs of it
    "pipedrive": ("deal - title",),
    "amocrm": ("название сделки", "этап сделки"),
    "bitrix24": ("id", "стадия сделки"),
    "hubspot": ("record id", "deal stage"),
    "zoho": ("record id",),
}


@dataclass(slots=True)
class Proposal:
    """The connection's keys that the file decides, what it leaves open by key, and metrics with the number of each."""

    keys: dict[str, Any]
    notes: dict[str, str] = field(default_factory=dict)
    metrics: list[ProposedMetric] = field(default_factory=list)


def inspect(settings: CrmSettings, _text: str, context: ConnectorContext) -> str:
    """What the file at ``settings.path`` holds, and the YAML for it. Raises ``DataError`` if it cannot be read."""
    path = Path(context.base) / settings.path
    if not path.is_file():
        raise DataError(f"there is no file {settings.path}", hint="inspect looks at one file, not at a glob")
    lines = [f"{path.name}: {path.stat().st_size:,} bytes"]
    try:
        with private_folder() as folder:
            lines += _looked_at(path, folder, settings, context)
    except NoValueError as refusal:
        raise DataError(refusal.message, hint=refusal.hint) from None
    except (csv.Error, UnicodeError, LookupError, zipfile.BadZipFile, EOFError, ValueError) as error:
        raise DataError(
            f"{path.name} cannot be read: {type(error).__name__}: {error}",
            hint="export it again as CSV in UTF-8, or as XLSX",
        ) from error
    return "\n".join(lines)


def _looked_at(path: Path, folder: Path, settings: CrmSettings, context: ConnectorContext) -> Iterator[str]:
    file = opened(path, folder, settings)
    yield from file.said
    if not file.staged:
        yield from _undecided_encoding(settings.path, file)
        return
    columns, rows = read_columns(file.staged)
    _name_dialect(file.keys, columns)
    proposal = Proposal(file.keys, settle(file.keys, columns))
    proposal.keys |= key_of(columns, rows)
    yield from ("", f"{rows} rows, {len(columns)} columns:", *(described(column) for column in columns))
    if twice := repeated_key(columns):
        proposal.notes["key"] = twice
    settings = _settings(settings.path, proposal)
    proposal.metrics = proposed_metrics(columns, undecided=proposal.notes)
    findings = list(examine(settings, context))
    if all(finding.ok for finding in findings):
        proposal.metrics, notes = tried(settings, context, proposal.metrics)
        proposal.notes |= notes
    else:
        proposal.metrics = []
    if not any(column.kind == "date" for column in columns):
        proposal.notes.setdefault("date", "no column of dates was recognised: the metrics count all time")
    yield ""
    if proposal.notes:
        yield "This the file does not decide:"
        yield from (f"  ! {key}: {said}" for key, said in proposal.notes.items())
    for finding in findings:
        if finding.ok and {"date_format", "decimal"} & proposal.notes.keys():
            continue
        mark = "✓" if finding.ok else "✗"
        yield f"  {mark} {finding.detail}" + (f" → {finding.hint}" if finding.hint else "")
    yield from (f"  ✓ {metric.name}: {metric.value}" for metric in proposal.metrics)
    yield from ("", "YAML:", "", *_yaml(settings.path, proposal))


def _settings(path: str, proposal: Proposal) -> CrmSettings:
    try:
        return CrmSettings.model_validate({"path": path, **_overrides(proposal.keys)})
    except ValidationError as error:
        raise ConfigError(f"the proposal is not valid: {error}") from error


def _undecided_encoding(path: str, file: OpenedFile) -> Iterator[str]:
    """No column can be named: the header reads otherwise by each code page."""
    yield from ("", "This the file does not decide:")
    yield from (f"  ! encoding: {name}: {header}" for name, header in file.headers.items())
    keys = {name: value for name, value in file.keys.items() if name != "encoding"}
    yield from ("", "YAML:", "", "connections:")
    yield f"  export: {_flow({'type': 'crm', 'path': path, **_overrides({'dialect': 'plain', **keys})})}"
    yield f"  # set encoding by hand: {' or '.join(file.headers)}; then inspect knows the columns"


def _name_dialect(keys: dict[str, Any], columns: Sequence[ColumnProfile]) -> None:
    names = {" ".join(column.name.casefold().split()) for column in columns}
    if any(name.startswith("(do not modify)") for name in names):
        keys["dialect"] = "dynamics"
    for dialect, marks in _MARKS.items():
        if "dialect" not in keys and set(marks) <= names:
            keys["dialect"] = dialect
    if keys.get("dialect") == "zoho" and not any(
        value.startswith("zcrm_") for column in columns for value in column.values[:3]
    ):
        del keys["dialect"]
    keys.setdefault("dialect", "plain")


def _overrides(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Only what the dialect does not say already."""
    base = DIALECTS[str(keys["dialect"])]
    result = {"dialect": keys["dialect"]} if keys["dialect"] != "plain" else {}
    for name, value in keys.items():
        if name in _OF_THE_FILE:
            continue
        known = getattr(base, name)
        if (list(known) if isinstance(known, tuple) else known) != value:
            result[name] = value
    return result | {name: keys[name] for name in _OF_THE_FILE[1:] if name in keys}


def _flow(data: Mapping[str, Any]) -> str:
    from ruamel.yaml import YAML

    writer = YAML(typ=["rt", "string"])
    writer.default_flow_style = True
    writer.width = 10_000
    target = io.StringIO()
    writer.dump(dict(data), target)
    return target.getvalue().strip()


def _yaml(path: str, proposal: Proposal) -> Iterator[str]:
    yield "connections:"
    yield f"  export: {_flow({'type': 'crm', 'path': path, **_overrides(proposal.keys)})}"
    yield from (f"  # {said}" for said in proposal.notes.values())
    if proposal.metrics:
        yield "metrics:"
        yield from (
            f"  {metric.name}: {_flow({'from': 'export', **metric.keys})}" for metric in proposal.metrics
        )
