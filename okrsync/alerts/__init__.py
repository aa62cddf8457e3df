"""Find what in a run needs a person, and notify people of it."""

from okrsync.alerts.notify import CompanyRunner

__all__ = ["CompanyRunner"]
