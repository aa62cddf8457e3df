"""Serve an ASGI application on the loopback interface; log its requests, and inject faults."""

from __future__ import annotations

import asyncio
import re
import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Literal

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request as it was received."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path}{'?' + self.query if self.query else ''}"


@dataclass(slots=True, kw_only=True)
class Fault:
    """What goes wrong with the requests whose ``METHOD /path`` matches ``where`` (a regular expression, searched).

    ``skip`` matching requests pass first, then ``times`` of them are hit. A ``status`` is answered with ``headers`` and
    ``body`` instead of the application's own answer; ``cut`` drops the connection before the application sees the
    request, or after it was applied. ``prelude`` runs before the application sees the request (a person's edit),
    ``postlude`` after it was applied and before the answer leaves (a kill).
    """

    where: str
    times: int = 1
    skip: int = 0
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: Literal["before", "after"] | None = None
    prelude: Callable[[], None] | None = None
    postlude: Callable[[], None] | None = None

    def hits(self, request: str) -> bool:
        if self.times <= 0 or not re.search(self.where, request):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


class LoopbackServer:
    """Serves ``app`` on 127.0.0.1 and a free port, in a thread, from construction to ``close``.

    ``requests`` are all requests so far; of ``faults`` the first that matches is used. State that
    the application and a test both touch is guarded by ``lock``. ``date`` is the server's clock, as every answer names
    it; without one no answer names a date: the test's clock is not this machine's.
    """

    def __init__(self, app: App, *, port: int = 0, date: Callable[[], datetime] | None = None) -> None:
        import uvicorn

        self.requests: list[Request] = []
        self.faults: list[Fault] = []
        self.lock = threading.RLock()
        self.date = date
        self._app = app
        # Naming the protocol lets asyncio set TCP_NODELAY on what it accepts: without it every answer waits 40 ms.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", port))
        # Listen before the server's loop runs: a client that connects at once waits in the backlog.
        self._socket.listen(128)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            self._serve,
            interface="asgi3",
            http="h11",
            lifespan="off",
            date_header=False,
            log_config=None,
            access_log=False,
            log_level="critical",
            proxy_headers=False,
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"emulator {self.url}")
        self._thread.start()

    def _run(self) -> None:
        asyncio.run(self._server.serve(sockets=[self._socket]))

    def leave(self) -> None:
        """Begin to close, without a wait for the end: several servers close side by side then."""
        self._server.should_exit = True

    def close(self) -> None:
        self.leave()
        self._thread.join()
        self._socket.close()

    def count(self, where: str = "") -> int:
        """How many requests so far match ``where`` in ``METHOD /path?query``."""
        return sum(1 for request in list(self.requests) if re.search(where, str(request)))

    def forget(self) -> None:
        """Forget the requests so far, so that ``count`` starts at 0."""
        self.requests.clear()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = await _read(scope, receive)
        self.requests.append(request)
        connection = send
        if self.date is not None:
            send = _dated(send, self.date())
        fault = next((fault for fault in self.faults if fault.hits(str(request))), None)
        if fault is None:
            await self._handle(scope, request, send)
            return
        if fault.prelude is not None:
            fault.prelude()
        if fault.cut == "before":
            _drop(connection)
            return
        if fault.status is not None:
            await _answer(send, fault.status, fault.headers, fault.body)
            return
        held: list[MutableMapping[str, Any]] = []

        async def hold(message: MutableMapping[str, Any]) -> None:
            held.append(message)

        await self._handle(scope, request, hold)
        if fault.postlude is not None:
            fault.postlude()
        if fault.cut == "after":
            _drop(connection)
            return
        for message in held:
            await send(message)

    async def _handle(self, scope: Scope, request: Request, send: Send) -> None:
        delivered = False

        async def replay() -> MutableMapping[str, Any]:
            nonlocal delivered
            if delivered:
                return {"type": "http.disconnect"}
            delivered = True
            return {"type": "http.request", "body": request.body, "more_body": False}

        with self.lock:
            await self._app(scope, replay, send)


def _dated(send: Send, now: datetime) -> Send:
    header = (b"date", format_datetime(now.astimezone(UTC), usegmt=True).encode())

    async def dated(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), header]
        await send(message)

    return dated


async def _read(scope: Scope, receive: Receive) -> Request:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    query = scope["query_string"].decode("latin-1")
    return Request(method=scope["method"], path=scope["path"], query=query, headers=headers, body=body)


async def _answer(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    plain = {"content-type": "application/json", **{name.lower(): value for name, value in headers.items()}}
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in plain.items()]
    encoded.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})


def _drop(send: Send) -> None:
    # ASGI has no way to cut a connection; uvicorn's cycle, whose method ``send`` is, holds the transport.
    send.__self__.transport.abort()  # type: ignore[attr-defined]
