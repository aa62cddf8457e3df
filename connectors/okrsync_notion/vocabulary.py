"""Know what columns and options of OKR tables are called, in the languages people use. Pure.

A word is looked up without case, emoji, punctuation and spaces at its ends. Where a name is not known, nothing is
guessed from it: the proposal says so and a person fills it in.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Final

COLUMNS: Final[Mapping[str, str]] = {
    "match": "kr | kr id | kr key | kr no | kr nr | kr number | okr id | id | key | okrsync key | code | no | nr | number | "
    "schlüssel | kennung | nummer | identifiant | clé | numéro | código | clave | número | chiave | codice | "
    "номер | ид | код | klucz | numer | sleutel | 番号 | 编号 | 編號 | 번호",
    "current": "current | current value | actual | actual value | now | value | ist | ist wert | istwert | aktuell | "
    "aktueller wert | aktueller stand | stand | wert | actuel | valeur actuelle | valeur | réalisé | valor actual | valor | "
    "atual | valor atual | attuale | valore attuale | текущее | текущее значение | текущий | факт | значение | huidig | "
    "huidige waarde | aktualna | aktualna wartość | obecna wartość | 現在 | 現在値 | 実績 | 当前 | 当前值 | 目前 | 目前值 | 현재 | 현재값",
    "progress": "progress | kr progress | completion | complete | done | percent done | percent complete | fortschritt | "
    "erfüllung | erreicht | zielerreichung | progrès | avancement | progression | progreso | avance | progresso | avanzamento | "
    "прогресс | выполнение | выполнено | voortgang | postęp | 進捗 | 進捗率 | 进度 | 進度 | 完成度 | 진행률 | 진척도",
    "status": "status | health | state | rag | kr status | zustand | ampel | statut | état | estado | situação | stato | статус | "
    "состояние | stan | ステータス | 状態 | 状态 | 狀態 | 상태",
    "baseline": "start | start value | starting value | baseline | base | from | initial | initial value | startwert | "
    "ausgangswert | basis | basiswert | départ | valeur initiale | valeur de départ | inicio | valor inicial | línea base | "
    "início | linha de base | inizio | valore iniziale | начало | начальное значение | база | старт | startwaarde | "
    "wartość początkowa | 開始値 | 基準値 | 初期値 | 初始值 | 起始值 | 基线 | 시작값",
    "target": "target | target value | goal | to | ziel | zielwert | soll | soll wert | cible | valeur cible | objectif | meta | "
    "valor objetivo | objetivo | obiettivo | valore obiettivo | target valore | цель | целевое значение | план | doel | doelwaarde | "
    "streefwaarde | cel | wartość docelowa | 目標 | 目標値 | 目标 | 目标值 | 목표 | 목표값",
    "owner": "owner | owners | kr owner | key result owner | objective owner | okr owner | lead | responsible | accountable | dri | "
    "assignee | assigned to | verantwortlich | verantwortliche | verantwortlicher | besitzer | eigentümer | responsable | "
    "propriétaire | propietario | responsável | dono | responsabile | proprietario | ответственный | ответственные | владелец | "
    "исполнитель | verantwoordelijke | eigenaar | odpowiedzialny | właściciel | 担当者 | 責任者 | 负责人 | 負責人 | 담당자 | 책임자",
    "expected": "expected | expected progress | pace | soll fortschritt | erwartet | attendu | esperado | atteso | ожидаемый прогресс",
    "updated": "last synced | synced | synced at | last sync | zuletzt synchronisiert | synchronisiert | synchronisé | sincronizado | "
    "sincronizzato | синхронизировано",
    "source": "source | data source | quelle | datenquelle | fuente | fonte | источник | bron | źródło | データ元 | 来源 | 數據來源",
    "note": "note of okrsync | okrsync note",
    "stamp": "okrsync | okrsync stamp",
    "summary": "summary | zusammenfassung | überblick | résumé | resumen | resumo | riepilogo | сводка | итог | samenvatting | "
    "podsumowanie | 概要 | 摘要 | 요약",
    "count": "achieved | key results achieved | achieved key results | erreichte key results | erreicht",
    "objective": "objective | objectives | okr | okrs | ziel | ziele | oberziel | objectif | objectifs | objetivo | objetivos | "
    "obiettivo | obiettivi | цель | цели | doel | doelstelling | doelstellingen | cel | cele | 目標 | 目的 | 目标 | 목표",
}
STATUSES: Final[Mapping[str, str]] = {
    "achieved": "achieved | done | complete | completed | met | reached | erreicht | erledigt | fertig | abgeschlossen | atteint | "
    "terminé | logrado | conseguido | completado | cumplido | alcançado | concluído | raggiunto | completato | достигнуто | "
    "достигнута | готово | выполнено | завершено | behaald | klaar | voltooid | osiągnięte | osiągnięty | zrobione | 達成 | 完了 | "
    "已完成 | 完成 | 达成 | 완료 | 달성",
    "on_track": "on track | im plan | auf kurs | nach plan | en bonne voie | dans les temps | en camino | en buen camino | "
    "según lo previsto | no caminho certo | no prazo | in linea | in corso | по плану | идёт по плану | идет по плану | в графике | "
    "op schema | op koers | zgodnie z planem | na dobrej drodze | 順調 | 正常 | 顺利 | 順利 | 순조로움 | in progress | in arbeit | "
    "en cours | en curso | em andamento | в работе | в процессе | bezig | w toku | 進行中 | 进行中 | 진행 중 | green | grün",
    "behind": "behind | slightly behind | delayed | progressing | needs attention | im verzug | verzögert | hinter plan | en retard | "
    "retrasado | con retraso | atrasado | in ritardo | отстаёт | отстает | с отставанием | задержка | achter | vertraagd | "
    "opóźnione | opóźniony | 遅れ | 遅延 | 落后 | 延迟 | 지연 | yellow | gelb",
    "at_risk": "at risk | off track | blocked | critical | gefährdet | in gefahr | kritisch | à risque | en danger | en riesgo | "
    "em risco | a rischio | под угрозой | в зоне риска | под риском | риск | in gevaar | risico | zagrożone | zagrożony | リスクあり | "
    "危険 | 有风险 | 風險 | 위험 | red | rot",
    "not_started": "not started | to do | todo | open | planned | backlog | offen | nicht begonnen | noch nicht begonnen | geplant | "
    "non commencé | pas commencé | à faire | no iniciado | sin empezar | por hacer | pendiente | não iniciado | a fazer | non iniziato | "
    "da iniziare | da fare | не начато | не начат | не начата | к выполнению | niet gestart | nog te doen | nie rozpoczęto | "
    "nierozpoczęte | do zrobienia | 未着手 | 未開始 | 未开始 | 待办 | 시작 전",
}


def plain(name: str) -> str:
    """The name without case, emoji, punctuation and doubled spaces; a percent sign is a word."""
    spelled = unicodedata.normalize("NFKC", name).casefold().replace("%", " percent ")
    return " ".join(re.sub(r"[^\w]+|_+", " ", spelled).split())


def rank(words: Mapping[str, str], meaning: str, name: str) -> int | None:
    """The place of ``name`` in the list of ``meaning``'s words (0: the best), None if it is not in it."""
    ordered = [plain(word) for word in words[meaning].split("|")]
    spelled = plain(name)
    # "Progress %" and "% Progress" are called Progress.
    bare = spelled.removesuffix(" percent").removeprefix("percent ")
    return next((ordered.index(one) for one in (spelled, bare) if one in ordered), None)
