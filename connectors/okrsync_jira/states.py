"""Declare the conditions that the YAML may set on the issues of a scope. Loads no vendor library."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, model_validator

from okrsync.settings import Strict

CATEGORIES: Final[Mapping[str, str]] = {
    "to do": "new",
    "new": "new",
    "in progress": "indeterminate",
    "indeterminate": "indeterminate",
    "done": "done",
}
"""What people call the categories of statuses, and the keys that Jira has for them."""


def _to_tuple(value: Any) -> Any:
    if isinstance(value, str | int | float):
        return (_to_name(value),)
    return tuple(map(_to_name, value)) if isinstance(value, list | tuple) else value


def _to_name(value: Any) -> Any:
    # An id is the same text as it was written; 1.10 and yes are not, once YAML has read them.
    if isinstance(value, float | bool):
        raise ValueError(
            f'YAML reads this as {str(value).lower()}, not as a name; put it in quotes, as in "1.10"'
        )
    return str(value) if isinstance(value, int) else value


Names = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(_to_tuple, json_schema_input_type=str | int | list[str | int]),
]


class DoneExcludes(Strict):
    """Issues that were closed without being done: they leave both sides of the share."""

    resolution: Names = Field(min_length=1, description="names of resolutions, such as Won't Do")


class Choice(Strict):
    """One of ``names``, or none of them. The name ``empty`` is for an issue that has no value there."""

    names: Names = Field(min_length=1)
    negated: bool = False

    def __str__(self) -> str:
        return f"{'not ' if self.negated else ''}{' or '.join(self.names)}"


def _to_choice(value: Any) -> Any:
    if isinstance(value, Mapping):
        if set(value) != {"not"}:
            raise ValueError("write a name, a list of names, or {not: a name or a list}")
        return {"names": value["not"], "negated": True}
    if isinstance(value, str) and value.casefold() == "not empty":
        return {"names": "empty", "negated": True}
    return value if isinstance(value, Choice) else {"names": value}


def _to_category(value: Any) -> Any:
    if isinstance(value, str) and value.casefold().startswith("not "):
        value = {"not": value[4:]}
    choice = Choice.model_validate(_to_choice(value))
    if unknown := [name for name in choice.names if name.casefold() not in CATEGORIES]:
        raise ValueError(f"{unknown[0]!r} is no category; write to do, in progress or done, or not done")
    keys = tuple(CATEGORIES[name.casefold()] for name in choice.names)
    return Choice(names=keys, negated=choice.negated)


_NAMES_WRITTEN = str | int | list[str | int]
_WRITTEN: Final = _NAMES_WRITTEN | dict[Literal["not"], _NAMES_WRITTEN]
Chosen = Annotated[Choice, BeforeValidator(_to_choice, json_schema_input_type=_WRITTEN)]
Category = Annotated[Choice, BeforeValidator(_to_category, json_schema_input_type=_WRITTEN)]


class State(Strict):
    """What must hold of an issue, all of it; each can be computed for any day from the changes since.

    Names and ids both do; a list means one of them, ``{not: ...}`` none of them, ``empty`` no value.
    """

    status_category: Category | None = Field(
        default=None, alias="statusCategory", description="to do, in progress or done; or not done"
    )
    status: Chosen | None = Field(default=None, description="such as [In Review, In Test], or {not: Backlog}")
    resolution: Chosen | None = Field(default=None, description="such as Won't Do, or empty")
    assignee: Chosen | None = Field(default=None, description="account id or displayed name, or empty")
    reporter: Chosen | None = Field(default=None, description="account id or displayed name")
    priority: Chosen | None = Field(default=None, description="such as [Highest, High]")
    sprint: Chosen | None = Field(default=None, description="id or name, or empty")
    parent: Chosen | None = Field(default=None, description="key of the epic or initiative above")
    labels: Chosen | None = Field(default=None, description="such as [security, privacy], or empty")
    fix_versions: Chosen | None = Field(
        default=None, alias="fixVersions", description="id or name of a version, or empty"
    )
    components: Chosen | None = Field(default=None, description="id or name of a component, or empty")
    fields: dict[str, Chosen] = Field(
        default_factory=dict, description="other fields by name or id, such as {Team: Payments}"
    )

    @model_validator(mode="after")
    def _says_something(self) -> State:
        if not self.conditions:
            raise ValueError("write at least one condition, such as statusCategory: not done")
        return self

    @cached_property
    def conditions(self) -> Mapping[str, Choice]:
        """What is asked for, by the name of the key."""
        named = {name: getattr(self, name) for name in type(self).model_fields if name != "fields"}
        return {name: choice for name, choice in named.items() if choice is not None} | self.fields

    def __str__(self) -> str:
        return ", ".join(f"{name.replace('_', ' ')}: {choice}" for name, choice in self.conditions.items())
