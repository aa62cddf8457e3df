"""Made-up traffic in the shapes of recorded traffic: each answer is compared whole, key for key.

The file next to this one holds requests and answers in turn, from one workspace. Recorded traffic itself is other
people's and stays out; what it shows (keys, their order, escapes, stamps, far columns) is in these answers.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.support.notion_workspace import Desk, desk_with

TRAFFIC = Path(__file__).with_name("traffic.json")
PARENT = {"type": "page_id", "page_id": "99999999-9999-4999-8999-999999999998"}
SEED: dict[str, Any] = {
    "token": "secret_demo",
    "bot": {"id": "b0000000-0000-4000-8000-000000000001"},
    "people": [{"id": "a0000000-0000-4000-8000-000000000001", "name": "Ada", "email": "ada@acme.test"}],
    "databases": [
        {
            "id": "d0000000-0000-4000-8000-000000000001",
            "title": "OKRs",
            "data_sources": [
                {
                    "id": "c0000000-0000-4000-8000-000000000001",
                    "title": "Key results",
                    "properties": {
                        "Name": {"type": "title"},
                        "KR": {"type": "rich_text", "id": "a:b;"},
                        "Current": {"type": "number", "id": "CuRr"},
                        "Status": {"type": "status", "id": "St~s", "default": "Not started"},
                        "Where": {"type": "place", "id": "pl@c"},
                    },
                    "rows": [
                        {"id": "e0000000-0000-4000-8000-000000000001", "Name": "Open bugs", "KR": "KR-1"}
                    ],
                }
            ],
        }
    ],
}


def played(desk: Desk, traffic: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same requests with the answers of now."""
    seen = []
    for one in traffic:
        answer = desk.http.request(one["method"], one["path"], json=one.get("body"))
        seen.append({**one, "status": answer.status_code, "answer": answer.json()})
    return seen


def test_answers_are_those_of_recorded_shapes_to_the_last_key() -> None:
    traffic = json.loads(TRAFFIC.read_text(encoding="utf-8"))
    for desk in desk_with(seed=SEED):
        for kept, now in zip(traffic, played(desk, traffic), strict=True):
            # As text: the order of keys is part of the shape.
            assert json.dumps(now, indent=1) == json.dumps(kept, indent=1), kept["path"]
