"""Write the next cycle's YAML: the same text with new dates and starts, and no other change.

Only the values themselves are replaced, so that comments, order and layout stay as people wrote them.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from okrsync.config.company import Company
from okrsync.config.splice import Edit, applied, composed, mapping, pairs, replaced
from okrsync.errors import ConfigError
from okrsync.key_results import Form, KeyResult

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

DIGITS = Decimal("0.0001")
"""A start is written to four decimals at the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NextCycle:
    """``text`` is the new YAML. ``started`` are the key results whose start is their last value now, as written.

    ``left`` says for the others why a person has to look at them; a key result without a start is in neither.
    """

    text: str
    started: Mapping[str, str]
    left: Mapping[str, str]


def next_cycle(
    text: str, company: Company, *, name: str, start: date, end: date, last: Mapping[str, Decimal]
) -> NextCycle:
    """``text``, the company's YAML, for the cycle ``name`` from ``start`` to ``end`` (its last day).

    ``last`` holds the last value of each key result in its unit, if one is known. Targets stay: a key result whose
    last value has reached its target, or that has no value, keeps its start and is in ``left``. Raises ``ConfigError``
    if the dates make no cycle after the present one.
    """
    if end <= start:
        raise ConfigError(f"the cycle ends {end}, which is not after its start {start}")
    if start <= company.cycle.end:
        raise ConfigError(
            f"{name} starts on {start}, before {company.cycle.name} has ended on {company.cycle.end}",
            hint=f"--start {company.cycle.end + timedelta(days=1)}, or a later day",
        )
    root = mapping(composed(text))
    edits = [
        replaced(mapping(root["cycle"])[key], value)
        for key, value in (("name", _plain_text(name)), ("start", str(start)), ("end", str(end)))
    ]
    started: dict[str, str] = {}
    left: dict[str, str] = {}
    nodes = {str(mapping(node)["id"].value): node for node in root["key_results"].value}
    for one in company.key_results:
        key = _start_key(one, mapping(nodes[one.id]).keys())
        if key is None:
            continue
        why = _in_the_way(one, last.get(one.id), mapping(nodes[one.id]))
        if why:
            left[one.id] = why
            continue
        edit, written = _started(text, nodes[one.id], key, last[one.id])
        edits.append(edit)
        started[one.id] = written
    if "pace" in root and "points" in mapping(root["pace"]):
        left["pace"] = f"its points are days of {company.cycle.name}; write those of {name}"
    return NextCycle(text=applied(text, edits), started=started, left=left)


def _start_key(key_result: KeyResult, keys: AbstractSet[str]) -> str | None:
    """The YAML key of the key result's start; None if its goal has none (a limit, or a way that begins at 0)."""
    match key_result.aimed.form:
        case Form.RELATIVE | Form.DELTA:
            return "baseline"
        case Form.FROM_TO if not {"reach", "share"} & keys:
            return "from"
        case _:
            return None


def _in_the_way(key_result: KeyResult, last: Decimal | None, keys: Mapping[str, Node]) -> str:
    """Why the start cannot be the last value, or an empty text."""
    aimed = key_result.aimed
    if aimed.form is Form.FROM_TO and "from" not in keys:
        return "its start is kept in the destination: write the last value there"
    if last is None:
        return "no value of it is known, so its start stays: run a sync or a backfill, or write it yourself"
    if aimed.target is not None and aimed.start is not None:
        rises = aimed.target > aimed.start
        if last >= aimed.target if rises else last <= aimed.target:
            return f"its last value {_number(last)} has reached its target {_number(aimed.target)}: set a new target and start"
    if aimed.form is Form.RELATIVE and last == 0:
        return "its last value is 0, and a percentage of 0 is nothing: write a target as a number"
    return ""


def _started(text: str, node: Node, key: str, value: Decimal) -> tuple[Edit, str]:
    keys = mapping(node)
    number = _number(value)
    if key in keys:
        before = keys[key]
        percent = str(before.value).rstrip().endswith("%")
        written = f"{number}%" if percent else number
        return replaced(before, written), written
    change = keys["change"]
    place = change.end_mark.index
    if getattr(node, "flow_style", False):
        return Edit(place, place, f", {key}: {number}"), number
    line = "\r\n" if "\r\n" in text else "\n"
    indent = " " * next(one.start_mark.column for one, _ in pairs(node))
    return Edit(place, place, f"{line}{indent}{key}: {number}"), number


def _number(value: Decimal) -> str:
    return f"{value.quantize(DIGITS).normalize():f}"


def _plain_text(name: str) -> str:
    """A name that YAML reads back as this text."""
    from ruamel.yaml import YAML

    simple = name.replace("-", "").replace("_", "").replace(" ", "").isalnum() and name == name.strip()
    if simple and isinstance(YAML(typ="safe", pure=True).load(name), str):
        return name
    return "'" + name.replace("'", "''") + "'"
