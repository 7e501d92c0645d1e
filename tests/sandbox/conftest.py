"""Run a sandbox, and a customer's server for it to call, on free ports of this machine."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from sandbox.app import build
from sandbox.wire import CuttableLine


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let these tests, and only these, talk to servers on this machine."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.enable_socket)


class Server:
    """An ASGI application served in a thread."""

    def __init__(self, app: ASGIApp) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
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
        got = Received(request.method, str(request.url), dict(request.headers), await request.body())
        self.received.append(got)
        answer = self.answers.get(path)
        # In a thread: an answer may itself call the sandbox and wait.
        return await run_in_thread(answer, got) if answer else Response(status_code=204)

    def says(self, path: str, twiml: str, status: int = 200) -> None:
        """Answer a path with a TwiML document."""
        document = f"<Response>{twiml}</Response>"
        self.answers[path] = lambda _: Response(document, status, media_type="application/xml")

    def at(self, path: str) -> list[Received]:
        """List what came to one path."""
        return [r for r in self.received if httpx.URL(r.url).path == path]


async def run_in_thread(work: Callable[[Received], Response], got: Received) -> Response:
    """Run an answer beside the event loop."""
    from starlette.concurrency import run_in_threadpool

    return await run_in_threadpool(work, got)


@pytest.fixture(scope="session")
def sandbox_server() -> Iterator[Server]:
    """Serve one sandbox for all tests."""
    server = Server(CuttableLine(build()))
    server.wait()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def customer_server() -> Iterator[tuple[Server, Customer]]:
    """Serve one customer for all tests."""
    customer = Customer()
    routes = [Route("/{path:path}", customer.serve, methods=["GET", "POST"])]
    server = Server(Starlette(routes=routes))
    server.wait()
    customer.url = server.url
    yield server, customer
    server.stop()


@pytest.fixture
def customer(customer_server: tuple[Server, Customer]) -> Customer:
    """Return a customer who has heard nothing yet."""
    found = customer_server[1]
    found.received.clear()
    found.answers.clear()
    return found


@pytest.fixture
def sandbox(sandbox_server: Server) -> Iterator[httpx.Client]:
    """Return a client of a sandbox at its start, with short delays."""
    with httpx.Client(base_url=sandbox_server.url, timeout=20, trust_env=False) as client:
        client.post("/_/reset").raise_for_status()
        quick = {
            "retry_delay_s": 0.01,
            "first_command_timeout_s": 0.5,
            "caller_patience_s": 0.3,
            "telnyx_webhook_limit_s": 1.0,
        }
        client.patch("/_/settings", json=quick).raise_for_status()
        yield client


@dataclass
class TwilioClient:
    """Twilio's REST API as one account sees it."""

    http: httpx.Client
    sid: str
    token: str

    def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request below the account's path."""
        url = f"/twilio/2010-04-01/Accounts/{self.sid}{path}"
        return self.http.request(method, url, auth=(self.sid, self.token), **options)

    def buy(self, number: str, **fields: str) -> httpx.Response:
        """Buy and configure a number."""
        return self("POST", "/IncomingPhoneNumbers.json", data={"PhoneNumber": number, **fields})


@dataclass
class TelnyxClient:
    """Telnyx's REST API as one account sees it."""

    http: httpx.Client
    key: str
    public_key: str

    def __call__(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request with the account's key."""
        headers = {"Authorization": f"Bearer {self.key}"}
        return self.http.request(method, f"/telnyx{path}", headers=headers, **options)

    def order(self, number: str, **fields: str) -> httpx.Response:
        """Order a number."""
        body = {"phone_numbers": [{"phone_number": number}], **fields}
        return self("POST", "/number_orders", json=body)

    def search(self, number: str) -> None:
        """Search for one very number, so that it can be ordered."""
        params = {"filter[country_code]": "US", "filter[phone_number][contains]": number[1:]}
        self("GET", "/available_phone_numbers", params=params).raise_for_status()


def account(client: httpx.Client, carrier: str) -> dict[str, str]:
    """Return the credentials of a carrier's default account."""
    accounts = client.get("/_/accounts", params={"carrier": carrier}).json()["accounts"]
    credentials: dict[str, str] = accounts[0]["credentials"]
    return credentials


@pytest.fixture
def twilio(sandbox: httpx.Client) -> TwilioClient:
    """Return the default Twilio account."""
    credentials = account(sandbox, "twilio")
    return TwilioClient(sandbox, credentials["account_sid"], credentials["auth_token"])


@pytest.fixture
def telnyx(sandbox: httpx.Client) -> TelnyxClient:
    """Return the default Telnyx account."""
    credentials = account(sandbox, "telnyx")
    return TelnyxClient(sandbox, credentials["api_key"], credentials["public_key"])
