import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from okrsync.config import Company, load_company
from okrsync.config.schema import json_schema
from okrsync.config.yamlfile import parse_yaml
from okrsync.errors import ConfigError
from okrsync.key_results import Aimed, Form
from okrsync.model import PERCENT
from okrsync.plugins import Connectors
from okrsync.progress import Judge

CONNECTORS = Connectors()
GOOD = """\
company: acme
timezone: Europe/Berlin
locale: de_DE
cycle: {name: 2026-Q4, start: 2026-10-01, end: 2026-12-31}
connections:
  jira: {type: jira, url: "https://acme.atlassian.net", auth: {email: bot@acme.example, token: {env: JIRA_TOKEN}}}
  notion: {type: notion, token: {env: NOTION_TOKEN}}
destination:
  connection: notion
  key_results: {database: 1f0e4b0ac0de4b0a8c0de4b0ac0de4b0, match: KR ID, cells: {current: Current, progress: Progress}}
metrics:
  bugs: {from: jira, jql: "project = APP", measure: count}
  done: {from: jira, jql: "project = APP AND statusCategory = Done", date: resolved, window: month}
  share: {expr: "done / bugs * 100", unit: percent}
key_results:
  - {id: KR-1, metric: bugs, from: 120, to: 30}
  - {id: KR-2, metric: share, at_least: "98,5 %"}
"""


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def load(text: str) -> Company:
        path = tmp_path / "acme.yaml"
        path.write_text(text, encoding="utf-8")
        return load_company(path, CONNECTORS, name="acme.yaml")

    return load


def complaint(write: Any, old: str, new: str) -> str:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        write(GOOD.replace(old, new, 1))
    return str(caught.value)


def test_a_company_is_read_whole(write: Any) -> None:
    company = write(GOOD)
    assert company.metrics["done"].window == "month"
    assert company.metrics["share"].unit == PERCENT
    assert [one.aimed for one in company.key_results] == [
        Aimed(form=Form.FROM_TO, start=Decimal(120), target=Decimal(30)),
        Aimed(form=Form.AT_LEAST, target=Decimal("98.5")),
    ]
    assert company.key_results[1].place == "acme.yaml:17:5"


@pytest.mark.parametrize(
    ("key_result", "aimed"),
    [
        ("{id: A, metric: bugs}", Aimed(form=Form.FROM_TO)),
        ("{id: A, metric: bugs, to: 30}", Aimed(form=Form.FROM_TO, target=Decimal(30))),
        (
            "{id: A, metric: bugs, reach: 3500000}",
            Aimed(form=Form.FROM_TO, start=Decimal(0), target=Decimal(3500000)),
        ),
        (
            "{id: A, metric: bugs, reach: '3.500.000'}",
            Aimed(form=Form.FROM_TO, start=Decimal(0), target=Decimal(3500000)),
        ),
        ("{id: A, metric: bugs, reach: row}", Aimed(form=Form.FROM_TO, start=Decimal(0))),
        ("{id: A, metric: share, share: 13}", Aimed(form=Form.FROM_TO, start=Decimal(0), target=Decimal(13))),
        ("{id: A, metric: bugs, change: +25%}", Aimed(form=Form.RELATIVE, change=Decimal("0.25"))),
        (
            "{id: A, metric: bugs, change: -12.5 %, baseline: 80}",
            Aimed(form=Form.RELATIVE, change=Decimal("-0.125"), start=Decimal(80)),
        ),
        ("{id: A, metric: bugs, change: +500000}", Aimed(form=Form.DELTA, change=Decimal(500000))),
        (
            "{id: A, metric: bugs, change: '+500.000', baseline: cycle_start}",
            Aimed(form=Form.DELTA, change=Decimal(500000)),
        ),
        (
            "{id: A, metric: bugs, at_most: 90, strict: true, risk: 100}",
            Aimed(form=Form.AT_MOST, target=Decimal(90), strict=True, risk=Decimal(100)),
        ),
        (
            "{id: A, metric: bugs, within: [70, 80]}",
            Aimed(form=Form.WITHIN, start=Decimal(70), target=Decimal(80)),
        ),
        (
            "{id: A, metric: share, within: 20%}",
            Aimed(form=Form.WITHIN, start=Decimal(-20), target=Decimal(20)),
        ),
        ("{id: A, metric: bugs, milestones: 12}", Aimed(form=Form.MILESTONES, target=Decimal(12))),
        ("{id: A, metric: bugs, yes_no: true}", Aimed(form=Form.YES_NO)),
        ("{id: A, metric: bugs, find_baseline: true}", Aimed(form=Form.BASELINE)),
    ],
)
def test_every_form_of_a_goal(write: Any, key_result: str, aimed: Aimed) -> None:
    company = write(GOOD.replace("{id: KR-1, metric: bugs, from: 120, to: 30}", key_result))
    assert company.key_results[0].aimed == aimed


def test_a_threshold_may_be_judged_over_time(write: Any) -> None:
    company = write(
        GOOD.replace("from: 120, to: 30", "at_most: 30, judge: held, every: week, missing_periods: skip")
    )
    assert company.key_results[0].judging is not None
    assert company.key_results[0].judging.how is Judge.HELD


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("timezone:", "timezon:", "acme.yaml:2:1: unknown key 'timezon'\n  → did you mean 'timezone'?"),
        ("timezone: Europe/Berlin\n", "", "acme.yaml:1:1: the key 'timezone' is missing"),
        ("Europe/Berlin", "Europe/Bärlin", "acme.yaml:2:11: there is no time zone 'Europe/Bärlin'"),
        ("de_DE", "xx_YY", "acme.yaml:3:9: there is no locale 'xx_YY'"),
        ("end: 2026-12-31", "end: 2026-09-30", "which is not after its start 2026-10-01"),
        (
            "start: 2026-10-01",
            "start: soon",
            "acme.yaml:4:31: start: 'soon' is not a date\n  → write it as 2026-10-01",
        ),
        (
            "type: jira",
            "type: jirra",
            "acme.yaml:6:16: there is no connector 'jirra'\n  → did you mean 'jira'?",
        ),
        ("type: jira, ", "", "acme.yaml:6:9: the key 'type' is missing"),
        ("token: {env: JIRA_TOKEN}", "token: abc123", "secrets stay out of this file"),
        (
            "connection: notion",
            "connection: notoin",
            "acme.yaml:9:15: there is no connection 'notoin'\n  → did you mean 'notion'?",
        ),
        ("connection: notion", "connection: jira", "okrsync reads from it and cannot write to it"),
        (
            "progress: Progress",
            "progres: Progress",
            "there is no cell 'progres'\n  → did you mean 'progress'?",
        ),
        (
            'from: jira, jql: "project = APP"',
            'from: jirra, jql: "project = APP"',
            "there is no connection 'jirra'",
        ),
        ('from: jira, jql: "project = APP"', 'from: notion, jql: "project = APP"', "it holds no metrics"),
        (
            "measure: count",
            "mesure: count",
            "acme.yaml:12:44: unknown key 'mesure'\n  → did you mean 'measure'?",
        ),
        ("measure: count", "windw: month", "unknown key 'windw'\n  → did you mean 'window'?"),
        ("measure: count", "measure: sum", "needs field"),
        ("measure: count", "measure: count, window: month", "a window needs a date to fall into"),
        ("window: month", "window: fortnight", "'fortnight' is not a window"),
        ("unit: percent", "unit: procent", "acme.yaml:14:44: 'procent' is not a unit"),
        (
            "done / bugs",
            "done / bogs",
            "acme.yaml:14:17: there is no metric 'bogs'\n  → did you mean 'bugs'?",
        ),
        ("done / bugs", "done / share", "share -> share"),
        ("done / bugs", "done /", "acme.yaml:14:17:"),
        ("expr:", "from: jira, expr:", "exactly one of `from`"),
        (
            "metric: bugs",
            "metric: bug",
            "acme.yaml:16:24: there is no metric 'bug'\n  → did you mean 'bugs'?",
        ),
        ("from: 120, to: 30", "from: 120, to: 120", "KR-1: start and target are both 120"),
        ("from: 120, to: 30", "from: 120, to: 30, reach: 5", "more than one goal: reach and from and to"),
        ("from: 120, to: 30", "from: 120, to: 30, baseline: 5", "baseline belongs to change"),
        ("from: 120, to: 30", "from: 120, to: 30, risk: 5", "risk belongs to at_most or at_least"),
        ("from: 120, to: 30", "from: 120, to: 30, judge: held", "judge belongs to at_most"),
        ("from: 120, to: 30", "from: 120, to: 30, judge: heldd", "did you mean 'held'?"),
        ("from: 120, to: 30", "from: 120, to: true", "write a number"),
        ("from: 120, to: 30", "reach: 3.5 Mio €", "acme.yaml:16:37: KR-1:"),
        ("from: 120, to: 30", "share: 50", "a share is measured in percent"),
        ("from: 120, to: 30", "within: [80, 70]", "is no range; write the lower number first"),
        ("from: 120, to: 30", "unit: hours, at_most: 5", "KR-1:"),
        ("id: KR-2", "id: KR-1", "acme.yaml:17:10: the id 'KR-1' is taken already at acme.yaml:16:10"),
        ("id: KR-2", "objective: O-9, id: KR-2", "there is no objective 'O-9'"),
        ("company: acme", "company: other", "this file is called acme.yaml, and the company in it other"),
        ("from: 120, to: 30", "at_most: 30, risk: 20", "risk 20 must be above at_most 30"),
        ("from: 120, to: 30", "at_least: 30, risk: 30", "risk 30 must be below at_least 30"),
        ("from: 120, to: 30", "milestones: 0", "0 parts are none"),
        ("from: 120, to: 30", "change: +25%, baseline: 0", "+25% of 0 is 0"),
        ("  - {id: KR-1", "  - {id: KR-1, metric: x}\n  - {id: KR-1", "there is no metric 'x'"),
        (
            "locale: de_DE",
            "locale: de_DE\nlocale: en_US",
            "acme.yaml:4:1: the key 'locale' is a duplicate: it is also at line 3",
        ),
        (
            "locale: de_DE",
            "locale: de_DE\npace: {points: {2026-12-01: 50%, 2026-11-01: 60%}}",
            "acme.yaml:4:",
        ),
        ("locale: de_DE", "locale: de_DE\npace: {points: {2027-02-01: 50%}}", "acme.yaml:4:"),
        ("from: 120, to: 30", "at_most: 0, judge: distance", "the distance from a limit of 0"),
        ("locale: de_DE", "locale: [", "this is not YAML"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(write: Any, old: str, new: str, said: str) -> None:
    assert said in complaint(write, old, new)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("key_results:\n  -", "objectives: [{id: O-1}]\nkey_results:\n  -", "no key result belongs to O-1"),
        ('at_least: "98,5 %"', "at_least: 0.985", "0.985 in percent is 0.985 %; for 98.5 % write 98.5%"),
        ('at_least: "98,5 %"', "from: 0.3, to: 60", "KR-2: from: 0.3 in percent is 0.3 %"),
        (
            "  notion: {type: notion",
            "  other: {type: notion, token: {env: T}}\n  notion: {type: notion",
            "nothing uses the connection 'other'",
        ),
    ],
)
def test_what_is_legal_and_probably_not_meant_is_a_warning_with_its_place(
    write: Any, old: str, new: str, said: str
) -> None:
    assert old in GOOD
    (warning,) = write(GOOD.replace(old, new, 1)).warnings
    assert said in warning
    assert "acme.yaml:" in warning


def test_a_percentage_that_is_written_as_one_is_no_warning(write: Any) -> None:
    assert write(GOOD.replace('at_least: "98,5 %"', 'at_least: "0,5 %"')).warnings == ()
    assert write(GOOD).warnings == ()


def test_everything_wrong_is_said_at_once_in_the_order_of_the_file(write: Any) -> None:
    text = (
        GOOD.replace("type: jira", "type: jirra")
        .replace("metric: bugs", "metric: bug")
        .replace("cells:", "cels:")
    )
    with pytest.raises(ConfigError) as caught:
        write(text)
    lines = [line.split(":")[1] for line in str(caught.value).splitlines() if line.startswith("acme.yaml:")]
    assert lines == sorted(lines, key=int)
    assert {"6", "10", "16"} <= set(lines)


def test_a_file_that_is_not_there_or_empty(tmp_path: Path, write: Any) -> None:
    with pytest.raises(ConfigError, match="there is no such file"):
        load_company(tmp_path / "nowhere.yaml", CONNECTORS)
    with pytest.raises(ConfigError, match="holds no company"):
        write("")


def test_yaml_keeps_what_was_written() -> None:
    data = parse_yaml(
        "[1.10, 007, no, yes, true, 2026-11-23, 12:30, 1e3, .inf, ~, -0, '5', 0x1F]", name="t"
    ).data
    assert data == [
        Decimal("1.10"),
        "007",
        "no",
        "yes",
        True,
        "2026-11-23",
        "12:30",
        Decimal(1000),
        ".inf",
        None,
        0,
        "5",
        "0x1F",
    ]
    assert str(data[0]) == "1.10"


def test_the_schema_is_one_and_accepts_what_the_models_accept() -> None:
    schema = json_schema(CONNECTORS)
    Draft202012Validator.check_schema(schema)
    data = json.loads(json.dumps(parse_yaml(GOOD, name="t").data, default=float))
    assert list(Draft202012Validator(schema).iter_errors(data)) == []
    data["metrics"]["bugs"]["mesure"] = "count"
    assert list(Draft202012Validator(schema).iter_errors(data)) != []
