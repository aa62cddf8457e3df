"""What a CRM export can be asked, and what must never be answered."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from okrsync.model import PERCENT, Cause, Dimension, NoValue, Reading, Unit, Window
from okrsync.testing.source import SourceCase, SourceContract
from okrsync_crm import CrmQuery, CrmSettings, connector
from okrsync_crm.source import CrmSource
from okrsync_crm.sql import execution
from tests.support.crm_exports import NOW, QUARTER, USD, ZONE, Exports, ask, facts

DEALS = """\
Id,Stage,Amount,Currency,Owner,Region,Create Date,Close Date
1,Won,1000.50,USD,ann,EMEA,2026-10-01,2026-10-05
2,Won,500,USD,bob,APAC,2026-10-01,2026-10-25
3,Lost,100,USD,ann,EMEA,2026-10-01,2026-11-05
4,Open,7,USD,ann,EMEA,2026-10-01,
5,Won,,USD,cyd,APAC,2026-11-01,2026-12-31
6,Won,2000,USD,ann,AMER,2026-07-01,2026-09-30
7,Won,3000,USD,bob,AMER,2026-07-01,2027-01-01
"""


@pytest.fixture
def exports(exports: Exports) -> Exports:
    exports.put("deals-2026-11-22.csv", DEALS)
    return exports


class TestCrmContract(SourceContract):
    @pytest.fixture
    def case(self, exports: Exports, tmp_path: Path) -> SourceCase:
        return SourceCase(
            source=exports.source(),
            records=exports.records,
            good=[
                (ask(measure="count", metric="rows"), Decimal(7)),
                (
                    ask(measure="sum", field="Amount", unit=USD, metric="sum", where={"Stage": "Won"}),
                    Decimal("6500.5"),
                ),
                (
                    ask(
                        measure="count", where={"Stage": "Archived"}, may_be_absent="Archived", metric="zero"
                    ),
                    Decimal(0),
                ),
            ],
            nothing=ask(
                measure="mean",
                field="Amount",
                where={"Stage": "Archived"},
                may_be_absent="Archived",
                metric="nothing",
            ),
            broken=ask(measure="sum", field="Amuont", metric="broken"),
            down=Exports(tmp_path / "nowhere").source(),
        )


WON = {"Stage": "Won"}


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ({"measure": "count", "where": WON}, "5"),
        ({"measure": "count", "where": WON, "date": "Close Date", "window": QUARTER}, "3"),
        (
            {"measure": "sum", "field": "Amount", "where": WON, "date": "Close Date", "window": QUARTER},
            "1500.5",
        ),
        (
            {"measure": "mean", "field": "Amount", "where": WON, "date": "Close Date", "window": QUARTER},
            "750.25",
        ),
        ({"measure": "min", "field": "Amount"}, "7"),
        ({"measure": "max", "field": "Amount"}, "3000"),
        ({"measure": "median", "field": "Amount"}, "750.25"),
        ({"measure": "p90", "field": "Amount"}, "2500"),
        ({"measure": "count_distinct", "field": "Owner", "where": WON}, "3"),
        (
            {"measure": "ratio", "where": {"Stage": ["Won", "Lost"]}, "part": WON},
            "0.8333333333333333333333333333",
        ),
        (
            {
                "measure": "ratio",
                "field": "Amount",
                "where": {"Stage": ["Won", "Open"]},
                "part": WON,
                "unit": PERCENT,
            },
            "99.892431809",
        ),
        (
            {
                "measure": "duration",
                "start": "Create Date",
                "end": "Close Date",
                "where": WON,
                "unit": "days",
            },
            "72.6",
        ),
        (
            {
                "measure": "duration",
                "start": "Create Date",
                "end": "Close Date",
                "aggregate": "max",
                "unit": "hours",
            },
            "4416",
        ),
        (
            {
                "measure": "duration",
                "start": "Create Date",
                "end": "Close Date",
                "aggregate": "p92",
                "unit": "days",
            },
            "146.8",
        ),
        ({"measure": "spread", "group": "Region", "unit": PERCENT}, "28.57142857142857142857142857"),
        (
            {
                "measure": "spread",
                "group": "Region",
                "groups": ["EMEA", "APAC", "AMER", "LATAM"],
                "unit": PERCENT,
            },
            "100",
        ),
        (
            {"measure": "spread", "group": "Region", "field": "Amount", "aggregate": "sum"},
            "1.2701475595913734",
        ),
        ({"measure": "count", "where": {"Amount": {"gt": 500}}}, "3"),
        ({"measure": "count", "where": {"Amount": {"gte": 500, "lt": 2000}}}, "2"),
        ({"measure": "count", "where": {"Amount": {"lte": 100}}}, "2"),
        ({"measure": "count", "where": {"Amount": 500}}, "1"),
        ({"measure": "count", "where": {"Owner": ["ann", "bob"]}}, "6"),
        ({"measure": "count", "where": {"Owner": {"not": "ann"}}}, "3"),
        ({"measure": "count", "where": {"Owner": {"not": ["ann", "bob"]}}}, "1"),
        ({"measure": "count", "where": {"Close Date": {"empty": True}}}, "1"),
        ({"measure": "count", "where": {"Close Date": {"empty": False}, "Amount": {"empty": False}}}, "5"),
        ({"measure": "count", "where": {"Stage": {"contains": "o"}}}, "6"),
        ({"measure": "count", "where": {"Stage": {"starts_with": "L"}}}, "1"),
        ({"measure": "count", "where": {"Close Date": {"gte": date(2026, 12, 31)}}}, "2"),
        ({"measure": "count", "where": {"Close Date": {"lte": "2026-10-25"}}}, "3"),
        ({"measure": "count", "where": {"Close Date": {"gt": "2026-10-25"}}}, "3"),
        ({"measure": "count", "where": {"Close Date": date(2026, 10, 25)}}, "1"),
        ({"measure": "count", "where": {"close date": {"empty": False}}}, "6"),
        (
            {
                "measure": "ratio",
                "date": "Create Date",
                "window": QUARTER,
                "part": {"duration": {"start": "Create Date", "end": "Close Date", "at_most": "4d"}},
                "unit": PERCENT,
            },
            "20",
        ),
    ],
)
def test_measures(exports: Exports, query: dict[str, Any], value: str) -> None:
    result = exports.value(ask(**query))
    assert abs(result - Decimal(value)) < Decimal("0.000001"), result


def test_ten_questions_are_one_scan_whatever_they_ask(exports: Exports) -> None:
    executed: list[str] = []

    def counting(*given: Any) -> execution.SqlConnection:
        return Counted(execution.connect(*given), executed.append)

    source = CrmSource(CrmSettings(path="deals*"), exports.context, connect=counting, small=0)
    months = [
        Window(start=datetime(2026, m, 1, tzinfo=ZONE), end=datetime(2026, m + 1, 1, tzinfo=ZONE))
        for m in range(6, 12)
    ]
    questions = [
        ask(
            metric=f"{measure}{month.start:%m}",
            measure=measure,
            field="Amount",
            date="Close Date",
            window=month,
            at=min(NOW, month.end),
        )
        for month in months
        for measure in ("sum", "median", "count_distinct")
    ]
    questions += [
        ask(measure="spread", group="Region", unit=PERCENT),
        ask(measure="spread", group="Owner", field="Amount", aggregate="sum"),
        ask(measure="sum", field="No such column"),
    ]
    answers = source.read(questions)
    assert len(answers) == len(questions)
    # The twenty that can be asked; a small file is read again to look for totals.
    scans = [sql for sql in executed if "read_csv" in sql]
    assert len([sql for sql in scans if sql.startswith("CREATE")]) == 1
    assert len(scans) <= 2


@dataclass
class Counted:
    inner: execution.SqlConnection
    seen: Callable[[str], None]

    @property
    def description(self) -> Any:
        return self.inner.description

    def execute(self, query: str, parameters: object = None) -> Any:
        self.seen(query)
        return self.inner.execute(query, parameters)

    def close(self) -> None:
        self.inner.close()


def test_nothing_of_a_read_is_left_behind(
    exports: Exports, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private = tmp_path / "private"
    private.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(private))
    exports.value(ask(measure="count"), path="deals-2026-11-22.csv")
    exports.refusal(ask(measure="sum", field="Stage"), Cause.DATA, path="deals-2026-11-22.csv")
    assert list(private.iterdir()) == []


def test_the_database_sees_its_own_folder_only(tmp_path: Path) -> None:
    import duckdb

    outside = tmp_path / "outside.csv"
    outside.write_text("a\n1\n")
    inside = tmp_path / "it's inside"
    inside.mkdir()
    connection = execution.connect(inside)
    for statement in (
        f"SELECT * FROM read_csv('{outside}')",
        f"COPY (SELECT 1) TO '{outside}'",
        "INSTALL httpfs",
    ):
        with pytest.raises(duckdb.Error):
            connection.execute(statement)
    with pytest.raises(duckdb.Error):
        connection.execute("SET enable_external_access = true")
    connection.close()


# ---- evidence --------------------------------------------------------------------------------------------------


def test_a_number_explains_itself(exports: Exports) -> None:
    reading = exports.reading(
        ask(measure="sum", field="Amount", unit=USD, where=WON, date="Close Date", window=QUARTER),
        currency="Currency",
    )
    assert reading.evidence.query == (
        "sum of Amount where Stage = Won, Close Date in 2026-10-01..2026-12-31 (deals-2026-11-22.csv)"
    )
    assert reading.evidence.source == "deals"
    assert reading.evidence.rows == 3
    assert reading.window == QUARTER
    assert reading.method == "observed"
    assert facts(reading) == {
        "file": "deals-2026-11-22.csv",
        "modified": "2026-11-23 00:00 CET",
        "dialect": "plain",
        "rows scanned": "7",
        "rows without a value": "1",
        "currency": "USD",
    }


def test_a_reading_is_as_old_as_its_file(exports: Exports) -> None:
    exports.put("old.csv", DEALS, age=timedelta(days=4))
    assert exports.reading(ask(measure="count"), path="old.csv").as_of == NOW - timedelta(days=4)


def test_a_value_that_no_row_has_is_said(exports: Exports) -> None:
    reading = exports.reading(ask(measure="count", where={"Stage": "Archived"}, may_be_absent="Archived"))
    assert reading.value == 0
    assert facts(reading)["in no row"] == "Stage = Archived"


def test_another_case_of_a_value_is_no_zero(exports: Exports) -> None:
    reason = exports.refusal(ask(measure="count", where={"Stage": "won"}), Cause.DATA)
    assert "no row has Stage “won”, but some have “Won”" in reason


# ---- no data is not zero ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        {"measure": "mean", "field": "Amount"},
        {"measure": "median", "field": "Amount"},
        {"measure": "max", "field": "Amount"},
        {"measure": "ratio", "part": WON, "unit": PERCENT},
        {"measure": "ratio", "field": "Amount", "part": WON},
        {"measure": "duration", "start": "Create Date", "end": "Close Date", "unit": "days"},
        {"measure": "spread", "group": "Region", "unit": PERCENT},
        {"measure": "spread", "group": "Region", "groups": ["EMEA", "APAC"], "unit": PERCENT},
    ],
)
def test_no_rows_have_no_mean(exports: Exports, query: dict[str, Any]) -> None:
    exports.refusal(ask(**query, where={"Owner": "nobody"}, may_be_absent="nobody"), Cause.EMPTY)


def test_no_rows_add_up_to_zero(exports: Exports) -> None:
    none: dict[str, Any] = {"where": {"Owner": "nobody"}, "may_be_absent": "nobody"}
    assert exports.value(ask(measure="sum", field="Amount", **none)) == 0
    assert exports.value(ask(measure="count_distinct", field="Owner", **none)) == 0


def test_rows_without_amounts_do_not_add_up_to_zero(exports: Exports) -> None:
    assert "1 rows match, but none has a value in Amount" in exports.refusal(
        ask(measure="sum", field="Amount", where={"Owner": "cyd"}), Cause.EMPTY
    )


# ---- configuration ---------------------------------------------------------------------------------------------


def test_an_unknown_column_gets_a_suggestion(exports: Exports) -> None:
    assert "has no column 'Amuont' → did you mean 'Amount'?" in exports.refusal(
        ask(measure="sum", field="Amuont"), Cause.CONFIG
    )


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"measure": "count", "window": QUARTER}, "window but no date"),
        ({"measure": "duration", "start": "Create Date", "end": "Close Date"}, "cannot be given as count"),
        ({"measure": "mean", "field": "Amount", "unit": "minutes"}, "in which unit of time"),
        ({"measure": "mean", "field": "Amount", "field_unit": "seconds"}, "field_unit is a unit of time"),
        ({"measure": "count", "unit": USD}, "count gives no money"),
        ({"measure": "count", "unit": PERCENT}, "not a percentage"),
        ({"measure": "ratio", "part": WON, "unit": "hours"}, "no length of time"),
        ({"measure": "spread", "group": "Owner", "where": {"Owner": "ann"}}, "all rows are of one Owner"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    exports: Exports, query: dict[str, Any], says: str
) -> None:
    assert says in exports.refusal(ask(**query), Cause.CONFIG)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"measure": "total"}, "no measure 'total'"),
        ({"measure": "p101", "field": "a"}, "no measure 'p101'"),
        ({"measure": "sum"}, "measure sum needs field"),
        ({"measure": "count", "field": "a"}, "field has no meaning for measure count"),
        ({"measure": "ratio"}, "measure ratio needs part"),
        ({"measure": "duration", "start": "a"}, "measure duration needs end"),
        ({"measure": "spread", "group": "a", "aggregate": "sum"}, "needs aggregate: sum and field"),
        ({"measure": "spread"}, "measure spread needs group"),
        ({"measure": "count", "where": {"a": {}}}, "say what to compare with"),
        ({"measure": "count", "where": {"a": ""}}, "write {empty: true}"),
        ({"measure": "count", "where": {"a": {"gt": "x"}}}, "has no more or less"),
        ({"measure": "count", "where": {"a": {"gt": True}}}, "has no more or less"),
        ({"measure": "count", "wher": {}}, "wher"),
    ],
)
def test_a_query_that_makes_no_sense_is_not_accepted(query: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(says)):
        CrmQuery.model_validate(query)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"dialect": "goldmine"}, "there is no dialect 'goldmine'"),
        ({"encoding": "cp99999"}, "'cp99999' is not an encoding"),
        ({"decimal": ",", "thousands": ","}, "decimal and thousands are both ','"),
        ({"date_format": ["%d/%m/%Y", "%m/%d/%Y"]}, "a file has one order"),
        ({"date_format": "%d.%m"}, "does not say where year, month and day are"),
        ({"date_format": "%d.%m.%Y %I:%M"}, "%I needs %p"),
        ({"date_format": "%x"}, "%x is not read here"),
        ({"latest_by": "Modified"}, "latest_by needs key"),
        ({"timezone": "Mars/Base"}, "is not a time zone"),
        ({"footer": ["("]}, "is not a regular expression"),
    ],
)
def test_settings_that_make_no_sense_are_not_accepted(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(says)):
        CrmSettings.model_validate({"path": "x.csv", **settings})


# ---- windows and the past --------------------------------------------------------------------------------------

TIMES = """\
Id,Closed
1,2026-09-30 23:59
2,2026-10-01 00:00
3,2026-10-01T00:30:00+02:00
4,2026-09-30T22:00:00.000+0000
5,2026-09-30T21:59:59Z
6,2026-10-01
7,2026-09-30
"""


def test_a_window_is_half_open_in_its_own_zone(exports: Exports) -> None:
    exports.put("times.csv", TIMES)
    until = Window(start=datetime(2026, 9, 1, tzinfo=ZONE), end=QUARTER.start)
    for window, ids in ((QUARTER, [2, 3, 4, 6]), (until, [1, 5, 7])):
        reading = exports.reading(
            ask(measure="sum", field="Id", date="Closed", window=window), path="times.csv"
        )
        assert reading.value == sum(ids)


def test_times_without_a_zone_are_of_the_connections_zone(exports: Exports) -> None:
    exports.put("times.csv", "Id,Closed\n1,2026-09-30 23:00\n2,2026-09-30\n")
    question = ask(measure="sum", field="Id", date="Closed", window=QUARTER)
    assert exports.value(question, path="times.csv", timezone="America/New_York") == 1
    assert exports.value(question, path="times.csv") == 0


def test_the_past_is_rebuilt_from_dated_rows_only(exports: Exports) -> None:
    then = datetime(2026, 10, 25, 12, 0, tzinfo=ZONE)
    reading = exports.reading(ask(measure="count", where=WON, date="Close Date", window=QUARTER, at=then))
    assert (reading.value, reading.method, reading.as_of) == (Decimal(2), "events", then)
    assert "edited since" in facts(reading)["rebuilt"]
    earlier = then - timedelta(days=1)
    assert exports.value(ask(measure="count", where=WON, date="Close Date", window=QUARTER, at=earlier)) == 1
    assert exports.value(ask(measure="count", where=WON, date="Close Date", at=then)) == 3
    exports.refusal(ask(measure="count", where=WON, at=then), Cause.PAST)


def test_what_ended_later_had_not_ended_then(exports: Exports) -> None:
    then = datetime(2026, 10, 10, tzinfo=ZONE)
    late = {"duration": {"start": "Create Date", "end": "Close Date", "at_most": "30d"}}
    question = ask(measure="ratio", date="Create Date", window=QUARTER, part=late, unit=PERCENT, at=then)
    assert exports.value(question) == 25


def test_a_file_for_each_day_answers_for_its_day(exports: Exports) -> None:
    exports.put("daily/deals-20261030.csv", "Id\n1\n", age=timedelta(days=23, hours=12))
    exports.put("daily/deals-20261101.csv", "Id\n1\n2\n")
    exports.put("daily/deals-20261124.csv", "Id\n1\n2\n3\n4\n")
    path = "daily/deals-{date}.csv"
    then = datetime(2026, 10, 30, 12, 0, tzinfo=ZONE)
    reading = exports.reading(ask(measure="count", at=then), path=path)
    assert (reading.value, reading.method) == (Decimal(1), "snapshot")
    assert exports.value(ask(measure="count"), path=path) == 2
    day_after = then + timedelta(days=1)
    assert "the nearest before it is of 2026-10-30" in exports.refusal(
        ask(measure="count", at=day_after), Cause.PAST, path=path
    )
    assert exports.value(ask(measure="count", at=day_after), path=path, stale_after="1d") == 1
    assert "21 d old" in exports.refusal(ask(measure="count"), Cause.DATA, path=path, stale_after="2d")
    exports.refusal(ask(measure="count", at=datetime(2026, 1, 1, tzinfo=ZONE)), Cause.PAST, path=path)


# ---- which file ------------------------------------------------------------------------------------------------


def test_a_stale_file_is_no_data(exports: Exports) -> None:
    reason = exports.refusal(ask(measure="count"), Cause.DATA, stale_after="6h")
    assert "deals-2026-11-22.csv is 7 h old" in reason
    assert exports.value(ask(measure="count"), stale_after="8h") == 7


def test_a_copy_is_not_younger_than_the_day_in_its_name(exports: Exports) -> None:
    exports.put("copies/deals-2026-11-10.csv", DEALS, age=timedelta(0))
    assert "12 d old" in exports.refusal(
        ask(measure="count"), Cause.DATA, path="copies/*.csv", stale_after="2d"
    )


def test_the_newest_file_is_picked(tmp_path: Path) -> None:
    exports = Exports(tmp_path)
    exports.put("deals-b.csv", "Id\n1\n", age=timedelta(hours=2))
    exports.put("deals-a.csv", "Id\n1\n2\n", age=timedelta(hours=1))
    exports.put("deals-z.csv.part", "Id\n", age=timedelta(0))
    exports.put("~$deals-z.csv", "Id\n", age=timedelta(0))
    assert exports.value(ask(measure="count"), path="*deals*") == 2
    exports.put("deals-c.csv", "Id\n1\n2\n3\n", age=timedelta(hours=1))
    assert "equally new" in exports.refusal(ask(measure="count"), Cause.DATA)


def test_parts_of_one_export_are_read_as_one(tmp_path: Path) -> None:
    exports = Exports(tmp_path, settings={"pick": "all"})
    exports.put("deals-1.csv", "Id,Amount\n1,10\n2,20\n")
    exports.put("deals-2.csv", "Amount,Id\n30,3\n")
    reading = exports.reading(ask(measure="sum", field="Amount"))
    assert (reading.value, facts(reading)["file"]) == (Decimal(60), "deals-1.csv, deals-2.csv")
    exports.put("deals-3.csv", "Amount,Id\n30,3\n")
    reason = exports.refusal(ask(measure="sum", field="Amount"), Cause.DATA, key="Id")
    assert "3 (deals-2.csv, line 2, deals-3.csv, line 2)" in reason
    exports.put("deals-3.csv", "Total,Id\n30,3\n")
    assert "deals-3.csv has no column 'Amount'" in exports.refusal(
        ask(measure="sum", field="Amount"), Cause.CONFIG
    )


def test_no_file_is_unavailable(exports: Exports) -> None:
    assert "no file matches leads*.csv" in exports.refusal(
        ask(measure="count"), Cause.UNAVAILABLE, path="leads*.csv"
    )


# ---- keys ------------------------------------------------------------------------------------------------------

TWICE = "Id,Amount,Modified\n1,10,2026-10-01\n2,5,2026-10-01\n1,30,2026-10-03\n1,20,2026-10-02\n"


def test_an_id_that_stands_twice_is_named(exports: Exports) -> None:
    exports.put("twice.csv", TWICE)
    reason = exports.refusal(ask(measure="sum", field="Amount"), Cause.DATA, path="twice.csv", key="Id")
    assert "Id is not unique: 1 (twice.csv, line 2, twice.csv, line 4, twice.csv, line 5)" in reason


def test_the_newest_row_of_each_id_is_kept(exports: Exports) -> None:
    exports.put("twice.csv", TWICE)
    keys = {"path": "twice.csv", "key": "Id", "latest_by": "Modified"}
    assert exports.value(ask(measure="sum", field="Amount"), **keys) == 35
    assert exports.value(ask(measure="count"), **keys) == 2
    exports.put("twice.csv", TWICE + "1,31,2026-10-03\n")
    assert "equally new by Modified" in exports.refusal(ask(measure="count"), Cause.DATA, **keys)
    exports.put("twice.csv", TWICE + "1,30,2026-10-03\n")
    assert exports.value(ask(measure="sum", field="Amount"), **keys) == 35
    exports.put("twice.csv", TWICE + "1,30,soon\n")
    assert "line 6: Modified is “soon”" in exports.refusal(ask(measure="count"), Cause.DATA, **keys)


def test_a_row_without_an_id_is_named(exports: Exports) -> None:
    exports.put("twice.csv", "Id,Amount\n1,10\n,20\n")
    assert "line 3: Id is no id" in exports.refusal(
        ask(measure="count"), Cause.DATA, path="twice.csv", key="Id"
    )


# ---- money -----------------------------------------------------------------------------------------------------

MIXED = "Amount,Currency,Stage\n10,USD,Won\n20,EUR,Won\n30,EUR,Lost\n5,,New\n"
EUR = Unit(dimension=Dimension.MONEY, detail="EUR")


def test_currencies_are_never_added_up(exports: Exports) -> None:
    exports.put("mixed.csv", MIXED)
    keys = {"path": "mixed.csv", "currency": "Currency"}
    question = ask(measure="sum", field="Amount", unit=EUR, where={"Stage": "Won"})
    assert "several currencies: EUR, USD" in exports.refusal(question, Cause.DATA, **keys)
    lost = {"Stage": "Lost"}
    assert exports.value(ask(measure="sum", field="Amount", unit=EUR, where=lost), **keys) == 30
    assert "is in EUR, not in USD" in exports.refusal(
        ask(measure="sum", field="Amount", unit=USD, where=lost), Cause.DATA, **keys
    )
    assert "is in (empty), not in EUR" in exports.refusal(
        ask(measure="sum", field="Amount", unit=EUR, where={"Stage": "New"}), Cause.DATA, **keys
    )
    exports.refusal(
        ask(measure="sum", field="Amount", unit=EUR), Cause.CONFIG, path="mixed.csv", currency="Curency"
    )
    in_one = ask(measure="ratio", field="Amount", part=lost, unit=PERCENT)
    assert "several currencies" in exports.refusal(in_one, Cause.DATA, **keys)


def test_a_dialect_knows_its_currency_column(exports: Exports) -> None:
    exports.put("sf.csv", "Amount,Amount Currency,Seats\n10,USD,1\n20,EUR,2\n")
    question = ask(measure="sum", field="Amount", unit=USD)
    assert "several currencies" in exports.refusal(question, Cause.DATA, path="sf.csv", dialect="salesforce")
    assert exports.value(ask(measure="sum", field="Seats"), path="sf.csv", dialect="salesforce") == 3


def test_currency_names_become_codes(exports: Exports) -> None:
    exports.put("bitrix.csv", "ID;Сумма;Валюта;\n1;10.5;Российский рубль;\n")
    rub = Unit(dimension=Dimension.MONEY, detail="RUB")
    assert exports.value(
        ask(measure="sum", field="Сумма", unit=rub), path="bitrix.csv", dialect="bitrix24"
    ) == Decimal("10.5")


def test_currency_signs_are_not_mixed_either(exports: Exports) -> None:
    exports.put("signs.csv", 'Amount\n€10\n"$ 20"\n')
    assert "several currencies: $, €" in exports.refusal(
        ask(measure="sum", field="Amount", unit=USD), Cause.DATA, path="signs.csv"
    )
    exports.put("signs.csv", "Amount\n€10\n")
    assert "is in €, not in USD" in exports.refusal(
        ask(measure="sum", field="Amount", unit=USD), Cause.DATA, path="signs.csv"
    )
    exports.put("signs.csv", "Amount\n$10\n")
    assert exports.value(ask(measure="sum", field="Amount", unit=USD), path="signs.csv") == 10


# ---- durations -------------------------------------------------------------------------------------------------

ASKED: dict[str, Any] = {"measure": "duration", "start": "Asked", "end": "Answered"}


def test_durations_in_every_unit(exports: Exports) -> None:
    exports.put(
        "chat.csv",
        "Asked,Answered\n2026-10-25 01:00,2026-10-25 04:00\n2026-10-26 10:00:00,2026-10-26 10:01:30\n2026-10-27 08:00,\n",
    )
    # The clocks went back on the 25th: from one to four were four hours.
    assert exports.value(ask(**ASKED, aggregate="max", unit="hours"), path="chat.csv") == 4
    assert exports.value(ask(**ASKED, aggregate="min", unit="seconds"), path="chat.csv") == 90
    reading = exports.reading(ask(**ASKED, unit="minutes"), path="chat.csv")
    assert (reading.value, facts(reading)["rows without a value"]) == (Decimal("120.75"), "1")


def test_whole_days_where_one_end_is_a_mere_date(exports: Exports) -> None:
    exports.put("chat.csv", "Asked,Answered\n2026-10-24,2026-10-26 23:59\n")
    assert exports.value(ask(**ASKED, unit="days"), path="chat.csv") == 2


def test_time_does_not_run_backwards(exports: Exports) -> None:
    exports.put("chat.csv", "Asked,Answered\n2026-10-24,2026-10-25\n2026-10-24,2026-10-23\n")
    reason = exports.refusal(ask(**ASKED, unit="days"), Cause.DATA, path="chat.csv")
    assert "chat.csv, line 3: Asked to Answered ends before it begins “2026-10-24 → 2026-10-23”" in reason


def test_a_length_of_time_in_a_column(exports: Exports) -> None:
    exports.put("calls.csv", "Length\n240\n480\n")
    assert (
        exports.value(
            ask(measure="mean", field="Length", field_unit="seconds", unit="minutes"), path="calls.csv"
        )
        == 6
    )
    assert exports.value(
        ask(measure="max", field="Length", field_unit="milliseconds", unit="seconds"), path="calls.csv"
    ) == Decimal("0.48")


def test_groups_are_all_there_and_no_others(exports: Exports) -> None:
    question = ask(measure="spread", group="Region", groups=["EMEA", "APAC"], unit=PERCENT)
    assert "values that groups does not name: AMER" in exports.refusal(question, Cause.DATA)


# ---- doctor ----------------------------------------------------------------------------------------------------


def test_the_doctor_says_what_is_there(exports: Exports) -> None:
    assert connector.doctor is not None
    findings = list(connector.doctor(CrmSettings(path="deals*", key="Id"), [], exports.context))
    assert all(finding.ok for finding in findings)
    said = "\n".join(finding.detail for finding in findings)
    assert "deals-2026-11-22.csv, of 2026-11-23 00:00" in said
    assert "8 columns: Id, Stage" in said
    assert "7 rows, each Id once" in said


def test_the_doctor_stops_at_what_is_wrong(exports: Exports) -> None:
    assert connector.doctor is not None
    *_, last = connector.doctor(CrmSettings(path="deals*", key="Stage"), [], exports.context)
    assert not last.ok
    assert "Stage is not unique" in last.detail
    (only,) = connector.doctor(CrmSettings(path="none*"), [], exports.context)
    assert not only.ok


def test_one_bad_question_costs_no_other_its_answer(exports: Exports) -> None:
    answers = exports.read(
        ask(measure="sum", field="Amount", where={"Nope": 1}, metric="a"),
        ask(measure="sum", field="Stage", metric="b"),
        ask(measure="sum", field="Amount", metric="c"),
    )
    assert [type(answer) for answer in answers] == [NoValue, NoValue, Reading]
    assert [answer.metric for answer in answers] == ["a", "b", "c"]
