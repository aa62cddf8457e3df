"""One line for each thing that the emulators assume: as assumed, it differs and how, or why it could not be tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import requests

from okrsync.network import session
from okrsync.redaction import redact

AS_ASSUMED: Final = "as assumed"
DIFFERS: Final = "differs"
UNTRIED: Final = "could not be tried"


class CannotTry(Exception):
    """What a check needs is not there; its text says what."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """``find`` asks the vendor for what the emulator assumes; without it, ``why`` says what stands in the way.

    ``mark`` is a name of ``marks``; one that ends with … is the beginning of it.
    """

    mark: str
    assumed: str = ""
    find: Callable[[Any], str] | None = None
    why: str = ""

    def is_about(self, mark: str) -> bool:
        return mark.startswith(self.mark[:-1]) if self.mark.endswith("…") else mark == self.mark


@dataclass(frozen=True, kw_only=True)
class Line:
    mark: str
    outcome: str
    detail: str

    def __str__(self) -> str:
        return f"{self.outcome:<18} {self.mark}\n{'':<18}   {self.detail}"


def lines(checks: Sequence[Check], vendor: Any, missing: str = "") -> list[Line]:
    """The report on ``checks``; ``missing`` says why none of them can be tried."""
    return [_line(check, vendor, missing) for check in checks]


def _line(check: Check, vendor: Any, missing: str) -> Line:
    if missing or check.find is None:
        return Line(mark=check.mark, outcome=UNTRIED, detail=missing or check.why)
    try:
        found = redact(check.find(vendor))
    except CannotTry as why:
        return Line(mark=check.mark, outcome=UNTRIED, detail=str(why))
    except (requests.RequestException, LookupError, TypeError, ValueError) as error:
        # The vendor answered in a way that the check does not understand: that is a line of the report, too.
        return Line(mark=check.mark, outcome=UNTRIED, detail=redact(f"{type(error).__name__}: {error}"))
    if found == check.assumed:
        return Line(mark=check.mark, outcome=AS_ASSUMED, detail=found)
    return Line(mark=check.mark, outcome=DIFFERS, detail=f"assumed: {check.assumed}; found: {found}")


@dataclass(frozen=True, kw_only=True)
class Reply:
    status: int
    body: Any

    @property
    def said(self) -> str:
        """Status and sentence of an error, in whichever of the vendors' shapes."""
        body = self.body if isinstance(self.body, dict) else {}
        error = body.get("error")
        words = (
            [str(error.get("message"))]
            if isinstance(error, dict)
            else [*map(str, body.get("errorMessages") or [])]
        )
        words += (
            [str(one) for one in (body.get("errors") or {}).values()]
            if isinstance(body.get("errors"), dict)
            else []
        )
        code = f" {body['code']}" if isinstance(body.get("code"), str) else ""
        return f"{self.status}{code}: {'; '.join(words) or body.get('message') or body}"


@dataclass
class Http:
    """Requests to one vendor as its documentation describes them, without the product's own client."""

    base: str
    headers: dict[str, str]
    _session: requests.Session = field(init=False)

    def __post_init__(self) -> None:
        self._session = session(self.base)

    def ask(self, method: str, path: str, body: Any = None, *, headers: Any = None, **query: Any) -> Reply:
        answer = self._session.request(
            method,
            path if "://" in path else f"{self.base}{path}",
            params=query,
            json=body,
            headers=self.headers | (headers or {}),
            timeout=60,
        )
        try:
            return Reply(status=answer.status_code, body=answer.json())
        except ValueError:
            return Reply(status=answer.status_code, body=answer.text[:200])

    def got(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """The body of an answer that must be well. Raises ``CannotTry``."""
        reply = self.ask(method, path, body, **query)
        if reply.status != 200:
            raise CannotTry(f"{method} {path}: {reply.said}")
        return reply.body
