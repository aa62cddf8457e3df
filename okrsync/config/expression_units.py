"""Find the unit that the numbers of an expression share, and where two units clash."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from okrsync.expressions import flat, parse, source_of
from okrsync.model import Dimension, Unit

_TEN: Final = Decimal(10)
_PLAIN: Final = frozenset({Dimension.COUNT, Dimension.INDEX})
_SCALED: Final = frozenset({Dimension.PERCENT, Dimension.INDEX})


@dataclass(frozen=True, slots=True)
class Clash:
    """A part of an expression whose numbers are in two units."""

    part: str
    one: Unit
    other: Unit


def common_unit(text: str, units: Mapping[str, Unit]) -> Unit | Clash | None:
    """The unit that an expression's numbers share, or where two of them clash.

    Sums, differences, ``min`` and ``max`` need one unit, and a quotient of two lengths of time or two amounts of money
    too. None for plain numbers (counts, indexes), and for what is multiplied or divided: it may have been turned into
    any unit. Raises ``ValueError`` for bad syntax and ``KeyError`` for a name without a unit.
    """
    try:
        return _unit(parse(text).body, text, units)
    except _ClashError as error:
        return error.clash


def lacks_hundred(text: str, units: Mapping[str, Unit]) -> bool:
    """Whether a percentage is computed by a division alone: a quarter would be 0.25 %."""
    nodes = list(ast.walk(parse(text)))
    used = [units[node.id] for node in nodes if isinstance(node, ast.Name) and node.id in units]
    scaled = any(isinstance(node, ast.Mult) for node in nodes) or any(
        isinstance(node, ast.Constant) and Decimal(str(node.value)) >= _TEN for node in nodes
    )
    divides = any(isinstance(node, ast.Div) for node in nodes)
    return divides and not scaled and not any(one.dimension in _SCALED for one in used)


class _ClashError(Exception):
    def __init__(self, clash: Clash) -> None:
        super().__init__(clash.part)
        self.clash = clash


def _unit(node: ast.expr, text: str, units: Mapping[str, Unit]) -> Unit | None:
    """The unit of a part; None for a plain number, and for one that may have been turned into another unit."""
    match node:
        case ast.Name(name):
            return units[name] if units[name].dimension not in _PLAIN else None
        case ast.Call(_, args):
            return _one_unit(node, [_unit(arg, text, units) for arg in args], text)
        case ast.UnaryOp(_, operand):
            return _unit(operand, text, units)
        case ast.BinOp():
            first, steps = flat(node)
            found = _unit(first, text, units)
            for step in steps:
                other = _unit(step.right, text, units)
                if isinstance(step.op, ast.Add | ast.Sub):
                    found = _one_unit(step, [found, other], text)
                    continue
                alike = found is not None and other is not None and found.dimension is other.dimension
                if alike and isinstance(step.op, ast.Div):
                    _one_unit(step, [found, other], text)
                found = None
            return found
        case _:
            return None


def _one_unit(node: ast.expr, found: Sequence[Unit | None], text: str) -> Unit | None:
    known = list(dict.fromkeys(one for one in found if one is not None))
    if len(known) > 1:
        raise _ClashError(Clash(source_of(text, node), known[0], known[1]))
    return known[0] if known else None
