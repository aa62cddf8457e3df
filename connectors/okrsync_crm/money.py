"""Find the currency of an amount, and turn several currencies into one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from okrsync.model import Dimension
from okrsync_crm.cells.currencies import meant_by
from okrsync_crm.cells.words import currency_in_name
from okrsync_crm.refusal import bad_data
from okrsync_crm.settings import Rates
from okrsync_crm.sql.planned_question import PlannedQuestion


@dataclass(frozen=True, slots=True)
class Exchange:
    """A sum over several currencies in the unit's, and how it was added up."""

    total: Decimal
    shown: str


def exchanged(
    asked: PlannedQuestion,
    sums: Sequence[Mapping[str, Any]] | None,
    table: Rates | None,
    names: Mapping[str, str],
) -> Exchange | None:
    """The converted sum, if there is a rate table and another currency than the unit's. Raises ``NoValueError``.

    ``names`` are the codes of currencies by what the file calls them.
    """
    unit = asked.question.unit
    if table is None or not sums or unit.dimension is not Dimension.MONEY:
        return None
    wanted, rates = unit.detail.upper(), table.codes
    amounts: dict[str, Decimal] = {}
    for part in sums:
        code = _code(part["code"], names)
        amounts[code] = amounts.get(code, Decimal(0)) + Decimal(part["amount"])
    if set(amounts) == {wanted}:
        return None
    for code in (wanted, *sorted(amounts)):
        if code not in rates:
            raise bad_data(
                f"{asked.query.field} is in {code or '(empty)'}, for which rates has no rate",
                hint=f"known are {', '.join(rates)}; add it, or narrow where",
            )
    total = sum((amount * rates[code] for code, amount in amounts.items()), Decimal(0)) / rates[wanted]
    shown = " + ".join(
        f"{amount.normalize():f} {code}" + (f" × {rates[code]} ÷ {rates[wanted]}" if code != wanted else "")
        for code, amount in sorted(amounts.items())
    )
    return Exchange(total, shown)


def the_one_currency(
    asked: PlannedQuestion, signs: Iterable[str] | None, codes: Iterable[str] | None, names: Mapping[str, str]
) -> str:
    """What was measured. Raises ``NoValueError`` if there are several currencies, or another than the unit's."""
    unit = asked.question.unit
    field = asked.query.field
    tokens = [*(names.get(code, code) or "(empty)" for code in codes or ()), *(signs or ())]
    if not tokens and field and asked.query.currency is not False and (named := currency_in_name(field)):
        tokens = [named]
    # "€" and "EUR" are one currency, "$" and "USD" need not be.
    meant = {_meant(token): token for token in sorted(set(tokens), reverse=True)}
    if len(meant) > 1:
        raise bad_data(
            f"{field} has several currencies: {', '.join(sorted(meant.values()))}",
            hint="narrow where to one of them, measure a column that is converted to one, or give rates (for a sum or a mean "
            "with unit money); if the field is not money, set currency: false",
        )
    if unit.dimension is Dimension.MONEY:
        wanted = unit.detail.upper()
        other = next(
            (token for possible, token in meant.items() if wanted not in possible and possible != ("",)), None
        )
        if other:
            raise bad_data(
                f"{field} is in {other}, not in {wanted}",
                hint="set the unit's currency, or measure another column",
            )
    return next(iter(sorted(meant.values())), "")


def _code(name: str, names: Mapping[str, str]) -> str:
    """What the file calls a currency as a code, if only one can be meant."""
    known = names.get(name, name)
    meant = meant_by(known)
    return meant[0] if len(meant) == 1 and meant[0] else known


def _meant(token: str) -> tuple[str, ...]:
    return meant_by(token) or (token,)
