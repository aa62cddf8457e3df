"""YAML 1.2 with places: plain data, and the place of every part in the file.

Numbers with a point become ``Decimal`` as written, dates stay text, and a duplicate key is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError("there is no such file", place=name, hint="okrsync init writes one") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"it cannot be read: {error}", place=name) from error
    return parse_yaml(text, name=name)


def parse_yaml(text: str, *, name: str) -> YamlFile:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark is not None else name
        raise ConfigError(f"this is not YAML: {error.problem or error.context}", place=place) from error
    except YAMLError as error:
        raise ConfigError(f"this is not YAML: {error}", place=name) from error
    places: dict[PathInFile, tuple[int, int]] = {}
    keys: dict[PathInFile, tuple[int, int]] = {}
    data = _plain(node, (), places, keys, name) if node is not None else None
    return YamlFile(name=name, data=data, places=places, keys=keys)


def _plain(
    node: Node,
    path: PathInFile,
    places: dict[PathInFile, tuple[int, int]],
    keys: dict[PathInFile, tuple[int, int]],
    name: str,
) -> Any:
    from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

    places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, SequenceNode):
        return [_plain(item, (*path, index), places, keys, name) for index, item in enumerate(node.value)]
    if isinstance(node, MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            here = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
            if key in result:
                before = keys[(*path, key)]
                raise ConfigError(
                    f"the key {key!r} is a duplicate: it is also at line {before[0]}",
                    place=f"{name}:{here[0]}:{here[1]}",
                    hint="keep one of the two",
                )
            keys[(*path, key)] = here
            result[key] = _plain(value_node, (*path, key), places, keys, name)
        return result
    assert isinstance(node, ScalarNode)
    return _scalar(node)


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
