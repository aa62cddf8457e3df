"""Reports as people and programs read them. Nothing here decides anything."""

from okrsync.render.data import findings_data, report_data
from okrsync.render.explain import explanation
from okrsync.render.plan import plan_text
from okrsync.render.status import efforts, status_table

__all__ = ["efforts", "explanation", "findings_data", "plan_text", "report_data", "status_table"]
