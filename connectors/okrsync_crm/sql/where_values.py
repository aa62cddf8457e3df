"""Compare the values that ``where`` and ``part`` name with the values that the file has.

A value that no row has proves nothing: the CRM may have renamed it. A value that some rows have may be spelled
otherwise in the others. Both are refused, with what there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from okrsync.connector import NoValueError
from okrsync_crm.cells.amounts import AmountForm, read_amount
from okrsync_crm.cells.spellings import Spellings, alike, explained, quoted, same_but_for_signs, words_alike
from okrsync_crm.query_settings import Comparison, Conditions, CrmQuery
from okrsync_crm.refusal import bad_data
from okrsync_crm.settings import listed as as_list
from okrsync_crm.sql.conditions import ISO_DAY
from okrsync_crm.sql.execution import SqlConnection
from okrsync_crm.sql.file_scan import ID_NAME
from okrsync_crm.sql.typed_table import RECORDS, TypedTable, UnusualFileError

_LISTED: Final = 12
_MOST: Final = 100_000
_READ: Final = 20_000
_PAIRS: Final = 3
_GROUPED: Final = 3


@dataclass(slots=True)
class WhereValues:
    """The distinct values of the columns that conditions name, each column looked at once.

    Without a ``connection`` all must be known; what must be looked up then raises ``UnusualFileError``.
    """

    connection: SqlConnection | None
    table: TypedTable
    known: dict[str, Mapping[str, int]] = field(default_factory=dict)
    rows: int | None = None
    _spellings: dict[str, Spellings] = field(default_factory=dict)

    def check(self, query: CrmQuery) -> str:
        """What is named, may be absent, and is. Raises ``NoValueError`` for what is absent otherwise, or also spelled otherwise."""
        absent = []
        for conditions in (query.where, query.part):
            for column, values, how in _named(conditions):
                there = self._values(column, values)
                self._refuse_sparse(column, there)
                for value in values:
                    if self._has(there, value, how):
                        continue
                    if str(value) in query.may_be_absent:
                        absent.append(f"{column} = {value}")
                    else:
                        raise self._nowhere(column, value, how, there)
                if query.spelling != "exact":
                    self._refuse_near(column, [one for one in values if isinstance(one, str)], how, there)
        if query.group is not None:
            self._refuse_sparse(query.group, self._values(query.group, ()))
        if query.group is not None and query.spelling != "exact":
            self._refuse_near_groups(query.group)
        if query.measure == "count_distinct" and query.field and query.spelling != "exact":
            self._refuse_counted_twice(query.field)
        return ", ".join(absent)

    def size_of(self, text: str) -> int:
        """How many different values a text column has, as far as they were counted."""
        return len(self.known.get(text, ()))

    def all_values(self, column: str) -> Mapping[str, int] | None:
        """How many rows have each value; None if there are very many different ones."""
        there = self._values(column, ())
        return there if len(there) <= _MOST else None

    def _execute(self, statement: str, values: Mapping[str, Any] | None = None) -> Any:
        if self.connection is None:
            raise UnusualFileError
        return self.connection.execute(statement, values)

    def _values(self, column: str, wanted: Sequence[Any]) -> Mapping[str, int]:
        """How many rows have each value; of very many values only those that matter here."""
        text = self.table.text(column)
        if text not in self.known:
            rows = self._execute(
                f"SELECT {text}, {self.table.rows} FROM {RECORDS} WHERE {text} IS NOT NULL GROUP BY {text} ORDER BY {self.table.rows} DESC, {text} LIMIT {_MOST + 1}"
            ).fetchall()
            self.known[text] = dict(rows)
        known = self.known[text]
        if len(known) <= _MOST:
            return known
        asked = [str(value) for value in wanted]
        rows = self._execute(
            f"SELECT {text}, {self.table.rows} FROM {RECORDS} WHERE {text} IN (SELECT unnest($asked)) "
            f"OR lower(strip_accents(regexp_replace({text}, '[^\\p{{L}}\\p{{N}}]+', '', 'g'))) IN (SELECT unnest($alike)) GROUP BY {text}",
            {
                "asked": asked,
                "alike": ["".join(sign for sign in alike(value) if sign.isalnum()) for value in asked],
            },
        ).fetchall()
        return {**known, **dict(rows)}

    def _has(self, there: Mapping[str, int], value: Any, how: str) -> bool:
        if how == "contains":
            return any(value in one for one in there)
        if how == "starts_with":
            return any(one.startswith(value) for one in there)
        if isinstance(value, bool):
            return any(one.casefold() == str(value).casefold() for one in there)
        if isinstance(value, int | Decimal):
            form = AmountForm(decimal=self.table.dialect.decimal, thousands=self.table.dialect.thousands)
            plain = AmountForm()
            return str(value) in there or any(
                (read := read_amount(one, form) or read_amount(one, plain)) is not None
                and read.value == value
                for one in there
            )
        day = f"{value.strip()} " if self.table.tagged and ISO_DAY.fullmatch(value.strip()) else None
        return value.strip() in there or (day is not None and any(one.startswith(day) for one in there))

    def _refuse_sparse(self, column: str, there: Mapping[str, int]) -> None:
        """A value in the first row of each group only: the blank cells below may mean it too."""
        if self.table.settings.fill_down is not None:
            return
        if self.rows is None:
            self.rows = self._execute(f"SELECT {self.table.rows} FROM {RECORDS}").fetchone()[0]
        filled = sum(there.values())
        if self.rows < _GROUPED or not 0 < 2 * filled <= self.rows:
            return
        if self.table.condensed:
            raise UnusualFileError
        text = self.table.text(column)
        first, second, repeated = self._execute(
            f"SELECT arg_min({text} IS NOT NULL, (f, r)), list({text} IS NULL ORDER BY f, r)[2], count(*) FILTER ({text} = before) "
            f"FROM (SELECT *, lag({text}) OVER (ORDER BY f, r) AS before FROM {RECORDS})"
        ).fetchone()
        if first and second and not repeated:
            raise bad_data(
                f"{column} is filled in {filled} of {self.rows} rows, never in two of one value together: "
                "is it written in the first row of each group only?",
                hint=f"set fill_down: [{column}] if a blank cell takes the value above it, fill_down: [] if blank means none",
            )

    def _near(self, column: str, value: str, there: Mapping[str, int]) -> list[str]:
        """The values of a column that may be ``value`` in another spelling."""
        text = self.table.text(column)
        if text not in self._spellings:
            self._spellings[text] = Spellings(self.known[text])
        near = self._spellings[text].of(value)
        if len(there) > len(self.known[text]):
            near += Spellings(there.keys() - self.known[text].keys()).of(value)
        return near

    def _nowhere(self, column: str, value: Any, how: str, there: Mapping[str, int]) -> NoValueError:
        verb = {"contains": "that contains", "starts_with": "that starts with"}.get(how, "")
        shown = f"{column} {verb} “{value}”" if verb else f"{column} “{value}”"
        near = self._near(column, str(value), there)
        if near:
            return bad_data(
                f"no row has {shown}, but some have {explained(near[0])}",
                hint=f"write it as the file does: {column}: {quoted(near[0])}",
            )
        listed = ", ".join(f"“{one[:60]}” ({count})" for one, count in list(there.items())[:_LISTED])
        more = f" and {len(there) - _LISTED} more" if len(there) > _LISTED else ""
        has = f"it has {listed}{more}" if listed else "the column is empty"
        return bad_data(
            f"no row has {shown}: {has}",
            hint=f"write the value that is meant; if it is right and there is none yet, add may_be_absent: [{value}] to the metric",
        )

    def _refuse_near(self, column: str, values: Sequence[str], how: str, there: Mapping[str, int]) -> None:
        wanted = sorted({value.strip() for value in values})
        for value in wanted:
            if how == "equal":
                others = [one for one in self._near(column, value, there) if one not in wanted]
                if others:
                    raise _two_spellings(column, value, others)
            elif missed := _missed(there, wanted, value, how):
                raise _left_out(column, how, wanted, missed)

    def _refuse_counted_twice(self, column: str) -> None:
        """One name in two spellings would be counted as two; ids may differ by capitals."""
        if ID_NAME.search(column):
            return
        pairs = same_but_for_signs(self._values(column, ()))
        if pairs:
            shown = "; ".join(f"{explained(one)} and {explained(other)}" for one, other in pairs[:_PAIRS])
            more = f"; and {len(pairs) - _PAIRS} more" if len(pairs) > _PAIRS else ""
            raise bad_data(
                f"{column} has values that differ in spelling only: {shown}{more}",
                hint="correct them in the CRM; if they are different things, add spelling: exact to the metric",
            )

    def _refuse_near_groups(self, group: str) -> None:
        there = self._values(group, ())
        for value in there:
            if others := self._near(group, value, there):
                raise _two_spellings(group, value, others)


def _named(conditions: Conditions) -> list[tuple[str, list[Any], str]]:
    """Column, values, and how they are compared, of every condition that names a value."""
    found: list[tuple[str, list[Any], str]] = []
    for column, condition in conditions.items():
        values: Any = condition.not_ if isinstance(condition, Comparison) else condition
        listed = values if isinstance(values, list) else [values]
        texts = [one for one in listed if isinstance(one, str | bool | int | Decimal)]
        if texts:
            found.append((column, texts, "equal"))
        if isinstance(condition, Comparison):
            found += [
                (column, as_list(values), how)
                for how in ("contains", "starts_with")
                if (values := getattr(condition, how))
            ]
    return found


def _missed(there: Mapping[str, int], wanted: Sequence[str], value: str, how: str) -> dict[str, str]:
    """Texts that hold the words of ``value`` in another spelling, each with that spelling. US is no part of Bus."""
    words = words_alike(value)
    found: dict[str, str] = {}
    for text in there if words else ():
        if len(there) > _READ and words not in text.casefold():
            continue  # of very many texts only other letters' case is looked at
        if any(one in text if how == "contains" else text.startswith(one) for one in wanted):
            continue
        whole = f" {words_alike(text)} "
        if f" {words} " in whole if how == "contains" else whole.startswith(f" {words} "):
            found[text] = _as_written(text, words)
    return found


def _as_written(text: str, words: str) -> str:
    """The piece of a text that reads as ``words``."""
    pieces = text.split(" ")
    for first in range(len(pieces)):
        for last in range(first + 1, len(pieces) + 1):
            if words_alike(piece := " ".join(pieces[first:last])) == words:
                return piece
    return text


def _left_out(column: str, how: str, wanted: Sequence[str], missed: Mapping[str, str]) -> NoValueError:
    listed = ", ".join(map(explained, list(missed)[:_LISTED]))
    every = ", ".join(quoted(one) for one in dict.fromkeys([*wanted, *missed.values()]))
    return bad_data(
        f"{column} {how.replace('_', ' ')} {' or '.join(wanted)} leaves out {listed}: one word in several spellings?",
        hint=f"name them all: {column}: {{{how}: [{every}]}}; if they are different things, add spelling: exact to the metric",
    )


def _two_spellings(column: str, value: str, others: Sequence[str]) -> NoValueError:
    listed = ", ".join(map(explained, others[:_LISTED]))
    both = ", ".join(map(quoted, [value, *others[:_LISTED]]))
    return bad_data(
        f"{column} has {explained(value)} and {listed}: one value in several spellings?",
        hint=f"name them all: {column}: [{both}]; if they are different things, add spelling: exact to the metric",
    )
