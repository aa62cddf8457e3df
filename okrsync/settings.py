"""Declare settings: strict models, lengths of time, and secrets by reference only.

Connectors build their models on these, so that every connector refuses unknown keys and never sees a secret's text
in a file. Machine-wide settings are in machine.py.
"""

from __future__ import annotations

import os
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_validator,
)

from okrsync import secret_text
from okrsync.errors import AccessError
from okrsync.redaction import conceal
from okrsync.units import span

FOLDER: Final = "folder"
"""The key of pydantic's validation context under which the YAML's folder is passed."""


class Strict(BaseModel):
    """A settings model: unknown keys are errors, values are frozen."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=True, hide_input_in_errors=True, defer_build=True
    )


def no_entries() -> list[Any]:
    """The default of a list. Of ``list`` itself pydantic would parse the signature as text, 8 ms of each start."""
    return []


def _to_span(value: Any) -> Any:
    if isinstance(value, bool | int | float | Decimal):
        raise ValueError(
            f"{value} has no unit of time; write {value}d for days, {value}h for hours or {value}m for minutes"
        )
    return span(value) if isinstance(value, str) else value


Span = Annotated[timedelta, BeforeValidator(_to_span, json_schema_input_type=str)]
"""A length of time in YAML: ``90s``, ``36h``, ``2d``."""


def _from_folder(path: Path, info: ValidationInfo) -> Path:
    try:
        return (Path((info.context or {}).get(FOLDER, "")) / path.expanduser()).absolute()
    except RuntimeError:
        raise ValueError(f"{path} begins with the home folder of an unknown user") from None


FilePath = Annotated[Path, AfterValidator(_from_folder)]
"""A file named in a YAML: it starts from the YAML's folder, which the validation context names."""


class Secret(Strict):
    """A reference to a secret, ``{env: NAME}`` or ``{file: PATH}``. Its text is read only by ``reveal``."""

    env: str | None = Field(default=None, description="the environment variable that holds the secret")
    file: FilePath | None = Field(
        default=None, description="the file that holds the secret; it starts from the YAML's folder"
    )

    @model_validator(mode="before")
    @classmethod
    def _by_reference_only(cls, value: Any) -> Any:
        if isinstance(value, str):
            raise ValueError("secrets stay out of this file; write {env: NAME} or {file: PATH}")
        return value

    @field_validator("env")
    @classmethod
    def _a_name(cls, name: str | None) -> str | None:
        # What is no name may be the secret itself, so it is not repeated.
        if name is not None and re.fullmatch(r"[A-Za-z_][\w.-]*", name, re.ASCII) is None:
            raise ValueError("env is the name of an environment variable, without $ and without its value")
        return name

    @model_validator(mode="after")
    def _exactly_one(self) -> Secret:
        if (self.env is None) == (self.file is None):
            raise ValueError("write exactly one of env and file")
        return self

    def __str__(self) -> str:
        return f"environment variable {self.env}" if self.env else f"file {self.file}"

    def reveal(self) -> str:
        """The secret's text, cleaned of what surrounds it. Raises ``AccessError`` if there is none that can be used.

        Nothing but the environment and the file is asked, by exactly the name in the YAML: a look-up that ignores case
        or prefers one place to the other could find another company's secret.
        """
        found = self._read()
        try:
            text = self._cleaned(found)
        except ValueError as wrong:
            raise AccessError(f"the {self} {wrong}", hint="copy the credential there again") from None
        if not text:
            raise AccessError(f"the {self} is empty", hint="put the credential there")
        conceal(found.strip())
        conceal(text)
        return text

    def _cleaned(self, text: str) -> str:
        """``text`` as its person meant it. Raises ``ValueError``, which says what is seen and not the text."""
        return secret_text.token(text)

    def _read(self) -> str:
        if self.file is None:
            text = os.environ.get(self.env or "")
            if text is None:
                raise AccessError(f"the {self} is not set", hint=f"export {self.env}=… and run again")
            return text
        try:
            return secret_text.decoded(self.file.read_bytes())
        except FileNotFoundError:
            problem = "does not exist"
        except OSError as error:
            problem = f"cannot be read ({error.strerror})"
        except ValueError as wrong:
            problem = str(wrong)
        raise AccessError(f"the secret's {self} {problem}", hint="put the credential there")


class Passphrase(Secret):
    """A secret that a person made up: quotes and blanks inside belong to it."""

    def _cleaned(self, text: str) -> str:
        return secret_text.stripped(text)


class TableSettings(Strict):
    """What every destination table's settings have in common.

    ``cells`` maps okrsync's cells (see okrsync/cells.py) to the destination's columns.
    """

    cells: dict[str, str] = Field(description="which column each cell is written to")
    recheck: Literal["row", "group"] = Field(
        default="row",
        description="how rows that okrsync has written before are read again before a write: each by itself, or up to "
        "ten together, which takes half the requests and may miss an edit of the last 4 seconds",
    )
