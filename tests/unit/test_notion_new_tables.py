"""Every cell has words by which `okrsync init` finds a column, and a column where it makes the table itself."""

from __future__ import annotations

import pytest

from okrsync.cells import CHECK_INS, KEY_RESULTS, OBJECTIVES, cells_of
from okrsync_notion.new_columns import columns_of
from okrsync_notion.new_tables import NewTables
from okrsync_notion.table_layout import Schema
from okrsync_notion.vocabulary import COLUMNS, rank

NOWHERE = Schema(id="s", title="t", database="d", in_trash=False, columns={})


@pytest.mark.parametrize("table", [KEY_RESULTS, OBJECTIVES])
def test_init_knows_a_column_for_every_cell_by_the_title_that_it_gives_it(table: str) -> None:
    for cell in cells_of(table):
        assert cell.name in COLUMNS
        assert rank(COLUMNS, cell.name, cell.title) is not None, cell.name


@pytest.mark.parametrize("table", [KEY_RESULTS, OBJECTIVES, CHECK_INS])
def test_a_new_table_has_a_column_for_every_cell_that_its_yaml_names(table: str) -> None:
    api, clock = None, None
    proposed = NewTables(api, clock, "p", None)._proposed()  # type: ignore[arg-type]
    made = columns_of(table, {OBJECTIVES: NOWHERE, KEY_RESULTS: NOWHERE})
    assert set(proposed.tables[table]["cells"].values()) <= set(made)
    assert {proposed.tables[table]["match"]} <= set(made)
