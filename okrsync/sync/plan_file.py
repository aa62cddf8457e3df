"""Keep a plan that a person reads in a file, and apply it only while it is still the plan."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from okrsync.cells import follows
from okrsync.codec import number, plain
from okrsync.errors import ConfigError, UnsafePlan
from okrsync.model import Decision, Stored, Verdict
from okrsync.planning import Plan, digest_of

MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """What a plan file says. ``cells`` has the decisions that the digest covers, by subject and cell."""

    company: str
    at: str
    digest: str
    cells: Mapping[tuple[str, str], Decision]


def plan_data(company: str, at: datetime, plan: Plan) -> dict[str, Any]:
    """The plan as plain JSON data: company, at, digest, alarms, and every decision with its reason."""
    return {
        "company": company,
        "at": at.isoformat(),
        "digest": plan.digest,
        "alarms": list(plan.alarms),
        "decisions": [_written(one) for one in plan.decisions],
    }


def read_plan(text: str, name: str) -> Reviewed:
    """The plan in ``text``. Raises ``ConfigError`` if it is none, or was changed since it was kept."""
    hint = "make it again: okrsync plan COMPANY --out FILE"
    try:
        data = json.loads(text)
        decisions = [_read(one) for one in data["decisions"]]
        found = Reviewed(
            company=str(data["company"]),
            at=str(data["at"]),
            digest=str(data["digest"]),
            cells={(one.subject, one.cell): one for one in decisions if not follows(one.cell)},
        )
    except (ValueError, KeyError, TypeError, ArithmeticError) as error:
        raise ConfigError(f"{name} holds no plan of okrsync", hint=hint) from error
    if digest_of(found.cells.values()) != found.digest:
        raise ConfigError(f"the plan in {name} was changed after it was made", hint=hint)
    return found


def confirm(reviewed: Reviewed, company: str, plan: Plan) -> None:
    """Raise ``UnsafePlan`` that names every differing cell unless ``plan`` is the reviewed one."""
    if reviewed.company != company:
        raise ConfigError(f"the plan is {reviewed.company}'s, not {company}'s")
    if reviewed.digest == plan.digest:
        return
    changed = list(_differences(reviewed, plan))
    more = f"; and {len(changed) - MOST} more" if len(changed) > MOST else ""
    raise UnsafePlan(
        f"the plan reviewed at {reviewed.at} is not the plan any more, so nothing was written: "
        + "; ".join(changed[:MOST])
        + more,
        hint=f"review it again: okrsync plan {company} --out FILE",
    )


def _differences(reviewed: Reviewed, plan: Plan) -> Iterator[str]:
    now = {(one.subject, one.cell): one for one in plan.decisions if not follows(one.cell)}
    for where in dict.fromkeys((*reviewed.cells, *now)):
        before, after = reviewed.cells.get(where), now.get(where)
        if before is None or after is None:
            yield f"{where[0]} {where[1]} is {'new' if before is None else 'gone'}"
        elif digest_of([before]) != digest_of([after]):
            yield f"{where[0]} {where[1]} was {_said(before)} and is {_said(after)}"


def _said(one: Decision) -> str:
    if one.row == "":
        return "without a row"
    there = "empty" if one.now is None else _plain(one.now)
    if one.verdict is Verdict.WRITE:
        return f"{there} → {_plain(one.wanted)}"
    if one.verdict is Verdict.SAME:
        return f"{there}, unchanged"
    return f"{there}, held with {_plain(one.wanted)} to write"


def _plain(value: Stored) -> str:
    if value is None:
        return "nothing"
    return str(plain(value))


def _written(one: Decision) -> dict[str, Any]:
    return {
        "id": one.subject,
        "cell": one.cell,
        "verdict": str(one.verdict),
        "now": _tagged(one.now),
        "wanted": _tagged(one.wanted),
        "reason": one.reason,
        "hint": one.hint,
        "row": one.row,
        "address": one.address,
    }


def _read(data: Mapping[str, Any]) -> Decision:
    return Decision(
        subject=str(data["id"]),
        row=str(data["row"]),
        cell=str(data["cell"]),
        address=str(data["address"]),
        verdict=Verdict(data["verdict"]),
        reason=str(data["reason"]),
        now=_untagged(data["now"]),
        wanted=_untagged(data["wanted"]),
    )


def _tagged(value: Stored) -> Any:
    """JSON has no Decimal: a number is an object, so that the text "1" is not the number 1."""
    return {"number": number(value)} if isinstance(value, Decimal) else value


def _untagged(value: Any) -> Stored:
    if isinstance(value, dict):
        return Decimal(value["number"])
    if value is None or isinstance(value, str | bool):
        return value
    raise TypeError(value)
