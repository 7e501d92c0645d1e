"""The carriers' side: the sandbox in this process, with no socket between it and the adapters.

Every adapter speaks with its own SDK or client. Only where bytes would leave the process is the
line cut and led to the sandbox: there the requests are seen, and there they fail.
"""

import asyncio
import copy
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import urllib3
from urllib3.connectionpool import HTTPConnectionPool

import sandbox.ids
import sandbox.media
import sandbox.signing
import sandbox.vonage.callbacks
import sandbox.vonage.tokens
from sandbox import carriers
from sandbox.app import build
from sandbox.books import Books
from sandbox.telnyx import orders
from sandbox.telnyx.orders import ORDERS
from sandbox.transcript import Call, Plan
from sandbox.world import World
from tests.explorer.effects import current

ORIGIN = "http://carriers.test"
_NEVER_S = 1e6
# As many as the longest chain of webhooks of a call takes, and some.
_TURNS = 200


@dataclass
class Answer:
    """What came back over the line."""

    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""


class _Silence:
    """Stands in for our own address: the tests say when what the sandbox tells us arrives."""

    def __init__(self) -> None:
        self.kept: list[httpx.Request] = []

    async def send(self, request: httpx.Request) -> httpx.Response:
        """Take a webhook."""
        self.kept.append(request)
        return httpx.Response(200, request=request)

    async def aclose(self) -> None:
        """Close nothing."""


class Exchange:
    """All carriers at once, and their books."""

    def __init__(self) -> None:
        self.app = build()
        self.world: World = self.app.state.world
        self._loop = asyncio.new_event_loop()
        self._kept: dict[str, Any] = {}
        self._silence = _Silence()

    def close(self) -> None:
        """End what still runs."""
        self._loop.run_until_complete(self._end_all())
        self._loop.close()

    async def _end_all(self) -> None:
        await self.world.reset()
        # What a call has begun beside it is no task of the sandbox's own.
        while others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

    # --- between two schedules ---

    def keep(self) -> None:
        """Remember the books as they are: `begin_again` goes back to them."""
        self._kept = copy.deepcopy(
            {k: v for k, v in vars(self.world.books).items() if k != "_file"}
        )

    def begin_again(self) -> None:
        """Forget everything since `keep`; phones ring until somebody hangs up."""
        self._loop.run_until_complete(self._end_all())
        vars(self.world.books).update(copy.deepcopy(self._kept))
        self.world.http = self._silence = _Silence()  # type: ignore[assignment]
        settings = self.world.settings
        settings.far_end_answers_after_s = settings.longest_ring_s = _NEVER_S
        for account in self.world.books.accounts:
            account.require_search = False

    # --- the line ---

    def ask(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        """Let one request take effect, and return its answer."""
        return self._loop.run_until_complete(self._ask(method, url, headers, body))

    async def _ask(self, method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
        parts, answer = urlsplit(url), Answer()
        pending = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> dict[str, Any]:
            return pending.pop() if pending else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], list(message["headers"])
            else:
                answer.body += message.get("body", b"")

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": parts.scheme,
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
            "client": ("127.0.0.1", 1),
            "server": (parts.hostname, 80),
        }
        await self.app(scope, receive, send)
        # What begins beside the request gets its turn.
        for _ in range(3):
            await asyncio.sleep(0)
        return answer

    # --- the books ---

    @property
    def books(self) -> Books:
        """Who owns what."""
        return self.world.books

    def calls(self) -> list[Call]:
        """Return the calls that were really placed."""
        return [call for call in self.world.calls.values() if call.direction == "outbound"]

    def all_calls(self) -> list[Call]:
        """Return those in either direction."""
        return list(self.world.calls.values())

    def requests(self, operation: str) -> list[dict[str, Any]]:
        """Return the requests that arrived, as the carriers logged them."""
        return [it for it in self.world.requests if it["operation"] == operation]

    def webhooks(self) -> list[httpx.Request]:
        """Return what the carriers have signed and sent to us since the last time."""
        self.settle()
        kept, self._silence.kept = self._silence.kept, []
        return kept

    def settle(self) -> None:
        """Let everything happen that the carriers have begun."""

        async def turns() -> None:
            for _ in range(_TURNS):
                await asyncio.sleep(0)

        self._loop.run_until_complete(turns())

    def ring(self, carrier: str, from_: str, to: str) -> Call:
        """Let somebody ring a number of ours."""
        number = self.books.owner(carrier, to)
        account = self.books.account(carrier, number.account) if number else None
        assert number
        assert account

        async def place() -> Call:
            sandbox = carriers.CARRIERS[carrier]
            call, player = sandbox.place_call(self.world, account, number, from_, Plan())
            self.world.play(call, player.play())
            return call

        return self._loop.run_until_complete(place())

    def complete_orders(self) -> list[dict[str, Any]]:
        """Deliver what is on order at Telnyx, and return what it says of that."""
        waiting = [
            it
            for it in self.books.resources
            if it.kind == ORDERS and it.body["status"] == "pending"
        ]

        async def complete() -> None:
            for order in waiting:
                orders.complete(self.world, order, "success")

        self._loop.run_until_complete(complete())
        return [order.body for order in waiting]

    def hang_up(self, call: Call) -> None:
        """Let the other side end a call."""

        async def end() -> None:
            call.hang_up(call.far_side)
            await asyncio.sleep(0)

        self._loop.run_until_complete(end())


# --- where bytes would leave the process ---


# No client of ours repeats a dial, and nothing between us and a carrier repeats a POST. Whoever did
# would place two calls, and of the three only Telnyx could tell.
_DIAL = re.compile(r"POST .*/calls(\.json)?", re.IGNORECASE)

_BUYS = re.compile(r"POST .*/(IncomingPhoneNumbers\.json|number_orders|number/buy)")


def _effect(
    method: str, path: str, take_effect: Callable[[], Answer], no_answer: Callable[[], Exception]
) -> Answer:
    name = f"{method} {path}"
    dials = _DIAL.fullmatch(name) is not None
    return current().effect(
        name,
        take_effect,
        no_answer,
        is_sent_once=dials,
        may_hear_second=not dials,
        may_be_late=dials or _BUYS.fullmatch(name) is not None,
    )


def _told(headers: Any) -> dict[str, str]:
    return {str(name): str(value) for name, value in dict(headers or {}).items()}


@contextmanager
def connected(exchange: Exchange, now: Callable[[], datetime]) -> Iterator[Exchange]:
    """Lead all requests of all adapters to the exchange, whose time is the clock's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HTTPConnectionPool, "_make_request", _urllib3(exchange))
        patch.setattr(httpx.Client, "_init_transport", lambda *_, **__: _Httpx(exchange))
        # Nobody listens to media here, and a real name look-up would take real time.
        patch.setattr(sandbox.media, "connect", _nobody_listens)
        patch.setattr(sandbox.ids, "now", now)
        shown = SimpleNamespace(time=lambda: now().timestamp())
        patch.setattr(sandbox.signing, "time", shown)
        patch.setattr(sandbox.vonage.tokens, "time", shown)
        dates = SimpleNamespace(now=lambda _: now(), fromisoformat=datetime.fromisoformat)
        patch.setattr(sandbox.vonage.callbacks, "datetime", dates)
        # PyJWT has a clock of its own, and cannot be told another time.
        patch.setattr(sandbox.vonage.tokens, "_CLOCK_SKEW_S", 10**10)
        yield exchange


async def _nobody_listens(*_: object, **__: object) -> None:
    raise OSError("nobody listens to media")


def _urllib3(exchange: Exchange) -> Callable[..., urllib3.HTTPResponse]:
    def make_request(
        pool: HTTPConnectionPool,
        conn: Any,
        method: str,
        url: str,
        body: Any = None,
        headers: Any = None,
        retries: Any = None,
        preload_content: bool = True,
        decode_content: bool = True,
        **_: Any,
    ) -> urllib3.HTTPResponse:
        if isinstance(body, str):
            body = body.encode()

        def take_effect() -> Answer:
            whole = f"{ORIGIN}{url}"
            return exchange.ask(method, whole, _told(headers), body or b"")

        def no_answer() -> Exception:
            return urllib3.exceptions.ReadTimeoutError(pool, url, "the answer was lost")

        answer = _effect(method, urlsplit(url).path, take_effect, no_answer)
        return urllib3.HTTPResponse(
            io.BytesIO(answer.body),
            {name.decode(): value.decode() for name, value in answer.headers},
            answer.status,
            preload_content=preload_content,
            decode_content=decode_content,
            request_method=method,
            request_url=url,
            retries=retries,
        )

    return make_request


class _Httpx(httpx.BaseTransport):
    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        def take_effect() -> Answer:
            headers = dict(request.headers)
            return self._exchange.ask(request.method, str(request.url), headers, request.read())

        def no_answer() -> Exception:
            return httpx.ReadTimeout("the answer was lost", request=request)

        answer = _effect(request.method, request.url.path, take_effect, no_answer)
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body)
