"""Answer one question to a spreadsheet: which ranges it needs, and what number they hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from okrsync.connector import NoValueError
from okrsync.model import Answer, Cause, Evidence, Question, Reading
from okrsync.ports import ConnectorContext
from okrsync_sheets import a1, addresses, series
from okrsync_sheets.cells import LOADING, Block, Measured, TextForm, in_unit, measured, one, text_form
from okrsync_sheets.headings import ByHeading
from okrsync_sheets.settings import SheetsQuery
from okrsync_sheets.workbook import Group, Workbook

_IN: Final = "\N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The headings point to another place than the one that was read: ask once more, for ``group``."""

    group: Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """A question bound to its spreadsheet.

    ``fixed`` are ranges known beforehand; ``heading`` finds its range by reading headings. What is found by headings is
    only believed if headings and value came in one answer, so that a row inserted in between cannot shift it.
    """

    question: Question
    context: ConnectorContext
    fixed: Group = ()
    heading: ByHeading | None = None

    @property
    def query(self) -> SheetsQuery:
        found: SheetsQuery = self.question.query
        return found

    @property
    def _texts(self) -> TextForm | None:
        return text_form(self.query, self.question.unit, self.context.locale)

    def first(self, hint: str | None) -> Group:
        """The ranges to begin with; ``hint`` is where the headings pointed last time."""
        if self.heading is None:
            return self.fixed
        headings = tuple(str(area) for area in self.heading.ranges)
        return (*headings, hint) if hint else headings

    def settle(self, blocks: tuple[Block, ...], group: Group, book: Workbook) -> Answer | Moved:
        """The answer, or what to read instead. Raises ``NoValueError``."""
        if self.heading is None:
            return self._answer(blocks, book)
        count = len(self.heading.ranges)
        try:
            target = str(self.heading.target(blocks[0], blocks[1] if count == 2 else None))
        except NoValueError:
            if any(block.loading for block in blocks[:count]):
                raise _loading(blocks) from None
            raise
        if group[count:] != (target,):
            return Moved(group=(*group[:count], target))
        return self._answer(blocks[count:], book)

    def values(self, blocks: tuple[Block, ...]) -> Block:
        """The block that holds the numbers, of those that were read for the answer."""
        return blocks[len(self.heading.ranges) if self.heading is not None else 0]

    def _answer(self, blocks: tuple[Block, ...], book: Workbook) -> Reading:
        if any(block.loading for block in blocks):
            raise _loading(blocks)
        query, values = self.query, blocks[0]
        if query.dates is not None:
            return self._dated(blocks[1], values, book)
        if query.named is not None:
            book.check_name(query.named, values.area)
        measure = "last" if query.last_row else query.measure
        if measure is not None:
            return self._reading(measured(values, query, measure, self._texts), values.area, book, measure)
        if not values.area.single:
            raise NoValueError(
                Cause.CONFIG,
                f"{query.named} is {values.area.shown}, more than one cell",
                hint="add measure: sum, say",
            )
        try:
            return self._reading(one(values, self._texts), values.area, book)
        except NoValueError as why:
            merged = book.merged(values.area) if why.cause is Cause.EMPTY else ""
            raise NoValueError(why.cause, why.message, merged or why.hint) from None

    def _dated(self, dates: Block, values: Block, book: Workbook) -> Reading:
        zones = series.Zones(
            company=ZoneInfo(self.context.timezone), spreadsheet=lambda: series.zone_of(book.timezone)
        )
        value, when, place = series.as_of(dates, values, self.question.at, zones, self._texts)
        found = Measured(
            value=value, rows=1, facts=(("dated", f"{when:%Y-%m-%d %H:%M %Z}"), ("cell", place.shown))
        )
        return self._reading(found, place, book, as_of=when)

    def _reading(
        self, found: Measured, area: a1.Area, book: Workbook, measure: str = "", as_of: datetime | None = None
    ) -> Reading:
        question = self.question
        link = addresses.web(book.id, area if area.single else None, book.gid(area.tab))
        return Reading(
            metric=question.metric,
            value=in_unit(found.value, self.query, question.unit),
            unit=question.unit,
            as_of=(as_of or question.now).astimezone(UTC),
            evidence=Evidence(
                source=self.context.name,
                query=f"{book.name} {_IN} {self._place(area)}" + (f" · {measure}" if measure else ""),
                rows=found.rows,
                facts=(*found.facts, ("link", link)),
            ),
            window=question.window,
            method="dated rows" if question.past else "observed",
        )

    def _place(self, area: a1.Area) -> str:
        query = self.query
        if query.named is not None:
            return f"{query.named} ({area.shown})"
        if self.heading is not None:
            row = f"row “{query.row}”, " if query.row is not None else ""
            return f"{area.shown} ({row}column “{query.column}”)"
        return area.shown


def lookup(question: Question, context: ConnectorContext, link: addresses.Link, book: Workbook) -> Lookup:
    """Bind ``question`` to ``book``; a tab named by gid costs the metadata. Raises ``NoValueError``."""
    query: SheetsQuery = question.query
    if query.named is not None:
        return Lookup(question=question, context=context, fixed=(query.named,))
    text = query.cell or query.range or ""
    named, _ = a1.split(text)
    tab = named or query.tab or _linked(query, link, book)
    if query.column is not None:
        heading = ByHeading(
            tab=tab,
            column=query.column,
            row=query.row,
            locale=context.locale,
            row_headings=a1.number(query.row_headings),
            column_headings=query.column_headings,
        )
        return Lookup(question=question, context=context, heading=heading)
    ranges = [a1.parse(text, tab), *([a1.parse(query.dates, tab)] if query.dates else [])]
    if query.dates:
        _ = book.timezone
    return Lookup(question=question, context=context, fixed=tuple(str(area) for area in ranges))


def _linked(query: SheetsQuery, link: addresses.Link, book: Workbook) -> str:
    gid = query.gid if query.gid is not None else link.gid
    if gid is None:
        raise NoValueError(
            Cause.CONFIG, "nothing says which tab is meant", hint="write KPI!B4, or add tab: or gid:"
        )
    return book.tab(gid)


def _loading(blocks: tuple[Block, ...]) -> NoValueError:
    places = [place.shown for block in blocks for place, raw in block.filled() if raw == LOADING]
    return StillLoading(
        Cause.UNAVAILABLE, f"{places[0]} is still loading in Google Sheets", hint="run again in some minutes"
    )


class StillLoading(NoValueError):
    """A formula that fetches from elsewhere (IMPORTRANGE, say) was not done."""
