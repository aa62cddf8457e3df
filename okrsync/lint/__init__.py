"""Compare a company's OKRs with the advice on good OKRs: warnings about what is legal and rarely wise."""

from okrsync.lint.report import Warned, lint
from okrsync.lint.rules import RULES, Rule

__all__ = ["RULES", "Rule", "Warned", "lint"]
