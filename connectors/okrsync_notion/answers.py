"""Check the shape of Notion's answers: any other shape counts as no answer.

A proxy, a captive portal or a fault of Notion's may answer 200 with anything. Nothing else in this connector looks at
JSON that was not checked here. Only what okrsync reads is checked; Notion adds keys all the time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError


class WrongAnswer(Exception):
    """An answer that is not what Notion sends."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)


class _Named(_Part):
    id: str
    name: str | None = None


class _Text(_Part):
    plain_text: str


class _User(_Part):
    object: str
    id: str
    name: str | None = None
    type: str | None = None
    bot: dict[str, Any] | None = None


class _Parent(_Part):
    data_source_id: str | None = None
    database_id: str | None = None


class _Editor(_Part):
    id: str | None = None
    type: str | None = None


class _Value(_Part):
    id: str
    type: str


class _Page(_Part):
    object: Literal["page"]
    id: str
    properties: dict[str, _Value]
    parent: _Parent | None = None
    created_time: str | None = None
    last_edited_time: str | None = None
    created_by: _Editor | None = None
    last_edited_by: _Editor | None = None
    in_trash: bool | None = None
    is_archived: bool | None = None
    url: str | None = None


class _Column(_Part):
    id: str
    type: str


class _DataSource(_Part):
    object: Literal["data_source"]
    id: str
    properties: dict[str, _Column]
    title: list[_Text] | None = None
    parent: _Parent | None = None
    in_trash: bool | None = None


class _Database(_Part):
    object: Literal["database"]
    id: str
    data_sources: list[_Named]
    in_trash: bool | None = None


class _Kind(_Part):
    type: str


class _FoundSource(_Part):
    id: str
    properties: dict[str, _Kind] | None = None
    title: list[_Text] | None = None
    parent: _Parent | None = None


class _Titled(_Part):
    title: str | None = None


class _Block(_Part):
    id: str
    in_trash: bool | None = None
    created_by: _Editor | None = None
    child_database: _Titled | None = None


class _Status(_Part):
    type: str | None = None


class _Listed(_Part):
    object: str


class _List(_Part):
    object: Literal["list"]
    results: list[dict[str, Any]]
    has_more: bool
    next_cursor: str | None = None
    request_status: _Status | None = None


_USER: Final = TypeAdapter(_User)
_PAGE: Final = TypeAdapter(_Page)
_DATA_SOURCE: Final = TypeAdapter(_DataSource)
_DATABASE: Final = TypeAdapter(_Database)
_ROWS: Final = TypeAdapter(_List)
_FOUND: Final = TypeAdapter(_FoundSource)
_BLOCK: Final = TypeAdapter(_Block)
_VIEW: Final = TypeAdapter(_Listed)


def user(call: Callable[[], Any]) -> dict[str, Any]:
    """What ``call`` answers about a user. Raises ``WrongAnswer``, as do the others."""
    return _checked(_USER, call)


def page(call: Callable[[], Any]) -> dict[str, Any]:
    """What ``call`` answers about a page, with values that name their column and type."""
    return _checked(_PAGE, call)


def data_source(call: Callable[[], Any]) -> dict[str, Any]:
    """What ``call`` answers about a data source, with its columns."""
    answer = _checked(_DATA_SOURCE, call)
    for column in answer["properties"].values():
        _check_column(column)
    if not any(column["type"] == "title" for column in answer["properties"].values()):
        raise WrongAnswer("a data source without a title column")
    return answer


def database(call: Callable[[], Any]) -> dict[str, Any]:
    """What ``call`` answers about a database, with its data sources."""
    return _checked(_DATABASE, call)


def rows(call: Callable[[], Any]) -> dict[str, Any]:
    """One page of a list of rows. What is listed and is no page stays unchecked: nobody reads it."""
    answer = _checked(_ROWS, call)
    for one in answer["results"]:
        if one.get("object") == "page":
            _fits(_PAGE, one)
    return answer


def blocks(call: Callable[[], Any]) -> dict[str, Any]:
    """One page of a list of blocks."""
    answer = _checked(_ROWS, call)
    for one in answer["results"]:
        _fits(_BLOCK, one)
    return answer


def search(call: Callable[[], Any]) -> dict[str, Any]:
    """One page of what a search finds. Of the columns of a data source only names and types are read, and checked."""
    answer = _checked(_ROWS, call)
    for one in answer["results"]:
        if one.get("object") == "data_source":
            _fits(_FOUND, one)
    return answer


def view(call: Callable[[], Any]) -> dict[str, Any]:
    """What ``call`` answers about a view; nothing of it is read."""
    return _checked(_VIEW, call)


class _Option(_Part):
    id: str
    name: str


class _Group(_Part):
    option_ids: list[str] | None = None


class _Far(_Part):
    synced_property_id: str | None = None


class _Detail(_Part):
    format: str | None = None
    options: list[_Option] | None = None
    groups: list[_Group] | None = None
    data_source_id: str | None = None
    dual_property: _Far | None = None


_DETAIL: Final = TypeAdapter(_Detail)


def _check_column(column: dict[str, Any]) -> None:
    detail = column.get(column["type"])
    if detail is not None:
        _fits(_DETAIL, detail)


def _checked(shape: TypeAdapter[Any], call: Callable[[], Any]) -> dict[str, Any]:
    try:
        answer = call()
    except RecursionError as error:
        raise WrongAnswer("JSON that is nested too deeply") from error
    except ValueError as error:
        # Not JSON at all, no UTF-8, or a number of thousands of digits.
        raise WrongAnswer("something that is no JSON") from error
    if isinstance(answer, dict) and answer.get("object") == "error":
        raise WrongAnswer("an error without its status")
    _fits(shape, answer)
    found: dict[str, Any] = answer
    return found


def _fits(shape: TypeAdapter[Any], answer: Any) -> None:
    try:
        shape.validate_python(answer)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the whole answer"
        said = re.sub(r" or instance of \w+", "", first["msg"]).lower()
        raise WrongAnswer(f"JSON of another shape than Notion's ({where}: {said})") from error
