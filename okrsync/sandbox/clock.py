"""Tell the time of the demo: from its own present on, and in every terminal the same."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from okrsync.errors import ConfigError

# The demo's present: a Monday morning in the middle of its cycle, so that every run of it looks the same.
PRESENT: Final = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
# At the demo's present, a Monday's 6:00, the newest export is last night's of 20:00.
EXPORT_AGE: Final = timedelta(hours=10)
CLOCK: Final = "clock.json"


class DemoClock:
    """Starts at the demo's present and runs as fast as time does."""

    def __init__(self) -> None:
        self._started = time.monotonic()

    def now(self) -> datetime:
        return PRESENT + timedelta(seconds=time.monotonic() - self._started)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class SharedClock:
    """The clock of a demo that stays up: a file in its folder says what time it was there at a real moment.

    Every process that reads the file has the same time, also after somebody has moved it.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / CLOCK

    def now(self) -> datetime:
        """Raises ``ConfigError`` if the demo has ended."""
        try:
            said = json.loads(self._file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ConfigError(
                "the demo that this terminal belongs to has ended",
                hint="open a new terminal, or: unset OKRSYNC_DEMO",
            ) from None
        passed = datetime.now(UTC) - datetime.fromisoformat(said["real"])
        return datetime.fromisoformat(said["demo"]) + passed

    def set(self, moment: datetime) -> None:
        """From now on it is ``moment`` here."""
        said = {"demo": moment.isoformat(), "real": datetime.now(UTC).isoformat()}
        new = self._file.with_suffix(".new")
        new.write_text(json.dumps(said), encoding="utf-8")
        new.replace(self._file)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class ImpatientClock(SharedClock):
    """A ``SharedClock`` for a visitor who presses a button: what would be waited for is skipped.

    Nothing here needs the waits: the emulators have no limits, and a visitor who broke one does not repair it meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._skipped = 0.0

    def monotonic(self) -> float:
        return time.monotonic() + self._skipped

    def sleep(self, seconds: float) -> None:
        self._skipped += seconds
