"""Know which currencies a sign or a word beside an amount can mean."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final

_DOLLARS: Final = (
    "USD",
    "CAD",
    "AUD",
    "NZD",
    "SGD",
    "HKD",
    "MXN",
    "ARS",
    "CLP",
    "COP",
    "TWD",
    "BBD",
    "JMD",
    "NAD",
)
_POUNDS: Final = ("GBP", "EGP", "LBP", "SYP", "GIP", "FKP", "SHP", "SSP", "SDG")
_KRONOR: Final = ("SEK", "NOK", "DKK", "ISK")
_RUPEES: Final = ("INR", "PKR", "LKR", "NPR", "MUR")
# By the word without case and dots. A sign that many currencies share rules out all others and decides none.
_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "€": ("EUR",), "euro": ("EUR",), "euros": ("EUR",), "евро": ("EUR",), "eur": ("EUR",),
    "$": _DOLLARS, "us$": ("USD",), "$us": ("USD",), "u$s": ("USD",), "u$d": ("USD",), "usd$": ("USD",), "dollar": _DOLLARS, "dollars": _DOLLARS,
    "c$": ("CAD",), "ca$": ("CAD",), "can$": ("CAD",), "cdn$": ("CAD",), "$ca": ("CAD",), "a$": ("AUD",), "au$": ("AUD",), "nz$": ("NZD",),
    "s$": ("SGD",), "hk$": ("HKD",), "mx$": ("MXN",), "r$": ("BRL",), "nt$": ("TWD",), "ar$": ("ARS",),
    "£": _POUNDS, "£stg": ("GBP",), "¥": ("JPY", "CNY"), "￥": ("JPY", "CNY"), "円": ("JPY",), "元": ("CNY", "TWD"), "rmb": ("CNY",), "jp¥": ("JPY",), "cn¥": ("CNY",),
    "₽": ("RUB",), "руб": ("RUB", "BYN"), "р": ("RUB", "BYN"), "рублей": ("RUB", "BYN"), "рубль": ("RUB", "BYN"), "rub": ("RUB",), "br": ("BYN", "ETB"),
    "₴": ("UAH",), "грн": ("UAH",), "₸": ("KZT",), "тг": ("KZT",), "тенге": ("KZT",), "₹": ("INR",), "rs": _RUPEES, "re": _RUPEES, "₨": _RUPEES,
    "₺": ("TRY",), "tl": ("TRY",), "₩": ("KRW", "KPW"), "원": ("KRW",), "₪": ("ILS",), "ש״ח": ("ILS",), "₫": ("VND",), "đ": ("VND",), "₦": ("NGN",), "₱": ("PHP",), "฿": ("THB",),
    "kr": _KRONOR, "kronor": ("SEK",), "kroner": ("NOK", "DKK"), "zł": ("PLN",), "zl": ("PLN",), "złotych": ("PLN",), "kč": ("CZK",), "kc": ("CZK",), "ft": ("HUF",), "huf": ("HUF",),
    "lei": ("RON", "MDL"), "leu": ("RON", "MDL"), "лв": ("BGN",), "lv": ("BGN",), "din": ("RSD",), "дин": ("RSD",), "km": ("BAM",), "kn": ("HRK",),
    "fr": ("CHF",), "sfr": ("CHF",), "fr.": ("CHF",), "r": ("ZAR",), "rp": ("IDR",), "rm": ("MYR",), "ksh": ("KES",), "s/": ("PEN",), "dh": ("MAD", "AED"), "aed": ("AED",),
    "د.إ": ("AED",), "دإ": ("AED",), "﷼": ("SAR", "IRR", "OMR", "QAR", "YER"), "رس": ("SAR",), "₾": ("GEL",), "₼": ("AZN",), "֏": ("AMD",), "сум": ("UZS",), "сом": ("KGS",),
}  # fmt: skip


@cache
def codes() -> frozenset[str]:
    """The ISO 4217 codes, those of the past included."""
    from babel.core import get_global

    return frozenset(get_global("all_currencies"))


def meant_by(token: str) -> tuple[str, ...]:
    """The currencies that a sign, word or code may mean; empty if it is none that is known."""
    bare = unicodedata.normalize("NFC", token).strip()
    if bare.upper() in codes() and len(bare) == 3:
        return (bare.upper(),)
    known = _WORDS.get(bare.casefold()) or _WORDS.get(bare.casefold().replace(".", "").strip())
    if known:
        return known
    return ("",) if len(bare) == 1 and unicodedata.category(bare) == "Sc" else ()
