"""Run a command and write what it cost into a file: COST_FILE OUTPUT_FILE COMMAND...

A process of its own that imports little: the most memory of a new process is never less than that of the one which started
it, and pytest with the emulators is larger than some of the tools.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    with Path(sys.argv[2]).open("wb") as output:
        started = time.monotonic()
        exit_code = subprocess.call(sys.argv[3:], stdout=output, stderr=subprocess.STDOUT)
        seconds = time.monotonic() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    # macOS counts bytes, Linux KiB.
    mib = used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    cost = {"exit_code": exit_code, "seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "mib": mib}
    Path(sys.argv[1]).write_text(json.dumps(cost), encoding="utf-8")
