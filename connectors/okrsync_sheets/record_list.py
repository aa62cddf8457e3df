"""List the cells behind a number, with the address that opens each."""

from __future__ import annotations

from okrsync.connector import NoValueError
from okrsync.errors import OkrsyncError
from okrsync.model import Cause, Question, Reading, SourceRecord, SourceRecords
from okrsync.ports import ConnectorContext
from okrsync_sheets import addresses
from okrsync_sheets.a1 import Area
from okrsync_sheets.cells import Raw
from okrsync_sheets.client import BadRange, SheetsClient
from okrsync_sheets.lookup import Lookup, Moved, lookup
from okrsync_sheets.settings import PICKS, SheetsQuery, SheetsSettings
from okrsync_sheets.source import link_of
from okrsync_sheets.workbook import Workbook

_ROUNDS = 5


def cells_behind(
    settings: SheetsSettings, question: Question, limit: int | None, context: ConnectorContext
) -> SourceRecords:
    """The cells that the number is made of now, row by row. Reads only; raises what a read raises."""
    client = SheetsClient(settings, context.clock)
    client.sign_in()
    link = link_of(question, settings)
    book = Workbook(client, link.id)
    # A link that opens at its cell needs the number of the tab.
    _ = book.tabs
    book.label()
    bound = lookup(question, context, link, book)
    cells = _counted(*_read(book, bound), bound)
    records = tuple(
        SourceRecord(
            id=f"{book.name} \u203a {place.shown}",
            link=addresses.web(book.id, place, book.gid(place.tab)),
            cells=(("value", str(raw)),),
        )
        for place, raw in cells[:limit]
    )
    return SourceRecords(records=records, total=len(cells))


def _read(book: Workbook, bound: Lookup) -> tuple[Reading, list[tuple[Area, Raw]]]:
    """The answer, and every filled cell of the range that it was read from."""
    group = bound.first(None)
    for _ in range(_ROUNDS):
        found = book.read([group])[group]
        if isinstance(found, OkrsyncError):
            raise found
        if isinstance(found, BadRange):
            raise book.unreadable(group, found)
        outcome = bound.settle(found, group, book)
        if not isinstance(outcome, Moved):
            assert isinstance(outcome, Reading)
            return outcome, list(bound.values(found).filled())
        group = outcome.group
    raise NoValueError(Cause.UNAVAILABLE, "the headings moved while they were read", hint="run again")


def _counted(answer: Reading, cells: list[tuple[Area, Raw]], bound: Lookup) -> list[tuple[Area, Raw]]:
    """Those of the cells that count: of a column with dates the newest, of first and last that one."""
    query: SheetsQuery = bound.query
    facts = dict(answer.evidence.facts)
    if query.dates is not None:
        return [one for one in cells if one[0].shown == facts.get("cell")]
    if query.last_row or query.measure in PICKS:
        return cells[:1] if query.measure == "first" and not query.last_row else cells[-1:]
    return cells
