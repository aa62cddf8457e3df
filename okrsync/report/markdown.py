"""Write the page as Markdown for a chat or a Notion page: headings and lists, no tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from okrsync.redaction import redact
from okrsync.report.html import SIGNS
from okrsync.report.page import (
    STATUSES,
    HeldItem,
    KeyResultCard,
    KpiCard,
    ObjectiveSection,
    ReportIndex,
    ReportPage,
)
from okrsync.words import Words

_SPECIAL: Final = re.compile(r"([\\`*_\[\]<>|~#])")
MOST_MOVES: Final = 10


def page_markdown(page: ReportPage) -> str:
    return redact("\n".join(_page(page)) + "\n")


def index_markdown(index: ReportIndex) -> str:
    """All pages one below the other, and what cannot be shown."""
    parts = [page_markdown(one) for one in index.pages]
    for one in index.failed:
        hint = f" → {_code(one.hint)}" if one.hint else ""
        parts.append(
            f"# {_text(one.company)}\n\n{index.words('cannot_be_shown')}: {_text(index.words.reason(one.reason).text)}{hint}\n"
        )
    return redact("\n".join(parts))


def _page(page: ReportPage) -> Iterator[str]:
    words = page.words
    yield f"# {_text(page.title)} · {_text(page.cycle)}"
    yield ""
    synced = (
        f"{words('last_sync', moment=page.synced)} ({page.synced_ago})"
        if page.synced
        else words("never_synced")
    )
    yield f"{page.span} · {page.day_of} · {synced}"
    for notice in page.notices:
        yield ""
        yield f"**{_text(notice.text.text)}**" + (f" → {_code(notice.hint)}" if notice.hint else "")
    counts = [f"{SIGNS[one]} {page.counts[one]} {words(one)}" for one in STATUSES if page.counts[one]]
    yield ""
    yield f"{words.count('key_results_counted', page.total)}: {' · '.join(counts)}"
    if page.held:
        yield ""
        yield f"## {words('needs_a_person')}"
        yield ""
        yield from _held(page.held, words)
    yield from _moves(page)
    for section in page.objectives:
        yield from _objective(section, words)
    if page.loose:
        yield ""
        yield f"## {words('without_objective') if page.objectives else words('key_results')}"
        yield ""
        yield from _lines(page.loose, words)
    yield from _kpis(page.kpis, words)
    yield from _sources(page)
    yield ""
    yield f"_{page.made}_"


def _held(items: Sequence[HeldItem], words: Words) -> Iterator[str]:
    for item in items:
        who = ", ".join(f"**{_text(subject)}** {_text(title)}" for subject, title in item.subjects)
        since = f" ({words('since', day=item.since)})" if item.since else ""
        own = f"{item.own} " if item.own else ""
        values = f" {_text(item.values)}." if item.values else ""
        yield f"- {words('held')}: {who}{since}: {own}{_text(item.reason.text)}.{values}"
        if item.hint.text:
            yield f"  → {_code(item.hint.text)}"


def _moves(page: ReportPage) -> Iterator[str]:
    words = page.words
    yield ""
    yield f"## {words('moved', day=page.week_ago)}"
    yield ""
    if not page.moves:
        yield words("nothing_moved", day=page.week_ago) if page.comparable else words("nothing_to_compare")
    for one in page.moves[:MOST_MOVES]:
        change = f" ({one.change})" if one.change else ""
        yield f"- {_text(one.title)}: {one.before} → **{one.now}**{change}"
    if (rest := len(page.moves) - MOST_MOVES) > 0:
        yield f"- {words.count('more', rest)}"


def _objective(one: ObjectiveSection, words: Words) -> Iterator[str]:
    done = f": {one.share}, {words('expected', share=one.expected_share)}" if one.progress is not None else ""
    yield ""
    yield f"{'#' * min(one.level + 1, 6)} {SIGNS[one.status]} {_text(one.title)}{done}"
    yield ""
    yield f"{words(one.status)}{f', {_text(one.owner)}' if one.owner else ''}"
    if one.key_results:
        yield ""
        yield from _lines(one.key_results, words)


def _lines(cards: Sequence[KeyResultCard], words: Words) -> Iterator[str]:
    for one in cards:
        value = one.value or one.last_known or words("no_value")
        done = f" · {one.share}" if one.progress is not None else ""
        due = f", {words('expected', share=one.expected_share)}" if one.expected is not None else ""
        held = f" · **{words('held')}**" if one.held else ""
        owner = f" · {_text(one.owner)}" if one.owner else ""
        yield (
            f"- {SIGNS[one.status]} **{_text(one.title)}** ({_text(one.id)}): {_text(value)} "
            f"({words('goal')}: {_text(one.goal)}){done}{due} · {words(one.status)}{held}{owner}"
        )
        if one.outlook:
            yield f"  {_text(one.forecast)}; {one.outlook}."
        for effort in one.initiatives:
            yield f"  - {_text(effort.title)}: {effort.share}"


def _kpis(kpis: Sequence[KpiCard], words: Words) -> Iterator[str]:
    if not kpis:
        return
    yield ""
    yield f"## {words('kpis')}"
    yield ""
    for one in kpis:
        value = _text(one.value) if one.value else words("no_value")
        yield f"- {SIGNS[one.health]} **{_text(one.title)}**: {value} ({_text(one.healthy_range)}) · {words(one.health)}"


def _sources(page: ReportPage) -> Iterator[str]:
    if not page.sources:
        return
    words = page.words
    yield ""
    yield f"## {words('sources')}"
    yield ""
    for one in page.sources:
        newest = f"{words('newest')} {one.newest} ({one.newest_ago})" if one.newest else words("no_value")
        missing = f" · {words('not_read')}: {one.not_read}" if one.not_read else ""
        yield f"- {_text(one.name)}: {newest}{missing}"


def _text(text: str) -> str:
    """A text from outside on one line, without what Markdown would read as its own."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _code(text: str) -> str:
    return f"`{' '.join(text.split()).replace('`', '')}`"
