"""Declare a plan: every decision of a run, its digest, and whether it is safe to apply."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from okrsync.cells import follows
from okrsync.codec import typed
from okrsync.errors import UnsafePlan
from okrsync.model import Decision, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Every Decision of a run, and what the limits need to judge it. ``alarms`` are the sentences of ``check``."""

    decisions: tuple[Decision, ...]
    alarms: tuple[str, ...] = ()

    @property
    def writes(self) -> tuple[Decision, ...]:
        return tuple(one for one in self.decisions if one.verdict is Verdict.WRITE)

    @property
    def held(self) -> tuple[Decision, ...]:
        return tuple(one for one in self.decisions if one.verdict is Verdict.HELD)

    @property
    def same(self) -> tuple[Decision, ...]:
        return tuple(one for one in self.decisions if one.verdict is Verdict.SAME)

    @property
    def digest(self) -> str:
        """What this plan would do, in 16 hex digits: equal digests write the same values over the same values.

        Followers are left out: the time of the run is written along, and is no decision of its own.
        """
        return digest_of(one for one in self.decisions if not follows(one.cell))

    def with_more(self, other: Plan) -> Plan:
        """Both plans as one, to be checked and applied together."""
        return Plan(decisions=self.decisions + other.decisions, alarms=self.alarms + other.alarms)

    def check(self, *, hint: str = "") -> None:
        """Raise ``UnsafePlan`` if the plan changes more than its limits allow."""
        if self.alarms:
            raise UnsafePlan(f"the plan was refused: {'; '.join(self.alarms)}", hint=hint)


def digest_of(decisions: Iterable[Decision]) -> str:
    """The digest of a plan that consists of just these decisions, in whatever order."""
    lines = sorted(
        json.dumps([one.subject, one.row, one.address, str(one.verdict), typed(one.now), typed(one.wanted)])
        for one in decisions
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
