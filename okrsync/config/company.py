"""Declare a company as its YAML says it: checked, with numbers in their units and connectors found."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from okrsync.errors import ConfigError
from okrsync.key_results import KeyResult
from okrsync.model import Unit
from okrsync.pace import Pace
from okrsync.periods import Cycle, Phase
from okrsync.planning import Limits
from okrsync.ports import Connector, TableSpec
from okrsync.progress import AtLeast, AtMost, Rollup, Within
from okrsync.schedules import Schedule
from okrsync.settings import Secret
from okrsync.spelling import did_you_mean


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusRule:
    """The preset that turns progress into a status; None keeps the preset's own tolerance and grace."""

    preset: str
    tolerance: Decimal | None
    grace: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One named connection: its connector and that connector's own settings."""

    name: str
    connector: Connector
    settings: Any
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric: asked of ``connection`` with ``query``, or computed by ``expr``.

    ``per`` makes it the mean over the complete days, workdays, weeks or months of its window.
    """

    name: str
    unit: Unit
    place: str
    title: str = ""
    connection: str = ""
    query: Any = None
    window: str = ""
    per: str = ""
    expr: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    id: str
    rollup: Rollup
    place: str
    title: str = ""
    page: str = ""
    owner: str = ""
    averaged: bool = False
    parent: str = ""
    weight: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Initiative:
    """Work towards ``key_result``; its metric is a share in percent."""

    id: str
    key_result: str
    metric: str
    place: str
    title: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kpi:
    """A number to watch; ``healthy`` is the limit that it should keep, in the unit of its metric."""

    id: str
    metric: str
    healthy: AtLeast | AtMost | Within
    place: str
    title: str = ""
    page: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A key result, initiative or KPI (its ``kind``) that is not measured yet: its metric says TODO.

    ``key_result`` is a key result as far as its goal can be read without a metric, else None; ``has_goal``: the YAML says
    one. ``key_result_id`` is that of an initiative.
    """

    kind: str
    id: str
    place: str
    title: str = ""
    objective: str = ""
    owner: str = ""
    weight: Decimal | None = None
    key_result: KeyResult | None = None
    has_goal: bool = False
    key_result_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnplacedTable:
    """A table of the destination whose ``key`` says TODO: it is not known yet where it is."""

    key: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A person with addresses of their own, and the ids of their key results and objectives."""

    name: str
    to: tuple[Secret, ...]
    of: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """Whom a run notifies: the dead man's switch to ``ping``, the ``webhook`` with its ``kind``, addresses of Apprise.

    ``to`` get everything, ``owners`` what is theirs; both get the ``digest`` at its times.
    """

    ping: Secret | None
    webhook: Secret | None
    kind: str
    place: str
    to: tuple[Secret, ...] = ()
    owners: tuple[Owner, ...] = ()
    digest: Schedule | None = None

    @property
    def addresses(self) -> list[tuple[str, Secret]]:
        """Every address, each with its key in the YAML."""
        found = [("ping", self.ping), ("webhook", self.webhook), *(("to", one) for one in self.to)]
        found += [(f"owners, {owner.name}", one) for owner in self.owners for one in owner.to]
        return [(key, one) for key, one in found if one is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleNotice:
    """A sentence that everybody who looks at a company should read, and the next step."""

    text: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Everything one YAML says.

    ``tables`` holds ``key_results`` and, if configured, ``objectives``, ``initiatives`` and ``check_ins``, of which
    there is one for each key result and period (``check_in_every``). An objective that is ``averaged`` has the status of
    its own progress, any other the worst of its key results. A person's edit is kept for ``keep_edits``, None: until
    it is released. ``over_100`` are the tables that show a progress above 100 %.
    ``warnings`` are sentences on what is legal and probably not meant, each with its place. ``drafts`` are not measured
    yet, and ``open_tables`` have no address yet: every command works without them. ``lint_off`` are rules of ``okrsync lint``.
    """

    id: str
    title: str
    zone: ZoneInfo
    locale: str
    cycle: Cycle
    pace: Pace
    status: StatusRule
    limits: Limits
    schedule: Schedule | None
    notify: Notify | None
    connections: Mapping[str, Connection]
    destination: str
    tables: Mapping[str, TableSpec]
    metrics: Mapping[str, Metric]
    objectives: tuple[Objective, ...]
    key_results: tuple[KeyResult, ...]
    path: Path
    check_in_every: str = "week"
    initiatives: tuple[Initiative, ...] = ()
    kpis: tuple[Kpi, ...] = ()
    over_100: frozenset[str] = frozenset()
    keep_edits: timedelta | None = None
    warnings: tuple[str, ...] = ()
    drafts: tuple[Draft, ...] = ()
    open_tables: Mapping[str, UnplacedTable] = field(default_factory=dict)
    lint_off: frozenset[str] = frozenset()
    digests: dict[str, str] = field(default_factory=dict, init=False, compare=False, repr=False)
    """The digest of each metric that was asked for; a changed copy of the company begins with none."""

    def metric_title(self, name: str) -> str:
        """How reports call the metric: its title, else its name."""
        metric = self.metrics.get(name)
        return metric.title if metric is not None and metric.title else name

    def unknown(self, subject: str, known: Collection[str]) -> ConfigError:
        """What to say of an id that no row or number belongs to: it is a draft, or none of ``known``."""
        draft = next((one for one in self.drafts if one.id == subject), None)
        if draft is not None:
            return ConfigError(
                f"{subject} is not measured yet: its metric says TODO",
                place=draft.place,
                hint="write the name of a metric there",
            )
        return ConfigError(
            f"there is no key result {subject!r} in {self.path.name}", hint=did_you_mean(subject, known)
        )

    def cycle_notice(self, now: datetime) -> CycleNotice | None:
        """That the cycle has not begun or is over, else None."""
        cycle = self.cycle
        next_cycle = f"okrsync init {self.id} --next-cycle"
        match cycle.phase(now):
            case Phase.BEFORE:
                text = f"the cycle {cycle.name} begins on {cycle.start}: nothing is written before"
                return CycleNotice(text=text, hint=f"see `cycle:` in {self.path.name}")
            case Phase.CLOSING:
                until = cycle.last_day_of_closing
                text = f"the cycle {cycle.name} ended on {cycle.end}: until {until} the numbers of its last moment are written"
                return CycleNotice(text=text, hint=next_cycle)
            case Phase.OVER:
                days = f", and its closing days on {cycle.last_day_of_closing}" if cycle.closing_days else ""
                text = f"the cycle {cycle.name} ended on {cycle.end}{days}: nothing is written any more"
                return CycleNotice(text=text, hint=next_cycle)
            case _:
                return None
