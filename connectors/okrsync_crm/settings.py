"""Declare the YAML keys of a ``crm`` connection."""

from __future__ import annotations

import codecs
import re
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    field_validator,
    model_validator,
)

from okrsync.connector import encrypted
from okrsync.settings import Secret, Span, Strict
from okrsync.spelling import did_you_mean
from okrsync_crm.dialects import DIALECTS, Dialect

DATE_NUMBERS: Final = ("excel", "epoch", "epoch_ms")
_DIRECTIVES: Final = re.compile(r"%(.)")


def listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError:
        raise ValueError(f"{name!r} is not an encoding; write utf-8, utf-16, cp1251, cp1252 ...") from None
    return name


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"{text!r} is not a regular expression: {error}") from None
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name!r} is not a time zone; write Europe/Berlin, UTC ...") from None
    return name


def _language(name: str) -> str:
    from okrsync_crm.cells.month_names import LANGUAGES

    if name not in LANGUAGES:
        raise ValueError(f"{name!r} is not a language known here; {did_you_mean(name, LANGUAGES)}")
    return name


def _date_format(text: str) -> str:
    if text in DATE_NUMBERS:
        return text
    found = _DIRECTIVES.findall(text)
    unknown = sorted(set(found) - set("YymdbBHIMSfpaAzZ%"))
    if unknown:
        raise ValueError(
            f"{text!r}: %{unknown[0]} is not read here; known are %Y %y %m %b %B %d %a %A %H %I %M %S %f %p %z %Z, or the whole words excel, epoch, epoch_ms"
        )
    if not ({"Y", "y"} & set(found) and {"m", "b", "B"} & set(found) and "d" in found):
        raise ValueError(f"{text!r} does not say where year, month and day are; write %d.%m.%Y, say")
    if "I" in found and "p" not in found:
        raise ValueError(f"{text!r}: %I needs %p, else morning and evening are the same")
    return text


def order_of(date_format: str) -> str:
    """The order of the date's parts, such as ``dmY``; names of months are no source of doubt: all are ``B``."""
    parts = [letter for letter in _DIRECTIVES.findall(date_format) if letter in "YymbBd"]
    return "".join({"y": "Y", "b": "B"}.get(letter, letter) for letter in parts)


Format = Annotated[str, AfterValidator(_date_format)]
Pattern = Annotated[str, AfterValidator(_pattern)]
Character = Annotated[str, Field(min_length=1, max_length=1)]


def _table_of_rates(value: Any) -> Any:
    if not isinstance(value, dict):
        raise ValueError(
            "write the worth of each currency and the day: {EUR: 1, USD: 0.92, as_of: 2026-11-20}"
        )
    if "codes" in value:
        return value
    return {
        "as_of": value.get("as_of"),
        "codes": {key: rate for key, rate in value.items() if key != "as_of"},
    }


class Rates(Strict):
    """What one unit of each currency is worth, all in the same measure, on the day ``as_of``."""

    as_of: date
    codes: dict[Annotated[str, Field(pattern="^[A-Z]{3}$")], Annotated[Decimal, Field(gt=0)]] = Field(
        min_length=2
    )


class FileLimits(Strict):
    """What a file may make this machine do."""

    download_mb: int = Field(default=4_000, gt=0, description="the largest download")
    unpacked_mb: int = Field(
        default=8_000, gt=0, description="the largest file out of a gzip, ZIP or workbook"
    )
    ratio: int = Field(default=500, gt=0, description="how many times its packed size a file may have")
    rows: int = Field(default=100_000_000, gt=0, description="the most rows of all files together")
    columns: int = Field(default=16_384, gt=0, description="the most columns")
    disk_mb: int = Field(default=16_000, gt=0, description="temporary disk for what memory does not hold")


class CrmSettings(Strict):
    """A connection to exported files. What is not set comes from the dialect."""

    path: str = Field(
        description="file or glob, from the YAML's folder; {date} stands for the day in a file's name; "
        "or https://, s3://, gs://, sftp://",
        min_length=1,
    )
    token: Secret | None = Field(default=None, description="bearer token for a path at https://")
    pick: Literal["newest", "all"] = Field(
        default="newest", description="which of several files: all = parts of one"
    )
    stale_after: Span | None = Field(default=None, description="an older file is no data: 36h, 2d")
    dialect: str = Field(default="plain", description="how the file is written: " + ", ".join(DIALECTS))
    encoding: Annotated[str, AfterValidator(_encoding)] | None = Field(
        default=None, description="code page of the text; a byte order mark in the file wins"
    )
    delimiter: Character | None = Field(default=None, description="the character between two cells")
    decimal: Literal[".", ","] | None = Field(default=None, description="the decimal sign")
    thousands: Literal["", ",", ".", " ", "'", "’"] | None = Field(
        default=None, description="what groups the digits; a space stands for every kind of space"
    )
    date_format: (
        Annotated[list[Format], BeforeValidator(listed, json_schema_input_type=str | list[str])] | None
    ) = Field(
        default=None,
        description="strptime format, or a list of them; excel, epoch, epoch_ms: numbers; without one only ISO 8601 is read",
    )
    language: Annotated[str, AfterValidator(_language)] | None = Field(
        default=None,
        description="the language of the months' names, if several could be meant: de, fr, pl ...",
    )
    timezone: Annotated[str, AfterValidator(_zone)] | None = Field(
        default=None, description="the zone of times without one; default: the company's"
    )
    sheet: str | None = Field(default=None, description="the sheet of an XLSX file that has several")
    skip_rows: Annotated[int, Field(ge=0)] | None = Field(default=None, description="lines above the header")
    footer: list[Pattern] | None = Field(
        default=None, description="patterns of the lines below the last row; a group named rows is checked"
    )
    nulls: list[str] | None = Field(default=None, description="texts that mean an empty cell")
    key: str | None = Field(
        default=None, description="the column with each row's id: duplicates are an error"
    )
    latest_by: str | None = Field(
        default=None, description="of rows with one key keep the newest by this column"
    )
    fill_down: (
        Annotated[list[str], BeforeValidator(listed, json_schema_input_type=str | list[str])] | None
    ) = Field(default=None, description="columns that are filled in the first row of each group only")
    totals: Literal["check", "leave_out", "records"] = Field(
        default="check",
        description="rows that may be totals, headings or notes: leave_out all of them, or records: all are records",
    )
    equal_rows: Literal["refuse", "count"] = Field(
        default="refuse",
        description="rows that are equal in every cell, without key: count = each is a record",
    )
    short_rows: Literal["refuse", "fill"] = Field(
        default="refuse",
        description="rows with fewer cells than the header: fill = the missing ones are empty",
    )
    quotes: Literal["double", "backslash", "lenient"] = Field(
        default="double",
        description='a quotation mark inside a quoted cell is written "" or \\"; lenient: anyhow',
    )
    limits: FileLimits = Field(default_factory=FileLimits, description="what a file may make this machine do")
    max_bad_rows: int = Field(
        default=0, ge=0, description="rows that may be left out because they cannot be read"
    )
    currency: str | None = Field(default=None, description="the column with the currency of a money column")
    rates: (
        Annotated[
            Rates,
            BeforeValidator(_table_of_rates, json_schema_input_type=dict[str, float | int | str | date]),
        ]
        | None
    ) = Field(
        default=None, description="adds money of several currencies: {EUR: 1, USD: 0.92, as_of: 2026-11-20}"
    )
    html: bool | None = Field(
        default=None, description="read a web page with one table, named .xls by the CRM"
    )
    currencies: dict[str, str] | None = Field(
        default=None, description="the file's currency names as ISO codes"
    )

    @field_validator("path")
    @classmethod
    def _an_address_that_may_be_written(cls, path: str) -> str:
        parts = urlsplit(path) if "://" in path else None
        if parts is None:
            return path
        if parts.password:
            raise ValueError(
                "path holds a password; leave it out: token, or this machine's own keys, are for that"
            )
        if parts.scheme == "http":
            encrypted(path)
        if parts.scheme in {"http", "https"} and ("*" in parts.path or "{date}" in parts.path):
            raise ValueError("https:// has no list of files; write the address of one")
        return path

    @model_validator(mode="after")
    def _makes_sense(self) -> CrmSettings:
        if self.token is not None and not self.path.startswith(("https://", "http://")):
            raise ValueError("token belongs to a path at https://")
        if self.dialect not in DIALECTS:
            raise ValueError(f"there is no dialect {self.dialect!r}; {did_you_mean(self.dialect, DIALECTS)}")
        if self.latest_by is not None and self.key is None:
            raise ValueError("latest_by needs key: the column that says which rows are the same deal")
        used = dialect_of(self)
        if used.decimal == used.thousands:
            raise ValueError(f"decimal and thousands are both {used.decimal!r}")
        if used.delimiter == '"':
            raise ValueError("the delimiter cannot be a quotation mark")
        orders = {order_of(text) for text in used.date_format}
        if {"dmY", "mdY"} <= orders or {"Ymd", "Ydm"} <= orders:
            raise ValueError("date_format has the day both before and after the month; a file has one order")
        return self


def dialect_of(settings: CrmSettings) -> Dialect:
    """The named dialect with the connection's own keys over it."""
    base = DIALECTS[settings.dialect]

    def pick(own: Any, default: Any) -> Any:
        return default if own is None else own

    return Dialect(
        encoding=pick(settings.encoding, base.encoding),
        delimiter=pick(settings.delimiter, base.delimiter),
        decimal=pick(settings.decimal, base.decimal),
        thousands=pick(settings.thousands, base.thousands),
        date_format=tuple(pick(settings.date_format, base.date_format)),
        skip_rows=pick(settings.skip_rows, base.skip_rows),
        footer=tuple(pick(settings.footer, base.footer)),
        nulls=tuple(pick(settings.nulls, base.nulls)),
        currency=pick(settings.currency, base.currency),
        currencies=pick(settings.currencies, base.currencies),
        html=pick(settings.html, base.html),
        quotes=settings.quotes,
    )
