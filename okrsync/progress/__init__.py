"""Compute progress and status: the only place that does.

Progress is a fraction (1 = 100 %) and is kept raw: below 0 and above 1 are facts. Only display and roll-up clamp.
"""

from okrsync.progress.budgets import Budget, budget
from okrsync.progress.goals import (
    AtLeast,
    AtMost,
    Baseline,
    FromTo,
    Goal,
    Milestones,
    Within,
    YesNo,
    achieved,
    band,
    clamp,
    delta,
    in_risk_band,
    paced,
    progress,
    relative,
)
from okrsync.progress.judgement import Judge, MissingPeriod, judge, judged
from okrsync.progress.rollups import Part, Rolled, Rollup, rollup
from okrsync.progress.statuses import PRESETS, Preset, Status, status, worst_status

__all__ = [
    "PRESETS",
    "AtLeast",
    "AtMost",
    "Baseline",
    "Budget",
    "FromTo",
    "Goal",
    "Judge",
    "Milestones",
    "MissingPeriod",
    "Part",
    "Preset",
    "Rolled",
    "Rollup",
    "Status",
    "Within",
    "YesNo",
    "achieved",
    "band",
    "budget",
    "clamp",
    "delta",
    "in_risk_band",
    "judge",
    "judged",
    "paced",
    "progress",
    "relative",
    "rollup",
    "status",
    "worst_status",
]
