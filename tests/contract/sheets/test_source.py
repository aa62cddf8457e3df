"""Numbers out of Google Sheets, through the real gspread and google-auth against the emulated Google."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from okrsync.model import COUNT, PERCENT, Cause, Dimension, Reading, Unit
from okrsync.testing import JumpClock
from okrsync.testing.source import SourceCase, SourceContract
from okrsync_emulators.sheets import SheetsEmulator
from tests.support.spreadsheet import BOOK, DATA, KPI, NOW, World, question, renew, seed, value, why

VALUES = "values:batchGet"
METADATA = rf"GET /v4/spreadsheets/{BOOK}\?fields=properties"
FORMATS = rf"GET /v4/spreadsheets/{BOOK}\?fields=sheets"
MINUTES = Unit(dimension=Dimension.DURATION, detail="minutes")
EURO = Unit(dimension=Dimension.MONEY, detail="EUR")
TAB = "'It''s data'"


class TestContract(SourceContract):
    @pytest.fixture
    def case(self, world: World, monkeypatch: pytest.MonkeyPatch) -> SourceCase:
        monkeypatch.setenv(
            "OTHER_KEY", world.emulator.tokens.service_account("stranger@demo.iam.gserviceaccount.com")
        )
        return SourceCase(
            source=world.source(),
            records=world.records,
            good=[
                (question("cell", cell="KPI!C2"), Decimal(1200000)),
                (question("percent", PERCENT, cell="KPI!C3", values="fraction"), Decimal(37)),
                (question("named", named="signups", measure="sum"), Decimal("60.5")),
                (question("headings", tab="KPI", row="Revenue", column="Q3"), Decimal(900000)),
                (question("column", gid=42, column="Signups", measure="max"), Decimal(30)),
                (question("dated", range=f"{TAB}!B2:B", dates=f"{TAB}!A2:A"), Decimal(30)),
            ],
            nothing=question("nothing", cell="KPI!C7"),
            broken=question("broken", cell="Nowhere!B4"),
            denied=world.source(credentials={"env": "OTHER_KEY"}),
            down=world.source(url="http://127.0.0.1:9"),
        )


# ---- What is in a cell ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "query", "expected"),
    [
        (COUNT, {"cell": "KPI!C2"}, "1200000"),
        (COUNT, {"tab": "KPI", "cell": "$C$2"}, "1200000"),
        (COUNT, {"gid": 42, "cell": "B2"}, "30"),
        (
            COUNT,
            {
                "spreadsheet": f"https://docs.google.com/spreadsheets/d/{BOOK}/edit?gid=42#gid=42",
                "cell": "B5",
            },
            "20.5",
        ),
        (COUNT, {"cell": "KPI!B10"}, "0.1"),
        (COUNT, {"cell": "KPI!C10"}, "1e-7"),
        (EURO, {"named": "revenue"}, "1200000"),
        (PERCENT, {"cell": "KPI!C3", "values": "fraction"}, "37"),
        (PERCENT, {"cell": "KPI!C4", "values": "points"}, "37"),
        (MINUTES, {"cell": "KPI!C5", "values": "serial_days"}, "45"),
        (MINUTES, {"cell": "KPI!C4", "values": "plain"}, "37"),
        (COUNT, {"cell": "KPI!C8", "text_numbers": {"decimal": ",", "thousands": " "}}, "1234.50"),
        (COUNT, {"named": "signups", "measure": "mean"}, "20.16666666666666666666666667"),
        (COUNT, {"named": "signups", "measure": "first"}, "30"),
        (COUNT, {"named": "signups", "measure": "last"}, "20.5"),
        (COUNT, {"range": f"{TAB}!B2:B", "measure": "median"}, "20.5"),
        (COUNT, {"range": f"{TAB}!B2:B", "measure": "p100"}, "30"),
        (COUNT, {"range": f"{TAB}!B2:B", "measure": "min"}, "10"),
        (COUNT, {"range": f"{TAB}!B2:B", "measure": "count"}, "3"),
        (COUNT, {"range": f"{TAB}!C2:C", "measure": "count_distinct"}, "2"),
        (COUNT, {"range": f"{TAB}!D2:D", "measure": "count_true"}, "3"),
        (PERCENT, {"range": f"{TAB}!D2:D", "measure": "share_true"}, "75"),
        (COUNT, {"range": f"{TAB}!E2:E", "measure": "sum", "skip_text": True}, "6"),
        (COUNT, {"tab": "It's data", "column": "Signups", "measure": "sum"}, "60.5"),
        (COUNT, {"tab": "It's data", "column": "Signups", "last_row": True}, "20.5"),
        (COUNT, {"tab": "KPI", "row": " Revenue ", "column": "Q4"}, "1200000"),
        (PERCENT, {"range": "KPI!B3:C3", "measure": "mean", "values": "fraction"}, "36"),
    ],
)
def test_values(world: World, unit: Unit, query: dict[str, Any], expected: str) -> None:
    answer = world.one(unit, **query)
    assert value(answer) == Decimal(expected)
    assert isinstance(answer, Reading)
    assert answer.unit == unit


@pytest.mark.parametrize(
    ("unit", "query", "cause", "reason"),
    [
        (COUNT, {"cell": "KPI!C6"}, Cause.DATA, "KPI!C6 holds the error #REF!"),
        (COUNT, {"range": "KPI!C2:C", "measure": "count"}, Cause.DATA, "KPI!C6 holds the error #REF!"),
        (
            COUNT,
            {"range": "KPI!C4:C7", "measure": "sum", "skip_text": True},
            Cause.DATA,
            "KPI!C6 holds the error",
        ),
        (COUNT, {"cell": "KPI!C7"}, Cause.EMPTY, "KPI!C7 is blank"),
        (COUNT, {"cell": "KPI!C8"}, Cause.DATA, "KPI!C8 holds the text “1 234,50”, not a number"),
        (COUNT, {"cell": "KPI!C8", "text_numbers": {"decimal": "."}}, Cause.DATA, "“1 234,50”"),
        (COUNT, {"cell": "KPI!B9"}, Cause.DATA, "KPI!B9 holds TRUE, not a number"),
        (
            COUNT,
            {"range": f"{TAB}!E2:E", "measure": "sum"},
            Cause.DATA,
            "'It''s data'!E3 holds the text “n/a”",
        ),
        (
            COUNT,
            {"range": f"{TAB}!B2:B", "measure": "count_true"},
            Cause.DATA,
            "B2 holds “30”, not TRUE or FALSE",
        ),
        (COUNT, {"range": "Empty!A:A", "measure": "sum"}, Cause.EMPTY, "is empty"),
        (COUNT, {"range": "Empty!A:A", "measure": "count"}, Cause.EMPTY, "is empty"),
        (
            COUNT,
            {"range": f"{TAB}!C2:C", "measure": "sum", "skip_text": True},
            Cause.EMPTY,
            "holds only text",
        ),
        (COUNT, {"cell": "KPY!C2"}, Cause.CONFIG, "Acme KPIs has no tab 'KPY'"),
        (COUNT, {"cell": "KPI!C2000"}, Cause.CONFIG, "exceeds grid limits"),
        (COUNT, {"named": "gone"}, Cause.CONFIG, "no named range 'gone', or it is broken (#REF!)"),
        (COUNT, {"named": "signups"}, Cause.CONFIG, "more than one cell"),
        (COUNT, {"named": "KPI", "measure": "count"}, Cause.CONFIG, "'KPI' is a tab of Acme KPIs"),
        (COUNT, {"cell": "C2"}, Cause.CONFIG, "nothing says which tab"),
        (COUNT, {"gid": 1, "cell": "C2"}, Cause.CONFIG, "no tab with gid 1"),
        (
            COUNT,
            {"tab": "KPI", "row": "Revenu", "column": "Q4"},
            Cause.CONFIG,
            "no heading 'Revenu' in column A of KPI",
        ),
        (
            COUNT,
            {"tab": "Empty", "column": "Q4", "measure": "sum"},
            Cause.EMPTY,
            "no headings in row 1 of Empty",
        ),
        (COUNT, {"spreadsheet": "no-such", "cell": "KPI!C2"}, Cause.CONFIG, "knows no spreadsheet no-such"),
    ],
)
def test_what_is_no_number_is_missing(
    world: World, unit: Unit, query: dict[str, Any], cause: Cause, reason: str
) -> None:
    answer = why(world.one(unit, **query))
    assert reason in answer.reason
    assert answer.cause is cause
    assert answer.hint


@pytest.mark.parametrize(
    ("unit", "query"),
    [
        (PERCENT, {"cell": "KPI!C3"}),
        (PERCENT, {"cell": "KPI!C3", "values": "serial_days"}),
        (COUNT, {"cell": "KPI!C3", "values": "fraction"}),
        (COUNT, {"cell": "KPI!C5", "values": "serial_days"}),
        (COUNT, {"range": "KPI!B9:C9", "measure": "share_true"}),
        (PERCENT, {"range": "KPI!B9:C9", "measure": "count_true"}),
        (EURO, {"range": "KPI!B9:C9", "measure": "count"}),
    ],
)
def test_a_unit_is_never_guessed_and_asks_nothing(world: World, unit: Unit, query: dict[str, Any]) -> None:
    answer = why(world.one(unit, **query))
    assert answer.cause is Cause.CONFIG
    assert world.count("") == 0


def test_a_blank_inside_merged_cells_says_where_the_value_is(world: World) -> None:
    merged = {"title": "KPI", "merges": ["A1:B2"], "rows": [[5, None]]}
    world.emulator.load(seed(tabs=[merged]))
    assert "KPI!A1" in why(world.one(cell="KPI!B2")).hint
    assert value(world.one(cell="KPI!A1")) == 5
    assert "merged" not in why(world.one(cell="KPI!C3")).hint


@pytest.mark.parametrize(
    ("text", "form", "expected"),
    [
        ("1.234.567,5", {"decimal": ",", "thousands": "."}, "1234567.5"),
        ("1\u202f234", {"decimal": ",", "thousands": " "}, "1234"),
        ("\u22125,5", {"decimal": ","}, "-5.5"),
        ("1234.5", {"decimal": ".", "thousands": ","}, "1234.5"),
        ("12.34.567", {"decimal": ",", "thousands": "."}, None),
        ("1.234", {"decimal": ","}, None),
        ("1,5", {"decimal": ".", "thousands": ","}, None),
        ("37 %", {"decimal": ","}, None),
        ("nan", {"decimal": "."}, None),
        ("1e5", {"decimal": "."}, None),
        ("٣", {"decimal": "."}, None),
    ],
)
def test_numbers_typed_as_text_are_read_only_as_declared(
    world: World, text: str, form: dict[str, str], expected: str | None
) -> None:
    world.emulator.load(seed(tabs=[{"title": "T", "rows": [[text]]}]))
    answer = world.one(cell="T!A1", text_numbers=form)
    if expected is None:
        assert f"“{text}”" in why(answer).reason
    else:
        assert value(answer) == Decimal(expected)


def test_a_tab_that_looks_like_a_cell_is_a_tab(world: World) -> None:
    world.emulator.load(seed(tabs=[KPI, {"title": "Q4", "rows": [["Total"], [7]]}]))
    assert value(world.one(cell="Q4!A2")) == 7
    assert value(world.one(tab="Q4", column="Total", measure="sum")) == 7


def test_blanks_are_passed_over_and_counted(world: World) -> None:
    answer = world.one(named="signups", measure="mean")
    assert isinstance(answer, Reading)
    assert answer.evidence.rows == 3
    assert ("blank cells passed over", "1") in answer.evidence.facts


def test_evidence_names_the_cell_and_links_to_it(world: World) -> None:
    answer = world.one(tab="KPI", row="Revenue", column="Q4")
    assert isinstance(answer, Reading)
    assert answer.evidence.query.endswith("KPI!C2 (row “Revenue”, column “Q4”)")
    assert answer.evidence.source == "sheets"
    assert dict(answer.evidence.facts)["link"] == f"https://docs.google.com/spreadsheets/d/{BOOK}/edit"
    linked = world.one(gid=0, cell="C2")
    assert isinstance(linked, Reading)
    assert dict(linked.evidence.facts)["link"].endswith("/edit#gid=0&range=C2")
    assert linked.evidence.query.startswith("Acme KPIs ")
    assert linked.as_of == NOW


# ---- Headings -------------------------------------------------------------------------------------------------


def test_a_duplicate_heading_names_both_cells(world: World) -> None:
    twice = {"title": "KPI", "rows": [["Metric", "Q4", "Q4"], ["Revenue", 1, 2], ["Revenue", 3, 4]]}
    world.emulator.load(seed(tabs=[twice]))
    answer = why(world.one(tab="KPI", row="Revenue", column="Q4"))
    assert "KPI!B1 and KPI!C1" in answer.reason
    assert answer.cause is Cause.DATA


def test_headings_elsewhere_and_of_other_kinds(world: World) -> None:
    rows = [["Report"], [None, "Metric", 2026, {"date": "2026-11-01"}], [None, "Revenue", 1, 2]]
    world.emulator.load(seed(tabs=[{"title": "KPI", "rows": rows}]))
    where = {"tab": "KPI", "row": "Revenue", "row_headings": "B", "column_headings": 2}
    assert value(world.one(column=2026, **where)) == 1
    assert value(world.one(column="2026-11-01", **where)) == 2
    assert value(world.one(tab="KPI", column=2026, column_headings=2, measure="sum")) == 1


def test_headings_cost_one_request_once_their_place_is_known(world: World) -> None:
    query = {"tab": "KPI", "row": "Revenue", "column": "Q4"}
    assert value(world.one(**query)) == 1200000
    assert world.count(VALUES) == 2
    assert value(world.one(**query)) == 1200000
    assert world.count(VALUES) == 3


def test_a_remembered_place_is_never_believed(world: World) -> None:
    query = {"tab": "KPI", "row": "Revenue", "column": "Q4"}
    world.one(**query)
    moved = {**KPI, "rows": [["Metric", "Q2", "Q3", "Q4"], ["New", 0, 0, 0], ["Revenue", 1, 2, 3]]}
    world.emulator.load(seed(tabs=[moved]))
    assert value(world.one(**query)) == 3
    shrunk = {**KPI, "grid": [2, 2], "rows": [["Metric", "Q4"], ["Revenue", 4]]}
    world.emulator.load(seed(tabs=[shrunk]))
    assert value(world.one(**query)) == 4


def test_a_tab_is_found_by_its_gid_after_two_tabs_swapped_names(world: World) -> None:
    assert value(world.one(gid=0, cell="C2")) == 1200000
    other = {**DATA, "title": "KPI"}
    world.emulator.load(seed(tabs=[{**KPI, "title": "It's data"}, other]))
    assert value(world.one(gid=0, cell="C2")) == 1200000


# ---- The past -------------------------------------------------------------------------------------------------


def test_the_past_is_missing_where_the_sheet_keeps_none(world: World) -> None:
    answer = why(world.one(COUNT, NOW - timedelta(days=1), cell="KPI!C2"))
    assert answer.cause is Cause.PAST
    assert world.count("") == 0


@pytest.mark.parametrize(
    ("at", "expected", "as_of"),
    [
        ("2026-10-05T00:00+02:00", "10", "2026-10-04T22:00Z"),
        ("2026-10-20T12:00+02:00", "10", "2026-10-04T22:00Z"),
        ("2026-11-01T23:59+01:00", "10", "2026-10-04T22:00Z"),
        ("2026-11-02T00:00+01:00", "20.5", "2026-11-01T23:00Z"),
        ("2026-11-22T00:00+01:00", "30", "2026-11-08T23:00Z"),
    ],
)
def test_a_dated_column_knows_the_past_in_the_company_s_time_zone(
    world: World, at: str, expected: str, as_of: str
) -> None:
    answer = world.one(COUNT, datetime.fromisoformat(at), range=f"{TAB}!B2:B", dates=f"{TAB}!A2:A")
    assert value(answer) == Decimal(expected)
    assert isinstance(answer, Reading)
    assert answer.as_of == datetime.fromisoformat(as_of)
    assert answer.method == "dated rows"


def test_before_the_first_date_there_is_nothing(world: World) -> None:
    day = datetime(2026, 10, 4, 21, 59, tzinfo=UTC)
    answer = why(world.one(COUNT, day, range=f"{TAB}!B2:B", dates=f"{TAB}!A2:A"))
    assert answer.cause is Cause.PAST
    assert "begins on 2026-10-05" in answer.reason


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([["5 Oct", 1]], "S!A1 holds “5 Oct”, not a date"),
        ([[None, 1]], "S!B1 has a value and S!A1 has no date"),
        (
            [[{"date": "2026-10-05"}, 1], [{"date": "2026-10-05"}, 2]],
            "S!B1 and S!B2 both are dated 2026-10-05",
        ),
        ([[{"date": "2026-10-05"}, "many"]], "S!B1 holds the text “many”"),
        ([[{"date": "2026-10-05"}, {"error": "#N/A"}]], "S!B1 holds the error #N/A"),
        ([[20261005, 1]], "S!A1 holds the number 20261005, which looks like a date written as one number"),
        ([[{"error": "#REF!"}, 1]], "S!A1 holds the error #REF!"),
        ([[{"date": "2026-10-05"}, None]], "has no values"),
    ],
)
def test_a_dated_column_that_cannot_be_read_says_where(world: World, rows: list[Any], reason: str) -> None:
    world.emulator.load(seed(tabs=[{"title": "S", "rows": rows}]))
    assert reason in why(world.one(range="S!B1:B", dates="S!A1:A")).reason


def test_dates_may_run_across(world: World) -> None:
    rows = [["Date", {"date": "2026-10-05"}, {"datetime": "2026-11-20T12:00"}], ["Users", 1, 2]]
    world.emulator.load(seed(tabs=[{"title": "S", "rows": rows}]))
    with pytest.raises(ValueError, match="open at its start"):
        world.one(range="S!2:B2", dates="S!B1:1")
    for query in ({"range": "S!B2:D2", "dates": "S!B1:D1"}, {"range": "S!B2:2", "dates": "S!B1:1"}):
        assert value(world.one(**query)) == 2
        assert value(world.one(COUNT, datetime(2026, 11, 20, 10, tzinfo=UTC), **query)) == 1


def test_an_unknown_time_zone_is_said(world: World) -> None:
    rows = [["Date", {"datetime": "2026-11-20T12:00"}], ["Users", 2]]
    world.emulator.load(seed(timezone="Mars/Olympus", tabs=[{"title": "It's data", "rows": rows}]))
    assert "Mars/Olympus" in why(world.one(range=f"{TAB}!B2:2", dates=f"{TAB}!B1:1")).reason


# ---- Few requests ---------------------------------------------------------------------------------------------


def test_twenty_metrics_of_a_spreadsheet_are_one_read_and_one_token(world: World) -> None:
    questions = [
        question(f"m{number}", cell=f"KPI!{'BC'[number % 2]}{(2, 4)[number // 2 % 2]}")
        for number in range(20)
    ]
    answers = world.read(*questions, question("named", named="revenue"))
    assert all(isinstance(answer, Reading) for answer in answers)
    assert world.count(VALUES) == 1
    assert world.count("POST /token") == 1
    assert world.count(FORMATS) == 1
    assert world.count("") == 3
    world.emulator.server.forget()
    world.read(*questions)
    assert world.count(VALUES) == 1
    assert world.count(FORMATS) == 0, "formats are looked at once a week"


def test_spreadsheets_are_read_once_each_and_share_a_token(world: World) -> None:
    for number in range(10):
        world.emulator.load(seed(id=f"book-{number}", tabs=[{"title": "KPI", "rows": [[number]]}]))
    questions = [
        question(f"m{number}", spreadsheet=f"book-{number % 10}", cell="KPI!A1") for number in range(30)
    ]
    answers = world.read(*questions)
    assert [value(answer) for answer in answers] == [Decimal(number % 10) for number in range(30)]
    assert world.count(VALUES) == 10
    assert world.count("POST /token") == 1


def test_many_long_ranges_are_split_by_the_length_of_the_address(world: World) -> None:
    tab = {**KPI, "title": "A rather long title with ümläuts", "rows": [[number] for number in range(100)]}
    world.emulator.load(seed(tabs=[tab]))
    answers = world.read(*(question(f"m{row}", tab=tab["title"], cell=f"A{row + 1}") for row in range(100)))
    assert [value(answer) for answer in answers] == [Decimal(row) for row in range(100)]
    sent = [request for request in world.emulator.server.requests if "batchGet" in request.path]
    assert 2 <= len(sent) <= 6
    assert max(len(request.query) for request in sent) < 2100


def test_one_bad_range_costs_only_its_own_metric_and_few_requests(world: World) -> None:
    good = [question(f"g{number}", cell=f"KPI!{cell}") for number, cell in enumerate(("B2", "B4", "B10"))]
    answers = world.read(*good, question("bad", cell="KPY!B2"), question("gone", named="gone"))
    assert [value(answer) for answer in answers[:3]] == [900000, 35, Decimal("0.1")]
    assert "did you mean 'KPI'?" in why(answers[3]).hint
    assert "gone" in why(answers[4]).reason
    assert world.count(VALUES) == 5
    assert world.count(METADATA) == 1


def test_a_refusal_that_names_no_range_is_found_by_halves(world: World) -> None:
    # The refused range is written back bounded, not as it was asked.
    cells = ("B2", "C2", "B4", "C4", "B10", "C10", "B7", "B9")
    good = [question(f"g{number}", cell=f"KPI!{cell}") for number, cell in enumerate(cells)]
    answers = world.read(*good[:5], question("far", range="KPI!B2000:B", measure="sum"), *good[5:])
    assert "exceeds grid limits" in why(answers[5]).reason
    assert sum(isinstance(answer, Reading) for answer in answers) == 7
    assert world.count(VALUES) <= 9


def test_metadata_is_read_only_where_it_is_needed(world: World) -> None:
    world.one(cell="KPI!C2")
    world.one(tab="KPI", row="Revenue", column="Q4")
    world.one(named="signups", measure="sum")
    assert world.count(METADATA) == 0
    world.read(
        question("a", gid=0, cell="C2"), question("b", gid=42, cell="B2"), question("c", cell="KPI!C2")
    )
    assert world.count(METADATA) == 1


def test_more_reads_than_the_quota_never_exceed_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = JumpClock(NOW)
    emulator = SheetsEmulator(monotonic=clock.monotonic)
    try:
        world = renew(emulator, monkeypatch)
        emulator.quota = 60
        world.clock = clock
        source = world.source()
        for _ in range(150):
            assert value(source.read([question("m", cell="KPI!C2")])[0]) == 1200000
    finally:
        emulator.server.close()
    assert emulator.server.count(VALUES) == 150
    assert 60 < clock.monotonic() < 200
