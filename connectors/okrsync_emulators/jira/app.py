"""Start the emulator of Jira: its seed, its tables, and the hooks for tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from okrsync.emulation import Mishap, TableView, outage
from okrsync.loopback import LoopbackServer
from okrsync_emulators.jira import changes, faults, seed
from okrsync_emulators.jira.application import application
from okrsync_emulators.jira.defaults import default_fields, default_statuses
from okrsync_emulators.jira.moments import millis
from okrsync_emulators.jira.site import CLOUD_ID, Site, Switches
from okrsync_emulators.jira.world import Kind, Project, User, World


class JiraEmulator:
    """A Jira site on this machine, as Cloud or as Data Center, with real JQL.

    The seed, all keys optional::

        users:      # the first one's token is what secret() hands out; given once, they replace the default bot
          - {email: bot@acme.example, name: Bot, token: t0ken, timezone: Europe/Berlin, locale: en_US,
             can_see: all, credential: classic, password: ""}      # can_see: [APP]; credential: classic|scoped|service
        fields:     # type: number|text|option|options|labels|date|datetime|user|sla; project: only there
          - {id: customfield_10016, name: Story Points, type: number}
        projects: [{key: APP, name: App, archived: false, public: false}]     # issues create theirs as needed
        statuses:   # default: To Do, In Progress, In Review, Done, with German names; given, they replace those
          - {id: "3", name: In Progress, category: indeterminate, names: {de: In Arbeit}, deleted: false}
        issues:     # only key is required; other keys: id summary reporter labels priority fix_versions components due
          - {key: APP-1, type: Bug, status: Done, created: 2026-10-05T09:00:00Z, updated: ..., resolved: ...,
             resolution: Done, parent: APP-9, assignee: bot@acme.example, sprint: [12],
             fields: {Story Points: 5, customfield_10030: {...}},
             history: [{at: 2026-10-06T09:00:00Z, field: status, from: To Do, to: In Progress, by: bot@acme.example}]}
        bulk:       # count issues with the next free keys; created and resolved move on by `every`
          - {project: APP, type: Bug, count: 72, status: To Do, created: 2026-10-01T08:00:00Z, every: 1h, fields: {}}
        boards:     # columns default to one per status
          - {id: 1, name: App board, type: scrum, project: APP, estimation: Story Points, private: false,
             columns: [{name: Done, statuses: [Done]}]}
        sprints: [{id: 12, name: Sprint 12, board: 1, state: closed, start: ..., end: ..., complete: ..., goal: ""}]
        filters: [{id: 12345, name: Open bugs, jql: "type = Bug", owner: bot@acme.example}]

    Times without a zone are UTC. History: entries of one ``at`` and ``by`` are one save; ``as`` and ``field_id`` spell
    an entry's field as the changelog has it, and ``{field: Key, from: OPS-1, to: APP-1}`` is a move between projects. An issue without ``history``
    gets one entry, and only if it has ``resolved``: at that time, by its reporter, from the site's first status to its
    own, with the resolution. Otherwise it has had its status since it was created. ``history: []`` means none.
    On Data Center a sub-task's parent is kept in ``parent``, an epic's in "Parent Link", anything else's in
    "Epic Link".

    ``now`` is what the site takes for the present. Hooks disturb the site; ``faults`` has answers for
    ``server.faults``. A scoped or service credential works below ``gateway`` only.
    """

    def __init__(
        self,
        kind: Kind = "cloud",
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        page_cap: int = 100,
        server_cap: int = 1000,
        history_cap: int = 40,
        port: int = 0,
    ) -> None:
        self._now = now
        self.world = self._empty(kind)
        self.site = Site(self.world, page_cap=page_cap, server_cap=server_cap, history_cap=history_cap)
        self.server = LoopbackServer(application(self.site), port=port)
        self.site.url = self.server.url

    def _empty(self, kind: Kind) -> World:
        world = World(kind, lambda: millis(self._now()))
        for status in default_statuses():
            world.statuses[status.id] = status
        for known in default_fields(kind):
            world.fields[known.id] = known
        bot = User(
            email="bot@acme.example",
            name="Bot",
            token="sandbox-jira-token",  # noqa: S106 - made up, for a loopback server
            account_id="712020:00000001",
        )
        world.users[bot.email] = bot
        return world

    def reset(self) -> None:
        """Back to an empty and well-behaved site; address and limits stay."""
        with self.server.lock:
            self.world = self.site.world = self._empty(self.world.kind)
            self.site.switches = Switches()
            self.site.base_url = None
            self.server.faults.clear()
            self.server.forget()

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def gateway(self) -> str:
        """The base for scoped tokens and service accounts: api.atlassian.com/ex/jira/<cloudId>."""
        return f"{self.server.url}/ex/jira/{CLOUD_ID}"

    @property
    def email(self) -> str:
        """Whose token ``secret`` is."""
        return next(iter(self.world.users))

    def close(self) -> None:
        self.server.close()

    # ---- okrsync.emulation.Emulator -----------------------------------------------------------------------

    def load(self, seed_data: Mapping[str, Any]) -> None:
        with self.server.lock:
            seed.fill(self.world, seed_data)

    def secret(self) -> str:
        return next(iter(self.world.users.values())).token

    def tables(self) -> Sequence[TableView]:
        """One table of issues for every project, titled by the project's key."""
        with self.server.lock:
            return [self._table(project) for project in self.world.projects.values()]

    def _table(self, project: Project) -> TableView:
        inside = [issue for issue in self.world.issues.values() if issue.project == project.key]
        used = {field_id for issue in inside for field_id in issue.values}
        skipped = {"reporter", "priority", "created", "updated", "statuscategorychangedate"}
        shown = [known for known in self.world.fields.values() if known.id in used - skipped]
        return TableView(
            title=project.key,
            columns=["Key", *(known.name for known in shown)],
            rows=[
                [issue.key, *(changes.shown(self.world, issue, known.id) for known in shown)]
                for issue in inside
            ],
        )

    def edit(self, table: str, row: str, column: str, value: Any) -> None:
        """A person changes one field of the issue ``row``; ``table`` is its project's key, or anything.

        A move into a status of category done sets resolution and resolution date, a move out of it empties them, as
        Jira's own simple workflow does. The changelog gets one entry, now, by the first user.
        """
        with self.server.lock:
            issue = self.world.issue(row)
            matches = self.world.named(column)
            if issue is None or len(matches) != 1:
                raise KeyError(
                    f"there is no {'issue ' + row if issue is None else 'one column ' + column} in {table}"
                )
            changes.change(self.world, issue, {matches[0].id: value}, author=self.email)

    def mishaps(self) -> Sequence[Mishap]:
        return [
            Mishap(
                id="expired",
                label="The token has expired",
                begin=self.expire_tokens,
                end=self.renew_tokens,
            ),
            outage(self.server, faults.server_error(status=500).body),
        ]

    # ---- hooks --------------------------------------------------------------------------------------------

    def create(self, **entry: Any) -> str:
        """Add one issue in the seed's form, with ``project`` in place of ``key`` for the next free one."""
        with self.server.lock:
            project = entry.pop("project", None)
            if project is not None:
                numbers = (issue.number for issue in self.world.issues.values() if issue.project == project)
                entry["key"] = f"{project}-{max(numbers, default=0) + 1}"
            issue = seed.add_issue(self.world, entry)
            if self.site.switches.lag:
                self.site.switches.lagging[issue.key] = self.site.switches.lag
            return issue.key

    def expire_tokens(self) -> None:
        """From now on no credential is accepted."""
        self.site.switches.expired = True

    def renew_tokens(self) -> None:
        self.site.switches.expired = False

    def captcha(self, *, on: bool = True) -> None:
        """Data Center asks for a CAPTCHA after failed log-ins: basic authentication gets 403."""
        self.site.switches.captcha = on

    def forbid(self, project: str, email: str = "") -> None:
        """Hide the project from ``email``, or from everybody."""
        self.site.switches.forbidden.add((project, email))

    def allow(self, project: str, email: str = "") -> None:
        self.site.switches.forbidden.discard((project, email))

    def hide(self, *keys: str) -> None:
        """Issue security: these issues are gone from every answer, without a word."""
        self.site.switches.hidden_issues.update(keys)

    def hide_field(self, field_id: str) -> None:
        """The field is deleted or hidden: no such name in JQL, silently absent in ``fields``."""
        self.site.switches.hidden_fields.add(field_id)

    def fail_field(self, field_id: str) -> None:
        """The field's values do not load: silently absent, unless failFast is set."""
        self.site.switches.failing_fields.add(field_id)

    def flap(self, keep: int | None = 0) -> None:
        """Every second search from now on finds only its first ``keep`` issues; None ends it."""
        self.site.switches.flapping = keep
        self.site.switches.searches = 0

    def lag(self, searches: int) -> None:
        """Issues made by ``create`` from now on are missing from the next ``searches`` searches."""
        self.site.switches.lag = searches

    def repeat_token(self, *, on: bool = True) -> None:
        """A page asked for by a token hands out the same token again."""
        self.site.switches.repeated_token = on

    def lose_token(self, *, on: bool = True) -> None:
        """Pages that are not the last come without a token, although isLast says false."""
        self.site.switches.lost_token = on

    def empty_pages(self, count: int) -> None:
        """The next ``count`` pages are empty and have a token that goes on where they should have begun."""
        self.site.switches.empty_pages = count

    def truncate(self, after: int | None) -> None:
        """Searches end after that many issues: no token, no error. The approximate count stays right."""
        self.site.switches.truncated_after = after

    def skew_count(self, by: int) -> None:
        """The approximate count is off by so many."""
        self.site.switches.approximate_off = by

    def rename_site(self, url: str | None) -> None:
        """Let serverInfo name another address than the one that was asked."""
        self.site.base_url = url

    def delete_status(self, name: str) -> None:
        """The status is gone from the site; changelogs go on naming it."""
        changes.delete_status(self.world, name)
