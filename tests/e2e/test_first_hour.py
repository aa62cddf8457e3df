"""Check `okrsync init` with all its sources: what it asks, finds, proposes, writes and never does."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from okrsync.config.yamlfile import parse_yaml

KEY_RESULTS = "https://app.notion.com/p/11111111111141118111111111111111"
SPREADSHEET = "https://docs.google.com/spreadsheets/d/1AcmeDemoOkrNumbers2026Q4xxxxxxxxxxxxxxxxxxx/edit"


@pytest.fixture
def options(desk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every answer as an option."""
    monkeypatch.setenv("NOTION_TOKEN", desk.notion.secret())
    monkeypatch.setenv("JIRA_TOKEN", desk.jira.secret())
    (tmp_path / "google.json").write_text(desk.sheets.secret(), encoding="utf-8")
    return [
        *("--url", desk.notion.server.url),
        *("--jira", desk.jira.server.url, "--jira-email", "bot@acme.example"),
        *("--spreadsheet", SPREADSHEET, "--google-key", str(tmp_path / "google.json")),
        *("--google-url", desk.sheets.server.url),
        *("--exports", str(tmp_path / "exports")),
    ]


def data_of(path: Path) -> Any:
    return parse_yaml(path.read_text(encoding="utf-8"), name=path.name).data


def test_look_lists_what_the_tokens_see_and_writes_nothing(desk: Any, options: list[str]) -> None:
    before = sorted(desk.folder.rglob("*"))
    ended = desk.run("init", "--look", *options)
    assert ended.code == 0, ended.err
    assert "✓ notion: bot 'okrsync' of Acme Travel" in ended.out
    assert "databases: Key results, Objectives" in ended.out
    assert "✓ jira: " in ended.out
    assert "(APP)" in ended.out
    assert "✓ sheets: service account" in ended.out
    assert "tabs: KPI, Web" in ended.out
    assert "file: deals-2026-11-22.csv" in ended.out
    assert sorted(desk.folder.rglob("*")) == before
    assert desk.notion.server.count("^PATCH|POST /v1/(pages|databases)") == 0
    found = json.loads(desk.run("init", "--look", "--json", *options).out)["found"]
    assert found["notion"]["resources"][0] == {
        "kind": "database",
        "name": "Key results",
        "address": KEY_RESULTS,
    }


def test_look_at_jira_alone_needs_no_token_of_notion(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIRA_TOKEN", desk.jira.secret())
    ended = desk.run("init", "--look", "--jira", desk.jira.server.url, "--jira-email", "bot@acme.example")
    assert ended.code == 0, ended.err
    assert "Travel app (APP)" in ended.out
    assert "notion" not in ended.out
    assert desk.run("init", "--look").code == 12


def test_all_answers_as_options_give_a_company_that_works(
    desk: Any, options: list[str], tmp_path: Path
) -> None:
    ended = desk.run("init", "acme", "--from-notion", KEY_RESULTS, *options)
    assert ended.code == 0, ended.err
    path = tmp_path / "acme.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=okrsync.schema.json\n")
    data = data_of(path)
    assert list(data["connections"]) == ["notion", "jira", "sheets", "deals"]
    assert data["connections"]["sheets"]["credentials"] == {"file": "google.json"}
    assert data["connections"]["deals"]["path"] == "exports/deals-*.csv"
    # A proposal is a comment: nothing is measured that nobody has looked at.
    assert data["metrics"] is None
    assert {one["metric"] for one in data["key_results"]} == {"TODO"}
    lines = {
        line.split("id: ")[1].split(",")[0]: line for line in text.splitlines() if "metric: TODO" in line
    }
    assert lines["KR-9"].endswith("# proposal: nps")
    assert lines["KR-1"].endswith("# proposal: app_open_bugs or sup_open_bugs")
    assert lines["KR-11"].endswith("# proposal: chat_response")
    assert "# proposal" not in lines["KR-7"]
    assert '  # nps: {from: sheets, cell: "KPI!B2"}    # 46 now' in text
    assert "KR-9 Net Promoter Score: measured by nps? (only a proposal)" in ended.out
    assert data["destination"]["key_results"]["owner"] == "Owner"
    assert "key_results owner      → Owner" in ended.out
    # The editor's schema, from the first line, agrees with what was written.
    schema = json.loads((tmp_path / "okrsync.schema.json").read_text(encoding="utf-8"))
    plain = json.loads(json.dumps(data, default=str))
    Draft202012Validator(schema).validate(plain)
    validated = desk.run("validate", "acme")
    assert validated.code == 0, validated.err
    assert "!" not in validated.out
    # Each proposal works once a person takes it.
    for name in ("nps", "app_open_bugs", "chat_response"):
        text = text.replace(f"  # {name}:", f"  {name}:")
    for subject, name in (("KR-9", "nps"), ("KR-1", "app_open_bugs"), ("KR-11", "chat_response")):
        text = text.replace(lines[subject], lines[subject].replace("metric: TODO", f"metric: {name}, to: 1"))
    path.write_text(text, encoding="utf-8")
    planned = desk.run("plan", "acme")
    assert "+ current    46" in planned.out, planned.out + planned.err
    assert "+ current    72" in planned.out
    assert "+ current    104" in planned.out


class Person:
    """Somebody who answers by what a question is about; hidden answers are noted."""

    def __init__(self, answers: Mapping[str, str | list[str]]) -> None:
        self.answers = {key: [one] if isinstance(one, str) else list(one) for key, one in answers.items()}
        self.hidden: list[str] = []
        self.asked: list[str] = []

    def __call__(self, question: str, *, default: Any = None, hide_input: bool = False, **_: Any) -> str:
        self.asked.append(question)
        for about, answers in self.answers.items():
            if about in question and answers:
                if hide_input:
                    self.hidden.append(question)
                return answers.pop(0) if len(answers) > 1 else answers[0]
        return str(default or "")


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Callable[[Mapping[str, Any]], Person]:
    def sit_down(answers: Mapping[str, Any]) -> Person:
        made = Person(answers)
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("typer.prompt", made)
        return made

    return sit_down


def test_a_person_is_asked_and_each_token_is_tested_at_once(
    desk: Any, tmp_path: Path, person: Callable[[Mapping[str, Any]], Person]
) -> None:
    (tmp_path / "google.json").write_text(desk.sheets.secret(), encoding="utf-8")
    ada = person(
        {
            "Short name": "acme",
            "Time zone": "Europe/Berlin",
            "Language": "de_DE",
            "Token of your Notion": ["secret_wrong", desk.notion.secret()],
            "Which database": ["7", "1"],
            "Address of your Jira": desk.jira.server.url,
            "Its API token": desk.jira.secret(),
            "spreadsheet": "",
            "Folder with": str(tmp_path / "exports"),
        }
    )
    ended = desk.run("init", "--url", desk.notion.server.url, "--jira-email", "bot@acme.example")
    assert ended.code == 0, ended.err
    # The refused token was asked for again, at once, and is kept nowhere.
    assert (
        ended.err.index("does not accept the token")
        < ended.err.index("✓ notion: bot")
        < ended.err.index("✓ jira")
    )
    assert "there is no database 7" in ended.err
    assert "1. Key results" in ended.err
    assert len(ada.hidden) == 3
    data = data_of(tmp_path / "acme.yaml")
    assert data["connections"]["notion"]["token"] == {"file": "secrets/acme.notion"}
    assert data["connections"]["jira"]["auth"]["token"] == {"file": "secrets/acme.jira"}
    assert data["destination"]["key_results"]["database"] == KEY_RESULTS
    for name in ("notion", "jira"):
        secret = tmp_path / "secrets" / f"acme.{name}"
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        token = getattr(desk, name).secret()
        assert secret.read_text(encoding="utf-8").strip() == token
        assert token not in ended.out + ended.err + (tmp_path / "acme.yaml").read_text(encoding="utf-8")
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == "/secrets/\n"
    assert "secret_wrong" not in "".join(
        one.read_text(encoding="utf-8") for one in tmp_path.rglob("acme*") if one.is_file()
    )
    for command in ("validate", "plan", "sync", "doctor"):
        ran = desk.run(command, "acme")
        assert ran.code == 0, (command, ran.out, ran.err)


def test_a_person_with_no_answers_gets_a_company_to_fill_in(
    desk: Any, tmp_path: Path, person: Callable[[Mapping[str, Any]], Person]
) -> None:
    person({"Short name": "acme"})
    before = desk.notion.server.count() + desk.jira.server.count()
    assert desk.run("init").code == 0
    assert desk.notion.server.count() + desk.jira.server.count() == before
    assert not (tmp_path / "secrets").exists()
    assert desk.run("validate", "acme").code == 0


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--jira", "https://acme.atlassian.net"], 2, "--jira-email EMAIL"),
        (["--jira", "https://jira.acme.example"], 12, "export JIRA_TOKEN=…, or --jira-token-file FILE"),
        (["--spreadsheet", SPREADSHEET], 2, "--google-key FILE"),
        (["--exports", "nowhere"], 2, "there is no folder nowhere"),
        (["--from-notion", KEY_RESULTS], 12, "export NOTION_TOKEN=…, or --token-file FILE"),
        (["--token-file", "nowhere", "--from-notion", KEY_RESULTS], 12, "nowhere does not exist"),
    ],
)
def test_without_a_terminal_the_missing_option_is_named_and_nothing_is_written(
    desk: Any, tmp_path: Path, words: list[str], code: int, said: str
) -> None:
    ended = desk.run("init", "acme", *words)
    assert ended.code == code
    assert said in ended.err
    assert not (tmp_path / "acme.yaml").exists()


def test_what_is_there_is_never_overwritten(
    desk: Any, options: list[str], tmp_path: Path, person: Callable[[Mapping[str, Any]], Person]
) -> None:
    (tmp_path / "okrsync.schema.json").write_text("mine", encoding="utf-8")
    (tmp_path / ".gitignore").write_text("*.log", encoding="utf-8")
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "acme.jira").write_text("mine", encoding="utf-8")
    person({"Its API token": desk.jira.secret()})
    jira = ["--jira", desk.jira.server.url, "--jira-email", "bot@acme.example", "--jira-token-env", "NONE"]
    ended = desk.run("init", "acme", "--url", desk.notion.server.url, *jira)
    assert ended.code == 2
    assert "secrets/acme.jira is there already, and init overwrites nothing" in ended.err
    assert (tmp_path / "secrets" / "acme.jira").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "acme.yaml").exists()
    assert desk.run("init", "acme", "--from-notion", KEY_RESULTS, *options).code == 0
    assert (tmp_path / "okrsync.schema.json").read_text(encoding="utf-8") == "mine"
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == "*.log\n/secrets/\n"
