"""Read numbers from Jira Cloud and Jira Data Center."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from okrsync.discovery import Discovery
from okrsync.model import Question, SourceRecords
from okrsync.ports import Connector, ConnectorContext, Example, Finding, Source
from okrsync_jira.queries import JiraQuery
from okrsync_jira.settings import JiraSettings

__all__ = ["JiraQuery", "JiraSettings", "connector"]


def _source(settings: JiraSettings, context: ConnectorContext) -> Source:
    from okrsync_jira.source import JiraSource

    return JiraSource(settings, context)


def _doctor(settings: JiraSettings, tables: Sequence[Any], context: ConnectorContext) -> Iterable[Finding]:  # noqa: ARG001 - the port's signature
    from okrsync_jira.doctor import examine

    return examine(settings, context)


def _inspect(settings: JiraSettings, text: str, context: ConnectorContext) -> str:
    from okrsync_jira.inspection import examine_jql

    return examine_jql(settings, context, text)


def _records(
    settings: JiraSettings, question: Question, limit: int | None, context: ConnectorContext
) -> SourceRecords:
    from okrsync_jira.record_list import issues_behind

    return issues_behind(settings, question, limit, context)


def _examples() -> Sequence[Example]:
    from okrsync_jira.examples import EXAMPLES

    return EXAMPLES


def _discover(settings: JiraSettings, context: ConnectorContext) -> Discovery:
    from okrsync_jira.discovery import discover

    return discover(settings, context)


connector = Connector(
    name="jira",
    summary="numbers from the issues of Jira Cloud or Data Center, as they are and as they were",
    settings=JiraSettings,
    query=JiraQuery,
    source=_source,
    doctor=_doctor,
    inspect=_inspect,
    examples=_examples,
    discover=_discover,
    clients=("jira", "requests"),
    records=_records,
)
