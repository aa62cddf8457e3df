"""Say in the row itself why something of it is held, in the company's language."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from okrsync.cells import NOTE
from okrsync.model import COUNT, Cause, Decision, Hold, Quantity, Verdict
from okrsync.planning import DesiredCell
from okrsync.run_context import Run
from okrsync.tables.desired import desire
from okrsync.units import show
from okrsync.words import language_of, messages


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
    texts = messages(language_of(locale))
    key = cause or Cause.DATA if hold is Hold.NO_DATA else hold
    text = texts.get(f"held_{key}", texts["held_config"])
    assert isinstance(text, str), key
    return text.format(new=new)


def _new(decision: Decision, locale: str) -> str:
    if isinstance(decision.wanted, Decimal):
        unit = decision.shown.unit if isinstance(decision.shown, Quantity) else COUNT
        return show(decision.wanted * 100 if decision.fraction else decision.wanted, unit, locale)
    return "–" if decision.wanted is None else str(decision.wanted)
