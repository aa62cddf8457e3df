"""Write changes with one statement for each kind of change, however many rows it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from okrsync.codec import deserialize_reading, identity, serialize_data, serialize_reading
from okrsync.errors import DataError, ExitCode
from okrsync.ledger.changes import Changes, Key
from okrsync.ledger.statements import delete, insert, insert_new, upsert
from okrsync.ledger.transactions import Transaction
from okrsync.memory import MeasuredBaseline, Observed, Outcome, RunFinished, RunStarted
from okrsync.schedules import AHEAD

Rows = list[dict[str, Any]]


def write(transaction: Transaction, company: str, changes: Changes, now: datetime) -> None:
    """Carry out all ``changes`` in the transaction. Raises ``DataError`` for a second baseline."""
    mine = {"company": company}
    _each(transaction, insert("starts"), [mine | _start(one) for one in changes.starts])
    _each(transaction, insert("finishes"), [mine | _finish(one) for one in changes.finishes])
    _keep_last_sync(transaction, company, changes.finishes, now + AHEAD)
    for table in ("puts", "intents"):
        _each(
            transaction, delete(table, "company", "row"), [mine | {"row": row} for row in changes.forgotten]
        )
    _each(transaction, upsert("puts"), _kept(changes.puts, mine, "row", "address"))
    intents = {key: both for key, both in changes.intents.items() if both is not None}
    _each(transaction, upsert("intents"), _kept(intents, mine, "row", "address"))
    _each(
        transaction,
        delete("intents", "company", "row", "address"),
        _gone(changes.intents, mine, "row", "address"),
    )
    _each(transaction, insert_new("readings"), [mine | _seen(one) for one in changes.observed])
    _freeze(transaction, company, changes.baselines)
    newest = "excluded.at >= okrsync_outcomes.at OR okrsync_outcomes.at > :future"
    outcomes = [mine | _outcome(one) | {"future": now + AHEAD} for one in changes.outcomes.values()]
    _each(transaction, upsert("outcomes", only=newest), outcomes)
    texts = {key: {"value": value} for key, value in changes.notes.items() if value is not None}
    _each(transaction, upsert("notes"), _kept(texts, mine, "connection", "key"))
    _each(
        transaction,
        delete("notes", "company", "connection", "key"),
        _gone(changes.notes, mine, "connection", "key"),
    )


def _each(transaction: Transaction, statement: str, rows: Rows) -> None:
    if rows:
        transaction.change(statement, rows)


def _start(entry: RunStarted) -> dict[str, Any]:
    return {"run": entry.run, "command": entry.command, "at": entry.at}


def _finish(entry: RunFinished) -> dict[str, Any]:
    return {
        "run": entry.run,
        "at": entry.at,
        "exit_code": int(entry.exit_code),
        "digest": entry.digest,
        "counts": serialize_data(entry.counts),
    }


def _keep_last_sync(
    transaction: Transaction, company: str, finishes: Sequence[RunFinished], future: datetime
) -> None:
    """Keep the end of runs that were syncs, as their starts say."""
    ended = [one for one in finishes if one.exit_code != ExitCode.INTERRUPTED]
    begun = "SELECT 1 FROM okrsync_starts WHERE company = :company AND run = :run AND command = 'sync'"
    syncs = [one for one in ended if transaction.rows(begun, {"company": company, "run": one.run})]
    newer = "excluded.at > okrsync_syncs.at OR okrsync_syncs.at > :future"
    rows = [{"company": company, "at": one.at, "future": future} for one in syncs]
    _each(transaction, upsert("syncs", only=newer), rows)


def _seen(entry: Observed) -> dict[str, Any]:
    reading = entry.reading
    return {
        "run": entry.run,
        "metric": reading.metric,
        "as_of": reading.as_of,
        "identity": identity(reading),
        "reading": serialize_reading(reading),
    }


def _outcome(entry: Outcome) -> dict[str, Any]:
    return {
        "run": entry.run,
        "subject": entry.subject,
        "at": entry.at,
        "detail": serialize_data(entry.detail),
    }


def _kept(values: Mapping[Key, Mapping[str, str]], mine: dict[str, str], first: str, second: str) -> Rows:
    return [{**mine, first: key[0], second: key[1], **value} for key, value in values.items()]


def _gone(values: Mapping[Key, object], mine: dict[str, str], first: str, second: str) -> Rows:
    return [{**mine, first: key[0], second: key[1]} for key, value in values.items() if value is None]


def _freeze(transaction: Transaction, company: str, entries: Sequence[MeasuredBaseline]) -> None:
    if not entries:
        return
    rows = [
        {"company": company, "subject": one.subject, "reading": serialize_reading(one.reading)}
        for one in entries
    ]
    transaction.change(insert_new("baselines"), rows)
    all_frozen = "SELECT subject, reading FROM okrsync_baselines WHERE company = :company"
    frozen = dict(transaction.rows(all_frozen, {"company": company}))
    for entry in entries:
        first = deserialize_reading(frozen[entry.subject])
        if first != entry.reading:
            raise DataError(
                f"the baseline of {entry.subject} is frozen at {first.value}, measured {first.as_of.isoformat()}; "
                f"it cannot become {entry.reading.value}, measured {entry.reading.as_of.isoformat()}",
                hint=f"write a baseline for {entry.subject} into the YAML to use another one",
            )
