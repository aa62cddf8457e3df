"""Say which currencies a column of Notion shows its numbers in, by the column's number format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_DOLLARS: Final = {"USD", "AUD", "CAD", "HKD", "NZD", "SGD", "TWD"}
_PESOS: Final = {"ARS", "CLP", "COP", "MXN", "UYU"}
_ONLY: Final = {
    "argentine_peso": "ARS",
    "australian_dollar": "AUD",
    "baht": "THB",
    "canadian_dollar": "CAD",
    "chilean_peso": "CLP",
    "colombian_peso": "COP",
    "danish_krone": "DKK",
    "dirham": "AED",
    "euro": "EUR",
    "forint": "HUF",
    "franc": "CHF",
    "hong_kong_dollar": "HKD",
    "koruna": "CZK",
    "krona": "SEK",
    "leu": "RON",
    "lira": "TRY",
    "mexican_peso": "MXN",
    "new_taiwan_dollar": "TWD",
    "new_zealand_dollar": "NZD",
    "norwegian_krone": "NOK",
    "peruvian_sol": "PEN",
    "philippine_peso": "PHP",
    "pound": "GBP",
    "rand": "ZAR",
    "real": "BRL",
    "ringgit": "MYR",
    "ruble": "RUB",
    "rupee": "INR",
    "rupiah": "IDR",
    "shekel": "ILS",
    "singapore_dollar": "SGD",
    "uruguayan_peso": "UYU",
    "won": "KRW",
    "zloty": "PLN",
}
CURRENCIES: Final[Mapping[str, frozenset[str]]] = {
    **{name: frozenset({code}) for name, code in _ONLY.items()},
    # Signs that people of several countries read as their own money.
    "dollar": frozenset(_DOLLARS | _PESOS),
    "yen": frozenset({"JPY", "CNY"}),
    "yuan": frozenset({"CNY", "JPY"}),
}
"""Of formats that are no currency, and of ``riyal``, which is that of two countries, there is nothing to say."""
