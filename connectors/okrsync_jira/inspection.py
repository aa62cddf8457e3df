"""Show what a JQL finds and which YAML to write, for somebody who sets up a metric."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from okrsync.errors import AccessError, ConfigError
from okrsync.ports import ConnectorContext
from okrsync_jira.client import Site
from okrsync_jira.fields import SECONDS
from okrsync_jira.jql import changing, fault
from okrsync_jira.settings import Anonymous, JiraSettings
from okrsync_jira.source import lost_permissions

SAMPLED: Final = 50
_KEYS_SHOWN: Final = 10
_FIELDS_SHOWN: Final = 40
# They hold texts, or are about people and places: nobody measures them.
_NOT_MEASURED: Final = frozenset(
    {"string", "any", "comments-page", "attachment", "progress", "votes", "watches"}
)


@dataclass(frozen=True, slots=True)
class SampledField:
    """One field of the sampled issues. ``unique``: no other field of the site has its name."""

    id: str
    name: str
    type: str
    filled: int
    unique: bool


def examine_jql(settings: JiraSettings, context: ConnectorContext, jql: str) -> str:
    """Count, sample keys, types, statuses and fields of the issues, ending in the YAML of metrics about them.

    Raises ``ConfigError`` for JQL that Jira does not take, ``AccessError`` if nobody is signed in.
    """
    jql = jql.strip()
    if (problem := fault(jql)) is not None:
        raise ConfigError(
            f"{jql!r}: {problem}", hint="write the JQL as in Jira's issue search, without ORDER BY"
        )
    site = Site(settings, context)
    if problem := settings.misfit(site.deployment()):
        raise ConfigError(f"{context.name}: {problem}")
    if not isinstance(settings.auth, Anonymous):
        site.myself()
    if (lost := lost_permissions(site, settings.canary)) is not None:
        raise AccessError(lost.message, hint=lost.hint)
    count = site.count(jql).count
    sample = site.sample(jql, SAMPLED)
    fields = list(_fields(site.fields(), sample))
    parts = [
        f"{jql}\n  {count} issue{'' if count == 1 else 's'}, in {context.name} ({settings.url})",
        *_about(sample),
        *_table(fields, len(sample)),
        _yaml(context.name, jql, fields),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _about(sample: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not sample:
        yield "  Nothing is found. Either there is nothing, or the account may not see it."
        return
    keys = [raw["key"] for raw in sample]
    more = ", …" if len(keys) > _KEYS_SHOWN else ""
    lines = [f"  keys      {', '.join(keys[:_KEYS_SHOWN])}{more}"]
    types = Counter(str(_in(raw, "issuetype", "name")) for raw in sample)
    statuses = Counter(
        f"{_in(raw, 'status', 'name')} [{_in(raw, 'status', 'statusCategory', 'name')}]" for raw in sample
    )
    lines.append(f"  types     {_counted(types)}")
    lines.append(f"  statuses  {_counted(statuses)}")
    yield "\n".join(lines)


def _in(raw: Mapping[str, Any], *path: str) -> Any:
    here: Any = raw.get("fields") or {}
    for name in path:
        here = here.get(name) if isinstance(here, Mapping) else None
    return here


def _counted(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common(8))


def _fields(
    known: Sequence[Mapping[str, Any]], sample: Sequence[Mapping[str, Any]]
) -> Iterator[SampledField]:
    """The fields that at least one issue has filled in and that something can be measured of."""
    names = Counter(str(raw.get("name", "")).casefold() for raw in known)
    for raw in known:
        schema = raw.get("schema") or {}
        filled = sum(_in(issue, raw["id"]) not in (None, "", []) for issue in sample)
        if filled and schema.get("type") and schema["type"] not in _NOT_MEASURED:
            name = str(raw.get("name", raw["id"]))
            kind = (
                f"{schema['items']}s" if schema["type"] == "array" and "items" in schema else schema["type"]
            )
            yield SampledField(raw["id"], name, kind, filled, names[name.casefold()] == 1)


def _table(fields: Sequence[SampledField], issues: int) -> Iterator[str]:
    if not fields:
        return
    # Numbers first: they are what can be added up.
    ordered = sorted(fields, key=lambda one: (one.type != "number", -one.filled, one.name))[:_FIELDS_SHOWN]
    rows = [("field", "id", "type", f"filled in, of {issues}")]
    rows += [(one.name, one.id, one.type, str(one.filled)) for one in ordered]
    widths = [max(len(row[place]) for row in rows) for place in range(3)]
    yield "\n".join(
        "  "
        + "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[3]]).rstrip()
        for row in rows
    )
    shared = [one.name for one in ordered if not one.unique]
    if shared:
        yield f"  More than one field is called {' or '.join(sorted(set(shared)))}: write the id."


def _yaml(connection: str, jql: str, fields: Sequence[SampledField]) -> str:
    """Metrics to copy. What does not change about an issue is offered as a scope, which has a past."""
    piece = changing(jql)
    found = {"jql" if piece else "scope": jql}
    metrics: dict[str, dict[str, Any]] = {"issues": {"from": connection, "measure": "count", **found}}
    if not piece:
        metrics["open_issues"] = {**metrics["issues"], "state": {"statusCategory": "not done"}}
        metrics["lead_time"] = {
            "from": connection,
            "measure": "lead_time",
            **found,
            "window": "last 30d",
            "aggregate": "median",
            "unit": "days",
        }
    number = next((one for one in fields if one.type == "number" and one.id not in SECONDS), None)
    if number is not None:
        named = number.name if number.unique else number.id
        metrics["total"] = {"from": connection, "measure": "sum", "field": named, **found}
    if any(one.type == "sd-servicelevelagreement" for one in fields):
        agreement = next(one for one in fields if one.type == "sd-servicelevelagreement")
        named = agreement.name if agreement.unique else agreement.id
        metrics["in_time"] = {
            "from": connection,
            "measure": "sla",
            "field": named,
            **found,
            "unit": "percent",
        }
    head = (
        f"# {piece!r} changes with time: this has no past. Put what does not change into scope:, the rest into state:.\n"
        if piece
        else ""
    )
    return head + "\n".join(["metrics:", *(f"  {name}: {_flow(metric)}" for name, metric in metrics.items())])


def _flow(value: Any) -> str:
    """A value as YAML on one line; what is not a plain word is quoted as in JSON, which is YAML too."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{name}: {_flow(one)}" for name, one in value.items()) + "}"
    plain = re.fullmatch(r"[A-Za-z_][\w ]*\w", value)
    return value if plain else json.dumps(value, ensure_ascii=False)
