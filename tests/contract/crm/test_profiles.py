"""One set of deals, seven CRMs, several ways to save them: always the same numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.model import Cause
from okrsync.sandbox import PRESENT
from okrsync.testing import JumpClock
from okrsync_crm.dialects import DIALECTS
from tests.support.crm_exports import QUARTER, USD, Exports, ask
from tests.support.crm_profiles import PROFILES, WIN_RATE, WON_COUNT, WON_DAYS, WON_SUM, Profile

EXCEL = {
    "delimiter": ";",
    "decimal": ",",
    "thousands": " ",
    "date_format": "%d.%m.%Y %H:%M",
}


def check(exports: Exports, profile: Profile, name: str, **settings: Any) -> None:
    id_, _, stage, amount, _, created, closed = profile.columns
    won, lost, _ = profile.stages
    keys: dict[str, Any] = {"path": name, "dialect": profile.dialect, "key": id_, "timezone": "UTC"}
    keys |= {**profile.settings, **settings}
    quarter: dict[str, Any] = {"date": closed, "window": QUARTER}
    asked = (
        ask(measure="sum", field=amount, where={stage: won}, unit=USD, **quarter),
        ask(measure="count", where={stage: won}, **quarter),
        ask(measure="duration", start=created, end=closed, where={stage: won}, unit="days", **quarter),
        ask(measure="ratio", where={stage: [won, lost]}, part={stage: won}, unit="percent", **quarter),
        ask(measure="count_distinct", field=id_),
    )
    values = [getattr(answer, "value", answer) for answer in exports.read(*asked, **keys)]
    assert values == [WON_SUM, Decimal(WON_COUNT), Decimal(WON_DAYS), Decimal(WIN_RATE), Decimal(6)]


def test_every_crm_of_the_reference_is_a_dialect() -> None:
    assert set(PROFILES) == {"salesforce", "hubspot", "pipedrive", "zoho", "bitrix24", "amocrm", "dynamics"}
    assert set(PROFILES) <= set(DIALECTS)


@pytest.mark.parametrize("name", PROFILES)
def test_as_the_crm_exports_it(exports: Exports, name: str) -> None:
    profile = PROFILES[name]
    exports.put("deals.csv", profile.native())
    check(exports, profile, "deals.csv")


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize(("encoding", "delimiter"), [("cp1251", ";"), ("utf-8-sig", ";"), ("utf-16", "\t")])
def test_saved_again_by_excel(exports: Exports, name: str, encoding: str, delimiter: str) -> None:
    profile = PROFILES[name]
    exports.put("deals.csv", profile.resaved(encoding, delimiter))
    declared = encoding.removesuffix("-sig")
    check(exports, profile, "deals.csv", **EXCEL | {"encoding": declared, "delimiter": delimiter})


@pytest.mark.parametrize("name", PROFILES)
def test_saved_again_by_excel_and_not_declared_is_no_number(exports: Exports, name: str) -> None:
    profile = PROFILES[name]
    exports.put("deals.csv", profile.resaved("cp1251", "\t"))
    question = ask(measure="sum", field=profile.columns[3], unit=USD)
    keys = {"path": "deals.csv", "dialect": name, **profile.settings}
    (answer,) = exports.read(question, **keys)
    assert not hasattr(answer, "value")


@pytest.mark.parametrize("name", [name for name, one in PROFILES.items() if not one.footer])
def test_in_two_parts_in_an_archive(exports: Exports, name: str) -> None:
    profile = PROFILES[name]
    exports.put("deals.zip", profile.parts())
    check(exports, profile, "deals.zip")


def test_dynamics_as_the_workbook_with_hidden_columns_that_it_is(exports: Exports) -> None:
    exports.put("deals.xlsx", PROFILES["dynamics"].workbook())
    check(exports, PROFILES["dynamics"], "deals.xlsx")


# ---- Bitrix24's page that is called .xls -------------------------------------------------------------------------------


@pytest.mark.parametrize("charset", ["utf-8", "windows-1251"])
def test_bitrix24s_excel_is_a_page_in_its_own_code_page(exports: Exports, charset: str) -> None:
    exports.put("deals.xls", PROFILES["bitrix24"].page(charset))
    check(exports, PROFILES["bitrix24"], "deals.xls")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("</table>", "", "its table does not end"),
        ("</table>", "</table><table></table>", "more than one table"),
        ("<td>ID</td>", "<td colspan=2>ID</td>", "row 1: merged cells"),
        ("charset=utf-8", "charset=nonsense", "which is no encoding"),
    ],
)
def test_a_damaged_page_is_no_number(exports: Exports, old: str, new: str, said: str) -> None:
    exports.put("deals.xls", PROFILES["bitrix24"].page("utf-8").replace(old.encode(), new.encode()))
    assert said in exports.refusal(ask(measure="count"), Cause.DATA, path="deals.xls", dialect="bitrix24")


def test_a_page_without_a_table_says_what_it_says(exports: Exports) -> None:
    exports.put("deals.xls", "<html><title>x</title><body>Нет данных для экспорта</body></html>")
    said = exports.refusal(ask(measure="count"), Cause.DATA, path="deals.xls", dialect="bitrix24")
    assert "a web page without a table: Нет данных для экспорта" in said


def test_a_row_of_a_page_is_named_by_its_number(exports: Exports) -> None:
    exports.put("deals.xls", PROFILES["bitrix24"].page("utf-8").replace(b"<td>500</td>", b"<td>5oo</td>"))
    said = exports.refusal(
        ask(measure="sum", field="Сумма", unit=USD), Cause.DATA, path="deals.xls", dialect="bitrix24"
    )
    assert "deals.xls, row 5: Сумма is “5oo”" in said


@pytest.mark.parametrize("name", [name for name in PROFILES if name != "bitrix24"])
def test_only_the_crm_that_does_so_may_send_a_page(exports: Exports, name: str) -> None:
    exports.put("deals.xls", PROFILES["bitrix24"].page("utf-8"))
    assert "is a web page (HTML)" in exports.refusal(
        ask(measure="count"), Cause.DATA, path="deals.xls", dialect=name
    )


# ---- inspect tells them apart -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PROFILES)
def test_inspect_recognises_each(exports: Exports, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    profile = PROFILES[name]
    file = exports.put("deals.csv", profile.native())
    assert main(["inspect", str(file)], Context(clock=JumpClock(PRESENT))) == 0
    said = capsys.readouterr().out
    assert f"dialect: {name}" in said
    assert "\n  ✓ 6 rows, each" in said
    assert f"key: {profile.columns[0]}" in said


@pytest.mark.parametrize("name", PROFILES)
def test_inspect_recognises_each_saved_again_by_excel(
    exports: Exports, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = exports.put("deals.csv", PROFILES[name].resaved("cp1251", ";"))
    assert main(["inspect", str(file)], Context(clock=JumpClock(PRESENT))) == 0
    said = capsys.readouterr().out
    assert f"dialect: {name}" in said
    for key in ("encoding: cp1251", "date_format: ['%d.%m.%Y %H:%M']", "\n  ✓ 6 rows, each"):
        assert key in said
