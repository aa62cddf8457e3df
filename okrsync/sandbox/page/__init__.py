"""Show a page to try okrsync: the made-up company's tables, a clock, Sync, and sources to break."""

from okrsync.sandbox.page.app import application
from okrsync.sandbox.page.visit import Visit

__all__ = ["Visit", "application"]
