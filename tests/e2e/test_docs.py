"""What the documents show is what the program does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from okrsync.config import load_company
from okrsync.config.models import CompanyModel, KeyResultModel, MetricModel, ObjectiveModel
from okrsync.config.yamlfile import parse_yaml, read_yaml
from okrsync.errors import ExitCode
from okrsync.plugins import Connectors

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_every_command_and_exit_code_is_documented(desk: Any) -> None:
    commands = re.findall(r"^  ([a-z-]+)  ", desk.run("--help").out, flags=re.MULTILINE)
    assert len(commands) >= 11
    assert [name for name in commands if f"okrsync {name}" not in README] == []
    assert [code for code in ExitCode if f"\n| {int(code)} | " not in README] == []


def test_every_option_of_every_command_has_help(desk: Any) -> None:
    for name in re.findall(r"^  ([a-z-]+)  ", desk.run("--help").out, flags=re.MULTILINE):
        text = desk.run(name, "--help").out
        options = re.findall(r"^ +(?:-\w, )?(--[a-z-]+)(?: [A-Z]+)?(.*)$", text, flags=re.MULTILINE)
        assert options
        assert [option for option, said in options if not said.strip()] == [], name


def test_the_plan_at_the_top_is_real(desk: Any) -> None:
    desk.run("sync", "demo")
    desk.notion.edit("Key results", "Open bugs", "Current", 70)
    for number in range(2, 12):
        desk.jira.edit("APP", f"APP-{number}", "status", "Done")
    shown = blocks("console")[0].removeprefix("$ okrsync plan demo\n\n")
    assert desk.run("plan", "demo").out.strip() == shown.strip()


def test_the_excerpts_of_the_demo_are_real(desk: Any) -> None:
    out = desk.run("plan", "demo").out + desk.run("sync", "demo").out + desk.run("sync", "demo").out
    excerpt = next(block for block in blocks("console") if block.startswith("KR-6"))
    lines = [line for line in excerpt.splitlines() if line and "Notion got" not in line]
    assert [line for line in lines if line not in out.splitlines()] == []


def test_the_demo_is_played_whole(desk: Any) -> None:
    ended = desk.run("demo")
    assert ended.code == 0, ended.err
    assert "Notion got 0 writes and 4 reads" in ended.out
    assert "shows 70 · okrsync wrote 72 · would write 62" in ended.out
    assert "What Notion holds now" in ended.out
    assert not list(Path("/tmp").glob("okrsync-demo-*/demo.yaml")) or "Traceback" not in ended.err


def test_the_company_in_twenty_lines_is_valid(tmp_path: Path) -> None:
    (text,) = blocks("yaml")
    assert len(text.splitlines()) <= 22
    (tmp_path / "acme.yaml").write_text(text, encoding="utf-8")
    assert len(load_company(tmp_path / "acme.yaml", Connectors()).key_results) == 2


def test_the_annotated_example_is_valid_and_names_every_key() -> None:
    example = ROOT / "config" / "example.yaml"
    load_company(example, Connectors())
    text = example.read_text(encoding="utf-8")
    for model in (CompanyModel, MetricModel, ObjectiveModel, KeyResultModel):
        for name, info in model.model_fields.items():
            key = info.alias or name
            if key not in {"page", "missing_periods", "yes_no", "find_baseline", "may_drop"}:
                assert re.search(rf"\b{key}:", text), f"{model.__name__}: {key}"


def test_the_demo_in_config_is_the_one_that_is_shipped() -> None:
    shipped = ROOT / "okrsync" / "sandbox" / "demo" / "demo.yaml"
    assert (ROOT / "config" / "demo.yaml").read_text(encoding="utf-8") == shipped.read_text(encoding="utf-8")
    assert read_yaml(shipped).data["company"] == "demo"


def test_the_schema_accepts_every_company_we_ship(desk: Any) -> None:
    import json

    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(desk.run("schema").json)
    for path in (ROOT / "config").glob("*.yaml"):
        data = json.loads(
            json.dumps(parse_yaml(path.read_text(encoding="utf-8"), name=path.name).data, default=float)
        )
        assert [error.message for error in validator.iter_errors(data)] == [], path.name
