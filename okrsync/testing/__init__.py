"""Support the tests of plug-ins: a clock that jumps, and the contract suites."""

from okrsync.testing.clock import JumpClock

__all__ = ["JumpClock"]
