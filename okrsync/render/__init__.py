"""Show reports to people and programs. Nothing is decided here."""

from okrsync.render.data import explanation_data, findings_data, report_data, status_data
from okrsync.render.explain import explanation
from okrsync.render.history import backfill_data, backfill_text, history_csv, history_data, history_table
from okrsync.render.plan import drafts_text, notice_text, plan_text
from okrsync.render.records import records_csv, records_text, without_records
from okrsync.render.status import efforts, kpis_text, status_view
from okrsync.render.trend import left_out_text

__all__ = [
    "backfill_data",
    "backfill_text",
    "drafts_text",
    "efforts",
    "explanation",
    "explanation_data",
    "findings_data",
    "history_csv",
    "history_data",
    "history_table",
    "kpis_text",
    "left_out_text",
    "notice_text",
    "plan_text",
    "records_csv",
    "records_text",
    "report_data",
    "status_data",
    "status_view",
    "without_records",
]
