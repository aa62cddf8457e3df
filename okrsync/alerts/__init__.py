"""Alerts: what of a run needs a person, and the requests that notify them."""

from okrsync.alerts.notify import run_and_notify

__all__ = ["run_and_notify"]
