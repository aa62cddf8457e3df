"""The same six deals as each CRM exports them, and as Excel saves them again: built from reference facts, not recorded."""

from __future__ import annotations

import csv
import html
import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Deal:
    id: str
    title: str
    won: bool | None
    amount: Decimal
    created: datetime
    closed: datetime | None


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


# Won this quarter: 1234.50 + 80 + 2000000.25 = 2001314.75 after 10, 20 and 30 days; one lost, one open, one before.
DEALS = (
    Deal("1", 'A "quoted", name', True, Decimal("1234.50"), _at("2026-10-02 09:00"), _at("2026-10-12 09:00")),
    Deal("2", "Two\nlines", True, Decimal(80), _at("2026-10-05 09:00"), _at("2026-10-25 09:00")),
    Deal("3", "Größe / Ёлка", True, Decimal("2000000.25"), _at("2026-10-20 09:00"), _at("2026-11-19 09:00")),
    Deal("4", "Lost", False, Decimal(500), _at("2026-10-03 09:00"), _at("2026-11-03 09:00")),
    Deal("5", "Open", None, Decimal(70), _at("2026-11-03 09:00"), None),
    Deal("6", "Before", True, Decimal(9000), _at("2026-08-03 09:00"), _at("2026-09-03 09:00")),
)
WON_SUM, WON_COUNT, WON_DAYS, WIN_RATE = Decimal("2001314.75"), 3, 20, 75


@dataclass(frozen=True)
class Profile:
    """``columns``: id, title, stage, amount, currency, created, closed as this CRM calls them; "" if it has none.

    ``stages``: won, lost, open. ``settings``: what the CRM leaves to the user's locale, and so is no part of the dialect.
    """

    dialect: str
    columns: tuple[str, str, str, str, str, str, str]
    stages: tuple[str, str, str] = ("Won", "Lost", "Open")
    currency: str = "USD"
    moment: str = "%Y-%m-%d %H:%M:%S"
    delimiter: str = ","
    quoting: Any = csv.QUOTE_MINIMAL
    extra: Mapping[str, Callable[[Deal], str]] = field(default_factory=dict)
    footer: tuple[str, ...] = ()
    trailing: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)
    id: Callable[[str], str] = str
    amount: Callable[[Decimal], str] = str
    text: Callable[[str], str] = str

    def table(
        self, moment: str | None = None, amount: Callable[[Decimal], str] | None = None
    ) -> list[list[str]]:
        form, money = moment or self.moment, amount or self.amount
        rows = [[*(one for one in self.columns if one), *self.extra]]
        for deal in DEALS:
            stage = self.stages[{True: 0, False: 1, None: 2}[deal.won]]
            closed = deal.closed.strftime(form) if deal.closed else ""
            cells = (self.id(deal.id), self.text(deal.title), stage, money(deal.amount), self.currency)
            named = zip(self.columns, (*cells, deal.created.strftime(form), closed), strict=True)
            rows.append([cell for name, cell in named if name] + [make(deal) for make in self.extra.values()])
        return rows

    def native(self) -> bytes:
        out = io.StringIO()
        writer = csv.writer(out, delimiter=self.delimiter, quoting=self.quoting, lineterminator="\n")
        for row in self.table():
            writer.writerow([*row, ""] if self.trailing else row)
        return (out.getvalue() + "".join(f"{line}\n" for line in self.footer)).encode()

    def resaved(self, encoding: str, delimiter: str) -> bytes:
        """As Excel saves it where people write 2.000.000,25 as 2 000 000,25 and days first."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
        rows = self.table(
            "%d.%m.%Y %H:%M", lambda one: f"{one:,.2f}".replace(",", "\u00a0").replace(".", ",")
        )
        footer = [next(csv.reader([line]), [""]) for line in self.footer]
        for row in [*rows, *([*line, *[""] * (len(rows[0]) - 1)] for line in footer)]:
            writer.writerow(row)
        return out.getvalue().encode(encoding, "replace")

    def page(self, charset: str) -> bytes:
        """Bitrix24's "Excel": an HTML table that calls itself .xls."""
        rows = "".join(
            "<tr>"
            + "".join(f"<td>{html.escape(cell).replace(chr(10), '<br />')}</td>" for cell in row)
            + "</tr>"
            for row in self.table()
        )
        head = f'<meta http-equiv="Content-type" content="text/html;charset={charset}" />'
        return f"{head}<style>td {{color: red}}</style><table border=1>{rows}</table>".encode(
            charset, "replace"
        )

    def parts(self) -> bytes:
        """Two files in one archive, each with its header, as a CRM parts a long export."""
        lines = self.native().decode().split("\n")
        body = io.BytesIO()
        with zipfile.ZipFile(body, "w") as archive:
            archive.writestr("part-1.csv", "\n".join([lines[0], *lines[1:2]]) + "\n")
            archive.writestr("part-2.csv", "\n".join([lines[0], *lines[2:]]))
        return body.getvalue()

    def workbook(self) -> bytes:
        """A workbook whose first three columns are hidden, as Dynamics writes them."""
        from openpyxl import Workbook

        book = Workbook()
        sheet = book.active
        assert sheet is not None
        header, *rows = self.table()
        sheet.append(header)
        for row, deal in zip(rows, DEALS, strict=True):
            typed: list[Any] = list(row)
            typed[header.index(self.columns[3])] = deal.amount
            typed[header.index(self.columns[5])] = deal.created
            typed[header.index(self.columns[6])] = deal.closed
            sheet.append(typed)
        for letter in "ABC":
            sheet.column_dimensions[letter].hidden = True
        out = io.BytesIO()
        book.save(out)
        return out.getvalue()


PROFILES = {
    one.dialect: one
    for one in (
        Profile(
            "salesforce",
            (
                "Opportunity ID",
                "Opportunity Name",
                "Stage",
                "Amount",
                "Amount Currency",
                "Created Date",
                "Close Date",
            ),
            stages=("Closed Won", "Closed Lost", "Prospecting"),
            moment="%m/%d/%Y %I:%M %p",
            quoting=csv.QUOTE_ALL,
            amount=lambda one: f"{one:,.2f}",
            id=lambda one: f"0065g00000XyZ{one}AAA",
            footer=(
                "",
                '"Grand Totals (6 records)"',
                "",
                '"Opportunities of Ada"',
                '"Copyright (c) 2000-2026 salesforce.com, inc. All rights reserved."',
                '"Confidential Information - Do Not Distribute"',
                '"Generated By: Ada Lovelace  11/22/2026 6:00 PM"',
            ),
            settings={"date_format": "%m/%d/%Y %I:%M %p"},
        ),
        Profile(
            "hubspot",
            ("Record ID", "Deal Name", "Deal Stage", "Amount", "Currency", "Create Date", "Close Date"),
            stages=("Closed Won", "Closed Lost", "Appointment Scheduled"),
            moment="%Y-%m-%d %H:%M",
        ),
        Profile(
            "pipedrive",
            (
                "Deal - ID",
                "Deal - Title",
                "Deal - Status",
                "Deal - Value",
                "Deal - Currency of value",
                "Deal - Deal created",
                "Deal - Won time",
            ),
        ),
        Profile(
            "zoho",
            ("Record Id", "Deal Name", "Stage", "Amount", "Currency", "Created Time", "Closing Date"),
            stages=("Closed Won", "Closed Lost", "Qualification"),
            id=lambda one: f"zcrm_400000{one}",
            extra={"Deal Owner.id": lambda _: "zcrm_7", "Deal Owner": lambda _: "Ada"},
        ),
        Profile(
            "bitrix24",
            ("ID", "Название", "Стадия сделки", "Сумма", "Валюта", "Дата создания", "Дата закрытия"),
            stages=("Сделка успешна", "Сделка провалена", "В работе"),
            currency="Доллар США",
            moment="%d.%m.%Y %H:%M:%S",
            delimiter=";",
            quoting=csv.QUOTE_ALL,
            trailing=True,
        ),
        Profile(
            "amocrm",
            ("ID", "Название сделки", "Этап сделки", "Бюджет", "", "Дата создания сделки", "Дата закрытия"),
            stages=("Успешно реализовано", "Закрыто и не реализовано", "Первичный контакт"),
            moment="%d.%m.%Y %H:%M:%S",
            extra={"Теги": lambda _: "a, b", "roistat": lambda _: "1", "roistat ": lambda _: "2"},
        ),
        Profile(
            "dynamics",
            (
                "(Do Not Modify) Opportunity",
                "Topic",
                "Status",
                "Est. Revenue",
                "Currency",
                "Created On",
                "Actual Close Date",
            ),
            stages=("Won", "Lost", "Open"),
            currency="US Dollar",
            id=lambda one: f"6f1c0000-0000-0000-0000-00000000000{one}",
        ),
    )
}
