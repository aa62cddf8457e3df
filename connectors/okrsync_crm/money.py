"""Which currency an amount is in, and several of them as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from okrsync.model import Dimension
from okrsync_crm.refusal import bad_data
from okrsync_crm.settings import Rates
from okrsync_crm.sql.planned_question import PlannedQuestion

# What a sign can stand for; one that many currencies share rules nothing out by itself.
_SIGNS: Final[Mapping[str, tuple[str, ...]]] = {
    "€": ("EUR",),
    "£": ("GBP", "EGP", "LBP", "SYP", "GIP", "FKP", "SHP", "SSP", "SDG"),
    "₽": ("RUB",),
    "₴": ("UAH",),
    "₸": ("KZT",),
    "₹": ("INR",),
    "₺": ("TRY",),
    "₩": ("KRW", "KPW"),
    "₪": ("ILS",),
    "₫": ("VND",),
    "₦": ("NGN",),
    "₱": ("PHP",),
    "฿": ("THB",),
    "¥": ("JPY", "CNY"),
}


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
    """The converted sum, where there is a rate table and another currency than the unit's. Raises ``NoValueError``.

    ``names`` are the codes of currencies by what the file calls them.
    """
    unit = asked.question.unit
    if table is None or not sums or unit.dimension is not Dimension.MONEY:
        return None
    wanted, rates = unit.detail.upper(), table.codes
    amounts: dict[str, Decimal] = {}
    for part in sums:
        code = names.get(part["code"], part["code"])
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
    """What was measured. Raises ``NoValueError`` where there are several currencies, or another than the unit's."""
    unit = asked.question.unit
    signs = sorted(signs or ())
    codes = sorted({names.get(code, code) or "(empty)" for code in codes or ()})
    field = asked.query.field
    for what, listed in (("currencies", codes), ("currency signs", signs)):
        if len(listed) > 1:
            raise bad_data(
                f"{field} has several {what}: {', '.join(listed)}",
                hint="narrow where to one of them, measure a column that is converted to one, "
                "or give rates (for a sum or a mean)",
            )
    if unit.dimension is Dimension.MONEY:
        wanted = unit.detail.upper()
        other = next((code for code in (*codes, *signs) if _contradicts(code, wanted)), None)
        if other:
            raise bad_data(
                f"{field} is in {other}, not in {wanted}",
                hint="set the unit's currency, or measure another column",
            )
    return (codes or signs or [""])[0]


def _contradicts(found: str, wanted: str) -> bool:
    """A code or name stands for itself alone; a sign that is not known, such as the dollar's, proves nothing."""
    if len(found) > 1 or found.isalpha():
        return found.upper() != wanted
    return found in _SIGNS and wanted not in _SIGNS[found]
