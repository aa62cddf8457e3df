"""Compute when a company is due: a cron line of five fields, in the company's time zone.

Daylight saving is kept as Debian's cron keeps it: a line with a fixed hour that falls into the hour that is skipped in
spring comes once, right after the gap; in the hour that is repeated in autumn it comes once, the first time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

SHORTHANDS: Final = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
}
AHEAD: Final = timedelta(minutes=5)
"""How far the clocks of two machines may differ: what is later than now by more is a time in the future."""
_FORM: Final = 'write minute, hour, day of month, month and day of week, such as "0 7 * * mon-fri"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """``line`` is as a person wrote it; its times are those of a clock on the wall in ``zone``."""

    line: str
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime:
        """The first time after ``moment``, in UTC."""
        for found in _times(self.line, moment.astimezone(self.zone)):
            # In the repeated hour the library counts on from its first pass.
            if (instant := found.astimezone(UTC)) > moment:
                return instant
        raise LookupError(self.line)

    def due(self, last: datetime | None, now: datetime) -> bool:
        """Whether one of its times has come since ``last``, once or more; what has never run is due.

        If ``last`` lies in the future, a clock was wrong: nobody knows when it was, so it is due.
        """
        return last is None or last > now + AHEAD or self.after(last) <= now

    def missed(self, last: datetime, now: datetime, *, at_most: int) -> int:
        """How many of its times have come since ``last``, counted no further than ``at_most``."""
        count, moment = 0, last
        while count < at_most and (moment := self.after(moment)) <= now:
            count += 1
        return count


def schedule(line: str, zone: ZoneInfo) -> Schedule:
    """Check a cron line. Raises ``ValueError`` that says what is wrong with it and how to write it."""
    found = Schedule(line=" ".join(line.split()), zone=zone)
    try:
        found.after(datetime(2024, 1, 1, tzinfo=UTC))  # a leap year: 29 February must be found
    except CronSimError as error:
        raise ValueError(f"{line!r} is no cron line ({str(error).lower()}); {_FORM}") from None
    except LookupError:
        raise ValueError(f"{line!r} never comes; {_FORM}") from None
    return found


def _times(line: str, start: datetime) -> CronSim:
    plain = SHORTHANDS.get(line.lower(), line)
    if len(plain.split()) != 5:
        # The library would read six fields, the first as seconds: no person means that.
        raise CronSimError("it needs five fields")
    return CronSim(plain, start)
