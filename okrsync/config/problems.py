"""Say what is wrong with a YAML: the place, the fault, and what to write instead."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from okrsync.config.yamlfile import PathInFile, YamlFile
from okrsync.errors import ConfigError
from okrsync.settings import FOLDER
from okrsync.spelling import did_you_mean


@dataclass(slots=True)
class Problems:
    """Collects everything that is wrong with one file, so that a person fixes it in one go.

    ``folder`` is the file's; paths in it start there.
    """

    file: YamlFile
    folder: Path
    found: list[tuple[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, path: PathInFile, message: str, hint: str = "", *, key: bool = False) -> None:
        text = f"{message}\n  → {hint}" if hint else message
        self.found.append((self.file.place(path, key=key), text))

    def warn(self, path: PathInFile, message: str, *, key: bool = False) -> None:
        """Say what is legal and probably not meant."""
        self.warnings.append(f"{self.file.place(path, key=key)}: {message}")

    def unknown_key(self, path: PathInFile, name: str, known: Collection[str]) -> None:
        self.add(path, f"unknown key {name!r}", did_you_mean(name, known), key=True)

    def unknown(self, path: PathInFile, what: str, word: str, known: Collection[str]) -> None:
        self.add(path, f"there is no {what} {word!r}", did_you_mean(word, known))

    def validation(
        self, error: ValidationError, at: PathInFile, model: type[BaseModel], *, also: Collection[str] = ()
    ) -> None:
        """Add every line of a pydantic error whose model is at ``at`` in the file.

        ``also`` are keys that are allowed there beside the model's own.
        """
        for line in error.errors():
            path = self._real_path((*at, *line["loc"]))
            self._one(dict(line), path, model, at, also)

    def validated(self, model: type[Any], data: Any, at: PathInFile, *, also: Collection[str] = ()) -> Any:
        """``data`` as an instance of ``model``; None if it is none, with every line of the error added."""
        try:
            return model.model_validate(data, context={FOLDER: self.folder})
        except ValidationError as error:
            self.validation(error, at, model, also=also)
            return None

    def raise_any(self) -> None:
        """Raise ``ConfigError`` with everything found, in the order of the file."""
        if not self.found:
            return
        ordered = sorted(dict.fromkeys(self.found), key=lambda one: _line_and_column(one[0]))
        if len(ordered) == 1:
            raise ConfigError(ordered[0][1], place=ordered[0][0])
        raise ConfigError("\n".join(f"{place}: {text}" for place, text in ordered))

    def _one(
        self,
        line: Mapping[str, Any],
        path: PathInFile,
        model: type[BaseModel],
        at: PathInFile,
        also: Collection[str],
    ) -> None:
        name = str(path[-1]) if path else ""
        match line["type"]:
            case "extra_forbidden":
                inside = path[len(at) : -1]
                known = [*_known_keys(model, inside), *(() if inside else also)]
                self.unknown_key(path, name, known)
            case "missing":
                missing = str(line["loc"][-1])
                self.add(path, f"the key {missing!r} is missing", _described(model, path[len(at) :], missing))
            case "literal_error":
                allowed = [
                    one.strip().strip("'") for one in line["ctx"]["expected"].replace(" or ", ", ").split(",")
                ]
                self.add(
                    path, f"{line['input']!r} does not fit {name}", did_you_mean(str(line["input"]), allowed)
                )
            case kind if kind.startswith("date"):
                self.add(path, f"{name}: {_short(line['input'])} is not a date", "write it as 2026-10-01")
            case "string_type" if isinstance(line["input"], int | Decimal | bool):
                self.add(
                    path,
                    f"{name}: {_short(line['input'])} must be a text",
                    f'put it in quotes: "{line["input"]}"',
                )
            case "value_error":
                self.add(path, str(line["ctx"]["error"]))
            case _:
                self.add(path, f"{name}: {_plain_words(str(line['msg']))}, not {_short(line['input'])}")

    def _real_path(self, path: Sequence[str | int]) -> PathInFile:
        """Drop pydantic's own steps (names of union members, validators): keep those that are in the file."""
        kept: PathInFile = ()
        for step in path:
            if (*kept, step) in self.file.places:
                kept = (*kept, step)
        return kept


def _known_keys(model: type[BaseModel], inside: PathInFile) -> list[str]:
    for step in inside:
        if isinstance(step, int):
            continue
        nested = _models_in(_annotation(model, step))
        if not nested:
            return []
        model = nested[0]
    return [info.alias or name for name, info in model.model_fields.items() if not info.exclude]


def _described(model: type[BaseModel], inside: PathInFile, missing: str) -> str:
    for step in inside:
        nested = _models_in(_annotation(model, step)) if isinstance(step, str) else [model]
        if not nested:
            return ""
        model = nested[0]
    for name, info in model.model_fields.items():
        if missing in {name, info.alias} and info.description:
            return f"{missing}: {info.description}"
    return ""


def _annotation(model: type[BaseModel], step: str | int) -> Any:
    for name, info in model.model_fields.items():
        if step in {name, info.alias}:
            return info.annotation
    return None


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in getattr(annotation, "__args__", ()) for model in _models_in(inner)]


def _plain_words(message: str) -> str:
    words = message[:1].lower() + message[1:]
    return (
        words.removeprefix("input should be ")
        .replace("a valid string", "write a text")
        .replace("a valid dictionary", "write a mapping of keys")
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _line_and_column(place: str) -> tuple[int, int]:
    numbers = [int(part) for part in place.rsplit(":", 2)[1:] if part.isdecimal()]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (0, 0)
