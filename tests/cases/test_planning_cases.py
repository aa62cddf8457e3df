from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from okrsync.config.yamlfile import read_yaml
from okrsync.memory import Intent, Memory
from okrsync.model import Cause, CellState, NoValue, Row, Stored
from okrsync.planning import DesiredCell, DesiredRow, plan, without_value

CASES = read_yaml(Path(__file__).with_name("planning.yaml")).data


def value(raw: Any) -> Stored:
    return Decimal(raw) if isinstance(raw, int) and not isinstance(raw, bool) else raw


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_verdict_and_words(case: dict[str, Any]) -> None:
    cell = CellState(
        address="prop", value=value(case["now"]), initial=case.get("initial"), locked=case.get("locked", "")
    )
    row = Row(id="page", key="KR-1", title="", url="", cells={"current": cell})
    memory = Memory(last_written={("page", "prop"): value(case["last"])})
    if "intent" in case:
        before, after = case["intent"]
        memory = Memory(
            last_written=memory.last_written,
            intents={("page", "prop"): Intent(before=value(before), after=value(after))},
        )
    if "missing" in case:
        proposal = without_value(NoValue(metric="m", cause=Cause.EMPTY, reason=case["missing"]))
    else:
        proposal = DesiredCell(value=value(case["wanted"]))
    (decision,) = plan(
        "acme", [DesiredRow(subject="KR-1", row=row, cells={"current": proposal})], memory
    ).decisions
    assert str(decision.verdict) == case["verdict"]
    assert (str(decision.hold) if decision.hold else None) == case.get("hold")
    assert decision.reason == case["reason"]
    assert decision.hint == case.get("hint", "")
