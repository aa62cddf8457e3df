"""Write and read the stamp: a text in a row that says by digests which values okrsync put there.

    okrsync1 #17 current:k3f9ab.q2x progress:7hd0c2.m1a ~w8k2zp

``#17`` counts the stamps of this row. Each cell has six characters of a digest of its value and, behind the point, three
of a digest of its column (a row that is added has none yet). The last word is a digest of all before it and of the row's
key: a stamp that was edited, cut or copied to another row does not fit, and counts as none.

It is written in the same request as the values. So a ledger that is lost, fresh or older mistakes nobody, and the row
itself says whether the write of a killed run landed.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from okrsync.cells import STAMP
from okrsync.codec import typed
from okrsync.memory import Memory
from okrsync.model import CellState, Decision, Hold, Row, Stored, Verdict

MARK: Final = "okrsync1 #"
"""What a text begins with that is, or once was, a stamp. The digit is the version of the form."""

_FORM: Final = re.compile(
    r"okrsync1 #(?P<number>[0-9]{1,9})(?P<marks>(?: [a-z_]+:[a-z2-7.]+)*) ~(?P<sum>[a-z2-7]+)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """``number`` counts the stamps of the row; ``marks`` has the digests of each cell, as they are written."""

    number: int = 0
    marks: Mapping[str, str] = field(default_factory=dict)

    def mark(self, cell: str, state: CellState) -> str:
        """The mark of the cell, if it is of the column that the cell has now; else empty."""
        mark = self.marks.get(cell, "")
        column = mark.partition(".")[2]
        return mark if not column or column == _column(state.address) else ""

    def fits(self, cell: str, state: CellState, key: str) -> bool | None:
        """Whether okrsync put what the cell holds now; None if the stamp does not speak of the cell."""
        mark = self.mark(cell, state)
        return mark.partition(".")[0] == _digest(key, cell, typed(state.value)) if mark else None

    def text(self, key: str) -> str:
        """The stamp as it is written into the row with this key."""
        marks = "".join(f" {cell}:{mark}" for cell, mark in sorted(self.marks.items()))
        body = f"{MARK}{self.number}{marks}"
        return f"{body} ~{_digest(key, body)}"


def read_stamp(text: Stored, key: str) -> Stamp | None:
    """The stamp in ``text``, or None if there is none that fits the row with this key."""
    form = _FORM.fullmatch(text) if isinstance(text, str) else None
    if form is None:
        return None
    marks = dict(mark.split(":", 1) for mark in form["marks"].split())
    stamp = Stamp(number=int(form["number"]), marks=marks)
    return stamp if stamp.text(key) == text else None


def stamp_of(row: Row, memory: Memory) -> Stamp | None:
    """The row's stamp; None if it has none that fits, or one that is older than the ledger's: a person put it back."""
    if STAMP.name not in row.cells:
        return None
    state = row.cells[STAMP.name]
    stamp = read_stamp(state.value, row.key)
    known = _known(row, memory)
    return None if stamp is None or (known is not None and stamp.number < known.number) else stamp


def mark_of(key: str, cell: str, value: Stored, address: str = "") -> str:
    """What a stamp says of a cell into which okrsync has put ``value``; ``address`` is that of its column, if known."""
    return f"{_digest(key, cell, typed(value))}{f'.{_column(address)}' if address else ''}"


def first_stamp(key: str, values: Mapping[str, Stored]) -> str:
    """The stamp of a row that is yet to be added."""
    marks = {cell: mark_of(key, cell, value) for cell, value in values.items()}
    return Stamp(number=1, marks=marks).text(key)


def claimed_stamp(row: Row, memory: Memory, cells: Iterable[str]) -> str:
    """The row's stamp after a person has let okrsync take over what ``cells`` hold."""
    stamp = stamp_of(row, memory) or Stamp()
    taken = {
        cell: mark_of(row.key, cell, row.cells[cell].value, row.cells[cell].address)
        for cell in cells
        if cell != STAMP.name
    }
    return Stamp(number=_next(row, memory), marks={**stamp.marks, **taken}).text(row.key)


def new_stamp(row: Row, decisions: Sequence[Decision], memory: Memory) -> str | None:
    """The stamp that the row needs once ``decisions`` are carried out; None if the one that it has says it all."""
    stamp = stamp_of(row, memory)
    marks: dict[str, str] = {}
    for one in decisions:
        state = row.cells.get(one.cell)
        if state is not None and not state.locked and (mark := _mark(row, one, state, stamp, memory)):
            marks[one.cell] = mark
    writes = any(one.verdict is Verdict.WRITE for one in decisions)
    if not writes and marks == dict(stamp.marks if stamp is not None else {}):
        return None
    return Stamp(number=_next(row, memory), marks=marks).text(row.key)


def _mark(row: Row, one: Decision, state: CellState, stamp: Stamp | None, memory: Memory) -> str:
    """What is to be said of one cell: empty if okrsync has put nothing there, as far as is known."""
    settled = one.verdict is Verdict.SAME and typed(one.now) == typed(one.wanted) and one.now is not None
    kept = stamp is not None and one.verdict is not Verdict.WRITE and stamp.mark(one.cell, state)
    if stamp is not None and kept and (not settled or stamp.fits(one.cell, state, row.key)):
        return kept
    if settled or one.verdict is Verdict.WRITE:
        return mark_of(row.key, one.cell, one.wanted, state.address)
    where = (row.id, state.address)
    intent = memory.intents.get(where)
    foreign = one.hold in {Hold.EDITED, Hold.UNCLAIMED}
    landed = intent is not None and typed(state.value) == typed(intent.after) and not foreign
    last = intent.after if intent is not None and landed else memory.last_written.get(where)
    return mark_of(row.key, one.cell, last, state.address) if last is not None else ""


def is_stamp(text: Stored) -> bool:
    """Whether the text is a stamp or what somebody has left of one: it may be written again without asking."""
    return isinstance(text, str) and text.startswith(MARK)


def _next(row: Row, memory: Memory) -> int:
    state = row.cells[STAMP.name]
    known = (read_stamp(state.value, row.key), _known(row, memory))
    return max((one.number for one in known if one is not None), default=0) + 1


def _known(row: Row, memory: Memory) -> Stamp | None:
    """The last stamp that the ledger knows to have been written into this row."""
    return read_stamp(memory.last_written.get((row.id, row.cells[STAMP.name].address)), row.key)


def _column(address: str) -> str:
    return _digest(address)[:3]


def _digest(*parts: str) -> str:
    found = hashlib.sha256(json.dumps(parts).encode()).digest()
    return base64.b32encode(found).decode("ascii").lower()[:6]
