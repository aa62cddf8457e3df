"""A Jira with a year of changes behind it, in a process of its own, so that its work is nobody else's.

Prints where it is and its token as one line of JSON, then answers every line it reads: ``count`` with the number of
requests since the last one. The end of its input ends it.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from okrsync_emulators.jira import JiraEmulator

PROJECTS = 5
LAST = date(2026, 11, 22)
WEEKS = int(os.environ.get("OKRSYNC_BENCH_WEEKS", "13"))
DAYS = WEEKS * 7
FIRST = LAST - timedelta(days=DAYS - 1)
EPICS = 10
WORK = ("To Do", "In Progress", "In Review", "Done")
PEOPLE = tuple(f"p{n}@acme.example" for n in range(20))


class Jira:
    """The other process, as the benchmark sees it."""

    def __init__(self, kind: str, issues: int) -> None:
        self.kind = kind
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.benchmarks.jira_of_a_year", kind, str(issues)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        told = json.loads(self._line())
        self.url, self.token = told["url"], told["token"]

    def requests(self) -> int:
        """How many came in since this was last asked."""
        assert self._process.stdin is not None
        print("count", file=self._process.stdin, flush=True)
        return int(self._line())

    def close(self) -> None:
        self._process.communicate(timeout=60)

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def jira_of_a_year(kind: str, issues: int) -> Iterator[Jira]:
    jira = Jira(kind, issues)
    try:
        yield jira
    finally:
        jira.close()


def seed(issues: int) -> dict[str, Any]:
    """Issues that were created and worked on throughout the year; half of them in the year before."""
    chance = random.Random(20_000)
    sprints = [
        {"id": number, "name": f"Sprint {number}", "board": 1, "state": "closed"} for number in range(1, 27)
    ]
    epics = [
        {"key": f"P{project}-{number}", "type": "Epic", "created": _moment(-DAYS)}
        for project in range(PROJECTS)
        for number in range(1, EPICS + 1)
    ]
    return {
        "users": [
            {"email": "bot@acme.example", "name": "Bot", "token": "sandbox-jira-token"},
            *({"email": person, "name": person.partition("@")[0]} for person in PEOPLE),
        ],
        "fields": [{"id": "customfield_10016", "name": "Story Points", "type": "number"}],
        "sprints": sprints,
        "issues": [*epics, *(_issue(chance, number) for number in range(issues - len(epics)))],
    }


def _issue(chance: random.Random, number: int) -> dict[str, Any]:
    """Estimated, given to somebody, put into a sprint, and moved towards Done; one in eight is opened again."""
    project = f"P{number % PROJECTS}"
    born = chance.uniform(-DAYS, DAYS)
    at, steps = born, list[dict[str, Any]]()

    def change(field: str, old: Any, new: Any) -> None:
        steps.append({"at": _moment(at), "field": field, "from": old, "to": new, "by": person})

    person, sprint = chance.choice(PEOPLE), chance.randint(1, 26)
    points = chance.choice((1, 2, 3, 5, 8, 13))
    status, resolved, held, sprinted = WORK[0], "", "", []
    for step in ("points", "assignee", "sprint", *WORK[1:], "reopen", *WORK[1:]):
        at += chance.expovariate(30 / DAYS)
        if at > DAYS - 1 or (step == "reopen" and chance.random() > 0.125):
            break
        if step == "points":
            change("Story Points", None, points)
        elif step == "assignee":
            change("assignee", None, person)
            held = person
        elif step == "sprint":
            change("Sprint", None, [sprint])
            sprinted = [sprint]
        else:
            new = WORK[1] if step == "reopen" else step
            if new == status:
                continue
            change("status", status, new)
            if new == "Done":
                change("resolution", None, "Done")
                resolved = _moment(at)
            elif status == "Done":
                change("resolution", "Done", None)
                resolved = ""
            status = new
    return {
        "key": f"{project}-{EPICS + 1 + number // PROJECTS}",
        "type": "Bug" if number % 3 == 0 else "Story",
        "created": _moment(born),
        "status": status,
        "parent": f"{project}-{1 + chance.randrange(EPICS)}",
        "fields": {"Story Points": points} if any(one["field"] == "Story Points" for one in steps) else {},
        "history": steps,
        **({"resolved": resolved, "resolution": "Done"} if resolved else {}),
        **({"assignee": held} if held else {}),
        **({"sprint": sprinted} if sprinted else {}),
    }


def _moment(day: float) -> str:
    """So many days after the year's first one."""
    first = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC)
    return (first + timedelta(days=day)).isoformat(timespec="milliseconds")


def serve(kind: str, issues: int) -> None:
    emulator = JiraEmulator("cloud" if kind == "cloud" else "data_center")
    emulator.load(seed(issues))
    print(json.dumps({"url": emulator.server.url, "token": emulator.secret()}), flush=True)
    for _ in sys.stdin:
        print(emulator.server.count(), flush=True)
        emulator.server.forget()
    emulator.server.close()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
