"""Declare what the YAML says of Google Sheets: a connection, and the keys of one metric."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from okrsync.connector import encrypted
from okrsync.measures import AGGREGATES, choices, is_aggregate, meant
from okrsync.settings import Secret, Strict
from okrsync_sheets import a1, addresses
from okrsync_sheets.key_file import KeyFile

API: Final = "https://sheets.googleapis.com"
TRUTHS: Final = ("count_true", "share_true")
COUNTS: Final = ("count", "count_distinct", "count_true")
PICKS: Final = ("first", "last")


def _address(text: str) -> str:
    addresses.parse(text)
    return text


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(f"{url} is not the address of a server; leave it out to use {API}")
    if re.search(r"/v4(/|$)", parts.path):
        raise ValueError(f"{url} holds a part of the API's own paths; write what comes before /v4")
    return encrypted(url)


def _heading(value: Any) -> Any:
    # YAML reads 2026 as a number and 2026-11-01 as a date; as headings both are meant as they are written.
    if isinstance(value, bool) or not isinstance(value, int | date):
        return value
    return str(value)


def _name(name: str) -> str:
    # A bare Q4 would be read as the cell Q4 of the first tab.
    if re.fullmatch(r"[^\W\d][\w.]*", name) is None or a1.like_a_cell(name):
        raise ValueError(f"{name} cannot be a named range; for a cell write cell: KPI!B4")
    return name


def _measure(name: str) -> str:
    if is_aggregate(name) or name in (*COUNTS, *TRUTHS, *PICKS):
        return name
    raise ValueError(
        f"no measure {name}; {meant(name, (*COUNTS, *TRUTHS, *PICKS, *AGGREGATES))}there are sum, mean, min, max, median, p85 and the like, first, last, "
        "count, count_distinct, count_true and share_true"
    )


Spreadsheet = Annotated[str, AfterValidator(_address)]
Heading = Annotated[str, BeforeValidator(_heading, json_schema_input_type=str | int)]
Name = Annotated[str, AfterValidator(_name)]
Measure = Annotated[str, AfterValidator(_measure)]


class SheetsSettings(Strict):
    """A connection to Google Sheets: exactly one of ``credentials``, ``adc`` and ``api_key``."""

    credentials: KeyFile | None = Field(
        default=None, description="the JSON key of a service account, or of an authorized user"
    )
    adc: Literal[True] | None = Field(
        default=None, description="use the machine's own Google identity (application default credentials)"
    )
    api_key: Secret | None = Field(default=None, description="an API key; it reads public spreadsheets only")
    spreadsheet: Spreadsheet | None = Field(
        default=None, description="address or id of the spreadsheet for metrics that name none"
    )
    url: Annotated[str, AfterValidator(_origin)] = Field(
        default=API, description="where the Sheets API is, as behind a gateway: what comes before /v4"
    )
    reads_per_minute: int = Field(
        default=60, ge=2, le=3000, description="requests a minute; Google allows 60 for one account"
    )

    @model_validator(mode="after")
    def _one_identity(self) -> SheetsSettings:
        if sum(given is not None for given in (self.credentials, self.adc, self.api_key)) != 1:
            raise ValueError(
                "write exactly one of credentials (a service account's JSON), adc: true and api_key (public sheets)"
            )
        return self


class TextNumbers(Strict):
    """How numbers typed as text are written in this sheet."""

    decimal: Literal[".", ","] = Field(description="the decimal sign")
    thousands: Literal["", " ", ".", ",", "'"] = Field(default="", description="what groups digits by three")

    @model_validator(mode="after")
    def _distinct(self) -> TextNumbers:
        if self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}; they must differ")
        return self


class SheetsQuery(Strict):
    """One number of a spreadsheet. It points in exactly one way: ``cell``, ``named``, ``range`` or ``column``."""

    spreadsheet: Spreadsheet | None = Field(
        default=None, description="address or id; default: the connection's"
    )
    cell: str | None = Field(default=None, description="one cell: KPI!B4")
    named: Name | None = Field(
        default=None, description="a named range; with measure where it is more than one cell"
    )
    range: str | None = Field(default=None, description="a range: Data!B2:B; with measure or dates")
    tab: str | None = Field(
        default=None, min_length=1, description="the tab's title, for column and for bare addresses"
    )
    gid: int | None = Field(
        default=None, ge=0, description="the tab by the number after #gid= in its address"
    )
    row: Heading | None = Field(default=None, min_length=1, description="the row, by its heading")
    column: Heading | None = Field(default=None, min_length=1, description="the column, by its heading")
    row_headings: str = Field(
        default="A", pattern="^[A-Za-z]{1,3}$", description="column that holds row headings"
    )
    column_headings: int = Field(default=1, ge=1, description="row that holds the column headings")
    last_row: Literal[True] | None = Field(
        default=None, description="the last value under the column's heading"
    )
    dates: str | None = Field(
        default=None, description="dates beside range: its value as of the day, also in the past"
    )
    measure: Measure | None = Field(
        default=None,
        description="what of the cells becomes the number; p85 and the like are percentiles",
        json_schema_extra=choices(*COUNTS, *TRUTHS, *PICKS),
    )
    values: Literal["fraction", "points", "serial_days", "plain"] | None = Field(
        default=None,
        description="how cells hold percent (fraction: 0.37, points: 37) or lengths of time (serial_days: formatted as "
        "duration, plain: a number in the metric's unit)",
    )
    text_numbers: TextNumbers | None = Field(default=None, description="read numbers that are typed as text")
    on_blank: Literal["missing"] = Field(
        default="missing", description="a blank is no value; it is never zero"
    )
    skip_text: Literal[True] | None = Field(
        default=None, description="pass over text among the numbers of a range"
    )

    @model_validator(mode="after")
    def _points_one_way(self) -> SheetsQuery:
        ways = [name for name in ("cell", "named", "range", "column") if getattr(self, name) is not None]
        if len(ways) != 1:
            said = " and ".join(ways) or "none of them"
            raise ValueError(
                f"point in exactly one way: cell, named, range, or column (with tab); here: {said}"
            )
        if self.tab is not None and self.gid is not None:
            raise ValueError("tab and gid name the tab twice; keep one")
        self._check_column(ways[0])
        self._check_place(ways[0])
        self._check_measure(ways[0])
        return self

    def _check_column(self, way: str) -> None:
        if way != "column":
            if self.row is not None or self.last_row:
                raise ValueError(f"{'row' if self.row else 'last_row'} needs column, the heading of a column")
            if {"row_headings", "column_headings"} & self.model_fields_set:
                raise ValueError("row_headings and column_headings belong to row and column")
            return
        said = [name for name in ("row", "last_row", "measure") if getattr(self, name) is not None]
        if len(said) != 1:
            raise ValueError(
                "column needs exactly one of row (one cell), last_row: true (its last value) and measure (all of it)"
            )

    def _check_place(self, way: str) -> None:
        area = a1.parse(self.cell or self.range or "A1")
        if (way == "named" or area.tab) and (self.tab is not None or self.gid is not None):
            raise ValueError(f"{way} names its tab already; leave tab and gid out")
        if self.cell is not None and not area.single:
            raise ValueError(f"{self.cell} is more than one cell; write range: with measure:")
        if self.dates is not None:
            if self.range is None:
                raise ValueError("dates belongs beside range")
            _check_beside(area, a1.parse(self.dates, area.tab))

    def _check_measure(self, way: str) -> None:
        if way == "cell" and self.measure is not None:
            raise ValueError("a cell is one value; measure belongs to range, named and column")
        if way == "range" and (self.measure is None) == (self.dates is None):
            raise ValueError(
                "range needs exactly one of measure (one number out of it) and dates (its value on a day)"
            )
        if self.skip_text and way == "cell":
            raise ValueError("skip_text belongs to ranges and columns")
        if self.measure in (*COUNTS, *TRUTHS) and self.values is not None:
            raise ValueError(f"{self.measure} counts cells; values does not apply")


def _check_beside(values: a1.Area, dates: a1.Area) -> None:
    down = values.left == values.right and dates.left == dates.right and values.left is not None
    across = values.top == values.bottom and dates.top == dates.bottom and values.top is not None
    lengths = (values.top, values.bottom) == (dates.top, dates.bottom)
    widths = (values.left, values.right) == (dates.left, dates.right)
    if not ((down and lengths) or (across and widths)):
        raise ValueError(
            f"dates {dates.shown} and range {values.shown} must be one column each over the "
            "same rows (or one row each over the same columns)"
        )
