"""Find what in a run needs a person, and notify people of it."""

from okrsync.alerts.company_runner import CompanyRunner

__all__ = ["CompanyRunner"]
