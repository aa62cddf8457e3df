"""How this connector says, from anywhere inside it, that there is no number."""

from __future__ import annotations

from okrsync.model import Cause, Missing


class NoAnswer(Exception):
    """Ends the work on a question, or on all questions about one file; never leaves the connector."""

    def __init__(self, cause: Cause, reason: str, *, hint: str = "") -> None:
        super().__init__(reason)
        self.cause = cause
        self.reason = reason
        self.hint = hint

    def missing(self, metric: str) -> Missing:
        return Missing(metric=metric, cause=self.cause, reason=self.reason, hint=self.hint)


def bad_data(reason: str, *, hint: str = "") -> NoAnswer:
    return NoAnswer(Cause.DATA, reason, hint=hint)


def bad_config(reason: str, *, hint: str = "") -> NoAnswer:
    return NoAnswer(Cause.CONFIG, reason, hint=hint)
