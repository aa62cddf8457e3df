"""Metrics of one shape are one GROUP BY, and say what each says when its rows are judged one by one."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from okrsync.model import COUNT, PERCENT, NoValue, Question, Reading
from okrsync_crm import CrmSettings
from okrsync_crm.source import CrmSource
from okrsync_crm.sql import execution, grouped
from tests.support.crm_exports import QUARTER, ZONE, Exports, ask

WHERE: list[dict[str, Any]] = [
    {},
    {"Stage": "Won"},
    {"Stage": ["Won", "Lost"]},
    {"Stage": "Won", "Owner": "o1"},
    {"Owner": ["o1", "o2"], "Stage": ["Lost"]},
]


def questions() -> list[Question]:
    asked = []
    for where in WHERE:
        for window in (None, QUARTER):
            keys: dict[str, Any] = {"where": where, "date": "Closed", "window": window}
            asked += [
                ask(measure="count", **keys),
                *(ask(measure=measure, field="Amount", **keys) for measure in ("sum", "mean", "min", "max")),
                ask(measure="ratio", part={"Stage": "Won"}, unit=PERCENT, **keys),
                ask(measure="ratio", part={"Stage": "Won", "Owner": "o2"}, field="Amount", **keys),
                ask(measure="median", field="Amount", **keys),
            ]
    asked.append(
        ask(measure="count", where={"Stage": "Won"}, date="Closed", at=datetime(2026, 10, 9, tzinfo=ZONE))
    )
    return [replace(one, metric=f"m{n}") for n, one in enumerate(asked)]


def export(*, bad: str = "") -> str:
    chance = random.Random(3)
    rows = [
        f"{n},o{n % 4},{chance.choice(['Won', 'Lost', 'Open'])},{'' if n % 17 == 0 else f'{chance.randrange(9000) / 100}'},"
        f"2026-{chance.randrange(8, 13):02}-{chance.randrange(1, 29):02}"
        for n in range(300)
    ]
    return "Id,Owner,Stage,Amount,Closed\n" + "\n".join([*rows, *([bad] if bad else [])]) + "\n"


@pytest.mark.parametrize("bad", ["", "301,o1,Won,what,2026-10-05", "301,o1,Won,5,sometime"])
def test_groups_say_what_rows_say(exports: Exports, monkeypatch: pytest.MonkeyPatch, bad: str) -> None:
    exports.put("deals.csv", export(bad=bad))
    together = exports.read(*questions(), key="Id")
    monkeypatch.setattr(grouped, "_MEASURES", set())
    alone = exports.read(*questions(), key="Id")
    assert together == alone
    assert {type(one) for one in alone} == ({Reading, NoValue} if bad else {Reading})


class Counted:
    def __init__(self, inner: execution.SqlConnection, seen: Callable[[str], None]) -> None:
        self._inner, self._seen = inner, seen

    @property
    def description(self) -> Any:
        return self._inner.description

    def execute(self, query: str, parameters: object = None) -> Any:
        self._seen(query)
        return self._inner.execute(query, parameters)

    def close(self) -> None:
        self._inner.close()


def test_five_hundred_metrics_of_one_shape_are_one_statement(exports: Exports, tmp_path: Path) -> None:
    lines = [f"{n},o{n % 500},{n}.5" for n in range(1500)]
    exports.put("deals.csv", "Id,Owner,Amount\n" + "\n".join(lines) + "\n")
    executed: list[str] = []
    source = CrmSource(
        CrmSettings(path="deals.csv", key="Id"),
        exports.context,
        connect=lambda *given: Counted(execution.connect(*given), executed.append),
        small=0,
    )
    one = len([source.read([ask(measure="sum", field="Amount", where={"Owner": "o1"})]), *executed]) - 1
    executed.clear()
    asked = [ask(measure="sum", field="Amount", where={"Owner": f"o{n}"}, unit=COUNT) for n in range(500)]
    answers = source.read(asked)
    assert [answer.value for answer in answers if isinstance(answer, Reading)] == [
        3 * n + 1500 + 1.5 for n in range(500)
    ]
    assert len(executed) == one
