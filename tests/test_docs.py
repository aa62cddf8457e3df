"""What the documents show is what the program does: every command, every YAML, every link, every word.

``make docs`` (``OKRSYNC_RENEW_DOCS=1``) writes the real outputs and the picture into the documents instead.
"""

from __future__ import annotations

import ast
import json
import os
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from okrsync import __version__
from okrsync.cells import CELLS, Role
from okrsync.config import load_company
from okrsync.config.key_result_models import KeyResultModel, ObjectiveModel
from okrsync.config.models import CompanyModel, MetricModel
from okrsync.config.schema import json_schema
from okrsync.config.yamlfile import parse_yaml, read_yaml
from okrsync.errors import ExitCode
from okrsync.machine import Machine
from okrsync.model import Hold
from okrsync.plugins import Connectors
from okrsync.render.schemas import OUTPUTS
from tests.e2e import conftest
from tests.support import documents
from tests.support import messages as messages_page
from tests.support.documents import PAGES, ROOT, Block, Part, Reader
from tests.support.picture import IMAGES, PICTURES, words_of
from tests.support.sources import classes

DOCS: Final = ROOT / "docs"
REFERENCE: Final = (DOCS / "reference.md").read_text(encoding="utf-8")
RENEW: Final = bool(os.environ.get("OKRSYNC_RENEW_DOCS"))
NAMES_UP_TO: Final = 25  # the column at which the block in CONTRIBUTING begins to explain
LANGUAGES: Final = {"console", "yaml", "csv", "text", "python", "sh", "json"}
MORE: Final = tuple(ROOT / name for name in ("CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"))
EVERY_BLOCK: Final = [block for page in PAGES for block in documents.blocks_of(page)]
EVERY_YAML: Final = [block for block in EVERY_BLOCK if block.language == "yaml" and not block.not_run]

desk = conftest.desk


@pytest.fixture
def company(request: pytest.FixtureRequest) -> str:
    """The company that the fixture ``desk`` sets up: the one that a part of a page speaks of."""
    part = getattr(request.node, "callspec", None)
    return part.params["part"].company if part is not None and "part" in part.params else "demo"


@pytest.mark.parametrize("part", documents.parts(), ids=str)
def test_every_command_does_what_the_page_says(
    part: Part, desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader(desk, monkeypatch)
    for block in part.blocks:
        reader.follow(block)
    wrong = {block: lines for block, lines in reader.renewed.items() if lines != list(block.lines)}
    if RENEW:
        documents.write(part.page, wrong)
        return
    for block, lines in wrong.items():
        assert list(block.lines) == lines, f"{block.place}; make docs renews it"


def test_every_block_says_what_it_is() -> None:
    for block in EVERY_BLOCK:
        assert block.language in LANGUAGES, block.place
        assert not any(line.startswith("$ ") for line in block.lines) or block.language == "console", (
            block.place
        )


@pytest.mark.parametrize("block", EVERY_YAML, ids=lambda block: block.place)
def test_every_yaml_is_valid(block: Block, tmp_path: Path) -> None:
    """A whole company as it is; an excerpt in the place of what the annotated example says there."""
    data = parse_yaml(block.text, name=block.place).data
    if "company" not in data:
        data = _merged(read_yaml(ROOT / "config" / "example.yaml").data, data)
    path = tmp_path / f"{data['company']}.yaml"
    path.write_text(json.dumps(data, default=_plain), encoding="utf-8")
    load_company(path, Connectors())


def _merged(whole: Any, part: Any) -> Any:
    """``whole`` with what ``part`` shows: connections, metrics and tables by name, entries of lists by their id."""
    merged = dict(whole)
    for key, shown in part.items():
        if key in {"connections", "metrics", "destination"}:
            merged[key] = whole[key] | shown
        elif isinstance(shown, list):
            merged[key] = [*({one["id"]: one for one in [*whole.get(key, ()), *shown]}).values()]
        else:
            merged[key] = shown
    return merged


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else str(value)


def test_contributing_names_every_module_of_the_engine() -> None:
    block = next(block for block in documents.blocks_of(ROOT / "CONTRIBUTING.md") if block.language == "text")
    start = next(n for n, line in enumerate(block.lines) if line.startswith("okrsync/"))
    end = next(n for n, line in enumerate(block.lines) if line.startswith("connectors/"))
    named = [word.rstrip("/") for line in block.lines[start + 1 : end] for word in line[:NAMES_UP_TO].split()]
    there = {path.stem for path in (ROOT / "okrsync").iterdir() if (path / "__init__.py").is_file()}
    there |= {path.stem for path in (ROOT / "okrsync").glob("[a-z]*.py")}
    assert sorted(named) == sorted(there)


def test_every_link_leads_somewhere() -> None:
    for page in [*PAGES, *MORE]:
        for link in documents.links(page):
            if "://" in link or link.startswith("mailto:"):
                continue
            name, _, anchor = link.partition("#")
            target = (page.parent / name).resolve() if name else page
            assert target.exists(), f"{page.name}: {link}"
            assert not anchor or anchor in documents.anchors(target), f"{page.name}: {link}"


# What a reader's machine has and the repository has not.
ELSEWHERE: Final = {"config/acme.yaml", "config/exports/deals.csv"}


def test_every_path_command_and_target_that_is_named_is_there(desk: Any) -> None:
    commands = set(re.findall(r"^  ([a-z-]+)  ", desk.run("--help").out, flags=re.MULTILINE))
    targets = set(
        re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    )
    # Without .venv and the like, which only some machines have.
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."}
    for page in [*PAGES, *MORE]:
        spans = re.findall(r"`([^`\n]+)`", page.read_text(encoding="utf-8"))
        for span in spans:
            word, _, rest = span.partition(" ")
            if word == "okrsync" and rest[:1].isalpha() and page.name != "CHANGELOG.md":
                assert rest.split()[0] in commands, f"{page.name}: {span}"
            if word == "make" and rest:
                names = [one for one in rest.split() if "=" not in one]
                assert set(names) <= targets, f"{page.name}: {span}"
            if span.split("/")[0] in folders and "/" in span and span not in ELSEWHERE:
                assert (ROOT / span).exists(), f"{page.name}: {span}"


def test_every_page_is_reached_from_the_readme_and_says_what_it_is_for() -> None:
    readme = set(documents.links(ROOT / "README.md")) | {
        f"docs/{link}" for link in documents.links(DOCS / "README.md")
    }
    assert "docs/README.md" in readme
    for page in PAGES[1:]:
        assert str(page.relative_to(ROOT)) in readme, page.name
        title, blank, first = page.read_text(encoding="utf-8").splitlines()[:3]
        assert title.startswith("# ")
        assert not blank
        assert first[:1].isalpha(), f"{page.name}: the first line says what the page is for"


def test_the_changelog_tells_of_this_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.*)$", text, flags=re.MULTILINE)
    assert headings[0] == "Unreleased"
    assert re.fullmatch(rf"{re.escape(__version__)} - \d{{4}}-\d\d-\d\d", headings[1])


def test_the_readme_is_short() -> None:
    assert (ROOT / "README.md").stat().st_size <= 8192


def test_the_readme_shows_what_make_test_prints() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    kept = len(settings["tool"]["importlinter"]["contracts"])
    assert f"\nContracts: {kept} kept, 0 broken.\n" in readme
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (printed,) = re.findall(r'^announce:.*\n\t@echo "(.*)"$', makefile, flags=re.MULTILINE)
    # Of $(if $(TESTS),SOME,ALL), ALL is for a reader who names none.
    shown = re.sub(r"[$][(]if [$][(]TESTS[)],[^,]*,(.*)[)] [.]", r"\1 .", printed)
    assert f"\n{shown}\n" in readme


# Words that a reader has to look at twice, or that mean something else in the field.
UNPLAIN: Final = r"\b(mend\w*|anew|whoever|whosoever|thereof|hitherto|stands? (?:by|there|twice)|is told|was told|came to its end)\b"


def test_the_documents_are_in_plain_english() -> None:
    for page in [*PAGES, *MORE]:
        text = documents.prose(page)
        assert re.findall(UNPLAIN, text, flags=re.IGNORECASE) == [], page.name
        long = [line for line in text.splitlines() if len(line) > 140 and not line.startswith("|")]
        assert long == [], page.name


def test_the_readme_names_a_test_for_every_promise() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    section = text.split("## What okrsync promises\n")[1].split("\n## ")[0]
    proof = r"\[`(test_\w+)`\]\((tests/[^)]+)\)"
    promises = re.split(r"^\d\. \*\*", section, flags=re.MULTILINE)[1:]
    assert len(promises) == 8
    assert all(re.search(proof, one) for one in promises)
    proofs = re.findall(proof, section)
    for name, path in proofs:
        assert f"\ndef {name}(" in (ROOT / path).read_text(encoding="utf-8")


def test_every_command_and_exit_code_is_documented(desk: Any) -> None:
    commands = re.findall(r"^  ([a-z][a-z-]*)  ", desk.run("--help").out, flags=re.MULTILINE)
    assert len(commands) >= 11
    assert [name for name in commands if f"okrsync {name}" not in REFERENCE] == []
    assert [code for code in ExitCode if f"\n| {int(code)} | " not in REFERENCE] == []


def test_every_option_is_documented_and_every_documented_one_is_there(desk: Any) -> None:
    commands = re.findall(r"^  ([a-z][a-z-]*)  ", desk.run("--help").out, flags=re.MULTILINE)
    groups = {"schedule": ("run", "export"), "ledger": ("copy",)}
    options = set(re.findall(r"(?<![\w-])(--[a-z-]+)", desk.run("--help").out))
    for name in commands:
        for words in [(name,), *((name, one) for one in groups.get(name, ()))]:
            options |= set(re.findall(r"(?<![\w-])(--[a-z-]+)", desk.run(*words, "--help").out))
    named = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]*)", REFERENCE))
    assert sorted(options - {"--help"} - named) == []
    assert sorted(named - options) == []


def test_every_option_of_every_command_has_help(desk: Any) -> None:
    for name in re.findall(r"^  ([a-z][a-z-]*)  ", desk.run("--help").out, flags=re.MULTILINE):
        text = desk.run(name, "--help").out
        options = re.findall(r"^ +(?:-\w, )?(--[a-z-]+)(?: [A-Z]+)?(.*)$", text, flags=re.MULTILINE)
        assert options
        assert [option for option, said in options if not said.strip()] == [], name


def test_every_variable_and_schema_is_documented() -> None:
    variables = [f"OKRSYNC_{name.upper()}" for name in Machine.model_fields]
    assert [name for name in variables if f"`{name}`" not in REFERENCE] == []
    assert [name for name in OUTPUTS if f"`{name}`" not in REFERENCE] == []


def test_every_key_of_the_yaml_is_documented() -> None:
    schema = json_schema(Connectors())
    assert [
        key for key in sorted(set(_keys(schema))) if not re.search(rf"`[^`\n]*\b{key}\b[^`\n]*`", REFERENCE)
    ] == []


def test_every_cell_is_documented_with_its_tables() -> None:
    text = (
        (DOCS / "connect-notion.md").read_text(encoding="utf-8").split("## The cells\n")[1].split("\n## ")[0]
    )
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", text, flags=re.MULTILINE)
    shown = {
        cell: {table.replace(" ", "_").replace("-", "_") for table in tables.split(", ")}
        for cell, tables in rows
    }
    # The box of a release is named by a key of its own.
    assert shown == {one.name: set(one.tables) for one in CELLS if one.role is not Role.RELEASES}


def _keys(schema: Any) -> Iterator[str]:
    """Every key that a schema knows, at any depth."""
    if isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            yield from properties
        for value in schema.values():
            yield from _keys(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _keys(value)


@pytest.mark.parametrize("name", PICTURES)
def test_the_picture_shows_what_a_terminal_shows(
    desk: Any, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    drawn, path = PICTURES[name](desk, monkeypatch), IMAGES / name
    if RENEW:
        path.write_text(drawn, encoding="utf-8")
    assert words_of(path.read_text(encoding="utf-8")) == words_of(drawn)
    assert path.stat().st_size < 60_000


def test_make_demo_is_okrsync_demo() -> None:
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").split("\ndemo:")[1].split("\n\n")[0]
    assert recipe.count("\n\t") == 1
    assert recipe.endswith("/okrsync demo")


def test_the_demo_is_played_whole(desk: Any) -> None:
    ended = desk.run("demo")
    assert ended.code == 0, ended.err
    assert "Notion got 0 writes and 4 reads" in ended.out
    assert "shows 70 · okrsync wrote 72 · would write 62" in ended.out
    assert "What Notion holds now" in ended.out
    assert not list(Path("/tmp").glob("okrsync-demo-*/demo.yaml")) or "Traceback" not in ended.err


def test_the_company_in_twenty_lines_is_valid(tmp_path: Path) -> None:
    (block,) = [block for block in documents.blocks_of(ROOT / "README.md") if block.language == "yaml"]
    assert len(block.lines) <= 22
    (tmp_path / "acme.yaml").write_text(block.text, encoding="utf-8")
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
    validator = Draft202012Validator(desk.run("schema").json)
    for path in (ROOT / "config").glob("*.yaml"):
        data = json.loads(
            json.dumps(parse_yaml(path.read_text(encoding="utf-8"), name=path.name).data, default=float)
        )
        assert [error.message for error in validator.iter_errors(data)] == [], path.name


# ---- Messages ----------------------------------------------------------------------------------------------------


def messages() -> str:
    """Every text in the program, one a line; what is put into it at run time is a ``…``."""
    found: list[str] = []
    for folder in ("okrsync", "connectors"):
        for path in (ROOT / folder).rglob("*.py"):
            if "okrsync_emulators" not in str(path):
                nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
                found += [_shown(node) for node in nodes if isinstance(node, ast.Constant | ast.JoinedStr)]
    return "\n".join(found)


def _shown(node: ast.Constant | ast.JoinedStr) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    return "".join(_shown(part) if isinstance(part, ast.Constant) else "…" for part in node.values)


def test_every_message_in_troubleshooting_is_one_that_okrsync_says() -> None:
    text = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| `([^`]*)` \|", text, flags=re.MULTILINE)
    assert len(shown) > 70
    said = messages()
    # A message may be put together from several texts: each of its own words must be in one of them.
    pieces = [(message, piece.strip()) for message in shown for piece in message.split("…")]
    assert [message for message, piece in pieces if piece not in said] == []


def test_every_message_is_listed_with_what_to_do() -> None:
    """``make docs`` renews the page from the program."""
    lacking = [one.text for one in messages_page.collected() if not messages_page.next_step(one)]
    assert lacking == [], (
        "say what to do: in a hint, in the message, or in EXPLAINED of tests/support/messages.py"
    )
    texts = {one.text for one in messages_page.collected()}
    assert [text for text in messages_page.EXPLAINED if text not in texts] == []
    page = messages_page.page()
    if RENEW:
        messages_page.PAGE.write_text(page, encoding="utf-8")
    assert messages_page.PAGE.read_text(encoding="utf-8") == page, "make docs renews it"


# ---- Words ----------------------------------------------------------------------------------------------------

# Classes that the glossary names and that are not written yet. One that is there must leave this list.
NOT_YET: Final[frozenset[str]] = frozenset()


def test_the_glossary_names_classes_that_exist() -> None:
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\(class(?:es)? ([^)]*)\)", text))
    names = {name for group in named for name in re.findall(r"`(\w+)`", group)}
    assert len(names) >= 15
    assert {name for name in names if name not in classes()} == NOT_YET


# The nouns of the design; a new one needs its line in the glossary.
NOUNS: Final = {
    *(
        "Question",
        "Answer",
        "Reading",
        "No value",
        "Cell",
        "Table",
        "Desired row",
        "Decision",
        "Plan",
        "Run",
        "Source",
    ),
    *(
        "Destination",
        "Ledger",
        "Connector",
        "Alert",
        "HELD",
        "In sync",
        "Adopt",
        "Release",
        "Lease",
        "Pace",
        "Digest",
    ),
    *(
        "Baseline",
        "Target",
        "Check-in",
        "Cycle",
        "Due",
        "Follows",
        "Scope",
        "Judge",
        "Frozen",
        "Canary",
        "UNSAFE",
    ),
}


def test_the_glossary_has_every_noun() -> None:
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    words = set(re.findall(r"^\*\*([^*]+?)\.?\*\*", text, flags=re.MULTILINE))
    assert words >= NOUNS


def test_the_glossary_names_every_reason_to_hold_a_cell() -> None:
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    said = text.split("**HELD.**")[1].split("The reasons: ")[1].split(" (class")[0]
    assert set(" ".join(said.split()).split(", ")) == {hold.replace("_", " ") for hold in Hold}


def test_the_glossary_is_in_order_and_explains_each_word_once() -> None:
    text = (DOCS / "glossary.md").read_text(encoding="utf-8")
    words = re.findall(r"^\*\*([^*]+)\*\*", text, flags=re.MULTILINE)
    assert [word for word, count in Counter(words).items() if count > 1] == []
    assert [word.casefold() for word in words] == sorted(word.casefold() for word in words)


# ---- The player itself ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "actual", "fit"),
    [
        (["one", "two"], ["one", "two"], True),
        (["one", "two"], ["one", "three"], False),
        (["one"], ["one", "two"], False),
        (["one", "…"], ["one", "two", "three"], True),
        (["…", "three"], ["one", "two", "three"], True),
        (["…", "two"], ["one", "two", "three"], False),
        (["two", "…", "one"], ["one", "two"], False),
        (["it took … s"], ["it took 12.5 s"], True),
        ([], ["one"], False),
        ([], [], True),
    ],
)
def test_an_output_fits_only_if_it_is_shown_as_it_is(
    expected: list[str], actual: list[str], *, fit: bool
) -> None:
    assert documents.fits(expected, actual) is fit


def test_a_renewed_output_is_cut_short_where_the_old_one_was() -> None:
    old = ["Acme", "…", "KR-2  1 → 2", "  held", "…", "2 held"]
    actual = ["Acme", "KR-1  7", "  written", "KR-2  1 → 3", "  held", "KR-3", "1 held"]
    assert documents.renewed(old, actual) == ["Acme", "…", "KR-2  1 → 3", "  held", "…", "1 held"]
    assert documents.fits(documents.renewed(old, actual), actual)
