"""Make faults with the answers of Notion's API and of proxies. Add them to ``server.faults``.

``where`` is a regular expression searched in ``METHOD /path?query``; the rest is as in ``okrsync.loopback.Fault``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Literal

from okrsync.loopback import Fault

_REQUEST_ID = "7d9c4a1e-0000-4000-8000-5a7e5a7e5a7e"
REQUESTS = "public_api_request_rate_limit"
SPACE = "public_api_space_request_rate_limit"
PATCHES = r"PATCH /v1/pages"


def _error(status: int, code: str, message: str, extra: dict[str, Any] | None = None) -> bytes:
    body: dict[str, Any] = {"object": "error", "status": status, "code": code, "message": message}
    if extra is not None:
        body["additional_data"] = extra
    return json.dumps({**body, "request_id": _REQUEST_ID}).encode()


def _json(where: str, status: int, body: bytes, times: int, skip: int, headers: dict[str, str]) -> Fault:
    stamped = {"x-notion-request-id": _REQUEST_ID, **headers}
    return Fault(where=where, status=status, headers=stamped, body=body, times=times, skip=skip)


def rate_limited(
    where: str = "", *, retry_after: str | int = 1, reason: str = REQUESTS, times: int = 1, skip: int = 0
) -> Fault:
    """429. ``reason`` REQUESTS is the connection's own budget, SPACE the workspace's: that wait can exceed a minute."""
    message = "You have been rate limited. Please try again in a few minutes."
    body = _error(429, "rate_limited", message, {"rate_limit_reason": reason})
    return _json(where, 429, body, times, skip, {"retry-after": str(retry_after)})


def rate_limited_plain_text(
    where: str = "", *, retry_after: str | int | None = None, times: int = 1, skip: int = 0
) -> Fault:
    """429 from the edge: text without a Notion body or request id, often without Retry-After."""
    headers = {"content-type": "text/plain", "cf-ray": "8f00000000000000-AMS"}
    if retry_after is not None:
        headers["retry-after"] = str(retry_after)
    return Fault(
        where=where, status=429, headers=headers, body=b"Too many requests\n", times=times, skip=skip
    )


def overloaded(where: str = "", *, retry_after: str | int = 5, times: int = 1, skip: int = 0) -> Fault:
    """529, since June 2026; to be handled like a 429. Unknown: its sentence."""
    body = _error(529, "service_overload", "Notion is overloaded. Please try again later.")
    return _json(where, 529, body, times, skip, {"retry-after": str(retry_after)})


def conflict(where: str = PATCHES, *, times: int = 1, skip: int = 0) -> Fault:
    """409: two writes met; nothing was saved."""
    body = _error(409, "conflict_error", "Conflict occurred while saving. Please try again.")
    return _json(where, 409, body, times, skip, {})


def internal(where: str = "", *, times: int = 1, skip: int = 0) -> Fault:
    body = _error(500, "internal_server_error", "Unexpected error occurred.")
    return _json(where, 500, body, times, skip, {})


def bad_gateway_html(where: str = "", *, times: int = 1, skip: int = 0) -> Fault:
    """502 from the edge, in HTML: what heavy formulas and rollups are known for."""
    page = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body></html>\r\n"
    headers = {"content-type": "text/html", "cf-ray": "8f00000000000000-AMS"}
    return Fault(where=where, status=502, headers=headers, body=page, times=times, skip=skip)


def service_unavailable(where: str = "", *, times: int = 1, skip: int = 0) -> Fault:
    """503: the request ran into the server's own limit of 60 seconds. Unknown: its sentence."""
    body = _error(503, "service_unavailable", "Notion is unavailable. Please try again later.")
    return _json(where, 503, body, times, skip, {})


def gateway_timeout(where: str = "", *, times: int = 1, skip: int = 0) -> Fault:
    """504. Unknown: its sentence."""
    body = _error(504, "gateway_timeout", "The request timed out. Please try again.")
    return _json(where, 504, body, times, skip, {})


def forbidden_html(where: str = "", *, times: int = 1, skip: int = 0) -> Fault:
    """403 from the edge: a block that is not about permissions."""
    headers = {"content-type": "text/html; charset=UTF-8", "cf-ray": "8f00000000000000-AMS"}
    page = b"<!DOCTYPE html><html><title>Attention Required!</title><body>Sorry, you have been blocked</body></html>"
    return Fault(where=where, status=403, headers=headers, body=page, times=times, skip=skip)


def captive_portal(where: str = "", *, times: int = 1, skip: int = 0) -> Fault:
    """200 with a page that no API would send: a proxy or a hotel's sign-in page."""
    page = b"<!DOCTYPE html><html><body>Please sign in to the network</body></html>"
    return Fault(
        where=where, status=200, headers={"content-type": "text/html"}, body=page, times=times, skip=skip
    )


def dropped(
    where: str = "", *, when: Literal["before", "after"] = "after", times: int = 1, skip: int = 0
) -> Fault:
    """The connection is cut: before Notion saw the request, or after it was applied and nobody knows."""
    return Fault(where=where, cut=when, times=times, skip=skip)


def meanwhile(where: str, happens: Callable[[], None], *, times: int = 1, skip: int = 0) -> Fault:
    """``happens`` runs just before the request is seen: a person's edit between a read and a write."""
    return Fault(where=where, prelude=happens, times=times, skip=skip)
