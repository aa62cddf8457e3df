"""Know what other tools call the columns of an OKR table, in English, German and Russian."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from okrsync.discovery import ExportedTable

_TITLES: Final = 20
"""So many rows may be above the headings."""
# The first that fits wins; a role takes one column. Headings are compared without case, emoji, punctuation and spaces.
ROLES: Final[Mapping[str, str]] = {
    "key_result": "key result | key results | key result title | key result name | kr | kr title | kr name | krs | result | "
    "schlüsselergebnis | schlüsselergebnisse | ergebnis | messgröße | "
    "ключевой результат | ключевые результаты | результат | кр",
    "objective": "objective | objectives | objective title | objective name | okr objective | objective o | ziel | ziele | "
    "objective ziel | цель | цели | название цели",
    "title": "title | name | goal | goal title | goal name | okr | okr title | item | description of goal | titel | bezeichnung | "
    "название | наименование",
    "type": "type | item type | okr type | goal type | object type | level type | kind | typ | art | тип | вид",
    "id": "id | kr id | key result id | goal id | okr id | item id | row id | number | no | nr | key | kennung | nummer | "
    "ид | номер | код",
    "parent": "parent | parent id | parent title | parent objective | parent goal | parent goal ids | parent row ids | aligned to | "
    "alignment | contributes to | parent item | übergeordnet | übergeordnetes ziel | oberziel | родитель | родительская цель | "
    "вышестоящая цель",
    "initiative": "initiative | initiatives | initiative title | initiative name | key initiatives | initiativen | maßnahme | "
    "maßnahmen | инициатива | инициативы | мероприятия",
    "owner": "owner | owners | owner name | owner email | owner emails | kr owner | key result owner | lead | responsible | "
    "assignee | assigned to | accountable | dri | verantwortlich | verantwortliche | verantwortlicher | besitzer | eigentümer | "
    "ответственный | владелец | исполнитель",
    "objective_owner": "objective owner | owner of objective | objective lead | verantwortlich für das ziel | владелец цели",
    "baseline": "start | start value | starting value | baseline | initial value | initial | from | metric start value | "
    "startwert | ausgangswert | basiswert | начальное значение | начало | база | старт | было",
    "target": "target | target value | goal value | metric target value | to | desired value | zielwert | soll | sollwert | "
    "целевое значение | целевой показатель | план | таргет | станет",
    "unit": "unit | units | metric unit | measure unit | unit of measure | uom | metric type | value type | format | einheit | "
    "maßeinheit | единица | единица измерения | ед изм | ед",
}
# Columns of such exports that okrsync computes or does not need: no person has to hear about them.
_KNOWN: Final = (
    "current | current value | actual | progress | progress % | status | start date | end date | due date | time period | timeframe | "
    "period | cycle | quarter | last check in | last updated | created | created at | confidence | score | team | department | tags | "
    "comment | comments | notes | istwert | fortschritt | startdatum | enddatum | zeitraum | abteilung | kommentar | stand | "
    "текущее значение | прогресс | статус | дата начала | дата окончания | срок | период | квартал | отдел | комментарий | факт"
)


def folded(heading: str) -> str:
    """A heading as it is compared."""
    return " ".join(re.findall(r"[^\W_]+|%", heading.casefold()))


def columns_of(header: Sequence[str], said: Mapping[str, str]) -> dict[str, int]:
    """The column of each role, by its heading; ``said`` names headings for roles and comes first.

    Raises ``ValueError`` for a role or heading that there is not.
    """
    found: dict[str, int] = {}
    plain = [folded(one) for one in header]
    for role, heading in said.items():
        if role not in ROLES:
            raise ValueError(f"there is no role {role!r}: {', '.join(ROLES)}")
        if folded(heading) not in plain:
            raise ValueError(f"there is no column {heading!r}: {', '.join(filter(None, header))}")
        found[role] = plain.index(folded(heading))
    for role, names in ROLES.items():
        for name in names.split(" | "):
            if role not in found and name in plain and plain.index(name) not in found.values():
                found[role] = plain.index(name)
    return found


def below_titles(table: ExportedTable, said: Mapping[str, str]) -> tuple[ExportedTable, int]:
    """The table from the row on that has most headings, and that row's number; 0 if it is the first one.

    People write titles above their tables, and some names of columns are words of titles.
    """
    wanted = {folded(one) for one in said.values()}
    best, found, number = len(columns_of(table.header, {})) or 1, table, 0
    if not wanted <= set(map(folded, table.header)):
        best = 0
    for index, row in enumerate(table.rows[:_TITLES]):
        header = tuple(one.text.strip() for one in row.cells)
        roles = len(columns_of(header, {}))
        if roles > best and wanted <= set(map(folded, header)):
            best, found, number = (
                roles,
                replace(table, header=header, rows=table.rows[index + 1 :]),
                row.number,
            )
    return found, number


def unknown_headings(header: Sequence[str], columns: Mapping[str, int]) -> list[str]:
    """The headings that nothing here knows."""
    known = set(_KNOWN.split(" | "))
    return [
        one
        for index, one in enumerate(header)
        if one and index not in columns.values() and folded(one) not in known
    ]
