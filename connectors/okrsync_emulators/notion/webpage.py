"""Show what Notion holds now as a plain web page: every table, and who edited each row last."""

from __future__ import annotations

from datetime import UTC
from typing import Final

from okrsync_emulators.notion.grid import grids
from okrsync_emulators.notion.workspace import Workspace

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ name }} · Notion</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<style>
body { font: 14px/1.5 system-ui, sans-serif; margin: 24px; }
div { overflow-x: auto; }
table { border-collapse: collapse; }
th, td { border: 1px solid #8886; padding: 4px 8px; text-align: left; }
</style></head><body><main><h1>{{ name }}</h1><p>What this emulated Notion holds at {{ now }} UTC.</p>
{% for grid in grids %}<section><h2>{{ grid.title }}</h2>{% if grid.note %}<p>{{ grid.note }}</p>{% endif %}
<div tabindex="0" role="region" aria-label="{{ grid.title }} {{ grid.note }}"><table><thead><tr>
{% for column in grid.columns %}<th scope="col">{{ column.name }}</th>{% endfor %}<th scope="col">Last edited (UTC)</th></tr></thead><tbody>
{% for row in grid.rows %}<tr>{% for cell in row.cells %}<td>{{ cell.text }}</td>{% endfor %}
<td>{{ row.editor }}, {{ row.edited.strftime("%Y-%m-%d %H:%M") }}{% if row.in_trash %}, in the trash{% endif %}</td></tr>
{% endfor %}</tbody></table></div></section>{% else %}<p>There is no table yet.</p>{% endfor %}</main></body></html>
"""


def rendered(workspace: Workspace) -> str:
    """The whole page. It needs nothing from elsewhere."""
    from jinja2 import Environment

    page = Environment(autoescape=True).from_string(_PAGE)
    now = f"{workspace.now():%Y-%m-%d %H:%M}"
    return page.render(name=workspace.name, now=now, grids=grids(workspace, UTC))
