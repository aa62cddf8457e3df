"""Sync many companies: side by side, on a schedule, and over many machines."""

from okrsync.fleet.due import due_names, is_due, timing, timings
from okrsync.fleet.runs import AT_ONCE, CompanyRun, run_company, side_by_side, summary, worst
from okrsync.fleet.stop import Stop, Stopped

__all__ = [
    "AT_ONCE",
    "CompanyRun",
    "Stop",
    "Stopped",
    "due_names",
    "is_due",
    "run_company",
    "side_by_side",
    "summary",
    "timing",
    "timings",
    "worst",
]
