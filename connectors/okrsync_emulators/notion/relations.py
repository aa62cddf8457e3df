"""Write both sides of a two-way relation, as Notion does."""

from __future__ import annotations

from collections.abc import Sequence

from okrsync_emulators.notion.workspace import Column, Row, Workspace


def follow(workspace: Workspace, column: Column, row: Row, before: Sequence[str]) -> None:
    """Write into the far column what changed in ``row``'s cell since ``before``: the ids that were there.

    Unknown: whether that moves the far rows' last_edited_time; here it does not.
    """
    far = column.details.get("synced")
    if column.kind != "relation" or not far:
        return
    now = row.cells.get(column.id) or []
    for identity in now:
        other = workspace.row(identity)
        if other is not None and row.id not in other.cells.get(far, []):
            other.cells[far] = [*other.cells.get(far, []), row.id]
    for identity in set(before) - set(now):
        other = workspace.row(identity)
        if other is not None and row.id in other.cells.get(far, []):
            other.cells[far] = [one for one in other.cells[far] if one != row.id]
