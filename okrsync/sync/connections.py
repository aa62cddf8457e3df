"""Open every connection, and check that no credential is missing before anything is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from okrsync.config import Company
from okrsync.errors import AccessError
from okrsync.memory import Memory, StateEntry
from okrsync.network import trust
from okrsync.ports import Clock, ConnectorContext
from okrsync.run_context import Run
from okrsync.settings import Secret


def open_connections(company: Company, memory: Memory, clock: Clock) -> dict[str, ConnectorContext]:
    """One ``ConnectorContext`` for each connection, its state filled from the ledger.

    Raises ``AccessError`` if a secret cannot be read: a run without all its credentials does not begin. Raises
    ``ConfigError`` as ``okrsync.network.trust`` does.
    """
    for _, error in _unreadable(company):
        raise error
    trust()  # here, not in the first thread that sends a request: libraries load faster one by one
    return contexts(company, memory, clock)


def contexts(company: Company, memory: Memory, clock: Clock) -> dict[str, ConnectorContext]:
    """As ``open_connections``, whether or not the secrets can be read."""
    return {
        name: ConnectorContext(
            name=name,
            clock=clock,
            timezone=str(company.zone),
            locale=company.locale,
            base=str(company.path.parent),
            state={key: value for (owner, key), value in memory.state.items() if owner == name},
        )
        for name in company.connections
    }


def missing_secrets(company: Company) -> list[str]:
    """Which credentials are not to be had on this machine, in words."""
    return [error.message for _, error in missing_secrets_by_connection(company)]


def missing_secrets_by_connection(company: Company) -> list[tuple[str, AccessError]]:
    """As ``missing_secrets``, each with the connection that needs it, empty for a secret of ``notify``."""
    return [*_unreadable(company), *(("", error) for error in _unnotified(company))]


def state_changes(run: Run) -> list[StateEntry]:
    """What connectors kept or dropped of their state during this run."""
    before = dict(run.memory.state)
    after = {
        (name, key): value
        for name, context in run.connections.items()
        for key, value in context.state.items()
    }
    changed = [where for where in after if before.get(where) != after[where]]
    gone = [where for where in before if where[0] in run.connections and where not in after]
    return [
        StateEntry(connection=name, key=key, value=after.get((name, key))) for name, key in [*changed, *gone]
    ]


def _unreadable(company: Company) -> Iterator[tuple[str, AccessError]]:
    for name, connection in company.connections.items():
        for key, secret in secrets_of(connection.settings):
            try:
                secret.reveal()
            except AccessError as error:
                message = f"connection {name}, {key}: {error.message} ({connection.place})"
                yield name, AccessError(message, hint=error.hint)


def references(company: Company) -> list[Secret]:
    """Every secret that the company's YAML refers to."""
    found = [secret for one in company.connections.values() for _, secret in secrets_of(one.settings)]
    notify = company.notify
    return [*found, *(secret for _, secret in (notify.addresses if notify is not None else ()))]


def _unnotified(company: Company) -> Iterator[AccessError]:
    if (notify := company.notify) is None:
        return
    for key, secret in notify.addresses:
        try:
            secret.reveal()
        except AccessError as error:
            yield AccessError(f"notify, {key}: {error.message} ({notify.place})", hint=error.hint)


def secrets_of(settings: Any) -> Iterator[tuple[str, Secret]]:
    """Every secret that a connection's settings refer to, with its key in the YAML."""
    for name in type(settings).model_fields:
        value = getattr(settings, name)
        if isinstance(value, Secret):
            yield name, value
        elif isinstance(value, BaseModel):
            yield from ((f"{name}.{key}", secret) for key, secret in secrets_of(value))
