"""Declare the errors, grouped by what the operator does next.

OkrsyncError
├── ConfigError    2   edit the YAML: file, line and column are in the message
├── UnsafePlan    10   read the plan, then confirm it
├── Busy          11   another run holds the company: wait for it
├── AccessError   12   renew or widen a credential
├── Unavailable    3   wait: the other side did not answer; nothing was written for it
├── DataError      3   fix the source: what it holds is not the number that was asked for
└── Conflict       3   a person or another program got there first; theirs is kept

Any other exception is a bug: exit code 1 with its traceback.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes of every command; they are an interface, documented in docs/reference.md."""

    IN_SYNC = 0
    BUG = 1
    CONFIG = 2
    HELD = 3
    UNSAFE = 10
    BUSY = 11
    ACCESS = 12
    INTERRUPTED = 130


class OkrsyncError(Exception):
    """An error that a person can act on.

    ``message`` says what is wrong and names the two values if there are two; ``hint`` says what to do or
    which command to run next. Neither ever holds a secret.
    """

    exit_code: ExitCode = ExitCode.HELD

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n  → {self.hint}" if self.hint else self.message


class ConfigError(OkrsyncError):
    """The configuration cannot be used as it is. ``place`` is ``file:line:column`` if it is known."""

    exit_code = ExitCode.CONFIG

    def __init__(self, message: str, *, hint: str = "", place: str = "") -> None:
        super().__init__(message, hint=hint)
        self.place = place

    def __str__(self) -> str:
        return f"{self.place}: {super().__str__()}" if self.place else super().__str__()


class UnsafePlan(OkrsyncError):
    """The plan changes more than its limits allow; nothing was written."""

    exit_code = ExitCode.UNSAFE


class Busy(OkrsyncError):
    """Another run holds the company's lease; nothing was read or written."""

    exit_code = ExitCode.BUSY


class AccessError(OkrsyncError):
    """A credential is missing, expired or may not see what was asked for."""

    exit_code = ExitCode.ACCESS


class Unavailable(OkrsyncError):
    """The other side did not answer in time, or not with anything usable, after every retry."""


class DataError(OkrsyncError):
    """A source answered, but what it holds is not the number that was asked for."""


class Conflict(OkrsyncError):
    """The destination has changed since the plan was made; it was left as it is."""


def exit_code_of(error: BaseException) -> ExitCode:
    """Which exit code an exception ends a command with."""
    if isinstance(error, OkrsyncError):
        return error.exit_code
    return ExitCode.INTERRUPTED if isinstance(error, KeyboardInterrupt) else ExitCode.BUG
