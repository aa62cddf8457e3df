"""Build from the YAML's ``notify`` whom a company notifies, and when."""

from __future__ import annotations

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from okrsync.config.company import Notify, Owner
from okrsync.config.models import CompanyModel
from okrsync.config.problems import Problems
from okrsync.config.yamlfile import PathInFile
from okrsync.schedules import schedule


def notify_of(model: CompanyModel, zone: ZoneInfo, problems: Problems) -> Notify | None:
    if (said := model.notify) is None:
        return None
    ids = {one.id for one in model.key_results} | {one.id for one in model.objectives}
    ids |= {one.id for one in model.initiatives} | {one.id for one in model.kpis}
    for name, owner in said.owners.items():
        for index, one in enumerate(owner.of):
            if one not in ids:
                at: PathInFile = ("notify", "owners", name, "of", index)
                problems.unknown(at, "key result or objective", one, ids)
    digest = None
    try:
        digest = schedule(said.digest, zone) if said.digest is not None else None
    except ValueError as error:
        problems.add(("notify", "digest"), str(error))
    return Notify(
        ping=said.ping,
        webhook=said.webhook,
        kind=said.kind,
        place=problems.file.place(("notify",), key=True),
        to=tuple(said.to),
        owners=tuple(
            Owner(name=name, to=tuple(one.to), of=_with_parts(model, one.of))
            for name, one in said.owners.items()
        ),
        digest=digest,
    )


def _with_parts(model: CompanyModel, ids: Iterable[str]) -> frozenset[str]:
    """The ids with all that belongs to an objective among them: objectives below it, key results, initiatives."""
    found = set(ids)
    while True:
        more = {one.id for one in model.objectives if one.parent in found}
        more |= {one.id for one in model.key_results if one.objective in found}
        more |= {one.id for one in model.initiatives if one.key_result in found}
        if more <= found:
            return frozenset(found)
        found |= more
