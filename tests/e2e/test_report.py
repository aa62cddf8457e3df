"""The page that executives look at: through the command line, from the ledger alone, in a real browser."""

from __future__ import annotations

import re
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.browser import page, violations
from tests.support.large_company import enlarge
from tests.support.more_tables import add_table

DAY = 86_400
EVIL = "<script>alert(1)</script>\x07\u202e\"'><img src=x onerror=alert(2)>"
INITIATIVE = """\
initiatives:
  - {id: I-1, title: Ship the beta, key_result: KR-1, metric: launch}
"""
KPIS = """\
kpis:
  - {id: K-1, title: Retention, metric: retention, healthy: {at_least: 98%}}
"""


def a_fortnight(desk: Any) -> None:
    """A first sync with its past, then days in which bugs are fixed and Ada types over a number."""
    assert desk.run("sync", "demo").code == 3
    desk.run("backfill", "demo", "--from", "2026-10-01", "--to", "2026-11-22")
    desk.notion.edit("Key results", "Open bugs", "Current", 70)
    for day in range(1, 9):
        desk.clock.jump(DAY)
        desk.jira.edit("APP", f"APP-{day}", "status", "Done")
        if day in {2, 5, 8}:
            desk.run("sync", "demo")


def written(desk: Any, name: str, *words: str, company: str = "demo") -> str:
    """The report as a file, made without a request to anybody."""
    desk.stage.forget()
    path = desk.folder / name
    ended = desk.run("report", company, "--output", str(path), *words)
    assert ended.code == desk.run("status", company).code, ended.err
    assert ended.out.startswith(f"{path} is written (")
    assert desk.stage.requests == 0
    return str(path.read_text(encoding="utf-8"))


def kpis(desk: Any) -> None:
    properties = {"Name": "title", "ID": "rich_text", "Value": "number"}
    add_table(desk, "kpis", "KPIs", properties, [{"Name": "Retention", "ID": "K-1"}], "{value: Value}")
    desk.yaml.write_text(desk.yaml.read_text(encoding="utf-8") + INITIATIVE + KPIS, encoding="utf-8")


def test_the_page_says_what_status_plan_and_explain_say(desk: Any, browser: Any) -> None:
    kpis(desk)
    a_fortnight(desk)
    text = written(desk, "demo.html")
    assert_self_contained(text)
    with page(browser, viewport={"width": 1200, "height": 900}) as opened:
        opened.goto(f"file://{desk.folder / 'demo.html'}")
        bugs = opened.locator("#KR-1").inner_text()
        assert "Open bugs" in bugs
        assert "Ada Lovelace" in bugs
        assert "70" in bugs
        assert "120 → 30" in bugs
        assert "56% expected 67%" in bugs
        assert "Ship the beta 60%" in bugs
        held = opened.locator("section[aria-labelledby=page-held]").inner_text()
        assert "a person changed it since okrsync wrote it" in held
        assert "since Nov 25, 2026" in held
        assert "shows 70 · okrsync wrote 72 · would write" in held
        assert "okrsync release demo KR-1" in held
        assert "KPI!B5 holds the error #REF!" in held
        assert "since Nov 23, 2026" in held
        moved = opened.locator("section[aria-labelledby=page-moved]").inner_text()
        assert "Open bugs" in moved
        assert "point" in moved
        sources = opened.locator(".sources").inner_text()
        assert "jira" in sources
        assert "more than stale_after allows" in sources
        assert "healthy: ≥ 98%" in opened.locator("#K-1").inner_text()
        assert opened.locator("h1").inner_text() == "Acme Travel"
        assert opened.locator(".objective").count() == 3
        assert opened.locator("article svg[role=img]").count() >= 12
        # Each picture says what it shows, and its values are in a table below it.
        label = opened.locator("#KR-3 svg").get_attribute("aria-label")
        assert label is not None
        assert label.startswith("Mobile app launched from ")
        assert opened.locator("#KR-3 details table tbody tr").count() >= 8
        assert opened.locator("#KR-3 h4").inner_text().startswith("Mobile app launched")
        looked_at(opened)


def looked_at(opened: Any) -> None:
    """Whole on a phone, by keyboard, on paper, in light and dark."""
    for scheme in ("light", "dark"):
        opened.emulate_media(color_scheme=scheme)
        assert violations(opened) == []
    paint = "getComputedStyle(document.querySelector('article svg path[stroke]')).stroke"
    dark = opened.evaluate(paint)
    opened.emulate_media(color_scheme="light")
    assert opened.evaluate(paint) != dark, "the charts have the colours of the page"
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.className") == "skip"
    opened.keyboard.press("Enter")
    assert opened.evaluate("document.activeElement.id") == "page-objectives"
    stops = []
    for _ in range(6):
        opened.keyboard.press("Tab")
        stops.append(opened.evaluate("document.activeElement.getBoundingClientRect().top + scrollY"))
    assert stops == sorted(stops)
    opened.set_viewport_size({"width": 360, "height": 740})
    assert opened.evaluate("document.documentElement.scrollWidth") == 360
    assert violations(opened) == []
    opened.emulate_media(media="print", color_scheme="dark")
    colours = "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    assert opened.evaluate(colours) == ["rgb(255, 255, 255)", "rgb(27, 36, 48)"], "dark ink on white paper"
    shown = (
        "[...document.querySelectorAll('article h4')].every(one => one.getBoundingClientRect().height > 0)"
    )
    assert opened.evaluate(shown)
    assert len(opened.pdf(format="A4")) > 10_000
    opened.emulate_media(media="screen", color_scheme="light")


def assert_self_contained(text: str) -> None:
    assert "<script" not in text.lower()
    for loads in ("<link", "<img", "<iframe", ' src="', "@import", "xlink:href"):
        assert loads not in text
    assert "url(" not in text.replace("url(#", "")
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    # Nothing in a page is called the same twice: a link or a label would lead to the wrong one.
    ids = re.findall(r'\bid="([^"]*)"', text)
    assert len(ids) == len(set(ids))


def test_what_comes_from_outside_is_text_and_never_markup(desk: Any, browser: Any) -> None:
    # The titles of the YAML, the owner and the reason of a source.
    yaml = desk.yaml.read_text(encoding="utf-8")
    said = EVIL.replace("\\", "\\\\").replace('"', '\\"').replace("\x07", "\\a").replace("\u202e", "\\u202e")
    for title in ("Open bugs", "Followers", "Record growth in the fourth quarter"):
        yaml = yaml.replace(f"title: {title}", f'title: "{said}"')
    desk.yaml.write_text(yaml.replace("title: Acme Travel", f'title: "{said}"'), encoding="utf-8")
    people = desk.notion.workspace.people
    people[0] = replace(people[0], name=EVIL)
    desk.run("sync", "demo")
    text = written(desk, "demo.html")
    assert_self_contained(text)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    with page(browser) as opened:
        opened.goto(f"file://{desk.folder / 'demo.html'}")
        assert opened.locator("img").count() == 0
        assert "<script>alert(1)</script>" in opened.locator("#KR-1 h4").inner_text()
        assert "<script>alert(1)</script>" in opened.locator("#KR-1 .eyebrow").inner_text()
        assert violations(opened) == []
    markdown = written(desk, "demo.md", "--format", "markdown")
    assert r"\<script\>" in markdown
    assert "<script" not in markdown.replace(r"\<script", "")
    assert "\x07" not in markdown


def test_an_address_that_is_none_of_a_page_is_no_link() -> None:
    from okrsync.report.html import _address

    assert _address("https://app.notion.com/p/1") == "https://app.notion.com/p/1"
    assert _address("javascript:alert(1)") == ""
    assert _address("JaVaScRiPt:alert(1)") == ""


@pytest.mark.parametrize("locale", ["de_DE", "ru_RU"])
def test_a_page_speaks_the_company_s_language(desk: Any, locale: str) -> None:
    desk.edit_yaml("locale: en_US", f"locale: {locale}")
    desk.edit_yaml('"€3.5M"', "3500000")
    desk.run("sync", "demo")
    text = written(desk, "demo.html")
    own, held = {
        "de_DE": ("13 Key Results · 3 Objectives", "Der Wert der Quelle ist nicht verwendbar."),
        "ru_RU": ("13 ключевых результатов · 3 цели", "Значение источника нельзя использовать."),
    }[locale]
    reason, hint = {
        "de_DE": ("KPI!B5 enthält den Fehler #REF!", "die Formel in dieser Zelle berichtigen"),
        "ru_RU": ("в KPI!B5 ошибка #REF!", "исправьте формулу в этой ячейке"),
    }[locale]
    assert f'<html lang="{locale[:2]}">' in text
    assert own in text
    assert held in text
    assert f"<span>{reason}</span>" in text
    assert f"<span>{hint}</span>" in text
    assert "holds the error" not in text
    assert "holds the error" in desk.run("explain", "demo", "KR-13").out
    # What nobody has listed stays English, and says so to screen readers.
    desk.edit_yaml(
        "title: A product people can rely on}", "title: A product people can rely on, rollup: sum}"
    )
    assert '<span lang="en">key results in ' in written(desk, "demo.html")


def test_a_company_that_was_never_synced_says_so(desk: Any, browser: Any) -> None:
    text = written(desk, "demo.html")
    assert_self_contained(text)
    assert "Never synced" in text
    assert "okrsync sync demo" in text
    assert "page-held" not in text
    with page(browser, viewport={"width": 360, "height": 740}) as opened:
        opened.goto(f"file://{desk.folder / 'demo.html'}")
        assert opened.locator("article").count() == 13
        assert violations(opened) == []
        assert opened.evaluate("document.documentElement.scrollWidth") == 360


def test_three_key_results_and_drafts_without_an_objective(desk: Any, browser: Any) -> None:
    text = desk.yaml.read_text(encoding="utf-8")
    kept = text[: text.index("objectives:\n  - {id: O-1")]
    kept += "key_results:\n  - {id: KR-1, title: Open bugs, metric: open_bugs, from: 120, to: 30}\n"
    kept += "  - {id: KR-6, title: Win rate, metric: win_rate, from: 40%, to: 56%}\n"
    kept += "  - {id: KR-9, title: Loved by all, metric: TODO, reach: 10}\n"
    head, _, rest = kept.partition("  objectives:\n")
    desk.yaml.write_text(head + rest[rest.index("\nmetrics:") :], encoding="utf-8")
    assert desk.run("sync", "demo").code == 0
    page_text = written(desk, "demo.html")
    assert "Nothing is held" in page_text
    with page(browser) as opened:
        opened.goto(f"file://{desk.folder / 'demo.html'}")
        assert opened.locator("article h3").count() == 3
        assert "not measured yet" in opened.locator("#KR-9").inner_text()
        assert violations(opened) == []


def test_300_key_results_are_a_page_of_some_seconds_and_few_megabytes(desk: Any, browser: Any) -> None:
    enlarge(desk.yaml, 300, 60)
    desk.run("sync", "demo")
    desk.run("backfill", "demo", "--from", "2026-10-05", "--to", "2026-11-22")
    before = time.process_time()
    text = written(desk, "demo.html")
    assert time.process_time() - before < 60
    assert len(text) < 3_000_000
    assert_self_contained(text)
    with page(browser, viewport={"width": 360, "height": 740}) as opened:
        opened.goto(f"file://{desk.folder / 'demo.html'}")
        assert opened.locator("article h4").count() == 300
        assert opened.locator("article svg[role=img]").count() == 300
        assert opened.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("company", ["book"])
def test_the_book_s_68_key_results_are_whole_on_every_screen_and_on_paper(desk: Any, browser: Any) -> None:
    assert desk.run("sync", "book").code == 0
    text = written(desk, "book.html", company="book")
    assert_self_contained(text)
    with page(browser, viewport={"width": 1200, "height": 900}) as opened:
        opened.goto(f"file://{desk.folder / 'book.html'}")
        assert opened.locator("article").count() == 68
        assert opened.locator("section.objective").count() == 21
        looked_at(opened)
        opened.emulate_media(media="print")
        breaks = "[...document.querySelectorAll('article')].map(one => getComputedStyle(one).breakInside)"
        assert set(opened.evaluate(breaks)) == {"avoid"}, "no card is cut by the end of a page"


def test_markdown_has_it_all_as_lists(desk: Any) -> None:
    a_fortnight(desk)
    text = written(desk, "demo.md", "--format", "markdown")
    assert text.startswith("# Acme Travel · 2026-Q4\n")
    assert "  → `okrsync release demo KR-1`" in text
    assert (
        "- ◐ **Open bugs** (KR-1): 70 (Goal: 120 → 30) · 56%, expected 67% · behind · **HELD** · Ada Lovelace"
        in text
    )
    assert "## ◐ A product people can rely on" in text
    assert "|" not in text
    printed = desk.run("report", "demo", "--format", "markdown", "--output", "-")
    assert printed.out == text
    assert printed.code == 3


def test_without_the_library_html_says_how_to_install_it_and_markdown_works(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    monkeypatch.chdir(desk.folder)
    ended = desk.run("report", "demo")
    assert ended.code == 2
    assert re.search(r"install .*\"vl-convert-python", ended.err)
    assert not Path("demo-report.html").exists()
    assert desk.run("report", "demo", "--format", "markdown").code == 3
    assert Path("demo-report.md").read_text(encoding="utf-8").startswith("# Acme Travel")


def test_all_companies_get_a_page_each_and_one_fault_stops_no_other(desk: Any, browser: Any) -> None:
    desk.run("sync", "demo")
    other = desk.yaml.read_text(encoding="utf-8").replace("company: demo", "company: other")
    (desk.folder / "other.yaml").write_text(other, encoding="utf-8")
    (desk.folder / "broken.yaml").write_text("company: broken\n<script>: 1\n", encoding="utf-8")
    folder = desk.folder / "pages"
    ended = desk.run("report", "--all", "--output", str(folder))
    assert ended.code == 2
    assert sorted(path.name for path in folder.iterdir()) == ["demo.html", "index.html", "other.html"]
    with page(browser, viewport={"width": 360, "height": 740}) as opened:
        opened.goto(f"file://{folder / 'index.html'}")
        assert violations(opened) == []
        assert opened.evaluate("document.documentElement.scrollWidth") == 360
        assert opened.locator("article").count() == 3
        assert "Cannot be shown" in opened.locator("article", has_text="broken").inner_text()
        opened.get_by_role("link", name="Acme Travel").first.click()
        assert opened.locator("article h4").count() == 13
        opened.get_by_role("link", name="All companies").click()
        assert opened.locator("h1").inner_text() == "Companies"
    together = desk.run("report", "--all", "--format", "markdown", "--output", "-")
    assert together.out.count("# Acme Travel · 2026-Q4") == 2
    assert "# broken" in together.out


def test_what_was_named_wrongly_is_said(desk: Any) -> None:
    assert desk.run("report").code == 2
    assert "--all" in desk.run("report").err
    assert desk.run("report", "demo", "--all").code == 2
    ended = desk.run("report", "demo", "--output", str(desk.yaml / "x.html"))
    assert ended.code == 2
    assert "cannot be written" in ended.err
    assert desk.run("report", "--all", "--output", "-").code == 2


def test_no_secret_is_in_a_page(desk: Any) -> None:
    desk.run("sync", "demo")
    token = desk.stage.variables["DEMO_JIRA_TOKEN"]
    desk.edit_yaml("title: Open bugs", f"title: Bugs {token}")
    desk.run("plan", "demo")
    assert token not in written(desk, "demo.html")
    assert token not in written(desk, "demo.md", "--format", "markdown")


def test_an_owner_s_column_that_is_gone_holds_nothing_and_is_said(desk: Any) -> None:
    desk.edit_yaml("    owner: Owner\n", "    owner: Leader\n")
    assert desk.run("sync", "demo").code == 3
    assert desk.table()["KR-1"]["Current"] == "72"
    assert "the column &#39;Leader&#39; is not in &#39;Key results&#39;" in written(desk, "demo.html")
    desk.edit_yaml("    owner: Leader\n", "    owner: Current\n")
    desk.run("sync", "demo")
    assert "`owner` needs a person, text, select or multi-select column" in written(desk, "demo.html")
    desk.edit_yaml("    owner: Current\n", "    owner: Comment\n")
    desk.edit_yaml("id: KR-2,", "id: KR-2, owner: Marie Curie,")
    desk.run("sync", "demo")
    text = written(desk, "demo.html")
    assert "Triage every Monday" in text
    assert "</span> Marie Curie</span>" in text
