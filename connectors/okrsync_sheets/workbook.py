"""Read one spreadsheet: its ranges in as few requests as possible, its tabs only if needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from okrsync.connector import NoValueError
from okrsync.errors import OkrsyncError, Unavailable
from okrsync.model import Cause
from okrsync.spelling import did_you_mean
from okrsync_sheets import a1
from okrsync_sheets.cells import Block
from okrsync_sheets.client import QUERY_LENGTH, BadRange, SheetsClient, query_length
from okrsync_sheets.formats import MASK, Format, formats

Group = tuple[str, ...]
"""Ranges that belong together: they are read with one request, so that no edit can fall between them."""

GroupAnswer = tuple[Block, ...] | BadRange | OkrsyncError


class Workbook:
    """Reads groups of ranges; ``tabs`` and what comes from it cost one request, once."""

    def __init__(self, client: SheetsClient, spreadsheet: str) -> None:
        self.id = spreadsheet
        self.name = spreadsheet
        self._client = client
        self._metadata: Mapping[str, Any] | OkrsyncError | None = None
        self._gids: Mapping[str, int] = {}

    @property
    def metadata(self) -> Mapping[str, Any]:
        if self._metadata is None:
            try:
                self._metadata = self._client.metadata(self.id)
            except OkrsyncError as error:
                self._metadata = error
        if isinstance(self._metadata, OkrsyncError):
            raise self._metadata
        return self._metadata

    def label(self) -> None:
        """From here on ``name`` and ``gid`` say what is known by now, so that all evidence of a run reads alike."""
        if isinstance(self._metadata, Mapping):
            self.name, self._gids = self.title, self.tabs

    @property
    def title(self) -> str:
        return str(self.metadata.get("properties", {}).get("title", self.id))

    @property
    def timezone(self) -> str:
        return str(self.metadata.get("properties", {}).get("timeZone", ""))

    @property
    def tabs(self) -> Mapping[str, int]:
        """Titles with their gids."""
        properties = [sheet.get("properties", {}) for sheet in self.metadata.get("sheets", [])]
        return {str(tab.get("title", "")): int(tab.get("sheetId", 0)) for tab in properties}

    def gid(self, tab: str) -> int | None:
        """The gid of a tab, if it is known without a further request."""
        return self._gids.get(tab)

    def tab(self, gid: int) -> str:
        """The title of the tab with this gid. Raises ``NoValueError`` naming the tabs there are."""
        for title, number in self.tabs.items():
            if number == gid:
                return title
        there = ", ".join(f"{title} ({number})" for title, number in self.tabs.items())
        raise NoValueError(
            Cause.CONFIG, f"{self.title} has no tab with gid {gid}", hint=f"its tabs are {there}"
        )

    def read(self, groups: Sequence[Group]) -> dict[Group, GroupAnswer]:
        """The blocks of each group, or why there are none: one request for each 1800 characters of ranges."""
        found: dict[Group, GroupAnswer] = {}
        for chunk in _chunks(list(dict.fromkeys(groups))):
            found.update(self._read(chunk))
        return found

    def _read(self, groups: Sequence[Group]) -> dict[Group, GroupAnswer]:
        ranges = list(dict.fromkeys(text for group in groups for text in group))
        try:
            answers = self._client.values(self.id, ranges)
            blocks = {text: self._block(text, answer) for text, answer in zip(ranges, answers, strict=True)}
        except OkrsyncError as error:
            return dict.fromkeys(groups, error)
        except BadRange as refusal:
            if len(groups) == 1:
                return {groups[0]: refusal}
            one, other = _parted(groups, str(refusal))
            return {**self._read(one), **self._read(other)}
        return {group: tuple(blocks[text] for text in group) for group in groups}

    def _block(self, asked: str, answer: Mapping[str, Any]) -> Block:
        try:
            area = a1.parse(str(answer.get("range", "")))
        except ValueError as error:
            raise Unavailable(
                f"spreadsheet {self.id}: Google answered {asked} with no place for it"
            ) from error
        return Block(area=area, rows=answer.get("values", []))

    def formats(self, areas: Iterable[a1.Area]) -> dict[a1.Area, Format]:
        """The formats of all cells of ``areas``: one request for each 1800 characters of ranges."""
        if isinstance(self._metadata, OkrsyncError):
            raise self._metadata
        found: dict[a1.Area, Format] = {}
        for chunk in _chunks([(text,) for text in dict.fromkeys(map(str, areas))]):
            ranges = [text for group in chunk for text in group]
            found |= formats(self._client.metadata(self.id, MASK, ranges))
        return found

    def unreadable(self, asked: Group, refusal: BadRange) -> NoValueError:
        """Why Google refused the ranges of ``asked``, and what may have been meant; costs one request, once."""
        try:
            tabs, names = (
                self.tabs,
                [str(named.get("name", "")) for named in self.metadata.get("namedRanges", [])],
            )
        except OkrsyncError as error:
            # The refusal is complete without it; only the suggestion is lost, and it says so.
            return NoValueError(
                Cause.CONFIG, f"{self.name}: {refusal}", hint=f"the tabs could not be listed: {error.message}"
            )
        for text in asked:
            tab, _ = a1.split(text)
            if tab and tab not in tabs:
                return NoValueError(
                    Cause.CONFIG, f"{self.title} has no tab {tab!r}", hint=did_you_mean(tab, tabs)
                )
            if not tab and text not in names:
                return NoValueError(
                    Cause.CONFIG,
                    f"{self.title} has no named range {text!r}, or it is broken (#REF!)",
                    hint=did_you_mean(text, names),
                )
        return NoValueError(
            Cause.CONFIG, f"{self.title}: {refusal}", hint="compare the range with the size of the tab"
        )

    def check_name(self, name: str, area: a1.Area) -> None:
        """Google takes a name that is no named range for the title of a tab and answers the whole tab.

        Raises ``NoValueError`` then; asks for the names only if the answer looks like that.
        """
        if area.tab.casefold() != name.casefold() or (area.left, area.top) != (1, 1):
            return
        names = [str(named.get("name", "")) for named in self.metadata.get("namedRanges", [])]
        if name.casefold() not in {known.casefold() for known in names}:
            raise NoValueError(
                Cause.CONFIG,
                f"{name!r} is a tab of {self.title}, not a named range",
                hint=f"for the tab write range: and measure:, for a named range its name: {did_you_mean(name, names)}",
            )

    def merged(self, cell: a1.Area) -> str:
        """A hint if a blank ``cell`` lies inside merged cells, whose value is in their first; else empty."""
        try:
            sheets = self.metadata.get("sheets", [])
        except OkrsyncError as error:
            return f"whether it is part of merged cells could not be read: {error.message}"
        for sheet in sheets:
            if sheet.get("properties", {}).get("title") != cell.tab:
                continue
            for merge in sheet.get("merges", []):
                left, top = merge.get("startColumnIndex", 0) + 1, merge.get("startRowIndex", 0) + 1
                inside = left <= (cell.left or 0) <= merge.get("endColumnIndex", 0) and top <= (
                    cell.top or 0
                ) <= merge.get("endRowIndex", 0)
                if inside and (left, top) != (cell.left, cell.top):
                    first = a1.at(cell.tab, left, top).shown
                    return f"it is part of merged cells, whose value is in {first}: point there"
        return ""


def _chunks(groups: Sequence[Group]) -> list[list[Group]]:
    chunks: list[list[Group]] = []
    length = 0
    seen: set[str] = set()
    for group in groups:
        added = query_length([text for text in group if text not in seen])
        if not chunks or length + added > QUERY_LENGTH:
            chunks.append([])
            length, seen = 0, set()
            added = query_length(group)
        chunks[-1].append(group)
        length += added
        seen.update(group)
    return chunks


def _parted(groups: Sequence[Group], refusal: str) -> tuple[Sequence[Group], Sequence[Group]]:
    """The groups that the refusal names and the others; in halves if it does not tell them apart."""
    named = [group for group in groups if any(text in refusal for text in group)]
    if 0 < len(named) < len(groups):
        return named, [group for group in groups if group not in named]
    middle = len(groups) // 2
    return groups[:middle], groups[middle:]
