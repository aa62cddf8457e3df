"""Show numbers as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from typing import Final

from okrsync.model import SECONDS_IN, Dimension, Unit
from okrsync.units.language import cldr


def show(value: Decimal, unit: Unit, locale: str, *, digits: int | None = None) -> str:
    """``value`` for people: ``$3,500,000``, ``37 %``, ``2 min 37 sec``.

    At most ``digits`` decimals (default 2), rounded half up, without trailing zeros; an amount of money that is not
    whole has its cents. A length of time is split in its two largest parts, unless ``digits`` asks for decimals.
    """
    if unit.dimension is Dimension.DURATION:
        return _show_time(value, unit.detail, locale, digits)
    from babel.numbers import format_currency, format_decimal, format_percent

    language = cldr(locale)
    rounded = _rounded(value, 2 if digits is None else digits)
    with localcontext(prec=max(28, rounded.adjusted() + 50)):
        if unit.dimension is Dimension.PERCENT:
            return format_percent(rounded.scaleb(-2), locale=language, decimal_quantization=False)
        if unit.dimension is not Dimension.MONEY:
            return format_decimal(rounded, locale=language, decimal_quantization=False)
        pattern = language.currency_formats["standard"].pattern
        if digits is not None or rounded == rounded.to_integral_value():
            pattern = pattern.replace("0.00", "0.##")
        return format_currency(
            rounded, unit.detail, pattern, locale=language, currency_digits=False, decimal_quantization=False
        )


_SIZES: Final = ("weeks", "days", "hours", "minutes", "seconds")


def _show_time(value: Decimal, detail: str, locale: str, digits: int | None) -> str:
    """Seconds and minutes gather into hours; hours, days and weeks stay what they are, and show their fraction."""
    with localcontext(prec=max(28, abs(value.adjusted()) + 50)):
        return _show_parts(value, detail, locale, digits)


def _show_parts(value: Decimal, detail: str, locale: str, digits: int | None) -> str:
    if digits is not None:
        return _show_part(_rounded(value, digits), detail, locale)
    allowed = _SIZES[min(_SIZES.index(detail), _SIZES.index("hours")) :]
    length = abs(value) * SECONDS_IN[detail]
    step = _step(_largest(length, allowed))
    # Rounding may carry 59 min 59.9 s into the next larger unit, so the largest part is looked for again.
    length = _rounded(length / step, 0) * step
    largest = _largest(length, allowed)
    sign = -1 if value < 0 else 1
    if largest == "seconds":
        return _show_part(sign * length, largest, locale)
    high, low = divmod(length, SECONDS_IN[largest])
    shown = _show_part(sign * high, largest, locale)
    return f"{shown} {_show_part(low / _step(largest), _below(largest), locale)}" if low else shown


def _largest(seconds: Decimal, allowed: Sequence[str]) -> str:
    return next((size for size in allowed if seconds >= SECONDS_IN[size]), "seconds")


def _below(size: str) -> str:
    return _SIZES[_SIZES.index(size) + 1]


def _step(size: str) -> Decimal:
    """The seconds that a length whose largest part is ``size`` is rounded to: its second part, or hundredths."""
    return Decimal("0.01") if size == "seconds" else Decimal(SECONDS_IN[_below(size)])


def _show_part(value: Decimal, detail: str, locale: str) -> str:
    from babel.units import format_unit

    plain = value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()
    return format_unit(plain, f"duration-{detail[:-1]}", "short", locale=cldr(locale))


def _rounded(value: Decimal, digits: int) -> Decimal:
    with localcontext(prec=max(28, value.adjusted() + digits + 2)):
        rounded = value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    return abs(rounded) if rounded == 0 else rounded
