"""Read YAML 1.2 as plain data, with the place of every part in the file.

Numbers with a point become ``Decimal`` as written, dates stay text, and a duplicate key is an error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from okrsync.config.file_text import read_text
from okrsync.config.yaml_faults import QUOTES, explain, quoted
from okrsync.errors import ConfigError

if TYPE_CHECKING:
    from ruamel.yaml.nodes import Node

Step = str | int
PathInFile = tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlFile:
    """``data`` as plain Python, ``places`` from a path in it to (line, column), counted from 1."""

    name: str
    data: Any
    places: Mapping[PathInFile, tuple[int, int]]
    keys: Mapping[PathInFile, tuple[int, int]]
    warnings: tuple[str, ...] = ()

    def place(self, path: PathInFile, *, key: bool = False) -> str:
        """``file:line:column`` of the value at ``path`` (of its key with ``key``), or of what encloses it."""
        if key and path in self.keys:
            line, column = self.keys[path]
            return f"{self.name}:{line}:{column}"
        for length in range(len(path), -1, -1):
            if (found := self.places.get(path[:length])) is not None:
                return f"{self.name}:{found[0]}:{found[1]}"
        return self.name


def read_yaml(path: Path, *, name: str | None = None) -> YamlFile:
    """Read a file. Raises ``ConfigError`` with its place for anything that is not YAML or not UTF-8."""
    name = name or str(path)
    return parse_yaml(read_text(path, name), name=name)


def parse_yaml(text: str, *, name: str) -> YamlFile:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        started = error.context_mark or mark
        if mark is None or started is None:
            raise ConfigError(f"this is not YAML: {error.problem or error.context}", place=name) from error
        fault = explain(text, mark.line, mark.column, started.line)
        place = f"{name}:{fault.line}:{fault.column}"
        raise ConfigError(f"this is not YAML: {fault.message}", place=place, hint=fault.hint) from error
    except YAMLError as error:
        raise ConfigError(f"this is not YAML: {error}", place=name) from error
    reader = _Reader(text=text, name=name)
    data = reader.plain(node, ()) if node is not None else None
    return YamlFile(
        name=name, data=data, places=reader.places, keys=reader.keys, warnings=tuple(reader.warnings)
    )


@dataclass(slots=True, kw_only=True)
class _Reader:
    """Turns nodes into plain data, and refuses what is legal YAML and never what a person meant."""

    text: str
    name: str
    places: dict[PathInFile, tuple[int, int]] = field(default_factory=dict)
    keys: dict[PathInFile, tuple[int, int]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def plain(self, node: Node, path: PathInFile) -> Any:
        from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

        self.places[path] = _place(node.start_mark)
        if isinstance(node, SequenceNode):
            return [self.plain(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        assert isinstance(node, ScalarNode)
        self._check_meant(node, path)
        return _scalar(node)

    def _mapping(self, node: Any, path: PathInFile) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for index, (key_node, value_node) in enumerate(node.value):
            if not isinstance(key_node.value, str):
                raise self._wrong(
                    key_node,
                    "two opening brackets are here, and a value was expected",
                    "write the value itself; okrsync fills in no templates",
                )
            if node.flow_style:
                self._check_cut(node, index)
            key = str(key_node.value)
            if key in result:
                before = self.keys[(*path, key)]
                raise self._wrong(
                    key_node,
                    f"the key {key!r} is a duplicate: it is also at line {before[0]}",
                    "keep one of the two",
                )
            self.keys[(*path, key)] = _place(key_node.start_mark)
            result[key] = self.plain(value_node, (*path, key))
        return result

    def _check_cut(self, node: Any, index: int) -> None:
        """In braces a comma ends a value: ``{reach: 3,5 Mio.}`` is two parts, and the second has no colon."""
        pairs = node.value
        key, value = pairs[index]
        if self._source(key, value).strip() != key.value or value.value:
            return
        if index and pairs[index - 1][1].style is None:
            last = index
            while last + 1 < len(pairs) and not self._source(*pairs[last + 1]).count(":"):
                last += 1
            owner = pairs[index - 1][0]
            whole = self.text[pairs[index - 1][1].start_mark.index : pairs[last][0].end_mark.index]
            raise self._wrong(
                pairs[index - 1][1],
                f"between {{ and }} a comma ends a value, so {owner.value} would be "
                f"{pairs[index - 1][1].value!r} and {key.value!r} nothing",
                f"{QUOTES}: {owner.value}: {quoted(whole)}",
            )
        word, colon, rest = str(key.value).partition(":")
        hint = f"write {word}: {rest}" if colon else "write name: value"
        said = f"{key.value!r} has no colon with a blank behind it, so it is a name without a value"
        raise self._wrong(key, said, hint)

    def _source(self, first: Any, last: Any) -> str:
        return self.text[first.start_mark.index : last.end_mark.index]

    def _check_meant(self, node: Any, path: PathInFile) -> None:
        """A value that begins with ! or & is shorter than what was written; one before a # may be."""
        written = self.text[node.start_mark.index : node.end_mark.index]
        key = path[-1] if path else "it"
        tag, anchor = str(node.tag), node.anchor
        if not tag.startswith("tag:yaml.org,2002:") or (anchor and f"*{anchor}" not in self.text):
            sign = "&" if anchor else "!"
            lost = self.text.rfind(sign, 0, node.end_mark.index)
            end = min(
                (at for stop in "\n,}" if (at := self.text.find(stop, lost)) >= 0), default=len(self.text)
            )
            said = f"the value of {key} begins with {sign}, which has a meaning of its own in YAML"
            raise self._wrong(node, said, f"{QUOTES}: {key}: {quoted(self.text[lost:end])}")
        if node.style is None and written:
            rest = self.text[node.end_mark.index :].split("\n", 1)[0]
            if (found := re.match(r"[ \t]+#\S.*", rest)) is not None:
                line, column = _place(node.end_mark)
                said = (
                    f"{found[0].strip()!r} is a remark and not part of {key}; if it belongs to it, {QUOTES}"
                )
                self.warnings.append(
                    f"{self.name}:{line}:{column}: {said}: {key}: {quoted(written + found[0].rstrip())}"
                )

    def _wrong(self, node: Any, message: str, hint: str) -> ConfigError:
        line, column = _place(node.start_mark)
        return ConfigError(message, place=f"{self.name}:{line}:{column}", hint=hint)


def _place(mark: Any) -> tuple[int, int]:
    return mark.line + 1, mark.column + 1


def _scalar(node: Any) -> Any:
    text = str(node.value)
    match str(node.tag):
        case "tag:yaml.org,2002:null":
            return None
        case "tag:yaml.org,2002:bool":
            return text.lower() == "true"
        case "tag:yaml.org,2002:int":
            # 007 is a key somebody typed, not the number seven.
            plain = text.lstrip("+-")
            return int(text) if plain.isdecimal() and (plain == "0" or plain[0] != "0") else text
        case "tag:yaml.org,2002:float":
            return text if text.lstrip("+-").lower() in {".inf", ".nan"} else Decimal(text)
        case _:
            return text
