"""Emulate Jira on this machine, for tests and the sandbox."""

from okrsync_emulators.jira import faults
from okrsync_emulators.jira.app import JiraEmulator
from okrsync_emulators.jira.changes import BadSeed

__all__ = ["BadSeed", "JiraEmulator", "faults"]
