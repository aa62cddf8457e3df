"""``okrsync ledger copy`` between SQLite and a real PostgreSQL: everything or nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text, update

from okrsync.cli import main
from okrsync.cli.context import Context
from okrsync.errors import Busy, ConfigError, DataError
from okrsync.ledger import copy, open_ledger
from okrsync.ledger.copy import copy_ledger
from okrsync.ledger.database import connected
from okrsync.ledger.tables import metadata, puts
from okrsync.memory import RunStarted, StateEntry
from okrsync.testing import JumpClock
from tests.support.ledger_process import entries
from tests.support.postgres import running

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.fixture(params=["sqlite to postgresql", "postgresql to sqlite", "sqlite to sqlite"])
def sides(request: Any, tmp_path: Path) -> tuple[str, str]:
    made = [
        running().fresh() if kind == "postgresql" else f"sqlite:///{tmp_path / f'{side}.db'}"
        for side, kind in enumerate(request.param.split(" to "))
    ]
    return made[0], made[1]


def fill(url: str, companies: int = 3, runs: int = 3) -> None:
    with open_ledger(url, JumpClock()) as ledger:
        for company in range(companies):
            with ledger.hold(f"c{company}"):
                for number in range(runs):
                    ledger.record(f"c{company}", RunStarted(run=f"run-{number}", command="sync", at=NOW))
                    ledger.record(f"c{company}", *entries(number))
                ledger.record(
                    f"c{company}", StateEntry(connection="jira", key="ключ % ' \"", value="🙂\n\\ \\x00")
                )


def remembered(url: str) -> list[Any]:
    with open_ledger(url, JumpClock()) as ledger:
        long = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
        return [
            (ledger.recall(f"c{company}"), ledger.history(f"c{company}", "bugs", *long), ledger.last_syncs())
            for company in range(3)
        ]


def rows(url: str) -> int:
    database = connected(url)
    with database.reading() as connection:
        count = sum(
            int(connection.scalar(text(f"SELECT count(*) FROM {table.name}")) or 0)
            for table in metadata.sorted_tables
        )
    database.close()
    return count


@pytest.mark.postgres
def test_the_copy_remembers_the_same_and_goes_on(
    sides: tuple[str, str], capsys: Any, monkeypatch: Any
) -> None:
    source, target = sides
    fill(source)
    before = remembered(source)
    monkeypatch.setenv("OKRSYNC_LEDGER", source)
    assert main(["ledger", "copy", "--to", target], Context()) == 0
    out = capsys.readouterr().out
    assert f"copied {rows(source)} rows" in out
    assert rows(target) == rows(source) > 600
    assert remembered(target) == remembered(source) == before
    # Both go on: numbers of new rows do not meet those of copied ones, tokens of leases only grow.
    fill(target, runs=2)
    with open_ledger(target, JumpClock()) as ledger, ledger.hold("c0") as lease:
        lease.renew()


@pytest.mark.postgres
def test_an_empty_ledger_is_copied_too(sides: tuple[str, str]) -> None:
    source, target = sides
    assert {one.rows for one in copy_ledger(source, target, NOW)} == {0}
    fill(target, companies=1, runs=1)


@pytest.mark.postgres
def test_what_is_not_empty_is_not_written_over(sides: tuple[str, str]) -> None:
    source, target = sides
    fill(source)
    fill(target, companies=1, runs=1)
    before = rows(target)
    with pytest.raises(ConfigError, match=r"is not empty: okrsync_\w+ holds \d+ rows?"):
        copy_ledger(source, target, NOW)
    assert rows(target) == before


@pytest.mark.postgres
def test_a_row_that_comes_out_different_undoes_everything(
    sides: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target = sides
    fill(source)

    def spoil(connection: Any, table: Any) -> None:
        if table is puts:
            connection.execute(update(puts).where(puts.c.address == "cell-7").values(value='"7"'))

    monkeypatch.setattr(copy, "_count_on", spoil)
    with pytest.raises(DataError, match="does not read back what was written into okrsync_puts"):
        copy_ledger(source, target, NOW)
    assert rows(target) == 0


def test_a_company_that_is_being_synced_stops_the_copy(tmp_path: Path) -> None:
    source, target = f"sqlite:///{tmp_path / 'a.db'}", f"sqlite:///{tmp_path / 'b.db'}"
    with (
        open_ledger(source, JumpClock(NOW)) as ledger,
        ledger.hold("acme"),
        pytest.raises(Busy, match="acme is being synced by process"),
    ):
        copy_ledger(source, target, NOW)
    assert rows(target) == 0
    copy_ledger(source, target, NOW)


def test_a_ledger_is_not_copied_onto_itself(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="onto itself"):
        copy_ledger(f"sqlite:///{tmp_path / 'a.db'}", f"sqlite:///{tmp_path}/x/../a.db", NOW)
