"""A YAML with hundreds of key results, for what must stay fast and small."""

from __future__ import annotations

from pathlib import Path


def enlarge(path: Path, key_results: int, objectives: int) -> None:
    """Give the demo company so many key results, all on one export, and a tree of objectives."""
    text = path.read_text(encoding="utf-8")
    head = text[: text.index("metrics:\n")]
    metrics = [
        f"  m{n}: {{from: deals, measure: sum, field: Amount, where: {{Stage: Won}}, date: Closed, "
        'window: cycle, unit: "money:EUR"}'
        for n in range(key_results)
    ]
    tree = [
        f"  - {{id: O-{n}, title: Objective number {n}{f', parent: O-{n // 4}' if n % 4 and n > 4 else ''}}}"
        for n in range(objectives)
    ]
    rows = [
        f"  - {{id: KR-{n}, objective: O-{n % objectives}, title: Key result number {n}, metric: m{n}, "
        f'reach: "€{3 + n / 100:.2f}M"}}'
        for n in range(key_results)
    ]
    lines = ["metrics:", *metrics, "objectives:", *tree, "key_results:", *rows, ""]
    path.write_text(head + "\n".join(lines), encoding="utf-8")
