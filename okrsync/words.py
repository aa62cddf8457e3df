"""Say things in the reader's language: messages with plural forms, dates, ages, numbers."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from okrsync.model import COUNT, PERCENT, Dimension, Unit
from okrsync.periods import Cycle, Phase
from okrsync.progress import AtLeast, AtMost, Baseline, FromTo, Goal, Milestones, Within, YesNo
from okrsync.sentences import translated
from okrsync.units import show
from okrsync.units.language import cldr

LANGUAGES: Final = ("en", "de", "ru")
"""One file of messages for each. A company whose language is another one reads English."""

Message = str | Mapping[str, str]


@cache
def messages(language: str) -> Mapping[str, Message]:
    """The messages of one language, by their names."""
    text = (files("okrsync") / "messages" / f"{language}.toml").read_text(encoding="utf-8")
    found: dict[str, Message] = tomllib.loads(text)
    return found


def language_of(locale: str) -> str:
    """The language of the messages for a locale: its own if there is a file for it, else English."""
    own = locale.partition("_")[0]
    return own if own in LANGUAGES else LANGUAGES[0]


class Rendered(NamedTuple):
    """A text and the language that it is in."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Words:
    """What people read, for one company: its locale writes the numbers, its time zone dates the moments."""

    locale: str
    zone: ZoneInfo

    @property
    def language(self) -> str:
        return language_of(self.locale)

    def __call__(self, name: str, **values: object) -> str:
        """The message ``name`` with ``values`` put in."""
        found = messages(self.language)[name]
        assert isinstance(found, str), name
        return found.format(**values)

    def reason(self, text: str) -> Rendered:
        """What the engine or a connector says, in this language if it is known there."""
        own = text if self.language == LANGUAGES[0] else translated(text, self.language)
        return Rendered(own or text, self.language if own else LANGUAGES[0])

    def count(self, name: str, number: int, **values: object) -> str:
        """The message ``name`` in the plural form of ``number``, which is its ``{n}``."""
        found = messages(self.language)[name]
        assert not isinstance(found, str), name
        form = cldr(self.language).plural_form(number)
        return found[form].format(n=self.number(Decimal(number), COUNT), **values)

    def number(self, value: Decimal, unit: Unit) -> str:
        return show(value, unit, self.locale)

    def share(self, fraction: Decimal | None) -> str:
        """A fraction in whole percent, as a page needs no more; a dash if there is none."""
        return show(fraction * 100, PERCENT, self.locale, digits=0) if fraction is not None else "–"

    def short(self, value: Decimal, unit: Unit) -> str:
        """A number for the axis of a chart: two or three figures, ``€3.5M``."""
        from babel.numbers import format_compact_currency, format_compact_decimal

        if unit.dimension is Dimension.MONEY:
            text = format_compact_currency(value, unit.detail, locale=cldr(self.locale), fraction_digits=1)
            return str(text).replace("\u00a0", " ")
        if unit.dimension is Dimension.DURATION:
            return show(value, unit, self.locale, digits=0 if abs(value) >= 10 else 1)
        if unit.dimension in {Dimension.COUNT, Dimension.INDEX} and abs(value) >= 10_000:
            return format_compact_decimal(value, locale=cldr(self.locale), fraction_digits=1)
        return show(value, unit, self.locale, digits=0 if abs(value) >= 10 else 2)

    def day(self, day: date) -> str:
        """Like ``Nov 23, 2026``."""
        from babel.dates import format_date

        return format_date(day, "medium", locale=self._calendar)

    def short_day(self, day: date) -> str:
        """Like ``Nov 23``."""
        from babel.dates import format_skeleton

        return format_skeleton("MMMd", day, locale=self._calendar)

    def month(self, day: date) -> str:
        """Like ``Nov``."""
        from babel.dates import format_skeleton

        return format_skeleton("MMM", day, locale=self._calendar)

    def moment(self, at: datetime) -> str:
        """Like ``Nov 23, 2026, 7:00 AM``, in the company's time zone."""
        from babel.dates import format_date, format_time

        local = at.astimezone(self.zone)
        return f"{format_date(local, 'medium', locale=self._calendar)}, {format_time(local, 'short', locale=self._calendar)}"

    def weekday_moment(self, at: datetime) -> str:
        """Like ``Mon 23 Nov 2026, 07:00``, in the company's time zone: with the day of the week, for messages."""
        from babel.dates import format_datetime

        return format_datetime(at.astimezone(self.zone), self("digest_moment"), locale=self._calendar)

    def cycle_phase(self, cycle: Cycle, now: datetime) -> str:
        """That the cycle has not begun or is over, in a sentence; empty while it runs."""
        phase = cycle.phase(now)
        if phase is Phase.RUNNING:
            return ""
        days = {"start": cycle.start, "end": cycle.end, "until": cycle.last_day_of_closing}
        return self(f"cycle_{phase}", cycle=cycle.name, **{key: self.day(one) for key, one in days.items()})

    def ago(self, at: datetime, now: datetime) -> str:
        """Like ``10 hours ago``."""
        from babel.dates import format_timedelta

        if abs(at - now) < timedelta(minutes=1):
            return self("just_now")
        return format_timedelta(at - now, add_direction=True, locale=self._calendar)

    def goal(self, goal: Goal | None, unit: Unit) -> str:
        """A goal in a few characters: ``120 → 30``, ``≤ 90 s``, ``3 parts``."""
        match goal:
            case None:
                return self("no_goal")
            case FromTo(start, target):
                return f"{self.number(start, unit)} → {self.number(target, unit)}"
            case AtMost(limit, strict):
                return f"{'<' if strict else '≤'} {self.number(limit, unit)}"
            case AtLeast(limit, strict):
                return f"{'>' if strict else '≥'} {self.number(limit, unit)}"
            case Within(low, high):
                return f"{self.number(low, unit)} … {self.number(high, unit)}"
            case Milestones(parts):
                return self.count("parts", int(parts)) if parts == int(parts) else self.number(parts, COUNT)
            case YesNo():
                return self("done_or_not")
            case Baseline():
                return self("find_baseline")

    @property
    def _calendar(self) -> Any:
        """The locale of dates: the company's, unless the words around them are English for want of its language."""
        own = self.locale.partition("_")[0]
        return cldr(self.locale if own == self.language else self.language)
