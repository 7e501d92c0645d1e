"""Run a sandbox, and a customer's server for it to call, on free ports of this machine."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from telnyx import Telnyx as TelnyxSdk
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client as TwilioSdk

from sandbox.app import build
from sandbox.wire import CuttableLine
from tests.sandbox.clients import TelnyxClient, TwilioClient, VonageClient, account
from tests.sandbox.servers import Customer, Server, plain_client


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let these tests, and only these, talk to servers on this machine."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.enable_socket)


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
    with plain_client(sandbox_server.url) as client:
        client.post("/_/reset").raise_for_status()
        quick = {
            "retry_delay_s": 0.01,
            "first_command_timeout_s": 0.5,
            "caller_patience_s": 0.3,
            "telnyx_webhook_limit_s": 1.0,
            "vonage_answer_limit_s": 1.0,
            "vonage_event_limit_s": 1.0,
            "far_end_answers_after_s": 0.02,
            "longest_ring_s": 0.1,
            "machine_detection_s": 0.05,
        }
        client.patch("/_/settings", json=quick).raise_for_status()
        yield client


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


@pytest.fixture
def vonage(sandbox: httpx.Client) -> VonageClient:
    """Return the default Vonage account."""
    known = account(sandbox, "vonage")
    return VonageClient(sandbox, known["api_key"], known["api_secret"], known["signature_secret"])


@pytest.fixture
def twilio_sdk(sandbox_server: Server, twilio: TwilioClient) -> TwilioSdk:
    """Return Twilio's own Python client, logged in to the default account."""
    client = TwilioSdk(
        twilio.sid, twilio.token, http_client=TwilioHttpClient(pool_connections=False, timeout=10)
    )
    client.api.base_url = f"{sandbox_server.url}/twilio"
    return client


@pytest.fixture
def telnyx_sdk(sandbox_server: Server, telnyx: TelnyxClient) -> Iterator[TelnyxSdk]:
    """Return Telnyx's own Python client, logged in to the default account."""
    url = f"{sandbox_server.url}/telnyx"
    with TelnyxSdk(api_key=telnyx.key, base_url=url, max_retries=0, timeout=10) as client:
        yield client
