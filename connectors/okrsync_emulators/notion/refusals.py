"""Refuse as Notion does: codes and sentences as recorded from the real API, if there is a record."""

from __future__ import annotations

import json
from typing import Any

from okrsync_emulators.notion.workspace import User


class RefusalError(Exception):
    """A request that Notion turns down: ``status``, ``code`` and ``message`` become the answer."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        extra: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.extra = extra
        self.headers = headers or {}

    def body(self, request_id: str) -> dict[str, Any]:
        """The error object, in the order of keys that Notion uses."""
        answer: dict[str, Any] = {
            "object": "error",
            "status": self.status,
            "code": self.code,
            "message": self.message,
        }
        if self.extra is not None:
            answer["additional_data"] = self.extra
        return {**answer, "request_id": request_id}


def shown(value: Any) -> str:
    """A value between backticks, as Notion quotes it."""
    return f"`{json.dumps(value, ensure_ascii=False)}`"


def invalid(message: str) -> RefusalError:
    return RefusalError(400, "validation_error", message)


def malformed(path: str, expected: str, value: Any) -> RefusalError:
    """``path`` starts with ``body``, ``path`` or ``query``: the part of the request that failed."""
    part = path.split(".", 1)[0]
    return invalid(f"{part} failed validation: {path} should be {expected}, instead was {shown(value)}.")


def undefined(path: str, expected: str = "defined") -> RefusalError:
    part = path.split(".", 1)[0]
    return invalid(f"{part} failed validation: {path} should be {expected}, instead was `undefined`.")


def too_long(path: str, limit: int, length: int) -> RefusalError:
    part = path.split(".", 1)[0]
    return invalid(f"{part} failed validation: {path}.length should be ≤ `{limit}`, instead was `{length}`.")


def not_found(noun: str, identity: str, bot: User) -> RefusalError:
    """What is gone, never was, or is not shared: Notion does not tell these apart."""
    message = (
        f"Could not find {noun} with ID: {identity}. Make sure the relevant pages and databases are shared "
        f'with your integration "{bot.name}".'
    )
    return RefusalError(404, "object_not_found", message, extra={"integration_id": bot.id})


def out_of_range(path: str, bound: str, value: Any) -> RefusalError:
    part = path.split(".", 1)[0]
    return invalid(f"{part} failed validation: {path} should be {bound}, instead was `{value}`.")


def unknown_route() -> RefusalError:
    return RefusalError(400, "invalid_request_url", "Invalid request URL.")


def unsupported(what: str) -> RefusalError:
    """For what Notion can do and this emulator cannot: loud, in Notion's shape, and telling who speaks."""
    return invalid(f"The okrsync emulator of Notion does not support {what}.")
