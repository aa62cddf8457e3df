"""okrsync init: from the databases that people keep, with new ones, or empty."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.config.yamlfile import parse_yaml
from okrsync.loopback import Fault
from okrsync.plugins import Connectors
from okrsync.sandbox import PRESENT
from okrsync.testing import JumpClock
from okrsync_emulators.notion import NotionEmulator

PAGE = "https://app.notion.com/p/OKRs-99999999999949998999999999999999"
GERMAN: dict[str, Any] = {
    "databases": [
        {
            "title": "Ziele",
            "data_sources": [
                {
                    "properties": {
                        "Name": "title",
                        "Nr": {"type": "unique_id", "prefix": "Z"},
                        "Fortschritt": {"type": "rollup", "function": "average"},
                        "Status": {
                            "type": "select",
                            "options": ["Offen", "Im Plan", "Im Verzug", "Gefährdet"],
                        },
                    },
                    "rows": [{"Name": "Kunden: begeistern"}, {"Name": "Wachsen"}],
                }
            ],
        },
        {
            "title": "Schlüsselergebnisse",
            "data_sources": [
                {
                    "properties": {
                        "Ergebnis": "title",
                        "KR-Nr.": "rich_text",
                        "📈 Istwert": "number",
                        "Startwert": "number",
                        "Zielwert": "number",
                        "Fortschritt %": {"type": "formula", "expression": "prop(1)"},
                        "Ampel": {
                            "type": "status",
                            "options": [
                                "Nicht begonnen",
                                {"name": "Auf Kurs", "group": "In progress"},
                                {"name": "Hinter Plan", "group": "In progress"},
                                {"name": "Erreicht", "group": "Complete"},
                            ],
                        },
                        "Ziel": {"type": "relation", "data_source": "Ziele"},
                        "Kommentar": "rich_text",
                    },
                    "rows": [
                        {
                            "Ergebnis": "NPS auf 50",
                            "KR-Nr.": "KR-1",
                            "Ziel": "Kunden: begeistern",
                            "Startwert": 40,
                            "Zielwert": 50,
                        },
                        {"Ergebnis": "Ohne Nummer", "Ziel": "Wachsen"},
                    ],
                }
            ],
        },
    ]
}
RUSSIAN: dict[str, Any] = {
    "databases": [
        {
            "title": "Ключевые результаты",
            "data_sources": [
                {
                    "properties": {
                        "Название": "title",
                        "Текущее значение": "number",
                        "Прогресс": {"type": "number", "format": "percent"},
                        "Статус": {
                            "type": "select",
                            "options": ["Не начато", "По плану", "Отстаёт", "Под угрозой", "Готово"],
                        },
                    },
                    "rows": [{"Название": "Выручка"}],
                }
            ],
        }
    ]
}


class Desk:
    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys
        self.notion = NotionEmulator()
        self.clock = JumpClock(PRESENT)
        self._context = Context(clock=self.clock, connectors=Connectors())

    def run(self, *words: str) -> tuple[int, str, str]:
        self._capsys.readouterr()
        code = main(words, self._context)
        captured = self._capsys.readouterr()
        return code, captured.out, captured.err

    def address(self, title: str) -> str:
        found = next(one for one in self.notion.workspace.databases.values() if one.title == title)
        return f"https://www.notion.so/acme/{found.id.replace('-', '')}?v=1"

    def init(self, *words: str) -> tuple[int, str, str]:
        return self.run("init", *words, "--token-env", "TOKEN_HERE", "--url", self.notion.server.url)

    @property
    def yaml(self) -> Any:
        path = self.folder / "acme.yaml"
        return parse_yaml(path.read_text(encoding="utf-8"), name="acme.yaml").data


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    made = Desk(tmp_path, capsys)
    monkeypatch.setenv("TOKEN_HERE", made.notion.secret())
    monkeypatch.setenv("OKRSYNC_CONFIG", str(tmp_path))
    monkeypatch.setenv("OKRSYNC_LEDGER", f"sqlite:///{tmp_path / 'ledger.db'}")
    yield made
    made.notion.server.close()


def test_a_german_database_is_understood_and_its_formula_left_alone(desk: Desk) -> None:
    desk.notion.load(GERMAN)
    code, out, err = desk.init(
        "acme", "--from-notion", desk.address("Schlüsselergebnisse"), "--locale", "de-DE"
    )
    assert code == 0, err
    table = desk.yaml["destination"]["key_results"]
    assert table["match"] == "KR-Nr."
    assert (table["baseline"], table["target"]) == ("Startwert", "Zielwert")
    assert table["cells"] == {"current": "📈 Istwert", "status": "Ampel"}
    assert table["statuses"] == {
        "not_started": "Nicht begonnen",
        "on_track": "Auf Kurs",
        "behind": "Hinter Plan",
        "achieved": "Erreicht",
    }
    assert "'Fortschritt %' is a formula: Notion computes it, so okrsync leaves it alone" in out
    assert "has no option that means 'at_risk'" in out
    assert desk.yaml["destination"]["objectives"]["match"] == "Nr"
    assert desk.yaml["destination"]["objectives"]["cells"] == {"status": "Status"}
    assert desk.yaml["objectives"][0] == {"id": "Z-1", "title": "Kunden: begeistern"}
    first, second = desk.yaml["key_results"]
    assert first == {"id": "KR-1", "objective": "Z-1", "title": "NPS auf 50", "metric": "TODO"}
    assert second["page"].startswith("https://app.notion.com/p/")
    assert desk.notion.server.count("^(PATCH|POST /v1/(pages|databases))") == 0


def test_what_is_to_do_is_explained_with_its_place_and_then_it_works(desk: Desk) -> None:
    desk.notion.load(GERMAN)
    desk.init("acme", "--from-notion", desk.address("Schlüsselergebnisse"))
    code, out, err = desk.run("validate", "acme")
    assert code == 0, err
    assert "not measured yet: KR-1, KR-2" in out
    path = desk.folder / "acme.yaml"
    text = path.read_text(encoding="utf-8")
    text = text.replace("metric: TODO", "metric: nps").replace(
        "metrics:\n", "metrics:\n  nps: {from: numbers, measure: count}\n"
    )
    text = text.replace("connections:\n", "connections:\n  numbers: {type: crm, path: n.csv}\n")
    path.write_text(text, encoding="utf-8")
    (desk.folder / "n.csv").write_text(
        "id\n" + "\n".join(str(number) for number in range(45)), encoding="utf-8"
    )
    assert desk.run("validate", "acme")[0] == 0
    desk.clock.sleep(1)
    code, out, err = desk.run("sync", "acme")
    assert desk.notion.row("KR-1")["📈 Istwert"] == 45, out + err


def test_a_russian_database_without_ids_names_its_rows_by_address(desk: Desk) -> None:
    desk.notion.load(RUSSIAN)
    code, out, err = desk.init("acme", "--from-notion", desk.address("Ключевые результаты"))
    assert code == 0, err
    table = desk.yaml["destination"]["key_results"]
    assert "match" not in table
    assert table["cells"] == {"current": "Текущее значение", "progress": "Прогресс", "status": "Статус"}
    assert table["statuses"]["achieved"] == "Готово"
    assert "no column holds ids" in out
    (only,) = desk.yaml["key_results"]
    assert only["page"].startswith("https://app.notion.com/p/")
    assert "and a goal: from: 120" in (desk.folder / "acme.yaml").read_text(encoding="utf-8")


def test_new_databases_are_made_and_can_be_synced_into(desk: Desk) -> None:
    code, out, err = desk.init("acme", "--create-under", PAGE)
    assert code == 0, err
    assert "!" not in out
    objectives, key_results, check_ins = (
        desk.notion.workspace.source(title) for title in ("Objectives", "Key results", "Check-ins")
    )
    kinds = {column.name: column.kind for column in key_results.columns.values()}
    assert kinds["Objective"] == "relation"
    assert kinds["KR"] == "rich_text"
    progress = key_results.column("Progress")
    assert progress is not None
    assert progress.format == "percent"
    rolled = objectives.column("Average of key results")
    assert rolled is not None
    assert rolled.details["function"] == "average"
    assert rolled.details["relation_property_name"] == "Key results"
    related = check_ins.column("Key result")
    assert related is not None
    assert related.target == key_results.id
    assert [view["name"] for view in desk.notion.workspace.views] == ["By status", "Progress over time"]
    desk.notion.add_row("Key results", {"Name": "Open bugs", "KR": "KR-1", "Start": 0, "Target": 10})
    path = desk.folder / "acme.yaml"
    text = path.read_text(encoding="utf-8").replace("metric: TODO", "metric: bugs")
    text = text.replace("metrics:\n", "metrics:\n  bugs: {from: numbers, measure: count}\n")
    path.write_text(
        text.replace("connections:\n", "connections:\n  numbers: {type: crm, path: n.csv}\n"),
        encoding="utf-8",
    )
    (desk.folder / "n.csv").write_text("id\n1\n2\n3\n", encoding="utf-8")
    assert desk.run("validate", "acme")[0] == 0, desk.run("validate", "acme")
    code, out, err = desk.run("sync", "acme")
    assert code == 0, out + err
    assert desk.notion.row("KR-1")["Progress"] == 0.3
    assert desk.run("doctor", "acme")[0] == 0


def test_a_view_that_cannot_be_made_is_said_and_costs_nothing_else(desk: Desk) -> None:
    body = b'{"object":"error","status":400,"code":"validation_error","message":"no charts"}'
    desk.notion.server.faults.append(Fault(where="POST /v1/views", skip=1, status=400, body=body))
    code, out, _ = desk.init("acme", "--create-under", PAGE)
    assert code == 0
    assert "the view 'Progress over time' of 'Check-ins' could not be made" in out
    assert (desk.folder / "acme.yaml").is_file()


DATABASES = ["Objectives", "Key results", "Check-ins"]


def titles(desk: Desk) -> list[str]:
    return [one.title for one in desk.notion.workspace.databases.values()]


def finish(desk: Desk) -> None:
    """The second try completes what the first one began, and makes nothing twice."""
    code, out, err = desk.init("acme", "--create-under", PAGE)
    assert code == 0, out + err
    assert titles(desk) == DATABASES
    by_title = {one.title: one.id.replace("-", "") for one in desk.notion.workspace.databases.values()}
    tables = desk.yaml["destination"]
    for table, title in (
        ("objectives", "Objectives"),
        ("key_results", "Key results"),
        ("check_ins", "Check-ins"),
    ):
        assert tables[table]["database"].endswith(by_title[title])
    source = desk.notion.workspace.source("Key results")
    assert {"Objective", "KR", "Check-ins"} <= {column.name for column in source.columns.values()}


@pytest.mark.parametrize("number", range(3))
def test_a_database_whose_making_was_not_answered_is_found_on_its_page(desk: Desk, number: int) -> None:
    desk.notion.server.faults.append(Fault(where="POST /v1/databases", skip=number, cut="after"))
    code, out, err = desk.init("acme", "--create-under", PAGE)
    assert code == 0, out + err
    assert desk.notion.server.count("POST /v1/databases") == 3
    assert titles(desk) == DATABASES


@pytest.mark.parametrize("number", range(3))
def test_a_database_that_is_not_listed_in_time_is_found_by_the_next_try(desk: Desk, number: int) -> None:
    faults = desk.notion.server.faults
    faults.append(Fault(where="POST /v1/databases", skip=number, cut="after"))
    nothing = b'{"object": "list", "results": [], "next_cursor": null, "has_more": false, "type": "block", "block": {}}'
    faults.append(Fault(where="GET /v1/blocks", status=200, body=nothing, times=4))
    code, _, err = desk.init("acme", "--create-under", PAGE)
    assert code == 3
    assert "it may have been created all the same" in err
    assert f"okrsync init acme --create-under {PAGE}" in err
    assert desk.notion.server.count("POST /v1/databases") == number + 1
    finish(desk)
    assert desk.notion.server.count("POST /v1/databases") == 3


def test_two_databases_of_a_name_are_not_chosen_between(desk: Desk) -> None:
    faults = desk.notion.server.faults
    faults.append(Fault(where="POST /v1/databases", skip=1, status=403, body=b"<html>", times=1))
    assert desk.init("acme", "--create-under", PAGE)[0] == 3
    first = next(iter(desk.notion.workspace.databases.values()))
    for number in range(2):
        twin = replace(first, id=f"{number}0000000-0000-4000-8000-000000000000", title="Key results")
        desk.notion.workspace.databases[twin.id] = twin
    code, _, err = desk.init("acme", "--create-under", PAGE)
    assert code == 2
    assert "the page holds 2 databases called 'Key results'" in err


REQUESTS = 14


@pytest.mark.parametrize("far_names", [False, True])
def test_making_databases_takes_so_many_requests(desk: Desk, far_names: bool) -> None:
    desk.notion.behaviour.far_names = far_names
    assert desk.init("acme", "--create-under", PAGE)[0] == 0
    # A database and its schema, three times; both far columns, renamed if Notion gave them a name; the rollup; two views.
    assert desk.notion.server.count() == (12 if far_names else REQUESTS)
    for table in ("Objectives", "Key results"):
        names = {column.name for column in desk.notion.workspace.source(table).columns.values()}
        assert not any(name.startswith("Related to") for name in names)


@pytest.mark.parametrize("far_names", [False, True])
@pytest.mark.parametrize("status", [400, 403, 500])
@pytest.mark.parametrize("number", range(REQUESTS))
def test_a_failure_at_any_request_leaves_a_yaml_that_can_be_continued(
    desk: Desk, number: int, status: int, far_names: bool
) -> None:
    desk.notion.behaviour.far_names = far_names
    code = {400: "validation_error", 403: "restricted_resource", 500: "internal_server_error"}[status]
    body = {"object": "error", "status": status, "code": code, "message": "no", "request_id": "r"}
    fault = Fault(where="", skip=number, status=status, body=json.dumps(body).encode(), times=100)
    desk.notion.server.faults.append(fault)
    code_of_exit, out, err = desk.init("acme", "--create-under", PAGE)
    desk.notion.server.faults.clear()
    there = titles(desk)
    assert len(there) == min(3, (number + 1) // 2)
    if number >= 6:
        assert code_of_exit == 0, out + err
        assert ("could not be" in out) is (number < desk.notion.server.count())
        assert "TODO" not in str(desk.yaml["destination"])
        return
    assert code_of_exit == (12 if status == 403 else 3)
    if not there and status != 500:
        assert not (desk.folder / "acme.yaml").exists()
    else:
        assert f"okrsync init acme --create-under {PAGE}" in err
        assert [
            one["database"] != "TODO" for one in desk.yaml["destination"].values() if isinstance(one, dict)
        ].count(True) == len(there)
    finish(desk)


def test_columns_that_notion_left_out_are_added(desk: Desk) -> None:
    """A request that Notion carried out only in part."""

    def forget() -> None:
        source = desk.notion.workspace.source("Key results")
        for name in ("Expected", "Source"):
            desk.notion.delete_column(source.id, name)

    desk.notion.server.faults.append(Fault(where="GET /v1/data_sources", skip=1, prelude=forget))
    code, out, err = desk.init("acme", "--create-under", PAGE)
    assert code == 0, out + err
    names = {column.name for column in desk.notion.workspace.source("Key results").columns.values()}
    assert {"Expected", "Source"} <= names


def test_what_people_changed_in_an_unfinished_yaml_stays(desk: Desk) -> None:
    body = b'{"object":"error","status":400,"code":"validation_error","message":"no"}'
    desk.notion.server.faults.append(Fault(where="POST /v1/databases", skip=2, status=400, body=body))
    assert desk.init("acme", "--create-under", PAGE)[0] == 3
    path = desk.folder / "acme.yaml"
    text = path.read_text(encoding="utf-8").replace("schedule:", "# ours\nschedule:")
    path.write_text(text, encoding="utf-8")
    finish(desk)
    after = path.read_text(encoding="utf-8")
    mark, text = text.split("\n", 1)
    assert mark.startswith(
        "# Unfinished: not every database is made. Go on with: okrsync init acme --create-under"
    )
    assert after.replace(desk.yaml["destination"]["check_ins"]["database"], "TODO") == text.replace(
        "database: TODO", 'database: "TODO"'
    )
    code, _, err = desk.init("acme", "--create-under", PAGE)
    assert code == 2
    assert "overwrites nothing" in err


def test_without_a_database_a_skeleton_is_written_that_validate_explains(desk: Desk) -> None:
    assert desk.run("init", "acme")[0] == 0
    assert desk.notion.server.count() == 0
    code, out, err = desk.run("validate", "acme")
    assert code == 0, err
    assert "key_results have no database yet: it says TODO" in out
    assert "not measured yet: KR-1" in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no company was named"),
        (("Acme Inc",), "is no short name"),
        (("acme", "--timezone", "Berlin"), "there is no time zone 'Berlin'"),
        (("acme", "--locale", "xx_YY"), "there is no locale"),
        (("acme", "--from-notion", "nothing"), "holds no Notion id"),
        (("acme", "--create-under", "nothing"), "holds no Notion id"),
        (("acme", "--create-under", PAGE, "--from-notion", PAGE), "do not go together"),
    ],
)
def test_bad_flags_are_refused_before_anything_is_written(
    desk: Desk, words: tuple[str, ...], said: str
) -> None:
    code, _, err = desk.init(*words)
    assert code == 2
    assert said in err
    assert not list(desk.folder.glob("*.yaml"))


def test_nothing_is_ever_overwritten(desk: Desk) -> None:
    (desk.folder / "acme.yaml").write_text("mine", encoding="utf-8")
    code, _, err = desk.init("acme")
    assert code == 2
    assert "overwrites nothing" in err
    assert (desk.folder / "acme.yaml").read_text(encoding="utf-8") == "mine"


def test_a_refused_token_is_said_without_showing_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_HERE", "secret_wrong")
    code, out, err = desk.init("acme", "--from-notion", PAGE)
    assert code == 12
    assert "TOKEN_HERE" in err
    assert "secret_wrong" not in out + err


def test_a_person_at_a_terminal_is_asked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: Iterator[str] = iter(["acme", "Europe/Berlin", "", "", "", "", ""])
    ask: Callable[..., str] = lambda *_, **__: next(answers)  # noqa: E731 - stands for a person
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.prompt", ask)
    assert desk.run("init")[0] == 0
    assert desk.yaml["timezone"] == "Europe/Berlin"
