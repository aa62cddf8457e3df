"""Keep a frozen baseline whose metric means something else now, or let it be measured again."""

from __future__ import annotations

from dataclasses import replace

from okrsync.config import Company
from okrsync.errors import ConfigError
from okrsync.key_results import KeyResult
from okrsync.memory import MeasuredBaseline, RunFinished, RunStarted, StateEntry
from okrsync.model import Reading
from okrsync.ports import Clock, Ledger
from okrsync.run_context import new_run
from okrsync.tables.past_values import again_note, earlier, frozen_as, frozen_in
from okrsync.units import convertible


def choose_baseline(company: Company, ledger: Ledger, clock: Clock, subject: str, *, keep: bool) -> Reading:
    """Keep the frozen baseline of a key result for what its metric means now, or let the next sync measure it again.

    Returns the baseline that was frozen; a kept one has the metric's unit, which may be another one by now: its number is
    the same. Raises ``ConfigError`` if there is no such key result, or nothing to decide.
    """
    key_result = _named(company, subject)
    with ledger.hold(company.id):
        run = new_run(company, ledger, clock)
        name = frozen_as(company, key_result)
        frozen = earlier(run.memory.baselines, company, key_result)
        settled = isinstance(frozen_in(run.memory.baselines, company, key_result), Reading)
        if frozen is None or (settled and name in run.memory.baselines):
            said, hint = "has no frozen baseline", f"okrsync plan {company.id}"
            if frozen is not None:
                said = "has a baseline of its present metric already"
                hint = f"if it is wrong, write `baseline:` with a number at {key_result.place}"
            raise ConfigError(f"{subject} {said}: there is nothing to decide", hint=hint)
        if keep and not convertible(frozen.unit, key_result.unit):
            frozen = replace(frozen, unit=company.metrics[key_result.metric].unit)
        note = again_note(company, key_result)
        ledger.record(
            company.id,
            RunStarted(run=run.id, command="baseline", at=run.now),
            MeasuredBaseline(subject=name, reading=frozen)
            if keep
            else StateEntry(connection=company.destination, key=note, value=run.now.isoformat()),
            RunFinished(run=run.id, at=clock.now(), exit_code=0),
        )
        return frozen


def _named(company: Company, subject: str) -> KeyResult:
    known = {one.id: one for one in company.key_results}
    if subject not in known:
        raise company.unknown(subject, known)
    key_result = known[subject]
    if not key_result.measured_baseline:
        raise ConfigError(
            f"{subject} has no measured baseline: the YAML or its row says it", hint=f"see {key_result.place}"
        )
    return key_result
