"""Serve the page of a demo to browsers of this machine, and to nobody else.

The page is bound to the loopback interface, which a browser lets any website talk to. So every request must name this
machine as its host (a website's own name that was rebound to 127.0.0.1 is refused), and whatever changes something must
come from the page itself: as JSON, which no form of another site can send, and from no other origin.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from okrsync.connector import LOOPBACK
from okrsync.loopback import App, Receive, Scope, Send
from okrsync.sandbox.page.visit import STEPS, Visit

LONGEST: Final = 10_000
HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_SCRIPTS: Final = ("page.js", "tables.js", "sources.js", "dom.js")
_ASSETS: Final = {"page.css": "text/css"} | dict.fromkeys(_SCRIPTS, "text/javascript")
_log = logging.getLogger(__name__)
Said = Mapping[str, Any]


def application(visit: Visit, env_script: str) -> App:
    """The page of ``visit``; ``env_script`` is what another terminal reads first."""
    shell = Environment(autoescape=True, loader=PackageLoader("okrsync.sandbox.page", ".")).get_template(
        "page.html"
    )

    async def front(_request: Request) -> Response:
        return HTMLResponse(
            shell.render(title=visit.title, script=env_script, company=visit.company_id, steps=STEPS)
        )

    async def asset(request: Request) -> Response:
        name = request.url.path.lstrip("/")
        text = (files("okrsync.sandbox.page") / name).read_text(encoding="utf-8")
        return Response(text, media_type=_ASSETS[name])

    async def state(request: Request) -> Response:
        found = await run_in_threadpool(visit.state)
        same = found["version"] == request.query_params.get("known")
        return Response(status_code=204) if same else JSONResponse(found)

    async def act(request: Request) -> Response:
        return await _act(visit, request)

    async def wrong(_request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if not isinstance(error, HTTPException):
            _log.error("the page of the demo has failed", exc_info=error)
        bug = "this is a bug in okrsync; the terminal that runs the demo shows it"
        reason = str(error.detail) if isinstance(error, HTTPException) else bug
        return JSONResponse({"error": reason}, status_code=status)

    routes = [
        Route("/", front, methods=["GET"]),
        *(Route(f"/{name}", asset, methods=["GET"]) for name in _ASSETS),
        Route("/state", state, methods=["GET"]),
        Route("/do/{action}", act, methods=["POST"]),
    ]
    return _guarded(Starlette(routes=routes, exception_handlers={HTTPException: wrong, 500: wrong}))


async def _act(visit: Visit, request: Request) -> Response:
    """Do what a button asks for. 404 for an unknown one, 422 for what cannot be done."""
    body = await request.body()
    if len(body) > LONGEST:
        raise HTTPException(413, f"more than {LONGEST} bytes")
    try:
        given = json.loads(body or b"{}")
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise HTTPException(422, "the body must be a JSON object")
    action = _ACTIONS.get(request.path_params["action"])
    if action is None:
        raise HTTPException(
            404, f"there is no action {request.path_params['action']!r}; there are {', '.join(_ACTIONS)}"
        )
    try:
        todo = action(visit, given)
    except KeyError as missing:
        raise HTTPException(422, f"{missing} is missing") from None
    except (TypeError, ValueError):
        raise HTTPException(422, "a value is of a wrong type") from None
    try:
        await run_in_threadpool(todo)
    except (LookupError, ValueError) as error:
        reason = error.args[0] if error.args else "there is no such thing"
        raise HTTPException(422, str(reason)) from None
    return JSONResponse(await run_in_threadpool(visit.state))


_ACTIONS: Final[Mapping[str, Callable[[Visit, Said], Callable[[], None]]]] = {
    "sync": lambda visit, said: partial(visit.sync, force=bool(said.get("force"))),
    "edit": lambda visit, said: partial(visit.edit, str(said["row"]), str(said["column"]), str(said["text"])),
    "release": lambda visit, said: partial(visit.let_go, "release", str(said["subject"])),
    "adopt": lambda visit, said: partial(visit.let_go, "adopt", str(said["subject"])),
    "accept": lambda visit, said: partial(visit.let_go, "accept", str(said["subject"])),
    "clock": lambda visit, said: partial(visit.move_clock, str(said["step"])),
    "change": lambda visit, said: partial(visit.change, str(said["source"]), int(said["number"])),
    "type": lambda visit, said: partial(
        visit.type_in,
        str(said["source"]),
        str(said["table"]),
        int(said["row"]),
        int(said["column"]),
        str(said["text"]),
    ),
    "break": lambda visit, said: partial(visit.disturb, str(said["source"]), str(said["mishap"]), on=True),
    "repair": lambda visit, said: partial(visit.disturb, str(said["source"]), str(said["mishap"]), on=False),
    "restart": lambda visit, _said: visit.start_over,
}


def _guarded(app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> App:
    """The application behind the checks of the module's docstring, and with the headers of all answers."""

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Any) -> None:
            if message["type"] == "http.response.start":
                extra = [(name.encode(), text.encode()) for name, text in HEADERS.items()]
                message["headers"] = [*message["headers"], *extra]
            await send(message)

        reason = _refusal(Request(scope))
        if reason:
            await JSONResponse({"error": reason}, status_code=403)(scope, receive, with_headers)
        else:
            await app(scope, receive, with_headers)

    return guarded


def _refusal(request: Request) -> str:
    """Why a request is not from a browser on this page, else empty."""
    host = request.headers.get("host", "")
    if urlsplit(f"//{host}").hostname not in LOOPBACK:
        return "this page answers to 127.0.0.1 and localhost only"
    if request.method in {"GET", "HEAD"}:
        return ""
    origin = request.headers.get("origin")
    if origin is not None and origin != f"http://{host}":
        return "another site may not press buttons here"
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return "another site may not press buttons here"
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        return "send application/json"
    return ""
