"""Check that Google's answers have the shapes it documents, before anything reads them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

Shape = Any
"""A type, a list of one shape, or a mapping of names to shapes; what an answer holds beside them is left out."""

_GRID_RANGE: Final = dict.fromkeys(
    ("sheetId", "startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex"), int
)
_CELL: Final[Shape] = {
    "userEnteredValue": {"formulaValue": str},
    "effectiveValue": {
        "numberValue": float,
        "stringValue": str,
        "boolValue": bool,
        "errorValue": {"type": str, "message": str},
    },
    "effectiveFormat": {"numberFormat": {"type": str, "pattern": str}},
    "formattedValue": str,
}
SPREADSHEET: Final[Shape] = {
    "properties": {"title": str, "locale": str, "timeZone": str},
    "sheets": [
        {
            "properties": {
                "sheetId": int,
                "title": str,
                "index": int,
                "hidden": bool,
                "gridProperties": {"rowCount": int, "columnCount": int},
            },
            "merges": [_GRID_RANGE],
            "data": [
                {
                    "startRow": int,
                    "startColumn": int,
                    "rowMetadata": [{"hiddenByUser": bool, "hiddenByFilter": bool}],
                    "rowData": [{"values": [_CELL]}],
                }
            ],
        }
    ],
    "namedRanges": [{"name": str, "range": _GRID_RANGE}],
}
VALUES: Final[Shape] = {"valueRanges": [{"range": str, "values": [[object]]}]}


class WrongShapeError(ValueError):
    """An answer is not what Google documents."""


def shaped(answer: Any, shape: Shape) -> Any:
    """``answer`` cut down to ``shape``; null counts as left out. Raises ``WrongShapeError``."""
    if isinstance(shape, Mapping):
        if not isinstance(answer, dict):
            raise WrongShapeError
        return {
            name: shaped(answer[name], below) for name, below in shape.items() if answer.get(name) is not None
        }
    if isinstance(shape, list):
        if not isinstance(answer, list):
            raise WrongShapeError
        return [shaped(one, shape[0]) for one in answer]
    if shape is object:
        if answer is not None and not isinstance(answer, str | bool | int | float):
            raise WrongShapeError
        return answer
    allowed = (int, float) if shape is float else shape
    if not isinstance(answer, allowed) or (isinstance(answer, bool) and shape is not bool):
        raise WrongShapeError
    return answer
