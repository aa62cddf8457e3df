"""One YAML per company, checked, with places: ``load_company`` is the way in."""

from okrsync.config.build import load_company
from okrsync.config.company import Company, Connection, Metric, Objective, StatusRule
from okrsync.config.schema import json_schema

__all__ = ["Company", "Connection", "Metric", "Objective", "StatusRule", "json_schema", "load_company"]
