"""Show the past: what a backfill found, and what the ledger remembers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import TYPE_CHECKING, cast

from rich.text import Text

from okrsync.config import Company
from okrsync.key_results import KeyResult
from okrsync.model import PERCENT, NoValue, Reading
from okrsync.render import outputs
from okrsync.render.tables import with_whole_columns
from okrsync.sync.backfill import Backfill, Found, Recalled
from okrsync.sync.backfill_check_ins import Filled
from okrsync.sync.trend import Seen
from okrsync.units import show, to_unit

if TYPE_CHECKING:
    from rich.table import Table

WORDS = {"added": "new", "known": "known", "observed": "seen on the day", "missing": "missing"}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
Histories = Mapping[str, Sequence[Seen]]


def backfill_text(done: Backfill) -> Text:
    """A line for each key result, its missing values with their reasons, and the totals."""
    company = done.company
    known = {one.id: one for one in company.key_results}
    out = Text()
    span = f"{_day(done.moments[0])} to {_day(done.moments[-1])}"
    out.append(f"{company.title} · {len(done.moments)} dates, {span}\n\n", style="bold")
    for metric, values in groupby(done.values, key=lambda one: one.metric):
        mine = list(values)
        for subject in done.subjects[metric]:
            out.append(f"{subject}  ", style="bold")
            out.append(f"{known[subject].title or metric}: ")
            out.append(f"{_counted(mine)}{_change(company, known[subject], mine)}\n")
            for line in _missing(mine, done.moments):
                out.append("  ! ", style="bold red")
                out.append(f"{line}\n")
    new = any(one.found is Found.ADDED for one in done.values)
    verb = "Dry run, nothing recorded" if not done.applied else "Recorded" if new else "Nothing to record"
    out.append(f"\n{verb}: {_counted(done.values)}\n", style="bold")
    added = 0
    if done.filled is not None:
        added = len(done.filled.added)
        _append_check_ins(out, done.company, done.filled, applied=done.applied)
    if (new or added) and not done.applied:
        out.append("  → the same without --dry-run\n", style="cyan")
    return out


def _append_check_ins(out: Text, company: Company, filled: Filled, *, applied: bool) -> None:
    if not filled.periods:
        out.append(f"Check-ins: none, as no {company.check_in_every} of this cycle ends on these dates\n")
        return
    held = filled.held
    added = f"{len(filled.added)} {'added' if applied else 'would be added'}"
    parts = [added, f"{filled.there} there already", f"{len(held)} not added"]
    shown = [part for part in parts if not part.startswith("0 ")] or ["none, for want of numbers"]
    out.append(f"Check-ins: {' · '.join(shown)}\n", style="bold")
    for key, one in held.items():
        out.append("  ! ", style="bold red")
        out.append(f"{key}: {one.reason}{f' → {one.hint}' if one.hint else ''}\n")


def backfill_data(done: Backfill) -> outputs.Backfill:
    """Every value at every moment: whether it was found, and if not, why."""
    return {
        "company": done.company.id,
        "at": done.at.isoformat(),
        "applied": done.applied,
        "exit_code": done.exit_code,
        "counts": {word: sum(str(one.found) == word for one in done.values) for word in WORDS},
        "check_ins": _check_ins(done.filled) if done.filled is not None else None,
        "values": [
            {
                "date": _day(one.at),
                "at": one.at.isoformat(),
                "metric": one.metric,
                "key_results": list(done.subjects[one.metric]),
                "found": one.found,
                **_answer(one.answer),
            }
            for one in done.values
        ],
    }


def _check_ins(filled: Filled) -> outputs.CheckIns:
    held: list[outputs.NotAdded] = [
        {"key": key, "reason": one.reason, "hint": one.hint} for key, one in filled.held.items()
    ]
    return {"added": filled.added, "there": filled.there, "not_added": held}


def history_table(company: Company, histories: Histories, *, one_line: bool = False) -> Table:
    """A row for each value; its query is folded, or cut with ``one_line``."""
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, expand=one_line)
    table.add_column("id")
    table.add_column("date")
    for name in ("value", "progress"):
        table.add_column(name, justify="right")
    table.add_column("method")
    table.add_column("source", overflow="ellipsis" if one_line else "fold", no_wrap=one_line, ratio=1)
    units = {one.id: one.unit for one in company.key_results}
    for subject, seen in histories.items():
        for one in seen:
            done = show(one.progress * 100, PERCENT, company.locale) if one.progress is not None else "–"
            evidence = one.reading.evidence
            table.add_row(
                subject,
                one.day.isoformat(),
                show(one.value, units[subject], company.locale),
                done,
                one.reading.method,
                f"{evidence.source}: {evidence.query}",
            )
        if not seen:
            table.add_row(subject, "–", "–", "–", "–", "nothing yet")
    return with_whole_columns(table, "source")


def history_data(company: Company, histories: Histories) -> outputs.History:
    return {"company": company.id, "values": list(_values(company, histories))}


def _values(company: Company, histories: Histories) -> Iterator[outputs.PastValue]:
    """One row for each value, oldest first; numbers are plain decimals, progress is a fraction."""
    units = {one.id: str(one.unit) for one in company.key_results}
    for subject, seen in histories.items():
        for one in seen:
            yield {
                "id": subject,
                "date": one.day.isoformat(),
                "as_of": one.reading.as_of.isoformat(),
                "value": _plain(one.value),
                "unit": units[subject],
                "progress": _plain(round(one.progress, 6)) if one.progress is not None else None,
                "method": one.reading.method,
                "source": one.reading.evidence.source,
                "query": one.reading.evidence.query,
            }


def history_csv(company: Company, histories: Histories) -> str:
    out = io.StringIO()
    names = list(outputs.PastValue.__annotations__)
    writer = csv.DictWriter(out, names, lineterminator="\n")
    writer.writeheader()
    rows = (cast("Mapping[str, str | None]", row) for row in _values(company, histories))
    writer.writerows({name: _no_formula(text) for name, text in row.items()} for row in rows)
    return out.getvalue()


def _no_formula(text: str | None) -> str | None:
    """A spreadsheet would calculate a text that begins like a formula; a negative number is none."""
    risky = text is not None and text[:1] in {"=", "+", "@", "\t", "\r"}
    return f"'{text}" if risky else text


def _counted(values: Sequence[Recalled]) -> str:
    counts = {word: sum(str(one.found) == word for one in values) for word in WORDS}
    return " · ".join(f"{count} {WORDS[word]}" for word, count in counts.items() if count)


def _change(company: Company, key_result: KeyResult, values: Sequence[Recalled]) -> str:
    numbers = [
        to_unit(one.answer.value, one.answer.unit, key_result.unit)
        for one in values
        if isinstance(one.answer, Reading)
    ]
    if not numbers:
        return ""
    first, last = (show(one, key_result.unit, company.locale) for one in (numbers[0], numbers[-1]))
    return f"  {first} → {last}" if len(numbers) > 1 else f"  {first}"


def _missing(values: Sequence[Recalled], moments: Sequence[datetime]) -> Iterator[str]:
    """Missing dates, those with one reason together; a reason that names its own day is one reason."""
    missing = [(one, one.answer) for one in values if isinstance(one.answer, NoValue)]
    alike: dict[str, list[tuple[Recalled, NoValue]]] = {}
    for one, answer in missing:
        alike.setdefault(_DATE.sub("…", answer.reason), []).append((one, answer))
    for reason, group in alike.items():
        days = _days([moments.index(one.at) for one, _ in group], moments)
        shown = group[0][1].reason if len(group) == 1 else reason
        yield f"{days}: {shown}" + (f" → {group[0][1].hint}" if group[0][1].hint else "")


def _days(places: Sequence[int], moments: Sequence[datetime]) -> str:
    """The days at these places; three or more that follow one another as a span with their number."""
    runs: list[list[int]] = []
    for place in places:
        if runs and runs[-1][-1] == place - 1:
            runs[-1].append(place)
        else:
            runs.append([place])
    words = []
    for run in runs:
        days = [_day(moments[place]) for place in run]
        words += [f"{days[0]} to {days[-1]} ({len(days)} dates)"] if len(days) > 2 else days
    return ", ".join(words)


def _answer(answer: Reading | NoValue) -> outputs.Remembered | outputs.NoValue:
    if isinstance(answer, NoValue):
        return {"missing": answer.reason, "cause": answer.cause, "hint": answer.hint}
    return {
        "value": _plain(answer.value),
        "unit": str(answer.unit),
        "method": answer.method,
        "source": answer.evidence.source,
        "query": answer.evidence.query,
    }


def _day(at: datetime) -> str:
    return at.date().isoformat()


def _plain(value: Decimal) -> str:
    return f"{(value or Decimal(0)).normalize():f}"
