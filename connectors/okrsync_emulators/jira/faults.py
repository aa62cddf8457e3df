"""Make faults with Jira's shapes, for ``emulator.server.faults``."""

from __future__ import annotations

import json
from typing import Final

from okrsync.loopback import Fault

_BURST = {
    "ratelimit-reason": "jira-burst-based",
    "x-ratelimit-limit": "350",
    "x-ratelimit-remaining": "0",
    "x-ratelimit-nearlimit": "true",
}
LOGIN_PAGE: Final = (
    b"<!DOCTYPE html><html><head><title>Log in with Atlassian account</title></head>"
    b'<body><form id="form-login" action="/login"></form></body></html>'
)
_REASONS = {
    408: "Request Timeout",
    500: "Internal server error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


def rate_limited(
    where: str = "search",
    *,
    retry_after: str | None = "1",
    times: int = 1,
    skip: int = 0,
    reset: str | None = None,
    reason: str = "jira-burst-based",
) -> Fault:
    """429 as Jira Cloud says it. ``retry_after`` is sent as it is: "1", "0.5" or an HTTP date; ``reset`` is ISO 8601."""
    headers = {**_BURST, "ratelimit-reason": reason}
    if retry_after is not None:
        headers["retry-after"] = retry_after
    if reset is not None:
        headers["x-ratelimit-reset"] = reset
    body = json.dumps({"errorMessages": ["Rate limit exceeded."], "errors": {}}).encode()
    return Fault(where=where, times=times, skip=skip, status=429, headers=headers, body=body)


def server_error(where: str = "search", *, status: int = 503, times: int = 1, skip: int = 0) -> Fault:
    """408, 500, 502, 503 or 504: Jira's JSON for 500, a proxy's page for the others."""
    if status == 500:
        body = json.dumps({"errorMessages": [_REASONS[500]], "errors": {}}).encode()
        return Fault(where=where, times=times, skip=skip, status=status, body=body)
    page = f"<html><head><title>{status} {_REASONS[status]}</title></head></html>".encode()
    headers = {"content-type": "text/html"}
    return Fault(where=where, times=times, skip=skip, status=status, headers=headers, body=page)


def html_page(where: str = "rest/api", *, times: int = 1, skip: int = 0) -> Fault:
    """200 with a login page where JSON should be: single sign-on, or a wrong context path."""
    headers = {"content-type": "text/html;charset=UTF-8"}
    return Fault(where=where, times=times, skip=skip, status=200, headers=headers, body=LOGIN_PAGE)


def single_sign_on(where: str = "rest/api", *, times: int = 1, skip: int = 0) -> Fault:
    """302 to a login page, which then answers 200 with HTML."""
    return Fault(where=where, times=times, skip=skip, status=302, headers={"location": "/login"})


def data_center_busy(
    where: str = "search", *, retry_after: str = "1", times: int = 1, skip: int = 0
) -> Fault:
    """429 as Data Center's token bucket says it."""
    headers = {
        "retry-after": retry_after,
        "x-ratelimit-limit": "100",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-fillrate": "10",
        "x-ratelimit-interval-seconds": "60",
    }
    body = json.dumps({"message": "Rate limit exceeded."}).encode()
    return Fault(where=where, times=times, skip=skip, status=429, headers=headers, body=body)


def lost(where: str = "search", *, times: int = 1, skip: int = 0) -> Fault:
    """The connection is cut before an answer."""
    return Fault(where=where, times=times, skip=skip, cut="before")


def cut_json(where: str = "search", *, times: int = 1, skip: int = 0) -> Fault:
    """200 with JSON that ends in the middle."""
    return Fault(where=where, times=times, skip=skip, status=200, body=b'{"issues":[{"id":"100')
