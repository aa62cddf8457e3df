"""Declare a JQL query as data: what the grammar makes of the text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Literal:
    """``quoted`` matters: a bare number is an id or an epoch, a quoted one is a text."""

    text: str
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Empty:
    pass


@dataclass(frozen=True, slots=True)
class Many:
    members: tuple[Operand, ...]


Operand = Literal | Call | Empty | Many


@dataclass(frozen=True, slots=True)
class Predicate:
    """``word`` is ON, BEFORE, AFTER, DURING, FROM, TO or BY."""

    word: str
    operand: Operand


@dataclass(frozen=True, slots=True)
class Compare:
    """``operator`` is =, !=, <, <=, >, >=, ~, !~, in, not in, is or is not."""

    field: str
    operator: str
    operand: Operand


@dataclass(frozen=True, slots=True)
class Was:
    """``operator`` is was, was not, was in, was not in or changed, which has no operand."""

    field: str
    operator: str
    operand: Operand | None
    predicates: tuple[Predicate, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    inner: Condition


@dataclass(frozen=True, slots=True)
class And:
    members: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Or:
    members: tuple[Condition, ...]


Condition = Compare | Was | Not | And | Or


@dataclass(frozen=True, slots=True)
class Sort:
    field: str
    descending: bool | None


@dataclass(frozen=True, slots=True)
class Query:
    where: Condition | None
    order: tuple[Sort, ...] = ()
