"""Remember how far a visitor has come, and say on the page what happened last."""

from __future__ import annotations

from dataclasses import dataclass, field

from okrsync.errors import UnsafePlan
from okrsync.fleet import CompanyRun
from okrsync.memory import HELD_ROWS, RunFinished
from okrsync.model import Verdict
from okrsync.sync.result import held_rows

Said = dict[str, str]


@dataclass(slots=True, kw_only=True)
class Story:
    """What the page remembers of the visitor; cells are named by row and column.

    ``typed`` and ``claimed`` are the cells that a person has edited, or let go of, since the last sync; ``held`` those
    in which a person's edit was ever held. ``run`` is the last run that the page knows of.
    """

    edited: bool = False
    released: bool = False
    typed: set[tuple[str, str]] = field(default_factory=set)
    claimed: set[tuple[str, str]] = field(default_factory=set)
    held: set[tuple[str, str]] = field(default_factory=set)
    run: str = ""
    said: Said = field(default_factory=dict)

    def synced(self, said: Said) -> None:
        """A sync has ended: what was typed and claimed before it is seen."""
        self.typed.clear()
        self.claimed.clear()
        self.said = said


def sentence(tone: str, text: str, hint: str = "") -> Said:
    """``tone`` is calm, good or bad."""
    return {"tone": tone, "text": text, "hint": hint}


def of_sync(ended: CompanyRun) -> Said:
    """What a sync of the page did, or what ended it."""
    if ended.error is not None:
        hint = getattr(ended.error, "hint", "")
        said = sentence("bad", getattr(ended.error, "message", str(ended.error)), hint)
        return said | {"force": "yes" if isinstance(ended.error, UnsafePlan) else ""}
    report = ended.report
    assert report is not None
    written = [one for one in report.decisions if one.verdict is Verdict.WRITE]
    held = held_rows(report.decisions)
    text = _written(len(written), len({one.row for one in written}))
    said = sentence("good", report.notice.text if report.notice is not None else text)
    waiting = f"{held} {'row waits' if held == 1 else 'rows wait'} for a person: HELD."
    return said | {"held": waiting if held else ""}


def of_others(last: RunFinished) -> Said:
    """What a command in another terminal did. Only a sync counts cells."""
    if not last.counts:
        return sentence("calm", "A command has ended in another terminal.")
    said = sentence("good", f"In another terminal: {_written(last.counts.get(Verdict.WRITE, 0), 0)}")
    held = last.counts.get(HELD_ROWS, 0)
    return said | {
        "held": f"{held} {'row waits' if held == 1 else 'rows wait'} for a person: HELD." if held else ""
    }


def _written(cells: int, rows: int) -> str:
    if not cells:
        return "Synced. Nothing new, so nothing was written."
    place = f" in {rows} {'row' if rows == 1 else 'rows'}" if rows else ""
    return f"Synced. {cells} {'cell' if cells == 1 else 'cells'} written{place}."
