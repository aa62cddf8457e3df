"""Do what a visitor of the page asks for, and collect what the page shows."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, cast

from okrsync.alerts import CompanyRunner
from okrsync.config import Company, load_company
from okrsync.emulation import Grid, Workspace
from okrsync.errors import OkrsyncError
from okrsync.ledger import open_ledger
from okrsync.ledger.store import SqlLedger
from okrsync.memory import Memory
from okrsync.ports import Connector
from okrsync.render.words import moment
from okrsync.sandbox.clock import PRESENT, ImpatientClock
from okrsync.sandbox.environment import DemoEnvironment
from okrsync.sandbox.page.marks import Marks, marks_of
from okrsync.sandbox.page.sources import Sources
from okrsync.sandbox.page.story import Story, of_others, of_sync, sentence
from okrsync.sandbox.terminal import ledger_of
from okrsync.sync.accept import accept
from okrsync.sync.adopt import claim

STEPS: Final[Mapping[str, timedelta]] = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
}


class Visit:
    """The page's side of a demo that stays up. All methods may be called from any thread; one works at a time."""

    def __init__(
        self, environment: DemoEnvironment, clock: ImpatientClock, connectors: Mapping[str, Connector]
    ) -> None:
        self._environment = environment
        self._clock = clock
        self._connectors = connectors
        self._lock = threading.RLock()
        self._sources = Sources(environment, clock.now)
        self._story = Story()
        self._read: tuple[int, Company] | None = None
        self._ledger = self._open_ledger()
        self._shown: dict[str, Any] = {}
        company = self._company
        self._notion = cast("Workspace", environment.emulators[company.destination])
        self.title, self.company_id = company.title, company.id
        self.state()

    @property
    def _company(self) -> Company:
        """Read again if somebody has edited the YAML."""
        written = self._environment.company.stat().st_mtime_ns
        if self._read is None or self._read[0] != written:
            self._read = written, load_company(self._environment.company, self._connectors)
        return self._read[1]

    def close(self) -> None:
        with self._lock:
            self._ledger.close()

    # ---- what a visitor does ------------------------------------------------------------------------------

    def edit(self, row: str, column: str, text: str) -> None:
        """Type into a cell of the workspace. Raises ``LookupError`` or ``ValueError`` if it does not take the text."""
        with self._lock:
            self._notion.type_in(row, column, text, self._company.zone)
            self._story.edited = True
            self._story.typed.add((row, column))
            self._say("calm", "A person has typed into Notion. okrsync sees it at the next sync.")

    def sync(self, *, force: bool = False) -> None:
        with self._working() as company:
            runner = CompanyRunner(
                load=lambda _: company, ledger=self._ledger, clock=self._clock, otherwise=lambda _: None
            )
            ended = runner.run(company.id, force=force)
            self._story.synced(of_sync(ended))

    def let_go(self, action: str, subject: str) -> None:
        """``release``, ``adopt`` or ``accept`` what is held of a key result or objective."""
        with self._working() as company:
            marks = self._marks(company, self._ledger.recall(company.id))
            if action == "accept":
                cells = [one.decision.cell for one in accept(company, self._ledger, self._clock, [subject])]
            else:
                claims = claim(
                    company, self._ledger, self._clock, [subject], edited=action == "release", ours=False
                )
                cells = [one.cell for one in claims]
            columns = {name: column for one in company.tables.values() for name, column in one.cells.items()}
            row = marks.subjects.get(subject, "")
            self._story.claimed |= {(row, columns[cell]) for cell in cells if cell in columns}
            self._story.released |= action == "release" and bool(cells)
            past = {"release": "released", "adopt": "adopted", "accept": "accepted"}[action]
            if cells:
                self._say(
                    "good",
                    f"{subject} is {past}. The next sync may write it.",
                    f"okrsync {action} {company.id} {subject}",
                )
            else:
                self._say("calm", f"{subject}: there is nothing to {action} any more.")

    def move_clock(self, step: str) -> None:
        """Raises ``LookupError`` for an unknown step."""
        if step not in STEPS:
            raise LookupError(f"there is no step {step!r}; there are {', '.join(STEPS)}")
        with self._lock:
            self._clock.set(self._clock.now() + STEPS[step])
            self._sources.new_exports()
            self._say("calm", f"It is {self._moment()} now, in every terminal of this demo.")

    def change(self, source: str, number: int) -> None:
        """Raises ``LookupError`` if there is no such change."""
        with self._lock:
            self._say("calm", self._sources.change(source, number))

    def type_in(self, source: str, table: str, row: int, column: int, text: str) -> None:
        """Type into a spreadsheet. Raises ``LookupError`` if there is no such cell."""
        with self._lock:
            self._sources.type_in(source, table, row, column, text)
            self._say("calm", "The spreadsheet has changed. okrsync sees it at the next sync.")

    def disturb(self, source: str, mishap: str, *, on: bool) -> None:
        """Raises ``LookupError`` if there is nothing of that name to break."""
        with self._lock:
            self._say("bad" if on else "good", self._sources.disturb(source, mishap, on=on))

    def start_over(self) -> None:
        """Everything as it was when the demo started."""
        with self._lock:
            self._ledger.close()
            for path in Path(self._environment.company.parent).glob("ledger.db*"):
                path.unlink()
            self._clock.set(PRESENT)
            self._environment.start_over()
            self._sources.start_over()
            self._story = Story()
            self._ledger = self._open_ledger()
            self._say("calm", "Everything is as it was at the start.")

    # ---- what the page shows ------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        """Everything on the page, as JSON; while something else is going on, what it showed before."""
        if not self._lock.acquire(timeout=0.05):
            return self._shown | {"busy": True, "version": f"{self._shown['version']}, busy"}
        try:
            company = self._company
            memory = self._ledger.recall(company.id)
            self._notice_others(memory)
            state = self._state(company, memory)
            state["version"] = hashlib.sha256(json.dumps(state).encode()).hexdigest()[:16]
            self._shown = state
        except OkrsyncError as error:  # a YAML that somebody is editing
            state = self._shown | {"said": sentence("bad", str(error)), "version": str(error)}
        finally:
            self._lock.release()
        return state

    def _state(self, company: Company, memory: Memory) -> dict[str, Any]:
        grids = self._notion.grids(company.zone)
        marks = marks_of(company, memory, grids)
        self._story.released |= marks.let_go(self._story.held)
        self._story.held |= marks.edited
        notice = company.cycle_notice(self._clock.now())
        owned = {column for table in company.tables.values() for column in table.cells.values()}
        return {
            "title": company.title,
            "cycle": company.cycle.name,
            "now": self._moment(),
            "notice": notice.text if notice is not None else "",
            "busy": False,
            "said": self._story.said,
            "steps": [
                bool(memory.outcomes),
                self._story.edited,
                bool(self._story.held),
                self._story.released,
            ],
            "homeless": marks.homeless,
            "tables": [self._table(grid, marks, owned) for grid in grids],
            "sources": self._sources.cards(),
        }

    def _table(self, grid: Grid, marks: Marks, owned: Collection[str]) -> dict[str, Any]:
        zone = self._company.zone
        return {
            "id": grid.id,
            "title": grid.title,
            "note": grid.note,
            "columns": [
                {
                    "name": one.name,
                    "kind": one.kind,
                    "options": dict(one.options),
                    "editable": one.editable,
                    "owned": one.name in owned,
                }
                for one in grid.columns
            ],
            "rows": [
                {
                    "id": row.id,
                    "trashed": row.in_trash,
                    "cells": [
                        {
                            "text": cell.text,
                            "share": cell.share,
                            "mark": self._mark(row.id, column.name, marks),
                        }
                        for column, cell in zip(grid.columns, row.cells, strict=True)
                    ],
                    "notes": marks.notes.get(row.id, []),
                    "editor": row.editor,
                    "machine": row.by_integration,
                    "edited": _short(row.edited.astimezone(zone)),
                }
                for row in grid.rows
            ],
        }

    def _mark(self, row: str, column: str, marks: Marks) -> dict[str, Any] | None:
        mark = marks.cells.get((row, column))
        if (row, column) in self._story.claimed:
            return {"kind": "claimed"}
        if (row, column) in self._story.typed and (mark is None or mark["kind"] != "held"):
            return {"kind": "typed"}
        return mark

    def _marks(self, company: Company, memory: Memory) -> Marks:
        return marks_of(company, memory, self._notion.grids(company.zone))

    def _moment(self) -> str:
        return moment(self._clock.now(), self._company.zone)

    def _open_ledger(self) -> SqlLedger:
        return open_ledger(ledger_of(self._environment.company.parent), self._clock)

    # ---- what the page says -------------------------------------------------------------------------------

    @contextmanager
    def _working(self) -> Iterator[Company]:
        """Run a command; what ends it is said on the page."""
        with self._lock:
            try:
                company = self._company
                yield company
                last = self._ledger.recall(company.id).last_run
                self._story.run = last.run if last is not None else ""
            except OkrsyncError as error:
                self._say("bad", getattr(error, "message", str(error)), error.hint)

    def _say(self, tone: str, text: str, hint: str = "") -> None:
        self._story.said = sentence(tone, text, hint)

    def _notice_others(self, memory: Memory) -> None:
        """If a command in another terminal has ended, say so."""
        last = memory.last_run
        if last is None or last.run == self._story.run:
            return
        self._story.run = last.run
        if last.counts:
            self._story.synced(of_others(last))
        else:
            self._story.said = of_others(last)


def _short(at: datetime) -> str:
    return f"{at.day} {at:%b, %H:%M}"
