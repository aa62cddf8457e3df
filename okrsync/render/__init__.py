"""Reports as people and programs read them. Nothing here decides anything."""

from okrsync.render.data import findings_data, report_data
from okrsync.render.explain import explanation
from okrsync.render.history import backfill_data, backfill_text, history_csv, history_rows, history_table
from okrsync.render.plan import plan_text
from okrsync.render.status import status_table
from okrsync.render.trend import trend_data

__all__ = [
    "backfill_data",
    "backfill_text",
    "explanation",
    "findings_data",
    "history_csv",
    "history_rows",
    "history_table",
    "plan_text",
    "report_data",
    "status_table",
    "trend_data",
]
