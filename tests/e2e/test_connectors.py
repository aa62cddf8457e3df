"""``okrsync connectors NAME`` documents every measure, and every example in it is asked and gives what it says."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from okrsync.config.yamlfile import parse_yaml
from okrsync.plugins import Connectors

SOURCES = ("crm", "jira", "sheets")


@pytest.fixture
def company() -> str:
    return "book"


def test_every_example_gives_what_it_says(desk: Any) -> None:
    known = Connectors()
    examples = {
        f"{name}_{number}": one
        for name in SOURCES
        for number, one in enumerate((known[name].examples or tuple)(), 1)
    }
    head, rest = desk.yaml.read_text(encoding="utf-8").split("\nmetrics:\n")
    metrics = "".join(f"  {id_}: {one.metric}\n" for id_, one in examples.items())
    key_results = "".join(f"  - {{id: {id_}, metric: {id_}, find_baseline: true}}\n" for id_ in examples)
    head = re.sub(r"  objectives:\n.*?\n\n", "\n", head + "\n\n", flags=re.DOTALL)
    used = {str(parse_yaml(one.metric, name="x").data["from"]) for one in examples.values()}
    for name in re.findall(r"^  (\w+): \{type: crm", head, flags=re.MULTILINE):
        if name not in used:
            head = re.sub(rf"^  {name}: .*\n", "", head, flags=re.MULTILINE)
    assert rest
    desk.yaml.write_text(f"{head}\nmetrics:\n{metrics}\nkey_results:\n{key_results}", encoding="utf-8")
    planned = desk.run("plan", "book", "--json")
    assert planned.out, planned.err
    found = {row["id"]: row for row in planned.json["rows"]}
    off = {
        id_: (found[id_]["value"], found[id_]["answer"].get("missing"), one)
        for id_, one in examples.items()
        if found[id_]["value"] is None or Decimal(found[id_]["value"]) != Decimal(one.value)
    }
    assert off == {}


@pytest.mark.parametrize("name", SOURCES)
def test_every_measure_and_key_is_documented(name: str, desk: Any) -> None:
    said = desk.run("connectors", name).out
    known = Connectors()[name]
    assert known.query is not None
    assert known.examples is not None
    for model in (known.settings, known.query):
        for field, info in model.model_fields.items():
            assert info.description, f"{name}: {field}"
            assert re.search(rf"^  {info.alias or field} +\S", said, flags=re.MULTILINE), field
    listed = known.query.model_json_schema()["properties"]["measure"]["anyOf"]
    words = {word for part in listed for word in part.get("enum", ())}
    shown = " ".join(one.metric for one in known.examples())
    examples = {parse_yaml(one.metric, name="x").data.get("measure", "count") for one in known.examples()}
    assert words - examples == set()
    assert re.search(r"(measure|aggregate): p\d+", shown)


def test_an_unknown_connector_is_refused(desk: Any) -> None:
    assert "there is no connector 'jria'" in desk.run("connectors", "jria").err


def test_a_destination_shows_its_table(desk: Any) -> None:
    assert "destination:" in desk.run("connectors", "notion").out
    assert desk.run("connectors", "crm", "--json").json["examples"][0]["value"] == "9"
