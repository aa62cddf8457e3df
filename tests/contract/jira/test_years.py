"""A year of Jira's past: what one read says of many days, against each day by itself and against Jira's own WAS."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from okrsync.loopback import Fault
from okrsync.model import COUNT, PERCENT, Answer, Dimension, NoValue, Question, Reading, Unit, Window
from okrsync.ports import ConnectorContext
from okrsync.testing import JumpClock
from okrsync_emulators.jira import JiraEmulator
from okrsync_jira import JiraQuery, JiraSettings, connector
from okrsync_jira.changelog import Move
from okrsync_jira.issues import Issue, SearchResult
from okrsync_jira.replay import Replayed, as_of
from okrsync_jira.states import State
from okrsync_jira.statuses import Statuses
from okrsync_jira.values import STATUS

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
DAYS = Unit(dimension=Dimension.DURATION, detail="days")
STATUSES = ("To Do", "In Progress", "In Review", "Done")
KINDS = ("cloud", "data_center")


@pytest.fixture(params=KINDS)
def jira(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[JiraEmulator]:
    emulator = JiraEmulator(request.param, now=lambda: NOW)
    monkeypatch.setenv("JIRA_TOKEN", emulator.secret())
    yield emulator
    emulator.close()


def read(jira: JiraEmulator, questions: Sequence[Question]) -> list[Answer]:
    token = {"token": {"env": "JIRA_TOKEN"}}
    kind = jira.world.kind
    auth = {"email": "bot@acme.example", **token} if kind == "cloud" else token
    model = JiraSettings.model_validate({"url": jira.url, "deployment": kind, "auth": auth})
    assert connector.source is not None
    context = ConnectorContext(name="main", clock=JumpClock(NOW), timezone="Europe/Berlin")
    return list(connector.source(model, context).read(questions))


def ask(at: datetime, query: dict[str, Any], unit: Unit = COUNT, window: Window | None = None) -> Question:
    parsed = JiraQuery.model_validate(query)
    return Question(metric=str(query), query=parsed, at=at, now=NOW, unit=unit, window=window)


def value(answer: Answer) -> Any:
    assert isinstance(answer, Reading), answer
    return answer.value


def weeks(count: int) -> list[Window]:
    """The last whole weeks, each to the last microsecond, as a backfill asks."""
    last = datetime(2026, 11, 22, 23, 59, 59, 999999, tzinfo=BERLIN)
    ends = [last - timedelta(weeks=number) for number in range(count)]
    return [Window(start=end + timedelta(microseconds=1) - timedelta(weeks=1), end=end) for end in ends]


# ---- Events ---------------------------------------------------------------------------------------------------


def resolved(count: int, every: str) -> dict[str, Any]:
    """So many issues, one after the other since 1 December; two of three are bugs."""
    bulk = {"project": "APP", "status": "Done", "every": every, "resolved": "2025-12-01T00:30:00Z"}
    born = {"created": "2025-11-01T00:00:00Z"}
    return {
        "bulk": [
            {**bulk, **born, "type": "Bug", "count": count - count // 3},
            {**bulk, **born, "type": "Story", "count": count // 3},
        ]
    }


BUGS: dict[str, Any] = {"jql": "project = APP AND type = Bug", "date": "resolved"}
SHARE: dict[str, Any] = {"jql": "project = APP", "measure": "ratio", "part": "type = Bug", "date": "resolved"}


@pytest.mark.parametrize(("query", "unit"), [(BUGS, COUNT), (SHARE, PERCENT)])
def test_many_weeks_are_counted_in_one_list_and_say_what_each_says_by_itself(
    jira: JiraEmulator, query: dict[str, Any], unit: Unit
) -> None:
    jira.load(resolved(240, "36h"))
    questions = [ask(window.end, query, unit, window) for window in weeks(51)]
    jira.server.forget()
    together = read(jira, questions)
    requests = jira.server.count()
    alone = [answer for question in questions for answer in read(jira, [question])]
    assert [getattr(one, "value", one) for one in together] == [getattr(one, "value", one) for one in alone]
    assert [
        one.evidence.query.replace(" ORDER BY created ASC, key ASC", "")
        for one in alone
        if isinstance(one, Reading)
    ] == [one.evidence.query for one in together if isinstance(one, Reading)]
    assert len({getattr(one, "value", None) for one in together}) > 2
    # Who is signed in, how many there are, and the pages: for a ratio twice.
    assert requests <= (12 if query is SHARE else 6)


def test_an_event_on_the_bound_of_two_windows_is_in_the_later_one(jira: JiraEmulator) -> None:
    """One bug is resolved at every midnight of Berlin's winter, in windows from midnight to midnight."""
    bug = {"project": "APP", "type": "Bug", "status": "Done", "count": 70, "every": "24h"}
    jira.load({"bulk": [{**bug, "created": "2025-11-01T23:00:00Z", "resolved": "2025-11-30T23:00:00Z"}]})
    monday = datetime(2025, 12, 1, tzinfo=BERLIN)
    starts = [monday + timedelta(weeks=number) for number in range(11)]
    spans = [Window(start=start, end=start + timedelta(weeks=1)) for start in starts]
    answers = read(jira, [ask(span.end, BUGS, COUNT, span) for span in spans])
    assert [value(one) for one in answers] == [7] * 10 + [0]


def test_a_long_list_is_not_read_for_the_sake_of_a_few_weeks(jira: JiraEmulator) -> None:
    """Four windows are four requests for keys; the list of them all would be more pages than that."""
    jira.site.server_cap = 100
    jira.load(resolved(4500, "1h"))
    questions = [
        ask(window.end, BUGS, COUNT, replace(window, start=window.end - timedelta(days=300)))
        for window in weeks(4)
    ]
    jira.server.forget()
    answers = read(jira, questions)
    assert [value(one) for one in answers] == [
        value(one) for question in questions for one in read(jira, [question])
    ]
    asked = [f"{request} {request.body!r}" for request in jira.server.requests]
    assert not any("resolutiondate" in one for one in asked)
    # And one week that cannot be read costs no other.
    refusal = b'{"errorMessages": ["no thought today"]}'
    jira.server.faults.append(Fault(where="POST .*/search(/jql)?$", skip=2, status=400, body=refusal))
    one_less = [one for one in read(jira, questions) if isinstance(one, Reading)]
    assert len(one_less) == 3
    assert {one.value for one in one_less} <= {value(one) for one in answers}


def test_weeks_without_any_event_are_zero_only_where_jira_stands_by_it(jira: JiraEmulator) -> None:
    jira.load({"issues": [{"key": "APP-1", "type": "Bug", "created": "2025-01-01T00:00:00Z"}]})
    questions = [ask(window.end, BUGS, COUNT, window) for window in weeks(51)]
    assert {value(one) for one in read(jira, questions)} == {0}
    if jira.world.kind == "cloud":
        # Its index may find nothing for a while; Data Center has but one, and it counts.
        jira.load(resolved(12, "24h"))
        truth = [value(one) for one in read(jira, questions)]
        jira.flap(0)
        for _ in range(4):
            flapping = read(jira, questions)
            assert all(
                isinstance(one, NoValue) or one.value == true
                for one, true in zip(flapping, truth, strict=True)
            )


@pytest.mark.parametrize("date", ["created", "resolved"])
def test_what_happened_in_a_days_last_millisecond_belongs_to_the_day(jira: JiraEmulator, date: str) -> None:
    """Jira keeps milliseconds and a day is asked about at its last microsecond: cut between the two, not before."""
    late, next_day = "2026-11-15T22:59:59.999Z", "2026-11-15T23:00:00.000Z"
    issues = [
        {"key": f"APP-{number}", "type": "Bug", "status": "Done", "created": at, "resolved": at}
        for number, at in enumerate((late, next_day), start=1)
    ]
    jira.load({"issues": issues})
    query = {"jql": "project = APP", "date": date}
    ends = [datetime(2026, 11, day, 23, 59, 59, 999999, tzinfo=BERLIN) for day in (14, 15, 16)]
    month = Window(start=datetime(2026, 11, 1, tzinfo=BERLIN), end=NOW)
    expected = [0, 1, 2]
    questions = [ask(at, query, COUNT, replace(month, end=at)) for at in ends]
    assert [value(one) for one in read(jira, questions)] == expected
    assert [value(one) for question in questions for one in read(jira, [question])] == expected
    # As the replay has it.
    state = {"statusCategory": "done"} if date == "resolved" else {"statusCategory": ["to do", "done"]}
    then = read(jira, [ask(at, {"scope": "project = APP", "state": state}) for at in ends[1:]])
    assert [value(one) for one in then] == expected[1:]


# ---- One read -------------------------------------------------------------------------------------------------


def test_lengths_of_time_and_states_of_one_scope_share_its_changes(jira: JiraEmulator) -> None:
    jira.load(resolved(30, "24h"))
    scope = "project = APP AND type = Bug"
    states = [ask(one.end, {"scope": scope, "state": {"statusCategory": "not done"}}) for one in weeks(10)]
    lengths = [ask(one.end, {"scope": scope, "measure": "throughput"}, COUNT, one) for one in weeks(10)]
    jira.server.forget()
    both = read(jira, [*states, *lengths])
    together = jira.server.count()
    # The evidence names the search that was made: by themselves the lengths take a narrower one.
    assert [(one.metric, value(one)) for one in both] == [
        (one.metric, value(one)) for one in (*read(jira, states), *read(jira, lengths))
    ]
    assert together <= 4, "who is signed in, the statuses, the issues, their changes"


def test_what_is_asked_of_today_does_not_bring_a_scopes_whole_past_along(jira: JiraEmulator) -> None:
    """A length of time of this week needs the changes of what was touched this week, and the open bugs need none."""
    jira.load(resolved(30, "24h"))
    scope = "project = APP AND type = Bug"
    week = Window(start=NOW - timedelta(days=7), end=NOW)
    states = {"scope": scope, "state": {"statusCategory": "not done"}}
    answers = read(jira, [ask(NOW, states), ask(NOW, {"scope": scope, "measure": "throughput"}, COUNT, week)])
    opened, done = (one.evidence.query for one in answers if isinstance(one, Reading))
    assert "statusCategory not in (3)" in opened
    assert "updated >=" in done


# ---- Against Jira's own memory --------------------------------------------------------------------------------

FIRST = datetime(2026, 10, 1, tzinfo=BERLIN)
MINUTES = st.integers(0, 3 * 24 * 60 - 1)
# Changes at the seconds' and the days' edges as well as anywhere; several in one day are what WAS ... ON blurs.
MOMENTS = st.builds(
    lambda minute, extra: FIRST + timedelta(minutes=minute, milliseconds=extra),
    st.one_of(MINUTES, st.sampled_from([0, 1439, 1440, 2879, 2880])),
    st.sampled_from([0, 1, 30_000, 59_999]),
)
HISTORIES = st.lists(
    st.tuples(MOMENTS, st.lists(st.tuples(MOMENTS, st.sampled_from(STATUSES)), max_size=6)),
    min_size=1,
    max_size=5,
)


def issues(histories: Sequence[tuple[datetime, Sequence[tuple[datetime, str]]]]) -> dict[str, Any]:
    found = []
    for number, (created, moves) in enumerate(histories, start=1):
        status, steps = STATUSES[0], []
        for at, new in sorted(moves, key=lambda move: move[0]):
            if at < created or new == status:
                continue
            steps.append({"at": at.isoformat(), "field": "status", "from": status, "to": new})
            status = new
        found.append(
            {"key": f"APP-{number}", "created": created.isoformat(), "status": status, "history": steps}
        )
    return {"issues": found}


def jql(clause: str) -> Question:
    return ask(NOW, {"jql": f"project = APP AND {clause}"})


def was(jira: JiraEmulator, clauses: Sequence[str]) -> list[Any]:
    return [value(one) for one in read(jira, [jql(clause) for clause in clauses])]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories=HISTORIES, minutes=st.lists(MINUTES, min_size=1, max_size=4, unique=True))
def test_the_replay_of_a_minute_is_what_jira_itself_remembers_of_it(
    jira: JiraEmulator, histories: Sequence[Any], minutes: Sequence[int]
) -> None:
    """JQL knows minutes where a day would blur: the status in which an issue was at 10:30 sharp."""
    jira.reset()
    jira.load(issues(histories))
    moments = [FIRST + timedelta(minutes=minute) for minute in minutes]
    first = min(created for created, _ in histories)
    pairs = [(at, status) for at in moments if at >= first for status in STATUSES]
    replayed = read(
        jira, [ask(at, {"scope": "project = APP", "state": {"status": status}}) for at, status in pairs]
    )
    spans = [(f'"{at:%Y-%m-%d %H:%M}"', status) for at, status in pairs]
    remembered = was(jira, [f'status WAS "{status}" DURING ({at}, {at})' for at, status in spans])
    assert [value(one) for one in replayed] == remembered


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(histories=HISTORIES)
def test_a_whole_day_of_jira_holds_the_days_last_moment_and_more(
    jira: JiraEmulator, histories: Sequence[Any]
) -> None:
    """WAS ... ON means at any time of that day: what it has beyond the day's end left the status on that very day."""
    jira.reset()
    jira.load(issues(histories))
    first = min(created for created, _ in histories)
    ends = [FIRST + timedelta(days=day + 1, microseconds=-1) for day in range(3)]
    pairs = [(at, status) for at in ends if at >= first for status in STATUSES]
    at_the_end = read(
        jira, [ask(at, {"scope": "project = APP", "state": {"status": status}}) for at, status in pairs]
    )
    on = [f'status WAS "{status}" ON "{at:%Y-%m-%d}"' for at, status in pairs]
    left = [f'status CHANGED FROM "{status}" ON "{at:%Y-%m-%d}"' for at, status in pairs]
    that_day = was(jira, on)
    stayed = was(jira, [f"{one} AND NOT {other}" for one, other in zip(on, left, strict=True)])
    for at_end, whole_day, unmoved in zip(map(value, at_the_end), that_day, stayed, strict=True):
        assert unmoved <= at_end <= whole_day


def test_a_whole_day_of_jira_is_the_bots_day_and_not_the_companys(jira: JiraEmulator) -> None:
    """The limit of that cross-check: at 01:00 in Berlin it is still the day before in New York."""
    bot = {"email": "bot@acme.example", "token": jira.secret(), "timezone": "America/New_York"}
    done = {"at": "2026-10-02T23:30:00Z", "field": "status", "from": "To Do", "to": "Done"}
    jira.load(
        {
            "users": [bot],
            "issues": [{"key": "APP-1", "created": "2026-10-01", "status": "Done", "history": [done]}],
        }
    )
    end = datetime(2026, 10, 2, 23, 59, 59, 999999, tzinfo=BERLIN)
    state = {"scope": "project = APP", "state": {"status": "Done"}}
    assert [value(one) for one in read(jira, [ask(end, state)])] == [0]
    assert was(jira, ['status WAS "Done" ON "2026-10-02"']) == [1]


@pytest.mark.parametrize("kind", KINDS)
def test_one_moment_that_cannot_be_told_costs_no_other(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    jira = JiraEmulator(kind, now=lambda: NOW)
    monkeypatch.setenv("JIRA_TOKEN", jira.secret())
    gone = {"id": "10099", "name": "Limbo", "category": "done", "deleted": True}
    live = [{"id": f"1000{n}", "name": name, "category": "new"} for n, name in enumerate(STATUSES)]
    steps = [
        {"at": "2026-10-02T09:00:00Z", "field": "status", "from": "To Do", "to": "Limbo"},
        {"at": "2026-10-03T09:00:00Z", "field": "status", "from": "Limbo", "to": "In Review"},
    ]
    other = [{"at": "2026-10-02T20:00:00Z", "field": "status", "from": "To Do", "to": "Done"}]
    jira.load(
        {
            "statuses": [*live, gone],
            "issues": [
                {"key": "APP-1", "created": "2026-10-01", "status": "In Review", "history": steps},
                {"key": "APP-2", "created": "2026-10-02T12:00:00Z", "status": "Done", "history": other},
            ],
        }
    )
    times = [datetime(2026, 10, 1, 6, tzinfo=UTC) + timedelta(hours=6 * number) for number in range(12)]
    query = {"scope": "project = APP", "state": {"statusCategory": "to do"}}
    forth = read(jira, [ask(at, query) for at in times])
    alone = [read(jira, [ask(at, query)])[0] for at in times]
    assert forth == alone
    assert {type(one) for one in alone} == {Reading, NoValue}
    jira.close()


def test_moments_may_be_gone_through_in_any_order() -> None:
    """Going back and forth, as velocity does from sprint to sprint, says of each moment what was so."""
    chance = random.Random(4)
    known = Statuses({"1": "To Do", "2": "Done"}, {"1": "new", "2": "done"}, {})
    found = []
    for number in range(12):
        times = sorted(FIRST + timedelta(hours=chance.randrange(96)) for _ in range(5))
        steps = [("1", "2"), ("2", "1"), ("1", "2"), ("2", "1")]
        made = tuple(
            Move(at, place, "status", "status", old, None, new, None)
            for place, (at, (old, new)) in enumerate(zip(times[1:], steps, strict=True))
        )
        today = known.shaped("1", "")
        found.append(Issue(str(number), f"APP-{number}", {"status": today}, made, times[0]))
    wanted = Replayed(state=State.model_validate({"status": "Done"}), places={"status": (STATUS,)})
    whole = SearchResult(jql="", count=len(found), issues=tuple(found))
    counts = set()
    for _ in range(60):
        at = FIRST + timedelta(hours=chance.randrange(100))
        alone = as_of(SearchResult(jql="", count=len(found), issues=tuple(found)), at, wanted, known)
        assert as_of(whole, at, wanted, known) == alone
        counts.add(alone.count)
    assert len(counts) > 4
