"""Write a new company's YAML, with comments that say what to do next."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from okrsync.cells import CHECK_INS, CURRENT, KEY_RESULTS, OBJECTIVES, PROGRESS, STATUS
from okrsync.config.models import TODO
from okrsync.config.proposals import MetricProposal
from okrsync.config.splice import applied, composed, mapping, replaced
from okrsync.discovery import Listed, Proposed

# Words that mean themselves in YAML 1.2, without quotes: no number, no date, no true, false or null.
_BARE: Final = re.compile(
    r"(?!(?:true|false|null|yes|no|on|off)$)[^\W\d_](?:[\w/%.-]| (?=[\w(]))*", re.IGNORECASE
)
# Beside the YAML, written by `okrsync init`; `okrsync schema` prints it again.
SCHEMA: Final = "okrsync.schema.json"
_EXAMPLES: Final = {
    "jira": "jira: {type: jira, url: https://YOU.atlassian.net, auth: {email: YOU, token: {env: JIRA_TOKEN}}}",
    "sheets": "sheets: {type: sheets, credentials: {file: google.json}, spreadsheet: https://docs.google.com/...}",
    "crm": "deals: {type: crm, path: exports/deals-*.csv, stale_after: 2d}",
}
# The tables that `okrsync init` writes, in this order.
MADE: Final = (KEY_RESULTS, OBJECTIVES, CHECK_INS)
NOTHING: Final = Proposed(
    tables={
        KEY_RESULTS: {
            "database": TODO,
            "match": "KR",
            "cells": {one.name: one.title for one in (CURRENT, PROGRESS, STATUS)},
        }
    },
    key_results=(Listed(id="KR-1", title="Open bugs"),),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCompany:
    """What ``okrsync init`` knows of a company.

    ``connection`` are the destination's settings, with its ``type``; ``sources`` those of the other connections by name.
    ``proposals`` are metrics for key results, by the key result's id; ``schema`` is where editors find the keys.
    ``initiatives`` and ``kpis`` come from another tool's table.
    """

    name: str
    title: str
    timezone: str
    locale: str
    today: date
    connection: Mapping[str, Any]
    proposed: Proposed
    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    proposals: Mapping[str, tuple[MetricProposal, ...]] = field(default_factory=dict)
    schema: str = SCHEMA
    initiatives: tuple[Listed, ...] = ()
    kpis: tuple[Listed, ...] = ()


def example() -> str:
    """The annotated company with every key: from the wheel, or from the checkout that this is."""
    shipped = files("okrsync.config") / "example.yaml"
    checkout = Path(__file__).parents[2] / "config" / "example.yaml"
    return (shipped if shipped.is_file() else checkout).read_text(encoding="utf-8")


def quarter(day: date) -> tuple[str, date, date]:
    """The name, first and last day of the calendar quarter that ``day`` is in."""
    number = (day.month - 1) // 3
    start = date(day.year, number * 3 + 1, 1)
    following = date(day.year + (number == 3), (number * 3 + 3) % 12 + 1, 1)
    return f"{day.year}-Q{number + 1}", start, following - timedelta(days=1)


def company_yaml(new: NewCompany) -> str:
    """The file's text. It is legal as it is: what says TODO is not measured, or not connected, yet."""
    return "\n".join(_lines(new)) + "\n"


def addresses_in(text: str) -> dict[str, str]:
    """The database of each table of the destination, as the YAML ``text`` names them; TODO for one not made yet."""
    tables = mapping(mapping(composed(text))["destination"])
    found = {}
    for name in MADE:
        node = tables.get(name)
        database = mapping(node).get("database") if node is not None else None
        if database is not None:
            found[name] = str(database.value)
    return found


def with_addresses(text: str, addresses: Mapping[str, str]) -> str:
    """``text`` with these databases of the destination's tables, and no other change."""
    tables = mapping(mapping(composed(text))["destination"])
    nodes = {name: mapping(tables[name])["database"] for name in addresses}
    edits = [
        replaced(nodes[name], _plain(address))
        for name, address in addresses.items()
        if str(nodes[name].value) != address
    ]
    return applied(text, edits)


def _lines(new: NewCompany) -> Iterator[str]:
    name, start, end = quarter(new.today)
    yield f"# yaml-language-server: $schema={new.schema}"
    yield f"# Written by okrsync init. It works as it is; what says {TODO} is open. Then: okrsync validate {new.name}"
    yield "# Every key is explained in what `okrsync init --example` prints; editors know them from the first line."
    yield f"company: {new.name}"
    yield f"title: {_plain(new.title)}"
    yield f"timezone: {new.timezone}    # midnights, weeks and cycles are meant in this zone"
    yield f"locale: {new.locale}    # how numbers in quotes are read, and how they are shown"
    yield f"cycle: {{name: {name}, start: {start}, end: {end}}}    # end is the last day"
    yield 'schedule: "0 7 * * mon-fri"'
    yield ""
    yield "connections:"
    kind = str(new.connection["type"])
    yield f"  {kind}:"
    for key, value in new.connection.items():
        yield f"    {key}: {_flow(value)}"
    yield from (f"  {name}: {_flow(settings)}" for name, settings in new.sources.items())
    there = {str(one.get("type")) for one in new.sources.values()}
    yield from (f"  # {line}" for kind, line in _EXAMPLES.items() if kind not in there)
    yield ""
    yield "destination:"
    yield f"  connection: {kind}"
    for table in MADE:
        if table in new.proposed.tables:
            yield from _table(table, new.proposed.tables[table])
    for remark in new.proposed.remarks:
        yield f"  # Note: {' '.join(remark.split())}"
    yield ""
    yield "# A metric is one number: from a connection, or an expression over other metrics."
    yield "metrics:"
    yield from _metrics(new.proposals)
    if new.proposed.objectives:
        yield ""
        yield from _objectives(new.proposed)
    yield ""
    yield from _key_results(new)
    yield from _others(
        "initiatives", "Work towards a key result; its metric is a share in percent", new.initiatives
    )
    yield from _others("kpis", "Numbers to watch: each has a healthy range instead of a goal", new.kpis)


def _others(key: str, what: str, found: tuple[Listed, ...]) -> Iterator[str]:
    if not found:
        return
    yield ""
    yield f"# {what}."
    yield f"{key}:"
    for one in found:
        # There is no such key: a comment keeps what the table said.
        owner = f"    # owner: {one.owner}" if one.owner else ""
        yield f"  - {_entry({'id': one.id, 'title': one.title, 'metric': TODO, **one.keys})}{owner}"


def _table(name: str, table: Mapping[str, Any]) -> Iterator[str]:
    yield f"  {name}:"
    for key, value in table.items():
        if isinstance(value, Mapping):
            yield f"    {key}:" + ("" if value else " {}")
            yield from (f"      {inner}: {_flow(one)}" for inner, one in value.items())
        else:
            yield f"    {key}: {_flow(value)}"
    if name == CHECK_INS:
        yield "    every: week    # one row for each key result and day, week or month"


def _objectives(proposed: Proposed) -> Iterator[str]:
    used = {one.objective for one in proposed.key_results}
    yield "objectives:"
    for one in proposed.objectives:
        mark = "" if one.id in used else "# no key result belongs to it yet: "
        entry = {"id": one.id, "title": one.title, "owner": one.owner, "page": one.page}
        yield f"  {mark}- {_entry(entry)}"


def _metrics(proposals: Mapping[str, tuple[MetricProposal, ...]]) -> Iterator[str]:
    found = {one.name: one for several in proposals.values() for one in several}
    if not found:
        yield "  # open_bugs: {from: jira, measure: count, jql: project = APP AND type = Bug AND statusCategory != Done}"
        yield "  # nps: {from: sheets, cell: KPI!B4, unit: index}"
        yield "  # revenue: {from: deals, measure: sum, field: Amount, where: {Stage: Won}, date: Closed, window: cycle}"
        return
    yield "  # Proposals, by the names of your key results. Look at each; if it is right, remove its # and write its name"
    yield f"  # in place of {TODO} below."
    for one in found.values():
        now = f"    # {' '.join(one.offer.value.split())} now" if one.offer.value else ""
        yield f"  # {one.name}: {_flow({'from': one.connection, **one.offer.keys})}{now}"


def _key_results(new: NewCompany) -> Iterator[str]:
    proposed = new.proposed
    yield f"# Each key result needs the name of a metric where it says {TODO}: until then it is not measured yet"
    if proposed.goals:
        yield "# Baseline and target are kept in the rows themselves; what is written here comes first: from: 120, to: 30"
    else:
        yield "# and a goal: from: 120, to: 30 | reach: 240 | share: 100% | at_most: 90s | at_least: 98% | change: +25%"
    yield "key_results:"
    known = {one.id for one in proposed.objectives}
    for one in proposed.key_results:
        objective = one.objective if one.objective in known else ""
        entry: dict[str, Any] = {
            "id": one.id,
            "objective": objective,
            "title": one.title,
            "owner": one.owner,
            "page": one.page,
        }
        entry |= {"metric": TODO, **one.keys}
        names = " or ".join(found.name for found in new.proposals.get(one.id, ()))
        yield f"  - {_entry(entry)}" + (f"    # proposal: {names}" if names else "")
    if not proposed.key_results:
        yield f"  - {{id: KR-1, metric: {TODO}}}    # the id in the row's key column"


def _entry(pairs: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{key}: {_flow(value)}" for key, value in pairs.items() if value != "") + "}"


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_plain(str(key))}: {_flow(one)}" for key, one in value.items()) + "}"
    return _plain(value) if isinstance(value, str) else json.dumps(value)


def _plain(text: str) -> str:
    """The text as a YAML scalar, in quotes where YAML would read something else. JSON's quoting is YAML's too."""
    return text if _BARE.fullmatch(text) and not text.endswith(" ") else json.dumps(text, ensure_ascii=False)
