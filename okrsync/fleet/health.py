"""Give signs of life in a file, for processes that stay, and check how old the last one is."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from okrsync.errors import ExitCode, Unavailable
from okrsync.fleet.runs import CompanyRun

BEAT: Final = 10.0
"""Seconds between two signs of life."""

_log = logging.getLogger("okrsync.fleet")


@dataclass(kw_only=True)
class Health:
    """The health of ``process`` (its command), which ``say`` writes to ``file``, if there is one.

    ``say`` is to be called every ``beat`` seconds by what must not hang. Threads may share it.
    """

    file: Path | None
    process: str
    beat: float = BEAT
    _running: dict[str, datetime] = field(default_factory=dict)
    _not_in_sync: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def watched(self, name: str, run: Callable[[], CompanyRun | None]) -> CompanyRun | None:
        """Run one company, which counts as running until its run has ended."""
        with self._lock:
            self._running[name] = datetime.now(tz=UTC)
        try:
            ended = run()
        finally:
            with self._lock:
                del self._running[name]
        if ended is not None:
            with self._lock:
                self._not_in_sync.pop(name, None)
                if ended.code is not ExitCode.IN_SYNC:
                    self._not_in_sync[name] = int(ended.code)
        return ended

    def forget(self, name: str) -> None:
        """Drop a company whose YAML is gone."""
        with self._lock:
            self._not_in_sync.pop(name, None)

    def say(self, **more: int) -> None:
        """Write a sign of life, with further numbers."""
        if self.file is None:
            return
        with self._lock:
            state = {
                "process": self.process,
                "at": datetime.now(tz=UTC).isoformat(),
                "beat": self.beat,
                **more,
                "running": {name: since.isoformat() for name, since in self._running.items()},
                "not_in_sync": dict(self._not_in_sync),
            }
        draft = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        try:
            draft.write_text(json.dumps(state), encoding="utf-8")
            draft.replace(self.file)
        except OSError as error:
            # A full disk stops no sync; the health check reports it.
            _log.warning("no sign of life can be given in %s: %s", self.file, error.strerror)

    def end(self) -> None:
        """Remove the file: the process ends as it should."""
        if self.file is not None:
            self.file.unlink(missing_ok=True)


def state_of_health(file: Path, now: datetime) -> dict[str, Any]:
    """The last sign of life in ``file``. Raises ``Unavailable`` if it is older than three beats."""
    try:
        state: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        silent = (now - datetime.fromisoformat(state["at"])).total_seconds()
        beat, process = float(state["beat"]), str(state["process"])
    except (OSError, ValueError, KeyError) as error:
        raise Unavailable(
            f"nobody says in {file} that it is alive ({type(error).__name__})",
            hint="start okrsync schedule run or okrsync worker, with the same OKRSYNC_HEALTH",
        ) from error
    if silent > 3 * beat:
        raise Unavailable(
            f"{process}, which writes to {file}, was last heard {silent:.0f} s ago", hint=f"restart {process}"
        )
    return state
