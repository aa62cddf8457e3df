"""A setting that would change nothing where it is written is refused with its place and where it belongs."""

from __future__ import annotations

from typing import Any

import pytest

KR, O3 = "{id: KR-1, objective: O-1, title: Open bugs,", "{id: O-3, title: Customers who recommend us"
BUGS, CRM = "from: 120, to: 30}", "metric: retention, at_least: 98%"
SHARE = "share: 100%, weight: 2}"


@pytest.mark.parametrize(
    ("old", "new", "key", "belongs"),
    [
        (
            "    match: ID\n",
            "    match: ID\n    baseline: Start\n",
            "baseline",
            "`destination: key_results:`",
        ),
        ("    match: ID\n", "    match: ID\n    target: Target\n", "target", "`destination: key_results:`"),
        ("    match: ID\n", "    match: ID\n    every: week\n", "every", "`destination: check_ins:`"),
        ("    match: KR\n", "    match: KR\n    every: day\n", "every", "`destination: check_ins:`"),
        (
            "    match: KR\n    baseline: Start\n    target: Target\n    owner: Owner\n    cells: {current: Current, progress: Progress,",
            "    match: KR\n    over_100: shown\n    baseline: Start\n    target: Target\n    owner: Owner\n    cells: {current: Current,",
            "over_100",
            "the cell `progress`",
        ),
        ("within: 20%}", "within: 20%, strict: true}", "strict", "a target or to at_most and at_least"),
        (SHARE, "milestones: 4, strict: true}", "strict", "`milestones` is not hit exactly"),
        (SHARE, "yes_no: true, strict: true}", "strict", "`yes_no` is not hit exactly"),
        (SHARE, "find_baseline: true, strict: true}", "strict", "`find_baseline` is not hit exactly"),
        (CRM, f"{CRM}, every: month", "every", "add `judge: held`, average or worst"),
        (CRM, f"{CRM}, missing_periods: skip", "missing_periods", "add `judge: held`, average or worst"),
        (KR, "{id: KR-1, weight: 2, title: Open bugs,", "weight", "add `objective:`"),
        ("title: A product people can rely on", "title: A, weight: 2", "weight", "add `parent:`"),
    ],
)
def test_it_is_refused_with_its_place(desk: Any, old: str, new: str, key: str, belongs: str) -> None:
    desk.edit_yaml(old, new)
    text = desk.yaml.read_text(encoding="utf-8")
    ended = desk.run("validate", "demo")
    assert ended.code == 2, ended.out
    (line,) = [one for one in ended.err.splitlines() if "has no effect here" in one]
    assert f"`{key}` has no effect here" in line
    row = int(line.split("demo.yaml:")[1].split(":")[0])
    assert f"{key}:" in text.splitlines()[row - 1]
    assert belongs in ended.err
    assert desk.run("sync", "demo").code == 2
    assert desk.writes == 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "status: Status, summary: Summary}",
            "summary: Summary}\n    statuses: {on_track: Gut}",
            "`statuses` has no effect here: no status is among the `cells`",
        ),
        (
            "status: Status, summary: Summary}",
            "summary: Summary}\n    initial: Offen",
            "`initial` has no effect here: no status is among the `cells`",
        ),
        (
            "{progress: Progress, status: Status, summary: Summary}",
            "{status: Status, summary: Summary}\n    decimals: 1",
            "`decimals` has no effect here: no number is among the `cells`",
        ),
        (
            "status: Status, summary: Summary}",
            "status: Status, summary: Summary}\n    statuses: {on_trak: Gut}",
            "there is no status 'on_trak'\n  → did you mean 'on_track'?",
        ),
    ],
)
def test_keys_of_a_notion_table_need_their_cells(desk: Any, old: str, new: str, said: str) -> None:
    desk.edit_yaml(old, new)
    ended = desk.run("validate", "demo")
    assert ended.code == 2
    assert said in ended.err


@pytest.mark.parametrize("table", ["initiatives", "kpis"])
def test_progress_above_100_belongs_to_no_initiative_and_no_kpi(desk: Any, table: str) -> None:
    cells = {"initiatives": "progress: Progress", "kpis": "value: Value"}[table]
    desk.edit_yaml(
        "\nmetrics:\n",
        f"  {table}:\n    database: 33333333333343338333333333333333\n    match: ID\n    over_100: shown\n"
        f"    cells: {{{cells}}}\n\nmetrics:\n",
    )
    ended = desk.run("validate", "demo")
    assert ended.code == 2
    assert "`over_100` has no effect here" in ended.err
    assert "it belongs to `destination: key_results:` or `destination: objectives:` or" in ended.err


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    match: KR\n", "    match: KR\n    over_100: shown\n"),
        ("    match: ID\n", "    match: ID\n    over_100: shown\n"),
        (CRM, f"{CRM}, judge: held, every: month, missing_periods: skip"),
        (CRM, f"{CRM}, strict: true"),
        (BUGS, f"{BUGS[:-1]}, strict: true}}"),
        (SHARE, "share: 100%, weight: 2, strict: true}"),
    ],
)
def test_where_it_has_an_effect_it_is_taken(desk: Any, old: str, new: str) -> None:
    desk.edit_yaml(old, new)
    assert desk.run("validate", "demo").code == 0, desk.run("validate", "demo").err


def test_a_page_in_a_table_that_is_not_named_is_a_warning(desk: Any) -> None:
    desk.edit_yaml(
        "\nobjectives:\n",
        "\nkpis:\n  - {id: K-1, metric: nps, healthy: {at_least: 40}, page: '33333333333343338333333333333333'}\n"
        "\nobjectives:\n",
    )
    ended = desk.run("validate", "demo")
    assert ended.code == 0
    assert "`page` has no effect: the destination has no table `kpis`" in " ".join(
        (ended.out + ended.err).split()
    )


def test_a_metric_s_title_is_what_its_key_result_is_called(desk: Any) -> None:
    desk.edit_yaml(
        'nps: {from: sheets, cell: "KPI!B2", unit: index}',
        'nps: {title: "How gladly we are recommended", from: sheets, cell: "KPI!B2", unit: index}',
    )
    desk.edit_yaml("title: Net Promoter Score, metric: nps", "metric: nps")
    assert "How gladly we are recommended" in desk.run("status", "demo").out
    desk.edit_yaml(
        "\nobjectives:\n", "\nkpis:\n  - {id: K-1, metric: nps, healthy: {at_least: 40}}\n\nobjectives:\n"
    )
    assert "K-1  How gladly we are recommended" in desk.run("status", "demo").out


def test_a_number_without_quotes_whose_point_groups_digits_is_a_warning(desk: Any) -> None:
    """YAML reads 3.500 as 3.5; in Germany it is three and a half thousand."""
    desk.edit_yaml('"€3.5M"', "3.500")
    assert "3.500 is 3.5" not in desk.run("validate", "demo").out, "in English the point is the decimal sign"
    desk.edit_yaml("locale: en_US", "locale: de_DE")
    said = " ".join(desk.run("validate", "demo").out.split())
    assert "KR-5: reach: 3.500 is 3.5, because the point is YAML's decimal sign; for 3500 write 3500" in said
    for clear in ("3.5", "3.50", "0.985", "3500", '"3.500"'):
        desk.edit_yaml("reach: 3.500", f"reach: {clear}")
        assert "decimal sign" not in desk.run("validate", "demo").out, clear
        desk.edit_yaml(f"reach: {clear}", "reach: 3.500")


@pytest.mark.parametrize(
    ("goal", "column", "said"),
    [
        ("", "target", "KR-9 has no target: write `to:`, or name the column that holds it with `target:`"),
        (
            "",
            "baseline",
            "KR-9 has no baseline: write `from:`, or name the column that holds it with `baseline:`",
        ),
        (", at_least: row", "target", "KR-9 has no target: write a number in place of row, or"),
        (", from: 40, to: 50", "target", ""),
        (", reach: 50", "baseline", ""),
    ],
)
def test_a_goal_that_nothing_can_say_is_a_warning(desk: Any, goal: str, column: str, said: str) -> None:
    assert "has no" not in desk.run("validate", "demo").out
    name = {"target": "Target", "baseline": "Start"}[column]
    desk.edit_yaml(f"    {column}: {name}\n", "")
    desk.edit_yaml("metric: nps}", f"metric: nps{goal}}}")
    ended = desk.run("validate", "demo")
    assert ended.code == 0
    out = " ".join(ended.out.split())
    assert (said in out) if said else ("has no" not in out)
