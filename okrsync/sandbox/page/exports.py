"""Change and break the files that the made-up company's CRM exports every night."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from okrsync.emulation import Mishap
from okrsync.sandbox.clock import EXPORT_AGE
from okrsync.sandbox.page.changes import Change, matches


class Export:
    """One connection to files; the newest one counts. ``now`` is the demo's present."""

    def __init__(self, connection: Mapping[str, Any], folder: Path, now: Callable[[], datetime]) -> None:
        self._pattern = str(connection["path"])
        self._delimiter = str(connection.get("delimiter", ","))
        self._date = str(connection.get("date_format", "%Y-%m-%d"))
        self._ages = "stale_after" in connection
        self._folder = folder
        self._now = now
        self._late = False
        self._whole: bytes | None = None

    @property
    def file(self) -> Path:
        return max(self._folder.glob(self._pattern))

    def write_again(self) -> None:
        """What the CRM does every night, unless it is late: a file whose name has the day in it gets a new name."""
        if not self._late:
            self._date_files(self._now() - EXPORT_AGE)

    def _date_files(self, written: datetime) -> None:
        for path in list(self._folder.glob(self._pattern)):
            dated = path.with_name(re.sub(r"\d{4}-\d\d-\d\d", f"{written:%Y-%m-%d}", path.name))
            path.replace(dated)
            os.utime(dated, (written.timestamp(), written.timestamp()))

    def describe(self) -> str:
        rows = max(self.file.read_bytes().count(b"\n") - 1, 0)
        return f"{self.file.name}: {'no rows' if not rows else f'{rows:,} rows'}"

    def left(self, change: Change) -> int:
        _, rows = self._rows()
        return sum(matches(row, change.where) for row in rows)

    def change(self, change: Change) -> int:
        """Apply the change; how many rows it met."""
        names, rows = self._rows()
        met = [row for row in rows if matches(row, change.where)][: change.most]
        today = self._now().strftime(self._date)
        for row in met:
            row.update({name: today if text == "today" else text for name, text in change.put.items()})
        text = io.StringIO()
        writer = csv.DictWriter(text, names, delimiter=self._delimiter, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        if met:
            self._put(text.getvalue().encode())
        return len(met)

    def mishaps(self) -> Sequence[Mishap]:
        empty = Mishap(
            id="empty", label="The export has no rows", begin=self._make_empty, end=self._make_whole
        )
        late = Mishap(
            id="late",
            label="No export has come for a month",
            begin=lambda: self._be_late(late=True),
            end=lambda: self._be_late(late=False),
        )
        return [empty, late] if self._ages else [empty]

    def _make_empty(self) -> None:
        if self._whole is None:
            self._whole = self.file.read_bytes()
            self._put(self._whole.partition(b"\n")[0] + b"\n")

    def _make_whole(self) -> None:
        if self._whole is not None:
            whole, self._whole = self._whole, None
            self._put(whole)

    def _be_late(self, *, late: bool) -> None:
        self._late = late
        self._date_files(self._now() - (timedelta(days=30) if late else EXPORT_AGE))

    def _put(self, content: bytes) -> None:
        self.file.write_bytes(content)
        self.write_again()  # writing has set the file's time to today's

    def _rows(self) -> tuple[Sequence[str], list[dict[str, str]]]:
        reader = csv.DictReader(io.StringIO(self.file.read_text(encoding="utf-8")), delimiter=self._delimiter)
        rows = list(reader)
        return reader.fieldnames or (), rows
