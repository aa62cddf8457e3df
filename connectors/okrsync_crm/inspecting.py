"""``okrsync inspect FILE``: looks at an exported file, says what it found, and writes the YAML that reads it.

It is the only place where a file's dialect is guessed. What it proposes is tried out before it is printed.
"""

from __future__ import annotations

import csv
import gzip
import io
import tempfile
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from okrsync.errors import ConfigError, DataError
from okrsync.ports import Opening
from okrsync_crm import guessing
from okrsync_crm.dialects import DIALECTS, Dialect
from okrsync_crm.doctor import examine
from okrsync_crm.files import Found
from okrsync_crm.guessing import Guess
from okrsync_crm.refusal import NoAnswer
from okrsync_crm.settings import CrmSettings
from okrsync_crm.staging import Staged, stage
from okrsync_crm.xlsx import DATE, ERROR, NUMBER, PERCENT, TAGS, UNCACHED

SAMPLE: Final = 1 << 20
_FEW: Final = 20
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_KEPT: Final = 5000
_UNIQUE: Final = 1_000_000
_CURRENCIES: Final = frozenset(
    [
        "USD",
        "EUR",
        "GBP",
        "CHF",
        "RUB",
        "UAH",
        "KZT",
        "BYN",
        "PLN",
        "CZK",
        "SEK",
        "NOK",
        "DKK",
        "JPY",
        "CNY",
        "INR",
        "BRL",
        "CAD",
        "AUD",
        "NZD",
        "TRY",
        "ILS",
        "ZAR",
        "MXN",
    ]
)
_MARKS: Final[Mapping[str, tuple[str, ...]]] = {
    # dialect: columns, all of which (folded) tell it
    "pipedrive": ("deal - title",),
    "amocrm": ("название сделки", "этап сделки"),
    "bitrix24": ("id", "стадия сделки"),
    "hubspot": ("record id", "deal stage"),
    "zoho": ("record id",),
}


@dataclass(slots=True)
class Column:
    """One column: its first values, the commonest, and what kind of thing they are.

    ``seen`` holds hashes while no value has come twice, up to a million; then, or from the first twin on, it is None.
    """

    name: str
    filled: int = 0
    values: list[str] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    kind: str = "text"
    guess: Guess | None = None
    amounts: tuple[Guess, Guess] | None = None
    span: tuple[str, str] | None = None
    seen: set[int] | None = field(default_factory=set)

    def add(self, raw: str) -> None:
        if raw[:1] in {ERROR, UNCACHED}:
            self.errors["formula never calculated" if raw[0] == UNCACHED else raw[1:]] += 1
            return
        text = raw.strip()
        if not text:
            return
        self.filled += 1
        if self.seen is not None:
            self.seen.add(hash(text))
            if len(self.seen) < self.filled or self.filled > _UNIQUE:
                self.seen = None
        if len(self.values) < _KEPT:
            self.values.append(text)
        if len(self.counts) <= _KEPT:
            self.counts[text] += 1


def inspect(settings: CrmSettings, _text: str, opening: Opening) -> str:
    """What the file at ``settings.path`` holds, and the YAML for it. Raises ``DataError`` where it cannot be read."""
    path = Path(opening.base) / settings.path
    if not path.is_file():
        raise DataError(f"there is no file {settings.path}", hint="inspect looks at one file, not at a glob")
    lines = [f"{path.name}: {path.stat().st_size:,} bytes"]
    with tempfile.TemporaryDirectory(prefix="okrsync-crm-") as name:
        try:
            keys, staged = _stage(path, Path(name), lines, settings)
        except NoAnswer as refusal:
            raise DataError(refusal.reason, hint=refusal.hint) from None
        columns, rows = _columns(staged)
        _name_dialect(keys, columns)
        notes = _forms(keys, columns)
        keys |= _ids(columns, rows)
    lines += ["", f"{rows} rows, {len(columns)} columns:", *(_described(column) for column in columns)]
    yaml = _yaml(settings.path, keys, notes, columns)
    lines += ["", *_tried(settings.path, keys, notes, opening), "", "YAML:", "", *yaml]
    return "\n".join(lines)


def _stage(
    path: Path, folder: Path, lines: list[str], settings: CrmSettings
) -> tuple[dict[str, Any], list[Staged]]:
    """The file as it would be staged under the guessed keys, and those keys."""
    found = Found(path=path, name=path.name, time=_EPOCH)
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
    encoding = guessing.encoding_of(data)
    _say(lines, "encoding", encoding)
    assert encoding.value is not None
    text = data.decode("utf-8-sig" if encoding.value == "utf-8" else encoding.value, "replace")
    shape = guessing.shape_of(text.replace("\r\n", "\n").replace("\r", "\n"))
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


def _columns(staged: Sequence[Staged]) -> tuple[list[Column], int]:
    """Walks through every row once, keeping little of each column."""
    columns = [Column(name=name.strip()) for name in staged[0].header]
    rows = 0
    for part in staged:
        with part.path.open(encoding="utf-8", newline="") as file:
            for number, cells in enumerate(csv.reader(file, delimiter=part.delimiter)):
                if number and any(cell.strip() for cell in cells):
                    rows += 1
                    for column, cell in zip(columns, cells, strict=False):
                        column.add(cell)
    if not rows:
        raise DataError(f"{staged[0].name} has no rows", hint="inspect an export that has some")
    return [column for column in columns if column.name or column.filled], rows


def _name_dialect(keys: dict[str, Any], columns: Sequence[Column]) -> None:
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


def _forms(keys: dict[str, Any], columns: Sequence[Column]) -> dict[str, str]:
    """Settles what each column holds, and the keys that all share. Returns what the file does not decide, by key."""
    notes: dict[str, str] = {}
    formats: dict[str, None] = {}
    decimals: set[str] = set()
    groups: set[str] = set()
    for column in columns:
        if column.values and all(value[0] in TAGS for value in column.values):
            _typed(column)
            continue
        column.guess = guessing.dates_of(column.values)
        if column.guess is not None:
            column.kind = "date"
            if column.guess.value not in {None, "ISO 8601"}:
                formats[column.guess.value or ""] = None
            elif column.guess.alternatives:
                formats[column.guess.alternatives[0]] = None
                said = " or ".join(column.guess.alternatives)
                notes["date_format"] = f"{column.name}: {said}; {column.guess.why}: set it by hand"
            _span(column)
            continue
        column.amounts = guessing.numbers_of(column.values)
        if column.amounts is not None and _an_amount(column):
            column.kind = "number"
            decimal, group = column.amounts
            decimals |= {decimal.value} if decimal.value else set()
            groups |= {group.value} if group.value else set()
            if decimal.value is None and group.value is None:
                notes["decimal"] = f"{column.name}: {decimal.why}: set decimal and thousands by hand"
    formats = _resolved(formats, columns, notes)
    _declare_dates(keys, list(formats), columns)
    if len(decimals) > 1:
        notes["decimal"] = "some columns have a decimal point, some a decimal comma: one connection reads one"
    elif decimals:
        keys["decimal"] = decimals.pop()
        notes.pop("decimal", None)
    if len(groups) == 1:
        keys["thousands"] = groups.pop()
        keys.setdefault("decimal", "," if keys["thousands"] == "." else ".")
    return notes


def _declare_dates(keys: dict[str, Any], formats: list[str], columns: Sequence[Column]) -> None:
    """The formats that read every date column; none where ISO 8601 alone does, or where the dialect knows them."""
    iso = sorted({form for column in columns if _is_iso(column) for form in map(_iso_format, column.values)})
    known = DIALECTS[str(keys["dialect"])].date_format
    if set(formats) | (set(iso) if formats or known else set()) <= set(known):
        return
    if formats:
        keys["date_format"] = [*formats, *iso]
    elif iso and known:
        keys["date_format"] = []


def _is_iso(column: Column) -> bool:
    return column.guess is not None and column.guess.value == "ISO 8601"


def _iso_format(value: str) -> str:
    between = value[10:11]
    return "%Y-%m-%d" + (f"{between}%H:%M" if between else "") + (":%S" if value.count(":") > 1 else "")


def _resolved(formats: dict[str, None], columns: Sequence[Column], notes: dict[str, str]) -> dict[str, None]:
    """One file has one order: a column that is sure of its own decides for those that are not."""
    sure = {
        column.guess.value
        for column in columns
        if column.guess is not None and column.guess.value not in {None, "ISO 8601"}
    }
    orders = {
        "".join(letter for letter in text if letter in "dmYy").replace("y", "Y")[:3] for text in sure if text
    }
    if len(orders) != 1:
        return formats
    order = orders.pop()
    kept: dict[str, None] = {text: None for text in formats if text in sure}
    for column in columns:
        if column.guess is None or column.guess.value is not None:
            continue
        same = [
            text
            for text in column.guess.alternatives
            if "".join(letter for letter in text if letter in "dmYy").replace("y", "Y")[:3] == order
        ]
        if same:
            kept[same[0]] = None
            column.guess = Guess(value=same[0], why="as the file's other dates")
            _span(column)
    notes.pop("date_format", None)
    return kept


def _typed(column: Column) -> None:
    kinds = {value[0] for value in column.values}
    column.values = [value[1:] for value in column.values]
    column.counts = Counter({value.lstrip(TAGS): count for value, count in column.counts.items()})
    column.kind = "date" if kinds == {DATE} else "number" if kinds <= {NUMBER, PERCENT} else "text"
    if column.kind == "date":
        column.guess = Guess(value="ISO 8601")
        column.span = (min(column.values)[:16], max(column.values)[:16])


def _an_amount(column: Column) -> bool:
    """Not an id: ids are all different whole numbers under a name that says so."""
    named = column.name.casefold()
    return not (named == "id" or named.endswith((" id", ".id")) or named.startswith("id "))


def _span(column: Column) -> None:
    form = column.guess.value if column.guess is not None else None
    if form is None:
        return
    if form == "ISO 8601":
        column.span = (min(column.values)[:16], max(column.values)[:16])
        return
    try:
        seen = [datetime.strptime(value, form) for value in column.values]  # noqa: DTZ007 - shown, never compared with an instant
    except ValueError:
        return
    column.span = (f"{min(seen):%Y-%m-%d}", f"{max(seen):%Y-%m-%d}")


def _ids(columns: Sequence[Column], rows: int) -> dict[str, str]:
    """The column that may be the key: filled in every row, and never twice. Of several the one that is called an id."""
    unique = [
        column.name
        for column in columns
        if column.name and column.filled == rows and column.seen is not None and column.kind != "number"
    ]
    called = [name for name in unique if "id" in name.casefold().replace("(", " ").replace(".", " ").split()]
    return {"key": (called or unique)[0]} if called or (unique and unique[0] == columns[0].name) else {}


def _described(column: Column) -> str:
    about = column.kind
    if column.kind == "date" and column.guess is not None:
        about = f"date, {column.guess.value or ' or '.join(column.guess.alternatives) or column.guess.why}"
        if column.span is not None:
            about += f", {column.span[0]} to {column.span[1]}"
            about += f" in its first {_KEPT} rows" if column.filled > _KEPT else ""
    elif column.kind == "text" and 0 < len(column.counts) <= _FEW and column.filled > len(column.counts):
        about = ", ".join(f"{value} ({count})" for value, count in column.counts.most_common())
        if all(value in _CURRENCIES for value in column.counts):
            about = f"currencies {about}"
    else:
        about += ": " + ", ".join(value.lstrip(TAGS)[:30] for value in list(column.counts)[:3])
    if column.errors:
        about += "; error cells " + ", ".join(f"{error} ({count})" for error, count in column.errors.items())
    name = column.name or "(no name)"
    return f"  {name:<28} {about if column.filled or column.errors else 'empty'}"


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
    path: str, keys: Mapping[str, Any], notes: Mapping[str, str], columns: Sequence[Column]
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
        (c for c in columns if c.kind == "text" and 1 < len(c.counts) <= _FEW and c.filled > len(c.counts)),
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
