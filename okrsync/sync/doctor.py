"""Examine a company as an operator would: machine, ledger, connections, and a whole trial sync.

Writes nothing. One fault never stops the rest: what it makes impossible is named as not tried.
"""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from okrsync import __version__
from okrsync.config import Company
from okrsync.errors import ConfigError, OkrsyncError
from okrsync.expressions import names
from okrsync.network import noted_dates, trusted
from okrsync.ports import Clock, ConnectorContext, Finding, Ledger
from okrsync.run_context import new_run
from okrsync.spelling import counted
from okrsync.sync.connections import contexts, missing_secrets_by_connection
from okrsync.sync.ledger_notices import ledger_notices
from okrsync.sync.trial import Trial

SKEW: Final = timedelta(minutes=2)
"""A clock that differs by more is wrong: Google refuses such a sign-in, and days and cycles end at the wrong moment."""

Step = Callable[[str], None]
_log = logging.getLogger(__name__)


def examine(
    company: Company, ledger: Ledger, ledger_name: str, clock: Clock, step: Step
) -> Iterator[Finding]:
    """What was looked at, in order, as soon as it is known; ``step`` hears what comes next."""
    run = new_run(company, ledger, clock)
    yield from _machine(company)
    yield from _company(company, run.now)
    last = run.memory.last_run
    said = f"last run {last.at:%Y-%m-%d %H:%M} UTC" if last is not None else "no run yet"
    yield Finding(subject="ledger", ok=True, detail=f"{ledger_name}, {said}")
    for text in ledger_notices(company.id, run.memory):
        yield Finding(subject="ledger", ok=False, detail=text, hint="check this machine's clock, then sync")
    trial = Trial(run, contexts(company, run.memory, clock), _used_metrics(company))
    for name, error in missing_secrets_by_connection(company):
        trial.closed.add(name)
        hint = "put the credential there and look again"
        yield Finding(subject="secret", ok=False, detail=error.message, hint=hint)
    for name in company.connections:
        step(f"looking at {name}")
        yield from _connection(trial, name)
        yield from _skew(clock.now())
    yield from trial.findings(step)


def _machine(company: Company) -> Iterator[Finding]:
    connectors = {one.connector.name: one.connector for one in company.connections.values()}
    clients = dict.fromkeys(client for one in connectors.values() for client in one.clients)
    found = ", ".join(f"{client} {_version(client)}" for client in clients)
    system = f"Python {platform.python_version()} on {platform.system()} {platform.release()}"
    yield Finding(subject="versions", ok=True, detail=f"okrsync {__version__}, {system}; {found}")
    try:
        yield Finding(subject="certificates", ok=True, detail=f"trusted are {trusted()}")
    except ConfigError as error:
        yield Finding(subject="certificates", ok=False, detail=error.message, hint=error.hint)


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "is not installed"


def _company(company: Company, now: datetime) -> Iterator[Finding]:
    detail = f"{company.path}: {counted(len(company.key_results), 'key result')}"
    yield Finding(subject="configuration", ok=True, detail=detail)
    if company.drafts:
        named = ", ".join(one.id for one in company.drafts)
        yield Finding(subject="drafts", ok=True, detail=f"not measured yet: {named}")
    for name, table in company.open_tables.items():
        detail = f"{name} have no {table.key} yet: it says TODO"
        yield Finding(subject="destination", ok=False, detail=detail, hint=f"write it at {table.place}")
    for text in company.warnings:
        yield Finding(subject="configuration", ok=True, detail=text, hint="correct it if it is not meant so")
    cycle, notice = company.cycle, company.cycle_notice(now)
    detail = f"{cycle.name}, {cycle.start} to {cycle.end}"
    if notice is None:
        yield Finding(subject="cycle", ok=True, detail=detail)
    else:
        yield Finding(subject="cycle", ok=False, detail=notice.text, hint=notice.hint)


def _used_metrics(company: Company) -> set[str]:
    """The metrics that a sync asks for, and what they are computed from."""
    wanted = [one.metric for one in company.key_results]
    wanted += [one.metric for one in company.initiatives]
    wanted += [one.metric for one in company.kpis]
    used: set[str] = set()
    while wanted:
        metric = company.metrics[wanted.pop()]
        if metric.name not in used:
            used.add(metric.name)
            wanted += names(metric.expr) if metric.expr else ()
    return used


def _connection(trial: Trial, name: str) -> Iterator[Finding]:
    """What the connector's own examination finds. If that is only faults, nothing more is asked of the connection."""
    if name in trial.closed:
        return
    company = trial.company
    if name not in {company.destination, *(company.metrics[one].connection for one in trial.used)}:
        yield Finding(subject=name, ok=True, detail="no key result uses it, so it is not examined")
        return
    well = False
    for one in _examined(company, name, trial.contexts[name]):
        well |= one.ok
        if not one.ok:
            trial.said.add(one.detail)
        yield one
    if not well:
        trial.closed.add(name)


def _examined(company: Company, name: str, context: ConnectorContext) -> Iterator[Finding]:
    connection = company.connections[name]
    if connection.connector.doctor is None:
        yield Finding(subject=name, ok=True, detail=f"{connection.connector.name} has no check of its own")
        return
    tables = list(company.tables.values()) if name == company.destination else []
    noted_dates()
    try:
        for one in connection.connector.doctor(connection.settings, tables, context):
            subject = f"{name}: {one.subject}" if one.subject != name else name
            yield Finding(subject=subject, ok=one.ok, detail=one.detail, hint=one.hint)
    except OkrsyncError as error:
        yield Finding(subject=name, ok=False, detail=error.message, hint=error.hint)
    except Exception as error:  # noqa: BLE001 - it is one finding; the other connections are examined
        _log.exception("connection %s", name)
        detail = f"a bug in the connector {connection.connector.name} ({type(error).__name__})"
        hint = "report it with the traceback above"
        yield Finding(subject=name, ok=False, detail=detail, hint=hint)


def _skew(now: datetime) -> Iterator[Finding]:
    """How far this machine's clock is from those of the servers that have just answered."""
    for host, header in noted_dates().items():
        try:
            skew = now - parsedate_to_datetime(header)
        except (TypeError, ValueError):  # no date, or one without a zone
            continue
        seconds = round(abs(skew.total_seconds()))
        way = "ahead of" if skew > timedelta(0) else "behind"
        detail = f"{seconds} s {way} {host}" if seconds > 1 else f"as that of {host}"
        hint = "" if abs(skew) <= SKEW else "set this machine's clock: switch on its time synchronization"
        yield Finding(subject="clock", ok=not hint, detail=f"this machine's clock is {detail}", hint=hint)
