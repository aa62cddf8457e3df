"""The one error of our own: there is no number, and it is known why."""

from __future__ import annotations

from okrsync.errors import AccessError, ConfigError, DataError, OkrsyncError, Unavailable
from okrsync.model import Cause, Missing

_CAUSES = ((ConfigError, Cause.CONFIG), (AccessError, Cause.ACCESS), (Unavailable, Cause.UNAVAILABLE))


class NoValue(DataError):
    """There is no number; ``cause`` says in which sense. It never leaves the connector."""

    def __init__(self, message: str, *, cause: Cause = Cause.EMPTY, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.cause = cause


def missing(metric: str, error: OkrsyncError) -> Missing:
    """The answer to a question that ran into ``error``."""
    if isinstance(error, NoValue):
        cause = error.cause
    else:
        cause = next((cause for kind, cause in _CAUSES if isinstance(error, kind)), Cause.DATA)
    return Missing(metric=metric, cause=cause, reason=error.message, hint=error.hint)
