"""Say what is wrong with a YAML: the place, the fault, and what to write instead."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from okrsync.config.problem_words import about, annotation_of, explained, familiar, models_in
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
        seen: set[PathInFile] = set()
        for line in error.errors():
            path = self._real_path((*at, *line["loc"]))
            # What fits none of several types is one mistake: the first type says the most.
            if line["type"] == "missing" or path not in seen:
                self._one(dict(line), path, model, at, also)
            seen.add(path)

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
        name, inside = _name(path), path[len(at) :]
        match line["type"]:
            case "extra_forbidden":
                known = [*_known_keys(model, inside[:-1]), *(() if inside[:-1] else also)]
                self._unknown_key(path, model, inside[:-1], known)
            case "missing":
                missing = str(line["loc"][-1])
                self.add(path, f"the key {missing!r} is missing", about(model, (*inside, missing)))
            case "value_error":
                said, _, hint = str(line["ctx"]["error"]).partition("\n  → ")
                self.add(path, said, hint)
            case _:
                said, hint = explained(line, name, about(model, inside))
                self.add(path, said, hint)

    def _unknown_key(
        self, path: PathInFile, model: type[BaseModel], inside: PathInFile, known: Collection[str]
    ) -> None:
        """A key that people know from other tools is answered with what it is called here."""
        word = str(path[-1])
        here = _model_at(model, inside)
        if hint := familiar(word, here.__name__ if here is not None else ""):
            self.add(path, f"unknown key {word!r}", hint, key=True)
        else:
            self.unknown_key(path, word, known)

    def _real_path(self, path: Sequence[str | int]) -> PathInFile:
        """Drop pydantic's own steps (names of union members, validators): keep those that are in the file."""
        kept: PathInFile = ()
        for step in path:
            if (*kept, step) in self.file.places:
                kept = (*kept, step)
        return kept


def _known_keys(model: type[BaseModel], inside: PathInFile) -> list[str]:
    here = _model_at(model, inside)
    if here is None:
        return []
    return [info.alias or name for name, info in here.model_fields.items() if not info.exclude]


def _model_at(model: type[BaseModel], inside: PathInFile) -> type[BaseModel] | None:
    for step in inside:
        if isinstance(step, int):
            continue
        nested = models_in(annotation_of(model, step))
        if not nested:
            return None
        model = nested[0]
    return model


def _name(path: PathInFile) -> str:
    """What a person calls the place: the key, or the part of the list that is under it."""
    if path and isinstance(path[-1], int):
        return f"part {path[-1] + 1} of {_name(path[:-1])}"
    return str(path[-1]) if path else "the file"


def _line_and_column(place: str) -> tuple[int, int]:
    numbers = [int(part) for part in place.rsplit(":", 2)[1:] if part.isdecimal()]
    return (numbers[0], numbers[1]) if len(numbers) == 2 else (0, 0)
