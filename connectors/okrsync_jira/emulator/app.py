"""The emulator itself: routes, signing in, and the hooks for tests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from okrsync.emulation import LoopbackServer, TableView
from okrsync_jira.emulator import agile, endpoints, search, seed
from okrsync_jira.emulator.moments import millis
from okrsync_jira.emulator.site import CLOUD_ID, Call, Site, pairs, sender
from okrsync_jira.emulator.texts import Refusal
from okrsync_jira.emulator.world import Issue, Kind, Project, User, World, default_fields, default_statuses

Handler = Callable[[Call], Any]
_CLOUD: Final = frozenset({"cloud"})
_SERVER: Final = frozenset({"data_center"})
_BOTH: Final = _CLOUD | _SERVER
_ROUTES: Final[Sequence[tuple[str, str, frozenset[str], Handler]]] = (
    ("GET", "api/V/serverInfo", _BOTH, endpoints.server_info),
    ("GET", "api/V/myself", _BOTH, endpoints.myself),
    ("GET", "api/V/field", _BOTH, endpoints.fields),
    ("GET", "api/V/status", _BOTH, endpoints.statuses),
    ("GET", "api/V/search", _CLOUD, search.gone),
    ("POST", "api/V/search", _CLOUD, search.gone),
    ("GET", "api/V/search", _SERVER, search.get_search),
    ("POST", "api/V/search", _SERVER, search.post_search),
    ("GET", "api/V/search/jql", _CLOUD, search.get_jql),
    ("POST", "api/V/search/jql", _CLOUD, search.post_jql),
    ("POST", "api/V/search/approximate-count", _CLOUD, search.approximate_count),
    ("POST", "api/V/jql/parse", _CLOUD, search.parse_queries),
    ("GET", "api/V/issue/([^/]+)", _BOTH, endpoints.issue),
    ("GET", "api/V/issue/([^/]+)/changelog", _CLOUD, endpoints.issue_changelog),
    ("POST", "api/V/issue/bulkfetch", _CLOUD, endpoints.bulk_issues),
    ("POST", "api/V/changelog/bulkfetch", _CLOUD, endpoints.bulk_changes),
    ("GET", "api/V/mypermissions", _BOTH, endpoints.my_permissions),
    ("GET", "api/V/project/search", _CLOUD, endpoints.project_search),
    ("GET", "api/V/project", _BOTH, endpoints.projects),
    ("GET", "api/V/project/([^/]+)", _BOTH, endpoints.project),
    (
        "GET",
        r"api/V/filter/(\d+)",
        _BOTH,
        endpoints.saved_filter,
    ),
    ("GET", "agile/1.0/board", _BOTH, agile.boards),
    ("GET", r"agile/1.0/board/(\d+)", _BOTH, agile.board),
    ("GET", r"agile/1.0/board/(\d+)/configuration", _BOTH, agile.configuration),
    ("GET", r"agile/1.0/board/(\d+)/sprint", _BOTH, agile.board_sprints),
    ("GET", r"agile/1.0/board/(\d+)/issue", _BOTH, agile.board_issues),
    ("GET", r"agile/1.0/board/(\d+)/sprint/(\d+)/issue", _BOTH, agile.sprint_issues),
    ("GET", r"agile/1.0/sprint/(\d+)", _BOTH, agile.sprint),
    ("GET", r"agile/1.0/sprint/(\d+)/issue", _BOTH, agile.sprint_issues),
)
_VERSIONS: Final = {"cloud": "(?:2|3|latest)", "data_center": "(?:2|latest)"}
_BURSTS: Final = {"GET": 350, "POST": 200}
_STEADY: Final = 100


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

    Times without a zone are UTC. History: entries of one ``at`` and ``by`` are one save. An issue without ``history``
    gets one entry, and only if it has ``resolved``: at that time, by its reporter, from the site's first status to its
    own, with the resolution. Otherwise it has stood in its status since it was created. ``history: []`` means none.
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
        self.world = World(kind, lambda: millis(now()))
        for status in default_statuses():
            self.world.statuses[status.id] = status
        for known in default_fields(kind):
            self.world.fields[known.id] = known
        bot = User(
            email="bot@acme.example",
            name="Bot",
            token="sandbox-jira-token",  # noqa: S106 - made up, for a loopback server
            account_id="712020:00000001",
        )
        self.world.users[bot.email] = bot
        app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST", "PUT", "DELETE", "PATCH"])])
        self.server = LoopbackServer(app, port=port)
        self.site = Site(self.world, self.server.url, page_cap, server_cap, history_cap)
        self._spent: dict[str, tuple[int, int]] = {}

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
            rows=[[issue.key, *(self._text(issue, known.id) for known in shown)] for issue in inside],
        )

    def _text(self, issue: Issue, field_id: str) -> str:
        value = issue.values.get(field_id)
        if value is None:
            return ""
        return seed.item(self.world, field_id, None, value).new_text or ""

    def edit(self, table: str, row: str, column: str, value: Any) -> None:
        """A person changes one field of the issue ``row``; ``table`` is its project's key, or anything.

        A move into a status of category done sets resolution and resolution date, a move out of it empties them, as
        Jira's own simple workflow does. The changelog gets one entry, now, by the first user.
        """
        with self.server.lock:
            issue = self.world.issue(row)
            matches = self.world.named(column)
            if issue is None or len(matches) != 1:
                raise KeyError(f"there is no {'issue ' + row if issue is None else 'one column ' + column} in {table}")
            seed.change(self.world, issue, {matches[0].id: value}, author=self.email)

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
        """No credential is accepted any more."""
        self.site.switches.expired = True

    def renew_tokens(self) -> None:
        self.site.switches.expired = False

    def captcha(self, *, on: bool = True) -> None:
        """Data Center asks for a CAPTCHA after failed log-ins: basic authentication gets 403."""
        self.site.switches.captcha = on

    def forbid(self, project: str, email: str = "") -> None:
        """The project is no longer to be seen by ``email``, or by anybody."""
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

    def truncate(self, after: int | None) -> None:
        """Searches end after that many issues: no token, no error. The approximate count stays right."""
        self.site.switches.truncated_after = after

    def skew_count(self, by: int) -> None:
        """The approximate count is off by so many."""
        self.site.switches.approximate_off = by

    def rename_site(self, url: str | None) -> None:
        """serverInfo tells another address than the one that was asked."""
        self.site.base_url = url

    def delete_status(self, name: str) -> None:
        """The status is gone from the site; changelogs go on naming it."""
        seed.delete_status(self.world, name)

    # ---- answering ----------------------------------------------------------------------------------------

    async def _answer(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        body = await request.body()
        try:
            call, handler = self._call(request, headers, body)
        except Refusal as refusal:
            return _refused(refusal, {})
        extra = self._headers(call)
        try:
            return Response(json.dumps(handler(call)), media_type="application/json", headers=extra)
        except Refusal as refusal:
            return _refused(refusal, extra)

    def _call(self, request: Request, headers: Mapping[str, str], body: bytes) -> tuple[Call, Handler]:
        path = request.url.path
        cloud = self.world.kind == "cloud"
        gateway = cloud and path.startswith("/ex/jira/")
        if gateway:
            _, _, _, cloud_id, path = path.split("/", 4) if path.count("/") >= 4 else ("", "", "", "", "")
            path = f"/{path}"
            if cloud_id != CLOUD_ID:
                raise Refusal(404, body={"code": 404, "message": "Not Found"})  # Unknown: the words
        if cloud and path == "/_edge/tenant_info" and not gateway:
            user, rejected, handler, parts, version = None, False, endpoints.tenant_info, (), "3"
        elif cloud and path == "/oauth/token/accessible-resources":
            user, rejected = sender(self.site, headers, gateway=True)
            handler, parts, version = endpoints.accessible_resources, (), "3"
        else:
            user, rejected = sender(self.site, headers, gateway=gateway)
            handler, parts, version = self._route(request.method, path)
        found = Call(
            site=self.site,
            method=request.method,
            path=path,
            query=pairs(request.url.query),
            body=body,
            headers=headers,
            user=user,
            rejected=rejected,
            version=version,
            parts=parts,
        )
        return found, handler

    def _route(self, method: str, path: str) -> tuple[Handler, tuple[str, ...], str]:
        known = False
        # POST issue/bulkfetch is no issue called "bulkfetch": the method tells them apart.
        for wanted, pattern, kinds, handler in _ROUTES:
            full = "/rest/" + pattern.replace("/V/", f"/{_VERSIONS[self.world.kind]}/").replace("1.0", r"1\.0")
            found = re.fullmatch(full, path)
            if found is None or self.world.kind not in kinds:
                continue
            known = True
            if wanted == method:
                version = path.split("/")[3] if path.startswith("/rest/api/") else "2"
                return handler, found.groups(), version
        if known:
            raise Refusal(405, body={"message": "HTTP 405 Method Not Allowed", "status-code": 405})
        # Unknown: Cloud's own words for a path that does not exist.
        raise Refusal(404, body={"message": f"null for uri: {self.url}{path}", "status-code": 404})

    def _headers(self, call: Call) -> dict[str, str]:
        """What every answer of a site carries: how the sign-in went, and how much of the burst is left."""
        if call.rejected:
            return {"x-seraph-loginreason": "AUTHENTICATED_FAILED"}
        if call.user is None or not self.site.cloud:
            return {} if call.user is None else {"x-ausername": call.user.email.partition("@")[0]}
        burst = _BURSTS.get(call.method, 100)
        second, route = int(monotonic()), f"{call.user.email} {call.method} {call.path}"
        then, used = self._spent.get(route, (second, 0))
        used = used + 1 if then == second else 1
        self._spent[route] = (second, used)
        left = max(0, burst - used)
        return {
            "x-aaccountid": call.user.account_id,
            "x-ratelimit-limit": str(burst),
            "x-ratelimit-remaining": str(left),
            "x-ratelimit-nearlimit": "true" if left < burst // 5 else "false",
            "ratelimit": f'"jira-burst-based";r={left};t=1',
            "ratelimit-policy": f'"jira-burst-based";q={_STEADY};w=1',
        }


def _refused(refusal: Refusal, extra: Mapping[str, str]) -> Response:
    headers = {**extra, **refusal.headers}
    if refusal.html is not None:
        return HTMLResponse(refusal.html, refusal.status, headers)
    body = refusal.body if refusal.body is not None else {"errorMessages": list(refusal.messages), "errors": {}}
    return Response(json.dumps(body), refusal.status, headers, media_type="application/json")
