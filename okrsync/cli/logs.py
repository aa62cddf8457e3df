"""Log lines on stderr, as text or as JSON lines (``OKRSYNC_LOG``), with every secret redacted."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime

from okrsync.cli.streams import json_line, visible


class _Lines(logging.Formatter):
    """One line a record. ``form`` is text or json; the time is the record's, in UTC."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self._form = form

    def format(self, record: logging.LogRecord) -> str:
        from okrsync.redaction import redact

        at = datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="seconds")
        message = redact(record.getMessage())
        if self._form == "json":
            line = {"at": at, "level": record.levelname.lower(), "logger": record.name, "message": message}
            return json_line(line, sys.stderr)
        return visible(f"{at} {record.levelname.lower()} {message}")


def log_to_stderr(form: str) -> None:
    """Send okrsync's log to the current stderr, in place of any earlier handler."""
    logger = logging.getLogger("okrsync")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Lines(form))
    logger.handlers = [handler]
    logger.setLevel(logging.INFO)
    logger.propagate = False
