"""Find the exported file that answers a question, and how old it is."""

from __future__ import annotations

import fnmatch
import glob
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from okrsync.connector import NoValueError
from okrsync.model import Cause, Question
from okrsync_crm.refusal import bad_data
from okrsync_crm.settings import CrmSettings

_DATE: Final = r"(?<!\d)(\d{4})[-_.]?(\d{2})[-_.]?(\d{2})(?!\d)"
_UNFINISHED: Final = (".part", ".partial", ".crdownload", ".download", ".filepart", ".tmp")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFile:
    """An exported file. ``time`` is when it was true at the latest: its modification, or the day in its name."""

    path: Path
    name: str
    time: datetime
    day: date | None = None


def find(settings: CrmSettings, base: str, question: Question, zone: ZoneInfo) -> tuple[ExportFile, ...]:
    """The files that hold the answer: one, or with ``pick: all`` the parts of one export.

    Raises ``NoValueError``: UNAVAILABLE where there is no file, PAST where there is none of that day, DATA where the
    newest is not known or is older than ``stale_after``.
    """
    found = _matching(settings.path, base, zone)
    if not found:
        raise NoValueError(
            Cause.UNAVAILABLE,
            f"no file matches {settings.path}",
            hint="check that the export was made and that path is right; it starts from the folder of the YAML file",
        )
    if "{date}" in settings.path:
        found = _of_day(found, settings, question, zone)
    if settings.pick == "newest":
        found = [_newest(found, settings.path)]
    if not (question.past and "{date}" in settings.path):
        _fresh(found, settings.stale_after, question.now, zone)
    return tuple(sorted(found, key=lambda one: one.name))


def file_time(files: Sequence[ExportFile]) -> datetime:
    """When a set of files was true: the parts of one export are as fresh as the freshest of them."""
    return max(file.time for file in files)


def _matching(pattern: str, base: str, zone: ZoneInfo) -> list[ExportFile]:
    whole = str(Path(glob.escape(base)) / pattern)
    names = (
        fnmatch.translate(whole.replace("{date}", "\0")).replace(re.escape("\0"), _DATE).replace("\0", _DATE)
    )
    found = []
    literal = Path(base) / pattern
    # A browser names a file "deals [1].csv": that is a name, no pattern.
    listed = [str(literal)] if literal.is_file() else glob.glob(whole.replace("{date}", "*"), recursive=True)  # noqa: PTH207 - pattern may be absolute
    for name in sorted(listed):
        path = Path(name)
        unfinished = path.name.startswith("~$") or path.name.lower().endswith(_UNFINISHED)
        if unfinished or not path.is_file():
            continue
        day = None
        if "{date}" in pattern:
            parts = re.fullmatch(names, name)
            day = _day(*parts.groups()) if parts else None
            if day is None:
                continue
        elif not re.search(_DATE, pattern):
            days = [_day(*parts) for parts in re.findall(_DATE, path.name)]
            day = days[0] if len(days) == 1 else None
        found.append(ExportFile(path=path, name=path.name, time=_time(path, day, zone), day=day))
    return found


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _time(path: Path, day: date | None, zone: ZoneInfo) -> datetime:
    """A copy gets a new modification time, so a file is never younger than the day in its name."""
    modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    if day is None:
        return modified
    return min(modified, datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC))


def _of_day(
    found: list[ExportFile], settings: CrmSettings, question: Question, zone: ZoneInfo
) -> list[ExportFile]:
    wanted = question.at.astimezone(zone).date()
    days = [one.day for one in found if one.day is not None and one.day <= wanted]
    newest = max(days, default=None)
    too_old = False
    if question.past and newest != wanted and newest is not None:
        tolerance = settings.stale_after or timedelta(0)
        end_of_day = datetime.combine(newest + timedelta(days=1), time(), zone)
        too_old = end_of_day < question.at - tolerance or not tolerance
    if newest is None or too_old:
        nearest = f"; the nearest before it is of {newest}" if newest else ""
        raise NoValueError(
            Cause.PAST if question.past else Cause.UNAVAILABLE,
            f"there is no export of {wanted} ({settings.path}){nearest}",
            hint="put the export of that day there, or widen stale_after"
            if newest
            else "put the export there",
        )
    return [one for one in found if one.day == newest]


def _newest(found: list[ExportFile], pattern: str) -> ExportFile:
    dated = all(one.day is not None for one in found)
    stamps = [(one.day if dated else None, one.path.stat().st_mtime_ns) for one in found]
    best = max(stamps, key=lambda stamp: (stamp[0] or date.min, stamp[1]))
    newest = [one for one, stamp in zip(found, stamps, strict=True) if stamp == best]
    if len(newest) > 1:
        raise bad_data(
            f"{newest[0].name} and {newest[1].name} are equally new: {pattern} may mean either",
            hint="remove one, or put the day into the names and write {date} in path",
        )
    return newest[0]


def _fresh(found: Sequence[ExportFile], limit: timedelta | None, now: datetime, zone: ZoneInfo) -> None:
    if limit is None:
        return
    newest = max(found, key=lambda one: one.time)
    age = now - newest.time
    if age > limit:
        raise bad_data(
            f"{newest.name} is {_length(age)} old (of {newest.time.astimezone(zone):%Y-%m-%d %H:%M}), "
            f"more than stale_after allows ({_length(limit)})",
            hint="export again, or look why the export job stopped",
        )


def _length(span: timedelta) -> str:
    hours = int(span.total_seconds()) // 3600
    if hours < 1:
        return f"{int(span.total_seconds()) // 60} min"
    return f"{hours} h" if hours < 72 else f"{hours // 24} d"
