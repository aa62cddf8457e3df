"""A folder of made-up exports, and the shortest way to ask about them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from okrsync.model import (
    COUNT,
    PERCENT,
    Answer,
    Cause,
    Dimension,
    NoValue,
    Question,
    Reading,
    SourceRecords,
    Unit,
    Window,
)
from okrsync.ports import ConnectorContext, Source
from okrsync.testing import JumpClock
from okrsync_crm import CrmQuery, CrmSettings, connector
from okrsync_crm.source import CrmSource

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 23, 7, 0, tzinfo=ZONE)
QUARTER = Window(
    start=datetime(2026, 10, 1, tzinfo=ZONE), end=datetime(2027, 1, 1, tzinfo=ZONE), label="2026-Q4"
)
USD = Unit(dimension=Dimension.MONEY, detail="USD")
UNITS: Mapping[str, Unit] = {
    "count": COUNT,
    "percent": PERCENT,
    "money:USD": USD,
    "money:EUR": Unit(dimension=Dimension.MONEY, detail="EUR"),
    **{
        name: Unit(dimension=Dimension.DURATION, detail=name)
        for name in ("seconds", "minutes", "hours", "days")
    },
}


def ask(
    *,
    unit: Unit | str = COUNT,
    window: Window | None = None,
    at: datetime = NOW,
    metric: str = "m",
    **query: Any,
) -> Question:
    """A question as the engine asks it; ``query`` are the metric's own keys."""
    return Question(
        metric=metric,
        query=CrmQuery.model_validate(query),
        at=at,
        now=NOW,
        unit=UNITS[unit] if isinstance(unit, str) else unit,
        window=window,
    )


@dataclass(frozen=True)
class Exports:
    """``settings`` are the connection's keys besides ``path``."""

    folder: Path
    path: str = "deals*"
    settings: Mapping[str, Any] = field(default_factory=dict)

    def put(
        self, name: str, content: str | bytes, *, encoding: str = "utf-8", age: timedelta = timedelta(hours=1)
    ) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
        self.touch(file, age)
        return file

    @staticmethod
    def touch(file: Path, age: timedelta) -> None:
        moment = (NOW - age).timestamp()
        os.utime(file, (moment, moment))

    @property
    def context(self) -> ConnectorContext:
        return ConnectorContext(
            name="deals", clock=JumpClock(NOW.astimezone(UTC)), timezone=ZONE.key, base=str(self.folder)
        )

    def records(self, question: Question, limit: int | None) -> SourceRecords:
        assert connector.records is not None
        return connector.records(
            CrmSettings.model_validate({"path": self.path, **self.settings}), question, limit, self.context
        )

    def source(self, **settings: Any) -> Source:
        assert connector.source is not None
        keys = {"path": self.path, **self.settings, **settings}
        return connector.source(CrmSettings.model_validate(keys), self.context)

    def read(self, *questions: Question, **settings: Any) -> Sequence[Answer]:
        """The answers of the database, which must be those of a small file's own reading."""
        source = self.source(**settings)
        assert isinstance(source, CrmSource)
        answers = replace(source, small=0).read(questions)
        if "://" not in source.settings.path:
            assert list(map(shown, source.read(questions))) == list(map(shown, answers))
        return answers

    def value(self, question: Question, **settings: Any) -> Decimal:
        return self.reading(question, **settings).value

    def reading(self, question: Question, **settings: Any) -> Reading:
        (answer,) = self.read(question, **settings)
        assert isinstance(answer, Reading), answer
        return answer

    def refusal(self, question: Question, cause: Cause, **settings: Any) -> str:
        """The reason and hint of an answer that must be NoValue because of ``cause``."""
        (answer,) = self.read(question, **settings)
        assert isinstance(answer, NoValue), answer
        assert answer.cause is cause, answer
        return f"{answer.reason} → {answer.hint}"


def shown(answer: Answer) -> tuple[Answer, str]:
    """An answer and its digits: 20 is not shown as 20.0."""
    return answer, str(answer.value) if isinstance(answer, Reading) else ""


def facts(reading: Reading) -> dict[str, str]:
    return dict(reading.evidence.facts)
