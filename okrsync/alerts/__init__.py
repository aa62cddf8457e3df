"""Alerts: what in a run needs a person, and the requests that notify them."""

from okrsync.alerts.notify import CompanyRunner

__all__ = ["CompanyRunner"]
