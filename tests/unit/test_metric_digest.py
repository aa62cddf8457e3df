"""What a metric means is computed once for a company, and again for a changed copy of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from okrsync import metric_digest
from okrsync.config import load_company
from okrsync.metric_digest import metric_digest as digest
from okrsync.plugins import Connectors

DEMO = Path(__file__).parents[2] / "okrsync" / "sandbox" / "demo" / "demo.yaml"


def test_a_metric_is_digested_once_for_a_company(monkeypatch: pytest.MonkeyPatch) -> None:
    company = load_company(DEMO, Connectors())
    name = next(name for name, metric in company.metrics.items() if not metric.expr)
    asked: list[str] = []
    real = metric_digest._meaning

    def meaning(company: object, name: str) -> object:
        asked.append(name)
        return real(company, name)  # type: ignore[arg-type]

    monkeypatch.setattr(metric_digest, "_meaning", meaning)
    assert len({digest(company, name) for _ in range(5)}) == 1
    assert asked == [name]
    changed = replace(
        company, metrics={**company.metrics, name: replace(company.metrics[name], window="week")}
    )
    assert digest(changed, name) != digest(company, name)
    assert asked == [name, name]
