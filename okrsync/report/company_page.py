"""Make a company's page from its YAML and its ledger. Sends no request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from okrsync import __version__
from okrsync.config import Company
from okrsync.pace import Linear, expected
from okrsync.periods import Phase
from okrsync.ports import Ledger
from okrsync.render.status import efforts
from okrsync.report.held import held_items
from okrsync.report.key_result_card import Facts, draft_card, initiative_line, key_result_card, title_of
from okrsync.report.kpi_card import kpi_card
from okrsync.report.moves import moves, pairs, week_ago
from okrsync.report.objective_section import last_sync, objective_sections, objective_title
from okrsync.report.page import STATUSES, NoticeLine, ReportPage
from okrsync.report.sources import source_lines
from okrsync.sync.ledger_notices import ledger_notices
from okrsync.sync.trend import trend
from okrsync.words import Rendered, Words


def company_page(company: Company, ledger: Ledger, now: datetime) -> ReportPage:
    """Everything that the ledger knows of the company's key results, as the last sync left them."""
    memory = ledger.recall(company.id)
    facts = Facts(
        company=company,
        words=Words(company.locale, company.zone),
        outcomes=memory.outcomes,
        trends={one.id: trend(company, ledger, memory, one, now) for one in company.key_results},
        now=now,
    )
    words, synced = facts.words, last_sync(facts)
    sections = objective_sections(facts)
    loose = (
        *(key_result_card(facts, one) for one in company.key_results if not one.objective),
        *(draft_card(facts, one) for one in company.drafts if one.kind == "key result" and not one.objective),
    )
    notice = company.cycle_notice(now)
    notices = []
    if notice is not None:
        own = notice.text if words.language == "en" else words.cycle_phase(company.cycle, now)
        notices.append(NoticeLine(text=Rendered(own, words.language), hint=notice.hint))
    notices += [NoticeLine(text=words.reason(one)) for one in ledger_notices(company.id, memory)]
    counted = Counter(one.status for section in sections for one in section.key_results)
    counted.update(one.status for one in loose)
    share = expected(company.cycle, facts.today, Linear())
    return ReportPage(
        words=words,
        company=company.id,
        title=company.title,
        cycle=company.cycle.name,
        span=words("from_value", first=words.day(company.cycle.start), last=words.day(company.cycle.end)),
        day_of=_day_of(facts),
        elapsed=share,
        elapsed_share=words.share(share),
        synced=words.moment(synced) if synced is not None else "",
        synced_ago=words.ago(synced, now) if synced is not None else "",
        made=words("made", moment=words.moment(now), version=__version__),
        week_ago=words.day(week_ago(facts)),
        counts={status: counted[status] for status in STATUSES},
        comparable=bool(pairs(facts)),
        objectives=sections,
        loose=loose,
        # What has no next step of its own follows from something else: it comes last.
        held=tuple(sorted(held_items(words, _rows(facts)), key=lambda one: not one.hint.text)),
        moves=moves(facts),
        kpis=tuple(kpi_card(facts, ledger, one) for one in company.kpis),
        sources=source_lines(facts),
        notices=tuple(notices),
        initiatives=tuple(initiative_line(words, one) for one in efforts("", facts.outcomes)),
        unmeasured=tuple(one.title or one.id for one in company.drafts if one.kind != "key result"),
        over=notice is not None,
    )


def _day_of(facts: Facts) -> str:
    words, cycle = facts.words, facts.company.cycle
    match cycle.phase(facts.now):
        case Phase.BEFORE:
            return words("begins", day=words.day(cycle.start))
        case Phase.RUNNING:
            day, days = (facts.today - cycle.start).days + 1, (cycle.end - cycle.start).days + 1
            return words("cycle_day_of", day=day, days=days)
        case _:
            return words("ended", day=words.day(cycle.end))


def _rows(facts: Facts) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every row that the last sync decided about: its id, its title, what the ledger keeps of it."""
    key_results = {one.id: one for one in facts.company.key_results}
    objectives = {one.id: one for one in facts.company.objectives}
    for subject, one in facts.outcomes.items():
        if subject in key_results:
            yield subject, title_of(facts.company, key_results[subject], one.detail), one.detail
        elif subject in objectives:
            yield subject, objective_title(objectives[subject], one.detail), one.detail
        else:
            yield subject, str(one.detail.get("title") or subject), one.detail
