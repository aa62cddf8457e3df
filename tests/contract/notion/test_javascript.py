"""Notion's official JavaScript client, driven against the emulator, and its types over the emulator's answers.

Development only. Where node or the package registry is missing the tests are skipped, but never in CI.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, NoReturn

import pytest

from okrsync_emulators.notion import NotionEmulator
from tests.support.notion_workspace import SEED

HERE = Path(__file__).parents[2] / "javascript"
PARENT = "99999999-9999-4999-8999-999999999998"
VERSIONS = ("2026-03-11", "2025-09-03")
TYPES = {
    "me": "GetSelfResponse",
    "users": "ListUsersResponse",
    "database": "DatabaseObjectResponse",
    "source": "DataSourceObjectResponse",
    "query": "QueryDataSourceResponse",
    "filtered": "QueryDataSourceResponse",
    "page": "PageObjectResponse",
    "updated": "PageObjectResponse",
    "created": "PageObjectResponse",
    "made": "DatabaseObjectResponse",
    "changed": "DataSourceObjectResponse",
    "view": "DataSourceViewObjectResponse",
    "children": "ListBlockChildrenResponse",
}


def missing(what: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"{what}, and in CI the official client must be driven")
    pytest.skip(f"{what}: the emulator is NOT checked against Notion's official client here")


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the official client and the compiler, installed by their checksums."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        missing("node is not installed")
    folder = tmp_path_factory.mktemp("javascript")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    words = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=180)
    if done.returncode:
        missing(f"npm ci failed ({done.stderr.strip()[:200]})")
    return folder


@pytest.fixture(scope="module")
def answers(modules: Path) -> dict[str, dict[str, Any]]:
    """What the official client got from the emulator, by API version."""
    found: dict[str, dict[str, Any]] = {}
    for version in VERSIONS:
        emulator = NotionEmulator(query_cap=2)
        emulator.load(SEED)
        try:
            database = next(
                one.id for one in emulator.workspace.databases.values() if one.title == "Company OKRs"
            )
            # Rows are listed in windows of minutes: all that is listed at once must not be of one minute.
            for number, row in enumerate(emulator.workspace.source("Key results").rows.values()):
                row.created = row.created.replace(year=2020 + number)
            words = [
                "node",
                str(HERE / "drive.mjs"),
                emulator.server.url,
                emulator.secret(),
                database,
                PARENT,
                version,
            ]
            done = subprocess.run(
                [*words, str(modules)], capture_output=True, text=True, check=False, timeout=120
            )
            assert done.returncode == 0, done.stderr[-2000:]
            found[version] = json.loads(done.stdout)
        finally:
            emulator.server.close()
    return found


@pytest.mark.parametrize("version", VERSIONS)
def test_the_official_client_reads_and_writes(answers: dict[str, dict[str, Any]], version: str) -> None:
    seen = answers[version]
    assert seen["updated"]["properties"]["Current"]["number"] == 12.5
    assert seen["created"]["properties"]["Status"]["status"]["name"] == "On track"
    assert [row["id"] for row in seen["filtered"]["results"]] == [seen["created"]["id"]]
    assert seen["changed"]["properties"]["Sum"]["rollup"]["relation_property_name"] == "Of"
    assert seen["full"] is True
    assert (
        list(seen["page"]).index("archived") < list(seen["page"]).index("in_trash") or version == "2026-03-11"
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_the_official_clients_own_windows_reach_past_the_cap(
    answers: dict[str, dict[str, Any]], version: str
) -> None:
    seen = answers[version]
    assert len(seen["iterated"]) == 2, "the plain iteration ends at the cap, as it does at Notion"
    assert len(set(seen["everything"])) == 4


@pytest.mark.parametrize("version", VERSIONS)
def test_the_official_client_knows_the_emulators_errors(
    answers: dict[str, dict[str, Any]], version: str
) -> None:
    expected = {
        "invalid": ("validation_error", 400),
        "missing": ("object_not_found", 404),
        "unauthorized": ("unauthorized", 401),
    }
    for name, (code, status) in expected.items():
        refusal = answers[version]["refusals"][name]
        assert refusal == {
            "known": True,
            "response": True,
            "code": code,
            "status": status,
            "request": "string",
        }


def test_the_answers_are_of_the_official_types(answers: dict[str, dict[str, Any]], modules: Path) -> None:
    # The client's types describe its default version, in which ``archived`` still stands beside ``in_trash``.
    seen = answers["2025-09-03"]
    names = sorted({*TYPES.values(), "GetPagePropertyResponse"})
    lines = [f'import type {{ {", ".join(names)} }} from "@notionhq/client";']
    for name, kind in TYPES.items():
        lines.append(f"export const {name}: {kind} = {_literal(seen[name])};")
    for number, item in enumerate(seen["items"].values()):
        lines.append(f"export const item{number}: GetPagePropertyResponse = {_literal(item)};")
    (modules / "answers.ts").write_text("\n".join(lines), encoding="utf-8")
    done = _checked(modules / "answers.ts")
    assert done.returncode == 0, done.stdout[-4000:]


def test_the_types_would_notice(answers: dict[str, dict[str, Any]], modules: Path) -> None:
    page = dict(answers["2025-09-03"]["page"])
    page["in_trash"] = "no"
    text = f'import type {{ PageObjectResponse }} from "@notionhq/client";\nexport const page: PageObjectResponse = {_literal(page)};'
    (modules / "wrong.ts").write_text(text, encoding="utf-8")
    done = _checked(modules / "wrong.ts")
    assert done.stdout.count("error TS") == 1
    assert "Type 'string' is not assignable to type 'boolean'" in done.stdout


def _checked(file: Path) -> subprocess.CompletedProcess[str]:
    compiler = ["node", "node_modules/typescript/bin/tsc", "--noEmit", "--strict", "--skipLibCheck"]
    return subprocess.run(
        [*compiler, "--module", "nodenext", file.name],
        cwd=file.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def _literal(answer: dict[str, Any]) -> str:
    """The answer without what Notion sends and its types leave out.

    That is the request's id, ``has_more`` of a relation, and what is new since the client's types were made.
    """
    plain = {key: value for key, value in answer.items() if key != "request_id"}
    return json.dumps(_without_more(plain), ensure_ascii=False)


def _without_more(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_more(item) for item in value]
    if isinstance(value, dict):
        related = value.get("type") == "relation"
        left_out = {"database_type", "email_verified", *(["has_more"] if related else [])}
        return {key: _without_more(one) for key, one in value.items() if key not in left_out}
    return value
