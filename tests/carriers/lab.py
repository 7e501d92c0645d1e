"""The laboratory of the contract tests: a sandbox whose line is tapped."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass
class Exchange:
    """One REST request to a carrier, and its answer."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    status: int = 0
    answer_type: str = ""
    answer: bytes = b""


@dataclass
class Tap:
    """Listens to what is said to the carriers; can answer in a carrier's place."""

    app: ASGIApp
    exchanges: list[Exchange] = field(default_factory=list)
    answers: list[Response] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and remember both sides of it."""
        if scope["type"] != "http" or scope["path"].startswith("/_/"):
            await self.app(scope, receive, send)
            return
        exchange = await _asked(Request(scope, receive))
        self.exchanges.append(exchange)

        async def heard(message: Message) -> None:
            _hear(exchange, message)
            await send(message)

        app = self.answers.pop(0) if self.answers else self.app
        await app(scope, _replay(exchange.body, receive), heard)


async def _asked(request: Request) -> Exchange:
    body = await request.body()
    return Exchange(
        request.method, request.url.path, request.url.query, dict(request.headers), body
    )


def _replay(body: bytes, receive: Receive) -> Receive:
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return pending.pop() if pending else await receive()

    return replay


def _hear(exchange: Exchange, message: Message) -> None:
    if message["type"] == "http.response.start":
        exchange.status = message["status"]
        headers = {name.decode(): value.decode() for name, value in message["headers"]}
        exchange.answer_type = headers.get("content-type", "")
    elif message["type"] == "http.response.body":
        exchange.answer += message.get("body", b"")


@dataclass
class Lab:
    """A sandbox at its start, and what the tests do to it."""

    url: str
    control: httpx.Client
    tap: Tap

    def default_account(self, carrier: str) -> dict[str, Any]:
        """Return the account that is always there, credentials included."""
        found: dict[str, Any] = self._get("accounts", carrier)["accounts"][0]
        return found

    def new_account(self, carrier: str) -> dict[str, Any]:
        """Make another account."""
        answer = self.control.post("/_/accounts", json={"carrier": carrier})
        made: dict[str, Any] = answer.raise_for_status().json()
        return made

    def change_account(self, account_id: str, **changes: Any) -> None:
        """Set an account's balance, or whether it must search before it buys."""
        self.control.patch(f"/_/accounts/{account_id}", json=changes).raise_for_status()

    def fault(self, carrier: str, operation: str, fault: str, **more: Any) -> None:
        """Let something go wrong once, or as often as `times` says."""
        wanted = {"carrier": carrier, "operation": operation, "fault": fault, **more}
        self.control.post("/_/faults", json=wanted).raise_for_status()

    def complete_order(self, order_id: str, status: str) -> None:
        """Settle an order that the carrier kept waiting."""
        answer = self.control.post(f"/_/orders/{order_id}/complete", json={"status": status})
        answer.raise_for_status()

    def confirm_caller_id(self, carrier: str, number: str) -> None:
        """Key in the code with which a carrier verifies a number."""
        wanted = {"carrier": carrier}
        answer = self.control.post(f"/_/caller-ids/{number}/complete", json=wanted)
        answer.raise_for_status()

    def books(self, carrier: str) -> dict[str, Any]:
        """Return who owns what at a carrier."""
        return self._get("numbers", carrier)

    def answer_instead(self, status: int, body: str, media_type: str = "application/json") -> None:
        """Answer the next request in the carrier's place; it never arrives there."""
        self.tap.answers.append(Response(body, status, media_type=media_type))

    @contextmanager
    def requests(self) -> Iterator[list[Exchange]]:
        """Collect the requests that are made meanwhile."""
        found: list[Exchange] = []
        before = len(self.tap.exchanges)
        yield found
        found += self.tap.exchanges[before:]

    def ring(self, carrier: str, to: str, *, wait: bool = True, **plan: Any) -> dict[str, Any]:
        """Let somebody call a number; return the call's transcript."""
        wanted = {"carrier": carrier, "from": "+12125550199", "to": to, **plan}
        answer = self.control.post(f"/_/calls?wait={str(wait).lower()}", json=wanted)
        transcript: dict[str, Any] = answer.raise_for_status().json()
        return transcript

    def _get(self, what: str, carrier: str) -> dict[str, Any]:
        answer = self.control.get(f"/_/{what}", params={"carrier": carrier})
        found: dict[str, Any] = answer.raise_for_status().json()
        return found

    def enter(self, carrier: str, first: str, count: int = 1, **config: Any) -> list[str]:
        """Put numbers into the default account as somebody does in the carrier's portal."""
        wanted = {"carrier": carrier, "from": first, "count": count, "config": config}
        answer = self.control.post("/_/numbers", json=wanted).raise_for_status()
        return [number["number"] for number in answer.json()["numbers"]]

    def configure(self, carrier: str, number: str, **config: Any) -> None:
        """Change a number's settings in the carrier's portal."""
        url = f"/_/numbers/{number}?carrier={carrier}"
        self.control.patch(url, json=config).raise_for_status()

    def drop(self, carrier: str, number: str) -> None:
        """Give a number back in the carrier's portal."""
        self.control.delete(f"/_/numbers/{number}?carrier={carrier}").raise_for_status()

    def verify(self, carrier: str, number: str) -> None:
        """Key in the code that the carrier wants to hear from a caller id."""
        url = f"/_/caller-ids/{number}/complete"
        self.control.post(url, json={"carrier": carrier}).raise_for_status()
