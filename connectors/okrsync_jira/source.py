"""Answer a batch of questions with as few requests as they need.

A batch costs: serverInfo if the deployment is not known (once: the connection's state keeps it), ``myself``
(an empty result is a number only if somebody is signed in), the canary if there is one, the fields' names if a query
names one (once a day), and then for each different JQL one request for every page: 5,000 issues on Cloud, 1,000 on
Data Center, where a mere count is one request. A read of more than 1,000 issues on Cloud costs one more, and so does
finding nothing: the source does not know what the last number was, so it asks Jira's other index whether 0 can be true,
and reads again if it cannot.

Other days and lengths of time cost the scope's issues once, for any number of days: on Cloud with a page of changes for
each 1,000 of them, on Data Center in pages of 100 that bring their changes along; and once the list of statuses.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Final

from okrsync.connector import no_value
from okrsync.errors import AccessError, ConfigError, OkrsyncError, Unavailable
from okrsync.model import Answer, Evidence, Question, Reading
from okrsync.ports import ConnectorContext
from okrsync_jira.client import Site
from okrsync_jira.events import Counted, counted
from okrsync_jira.fields import FieldNames, fresh
from okrsync_jira.hierarchy import children
from okrsync_jira.http_errors import RefusedJqlError
from okrsync_jira.issues import SearchResult
from okrsync_jira.jql import both, touched_since
from okrsync_jira.names import UnknownNameError, missing
from okrsync_jira.plans import MetricPlan, plan
from okrsync_jira.reads import Below, Catalogue, Events, Read, Search, Sprints, merged
from okrsync_jira.reducers import MetricValue
from okrsync_jira.refusals import refuse
from okrsync_jira.settings import Anonymous, JiraSettings
from okrsync_jira.statuses import Statuses, statuses
from okrsync_jira.velocity import BoardSprints, closed
from okrsync_jira.zeros import about_nothing

# A read that is longer than this gets a second opinion on its length.
CHECKED_ABOVE: Final = 1000
A_LITTLE: Final = Decimal("0.01")
TOO_MUCH: Final = Decimal("0.10")
HOW_THE_PAST: Final[Mapping[str, str]] = {
    "events": "by its dates; other conditions as they are today",
    "changelog": "by what was changed since; issues that were deleted or moved out of sight are not seen",
}
Fetched = SearchResult | Statuses | BoardSprints | Counted


class JiraSource:
    """A ``Source`` in front of one Jira. It sends nothing before the first ``read``."""

    def __init__(self, settings: JiraSettings, context: ConnectorContext) -> None:
        self._settings = settings
        self._context = context
        self._site: Site | None = None
        self._counts: dict[str, int | None] = {}

    def read(self, questions: Sequence[Question]) -> Sequence[Answer]:
        """See ``okrsync.ports.Source``. Raises ``AccessError`` or ``Unavailable`` if signing in fails."""
        answers: dict[int, Answer] = {}
        for place, question in enumerate(questions):
            try:
                refuse(question)
            except OkrsyncError as error:
                answers[place] = no_value(question.metric, error)
        left = [place for place in range(len(questions)) if place not in answers]
        if left:
            asked = self._ask([questions[place] for place in left])
            answers |= dict(zip(left, asked, strict=True))
        return [answers[place] for place in range(len(questions))]

    def _ask(self, questions: Sequence[Question]) -> Sequence[Answer]:
        try:
            site = self._signed_in()
        except ConfigError as error:
            return [no_value(question.metric, error) for question in questions]
        if (lost := lost_permissions(site, self._settings.canary)) is not None:
            return [no_value(question.metric, lost) for question in questions]
        plans = self._plans(site, questions)
        fetched = self._fetch(
            site, [read for one in plans if isinstance(one, MetricPlan) for read in one.reads]
        )
        denials = [result for result in fetched.values() if isinstance(result, AccessError)]
        if denials and len(denials) == len(fetched):
            raise denials[0]
        # Moment after moment of one metric: what was worked out for one serves the next.
        order = sorted(
            range(len(questions)), key=lambda place: (questions[place].metric, questions[place].at)
        )
        answers = {place: self._answer(questions[place], plans[place], fetched) for place in order}
        return [answers[place] for place in range(len(questions))]

    def _signed_in(self) -> Site:
        """The site, with proof that somebody is signed in."""
        site = self._site = self._site or Site(self._settings, self._context)
        if problem := self._settings.misfit(site.deployment()):
            raise ConfigError(f"{self._context.name}: {problem}")
        if not isinstance(self._settings.auth, Anonymous):
            site.myself()
        return site

    def _plans(self, site: Site, questions: Iterable[Question]) -> list[MetricPlan | OkrsyncError]:
        names = FieldNames(site, self._context.state, self._context.clock.now())
        plans: list[MetricPlan | OkrsyncError] = []
        for question in questions:
            try:
                plans.append(plan(question, names, site.deployment(), self._context.timezone))
            except OkrsyncError as error:
                plans.append(error)
        return plans

    def _fetch(self, site: Site, reads: Iterable[Read]) -> Mapping[Hashable, Fetched | OkrsyncError]:
        """Everything that is needed, each once, a few side by side."""
        wanted = merged(reads)
        if not wanted:
            return {}
        once = list(dict.fromkeys(wanted.values()))
        with ThreadPoolExecutor(self._settings.parallel, thread_name_prefix="jira") as pool:
            fetched = dict(zip(once, pool.map(partial(_fetched, site), once), strict=True))
        return {subject: fetched[read] for subject, read in wanted.items()}

    def _answer(
        self,
        question: Question,
        planned: MetricPlan | OkrsyncError,
        fetched: Mapping[Hashable, Fetched | OkrsyncError],
    ) -> Answer:
        if isinstance(planned, OkrsyncError):
            return no_value(question.metric, planned)
        results = [fetched[read.subject] for read in planned.reads]
        found = [result for result in results if not isinstance(result, OkrsyncError)]
        for result in results:
            if isinstance(result, OkrsyncError):
                return no_value(question.metric, result)
        try:
            outcome = self._reduced(planned, found)
        except OkrsyncError as error:
            return no_value(question.metric, error)
        if outcome.value == 0:
            outcome = replace(outcome, facts=(*outcome.facts, *about_nothing(question, self._count_if_told)))
        past = (("the past", HOW_THE_PAST[planned.past]),) if question.past else ()
        return Reading(
            metric=question.metric,
            value=outcome.value,
            unit=question.unit,
            as_of=question.at,
            window=question.window,
            method=planned.past if question.past else "observed",
            evidence=Evidence(
                source=f"{self._context.name} ({self._settings.url})",
                query=outcome.query,
                rows=outcome.rows,
                facts=outcome.facts + past,
            ),
        )

    def _reduced(self, planned: MetricPlan, found: Sequence[Fetched]) -> MetricValue:
        """The number of ``planned``. A name that no issue has is asked of Jira before that counts as a fact."""
        while True:
            try:
                return planned.reduce(*found)
            except UnknownNameError as error:
                if error.of_issues:
                    error.learn(self._located(error))
                elif (lost := missing(error, self._known)) is not None:
                    raise lost from None
                else:
                    error.accept()

    def _located(self, unknown: UnknownNameError) -> Mapping[str, Sequence[str]]:
        """The id and the key of today of each issue that the YAML names. Raises ``unknown`` if Jira has none."""
        assert self._site is not None
        found: dict[str, Sequence[str]] = {}
        for name, clause in zip(unknown.names, unknown.clauses, strict=True):
            try:
                issues = self._site.search(clause, ()).issues
            except RefusedJqlError:
                raise unknown from None
            if not issues:
                raise unknown
            found[name] = [word for issue in issues for word in (issue.id, issue.key)]
        return found

    def _known(self, clause: str) -> int | None:
        """How many issues a clause finds, or None if Jira refuses it; that it finds some is remembered for a day."""
        page, now = f"clause {clause}", self._context.clock.now()
        if fresh(self._context.state.get(page), now):
            return 1
        count = self._roughly(clause)
        if count:
            self._context.state[page] = now.isoformat()
        return count

    def _count_if_told(self, jql: str) -> int | None:
        """For what is only worth knowing: a failure costs no answer."""
        try:
            return self._roughly(jql)
        except OkrsyncError:
            return None

    def _roughly(self, jql: str) -> int | None:
        assert self._site is not None
        if jql not in self._counts:
            try:
                self._counts[jql] = self._site.roughly(jql)
            except RefusedJqlError:
                self._counts[jql] = None
        return self._counts[jql]


def lost_permissions(site: Site, canary: str | None) -> AccessError | None:
    """Why nothing this account finds can be believed, or None: the canary is a search that must find something."""
    if canary is None:
        return None
    try:
        if site.finds_any(canary):
            return None
        why = "finds nothing"
    except ConfigError as error:
        why = f"cannot be asked ({error.message})"
    return AccessError(
        f"the canary '{canary}' {why}: the account has lost its permissions",
        hint="give the account back its Browse Projects permission, or correct the canary",
    )


def _fetched(site: Site, read: Read) -> Fetched | OkrsyncError:
    try:
        match read:
            case Below():
                former = touched_since(read.former, read.since) if read.former and read.since else read.former
                return children(site, read.parents, read.fields, read.links, read.history, former)
            case Sprints():
                return closed(site, read)
            case Catalogue():
                return statuses(site.statuses(), site.settings.status_map)
            case Events():
                return counted(site, read, partial(_found, site))
            case Search():
                return _found(site, read)
    except OkrsyncError as error:
        return error


def _found(site: Site, read: Search) -> SearchResult:
    jql = touched_since(read.jql, read.since) if read.since else read.jql
    jql = both(jql, read.narrow) if read.narrow else jql
    if not read.fields and not read.exact and site.deployment() == "cloud":
        return site.estimate(jql)

    def fetch() -> SearchResult:
        return site.search(jql, read.fields, read.history) if read.fields else site.count(jql)

    found = fetch()
    if site.deployment() == "data_center":
        # Its searches say with every page how many issues there are, and it has but one index.
        return found
    return _confirmed(site, jql, found, fetch) if found.count == 0 else _second_opinion(site, jql, found)


def _confirmed(site: Site, jql: str, found: SearchResult, fetch: Callable[[], SearchResult]) -> SearchResult:
    """An empty result, if Jira confirms it. Its index may lag and flap, and an outage looks empty too."""
    estimate = site.estimate(jql).count
    # Twice more, for an index that flaps does so with every other search.
    again = next((one for one in (fetch() for _ in range(2)) if one.count), found) if estimate else found
    if again.count:
        raise Unavailable(
            f"Jira finds no issue and, asked again, {again.count}: its index is not up to date",
            hint="run again later",
        )
    note = (
        (("cross-check", f"{estimate} by Jira's estimate, but none when asked three times"),)
        if estimate
        else ()
    )
    return replace(again, note=(*again.note, *note))


def _second_opinion(site: Site, jql: str, found: SearchResult) -> SearchResult:
    """``found`` with what Jira estimates; raises ``Unavailable`` if the list must have been cut short."""
    if found.count <= CHECKED_ABOVE:
        return found
    estimate = site.estimate(jql).count
    lacking = Decimal(estimate - found.count) / estimate if estimate else Decimal(0)
    if lacking > TOO_MUCH:
        raise Unavailable(
            f"Jira gave {found.count} issues and estimates {estimate}: the list was cut short",
            hint="run again later",
        )
    note = f"{estimate} by Jira's estimate"
    if abs(lacking) > A_LITTLE:
        note += ", more than 1 % away from what was read"
    return replace(found, note=(*found.note, ("cross-check", note)))
