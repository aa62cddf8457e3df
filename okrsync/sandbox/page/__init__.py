"""A page to touch: the tables of the made-up company, a clock, Sync, and sources to break."""

from okrsync.sandbox.page.app import application
from okrsync.sandbox.page.visit import Visit

__all__ = ["Visit", "application"]
