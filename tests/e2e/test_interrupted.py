"""A signal ends a command at once, even if a server never answers."""

from __future__ import annotations

import signal
import threading
from typing import Any

import pytest

from okrsync.loopback import Fault

COMMANDS = [
    "plan demo",
    "doctor demo",
    "backfill demo --from 2026-10-01",
    "sync demo",
    "sync --all",
]


@pytest.mark.parametrize("words", COMMANDS)
def test_a_signal_ends_a_command_whose_source_does_not_answer(desk: Any, words: str) -> None:
    asked, ended = threading.Event(), threading.Event()

    def never_answer() -> None:
        asked.set()
        assert ended.wait(240)

    desk.jira.server.faults.append(Fault(where="search", prelude=never_answer))
    process = desk.start(*words.split())
    try:
        while not asked.wait(0.1):
            assert process.poll() is None, process.communicate()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=120)
    finally:
        ended.set()
        process.kill()
    assert process.returncode == 130, err
    assert err.splitlines()[-1] == "okrsync: interrupted; run it again to finish"
    assert "Traceback" not in err
    assert desk.writes == 0
    assert desk.run("sync", "demo").code in {0, 3}
