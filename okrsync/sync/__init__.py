"""Sync, preview, backfill, adopt and release; ``run.py`` is the page to read first."""

from okrsync.sync.accept import Accepted, accept
from okrsync.sync.adopt import Claim, claim
from okrsync.sync.backfill import Backfill, BackfillRequest, Found, Progress, Recalled, backfill
from okrsync.sync.backfill_check_ins import Filled
from okrsync.sync.baseline import choose_baseline
from okrsync.sync.connections import missing_secrets, open_connections, references, secrets_of
from okrsync.sync.doctor import examine
from okrsync.sync.ledger_notices import ledger_notices, times_ahead
from okrsync.sync.plan_file import Reviewed
from okrsync.sync.records import MetricRecords, records_behind
from okrsync.sync.result import Report, by_subject
from okrsync.sync.run import preview, sync
from okrsync.sync.trend import Seen, Trend, goal_of, last_values, remembered, trend

__all__ = [
    "Accepted",
    "Backfill",
    "BackfillRequest",
    "Claim",
    "Filled",
    "Found",
    "MetricRecords",
    "Progress",
    "Recalled",
    "Report",
    "Reviewed",
    "Seen",
    "Trend",
    "accept",
    "backfill",
    "by_subject",
    "choose_baseline",
    "claim",
    "examine",
    "goal_of",
    "last_values",
    "ledger_notices",
    "missing_secrets",
    "open_connections",
    "preview",
    "records_behind",
    "references",
    "remembered",
    "secrets_of",
    "sync",
    "times_ahead",
    "trend",
]
