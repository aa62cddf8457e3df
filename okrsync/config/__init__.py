"""Read one YAML per company, checked, with places: ``load_company`` is the way in."""

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

__all__ = [
    "Company",
    "Connection",
    "CycleNotice",
    "Draft",
    "Initiative",
    "Kpi",
    "Metric",
    "Notify",
    "Objective",
    "Owner",
    "StatusRule",
    "load_company",
]
