"""Warn of numbers that say another thing than was meant: 0.98 is not 98 %, and 10.000 is 10."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from okrsync.codec import number
from okrsync.config.problems import Problems
from okrsync.config.yamlfile import PathInFile
from okrsync.model import Dimension, Unit
from okrsync.units import looks_like_a_fraction, parse_number
from okrsync.units.language import cldr

_GROUPED: Final = re.compile(r"-?[1-9]\d{0,2}\.\d{3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """How the numbers of one part of the YAML are written, and where that part is."""

    unit: Unit
    locale: str
    at: PathInFile


def warn_of_points(subject: str, said: Mapping[str, object], written: Written, problems: Problems) -> None:
    """Warn of a number without quotes whose point groups the digits where the company is: YAML reads 10.000 as 10."""
    for key, value in said.items():
        for one in value if isinstance(value, list | tuple) else (value,):
            if isinstance(one, Decimal) and _GROUPED.fullmatch(str(one)) and _groups_by_point(written.locale):
                plain = str(one).replace(".", "")
                problems.warn(
                    (*written.at, key),
                    f"{subject}: {key}: {one} is {number(one)}, because the point is YAML's decimal sign; for {plain} write {plain}",
                )


def _groups_by_point(locale: str) -> bool:
    from babel.numbers import get_group_symbol

    return bool(get_group_symbol(cldr(locale)) == ".")


def warn_of_shares(subject: str, said: Mapping[str, object], written: Written, problems: Problems) -> None:
    """Warn of the numbers in ``said`` (key to what the YAML says) that are percentages between 0 and 1."""
    if written.unit.dimension is not Dimension.PERCENT:
        return
    for key, value in said.items():
        for one in _numbers(value, written):
            if looks_like_a_fraction(one):
                meant, now = number(one * 100), number(one)
                # A change that is written with a sign of percent is a share of the baseline.
                write = (
                    f"for {meant} points write {meant}"
                    if key == "change"
                    else f"for {meant} % write {meant}%"
                )
                problems.warn((*written.at, key), f"{subject}: {key}: {now} in percent is {now} %; {write}")


def _numbers(value: object, written: Written) -> Iterator[Decimal]:
    """The numbers that are written without a sign of percent."""
    if isinstance(value, list | tuple):
        for one in value:
            yield from _numbers(one, written)
    elif isinstance(value, Decimal):
        yield value
    elif isinstance(value, str) and any(letter.isdigit() for letter in value) and "%" not in value:
        try:
            yield parse_number(value.strip().removeprefix("+"), written.unit, written.locale)
        except ValueError:
            return
