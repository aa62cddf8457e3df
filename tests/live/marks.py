"""Find every ``Unknown:`` in the emulators: each is a line of the live check's report."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

import okrsync_emulators

ROOT: Final = Path(okrsync_emulators.__file__).parent
_MARK: Final = re.compile(r"\bUnknown: (.+)")


def marks() -> list[str]:
    """What is unknown, by ``vendor/module.scope: the words``; a second one of the same words is numbered."""
    found: list[str] = []
    for path in sorted(ROOT.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        scopes = _scopes(ast.parse(text))
        for number, line in enumerate(text.splitlines(), start=1):
            if mark := _MARK.search(line):
                name = _name(path, scopes.get(number, ""), mark[1])
                same = sum(1 for one in found if one == name or one.startswith(f"{name} ("))
                found.append(f"{name} ({same + 1})" if same else name)
    return found


def _name(path: Path, scope: str, words: str) -> str:
    place = f"{path.relative_to(ROOT).with_suffix('').as_posix()}{'.' if scope else ''}{scope}"
    return f"{place}: {words.rstrip(chr(34)).rstrip(' .')}"


def _scopes(tree: ast.Module) -> dict[int, str]:
    """Line -> the innermost function or class that holds it."""
    found: dict[int, str] = {}
    for node in ast.walk(tree):  # outer ones come first
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found |= dict.fromkeys(range(node.lineno, (node.end_lineno or node.lineno) + 1), node.name)
    return found
