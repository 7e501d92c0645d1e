"""Run every carrier's adapter against the sandbox."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import urllib3
from starlette.applications import Starlette
from starlette.routing import Route

from sandbox.app import build
from sandbox.wire import CuttableLine
from switchboard.app import App
from switchboard.carriers import CARRIERS, carrier_class
from switchboard.carriers.base import Carrier, CarrierContext
from switchboard.model import E164, NumberOrder
from tests.carriers.accounts import FACTS, CarrierFacts
from tests.carriers.doctoring import all_well
from tests.carriers.lab import Lab, Tap
from tests.clock import Clock
from tests.sandbox.servers import Customer, Server, plain_client

ORGANIZATION = 1001
NUMBER = E164("+14155550100")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let these tests, and only these, talk to servers on this machine."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.enable_socket)


@pytest.fixture(scope="session")
def tapped_sandbox() -> Iterator[tuple[Server, Tap]]:
    """Serve one sandbox for all tests."""
    tap = Tap(build())
    server = Server(CuttableLine(tap))
    server.wait()
    yield server, tap
    server.stop()


@pytest.fixture(scope="session")
def us_server() -> Iterator[Customer]:
    """Serve the address that carriers are given as ours."""
    customer = Customer()
    routes = [Route("/{path:path}", customer.serve, methods=["GET", "POST"])]
    server = Server(Starlette(routes=routes))
    server.wait()
    customer.url = server.url
    yield customer
    server.stop()


@pytest.fixture
def us(us_server: Customer) -> Customer:
    """Return our address, where nothing has been heard yet."""
    us_server.received.clear()
    us_server.answers.clear()
    return us_server


@pytest.fixture
def _no_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Every client loads all root certificates, and there is no TLS here: half of the time.
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))


@pytest.fixture
def lab(tapped_sandbox: tuple[Server, Tap], _no_certificates: None) -> Iterator[Lab]:
    """Return a sandbox at its start, with short delays."""
    server, tap = tapped_sandbox
    with plain_client(server.url) as control:
        control.post("/_/reset").raise_for_status()
        quick = {"retry_delay_s": 0.01, "first_command_timeout_s": 1.0, "caller_patience_s": 0.3}
        control.patch("/_/settings", json=quick).raise_for_status()
        tap.exchanges.clear()
        tap.answers.clear()
        yield Lab(server.url, control, tap)


@dataclass(frozen=True)
class Subject:
    """The carrier under test: an adapter for an account that is ready to buy."""

    name: str
    facts: CarrierFacts
    carrier: Carrier
    account_id: str
    credentials: dict[str, Any]
    context: CarrierContext


Connect = Callable[..., Subject]


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still now: the sandbox signs with the real time."""
    return Clock(now=datetime.now(UTC))


@pytest.fixture
def connect(lab: Lab, us: Customer, clock: Clock) -> Iterator[Connect]:
    """Return a function that connects an account of any carrier: the default one, or a new one."""
    with urllib3.PoolManager() as http:

        def connected(name: str, *, new: bool = False, organization: int = ORGANIZATION) -> Subject:
            account = lab.new_account(name) if new else lab.default_account(name)
            # Searching first is a test of its own.
            lab.change_account(account["id"], require_search=False)
            context = CarrierContext(
                api_url=f"{lab.url}/{name}",
                public_base_url=us.url,
                stage="test",
                organization_id=organization,
                clock=clock,
                http=http,
            )
            cls = carrier_class(name)
            credentials = cls(account["credentials"], context).connect().credentials
            carrier = cls(credentials, context)
            return Subject(name, FACTS[name], carrier, account["id"], credentials, context)

        yield connected


@pytest.fixture(params=list(CARRIERS))
def subject(request: pytest.FixtureRequest, connect: Connect) -> Subject:
    """Return each carrier in turn, connected."""
    return connect(request.param)


@pytest.fixture
def order(clock: Clock) -> NumberOrder:
    """Return an order for a number that anybody could buy."""
    return NumberOrder(
        id=7001,
        organization_id=ORGANIZATION,
        key="key-1",
        fingerprint="f",
        carrier="",
        phone_number=NUMBER,
        country_code="US",
        friendly_name="Front desk",
        created_at=clock(),
        updated_at=clock(),
    )


@pytest.fixture
def healthy(app: App, lab: Lab, order: NumberOrder) -> App:
    """Return a deployment with a number and a call at each carrier, in which all is well."""
    return all_well(app, lab, order)
