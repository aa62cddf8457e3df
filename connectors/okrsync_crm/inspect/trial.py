"""Propose metrics for an exported file, and run each before it is printed."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from okrsync.model import COUNT, NoValue, Question, Window
from okrsync.ports import ConnectorContext
from okrsync_crm.cells.words import is_no_money
from okrsync_crm.inspect.columns import FEW, ColumnProfile
from okrsync_crm.query_settings import CrmQuery
from okrsync_crm.settings import CrmSettings
from okrsync_crm.source import CrmSource

_MONEY: Final = (
    "amount", "value", "betrag", "umsatz", "wert", "montant", "valeur", "importe", "valor", "importo", "valore", "bedrag", "kwota", "wartość",
    "сумма", "стоимость", "бюджет", "金额", "金額", "belopp", "beløb", "tutar", "revenue", "price", "preis", "prix",
)  # fmt: skip


_NO_SUM: Final = re.compile(
    r"(?:.*[\s_/-])?(?:year|month|quarter|week|jahr|monat|quartal|kw|année|mois|año|mes|anno|mese|ano|mês|rok|miesiąc|год|месяц|年|月|"
    r"date|time|datum|zeit|fecha|data|дата|tarih|日付|日期|zip|zip code|postal code|postcode|plz|postleitzahl|code postal|индекс|phone|telefon|téléphone|teléfono|телефон|fax|電話)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposedMetric:
    """A metric's name, its keys without ``from``, and the number that it gave over all time."""

    name: str
    keys: dict[str, Any]
    value: str = ""


def proposed_metrics(columns: Sequence[ColumnProfile], *, undecided: Collection[str]) -> list[ProposedMetric]:
    """The count of rows, a count of some, and the sums of columns that may be money, the likeliest first.

    None of them needs a key of the connection that is ``undecided``.
    """
    day = next((column.name for column in columns if column.kind == "date" and column.name), None)
    when = {"date": day, "window": "cycle"} if day and "date_format" not in undecided else {}
    found = [ProposedMetric(name="rows", keys={"measure": "count", **when})]
    few = [
        c
        for c in columns
        if c.name and c.kind == "text" and 1 < len(c.counts) <= FEW and c.filled > len(c.counts)
    ]
    if few:
        where = {few[0].name: few[0].counts.most_common(1)[0][0]}
        found.append(ProposedMetric(name="some_rows", keys={"measure": "count", "where": where, **when}))
    if "decimal" in undecided:
        return found
    numbers = [c for c in columns if c.name and c.kind == "number" and _may_be_summed(c)]
    found += [
        ProposedMetric(name="total", keys={"measure": "sum", "field": column.name, **when})
        for column in sorted(numbers, key=_unlike_money)
    ]
    return found


def _may_be_summed(column: ColumnProfile) -> bool:
    """Not a share, a year, a date as a number, or a code of digits."""
    if is_no_money(column.name) or column.percent or _NO_SUM.fullmatch(column.name.strip()):
        return False
    values = column.values
    years = all(value.isdigit() and len(value) == 4 and value[:2] in {"19", "20"} for value in values)
    codes = any(value.isdigit() and len(value) > 1 and value[0] == "0" for value in values)
    return not years and not codes


def _unlike_money(column: ColumnProfile) -> int:
    """0 for what is called so, 1 for cells with a currency or decimals, 2 for mere whole numbers."""
    if any(word in column.name.casefold() for word in _MONEY):
        return 0
    return 2 if all(value.lstrip("-").isdigit() for value in column.values[:FEW]) else 1


def tried(
    settings: CrmSettings, context: ConnectorContext, metrics: Sequence[ProposedMetric]
) -> tuple[list[ProposedMetric], dict[str, str]]:
    """The metrics that answer, one sum at the most, and why the others do not."""
    source = CrmSource(settings, context)
    now = context.clock.now().astimezone(UTC)
    zone = ZoneInfo(context.timezone)
    always = Window(start=datetime(1900, 1, 1, tzinfo=zone), end=datetime(2199, 1, 1, tzinfo=zone), label="")
    sound: list[ProposedMetric] = []
    notes: dict[str, str] = {}
    for metric in metrics:
        if any(metric.name == known.name for known in sound):
            continue
        keys = {key: value for key, value in metric.keys.items() if key != "window"}
        try:
            query = CrmQuery.model_validate(keys)
        except ValidationError:
            continue
        window = always if "date" in keys else None
        question = Question(metric=metric.name, query=query, at=now, now=now, unit=COUNT, window=window)
        (answer,) = source.read([question])
        if isinstance(answer, NoValue):
            notes.setdefault(
                metric.name, f"{answer.reason} → {answer.hint}" if answer.hint else answer.reason
            )
        else:
            notes.pop(metric.name, None)
            sound.append(replace(metric, value=f"{answer.value:f}"))
    return sound, notes
