"""One YAML per company, checked, with places: ``load_company`` is the way in."""

from okrsync.config.build import load_company
from okrsync.config.company import (
    Company,
    Connection,
    CycleNotice,
    Draft,
    Initiative,
    Kpi,
    Metric,
    Notify,
    Objective,
    Owner,
    StatusRule,
)
from okrsync.config.next_cycle import NextCycle, next_cycle
from okrsync.config.schema import json_schema

__all__ = [
    "Company",
    "Connection",
    "CycleNotice",
    "Draft",
    "Initiative",
    "Kpi",
    "Metric",
    "NextCycle",
    "Notify",
    "Objective",
    "Owner",
    "StatusRule",
    "json_schema",
    "load_company",
    "next_cycle",
]
