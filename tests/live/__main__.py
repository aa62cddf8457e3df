"""``make live``: print the report on what the emulators assume; see docs/live-check.md."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import requests
from google.auth.exceptions import GoogleAuthError

from okrsync.errors import OkrsyncError
from okrsync.redaction import redact
from tests.live import jira, notion, sheets
from tests.live.report import DIFFERS, CannotTry, Line, lines


def report(wait: Callable[[float], None] = time.sleep) -> Iterator[Line]:
    """A line for each check; ``wait`` lets a minute pass."""
    yield from _vendor(notion, lambda: notion.scratch(wait))
    yield from _vendor(jira, jira.site)
    yield from _vendor(sheets, sheets.scratch)


def _vendor(vendor: Any, connect: Callable[[], AbstractContextManager[Any]]) -> Iterator[Line]:
    if missing := [name for name in vendor.NEEDS if not os.environ.get(name)]:
        yield from lines(vendor.CHECKS, None, f"set {', '.join(missing)}")
        return
    try:
        with connect() as connected:
            yield from lines(vendor.CHECKS, connected)
    except (OkrsyncError, CannotTry, GoogleAuthError, requests.RequestException) as error:
        yield from lines(vendor.CHECKS, None, redact(str(error)))


def main() -> int:
    """0 if nothing differs, else 3."""
    outcomes: Counter[str] = Counter()
    for line in report():
        outcomes[line.outcome] += 1
        sys.stdout.write(f"{line}\n")
    sys.stdout.write(", ".join(f"{count} {outcome}" for outcome, count in outcomes.items()) + "\n")
    return 3 if outcomes[DIFFERS] else 0


if __name__ == "__main__":
    sys.exit(main())
