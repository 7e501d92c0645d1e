"""Servers of the tests: a sandbox, and a customer whom it calls."""

import json
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx
import uvicorn
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp


class Server:
    """An ASGI application served in a thread."""

    def __init__(self, app: ASGIApp) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        # asyncio sets this on listeners of its own only; without it each answer takes 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Return when the server answers."""
        deadline = time.monotonic() + 10
        while not self._server.started and time.monotonic() < deadline:
            self._thread.join(0.01)

    def stop(self) -> None:
        """End the server and wait for it."""
        self._server.should_exit = True
        self._thread.join(10)


def plain_client(url: str) -> httpx.Client:
    """Return a client of a server of this machine, without TLS: certificates take long to load."""
    return httpx.Client(base_url=url, timeout=20, trust_env=False, verify=False)


@dataclass
class Received:
    """A webhook as it came over the wire."""

    method: str
    url: str
    headers: dict[str, str]
    raw: bytes

    @property
    def form(self) -> dict[str, str]:
        """Return the form fields."""
        return dict(parse_qsl(self.raw.decode(), keep_blank_values=True))

    @property
    def json(self) -> dict[str, Any]:
        """Return the JSON object that the body is."""
        body: dict[str, Any] = json.loads(self.raw)
        return body

    @property
    def event(self) -> dict[str, Any]:
        """Return Telnyx's event."""
        event: dict[str, Any] = json.loads(self.raw)["data"]
        return event


@dataclass
class Customer:
    """A customer's server: keeps what it is told, answers what the test says."""

    received: list[Received] = field(default_factory=list)
    answers: dict[str, Callable[[Received], Response]] = field(default_factory=dict)
    url: str = ""

    async def serve(self, request: Request) -> Response:
        """Take one webhook."""
        path = request.url.path
        got = Received(
            request.method, str(request.url), dict(request.headers), await request.body()
        )
        self.received.append(got)
        answer = self.answers.get(path)
        if answer is None:
            return Response(status_code=204)
        # In a thread: an answer may itself call the sandbox and wait.
        return await run_in_threadpool(answer, got)

    def says(self, path: str, twiml: str, status: int = 200) -> None:
        """Answer a path with a TwiML document."""
        document = f"<Response>{twiml}</Response>"
        self.answers[path] = lambda _: Response(document, status, media_type="application/xml")

    def says_ncco(self, path: str, *actions: dict[str, Any], status: int = 200) -> None:
        """Answer a path with an NCCO."""
        document = json.dumps(actions)
        self.answers[path] = lambda _: Response(document, status, media_type="application/json")

    def at(self, path: str) -> list[Received]:
        """List what came to one path."""
        return [r for r in self.received if httpx.URL(r.url).path == path]


def wait_until(is_done: Callable[[], bool], limit_s: float = 5.0) -> None:
    """Return as soon as something that happens beside the test has happened."""
    pause = threading.Event()
    deadline = time.monotonic() + limit_s
    while not is_done():
        assert time.monotonic() < deadline, f"it did not happen within {limit_s:g} s"
        pause.wait(0.01)
