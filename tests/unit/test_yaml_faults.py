"""What people who have never seen YAML get wrong: the place, the fault, and a line to write instead that works."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from okrsync.config import load_company
from okrsync.errors import ConfigError
from okrsync.plugins import Connectors

CONNECTORS = Connectors()
GOOD = """\
company: acme
timezone: Europe/Berlin
locale: de_DE
cycle: {name: 2026-Q4, start: 2026-10-01, end: 2026-12-31}
schedule: "0 7 * * *"
connections:
  jira: {type: jira, url: "https://acme.atlassian.net", auth: {email: bot@acme.example, token: {env: JIRA_TOKEN}}}
  notion: {type: notion, token: {env: NOTION_TOKEN}}
destination:
  connection: notion
  key_results: {database: 1f0e4b0ac0de4b0a8c0de4b0ac0de4b0, match: KR ID, cells: {current: Current}}
metrics:
  bugs: {from: jira, jql: "project = APP", measure: count}
  done: {from: jira, jql: "statusCategory = Done", date: resolved, window: month}
  share: {expr: "done / bugs * 100", unit: percent}
key_results:
  - {id: KR-1, metric: bugs, from: 120, to: 30}
  - {id: KR-2, metric: share, at_least: "98,5 %"}
  - id: KR-3
    title: Own it
    metric: bugs
    reach: 3
"""
TITLE = "    title: Own it"
BUGS = '  bugs: {from: jira, jql: "project = APP", measure: count}'
CYCLE = "cycle: {name: 2026-Q4, start: 2026-10-01, end: 2026-12-31}"
BLOCK = "  bugs:\n    from: jira\n    measure: count\n"


def said(folder: Path, text: str | bytes) -> str:
    """What okrsync says of such a file: its error, or its warnings."""
    path = folder / "acme.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    try:
        return "\n".join(load_company(path, CONNECTORS, name="acme.yaml").warnings)
    except ConfigError as error:
        return str(error)


def change(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new", "place", "fixed"),
    [
        (
            "    reach: 3",
            "    reach: 3\n  - {id: A, metric: bugs, reach: 3,5 Mio.}",
            "23:34",
            'reach: "3,5 Mio."',
        ),
        ("    reach: 3", "    reach: 3\n  - {id: A, metric: bugs, reach: “3,5”}", "23:34", 'reach: "3,5"'),
        (
            BUGS,
            BUGS.replace('"project = APP"', "project in (APP, WEB, X)"),
            "13:27",
            'jql: "project in (APP, WEB, X)"',
        ),
        (
            BUGS,
            f'{BLOCK}    jql: project = APP AND text ~ "a: b"',
            "16:10",
            "jql: 'project = APP AND text ~ \"a: b\"'",
        ),
        (BUGS, f'{BLOCK}    jql: "Epic Link" = APP-1', "16:10", "jql: '\"Epic Link\" = APP-1'"),
        (BUGS, BUGS.replace('"project = APP"', '"project = "APP""'), "13:27", "jql: 'project = \"APP\"'"),
        (TITLE, "    title: Own: it", "20:12", 'title: "Own: it"'),
        (TITLE, "    title: *Own it*", "20:12", 'title: "*Own it*"'),
        (TITLE, "    title: %done", "20:12", 'title: "%done"'),
        (TITLE, "    title: @home", "20:12", 'title: "@home"'),
        (TITLE, "    title: `x`", "20:12", 'title: "`x`"'),
        (TITLE, "    title: [P1] own it", "20:12", 'title: "[P1] own it"'),
        (TITLE, "    title: {x} own it", "20:12", 'title: "{x} own it"'),
        (TITLE, "    title: !important thing", "20:12", 'title: "!important thing"'),
        (TITLE, "    title: &R own it", "20:12", 'title: "&R own it"'),
        (TITLE, "    title: > 95 % uptime", "20:12", 'title: "> 95 % uptime"'),
        (TITLE, "    title: | x", "20:12", 'title: "| x"'),
        (TITLE, "    title: - own it", "20:12", 'title: "- own it"'),
        (TITLE, "    title: ? own it", "20:12", 'title: "? own it"'),
        (TITLE, '    title: "Own" it', "20:12", "title: '\"Own\" it'"),
        (TITLE, "    title: 'Own' it", "20:12", "title: \"'Own' it\""),
        ('schedule: "0 7 * * *"', "schedule: * 7 * * *", "5:11", 'schedule: "* 7 * * *"'),
        ('schedule: "0 7 * * *"', "schedule: */5 * * * *", "5:11", 'schedule: "*/5 * * * *"'),
        ('schedule: "0 7 * * *"', "schedule: @daily", "5:11", 'schedule: "@daily"'),
        ("timezone: Europe/Berlin", "timezone:Europe/Berlin", "2:10", "timezone: Europe/Berlin"),
        ("timezone: Europe/Berlin", "timezone = Europe/Berlin", "2:1", "timezone: Europe/Berlin"),
        ("  - id: KR-3", "  -id: KR-3", "19:4", "- id: KR-3"),
        ("{id: KR-1, metric", "{id:KR-1, metric", "17:6", "id: KR-1"),
        ("metric: bugs, from", "metric: bugs from", "17:24", "metric: bugs, from: 120"),
        ("unit: percent}", "unit: money: EUR}", "15:44", "unit: money:EUR"),
        ("token: {env: NOTION_TOKEN}", "token: ${NOTION_TOKEN}", "8:33", "{env: NOTION_TOKEN}"),
        (TITLE, "    title: Open #bugs", "20:16", 'title: "Open #bugs"'),
    ],
)
def test_the_line_to_write_instead_is_in_the_message_and_works(
    tmp_path: Path, old: str, new: str, place: str, fixed: str
) -> None:
    text = change(old, new)
    message = said(tmp_path, text)
    assert message.startswith(f"acme.yaml:{place}: ")
    assert fixed in message
    wrong = next(line for line in text.splitlines() if line not in GOOD.splitlines() and _has(line, fixed))
    repaired = text.replace(wrong, _repaired(wrong, fixed))
    if "money" not in fixed:  # an expression in euros is no key result in percent
        assert said(tmp_path, repaired) == ""


def _has(line: str, fixed: str) -> bool:
    if fixed.startswith("{"):
        return "$" in line
    return fixed.removeprefix("- ").split(":")[0].split(" ")[-1].strip("{") in line


def _repaired(line: str, fixed: str) -> str:
    """The wrong line with what the message says in the place of what is wrong."""
    if fixed.startswith("{"):
        return line.replace("${NOTION_TOKEN}", fixed)
    key = fixed.removeprefix("- ").split(":")[0]
    before, _, rest = line.partition(key)
    if "{" not in before:
        return f"{before.removesuffix('-')}{fixed}"
    closing = rest.partition(", measure")[2]
    after = (
        f", measure{closing}"
        if closing
        else rest[rest.rfind("}") :]
        if key != "id"
        else rest[rest.index(",") :]
    )
    return f"{before}{fixed}{', to: 30}' if key == 'metric' else after}"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (TITLE, "\ttitle: Own it", "acme.yaml:20:1: this is not YAML: the line begins with a tab\n  → begin it with blanks"),
        (TITLE, "\u00a0\u00a0\u00a0\u00a0title: Own it", "acme.yaml:20:1: this is not YAML: the line begins with a blank of another kind"),
        ("timezone: E", "timezone:\u00a0E", "acme.yaml:2:9: this is not YAML: after this sign comes a no-break space"),
        (TITLE, "   title: Own it", "acme.yaml:20:4: this is not YAML: the line begins with 3 blanks, which does not fit the line above\n  → begin it with 4 blanks"),
        (TITLE, "     title: Own it", "acme.yaml:20:6: this is not YAML: the line begins with 5 blanks"),
        ("timezone: Europe", "  timezone: Europe", "acme.yaml:2:3: this is not YAML: the line begins with 2 blanks, which does not fit the line above\n  → begin it at the left edge"),
        (TITLE, '    title: "Own it', 'acme.yaml:20:12: this is not YAML: the quote that begins the value of title is never closed\n  → end the value with the same quote: "Own it"'),
        ('"project = APP"', '"project = APP', "acme.yaml:13:27: this is not YAML: the quote that begins the value of jql is never closed\n  → end the value with the same quote"),
        ("from: 120, to: 30}", "from: 120, to: 30", "acme.yaml:17:5: this is not YAML: the { of this line is never closed"),
        ("from: 120, to: 30}", "from: 120, to: 30}}", "acme.yaml:17:48: this is not YAML: there is one } too many"),
        ("{id: KR-1, metric", "{id: KR-1, title: Open #bugs, metric", "acme.yaml:17:28: this is not YAML: #bugs begins a remark"),
        ("{id: KR-1, metric", "{id: KR-1; metric", "acme.yaml:17:14: this is not YAML: the parts between { and } are separated by commas"),
        ("  jira: {type", "  - jira: {type", "acme.yaml:7:3: this is not YAML: some lines here begin with a dash and some do not"),
        ("Europe/Berlin", "{{ zone }}", "acme.yaml:2:12: two opening brackets are here"),
        ("locale: de_DE", "locale: de_DE\nlocale: en_US", "acme.yaml:4:1: the key 'locale' is a duplicate: it is also at line 3"),
        (CYCLE, "cycle:", "cycle has nothing below it\n  → cycle: the time its key results are set for; for example cycle: {name: 2026-Q4, start: 2026-10-01, end: 2026-12-31}"),
        (CYCLE, "cycle: 2026-Q4", "acme.yaml:4:8: cycle cannot be '2026-Q4' alone: it has parts with names\n  → cycle: the time"),
        ("schedule:", "pace: linear\nschedule:", "for example pace: {working_days: true}"),
        ("schedule:", "limits: {drop: 30}\nschedule:", "drop: 30 is too large\n  → write 1 or less; a share is written 30% or 0.3"),
        ("schedule:", "keep_edits: 14\nschedule:", "14 has no unit of time; write 14d for days"),
        ("schedule:", "keep_edits: 14 days\nschedule:", "'14 days' is not a length of time; write 14d"),
        ("schedule:", "pace: {working_days: ja}\nschedule:", "working_days: 'ja' is neither yes nor no\n  → write true or false"),
        ("schedule:", "pace: {working_days: true, holidays: 2026-12-25}\nschedule:", "put it in square brackets: holidays: [2026-12-25]"),
        ("  - {id: KR-1, metric: bugs, from: 120, to: 30}", "  - KR-1", "part 1 of key_results cannot be 'KR-1' alone: it has parts with names\n  → key_results: a metric and a goal each; for example - {id: KR-1, metric: open_bugs, from: 120, to: 30}"),
        ("    reach: 3", "    yes_no: yes", "acme.yaml:22:13: yes_no cannot be 'yes'\n  → write yes_no: true"),
        ("    reach: 3", "    target: 60", "acme.yaml:22:5: unknown key 'target'\n  → write `reach: 60` to go from 0 to 60, `from: 20` and `to: 60`"),
        ("    reach: 3", "    max: 60", "unknown key 'max'\n  → write `at_most:`"),
        ("    reach: 3", "    reach: 3\n    deadline: 2026-12-01", "people keep it in Notion"),
        ("    reach: 3", "    reach: “3,5 Mio. €”", "its quotes are those of a word processor; write the plain ones"),
        ("    reach: 3", "    within: [3]", "within has 1 part\n  → within: [low, high]"),
        ("    reach: 3", "    reach: 3\n    weight: 0,5", "weight: '0,5' is not a number here\n  → write the decimals after a point: 0.5"),
        ("unit: percent", "unit: EUR", "'EUR' is not a unit; did you mean money:EUR?"),
        ("unit: percent", "unit: €", "did you mean money:EUR?"),
        ("unit: percent", "unit: Prozent", "did you mean percent?"),
        ("unit: percent", "unit: hour", "did you mean hours?"),
        ("unit: percent", "unit: money:euro", "did you mean money:EUR?"),
        ("unit: percent", "unit: index", "it is a percentage; take the % sign away, or write `unit: percent` at its metric"),
        ("Europe/Berlin", "Europe/Berln", "there is no time zone 'Europe/Berln'\n  → did you mean 'Europe/Berlin'?"),
        ("Europe/Berlin", "Berlin", "did you mean 'Europe/Berlin'?"),
        ("Europe/Berlin", "America/New York", "did you mean 'America/New_York'?"),
        ("Europe/Berlin", "W. Europe Standard Time", "did you mean 'Europe/Berlin'?"),
        ("Europe/Berlin", "UTC+1", "write the name of a place, which knows when its summer time begins"),
        ("Europe/Berlin", "EST", "acme.yaml:2:11: the time zone EST has no summer time; if the company's place has, write its name, such as America/New_York"),
        ("de_DE", "german", "there is no locale 'german'\n  → did you mean 'de_DE'?"),
        ("window: month", "window: monthly", "did you mean month?"),
        ("window: month", "window: last month", "did you mean previous_month (the last complete one) or month (the running one)?"),
        ("window: month", "window: last 90 days", "'90 days' is not a length of time; write 90d"),
        ("start: 2026-10-01", "start: 1.10.2026", "'1.10.2026' is not a date\n  → write it as 2026-10-01"),
        ('"project = APP"', '"https://acme.atlassian.net/issues/?jql=project%20%3D%20APP"', "this is an address, not JQL; write what it searches for: project = APP"),
        ('"project = APP"', '"https://acme.atlassian.net/issues/?filter=10042"', "write what it searches for: filter = 10042"),
        ("{env: NOTION_TOKEN}}", "{env: NOTION_TOKEN}}\n  other: {type: notion, token: {env: X}}", "a company is written through one connection, 'notion'; write a YAML of its own"),
    ],
)  # fmt: skip
def test_what_was_meant_is_said_at_its_place(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert message in said(tmp_path, change(old, new))


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (GOOD.encode("utf-16"), "acme.yaml: this file is saved as UTF-16\n  → save it as UTF-8"),
        (GOOD.encode("utf-16-le"), "acme.yaml: this file is saved as UTF-16\n"),
        (GOOD.replace("Own", "Größe").encode("latin-1"), "acme.yaml:20:14: this file is not saved as UTF-8"),
        (GOOD.replace("Own", "Цель").encode("cp1251"), "acme.yaml:20:12: this file is not saved as UTF-8"),
        (GOOD.replace("Own", "O\x1bwn").encode(), "acme.yaml:20:13: there is a character here that cannot be seen (U+001B)"),
        (GOOD.replace("Own", "O\u202ewn").encode(), "acme.yaml:20:13: there is a character here that cannot be seen (U+202E)"),
        (b"PK\x03\x04....", "this is an Excel workbook, a Word document or a zip archive, not a YAML file"),
        (b"<!DOCTYPE html><html>", "this is a web page, not a YAML file"),
        (b"{\\rtf1 company: acme}", "this is a Rich Text document"),
        (b"", "this file holds no company"),
        (GOOD.encode("utf-8-sig"), ""),
        (GOOD.replace("\n", "\r\n").encode(), ""),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_says_how_to_save_it(tmp_path: Path, raw: bytes, message: str) -> None:
    found = said(tmp_path, raw)
    assert found.startswith(message) if message.startswith("acme") else message in found
    assert bool(message) == bool(found)


def test_no_sentence_of_a_parser_or_of_a_model_reaches_a_person(tmp_path: Path) -> None:
    """Every line of a good file is broken in turn by what people type; no message speaks of a program's insides."""
    inside = (
        "<block",
        "scalar",
        "mapping of keys",
        "valid ",
        "token",
        "codec",
        "instance of",
        "validation",
        "Model",
    )
    lines = GOOD.splitlines()
    for index, line in enumerate(lines):
        for broken in (f" {line}", f"\t{line}", line.replace(": ", ":", 1), line.replace("}", "", 1), f'{line}"', f"{line}: x", f"{line} *", line.partition(":")[0] + ":", line.partition(":")[0] + ": [1]", line.partition(":")[0] + ": 7"):  # fmt: skip
            found = said(tmp_path, "\n".join([*lines[:index], broken, *lines[index + 1 :]]))
            found = found.replace(broken.strip(), "").replace("NOTION_TOKEN", "").replace("JIRA_TOKEN", "")
            found = (
                found.replace("token:", "")
                .replace("'token'", "")
                .replace("{token}", "")
                .replace("token,", "")
            )
            assert not [word for word in inside if word in found], (broken, found)


def test_the_schema_lists_what_can_be_written_and_describes_every_key() -> None:
    from okrsync.config.schema import json_schema

    schema = json_schema(CONNECTORS)
    unit = schema["$defs"]["KeyResultModel"]["properties"]["unit"]["anyOf"]
    assert {"count", "percent", "hours"} <= set(unit[0]["enum"])
    assert "money:EUR" in unit[1]["examples"]
    metrics = schema["properties"]["metrics"]["additionalProperties"]["anyOf"]
    for metric in metrics:
        assert "previous_month" in metric["properties"]["window"]["anyOf"][0]["enum"]
        if "measure" in metric["properties"]:
            assert {"sum", "count"} <= set(metric["properties"]["measure"]["anyOf"][0]["enum"])
    assert not list(_undescribed(schema))


def _undescribed(part: Any, where: str = "") -> Any:
    if isinstance(part, dict):
        for name, one in part.get("properties", {}).items():
            if isinstance(one, dict) and "const" not in one and not one.get("description"):
                yield f"{where}/{name}"
        for name, one in part.items():
            yield from _undescribed(one, f"{where}/{name}")
    elif isinstance(part, list):
        for one in part:
            yield from _undescribed(one, where)
