"""Test the contract of destinations: subclass ``DestinationContract`` and fill in one fixture."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from okrsync.errors import AccessError, Conflict, DataError, OkrsyncError, Unavailable
from okrsync.model import Row, Stored, Wanted
from okrsync.ports import Destination


@dataclass(frozen=True, kw_only=True)
class DestinationCase:
    """What the suite needs to know of one kind of destination and the table behind it.

    ``connect`` gives a destination in front of the same table, each time a new one, as a new run would have it. ``key``
    is a row whose cells can be written; ``values`` and ``others`` are two sets of wanted values for the same cells (two
    at least), which differ from each other and from what the cell shows. ``impossible`` is a cell with a value that it
    cannot hold. ``edit`` lets a person put something else than any of these into a cell of the row with that key.
    ``lose_answer`` applies the next write and loses its answer; ``lose_request`` loses the next write itself.
    ``writes`` counts the write requests so far. ``locked`` is a cell that can never be written, ``twins`` a key that
    two rows have. ``denied`` and ``down`` are destinations in front of a wrong credential and of a server that does not
    answer. None if this kind of destination has no such fault.
    """

    connect: Callable[[], Destination]
    key: str
    values: Mapping[str, Wanted]
    others: Mapping[str, Wanted]
    impossible: tuple[str, Wanted]
    edit: Callable[[str, str], None]
    lose_answer: Callable[[], None]
    lose_request: Callable[[], None]
    writes: Callable[[], int]
    locked: str | None = None
    twins: str | None = None
    denied: Destination | None = None
    down: Destination | None = None


class DestinationContract:
    """Subclass it, name it ``Test...``, and give it a fixture ``case`` that returns a ``DestinationCase``."""

    # ---- reading ----

    def test_reading_is_repeatable_and_writes_nothing(self, case: DestinationCase) -> None:
        destination = case.connect()
        first = list(destination.read())
        assert first == list(destination.read()) == list(case.connect().read())
        assert case.writes() == 0

    def test_a_row_says_where_it_is(self, case: DestinationCase) -> None:
        row = _row(case.connect(), case.key)
        assert row.id
        assert row.title
        assert row.url
        assert not row.problem
        assert all(cell.address for cell in row.cells.values())
        assert len({cell.address for cell in row.cells.values()}) == len(row.cells)

    def test_every_cell_is_a_canonical_value(self, case: DestinationCase) -> None:
        for row in case.connect().read():
            for cell in row.cells.values():
                assert not isinstance(cell.value, float)
                assert cell.value != ""

    def test_two_rows_with_one_key_are_a_problem_of_both(self, case: DestinationCase) -> None:
        rows = list(case.connect().read())
        for key, count in Counter(row.key for row in rows).items():
            if count > 1:
                assert all(row.problem for row in rows if row.key == key)
        if case.twins is not None:
            assert sum(row.key == case.twins for row in rows) == 2

    def test_a_wrong_credential_is_said(self, case: DestinationCase) -> None:
        if case.denied is not None:
            with pytest.raises(AccessError):
                case.denied.read()

    def test_a_server_that_is_down_is_said(self, case: DestinationCase) -> None:
        if case.down is not None:
            with pytest.raises(Unavailable):
                case.down.read()

    # ---- canonical ----

    def test_what_was_written_reads_back_as_canonical(self, case: DestinationCase) -> None:
        destination = case.connect()
        row = _row(destination, case.key)
        for wanted in (case.values, case.others):
            values = _canonical(destination, wanted)
            row = destination.write(row.id, values, _values(row, values))
            again = _row(case.connect(), case.key)
            assert _values(again, values) == values
            assert [type(value) for value in _values(again, values).values()] == [
                type(value) for value in values.values()
            ]

    def test_canonical_sends_nothing_and_does_not_waver(self, case: DestinationCase) -> None:
        destination = case.connect()
        destination.read()
        assert _canonical(destination, case.values) == _canonical(destination, case.values)
        assert _canonical(destination, case.values) != _canonical(destination, case.others)
        assert case.writes() == 0

    def test_what_a_cell_cannot_hold_is_refused_before_any_write(self, case: DestinationCase) -> None:
        destination = case.connect()
        destination.read()
        with pytest.raises(DataError):
            destination.canonical(*case.impossible)
        assert case.writes() == 0

    # ---- writing ----

    def test_a_write_returns_the_row_as_it_is_now(self, case: DestinationCase) -> None:
        destination = case.connect()
        row = _row(destination, case.key)
        values = _canonical(destination, case.values)
        written = destination.write(row.id, values, _values(row, values))
        assert _values(written, values) == values
        assert written == _row(case.connect(), case.key)

    def test_a_row_is_one_write_however_many_cells(self, case: DestinationCase) -> None:
        _write(case, case.connect())
        assert len(case.values) > 1
        assert case.writes() == 1

    def test_other_rows_and_cells_are_not_touched(self, case: DestinationCase) -> None:
        destination = case.connect()
        before = list(destination.read())
        row = next(row for row in before if row.key == case.key)
        cell, wanted = next(iter(case.values.items()))
        value = destination.canonical(cell, wanted)
        destination.write(row.id, {cell: value}, _values(row, {cell: value}))
        for old, new in zip(before, case.connect().read(), strict=True):
            changed = {name for name in old.cells if old.cells[name] != new.cells[name]}
            assert changed == ({cell} if old.id == row.id else set())

    def test_values_that_stand_there_already_are_not_written(self, case: DestinationCase) -> None:
        _write(case, case.connect())
        destination = case.connect()
        row = _row(destination, case.key)
        values = _canonical(destination, case.values)
        assert destination.write(row.id, values, _values(row, values)) == row
        assert case.writes() == 1

    def test_a_persons_edit_since_reading_is_kept(self, case: DestinationCase) -> None:
        destination = case.connect()
        row = _row(destination, case.key)
        values = _canonical(destination, case.values)
        case.edit(case.key, next(iter(values)))
        theirs = _row(case.connect(), case.key)
        with pytest.raises(Conflict):
            destination.write(row.id, values, _values(row, values))
        assert case.writes() == 0
        assert _row(case.connect(), case.key) == theirs

    def test_one_edited_cell_stops_the_whole_row(self, case: DestinationCase) -> None:
        destination = case.connect()
        row = _row(destination, case.key)
        values = _canonical(destination, case.values)
        case.edit(case.key, list(values)[-1])
        with pytest.raises(Conflict):
            destination.write(row.id, values, _values(row, values))
        first = next(iter(values))
        assert _row(case.connect(), case.key).cells[first] == row.cells[first]

    def test_an_edit_of_a_cell_that_is_only_expected_stops_the_row(self, case: DestinationCase) -> None:
        destination = case.connect()
        row = _row(destination, case.key)
        first, *_, last = case.values
        value = destination.canonical(first, case.values[first])
        case.edit(case.key, last)
        with pytest.raises(Conflict):
            destination.write(row.id, {first: value}, _values(row, case.values))
        assert case.writes() == 0

    def test_a_persons_edit_before_rows_are_read_again_together_is_kept(self, case: DestinationCase) -> None:
        destination = case.connect()
        row = _row(destination, case.key)
        values = _canonical(destination, case.values)
        case.edit(case.key, next(iter(values)))
        destination.look([one.id for one in destination.read() if not one.problem], fresh=0)
        with pytest.raises(Conflict):
            destination.write(row.id, values, _values(row, values), recent=True)
        assert case.writes() == 0

    def test_reading_rows_again_together_writes_nothing_and_raises_nothing(
        self, case: DestinationCase
    ) -> None:
        destination = case.connect()
        row = _row(destination, case.key)
        destination.look([row.id, _other_id(row.id)], fresh=0)
        destination.look([], fresh=0)
        assert case.writes() == 0
        values = _canonical(destination, case.values)
        written = destination.write(row.id, values, _values(row, values), recent=True)
        assert _values(written, values) == values
        assert case.writes() == 1

    def test_of_two_writers_the_second_finds_a_conflict(self, case: DestinationCase) -> None:
        one, two = case.connect(), case.connect()
        row = _row(two, case.key)
        _write(case, one)
        others = _canonical(two, case.others)
        with pytest.raises(Conflict):
            two.write(row.id, others, _values(row, others))
        assert case.writes() == 1
        values = _canonical(two, case.values)
        assert _values(_row(case.connect(), case.key), values) == values

    def test_two_writers_of_the_same_are_no_conflict(self, case: DestinationCase) -> None:
        one, two = case.connect(), case.connect()
        row = _row(two, case.key)
        _write(case, one)
        values = _canonical(two, case.values)
        assert _values(two.write(row.id, values, _values(row, values)), values) == values
        assert case.writes() == 1

    def test_a_write_whose_answer_was_lost_is_found_again(self, case: DestinationCase) -> None:
        destination = case.connect()
        row = _row(destination, case.key)
        values = _canonical(destination, case.values)
        case.lose_answer()
        assert _values(destination.write(row.id, values, _values(row, values)), values) == values
        assert case.writes() == 1

    def test_a_write_that_never_arrived_is_sent_again(self, case: DestinationCase) -> None:
        destination = case.connect()
        row = _row(destination, case.key)
        values = _canonical(destination, case.values)
        case.lose_request()
        assert _values(destination.write(row.id, values, _values(row, values)), values) == values
        assert case.writes() == 2

    def test_a_row_that_is_not_there_is_a_conflict(self, case: DestinationCase) -> None:
        destination = case.connect()
        row = _row(destination, case.key)
        values = _canonical(destination, case.values)
        with pytest.raises(Conflict):
            destination.write(_other_id(row.id), values, _values(row, values))
        assert case.writes() == 0

    def test_a_locked_cell_says_why_and_is_never_written(self, case: DestinationCase) -> None:
        if case.locked is None:
            return
        destination = case.connect()
        row = _row(destination, case.key)
        assert row.cells[case.locked].locked
        wanted = next(iter(case.values.values()))
        with pytest.raises(OkrsyncError):
            destination.canonical(case.locked, wanted)
        with pytest.raises(OkrsyncError):
            destination.write(row.id, {case.locked: "1"}, {case.locked: row.cells[case.locked].value})
        assert case.writes() == 0

    def test_a_cell_nobody_configured_is_refused(self, case: DestinationCase) -> None:
        destination = case.connect()
        row = _row(destination, case.key)
        with pytest.raises(OkrsyncError):
            destination.write(row.id, {"no such cell": "1"}, {"no such cell": None})
        assert case.writes() == 0


def _row(destination: Destination, key: str) -> Row:
    (row,) = [row for row in destination.read() if row.key == key]
    return row


def _canonical(destination: Destination, wanted: Mapping[str, Wanted]) -> dict[str, Stored]:
    return {cell: destination.canonical(cell, value) for cell, value in wanted.items()}


def _values(row: Row, cells: Mapping[str, object]) -> dict[str, Stored]:
    return {cell: row.cells[cell].value for cell in cells}


def _write(case: DestinationCase, destination: Destination) -> Row:
    row = _row(destination, case.key)
    values = _canonical(destination, case.values)
    return destination.write(row.id, values, _values(row, values))


def _other_id(identity: str) -> str:
    """An id of the same form that means nothing."""
    return "".join("a" if letter == "b" else "b" if letter.isalnum() else letter for letter in identity)
