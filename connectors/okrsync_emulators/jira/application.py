"""Turn a request into an answer: who asks, which endpoint, and what every answer carries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from time import monotonic
from typing import Final

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from okrsync_emulators.jira import endpoints
from okrsync_emulators.jira.faults import LOGIN_PAGE
from okrsync_emulators.jira.routes import Handler, route
from okrsync_emulators.jira.site import CLOUD_ID, Call, Site, pairs, sender
from okrsync_emulators.jira.texts import Refusal
from okrsync_emulators.jira.world import User

_METHODS: Final = ["GET", "POST", "PUT", "DELETE", "PATCH"]
_GATEWAY: Final = "/ex/jira/"
# Requests at once and per second of one person, method and path, as measured on Cloud.
_BURSTS: Final = {"GET": 350, "POST": 200}
_STEADY: Final = 100


def application(site: Site) -> Starlette:
    async def answer(request: Request) -> Response:
        extra: dict[str, str] = {}
        try:
            if request.url.path == "/login":
                return HTMLResponse(LOGIN_PAGE)
            call, handler = _understand(site, request, await request.body())
            extra = _headers(call)
            return Response(json.dumps(handler(call)), media_type="application/json", headers=extra)
        except Refusal as refusal:
            return _refused(refusal, extra)

    return Starlette(routes=[Route("/{path:path}", answer, methods=_METHODS)])


def _understand(site: Site, request: Request, body: bytes) -> tuple[Call, Handler]:
    headers = {name.lower(): value for name, value in request.headers.items()}
    path = request.url.path
    user: User | None = None
    rejected = False
    parts: tuple[str, ...] = ()
    handler: Handler
    if site.cloud and path == "/_edge/tenant_info":
        handler = endpoints.tenant_info
    elif site.cloud and path == "/oauth/token/accessible-resources":
        user, rejected = sender(site, headers, gateway=True)
        handler = endpoints.accessible_resources
    else:
        gateway = site.cloud and path.startswith(_GATEWAY)
        if gateway:
            path = _inside(path)
        user, rejected = sender(site, headers, gateway=gateway)
        handler, parts = route(site.world.kind, request.method, path)
    version = path.split("/")[3] if path.startswith("/rest/api/") else "2"
    call = Call(
        site=site,
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
    return call, handler


def _inside(path: str) -> str:
    """The path on the site behind ``/ex/jira/<cloudId>``."""
    cloud_id, _, rest = path.removeprefix(_GATEWAY).partition("/")
    if cloud_id != CLOUD_ID:
        raise Refusal(404, body={"code": 404, "message": "Not Found"})  # Unknown: the words
    return f"/{rest}"


def _headers(call: Call) -> dict[str, str]:
    """What every answer of a site carries: how the sign-in went, and how much of the burst is left."""
    if call.rejected:
        return {"x-seraph-loginreason": "AUTHENTICATED_FAILED"}
    if call.user is None:
        return {}
    if not call.site.cloud:
        return {"x-ausername": call.user.email.partition("@")[0]}
    burst = _BURSTS.get(call.method, _STEADY)
    second, spent = int(monotonic()), call.site.spent
    route_name = f"{call.user.email} {call.method} {call.path}"
    then, used = spent.get(route_name, (second, 0))
    used = used + 1 if then == second else 1
    spent[route_name] = (second, used)
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
    body = (
        refusal.body if refusal.body is not None else {"errorMessages": list(refusal.messages), "errors": {}}
    )
    return Response(json.dumps(body), refusal.status, headers, media_type="application/json")
