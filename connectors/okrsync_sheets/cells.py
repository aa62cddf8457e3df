"""Read cells, and reduce them to one number. Pure; nothing is guessed, and a blank is never zero."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from okrsync.connector import NoValueError
from okrsync.measures import aggregate, is_aggregate
from okrsync.model import PERCENT, SECONDS_IN, Cause, Dimension, Unit
from okrsync_sheets.a1 import Area
from okrsync_sheets.settings import COUNTS, SheetsQuery, TextNumbers

_MOST_DIGITS: Final = 17
LOADING: Final = "Loading..."
# Error cells arrive as texts, in the spreadsheet's language: #REF!, #N/A, #DIV/0!, #ССЫЛКА!, #NV, #¡REF!.
_ERROR: Final = re.compile(r"#¡?(?:[^\W_]+(?:/[^\W_]+)?[!?]|\w/\w|NV)")
_SPACES: Final = re.compile(r"[\u00a0\u202f\u2009]")

_MILLISECOND: Final = Decimal("0.001")

Raw = str | bool | int | float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The values of one range as Google sent them: ragged rows, blanks at the ends left out."""

    area: Area
    rows: Sequence[Sequence[Raw]]

    def filled(self) -> Iterator[tuple[Area, Raw]]:
        """Each cell that is not blank, row by row, with its place."""
        for down, row in enumerate(self.rows):
            for right, raw in enumerate(row):
                if not blank(raw):
                    yield self.area.cell(down, right), raw

    @property
    def loading(self) -> bool:
        return any(raw == LOADING for _, raw in self.filled())

    @property
    def span(self) -> int:
        """How many cells the rows that arrived could hold, blanks among them."""
        width = max((len(row) for row in self.rows), default=0)
        return width * len(self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A number, how many cells it was computed from, and what else is worth saying."""

    value: Decimal
    rows: int
    facts: tuple[tuple[str, str], ...] = ()


def blank(raw: Raw) -> bool:
    return raw is None or (isinstance(raw, str) and not raw.strip())


def is_error(raw: Raw) -> bool:
    return isinstance(raw, str) and _ERROR.fullmatch(raw.strip()) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextForm:
    """How a number typed as text may be written: ``signs`` of its currency, and what a percent sign makes of it."""

    numbers: TextNumbers
    signs: frozenset[str] = frozenset()
    percent: Decimal | None = None


def signs(code: str, *locales: str) -> frozenset[str]:
    """The code of a currency and its signs: in ``locales``, and in the languages of the country that the code begins with."""
    from babel.core import UnknownLocaleError
    from babel.languages import get_official_languages
    from babel.numbers import get_currency_symbol

    country = code[:2]
    at_home = (f"{language}_{country}" for language in get_official_languages(country, de_facto=True))
    found = {code}
    for locale in ("en_US", "de_DE", *locales, *at_home):
        # Not every language of a country has a locale of its own.
        with suppress(UnknownLocaleError):
            found.add(get_currency_symbol(code, locale))
    return frozenset(found)


def text_form(query: SheetsQuery, unit: Unit, locale: str = "en_US") -> TextForm | None:
    """How texts are read for a metric in ``unit``; None if it does not say that there are any."""
    if query.text_numbers is None:
        return None
    if unit.dimension is Dimension.MONEY:
        return TextForm(numbers=query.text_numbers, signs=signs(unit.detail, locale))
    factor = {"fraction": Decimal("0.01"), "points": Decimal(1)}.get(query.values or "")
    return TextForm(numbers=query.text_numbers, percent=factor if unit == PERCENT else None)


def number(raw: Raw, place: Area, texts: TextForm | None) -> Decimal:
    """The number in the cell at ``place``. Raises ``NoValueError`` quoting what is there instead."""
    if isinstance(raw, bool):
        raise NoValueError(
            Cause.DATA, f"{place.shown} holds {str(raw).upper()}, not a number", hint="use count_true"
        )
    if isinstance(raw, int | float):
        found = Decimal(repr(raw))
        if not found.is_finite() or found.adjusted() > _MOST_DIGITS:
            raise NoValueError(
                Cause.DATA,
                f"{place.shown} holds {found:.3g}, which is no number that anybody counts",
                hint="look at the formula in that cell",
            )
        return found
    text = str(raw).strip()
    if is_error(text):
        raise NoValueError(
            Cause.DATA, f"{place.shown} holds the error {text}", hint="fix the formula in that cell"
        )
    typed = _typed(text, texts) if texts is not None else None
    if typed is None:
        raise NoValueError(
            Cause.DATA,
            f"{place.shown} holds the text “{_short(text)}”, not a number",
            hint="make it a number in the sheet"
            + (
                ", or say how it is written with text_numbers"
                if texts is None
                else " or correct text_numbers"
            ),
        )
    return typed


def _typed(text: str, texts: TextForm) -> Decimal | None:
    """The number that a person typed as text: with its currency or percent sign, negative also as accountants write it."""
    form = texts.numbers
    text = _SPACES.sub(" ", text).replace("\u2212", "-").strip()
    factor = Decimal(1)
    if text.startswith("(") and text.endswith(")"):
        text, factor = text[1:-1].strip(), Decimal(-1)
    sign = next((one for one in texts.signs if text.startswith(one) or text.endswith(one)), "")
    text = text.removeprefix(sign).removesuffix(sign).strip()
    if text.endswith("%") and texts.percent is not None:
        text, factor = text[:-1].strip(), factor * texts.percent
    groups = rf"\d{{1,3}}(?:{re.escape(form.thousands)}\d{{3}})+|" if form.thousands else ""
    if re.fullmatch(rf"[+-]?(?:{groups}\d+)(?:{re.escape(form.decimal)}\d+)?", text, re.ASCII) is None:
        return None
    if form.thousands:
        text = text.replace(form.thousands, "")
    return Decimal(text.replace(form.decimal, ".")) * factor


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def one(block: Block, texts: TextForm | None) -> Measured:
    """The number of a single cell. Raises ``NoValueError``."""
    for place, raw in block.filled():
        return Measured(value=number(raw, place, texts), rows=1)
    raise NoValueError(
        Cause.EMPTY, f"{block.area.shown} is blank", hint="put a value there; a blank is not zero"
    )


def measured(block: Block, query: SheetsQuery, measure: str, texts: TextForm | None) -> Measured:
    """``measure`` over the cells of a range; blanks are passed over and counted. Raises ``NoValueError``."""
    filled = list(block.filled())
    if not filled:
        raise NoValueError(
            Cause.EMPTY, f"{block.area.shown} is empty", hint="no data is not zero: fill the range"
        )
    blanks = block.span - len(filled)
    facts = (("blank cells passed over", str(blanks)),) if blanks else ()
    if measure in {"count", "count_distinct"}:
        for place, raw in filled:
            if is_error(raw):
                number(raw, place, None)
        # TRUE is not 1: bool and int are told apart by the type beside the value.
        distinct = {
            (isinstance(raw, bool), raw.strip() if isinstance(raw, str) else raw) for _, raw in filled
        }
        amount = len(filled) if measure == "count" else len(distinct)
        return Measured(value=Decimal(amount), rows=len(filled), facts=facts)
    if measure in {"count_true", "share_true"}:
        return _truths(filled, measure, facts)
    numbers, passed = _numbers(filled, texts, skip_text=bool(query.skip_text))
    if passed:
        facts = (*facts, ("text cells passed over", str(passed)))
    if not numbers:
        raise NoValueError(Cause.EMPTY, f"{block.area.shown} holds only text", hint="no data is not zero")
    if is_aggregate(measure):
        return Measured(
            value=aggregate(measure, [value for _, value in numbers]), rows=len(numbers), facts=facts
        )
    place, value = numbers[0] if measure == "first" else numbers[-1]
    return Measured(value=value, rows=1, facts=(*facts, ("cell", place.shown)))


def _truths(filled: Sequence[tuple[Area, Raw]], measure: str, facts: tuple[tuple[str, str], ...]) -> Measured:
    for place, raw in filled:
        if not isinstance(raw, bool):
            said = f"the error {raw}" if is_error(raw) else f"“{_short(str(raw))}”"
            raise NoValueError(
                Cause.DATA, f"{place.shown} holds {said}, not TRUE or FALSE", hint="use ticks there"
            )
    true = sum(1 for _, raw in filled if raw is True)
    value = Decimal(true) if measure == "count_true" else Decimal(true) / len(filled) * 100
    return Measured(value=value, rows=len(filled), facts=(*facts, ("true", f"{true} of {len(filled)}")))


def _numbers(
    filled: Sequence[tuple[Area, Raw]], texts: TextForm | None, *, skip_text: bool
) -> tuple[list[tuple[Area, Decimal]], int]:
    numbers: list[tuple[Area, Decimal]] = []
    passed = 0
    for place, raw in filled:
        if skip_text and _is_text(raw):
            try:
                numbers.append((place, number(raw, place, texts)))
            except NoValueError:
                passed += 1
            continue
        try:
            numbers.append((place, number(raw, place, texts)))
        except NoValueError as why:
            if place != filled[0][0] or not _is_text(raw):
                raise
            hint = "begin the range below its heading, or write skip_text: true; otherwise " + why.hint
            raise NoValueError(why.cause, why.message, hint) from None
    return numbers, passed


def _is_text(raw: Raw) -> bool:
    """Text that may be passed over. What starts like an error is not: languages we do not know have errors too."""
    return isinstance(raw, str) and raw != LOADING and not (raw.startswith("#") and " " not in raw)


def check_unit(query: SheetsQuery, unit: Unit) -> None:
    """Whether the question can be answered in ``unit`` without guessing. Raises ``NoValueError``; needs no request."""
    percent, duration = unit == PERCENT, unit.dimension is Dimension.DURATION
    if query.measure == "share_true":
        if not percent:
            raise NoValueError(
                Cause.CONFIG, f"share_true answers in percent, the metric is in {unit}", "write unit: percent"
            )
    elif query.measure in COUNTS:
        if unit.dimension not in {Dimension.COUNT, Dimension.INDEX}:
            raise NoValueError(
                Cause.CONFIG, f"{query.measure} answers a count, the metric is in {unit}", "write unit: count"
            )
    elif percent and query.values not in {"fraction", "points"}:
        raise NoValueError(
            Cause.CONFIG,
            "the metric is in percent, and nothing says how its cells hold percent",
            hint="write values: fraction where the cell is formatted as percent (0.37 shows as 37%), "
            "values: points where it holds the plain number 37",
        )
    elif query.values in {"fraction", "points"} and not percent:
        raise NoValueError(
            Cause.CONFIG, f"values: {query.values} is for percent, the metric is in {unit}", "leave it out"
        )
    elif duration and query.values is None:
        raise NoValueError(
            Cause.CONFIG,
            f"the metric is in {unit.detail}, and nothing says how its cells hold a length of time",
            hint="write values: serial_days where the cell is formatted as a duration (01:30:00), "
            f"values: plain where it holds the plain number of {unit.detail}",
        )
    elif query.values in {"serial_days", "plain"} and not duration:
        raise NoValueError(
            Cause.CONFIG, f"values: {query.values} is for durations, the metric is in {unit}", "leave it out"
        )


def in_unit(value: Decimal, query: SheetsQuery, unit: Unit) -> Decimal:
    """What the cells hold, as a number in ``unit``: percent figures, or the unit of the duration."""
    if query.values == "fraction":
        return value * 100
    if query.values == "serial_days":
        # A time is kept as a binary fraction of a day: 200 s comes back as 199.99999999999998.
        return (value * SECONDS_IN["days"]).quantize(_MILLISECOND) / SECONDS_IN[unit.detail]
    return value
