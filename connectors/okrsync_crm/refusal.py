"""Say that an export gives no value: because of what it holds, or of how it is read."""

from __future__ import annotations

from okrsync.connector import NoValueError
from okrsync.model import Cause


def bad_data(reason: str, *, hint: str = "") -> NoValueError:
    return NoValueError(Cause.DATA, reason, hint)


def bad_config(reason: str, *, hint: str = "") -> NoValueError:
    return NoValueError(Cause.CONFIG, reason, hint)
