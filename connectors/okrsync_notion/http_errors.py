"""Say what each failure of a request to Notion means: it may pass, or it is an error with a next step."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from okrsync.connector import passes
from okrsync.errors import AccessError, ConfigError, DataError, OkrsyncError, Unavailable
from okrsync.http import Again, retry_after
from okrsync.redaction import redact
from okrsync_notion.answers import WrongAnswer
from okrsync_notion.library import HTTPResponseError, RequestTimeoutError, httpx

# What a sentence about a limit that counts blocks is likely to say.
BLOCK_LIMIT: Final = re.compile(
    r"block[^.]{0,20} limit|limit[^.]{0,20} block|upgrade|limit of (its|the|your) plan", re.IGNORECASE
)
TOKENS: Final = "https://www.notion.so/profile/integrations"


class NotFound(AccessError):
    """Notion knows nothing under this id, or does not show it to this token: it never says which."""


class NoRight(AccessError):
    """The token may not do this: it lacks a capability, or this page is shared with it for less."""


class Refused(DataError):
    """Notion understood the request and will not carry it out (400 and its like)."""


class BlockLimit(Refused):
    """Notion makes nothing new in this workspace, whatever it is."""


@dataclass(frozen=True, slots=True)
class Passing:
    """A failure that may pass. ``landed``: the request may have been carried out all the same."""

    again: Again
    landed: bool


ROWS: Final = "take `check_ins` out of the YAML; numbers in rows that are there are still written"
TABLES: Final = "make the tables in another workspace"


def at_block_limit(error: OkrsyncError, step: str) -> BlockLimit | None:
    """``error``, of something that was to be created, as the limit of a free workspace, if it looks like that.

    ``step`` is what to do beside changing the plan.

    Unknown: its status, code and sentence. That creates are refused and edits are not is documented.
    """
    if isinstance(error, Unavailable) or not BLOCK_LIMIT.search(error.message):
        return None
    return BlockLimit(
        f"Notion adds no more pages to this workspace: it has reached the block limit of its plan ({error.message})",
        hint=f"a free workspace with several members may hold 1,000 blocks: change its plan, or {step}",
    )


def verdict(error: Exception, what: str, *, token: str, now: datetime) -> Passing | OkrsyncError | None:
    """What ``error`` means for ``what`` was asked. None: it is not about the request at all, but a bug."""
    if isinstance(error, HTTPResponseError):
        return _answered(error, what, token, now)
    return _unanswered(error, what)


def _answered(error: HTTPResponseError, what: str, token: str, now: datetime) -> Passing | OkrsyncError:
    code, said = _spoken(error)
    detail = f"{code or error.status}: {said}{_trace(error)}"
    after = retry_after(error.headers.get("retry-after"), now)
    if error.status in {429, 529}:
        return Passing(Again(f"Notion asks to slow down ({_reason(error)})", after, busy=True), landed=False)
    if code == "conflict_error":
        return Passing(Again(detail, after), landed=False)
    if passes(error.status):
        return Passing(Again(detail, after), landed=True)
    # A page of a proxy or a portal says nothing of the token: Notion refuses in JSON.
    if error.status == 401 and "html" not in str(error.headers.get("content-type", "")).lower():
        return AccessError(
            f"{what}: Notion does not accept the token from {token} ({detail})",
            hint=f"copy the token again from {TOKENS}",
        )
    if error.status == 403 and code == "restricted_resource":
        return NoRight(
            f"{what}: the connection may not do this ({detail})",
            hint=f"give it the capabilities to read, update and insert content at {TOKENS}",
        )
    if error.status == 404 and code == "object_not_found":
        return NotFound(f"{what}: {detail}", hint="share it with the connection: ••• > Connections")
    if error.status in {400, 409} or code:
        return Refused(f"{what}: Notion refused it, {detail}")
    return Unavailable(
        f"{what}: something between okrsync and Notion answered {detail}",
        hint="look at proxies, firewalls and `url` of the connection",
    )


def _unanswered(error: Exception, what: str) -> Passing | OkrsyncError | None:
    if isinstance(error, RequestTimeoutError):
        return Passing(Again("no answer in time"), landed=True)
    if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return ConfigError(f"{what}: {error}", hint="fix `url` of the connection")
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return Passing(Again(f"no connection ({error})"), landed=False)
    if isinstance(error, httpx.DecodingError):
        return Passing(Again(f"the answer cannot be unpacked ({error})"), landed=True)
    if isinstance(error, httpx.HTTPError):
        return Passing(Again(f"the connection broke ({type(error).__name__})"), landed=True)
    if isinstance(error, WrongAnswer):
        return Passing(Again(f"the answer is not Notion's, but {error}"), landed=True)
    return None


def _spoken(error: HTTPResponseError) -> tuple[str, str]:
    """Code and message of Notion's error body; the client itself gives up on codes it does not know."""
    try:
        body = json.loads(error.body)
    except (ValueError, RecursionError):
        return "", "an answer that is not Notion's"
    if not isinstance(body, dict):
        return "", "an answer that is not Notion's"
    return str(body.get("code") or ""), redact(str(body.get("message") or "no message"))


def _reason(error: HTTPResponseError) -> str:
    given = error.additional_data or {}
    return str(given.get("rate_limit_reason") or error.status)


def _trace(error: HTTPResponseError) -> str:
    """What Notion's support asks for: the request's id, and the edge's if it never got further."""
    request = error.request_id or error.headers.get("x-notion-request-id")
    ray = error.headers.get("cf-ray")
    parts = [f"request {request}" if request else "", f"cf-ray {ray}" if ray else ""]
    named = ", ".join(part for part in parts if part)
    return f" ({named})" if named else ""
