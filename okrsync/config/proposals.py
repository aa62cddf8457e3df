"""Propose a metric for a key result by what both are called: a comment in the YAML, no setting."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from okrsync.discovery import Listed, Offer

# Words of one meaning in the languages in which OKRs are often written; a word may stand for its beginning.
_MEANINGS: Final = (
    "bug defect fehler баг дефект",
    "revenue umsatz amount betrag erlös erlos выручк сумма umsätze",
    "deal geschäft geschaeft abschluss abschlüsse сделк",
    "nps promoter",
    "retention bindung удержан",
    "won gewonnen выигр успешн",
    "lost verloren проигр",
    "issue ticket vorgang vorgänge задач тикет",
    "open offen открыт",
    "visitor besucher посетител",
    "follower abonnent подписчик",
    "response antwort reaktion ответ",
    "customer kunde клиент",
    "lead interessent лид",
    "churn abwander отток",
    "signup registrierung регистрац",
    "closed geschlossen закрыт",
    "time zeit врем",
)
# They say nothing about what is measured.
_EMPTY: Final = re.compile(
    r"the|an?|of|in|to|for|from|by|on|and|or|per|with|new|our|score|net|value|total|number|count|rate|"
    r"der|die|das|eine?|von|zu|für|aus|mit|und|oder|pro|neuen?|unser|wert|anzahl|"
    r"в|на|с|из|и|или|за|от|до|по|для|новый|новых|наш|значение|число|количество"
)
_SHARE: Final = re.compile(r"%|\bpercent|\bshare\b|\banteil|\bquote\b|\bдол[яию]\b|\bпроцент", re.IGNORECASE)
_LETTERS: Final = 5
MOST: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricProposal:
    """A metric that the connection could give to a key result. ``name`` is unique in the company."""

    name: str
    connection: str
    offer: Offer


def proposals(
    key_results: Sequence[Listed], offers: Mapping[str, Sequence[Offer]]
) -> dict[str, tuple[MetricProposal, ...]]:
    """By the key result's id: the metrics that share all their words with its title, and most of them."""
    named = list(_named(offers))
    return {one.id: found for one in key_results if (found := _fitting(one.title, named))}


def _named(offers: Mapping[str, Sequence[Offer]]) -> Iterator[MetricProposal]:
    taken: set[str] = set()
    for connection, several in offers.items():
        for offer in several:
            name, number = offer.name, 2
            while name in taken:
                name, number = f"{offer.name}_{number}", number + 1
            taken.add(name)
            yield MetricProposal(name=name, connection=connection, offer=offer)


def _fitting(title: str, named: Sequence[MetricProposal]) -> tuple[MetricProposal, ...]:
    words = _words(title)
    fitting = [
        (len(about) + len(_words(one.offer.also) & words), one)
        for one in named
        if (about := _words(one.offer.about)) and about <= words and _unit_fits(title, one.offer)
    ]
    most = max((shared for shared, _ in fitting), default=0)
    best = tuple(one for shared, one in fitting if shared == most)
    # A title that fits many alike says nothing about which.
    return best if len(best) <= MOST else ()


def _unit_fits(title: str, offer: Offer) -> bool:
    """A share needs a metric in percent, and money is no count; anything else may be called without its unit."""
    if offer.keys.get("measure") == "count" and _meaning("revenue") in _words(title):
        return False
    return not _SHARE.search(title) or offer.keys.get("unit") == "percent"


def _words(text: str) -> frozenset[str]:
    found = re.findall(r"[^\W\d_]+", text.casefold())
    return frozenset(_meaning(word) for word in found if not _EMPTY.fullmatch(word))


def _meaning(word: str) -> str:
    """The first word of the meaning that ``word`` has, else its first letters: they outlast most endings."""
    for meaning in _MEANINGS:
        if any(word.startswith(one) for one in meaning.split()):
            return meaning.split()[0]
    return word[:_LETTERS]
