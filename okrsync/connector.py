"""Share rules between plug-ins: how to say that there is no value, safe addresses, passing failures."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from okrsync.errors import AccessError, ConfigError, DataError, OkrsyncError, Unavailable
from okrsync.model import Cause, NoValue

LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_CAUSES: Final = ((ConfigError, Cause.CONFIG), (AccessError, Cause.ACCESS), (Unavailable, Cause.UNAVAILABLE))
# Too early, too slow, too many: the same request may succeed later, as after every fault of the server.
_PASSING: Final = frozenset({408, 425, 429})


class NoValueError(DataError):
    """Ends the work on one question: there is no value. ``cause`` says in which sense."""

    def __init__(self, cause: Cause, message: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.cause = cause


def no_value(metric: str, error: OkrsyncError) -> NoValue:
    """The answer to a question about ``metric`` that ended in ``error``."""
    return NoValue(metric=metric, cause=cause_of(error), reason=error.message, hint=error.hint)


def cause_of(error: OkrsyncError) -> Cause:
    """Which cause of a missing value an error is; an error that says nothing else is about the data."""
    if isinstance(error, NoValueError):
        return error.cause
    return next((cause for kind, cause in _CAUSES if isinstance(error, kind)), Cause.DATA)


def on_this_machine(url: str) -> bool:
    """Whether ``url`` leads to a loopback address, where no proxy and no encryption is needed."""
    return urlsplit(url).hostname in LOOPBACK


def is_encrypted(url: str) -> bool:
    """Whether nobody on the way can read a credential that is sent to ``url``: https, or this machine."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and on_this_machine(url))
    )


def encrypted(url: str) -> str:
    """``url`` without a slash at its end. Raises ``ValueError`` if a credential would be sent unencrypted."""
    if not is_encrypted(url):
        raise ValueError(f"{url} would send the credential unencrypted; write https://…")
    return url.rstrip("/")


def passes(status: int | None) -> bool:
    """Whether an HTTP status may be another one if the same request is sent again later."""
    return status is not None and (status in _PASSING or status >= 500)
