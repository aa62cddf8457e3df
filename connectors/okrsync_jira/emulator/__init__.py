"""Jira on this machine, for tests and the sandbox. It needs the extra ``sandbox``."""

from okrsync_jira.emulator import faults
from okrsync_jira.emulator.app import JiraEmulator
from okrsync_jira.emulator.changes import BadSeed

__all__ = ["BadSeed", "JiraEmulator", "faults"]
