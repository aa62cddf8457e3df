"""Tell by their words what OKRs speak of, in English, Russian and German.

A doubtful text is taken for good. No grammar is at work here: only first words, endings and lists. They are measured on
the book's examples and on sisters of them (tests/unit/test_lint_words.py).
"""

from __future__ import annotations

import re
from typing import Final


def _words(text: str) -> str:
    return rf"(?:{'|'.join(text.split())})"


_FLAGS: Final = re.IGNORECASE
# What goes on as it is: at the beginning of an objective, or anywhere in it.
_STAYS_FIRST: Final = re.compile(
    r"(?:to )?"
    + _words(
        r"keep maintain continue sustain preserve remain stay carry\son go\son handle manage monitor "
        r"(?:process|operate)(?=\s(?:the|our|all|every|incoming|invoices|orders|payments|claims|requests|tickets)\b) "
        r"administer perform uphold "
        r"support\sexisting respond\sto run\s(?:the\s)?(?:weekly|monthly|daily|regular) make\ssure do\sour "
        r"ensure\s(?:the\s)?(?:stable|smooth|continuous|continued|reliable) carry\sout\sregular "
        r"поддерж\w+ сохран\w+ продолж\w+ обеспечивать удержива\w+ оставаться остаться обслуживать обрабатывать выполнять "
        r"отвечать следить контролировать вести заниматься оказывать проводить регулярно не\sдопус\w+ обеспечить\s(?:стабильн|бесперебойн|непрерывн)\w+ "
        r"beibehalten weiterhin weiter fortführen aufrechterhalten"
    )
    + r"\b(?! growing| ahead)",
    _FLAGS,
)
_STAYS_ANYWHERE: Final = re.compile(
    r"business as usual|as usual|as before|status quo|stays? where it is|stays? the same|remains? (?:stable|the same|unchanged)"
    r"|at (?:the|its) (?:same|current|present|usual) level|day-to-day|\broutine\b|\bongoing\b"
    r"|на (?:прежнем|том же|текущем|нынешнем|достигнутом|должном) уровне|как (?:обычно|прежде|раньше|и раньше)|без изменений"
    r"|текущ\w+ (?:работ|деятельност|операци)"
    r"|wie (?:bisher|gewohnt)|auf (?:dem )?(?:gleichen|bisherigen|aktuellen) (?:niveau|stand)|tagesgeschäft"
    r"|(?:beibehalten|aufrechterhalten|fortführen|halten|sicherstellen|gewährleisten)[.!]?$",
    _FLAGS,
)
# A key result that names work. These first words are verbs and nothing else.
_WORK: Final = re.compile(
    r"(?:to )?(?P<verb>"
    + _words(
        r"add build create implement develop write hire migrate introduce organi[sz]e publish deploy redesign refactor prepare "
        r"define complete finish deliver establish conduct attend investigate explore rework rewrite certify launch sponsor "
        r"set\sup roll\sout put\stogether carry\sout come\sup make adopt install configure integrate automate recruit onboard "
        r"improve\s(?:the|our) optimi[sz]e enhance revamp overhaul follow\sup reply use(?!\sof) hold translate sign\san? talk\sto have\san? get\san? become work\son do identify analy[sz]e "
        r"start begin send meet discuss agree"
    )
    + r")\b(?!-)(?P<article> (?:an?|the|our|all|every|each)\b)?",
    _FLAGS,
)
# These may be nouns too (release frequency, test coverage): only before an article or a number word do they name work.
_WORK_OR_NOUN: Final = re.compile(
    _words(
        r"test release plan review open host run design update research audit list pair move draft map document train pilot "
        r"ship start"
    )
    + r" (?:a|an|the|our|all|every|each|new|one|two|three|four|five|six|seven|eight|nine|ten|version|v\d)\b",
    _FLAGS,
)
_RESULT_RU: Final = re.compile(
    _words(
        r"увелич\w+ повы\w+ сниз\w+ снижать сократ\w+ сокращать достич\w+ достиг\w+ довести доводить подня\w+ поднимать "
        r"уменьш\w+ вырасти нарастить удво\w+ утро\w+ набрать заработать получить превысить ускорить расти"
    ),
    _FLAGS,
)
_INFINITIVE_RU: Final = re.compile(r"[а-яё-]{2,}(?:[аеиоуыюя]ть|ться|[зс]ти|йти|чь|чься)$", _FLAGS)
_NO_INFINITIVE_RU: Final = re.compile(
    r".*(?:[оеё]сть|асть|еть)$|сеть|память|треть|часть|речь|помощь|ночь|мощь|путь|кровать|печать", _FLAGS
)
_WORK_NOUN_RU: Final = re.compile(
    _words(
        r"запуск внедрение разработка создание проведение подготовка организация настройка обновление переделка выпуск "
        r"публикация открытие тестирование составление завершение обучение перенос переход найм написание редизайн"
    )
    + r"\s",
    _FLAGS,
)
_WORK_DE: Final = re.compile(
    _words(
        r"einführen umsetzen erstellen entwickeln aufbauen starten anlegen schreiben einstellen veröffentlichen bauen "
        r"durchführen vorbereiten organisieren übersetzen überarbeiten abschließen migrieren integrieren ausrollen launchen"
    )
    + r"[.!]?$",
    _FLAGS,
)
# One thing that is there at the end; of several (features launched) people count how many.
_DELIVERED: Final = re.compile(
    r"[^s\W] (?:launched|implemented|migrated|deployed|rolled out|in place|is live|запущен[аоы]?|внедрен[аоы]?|внедрён)[.!]?$",
    _FLAGS,
)
# Units of a share, a time or money, and names of measures: such a noun is a number even behind a verb-like word.
_MEASURE: Final = re.compile(
    r"\b(?:rate|share|ratio|number of|amount|duration|frequency|score|coverage|index|average|median|percent(?:age)?|time(?! plan)|speed|per (?:day|week|month|quarter)|"
    r"доля|процент|количество|число|индекс|средн\w+|quote|anteil|anzahl)\b|%",
    _FLAGS,
)
_KEEP_LEVEL: Final = re.compile(
    r"(?:to )?"
    + _words(
        r"keep maintain hold\ssteady stay remain sustain "
        r"поддерж\w+ сохран\w+ удерж\w+ не\sдопус\w+ "
        r"halten beibehalten"
    )
    + r"\b",
    _FLAGS,
)
_UPTIME: Final = re.compile(r"\b(?:uptime|availability|доступность|аптайм|verfügbarkeit)\b", _FLAGS)
_LEADING: Final = re.compile(
    r"\b(?:cold calls?|calls?|e-?mails?|meetings?|presentations?|posts?|articles?|interviews?|workshops?|visits made|"
    r"conversations?|outreach|invitations?|invited|contacted|listened|webinars?|demos? (?:given|held)|trainings?|listed|participants|"
    r"звонк\w*|звонок|встреч\w*|писем|письма|презентац\w*|постов|статей|интервью|вебинар\w*|воркшоп\w*|рассыл\w*|"
    r"anrufe?|termine|präsentationen|beiträge|artikel|schulungen|gespräche)\b",
    _FLAGS,
)
_RISE: Final = re.compile(
    _words(
        r"increase raise grow boost lift double triple expand gain "
        r"увелич\w+ повы\w+ подня\w+ нарастить удво\w+ вырасти рост "
        r"steigern erhöhen ausbauen verdoppeln"
    ),
    _FLAGS,
)
_FALL: Final = re.compile(
    _words(
        r"reduce decrease cut lower shrink shorten halve minimi[sz]e fewer less "
        r"сниз\w+ снижение сократ\w+ сокращение уменьш\w+ уменьшение ускорить "
        r"senken reduzieren verringern verkürzen halbieren weniger"
    ),
    _FLAGS,
)
_LESS_IS_BETTER: Final = re.compile(
    r"\b(?:bugs?|defects?|churn|complaints?|incidents?|outages?|lost (?:deals|customers)|response times?|costs?|"
    r"баг\w*|дефект\w*|отток\w*|жалоб\w*|инцидент\w*|потерянн\w+ сдел\w+|время (?:ответа|реакции)|затрат\w*|"
    r"fehler|beschwerden|ausfälle|abwanderung|antwortzeit|kosten)\b",
    _FLAGS,
)
_MORE_IS_BETTER: Final = re.compile(
    r"\b(?:revenue|sales(?! (?:cycle|process|team|calls?|meetings?|reps?))|nps|retention|conversion|active users|customers won|followers|visitors|satisfaction|"
    r"выручк\w*|продаж\w*|удержан\w*|конверси\w*|активн\w+ пользовател\w*|подписчик\w*|посетител\w*|"
    r"umsatz|bindung|besucher|zufriedenheit)\b",
    _FLAGS,
)


def stays_as_it_is(text: str) -> bool:
    """Whether an objective asks only that something goes on."""
    return bool(_STAYS_FIRST.match(text.strip()) or _STAYS_ANYWHERE.search(text))


def has_number(text: str) -> bool:
    return any(letter.isdigit() for letter in text)


def is_work(text: str) -> bool:
    """Whether a key result names work instead of what it brings about."""
    text = text.strip()
    if _WORK_OR_NOUN.match(text):
        return True
    found = _WORK.match(text)
    if (found and found["article"]) or _DELIVERED.search(text):
        return True
    if found or _WORK_NOUN_RU.match(text) or _WORK_DE.search(text):
        return not _MEASURE.search(text)
    first = text.split(maxsplit=1)[0] if text else ""
    infinitive = _INFINITIVE_RU.fullmatch(first) and not _NO_INFINITIVE_RU.fullmatch(first)
    return bool(infinitive and not _RESULT_RU.match(first) and not _KEEP_LEVEL.match(text))


def keeps_a_level(text: str) -> bool:
    """Whether a key result asks that a number stays where it is."""
    return bool(_KEEP_LEVEL.match(text.strip()))


def is_availability(text: str) -> bool:
    return bool(_UPTIME.search(text))


def is_activity(text: str) -> bool:
    """Whether a key result counts what people do, and not what comes of it."""
    return bool(_LEADING.search(text)) and not _MEASURE.search(text)


def direction_of(text: str) -> int:
    """+1 if the words ask for more, -1 for less, 0 if they say neither or both."""
    rises, falls = bool(_rise_first(text)), bool(_fall_first(text))
    if rises != falls:
        return 1 if rises else -1
    if rises:
        return 0
    more, less = bool(_MORE_IS_BETTER.search(text)), bool(_LESS_IS_BETTER.search(text))
    return 0 if more == less else 1 if more else -1


def _rise_first(text: str) -> re.Match[str] | None:
    return _RISE.match(text.strip()) or re.search(rf"{_RISE.pattern}[.!]?$", text.strip(), _FLAGS)


def _fall_first(text: str) -> re.Match[str] | None:
    return _FALL.match(text.strip()) or re.search(rf"{_FALL.pattern}[.!]?$", text.strip(), _FLAGS)
