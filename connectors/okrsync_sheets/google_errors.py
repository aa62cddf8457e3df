"""Judge a failed request to Google: try it again, or say what it means in Google's words."""

from __future__ import annotations

from typing import Final

import requests
from google.auth.exceptions import RefreshError, TransportError

from okrsync.connector import passes
from okrsync.http import Again, retry_after
from okrsync.ports import Clock

# Google refills a spent quota each minute: five such waits outlast one.
QUOTA_WAIT: Final = 15.0


class IncompleteError(Exception):
    """An answer arrived, but not whole."""


class GoogleError(Exception):
    """An answer that is an error, in Google's words; ``message`` is empty if it is no answer of the API."""

    def __init__(
        self,
        code: int,
        after: float | None,
        status: str = "",
        message: str = "",
        reasons: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(code)
        self.code = code
        self.after = after
        self.status = status
        self.message = message
        self.reasons = reasons


def google_error(response: requests.Response, clock: Clock) -> GoogleError:
    code, after = response.status_code, retry_after(response.headers.get("Retry-After"), clock.now())
    try:
        error = response.json()["error"]
        details = [*error.get("details", []), *error.get("errors", [])]
        marks = {str(item.get(key)) for item in details for key in ("reason", "domain") if item.get(key)}
        return GoogleError(code, after, str(error.get("status", "")), str(error["message"]), frozenset(marks))
    except (ValueError, LookupError, TypeError, AttributeError):
        # A page of a proxy or load balancer: its text says nothing worth showing.
        return GoogleError(code, after)


def passing(error: Exception) -> Again | None:
    if isinstance(error, GoogleError):
        if error.code == 429 or (error.code == 403 and "usageLimits" in error.reasons):
            return Again("the quota of reads per minute is spent", after=error.after or QUOTA_WAIT, busy=True)
        if passes(error.code):
            return Again(f"Google answered {error.code}", after=error.after)
        return None
    if isinstance(error, requests.Timeout):
        return Again("no answer in time")
    if isinstance(error, IncompleteError | requests.exceptions.JSONDecodeError):
        return Again("the answer did not arrive whole")
    if isinstance(error, requests.ConnectionError | requests.exceptions.ChunkedEncodingError):
        return Again("the connection failed")
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return Again("the answer did not arrive whole")
    return None


def passing_sign_in(error: Exception) -> Again | None:
    if isinstance(error, TransportError):
        return Again(
            str(error) if str(error).startswith("the token server") else "the token server cannot be reached"
        )
    if isinstance(error, RefreshError) and error.retryable:
        return Again("the token server failed")
    return None
