"""Ctrl-C and SIGTERM stop the demo, whichever command it is showing."""

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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("words", "line"),
    [
        ((), "$ okrsync sync demo"),
        (("--serve", "--book"), "Ctrl-C ends it."),
    ],
)
def test_a_signal_stops_the_demo(
    tmp_path: Path, number: signal.Signals, words: tuple[str, ...], line: str
) -> None:
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
    assert process.returncode == 130, said
    assert line in shown[-1]
    assert "$ okrsync" not in rest
    assert "What Notion holds now" not in rest
    assert said.splitlines()[-1] == "okrsync: interrupted; run it again to finish"
    assert said.count("interrupted") == 1
    assert list(tmp_path.iterdir()) == []
