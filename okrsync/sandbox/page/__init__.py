"""A page to touch: the made-up company's tables, a clock, a button that syncs, and sources to change and to break."""

from okrsync.sandbox.page.app import application
from okrsync.sandbox.page.visit import Visit

__all__ = ["Visit", "application"]
