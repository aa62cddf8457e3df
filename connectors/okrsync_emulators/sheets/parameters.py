"""Read the query parameters of a request as Google does: field masks and options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request

from okrsync_emulators.sheets import masks
from okrsync_emulators.sheets.answers import Refusal

_ENUMS: Final = {
    "valueRenderOption": ("FORMATTED_VALUE", "UNFORMATTED_VALUE", "FORMULA"),
    "dateTimeRenderOption": ("SERIAL_NUMBER", "FORMATTED_STRING"),
    "majorDimension": ("ROWS", "COLUMNS"),
}
_TYPES: Final = {
    "valueRenderOption": "google.apps.sheets.v4.ValueRenderOption",
    "dateTimeRenderOption": "google.apps.sheets.v4.DateTimeRenderOption",
    "majorDimension": "google.apps.sheets.v4.Dimension",
}


def mask(request: Request, known: Mapping[str, Any]) -> masks.Mask:
    text = request.query_params.get("fields")
    if text is None:
        return {}
    try:
        found = masks.parse(text)
        wrong = masks.unknown(found, known)
    except ValueError:
        found, wrong = {}, text
    if wrong or not found:
        violation = {
            "field": wrong,
            "description": f"Error expanding 'fields' parameter. Cannot find matching fields for path '{wrong}'.",
        }
        detail = {"@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": [violation]}
        raise Refusal(400, "INVALID_ARGUMENT", "Request contains an invalid argument.", [detail])
    return found


def options(request: Request) -> dict[str, str]:
    chosen = {name: request.query_params[name] for name in _ENUMS if name in request.query_params}
    for name, value in chosen.items():
        if value not in _ENUMS[name]:
            snake = re.sub(r"(?=[A-Z])", "_", name).lower()
            raise Refusal(
                400,
                "INVALID_ARGUMENT",
                f"Invalid value at '{snake}' (type.googleapis.com/{_TYPES[name]}), \"{value}\"",
            )
    return chosen
