"""Initiatives beside key results, and what an objective can show of its own."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest

from okrsync.config.yamlfile import parse_yaml

LISTED = """\
initiatives:
  - {id: I-1, title: Ship the beta, key_result: KR-1, metric: launch}
"""
TABLE = """\
  initiatives:
    database: https://app.notion.com/p/acme/44444444444444448444444444444444
    match: ID
    cells: {progress: Done, source: Source, key_result: Key result}

metrics:"""


def with_table(desk: Any) -> None:
    text = (files("okrsync.sandbox") / "demo" / "notion.yaml").read_text(encoding="utf-8")
    seed = parse_yaml(text, name="notion.yaml").data
    properties = {
        "Name": "title",
        "ID": "rich_text",
        "Done": {"type": "number", "format": "percent"},
        "Source": "rich_text",
        "Key result": {"type": "relation", "data_source": "Key results"},
    }
    source = {"properties": properties, "rows": [{"Name": "Beta", "ID": "I-1"}]}
    database = {
        "id": "44444444-4444-4444-8444-444444444444",
        "title": "Initiatives",
        "data_sources": [source],
    }
    desk.notion.load(seed | {"databases": [*seed["databases"], database]})
    desk.edit_yaml("\nmetrics:", TABLE)


def test_an_initiative_is_shown_beside_its_key_result_and_changes_nothing_of_it(desk: Any) -> None:
    before = desk.run("plan", "demo", "--json").json
    desk.yaml.write_text(desk.yaml.read_text(encoding="utf-8") + LISTED, encoding="utf-8")
    after = desk.run("sync", "demo", "--json").json
    assert after["digest"] == before["digest"]
    assert next(row for row in after["rows"] if row["id"] == "I-1")["progress"] == "0.6"
    assert "Ship the beta" in desk.run("status", "demo").out
    explained = desk.run("explain", "demo", "KR-1").out
    assert "initiative Ship the beta: 60%" in explained
    assert "(72 − 120) ÷ (30 − 120) = 53.33%" in explained


def test_an_initiative_is_written_to_its_own_table(desk: Any) -> None:
    with_table(desk)
    desk.yaml.write_text(desk.yaml.read_text(encoding="utf-8") + LISTED, encoding="utf-8")
    ended = desk.run("sync", "demo")
    assert ended.code == 3, ended.err
    (row,) = desk.table("Initiatives").values()
    assert (row["Done"], row["Key result"]) == ("60%", "Open bugs")
    assert desk.table()["KR-1"]["Progress"] == "53.33%"
    desk.stage.forget()
    desk.run("sync", "demo")
    assert desk.writes == 0
    desk.notion.edit("Initiatives", "Beta", "Done", 0.9)
    ended = desk.run("sync", "demo")
    assert "okrsync release demo I-1" in ended.out
    assert desk.run("release", "demo", "I-1").code == 0
    desk.run("sync", "demo")
    assert desk.table("Initiatives")["I-1"]["Done"] == "60%"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("key_result: KR-1, metric", "key_result: KR-99, metric", "there is no key result 'KR-99'"),
        ("metric: launch}\n", "metric: open_bugs}\n", "the progress of an initiative is a share"),
        ("metric: launch}\n", "metric: lunch}\n", "did you mean 'launch'?"),
        ("id: I-1", "id: KR-1", "the id 'KR-1' is taken already"),
    ],
)
def test_a_bad_initiative_is_refused(desk: Any, old: str, new: str, said: str) -> None:
    text = desk.yaml.read_text(encoding="utf-8")
    desk.yaml.write_text(text + LISTED.replace(old, new) if old in LISTED else text, encoding="utf-8")
    ended = desk.run("validate", "demo")
    assert ended.code == 2
    assert said in ended.err


def test_a_table_without_initiatives_is_refused(desk: Any) -> None:
    with_table(desk)
    assert "there are no `initiatives:`" in desk.run("validate", "demo").err


def test_an_objective_can_show_how_many_are_reached_and_the_status_of_its_average(desk: Any) -> None:
    desk.edit_yaml("status: Status, summary: Summary}", "status: Status, count: Summary}")
    desk.run("sync", "demo")
    objectives = desk.table("Objectives")
    assert objectives["O-3"]["Summary"] == "1 of 5 key results"
    assert objectives["O-3"]["Status"] == "At risk"
    # O-3 stands at 49.5 % where 58.7 % is expected: behind, though one of its key results is at risk.
    desk.edit_yaml(
        "title: Customers who recommend us}", "title: Customers who recommend us, status: average}"
    )
    desk.run("sync", "demo")
    assert desk.table("Objectives")["O-3"]["Status"] == "Behind"
