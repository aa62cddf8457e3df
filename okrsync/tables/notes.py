"""Say in the row itself why something of it is held, in the company's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from okrsync.cells import NOTE
from okrsync.model import COUNT, Cause, Decision, Hold, Quantity, Verdict
from okrsync.planning import DesiredCell
from okrsync.run_context import Run
from okrsync.tables.desired import desire
from okrsync.units import show

# ``{new}`` is the value that okrsync would write. A language without a text of its own gets the English one.
_TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "edited": "A person's value is kept. okrsync would write {new}.",
        "unclaimed": "This value was here before okrsync and is kept. okrsync would write {new}.",
        "doubtful": "The new value {new} is in doubt and waits for a person.",
        "invalid": "A column cannot hold the value.",
        "no_row": "The row of its key result is missing.",
        "locked": "A column is computed and cannot be written.",
        "empty": "The source has no value.",
        "data": "The source's value cannot be used.",
        "unavailable": "The source does not answer.",
        "access": "okrsync may not read the source any more.",
        "config": "The configuration of okrsync needs a look.",
        "past": "The source does not know its value of that day.",
        "bug": "okrsync could not read the source because of a fault of its own.",
    },
    "de": {
        "edited": "Der Wert eines Menschen bleibt stehen. okrsync würde {new} schreiben.",
        "unclaimed": "Dieser Wert stand hier schon vor okrsync und bleibt. okrsync würde {new} schreiben.",
        "doubtful": "Der neue Wert {new} ist zweifelhaft und wartet auf einen Menschen.",
        "invalid": "Eine Spalte kann den Wert nicht aufnehmen.",
        "no_row": "Die Zeile des Key Results fehlt.",
        "locked": "Eine Spalte wird berechnet und kann nicht geschrieben werden.",
        "empty": "Die Quelle hat keinen Wert.",
        "data": "Der Wert der Quelle ist nicht verwendbar.",
        "unavailable": "Die Quelle antwortet nicht.",
        "access": "okrsync darf die Quelle nicht mehr lesen.",
        "config": "Die Konfiguration von okrsync braucht einen Blick.",
        "past": "Die Quelle kennt ihren Wert von diesem Tag nicht.",
        "bug": "okrsync konnte die Quelle wegen eines eigenen Fehlers nicht lesen.",
    },
    "ru": {
        "edited": "Значение, введённое человеком, сохранено. okrsync записал бы {new}.",
        "unclaimed": "Это значение было здесь до okrsync и сохранено. okrsync записал бы {new}.",
        "doubtful": "Новое значение {new} вызывает сомнение и ждёт человека.",
        "invalid": "Столбец не может содержать это значение.",
        "no_row": "Нет строки ключевого результата.",
        "locked": "Столбец вычисляется, и записать в него нельзя.",
        "empty": "В источнике нет значения.",
        "data": "Значение источника нельзя использовать.",
        "unavailable": "Источник не отвечает.",
        "access": "У okrsync больше нет доступа к источнику.",
        "config": "Проверьте настройки okrsync.",
        "past": "Источник не знает своего значения на этот день.",
        "bug": "okrsync не смог прочитать источник из-за собственной ошибки.",
    },
}


def own_cells(run: Run, table: str) -> list[str]:
    """The cells of the table that its module gives a value; the note is made from what is decided of them."""
    return [cell for cell in run.company.tables[table].cells if cell != NOTE.name]


def note_of(run: Run, table: str) -> Callable[[Sequence[Decision]], DesiredCell] | None:
    """What makes the table's note cell, if the YAML names a column for it."""
    if NOTE.name not in run.company.tables[table].cells:
        return None
    destination, locale = run.destinations[table], run.company.locale
    return lambda decisions: desire(destination, NOTE.name, note_text(decisions, locale), None)


def note_text(decisions: Sequence[Decision], locale: str) -> str | None:
    """The first reason for which something of the row is held; None if all is well."""
    held = [one for one in decisions if one.verdict is Verdict.HELD and one.hold is not Hold.FOLLOWS]
    if not held:
        return None
    first = held[0]
    return reason_text(first.hold, first.cause, locale, _new(first, locale))


def reason_text(hold: Hold | None, cause: Cause | None, locale: str, new: str) -> str:
    """Why a cell is held, in one sentence of the locale's language; ``new`` is what okrsync would write."""
    texts = _TEXTS.get(locale.partition("_")[0], _TEXTS["en"])
    key = str(cause or Cause.DATA) if hold is Hold.NO_DATA else str(hold)
    return texts.get(key, texts["config"]).format(new=new)


def _new(decision: Decision, locale: str) -> str:
    if isinstance(decision.wanted, Decimal):
        unit = decision.shown.unit if isinstance(decision.shown, Quantity) else COUNT
        return show(decision.wanted * 100 if decision.fraction else decision.wanted, unit, locale)
    return "–" if decision.wanted is None else str(decision.wanted)
