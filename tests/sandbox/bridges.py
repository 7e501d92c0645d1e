"""A deployment in this process, and the sandbox's bridge that speaks with it."""

import threading
from dataclasses import dataclass, replace
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from functions.fail_over.app import lambda_handler as fail_over
from switchboard import calls, listing
from switchboard.app import App
from switchboard.carriers import carrier_class, voice_class
from switchboard.model import Call
from tests.api.gateway import Gateway
from tests.builders import ORGANIZATION, an_assistant
from tests.functions import bridges
from tests.sandbox.servers import Server, wait_until


@dataclass
class Deployment:
    """The API on an App in memory, reached over HTTP."""

    app: App
    url: str
    sandbox: httpx.Client

    def bridge(self, **wanted: Any) -> dict[str, Any]:
        """Configure the sandbox's bridge for the trunk of `tests.functions.bridges`."""
        trunk = wanted.pop("trunk", bridges.TRUNK)
        configured = {
            "trunk": f"{ORGANIZATION}-{trunk}",
            "secret": bridges.SECRET,
            "base_url": self.url,
        }
        answer = self.sandbox.post("/_/bridges", json=configured | wanted)
        made: dict[str, Any] = answer.raise_for_status().json()
        return made

    def call(self, sid: str | None = None) -> Call:
        """Return the only call there is, or the bridge's call."""
        if sid:
            return calls.find_by_sid(self.app, ORGANIZATION, sid)
        [call], _ = listing.search(self.app, ORGANIZATION, listing.CallFilter(), 0, 10)
        return calls.find(self.app, ORGANIZATION, call.id)

    def ended(self) -> Call:
        """Return the only call there is, once it has ended."""
        wait_until(lambda: self.call().status.is_final)
        return self.call()


def deployed(app: App, sandbox: httpx.Client) -> tuple[Deployment, Server]:
    """Serve an App's API; the bridge's commands may go to the sandbox without TLS."""
    origin = str(sandbox.base_url).rstrip("/")
    settings = replace(app.settings, event_urls_allowed=(origin,))
    app = replace(app, settings=settings, carrier_class=carrier_class, voice_class=voice_class)
    # A function of its own, with a role of its own.
    app = replace(app, fail_over=lambda call_id: fail_over({"call_id": call_id}, None, lambda: app))
    stream = f"{origin.replace('http:', 'ws:')}/runtime/echo"
    assistant = an_assistant(stream_url=stream)
    app.store.put_assistant(assistant)
    gateway, one_at_a_time = Gateway(app), threading.Lock()

    def answer(method: str, path: str, query: str, headers: dict[str, str], raw: bytes) -> Response:
        # The functions' environment is this process's: one request after the other.
        with one_at_a_time:
            reply = gateway.send(method, path, query=query, headers=headers, body=raw)
        return Response(reply.text, reply.status, reply.headers)

    async def serve(request: Request) -> Response:
        raw = await request.body()
        return await run_in_threadpool(
            answer,
            request.method,
            request.url.path,
            request.url.query,
            dict(request.headers),
            raw,
        )

    server = Server(Starlette(routes=[Route("/{path:path}", serve, methods=["GET", "POST"])]))
    server.wait()
    bridges.connect(app, bridge_url=f"{origin}/bridge/none")
    return Deployment(app, server.url, sandbox), server
