"""The page of ``okrsync demo --serve`` in a browser, and the terminals that share its company and its clock."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from tests.support.browser import page, violations

DESKTOP = {"width": 1300, "height": 900}
PHONE = {"width": 360, "height": 780}
NOTION = "https://app.notion.com/p/acme/11111111111141118111111111111111"


@dataclass(frozen=True, kw_only=True)
class Served:
    """A demo that stays up: its address, and the environment of its other terminals."""

    process: subprocess.Popen[str]
    url: str
    script: Path
    terminal: Mapping[str, str]

    def run(self, *words: str, **changed: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "okrsync", *words],
            env={**self.terminal, **changed},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def ask(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """The status and JSON of an answer, as a program that is no browser gets it."""
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Content-Type": "application/json"} | {
            name.replace("_", "-"): text for name, text in headers.items()
        }
        try:
            with urlopen(Request(self.url + path, data=data, headers=given), timeout=120) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    @property
    def state(self) -> Any:
        return json.loads(self.ask("/state")[1])


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("demo")
    environment = os.environ | {
        "TMPDIR": str(folder),
        "PYTHONUNBUFFERED": "1",
        "OKRSYNC_WEBHOOK": "http://127.0.0.1:1/",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "okrsync", "demo", "--serve"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if line.startswith("Ctrl-C"):
            break
    url = re.search(r"Notion, as people see it: (http://127\.0\.0\.1:\d+)/", said)
    script = re.search(r"\. (\S+/env\.sh) && okrsync plan demo", said)
    assert url, said + process.stderr.read() if process.stderr is not None and not url else said
    assert script
    text = Path(script.group(1)).read_text(encoding="utf-8")
    exported = dict(re.findall(r"^export (\w+)=(.*)$", text, re.MULTILINE))
    left_out = re.findall(r"^unset (.*)$", text, re.MULTILINE)[0].split()
    terminal = {name: value for name, value in environment.items() if name not in left_out}
    terminal |= {name: shlex.split(value)[0] for name, value in exported.items()}
    try:
        yield Served(process=process, url=url.group(1), script=Path(script.group(1)), terminal=terminal)
    finally:
        process.terminate()
        process.communicate(timeout=120)


@pytest.fixture(autouse=True)
def _afresh(served: Served) -> None:
    assert served.ask("/do/restart", {})[0] == 200


def press(opened: Any, what: Callable[[], None]) -> None:
    """Do something, and wait until the page has drawn what came of it."""
    before = opened.evaluate("document.body.dataset.version")
    what()
    opened.wait_for_function(
        "old => document.body.dataset.version !== old && document.body.getAttribute('aria-busy') !== 'true'",
        arg=before,
        timeout=120_000,
    )


def at(opened: Any, url: str) -> None:
    opened.goto(url)
    opened.wait_for_selector("#tables table")


def cell(opened: Any, row: str, column: str) -> Any:
    """A cell of the first table that has such a row."""
    line = opened.locator("#tables tr").filter(has=opened.get_by_role("button", name=f"Name of {row}, edit"))
    return line.locator(f"td[data-label='{column}']")


def text(opened: Any, row: str, column: str) -> str:
    value: str = cell(opened, row, column).locator(".value").evaluate("one => one.firstChild.textContent")
    return value


def type_into(opened: Any, row: str, column: str, typed: str) -> None:
    cell(opened, row, column).get_by_role("button").first.click()
    box = cell(opened, row, column).get_by_role("textbox")
    box.fill(typed)
    press(opened, lambda: box.press("Enter"))


def sync(opened: Any) -> None:
    press(opened, lambda: opened.get_by_role("button", name="Sync", exact=True).click())


def said(opened: Any) -> str:
    found: str = opened.locator("#said").inner_text()
    return found


def step(opened: Any) -> str:
    found: str = opened.locator("#steps [aria-current=step] b").inner_text()
    return found


def test_a_visitor_is_ada_and_her_number_is_held_until_she_releases_it(browser: Any, served: Served) -> None:
    with page(browser, viewport=DESKTOP) as opened:
        at(opened, served.url)
        assert step(opened) == "Press Sync."
        assert text(opened, "Open bugs", "Current") == "–"

        sync(opened)
        assert "69 cells written in 15 rows" in said(opened)
        assert "1 row waits for a person" in said(opened)
        assert text(opened, "Open bugs", "Current") == "72"
        assert cell(opened, "Open bugs", "Current").get_attribute("class").split()[-2:] == [
            "changed",
            "owned",
        ]
        assert cell(opened, "Open bugs", "Last synced").inner_text().split("\n")[0] == "2026-11-23 07:00"
        assert step(opened) == "Be Ada."
        note = opened.locator("tr.note")
        assert "KPI!B5 holds the error #REF!" in note.inner_text()
        assert "fix the formula in that cell" in note.inner_text()

        # Escape leaves everything as it is; a text is no number; Enter keeps a number.
        cell(opened, "Open bugs", "Current").get_by_role("button").click()
        cell(opened, "Open bugs", "Current").get_by_role("textbox").fill("1")
        assert violations(opened) == []
        sent: list[str] = []
        opened.on("request", lambda one: sent.append(one.method))
        opened.keyboard.press("Escape")
        assert text(opened, "Open bugs", "Current") == "72"
        assert "POST" not in sent
        cell(opened, "Open bugs", "Current").get_by_role("button").click()
        cell(opened, "Open bugs", "Current").get_by_role("textbox").fill("many")
        opened.keyboard.press("Enter")
        opened.get_by_text("Current takes a number, not 'many'").wait_for()
        type_into(opened, "Open bugs", "Current", "70")
        assert "typed, not synced" in cell(opened, "Open bugs", "Current").inner_text()
        assert "Ada Lovelace" in cell(opened, "Open bugs", "Last edited").inner_text()
        press(opened, lambda: opened.get_by_role("button", name="Fix 10 bugs").click())
        assert step(opened) == "Sync again."

        sync(opened)
        held = cell(opened, "Open bugs", "Current")
        assert text(opened, "Open bugs", "Current") == "70"
        assert "HELD" in held.inner_text()
        reason = held.get_by_role("button", name="Release").get_attribute("aria-describedby")
        why = opened.locator(f"[id='{reason}']").inner_text()
        assert "a person changed it since okrsync wrote it. okrsync has 62." in why
        assert "okrsync release demo KR-1" in why
        assert cell(opened, "Open bugs", "Progress").locator("del").inner_text() == "53.33%"
        assert step(opened) == "Press Release"

        held.get_by_role("button", name="Release").focus()
        press(opened, lambda: opened.keyboard.press("Enter"))
        assert opened.evaluate("document.activeElement.closest('td').dataset.label") == "Current"
        assert text(opened, "Open bugs", "Current") == "70", "a release writes nothing"
        sync(opened)
        assert text(opened, "Open bugs", "Current") == "62"
        assert cell(opened, "Open bugs", "Current").locator("del").inner_text() == "70"
        assert opened.locator("#steps [aria-current=step]").count() == 0


def test_a_filled_cell_is_adopted_and_a_status_is_chosen_by_keyboard(browser: Any, served: Served) -> None:
    with page(browser, viewport=DESKTOP) as opened:
        at(opened, served.url)
        # What was in a cell before the first sync is adopted, not released.
        type_into(opened, "Open bugs", "Current", "99")
        sync(opened)
        assert text(opened, "Open bugs", "Current") == "99"
        adopt = cell(opened, "Open bugs", "Current").get_by_role("button", name="Adopt")
        press(opened, adopt.click)
        sync(opened)
        assert text(opened, "Open bugs", "Current") == "72"

        # A status is chosen from its options, and by the keyboard alone.
        cell(opened, "Open bugs", "Status").get_by_role("button").focus()
        opened.keyboard.press("Enter")
        press(
            opened,
            lambda: cell(opened, "Open bugs", "Status").get_by_role("combobox").select_option("Achieved"),
        )
        sync(opened)
        assert text(opened, "Open bugs", "Status") == "Achieved"
        assert cell(opened, "Open bugs", "Status").get_by_role("button", name="Release").is_visible()
        signs = opened.locator("#tables .pill").evaluate_all(
            "all => all.map(one => [one.textContent, one.dataset.sign, getComputedStyle(one).backgroundColor])"
        )
        assert len({name for name, _, _ in signs}) == 5
        assert len({sign for _, sign, _ in signs}) == 5, "statuses differ without colours too"
        assert len({color for _, _, color in signs}) == 5


def test_a_visitor_changes_breaks_and_repairs_sources(browser: Any, served: Served) -> None:
    with page(browser, viewport=DESKTOP) as opened:
        at(opened, served.url)
        sync(opened)

        # A number that falls to 0 is in doubt, until somebody accepts it.
        press(opened, lambda: opened.get_by_role("button", name="Fix every bug").click())
        sync(opened)
        assert text(opened, "Open bugs", "Current") == "72"
        accept = cell(opened, "Open bugs", "Current").get_by_role("button", name="Accept")
        press(opened, accept.click)
        sync(opened)
        assert text(opened, "Open bugs", "Current") == "0"

        # What is broken is held with its reason and keeps its number; repaired, it is written again.
        for button, row, reason in (
            ("The token has expired", "Story points delivered", "did not accept the login"),
            ("The export has no rows", "Revenue from new deals", "no rows"),
            ("The service account is deleted", "Net Promoter Score", "does not accept the service account"),
        ):
            before = text(opened, row, "Current")
            press(opened, lambda button=button: opened.get_by_role("button", name=button).click())  # type: ignore[misc]
            sync(opened)
            assert "HELD" in cell(opened, row, "Current").inner_text()
            assert text(opened, row, "Current") == before
            assert reason in opened.locator("tr.note").filter(has_text=reason).first.inner_text()
            press(opened, lambda: opened.get_by_role("button", name="Repair").click())
            sync(opened)
            assert "HELD" not in cell(opened, row, "Current").inner_text()

        # The broken cell of the spreadsheet is repaired by typing into it.
        opened.get_by_role("button", name="Now of Followers, edit").click()
        opened.get_by_role("textbox", name="Now of Followers").fill("4321")
        press(opened, lambda: opened.keyboard.press("Enter"))
        press(opened, lambda: opened.get_by_role("button", name="Win a deal").click())
        press(opened, lambda: opened.get_by_role("button", name="Tomorrow").click())
        assert opened.locator("#now").inner_text() == "Tue 24 Nov 2026, 07:00"
        press(opened, lambda: opened.get_by_role("button", name="Next week").click())
        sync(opened)
        assert text(opened, "Followers", "Current") == "4,321"
        assert text(opened, "Revenue from new deals", "Current") == "2,067,504"
        assert "HELD" not in said(opened), "the CRM has exported every night"

        # Notion itself can be broken: the sync ends with the reason, and nothing of the page is lost.
        press(opened, lambda: opened.get_by_role("button", name="The connection is removed").click())
        sync(opened)
        assert "it is not shared with" in said(opened)
        assert text(opened, "Followers", "Current") == "4,321"

        press(opened, lambda: opened.get_by_role("button", name="Start over").click())
        assert text(opened, "Followers", "Current") == "–"
        assert opened.locator("#now").inner_text() == "Mon 23 Nov 2026, 07:00"
        sync(opened)
        assert "69 cells written in 15 rows" in said(opened)


def test_another_terminal_has_the_same_company_and_the_same_clock(
    browser: Any, served: Served, tmp_path: Path
) -> None:
    with page(browser, viewport=DESKTOP) as opened:
        at(opened, served.url)
        press(opened, lambda: opened.get_by_role("button", name="Next week").click())
        ended = served.run("sync", "demo")
        assert "Acme Travel · 2026-Q4 · Mon 30 Nov 2026, 07:00" in ended.stdout, ended.stderr
        assert ended.returncode == 3
        opened.get_by_text("In another terminal: Synced. 69 cells written.").wait_for()
        assert text(opened, "Open bugs", "Current") == "72", "without a reload"
        type_into(opened, "Open bugs", "Current", "70")
        assert "→ okrsync release demo KR-1" in served.run("plan", "demo").stdout

    doctor = served.run("doctor", "demo")
    assert doctor.returncode in {0, 3}, doctor.stdout + doctor.stderr
    assert "this machine's clock is as that of 127.0.0.1" in doctor.stdout, "the emulators have it too"

    # init finds the demo's Notion by itself, and with it its token.
    ended = served.run("init", "mine", "--from-notion", NOTION)
    assert ended.returncode == 0, ended.stderr
    written = (served.script.parent / "mine.yaml").read_text(encoding="utf-8")
    assert re.search(r"url: \W?http://127\.0\.0\.1:\d+", written)

    # Nothing outside of the demo gets the demo's time.
    mine = tmp_path / "mine.yaml"
    mine.write_text(written, encoding="utf-8")
    for ended in (
        served.run("validate", str(mine)),
        served.run("validate", "mine", OKRSYNC_CONFIG=str(tmp_path)),
        served.run("status", "demo", OKRSYNC_LEDGER=f"sqlite:///{tmp_path}/ledger.db"),
    ):
        assert ended.returncode == 2
        assert "this terminal belongs to a demo" in ended.stderr
        assert "unset OKRSYNC_DEMO" in ended.stderr
    assert list(tmp_path.iterdir()) == [mine]
    ended = served.run("status", "demo", OKRSYNC_DEMO=str(tmp_path))
    assert ended.returncode == 2
    assert "the demo that this terminal belongs to has ended" in ended.stderr


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_everybody_can_use_the_page(
    browser: Any, served: Served, scheme: str, viewport: dict[str, int]
) -> None:
    with page(browser, viewport=viewport, color_scheme=scheme) as opened:
        at(opened, served.url)
        assert violations(opened) == []
        served.ask("/do/sync", {})
        row = served.state["tables"][0]["rows"][0]["id"]
        served.ask("/do/edit", {"row": row, "column": "Current", "text": "70"})
        served.ask("/do/change", {"source": "jira", "number": 0})
        served.ask("/do/break", {"source": "deals", "mishap": "empty"})
        served.ask("/do/sync", {})
        opened.get_by_role("button", name="Release").wait_for()
        assert violations(opened) == []
        wide = opened.evaluate(
            "[document.documentElement, ...document.querySelectorAll('#tables .tablebox')].map(one => one.scrollWidth - one.clientWidth)"
        )
        assert set(wide) == {0}, "nothing is outside, the last column included"


def test_other_sites_and_wrong_requests_change_nothing(served: Served) -> None:
    before = served.state
    site = "https://evil.example"
    for path, body, headers, status, reason in (
        ("/", None, {"Host": "evil.example"}, 403, "127.0.0.1 and localhost only"),
        ("/state", None, {"Host": "evil.example:80"}, 403, "127.0.0.1 and localhost only"),
        ("/do/sync", {}, {"Host": "evil.example"}, 403, "127.0.0.1 and localhost only"),
        ("/do/sync", {}, {"Origin": site}, 403, "another site"),
        ("/do/sync", {}, {"Origin": "null"}, 403, "another site"),
        ("/do/sync", {}, {"Sec_Fetch_Site": "cross-site"}, 403, "another site"),
        ("/do/sync", {}, {"Content_Type": "text/plain"}, 403, "application/json"),
        ("/do/sync", b"not JSON", {}, 422, "JSON object"),
        ("/do/sync", [1], {}, 422, "JSON object"),
        ("/do/sync", {"force": "x" * 20_000}, {}, 413, "10000 bytes"),
        ("/do/dance", {}, {}, 404, "there is no action 'dance'; there are sync, edit"),
        ("/do/edit", {}, {}, 422, "'row' is missing"),
        ("/do/edit", {"row": "x", "column": "Current", "text": "1"}, {}, 422, "row 'x': none found"),
        ("/do/clock", {"step": "year"}, {}, 422, "there is no step 'year'"),
        ("/do/change", {"source": "jira", "number": 99}, {}, 422, "no change 99"),
        ("/do/change", {"source": "jira", "number": "x"}, {}, 422, "wrong type"),
        ("/do/change", {"source": "oracle", "number": 0}, {}, 422, "there is no source 'oracle'"),
        (
            "/do/type",
            {"source": "sheets", "table": "T", "row": 0, "column": 0, "text": ""},
            {},
            422,
            "no such cell",
        ),
        (
            "/do/type",
            {"source": "deals", "table": "T", "row": 0, "column": 0, "text": ""},
            {},
            422,
            "is no spreadsheet",
        ),
        ("/do/break", {"source": "jira", "mishap": "fire"}, {}, 422, "nothing called 'fire'"),
        ("/", {}, {}, 405, "Method Not Allowed"),
        ("/state", {}, {}, 405, "Method Not Allowed"),
        ("/admin", {}, {}, 404, "Not Found"),
        ("/../page.py", None, {}, 404, "Not Found"),
    ):
        found, answer = served.ask(path, body, **headers)
        assert (found, reason in answer["error"]) == (status, True), (path, body, headers, answer)
    assert served.state == before
    assert served.ask("/", None, Host="localhost:8080")[0] == 200, "a tunnel has another port"
    served.ask("/do/sync", {})
    code, answer = served.ask("/do/release", {"subject": "KR-99"})
    assert code == 200
    assert "there is no key result 'KR-99'" in json.loads(answer)["said"]["text"]
