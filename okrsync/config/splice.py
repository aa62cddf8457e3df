"""Change values of a YAML at their own places: comments, order and layout stay as people wrote them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ruamel.yaml.nodes import MappingNode, Node


@dataclass(frozen=True, slots=True)
class Edit:
    """``text`` in place of the characters from ``begin`` to ``end``."""

    begin: int
    end: int
    text: str


def composed(text: str) -> Any:
    """The YAML's nodes, with their places."""
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).compose(text)


def mapping(node: Any) -> dict[str, Any]:
    """The nodes of a mapping by their keys."""
    return {str(key.value): value for key, value in pairs(node)}


def pairs(node: MappingNode | Any) -> Iterator[tuple[Any, Any]]:
    """The nodes of a mapping's keys and values."""
    yield from node.value


def replaced(node: Node, written: str) -> Edit:
    """``written`` in place of the value ``node``."""
    return Edit(node.start_mark.index, node.end_mark.index, written)


def applied(text: str, edits: list[Edit]) -> str:
    """``text`` with all ``edits``, which do not overlap."""
    for one in sorted(edits, key=lambda edit: edit.begin, reverse=True):
        text = text[: one.begin] + one.text + text[one.end :]
    return text
