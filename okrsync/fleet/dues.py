"""Who is due."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from okrsync.config import Company
from okrsync.errors import ConfigError


def due_names(
    names: Iterable[str], load: Callable[[str], Company], last: Mapping[str, datetime], now: datetime
) -> list[str]:
    """Those of ``names`` whose schedule has come since their last sync (``last``, by company).

    Without a schedule nobody is due. Who cannot be read is: its run says why.
    """
    return [name for name in names if _is_due(name, load, last, now)]


def _is_due(name: str, load: Callable[[str], Company], last: Mapping[str, datetime], now: datetime) -> bool:
    try:
        company = load(name)
    except ConfigError:
        return True
    return company.schedule is not None and company.schedule.due(last.get(company.id), now)
