"""Read an amount as people and programs write it: a sign, a currency and a number, in any order.

The decimal and the thousands sign are given, never guessed. What fits no reading is no amount.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from typing import Final

from okrsync_crm.cells.currencies import meant_by

GAPS: Final = " \u00a0\u2007\u2009\u202f"
_MINUS: Final = str.maketrans(dict.fromkeys("\u2212\u2012\u2013\u2014\ufe63\uff0d", "-"))
_AROUND: Final = re.compile(
    r"(?P<before>[^\d]*?)(?P<body>[.,]?\d(?:.*\d)?[.,]?(?:e[-+]?\d+)?)(?P<behind>[^\d]*)", re.IGNORECASE
)
_OPEN: Final = ("(", "[")
_CLOSED: Final = (")", "]")
_DIGITS: Final = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class AmountForm:
    """How a file writes amounts. ``thousands`` is empty if digits are not grouped; a space means every space."""

    decimal: str = "."
    thousands: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """``currency`` is the sign or word as it was written; ``percent``: the text shows 37 % and ``value`` is 37."""

    value: Decimal
    currency: str = ""
    percent: bool = False


@lru_cache(maxsize=4096)
def read_amount(text: str, form: AmountForm) -> Amount | None:
    """The amount that ``text`` shows, or None if it is anything else."""
    plain = _digits(unwrapped(text).strip()).translate(_MINUS)
    found = _AROUND.fullmatch(plain)
    if found is None:
        return _accounting_zero(plain)
    before, body, behind = found["before"], found["body"], found["behind"]
    if body.endswith(form.decimal) and behind.startswith("-"):
        behind = behind[1:]  # "100.-" is how shops write that there are no cents
    if body.startswith((".", ",")) and before and unicodedata.category(before[-1]).startswith("L"):
        before, body = before + body[0], body[1:]
    value = _number(body, form)
    if value is None and body[-1:] in ".,":
        value, behind = _number(body[:-1], form), body[-1] + behind
    signs = _signs(before, behind)
    if value is None or signs is None:
        return None
    negative, currency, percent = signs
    return Amount(value=-value if negative else value, currency=currency, percent=percent)


def _accounting_zero(plain: str) -> Amount | None:
    """A spreadsheet's accounting format shows 0 as a currency and a dash. A dash alone may mean anything."""
    token = _compact(plain).replace("-", "", 1)
    return Amount(value=Decimal(0), currency=token) if token != _compact(plain) and meant_by(token) else None


def unwrapped(text: str) -> str:
    """``="0123"`` is how a program keeps a spreadsheet from changing a text."""
    inner = text.strip()
    return inner[2:-1] if inner.startswith('="') and inner.endswith('"') and len(inner) > 2 else text


def _digits(text: str) -> str:
    if text.isascii():
        return text
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text)


def _number(body: str, form: AmountForm) -> Decimal | None:
    found = _pattern(form).fullmatch(body)
    if found is None:
        return None
    whole = "".join(sign for sign in found["whole"] or "0" if sign.isdigit())
    number = f"{whole}.{found['rest'] or '0'}E{found['power'] or '0'}"
    value = Decimal(number)
    return value if abs(value.adjusted()) < _DIGITS else None


@cache
def _pattern(form: AmountForm) -> re.Pattern[str]:
    point = re.escape(form.decimal)
    whole = r"\d+"
    if form.thousands:
        group = {" ": f"[{GAPS}]", "'": "['’]", "’": "['’]"}.get(form.thousands, re.escape(form.thousands))
        # Indian grouping has pairs before the last three digits.
        inner = r"\d{2,3}" if form.thousands == "," else r"\d{3}"
        whole = rf"(?:\d{{1,3}}(?:{group}{inner})*{group}\d{{3}}|\d+)"
    return re.compile(rf"(?=.*\d)(?P<whole>{whole})?(?:{point}(?P<rest>\d*))?(?:[eE](?P<power>[-+]?\d+))?")


def _signs(before: str, behind: str) -> tuple[bool, str, bool] | None:
    """Whether the amount is negative, its currency, and whether it is a percentage; None for anything else around it."""
    left, right = (_compact(part) for part in (before, behind))
    brackets = [mark for mark in left + right if mark in _OPEN + _CLOSED]
    if brackets and (
        len(brackets) != 2
        or brackets not in (["(", ")"], ["[", "]"])
        or left.count(brackets[0]) != 1
        or right.count(brackets[1]) != 1
    ):
        return None
    minus = (left + right).count("-")
    plus = (left + right).count("+")
    percent = (left + right).count("%") + (left + right).count("٪")
    if minus + plus + (1 if brackets else 0) > 1 or percent > 1:
        return None
    words = [word for part in (left, right) if (word := re.sub(r"[-+%٪()\[\]\s]", "", part))]
    meant = [set(meant_by(word)) for word in words]
    if (words and percent) or not all(meant) or (len(meant) == 2 and not meant[0] & meant[1]):
        return None
    # Of "$" and "USD" around one number the one that says more.
    shown = min(words, key=lambda word: len(meant_by(word)), default="")
    return bool(minus or brackets), shown, bool(percent)


def _compact(part: str) -> str:
    return "".join(sign for sign in part if sign not in GAPS)
