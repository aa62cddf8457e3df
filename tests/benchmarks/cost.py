"""What a command costs: its time, its processor time, its most memory.

The most memory of a new process counts from what the one that started it has, and pytest with the emulators is larger than
most of what is measured. So a small process of this module starts the command: COST_FILE OUTPUT_FILE COMMAND...
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """Seconds on the clock and of a processor, most memory in MiB."""

    exit_code: int
    seconds: float
    cpu: float
    mib: float


def cost_of(
    command: Sequence[str],
    *,
    output: Path = Path(os.devnull),
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Cost:
    """Run ``command`` in ``folder``; all that it prints goes into ``output``."""
    with tempfile.TemporaryDirectory() as name:
        measured = Path(name) / "cost.json"
        starter = [sys.executable, "-I", "-S", __file__, str(measured), str(output)]
        subprocess.run([*starter, *command], cwd=folder, env=environment, check=True)
        return Cost(**json.loads(measured.read_text(encoding="utf-8")))


def _measured(command: Sequence[str], output: Path) -> Cost:
    with output.open("wb") as file:
        started = time.monotonic()
        exit_code = subprocess.call(command, stdout=file, stderr=subprocess.STDOUT)
        seconds = time.monotonic() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    # macOS counts bytes, Linux KiB.
    mib = used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return Cost(exit_code=exit_code, seconds=seconds, cpu=used.ru_utime + used.ru_stime, mib=mib)


if __name__ == "__main__":
    found = _measured(sys.argv[3:], Path(sys.argv[2]))
    Path(sys.argv[1]).write_text(json.dumps(asdict(found)), encoding="utf-8")
