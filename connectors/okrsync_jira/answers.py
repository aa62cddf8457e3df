"""Read Jira's answers: each has a declared shape, and any other answer is no answer.

Nothing else looks at the JSON of an answer before it was read here. The shapes say what okrsync relies on, no more;
whatever else Jira sends is dropped, but for the values of fields, which differ from site to site.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Annotated, Any, NotRequired, TypeVar

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError
from typing_extensions import TypedDict

T = TypeVar("T")
Count = Annotated[int, Field(ge=0)]
Digits = Annotated[str, StringConstraints(pattern=r"^\d+$")]


class MalformedAnswer(Exception):
    """An answer that has Jira's status but not Jira's shape."""


class Category(TypedDict):
    key: NotRequired[str]


class StatusAnswer(TypedDict):
    id: str
    name: NotRequired[str]
    statusCategory: NotRequired[Category | None]


class Named(TypedDict):
    id: NotRequired[str | int]
    name: NotRequired[str | None]


class IssueType(Named):
    subtask: NotRequired[bool]
    hierarchyLevel: NotRequired[int | None]


class KnownFields(TypedDict, total=False):
    """The fields whose insides okrsync looks at; the values of all others are checked where they are used."""

    created: str | None
    resolutiondate: str | None
    status: StatusAnswer | None
    resolution: Named | None
    issuetype: IssueType | None


# "from" is a word of Python's.
ChangeItem = TypedDict(
    "ChangeItem",
    {
        "field": NotRequired[str | None],
        "fieldId": NotRequired[str | None],
        "from": NotRequired[str | int | None],
        "fromString": NotRequired[str | None],
        "to": NotRequired[str | int | None],
        "toString": NotRequired[str | None],
    },
)


class History(TypedDict):
    id: Digits
    created: str | int
    items: NotRequired[list[ChangeItem]]


class Changelog(TypedDict):
    total: NotRequired[Count]
    histories: list[History]


class IssueAnswer(TypedDict):
    """``fields`` are kept as they came, and checked by ``KnownFields``."""

    id: str
    key: NotRequired[str]
    fields: NotRequired[dict[str, Any] | None]
    changelog: NotRequired[Changelog | None]


class TokenPage(TypedDict):
    issues: list[IssueAnswer]
    nextPageToken: NotRequired[str | None]
    isLast: NotRequired[bool | None]
    warningMessages: NotRequired[list[str] | None]


class CountedPage(TypedDict):
    issues: list[IssueAnswer]
    total: Count
    warningMessages: NotRequired[list[str] | None]


class IssueWithChanges(TypedDict):
    id: str
    key: NotRequired[str]
    fields: NotRequired[dict[str, Any] | None]
    changelog: Changelog


class PageWithChanges(TypedDict):
    issues: list[IssueWithChanges]
    total: Count
    warningMessages: NotRequired[list[str] | None]


class Total(TypedDict):
    total: Count
    warningMessages: NotRequired[list[str] | None]


class Estimate(TypedDict):
    count: Count


class IssueChanges(TypedDict):
    issueId: str
    changeHistories: list[History]


class ChangesPage(TypedDict):
    issueChangeLogs: list[IssueChanges]
    nextPageToken: NotRequired[str | None]


class Server(TypedDict):
    baseUrl: Annotated[str, Field(min_length=1)]
    deploymentType: NotRequired[str | None]


class Account(TypedDict, total=False):
    accountId: str | None
    name: str | None
    key: str | None
    displayName: str | None
    timeZone: str | None


class FieldSchema(TypedDict, total=False):
    type: str | None
    items: str | None


class ScopeProject(TypedDict, total=False):
    id: str | int


class FieldScope(TypedDict, total=False):
    project: ScopeProject | None


class FieldAnswer(TypedDict):
    id: str
    name: NotRequired[str]
    schema: NotRequired[FieldSchema | None]
    scope: NotRequired[FieldScope | None]


class ProjectAnswer(TypedDict):
    key: str
    name: str


class ProjectPage(TypedDict):
    values: list[ProjectAnswer]


class FilterAnswer(TypedDict):
    id: str
    name: str
    jql: NotRequired[str | None]


class FilterPage(TypedDict):
    values: list[FilterAnswer]


class EstimationField(TypedDict, total=False):
    fieldId: str | None
    displayName: str | None


class Estimation(TypedDict, total=False):
    field: EstimationField | None


class Board(TypedDict):
    id: int | str
    estimation: NotRequired[Estimation | None]


class SprintAnswer(TypedDict):
    id: int
    name: NotRequired[str]
    startDate: NotRequired[str | None]
    completeDate: NotRequired[str | None]
    originBoardId: NotRequired[int | None]


class SprintPage(TypedDict):
    values: list[SprintAnswer]
    isLast: NotRequired[bool]


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def read(call: Callable[[], Any], shape: type[T]) -> T:
    """What ``call`` brings from Jira, in its ``shape``. Raises ``MalformedAnswer`` for anything else."""
    try:
        answer = call()
    except RecursionError:
        raise MalformedAnswer("it is nested too deeply") from None
    except (TypeError, AttributeError):
        # The library reads the texts of errors without looking at their shape.
        raise MalformedAnswer("its error has no text") from None
    except ValueError as error:
        # requests has errors of its own that are ValueErrors; a bare one is Python's, of a number of thousands of digits.
        if type(error) is not ValueError:
            raise
        raise MalformedAnswer("it is no JSON") from None
    found: T = _checked(answer, shape)
    for issue in answer.get("issues", ()) if isinstance(answer, dict) else ():
        _checked(issue.get("fields") or {}, KnownFields, of=str(issue.get("key", issue["id"])))
    return found


def _checked(answer: Any, shape: Any, of: str = "") -> Any:
    try:
        return _adapter(shape).validate_python(answer, strict=True)
    except (ValidationError, RecursionError) as error:
        raise MalformedAnswer(_where(answer, error, of)) from None


def _where(answer: Any, error: Exception, of: str) -> str:
    if not isinstance(error, ValidationError):
        return "it is nested too deeply"
    places = error.errors(include_url=False, include_context=False, include_input=False)
    path = list(places[0]["loc"])
    if path[:1] == ["issues"] and len(path) > 1 and isinstance(path[1], int):
        issue = answer["issues"][path[1]]
        of = str(issue.get("key") or issue.get("id") or "") if isinstance(issue, dict) else ""
        path = path[2:]
    place = ".".join(map(str, path)) or "the whole"
    return f"{place}{f' of {of}' if of else ''}: {places[0]['msg'].lower()}"
