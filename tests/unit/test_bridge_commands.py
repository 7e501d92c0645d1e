"""What an organization's own bridge is told, and what its answers mean."""

import json
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from io import BytesIO
from typing import Any

import pytest
import urllib3

from switchboard.carriers.base import CarrierContext
from switchboard.carriers.byo_sip_trunk.voice import ByoSipTrunkVoice
from switchboard.errors import (
    CallNotActive,
    CarrierError,
    CarrierMisconfigured,
    CarrierPermissionDenied,
    CarrierUnavailable,
    InsufficientBalance,
    InvalidCredentials,
    InvalidNumber,
    OutcomeUnknown,
    RateLimited,
    SwitchboardError,
)
from switchboard.model import ConnectStream, DialOptions, Direction, MachinePolicy
from tests.builders import CALLER, ORGANIZATION, a_call
from tests.clock import START, Clock
from tests.functions.bridges import BRIDGE_URL, SECRET, SID, TRUNK, TRUNK_NUMBER, signature

STREAM = ConnectStream("wss://media.example.com/s", {"agenda": "x"}, 9001, "token")
CALL = a_call(
    id=9001,
    call_sid=SID,
    direction=Direction.OUTBOUND,
    phone_number=TRUNK_NUMBER,
    customer_number=CALLER,
)


@dataclass
class Network:
    """Stands for the way to the bridge: keeps what was sent, answers or fails as told."""

    status: int = 201
    body: bytes = json.dumps({"call_sid": SID}).encode()
    failure: Exception | None = None
    ways: list[tuple[str, int, str, dict[str, str]]] = field(default_factory=list)
    """Where it was connected to: address, port, scheme, and whom the certificate must be for."""
    sent: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def connection_from_host(
        self, host: str, port: int, scheme: str, pool_kwargs: dict[str, str]
    ) -> "Network":
        self.ways.append((host, port, scheme, pool_kwargs))
        return self

    def urlopen(self, method: str, target: str, **options: Any) -> urllib3.HTTPResponse:
        self.sent.append((target, options))
        if self.failure:
            raise self.failure
        return urllib3.HTTPResponse(BytesIO(self.body), status=self.status, preload_content=False)

    @property
    def command(self) -> dict[str, Any]:
        """Return the only command that was sent."""
        [(_, options)] = self.sent
        found: dict[str, Any] = json.loads(options["body"])
        return found


PUBLIC = "93.184.216.34"
Looks = list[str]


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    """The addresses of the bridge's name, as it is looked up the next time, and the time after."""
    answers = [PUBLIC]

    def found(host: str, port: int, **_: Any) -> list[Any]:
        if answers[0] == "nowhere":
            raise socket.gaierror("Name or service not known")
        address = answers.pop(0) if len(answers) > 1 else answers[0]
        return [(None, None, None, "", (it, port)) for it in address.split()]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    return answers


@pytest.fixture
def network(looks: Looks) -> Network:
    """The way to the bridge."""
    return Network()


@pytest.fixture
def bridge(network: Network) -> Callable[..., ByoSipTrunkVoice]:
    """Makes the adapter of a trunk's own bridge."""

    def made(local: tuple[str, ...] = (), **credentials: Any) -> ByoSipTrunkVoice:
        known = {"trunk_id": TRUNK, "signing_secret": SECRET, "bridge_url": BRIDGE_URL}
        context = CarrierContext(
            api_url="",
            public_base_url="https://hooks.example.com/v1",
            stage="test",
            organization_id=ORGANIZATION,
            clock=Clock(),
            http=network,  # type: ignore[arg-type]
            urls_allowed=local,
        )
        return ByoSipTrunkVoice(known | credentials, context)

    return made


def test_the_bridge_is_asked_to_call_and_told_all_it_needs(bridge: Any, network: Network) -> None:
    call = replace(CALL, options=DialOptions(ring_timeout=25, max_duration=600, record=True))

    assert bridge().dial(call, STREAM) == SID

    assert network.sent[0][0] == "/switchboard"
    assert network.command == {
        "command": "originate",
        "call_id": 9001,
        "trunk_id": TRUNK,
        "from": TRUNK_NUMBER,
        "to": CALLER,
        "ring_timeout": 25,
        "max_duration": 600,
        "record": True,
        "machine_detection": "off",
        "webhook_url": f"https://hooks.example.com/v1/sip-webhook?trunk=1001-{TRUNK}",
        "status_url": f"https://hooks.example.com/v1/sip-status?trunk=1001-{TRUNK}",
        "on_answer": {
            "action": "stream",
            "call_id": 9001,
            "stream_url": "wss://media.example.com/s",
            "token": "token",
            "parameters": {"agenda": "x"},
        },
    }


def test_every_command_is_signed_as_the_bridge_signs(bridge: Any, network: Network) -> None:
    bridge().dial(CALL, STREAM)

    [(_, options)] = network.sent
    stamp = str(int(START.timestamp()))
    assert options["headers"]["X-Switchboard-Timestamp"] == stamp
    assert options["headers"]["X-Switchboard-Signature"] == signature(
        SECRET, stamp, options["body"].decode()
    )


@pytest.mark.parametrize("policy", [MachinePolicy.HANG_UP, MachinePolicy.LEAVE_MESSAGE])
def test_a_bridge_that_must_tell_who_answers_is_not_told_yet_what_to_do(
    bridge: Any, network: Network, policy: MachinePolicy
) -> None:
    bridge().dial(replace(CALL, options=DialOptions(machine_detection=policy)), STREAM)

    assert network.command["machine_detection"] == policy.value
    assert "on_answer" not in network.command


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, CarrierError),
        (401, InvalidCredentials),
        (402, InsufficientBalance),
        (403, CarrierPermissionDenied),
        (404, CarrierMisconfigured),
        (408, CarrierUnavailable),
        (409, CarrierError),
        (418, CarrierError),
        (422, InvalidNumber),
        (429, RateLimited),
        (500, OutcomeUnknown),
        (502, OutcomeUnknown),
        (503, CarrierUnavailable),
        (504, OutcomeUnknown),
        (302, CarrierMisconfigured),
    ],
)
def test_a_refusal_means_what_the_protocol_says(
    bridge: Any, network: Network, status: int, kind: type[SwitchboardError]
) -> None:
    network.status, network.body = status, b'{"error": "no line free"}'

    with pytest.raises(SwitchboardError) as raised:
        bridge().dial(CALL, STREAM)

    assert type(raised.value) is kind
    assert len(network.sent) == 1
    if kind is not OutcomeUnknown:
        assert "no line free" in str(raised.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"OK",
        b"[]",
        b"{}",
        b'{"call_sid": 5}',
        b'{"call_sid": ""}',
        b'{"call_sid": "a\\nb"}',
        json.dumps({"call_sid": "x" * 201}).encode(),
        b'{"call_sid": "' + b"x" * 100_000,
        b"[" * 50_000,
    ],
)
def test_a_yes_that_nobody_can_read_leaves_the_outcome_unknown(
    bridge: Any, network: Network, body: bytes
) -> None:
    network.body = body

    with pytest.raises(OutcomeUnknown):
        bridge().dial(CALL, STREAM)


_POOL: Any = None


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (urllib3.exceptions.NewConnectionError(_POOL, "refused"), CarrierUnavailable),
        (urllib3.exceptions.ConnectTimeoutError(_POOL, "slow"), CarrierUnavailable),
        (urllib3.exceptions.SSLError(ssl.SSLCertVerificationError("old")), CarrierUnavailable),
        (urllib3.exceptions.SSLError(ssl.SSLEOFError("gone")), OutcomeUnknown),
        (urllib3.exceptions.ReadTimeoutError(_POOL, "", "slow"), OutcomeUnknown),
        (urllib3.exceptions.ProtocolError("cut"), OutcomeUnknown),
    ],
)
def test_only_a_command_that_certainly_was_not_heard_may_go_another_way(
    bridge: Any, network: Network, failure: Exception, kind: type[SwitchboardError]
) -> None:
    network.failure = failure

    with pytest.raises(SwitchboardError) as raised:
        bridge().dial(CALL, STREAM)

    assert type(raised.value) is kind
    assert len(network.sent) == 1


def test_a_command_is_neither_repeated_nor_redirected(bridge: Any, network: Network) -> None:
    bridge().dial(CALL, STREAM)

    [(_, options)] = network.sent
    assert (options["retries"], options["redirect"]) == (False, False)


@pytest.mark.parametrize(
    "credentials",
    [
        {"bridge_url": None},
        {"bridge_url": ""},
        {"signing_secret": ""},
        {"bridge_url": "http://bridge.example.com/x"},
        {"bridge_url": "http://127.0.0.1:9001/2018-06-01/runtime/invocation/next"},
        {"bridge_url": "file:///etc/passwd"},
        {"bridge_url": "bridge.example.com"},
        {"bridge_url": "https://10.0.0.1/calls"},
        {"bridge_url": "https://user:secret@bridge.example.com/"},
    ],
)
def test_a_bridge_that_cannot_be_told_safely_is_told_nothing(
    bridge: Any, network: Network, credentials: dict[str, Any]
) -> None:
    subject = bridge(**credentials)

    with pytest.raises(CarrierMisconfigured):
        subject.check_ready_to_dial()
    with pytest.raises(CarrierMisconfigured):
        subject.dial(CALL, STREAM)
    assert network.sent == []


def test_without_tls_only_the_local_stacks_own_address_is_told(
    bridge: Any, network: Network
) -> None:
    local = ("http://127.0.0.1:4100",)

    bridge(local, bridge_url="http://127.0.0.1:4100/bridge/1").dial(CALL, STREAM)

    with pytest.raises(CarrierMisconfigured):
        bridge(local, bridge_url="http://127.0.0.1:41000/bridge/1").dial(CALL, STREAM)
    assert len(network.sent) == 1


def test_the_address_that_was_checked_is_the_one_that_is_told(
    bridge: Any, network: Network, looks: Looks
) -> None:
    # The name changes its mind after the first look: it is not asked again.
    looks.append("127.0.0.1")

    bridge(bridge_url="https://bridge.example.com:8443/calls?line=1").dial(CALL, STREAM)

    name = {"server_hostname": "bridge.example.com", "assert_hostname": "bridge.example.com"}
    assert network.ways == [(PUBLIC, 8443, "https", name)]
    [(target, options)] = network.sent
    assert (target, options["headers"]["Host"]) == ("/calls?line=1", "bridge.example.com:8443")


@pytest.mark.parametrize("found", ["10.0.0.1", "127.0.0.1", f"{PUBLIC} 169.254.169.254", "nowhere"])
def test_a_name_that_leads_into_a_private_network_or_nowhere_is_told_nothing(
    bridge: Any, network: Network, looks: Looks, found: str
) -> None:
    looks[:] = [found]

    # Nobody was rung, so that another trunk may be tried.
    with pytest.raises(CarrierUnavailable, match=r"bridge\.example\.com"):
        bridge().dial(CALL, STREAM)
    assert network.ways == []


def test_the_local_stacks_own_bridge_is_not_looked_up(
    bridge: Any, network: Network, looks: Looks
) -> None:
    looks[:] = ["nowhere"]

    bridge(("http://localhost:4100",), bridge_url="http://localhost:4100/b").dial(CALL, STREAM)

    assert network.ways == [("localhost", 4100, "http", {})]


def test_a_bridge_is_told_that_it_records_and_what_it_says_first(
    bridge: Any, network: Network
) -> None:
    recorded = replace(STREAM, record=True, notice="This call is recorded.")

    bridge().dial(replace(CALL, options=DialOptions(record=True)), recorded)

    told = network.command["on_answer"]
    assert (told["record"], told["notice"]) == (True, "This call is recorded.")


def test_a_call_is_ended_by_the_same_url(bridge: Any, network: Network) -> None:
    bridge().hang_up(CALL)

    assert network.command == {"command": "hangup", "call_id": 9001, "call_sid": SID}


@pytest.mark.parametrize("status", [404, 409, 410])
def test_ending_a_call_that_is_over_is_no_error(bridge: Any, network: Network, status: int) -> None:
    network.status = status

    bridge().hang_up(CALL)


def test_a_call_is_put_through_by_the_same_url(bridge: Any, network: Network) -> None:
    bridge().transfer(CALL, "sip:desk@pbx.example.com")

    assert network.command == {
        "command": "transfer",
        "call_id": 9001,
        "call_sid": SID,
        "to": "sip:desk@pbx.example.com",
    }


@pytest.mark.parametrize("status", [404, 409, 410])
def test_a_call_that_is_over_cannot_be_put_through(
    bridge: Any, network: Network, status: int
) -> None:
    network.status = status

    with pytest.raises(CallNotActive):
        bridge().transfer(CALL, "+14155550142")


def test_no_error_shows_the_secret(bridge: Any, network: Network) -> None:
    network.status = 401

    with pytest.raises(InvalidCredentials) as raised:
        bridge().dial(CALL, STREAM)

    assert SECRET not in repr(raised.value)
