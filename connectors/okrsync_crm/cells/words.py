"""Know the words of exports in many languages: for rows of totals and for columns of currencies."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_TOTALS: Final = (
    "grand total", "grand totals", "total", "totals", "subtotal", "sub total", "sub-total", "sum", "overall",
    "gesamtsumme", "gesamtergebnis", "gesamt", "insgesamt", "summe", "zwischensumme", "teilsumme", "endsumme", "teilergebnis", "ergebnis",
    "total général", "total general", "sous-total", "sous total", "somme", "ensemble", "totaux", "total geral", "soma", "suma", "suma total",
    "totale", "totale complessivo", "totale generale", "subtotale", "somma", "totaal", "eindtotaal", "subtotaal", "som",
    "итого", "итог", "всего", "общий итог", "промежуточный итог", "подытог", "сумма", "разом", "усього", "всього", "підсумок", "загальний підсумок", "агулам",
    "razem", "łącznie", "ogółem", "suma końcowa", "suma częściowa", "celkem", "celkový součet", "součet", "mezisoučet", "spolu", "súčet", "celkom",
    "összesen", "végösszeg", "részösszeg", "total de", "total parțial", "общо", "сума", "ukupno", "zbroj", "skupaj", "vsota", "укупно", "вкупно",
    "i alt", "ialt", "totalt", "summa", "delsumma", "totalsumma", "sluttsum", "delsum", "yhteensä", "summa yhteensä", "välisumma", "kokku", "kopā", "iš viso", "viso", "samtals",
    "toplam", "genel toplam", "ara toplam", "cəmi", "σύνολο", "γενικό σύνολο", "μερικό σύνολο", "συνολο", "jumlah", "total keseluruhan", "tổng", "tổng cộng",
    "合計", "総計", "小計", "計", "合计", "总计", "小计", "總計", "합계", "총계", "총합계", "소계", "รวม", "รวมทั้งหมด", "المجموع", "الإجمالي", "الاجمالي", "مجموع", "جمع", 'סה"כ', "סך הכל", "कुल", "যোগ",
    "average", "mean", "durchschnitt", "mittelwert", "moyenne", "promedio", "media", "média", "gemiddelde", "среднее", "среднее значение", "średnia", "průměr", "genomsnitt", "gennemsnitt", "ortalama", "平均",
)  # fmt: skip
_TOTAL: Final = re.compile(
    r"(?:{0})(?:$|[\s:：(\[\-–—=].*)|.*[\s)\]:\-–—](?:{0})[\s:]*".replace(
        "{0}", "|".join(re.escape(word) for word in sorted(_TOTALS, key=len, reverse=True))
    ),
    re.IGNORECASE | re.DOTALL,
)
_EXACT: Final = frozenset(_TOTALS)
_COUNTED: Final = re.compile(r".*\D\((\d+)(?:[ \u00a0]\D+)?\)|.*\D[:：]\s*(\d+)[ \u00a0]\D+", re.DOTALL)
_CURRENCY: Final = re.compile(
    r"currenc|währung|waehrung|devise|monnaie|moneda|divisa|valuta|moeda|валют|waluta|měna|mena\b|pénznem|valută|valüta|para birimi|νόμισμα|通貨|货币|幣別|币种|통화|العملة|מטבע",
    re.IGNORECASE,
)
_CONVERTED: Final = re.compile(
    r"convert|umgerechnet|konvert|пересч|сконверт|przelicz|přepoč|omgerekend|omregn|omräkn|\bbase\b|homeland|reporting|normalized|換算|换算",
    re.IGNORECASE,
)


def is_total(label: str) -> bool:
    """Whether a label says that its row adds up others, or is their mean."""
    return _TOTAL.fullmatch(label.strip()) is not None


def is_total_alone(label: str) -> bool:
    """Whether a label is such a word and nothing else."""
    return label.strip().strip(":：").casefold().strip() in _EXACT


def counted(label: str) -> int | None:
    """The number of records that a group's label names: "Won (3)" or "Grand Total (5 records)"."""
    found = _COUNTED.fullmatch(label.strip())
    return int(found[1] or found[2]) if found else None


def names_currency(column: str) -> bool:
    return _CURRENCY.search(column) is not None


def says_its_own_currency(column: str) -> bool:
    """Whether an amount's name says which currency it is in, so that a column with each row's currency is not about it."""
    from okrsync_crm.cells.currencies import codes

    words = set(re.findall(r"[A-Z]{3}", column))
    return names_currency(column) or _CONVERTED.search(column) is not None or bool(words & codes())


_BRACKETED: Final = re.compile(r"[(\[{]\s*([^()\[\]{}]{1,5}?)\s*[)\]}]")
_CODE_AT_END: Final = re.compile(r".*\b[a-zà-ÿа-я]+[\s,:/-]+(?:in |en |w |v |в )?([A-Z]{3})", re.DOTALL)


def currency_in_name(column: str) -> str:
    """The one currency that a column's name says its amounts are in: "Amount (USD)", "Umsatz in €"."""
    from okrsync_crm.cells.currencies import meant_by

    tokens = [token for token in _BRACKETED.findall(column) if meant_by(token)]
    tokens += [sign for sign in column if unicodedata.category(sign) == "Sc"]
    if (code := _CODE_AT_END.fullmatch(column.strip())) and meant_by(code[1]):
        tokens.append(code[1])
    return tokens[0] if len({meant_by(token) for token in tokens}) == 1 else ""


_RATE: Final = re.compile(
    r"rate|kurs|курс|taux|cambio|câmbio|cambi\b|wechsel|koers|汇率|レート|환율", re.IGNORECASE
)
_NO_MONEY: Final = re.compile(
    r"%|percent|prozent|pourcent|процент|probab|wahrscheinl|вероятн|prawdopod|quantit|quantité|cantidad|menge|anzahl|stück|количеств|liczba|ilość|"
    r"\bcount\b|number of|nombre de|score|rating|punkte|points|балл|\bage\b|days|tage|jours|días|дней|dni\b|hours|stunden|heures|часов|minut|second|sekund|"
    r"seats|licen|lizenz|users|nutzer|units|einheiten|employees|mitarbeiter|сотрудник|\bnps\b|csat|visits|calls|anrufe|\bid\b|数量|人数|個数|수량",
    re.IGNORECASE,
)


def is_currency_column(name: str) -> bool:
    """Whether a column is called so that it holds the currency of each row; an exchange rate is none."""
    return names_currency(name) and _RATE.search(name) is None and _CONVERTED.search(name) is None


def is_no_money(name: str) -> bool:
    """Whether a column of numbers is called so that it is about something else than money."""
    return _NO_MONEY.search(name) is not None
