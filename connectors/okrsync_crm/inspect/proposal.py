"""``okrsync inspect FILE``: say what an exported file holds, and write the YAML that reads it.

It is the only place where a file's dialect is guessed. What it proposes is tried out before it is printed.
"""

from __future__ import annotations

import gzip
import io
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from okrsync.connector import NoValueError
from okrsync.errors import ConfigError, DataError
from okrsync.ports import Opening
from okrsync_crm.dialects import DIALECTS, Dialect
from okrsync_crm.doctor import examine
from okrsync_crm.files.copy import StagedFile, stage
from okrsync_crm.files.selection import ExportFile
from okrsync_crm.inspect import detection
from okrsync_crm.inspect.columns import FEW, ColumnProfile, described, key_of, read_columns, settle
from okrsync_crm.inspect.detection import Guess
from okrsync_crm.settings import CrmSettings

SAMPLE: Final = 1 << 20
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MARKS: Final[Mapping[str, tuple[str, ...]]] = {
    # dialect: columns, all of which (folded) tell it
    "pipedrive": ("deal - title",),
    "amocrm": ("название сделки", "этап сделки"),
    "bitrix24": ("id", "стадия сделки"),
    "hubspot": ("record id", "deal stage"),
    "zoho": ("record id",),
}


def inspect(settings: CrmSettings, _text: str, opening: Opening) -> str:
    """What the file at ``settings.path`` holds, and the YAML for it. Raises ``DataError`` where it cannot be read."""
    path = Path(opening.base) / settings.path
    if not path.is_file():
        raise DataError(f"there is no file {settings.path}", hint="inspect looks at one file, not at a glob")
    lines = [f"{path.name}: {path.stat().st_size:,} bytes"]
    with tempfile.TemporaryDirectory(prefix="okrsync-crm-") as name:
        try:
            keys, staged = _stage(path, Path(name), lines, settings)
        except NoValueError as refusal:
            raise DataError(refusal.message, hint=refusal.hint) from None
        columns, rows = read_columns(staged)
        _name_dialect(keys, columns)
        notes = settle(keys, columns)
        keys |= key_of(columns, rows)
    lines += ["", f"{rows} rows, {len(columns)} columns:", *(described(column) for column in columns)]
    yaml = _yaml(settings.path, keys, notes, columns)
    lines += ["", *_tried(settings.path, keys, notes, opening), "", "YAML:", "", *yaml]
    return "\n".join(lines)


def _stage(
    path: Path, folder: Path, lines: list[str], settings: CrmSettings
) -> tuple[dict[str, Any], list[StagedFile]]:
    """The file as it would be staged under the guessed keys, and those keys."""
    found = ExportFile(path=path, name=path.name, time=_EPOCH)
    head = _beginning(path)
    keys: dict[str, Any] = {}
    if head.startswith(b"PK\x03\x04") and zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            if "xl/workbook.xml" in archive.namelist():
                lines.append("a workbook: numbers and dates carry their types")
                return keys, stage(found, folder, Dialect(), settings.sheet)
            lines.append(f"an archive of {len(archive.namelist())} files, read as the parts of one export")
    if b"<table" in head.lower() or b"<html" in head.lower() or b"<meta" in head.lower():
        lines.append("a web page with a table, as Bitrix24 names it .xls")
        keys = {"dialect": "bitrix24"}
        return keys, stage(found, folder, DIALECTS["bitrix24"], None)
    data = _sample(path)
    encoding = detection.encoding_of(data)
    _say(lines, "encoding", encoding)
    assert encoding.value is not None
    text = data.decode("utf-8-sig" if encoding.value == "utf-8" else encoding.value, "replace")
    shape = detection.shape_of(text.replace("\r\n", "\n").replace("\r", "\n"))
    delimiter, skip = (shape.delimiter, shape.skip_rows) if shape is not None else (",", 0)
    lines.append(f"delimiter: {_named(delimiter)}" + (f", {skip} lines above the header" if skip else ""))
    footer = DIALECTS["salesforce"].footer
    dialect = Dialect(encoding=encoding.value, delimiter=delimiter, skip_rows=skip, footer=footer)
    staged = stage(found, folder, dialect, None)
    keys = {"encoding": encoding.value, "delimiter": delimiter, "skip_rows": skip}
    if any(one.declared_rows is not None for one in staged) or "salesforce.com" in _tail(path):
        keys["dialect"] = "salesforce"
        lines.append("a footer of Salesforce below the rows")
    return keys, staged


def _sample(path: Path) -> bytes:
    """The first bytes of the file or, of an archive, of its first member."""
    magic = _beginning(path)
    if magic.startswith(b"\x1f\x8b"):
        with gzip.open(path) as packed:
            return _whole_characters(packed.read(SAMPLE))
    if magic.startswith(b"PK"):
        with zipfile.ZipFile(path) as archive:
            first = next(name for name in sorted(archive.namelist()) if not name.endswith("/"))
            with archive.open(first) as member:
                return _whole_characters(member.read(SAMPLE))
    with path.open("rb") as file:
        return _whole_characters(file.read(SAMPLE))


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(512)


def _whole_characters(data: bytes) -> bytes:
    """Without the line that the end of the sample cut, where it is one of many."""
    if len(data) < SAMPLE:
        return data
    return data[: data.rfind(b"\n") + 1] or data


def _tail(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        return file.read().decode("latin-1")


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
        if name in {"dialect", "key"}:
            continue
        known = getattr(base, name)
        if (list(known) if isinstance(known, tuple) else known) != value:
            result[name] = value
    return result | ({"key": keys["key"]} if "key" in keys else {})


def _tried(path: str, keys: Mapping[str, Any], notes: Mapping[str, str], opening: Opening) -> Iterator[str]:
    if notes:
        yield "This the file does not decide:"
        yield from (f"  ! {key}: {said}" for key, said in notes.items())
        return
    try:
        settings = CrmSettings.model_validate({"path": path, **_overrides(keys)})
    except ValidationError as error:
        raise ConfigError(f"the proposal is not valid: {error}") from error
    for finding in examine(settings, opening):
        mark = "✓" if finding.ok else "✗"
        yield f"  {mark} {finding.detail}" + (f" → {finding.hint}" if finding.hint else "")


def _yaml(
    path: str, keys: Mapping[str, Any], notes: Mapping[str, str], columns: Sequence[ColumnProfile]
) -> list[str]:
    from ruamel.yaml import YAML

    def flow(data: Mapping[str, Any]) -> str:
        writer = YAML(typ=["rt", "string"])
        writer.default_flow_style = True
        writer.width = 10_000
        target = io.StringIO()
        writer.dump(dict(data), target)
        return target.getvalue().strip()

    lines = ["connections:", f"  export: {flow({'type': 'crm', 'path': path, **_overrides(keys)})}"]
    lines += [f"  # {said}" for said in notes.values()]
    day = next((column.name for column in columns if column.kind == "date"), None)
    dated = {"date": day, "window": "cycle"} if day else {}
    lines += ["metrics:", f"  rows: {flow({'from': 'export', 'measure': 'count', **dated})}"]
    few = next(
        (c for c in columns if c.kind == "text" and 1 < len(c.counts) <= FEW and c.filled > len(c.counts)),
        None,
    )
    number = next((c for c in columns if c.kind == "number"), None)
    if few is not None:
        where = {"where": {few.name: few.counts.most_common(1)[0][0]}}
        lines.append(f"  some_rows: {flow({'from': 'export', 'measure': 'count', **where, **dated})}")
    if number is not None:
        lines.append(f"  total: {flow({'from': 'export', 'measure': 'sum', 'field': number.name, **dated})}")
    return lines


def _say(lines: list[str], what: str, guess: Guess) -> None:
    other = f"; it could be {' or '.join(guess.alternatives)}" if guess.alternatives else ""
    lines.append(f"{what}: {guess.value} ({guess.why}{other})")


def _named(delimiter: str) -> str:
    return {"\t": "tab"}.get(delimiter, delimiter)
