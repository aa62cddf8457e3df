"""Ctrl-C and SIGTERM stop the demo, whichever command it is showing; the page of ``--serve`` they end in the normal way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

# A shell that starts the tests in the background has them ignore Ctrl-C; a person's shell does not.
DEMO = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from okrsync.cli import main
sys.exit(main())
"""


def stopped(
    tmp_path: Path, number: signal.Signals, words: tuple[str, ...], line: str
) -> tuple[int, str, str]:
    """The exit code, what is printed after ``line``, at which the signal is sent, and stderr."""
    process = subprocess.Popen(
        [sys.executable, "-c", DEMO, "demo", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=dict(os.environ) | {"TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    shown = []
    for printed in process.stdout:
        shown.append(printed)
        if printed.startswith(line):
            break
    process.send_signal(number)
    rest, said = process.communicate(timeout=120)
    assert line in shown[-1]
    assert list(tmp_path.iterdir()) == []
    return process.returncode, rest, said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("words", [("--serve",), ("--serve", "--book")])
def test_a_signal_is_the_normal_end_of_a_demo_that_stays_up(
    tmp_path: Path, number: signal.Signals, words: tuple[str, ...]
) -> None:
    code, rest, said = stopped(tmp_path, number, words, "Ctrl-C ends it.")
    assert (code, rest, said) == (0, "The demo has ended and is gone. Goodbye.\n", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_demo(tmp_path: Path, number: signal.Signals) -> None:
    code, rest, said = stopped(tmp_path, number, (), "$ okrsync sync demo")
    assert code == 130, said
    assert "$ okrsync" not in rest
    assert "What Notion holds now" not in rest
    assert said.splitlines()[-1] == "okrsync: interrupted; run it again to finish"
    assert said.count("interrupted") == 1
