"""Many companies: side by side, on time, told about, and over many machines."""

from okrsync.fleet.dues import due_names, is_due, remembered, timing
from okrsync.fleet.running import AT_ONCE, Ended, run_company, side_by_side, summary, worst
from okrsync.fleet.stopping import Stop
from okrsync.fleet.telling import run_and_tell

__all__ = [
    "AT_ONCE",
    "Ended",
    "Stop",
    "due_names",
    "is_due",
    "remembered",
    "run_and_tell",
    "run_company",
    "side_by_side",
    "summary",
    "timing",
    "worst",
]
