"""Show a plan as a diff that a manager understands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby

from rich.text import Text

from okrsync.cells import follows
from okrsync.config import Company
from okrsync.model import Decision, Hold, Verdict
from okrsync.render.words import goal, moment, notice_text, stored, wanted
from okrsync.spelling import counted
from okrsync.sync.result import Report, by_subject, held_rows
from okrsync.tables.assessment import Assessment

WIDTH = 60


def plan_text(report: Report) -> Text:
    """Every change and every held cell, row by row; what is unchanged in one line; what to do next."""
    locale = report.company.locale
    out = Text()
    head = f"{report.company.title} · {report.company.cycle.name} · {moment(report.at, report.company.zone)}"
    out.append(f"{head}\n", style="bold")
    unchanged: list[str] = []
    cells_of = by_subject(report.decisions)
    assessment_of = {one.key_result.id: one for one in report.assessments}
    if report.notice is not None:
        out.append_text(notice_text(report.notice))
    for subject in report.rows:
        cells = cells_of.get(subject, [])
        if all(one.verdict is Verdict.SAME for one in cells):
            unchanged.append(subject)
            continue
        out.append("\n")
        out.append_text(_heading(report, subject, assessment_of.get(subject)))
        out.append_text(_row(cells, locale, applied=report.applied))
    if unchanged:
        out.append(f"\n= unchanged: {', '.join(unchanged)}\n", style="dim")
    if report.company.drafts:
        out.append(f"\n· {drafts_text(report.company)}\n", style="dim")
    out.append("\n")
    out.append_text(_footer(report))
    return out


def drafts_text(company: Company) -> str:
    """Which key results, initiatives and KPIs nothing measures yet."""
    return f"not measured yet: {', '.join(one.id for one in company.drafts)}"


def _heading(report: Report, subject: str, assessment: Assessment | None) -> Text:
    row = report.rows[subject]
    title = row.title if row is not None else ""
    aim = ""
    if assessment is not None:
        title = assessment.key_result.title or title
        detail = report.details[subject]
        aim = goal(detail["goal"], detail["unit"], report.company.locale) if detail["goal"] else ""
    line = Text(f"{subject}  ", style="bold")
    line.append(title.ljust(WIDTH - len(subject)) if aim else title)
    line.append(f"{aim}\n" if aim else "\n", style="cyan")
    return line


def _row(cells: Sequence[Decision], locale: str, *, applied: bool) -> Text:
    out = Text()
    writes = [one for one in cells if one.verdict is Verdict.WRITE]
    for one in writes:
        if not follows(one.cell):
            mark, style = ("✓", "green") if applied else ("~" if one.now is not None else "+", "yellow")
            out.append(f"  {mark} {one.cell:<11}", style=style)
            out.append_text(_change(one, locale))
    if along := [one.cell for one in writes if follows(one.cell)]:
        out.append(f"    and {', '.join(along)}\n", style="dim")
    for held in _alike(one for one in cells if one.verdict is Verdict.HELD):
        out.append_text(_held(held, locale))
    return out


def _change(one: Decision, locale: str) -> Text:
    line = Text()
    if one.now is not None:
        line.append(f"{_short(stored(one, one.now, locale))} → ", style="dim")
    line.append(f"{_short(wanted(one, locale))}\n")
    return line


def _held(alike: Sequence[Decision], locale: str) -> Text:
    first = alike[0]
    names = ", ".join(one.cell for one in alike)
    line = Text().append("  ! HELD ", style="bold red")
    line.append(f"{names}: {first.reason}\n")
    if first.hold in {Hold.UNCLAIMED, Hold.EDITED}:
        for one in alike:
            line.append(f"      {_three(one, locale)}\n", style="dim")
    if first.hint:
        line.append(f"      → {first.hint}\n", style="cyan")
    return line


def _three(one: Decision, locale: str) -> str:
    wrote = f" · okrsync wrote {_short(stored(one, one.last, locale))}" if one.last is not None else ""
    return (
        f"{one.cell}: shows {_short(_apart(one, locale))}{wrote} · would write {_short(wanted(one, locale))}"
    )


def _apart(one: Decision, locale: str) -> str:
    """What the cell shows; with all its digits if it would look like another number that is named beside it."""
    now, shown = one.now, stored(one, one.now, locale)
    if not isinstance(now, Decimal):
        return shown
    others = [each for each in (one.last, one.wanted) if isinstance(each, Decimal) and each != now]
    if not any(stored(one, each, locale) == shown for each in others):
        return shown
    return format((now * 100 if one.fraction else now).normalize(), "f")


def _alike(held: Iterable[Decision]) -> list[list[Decision]]:
    """Held cells with one reason and one next step, said once."""
    ordered = sorted(held, key=lambda one: (one.hold is Hold.FOLLOWS, one.reason, one.hint))
    return [list(group) for _, group in groupby(ordered, key=lambda one: (one.reason, one.hint))]


def _footer(report: Report) -> Text:
    writes = [one for one in report.decisions if one.verdict is Verdict.WRITE]
    held = {one.subject for one in report.decisions if one.verdict is Verdict.HELD}
    rows = len({one.subject for one in writes})
    # Outside the cycle everything is held, and no row was read.
    unchanged = len(report.rows.keys() - {one.subject for one in writes} - held)
    verb = "Written" if report.applied else "Plan"
    parts = [
        f"{verb}: {counted(len(writes), 'cell')} in {counted(rows, 'row')}" if writes else "Nothing to write"
    ]
    parts += [f"{unchanged} unchanged"] if unchanged else []
    parts += [f"{held_rows(report.decisions)} held"] if held else []
    out = Text(f"{' · '.join(parts)}\n", style="bold")
    for alarm in report.plan.alarms if not report.applied else ():
        out.append(f"  ! UNSAFE {alarm}\n", style="bold red")
    if not report.applied and writes:
        force = " --force" if report.plan.alarms else ""
        out.append(f"  → okrsync sync {report.company.id}{force}\n", style="cyan")
    return out


def _short(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:97]}…"
