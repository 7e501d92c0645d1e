"""A real SIP peer (sipp) and the sandbox's bridge: an INVITE becomes a routed call, and back."""

import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from switchboard import dialing
from switchboard.app import App
from switchboard.model import CallStatus
from tests.builders import CALLER, ORGANIZATION, a_dial, an_assistant
from tests.clock import Clock
from tests.functions.bridges import TRUNK, TRUNK_NUMBER
from tests.sandbox.bridges import Deployment, deployed

SIPP = shutil.which("sipp")
SCENARIOS = Path(__file__).parent / "sipp"

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:moto"),
    pytest.mark.skipif(SIPP is None, reason="sipp is not installed: apt-get install sip-tester"),
]


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still now: the bridge signs with the real time."""
    return Clock(now=datetime.now(UTC))


@pytest.fixture
def us(app: App, sandbox: httpx.Client) -> Iterator[Deployment]:
    """Our side, with a number on a trunk whose own bridge is the sandbox."""
    deployment, server = deployed(app, sandbox)
    origin = str(sandbox.base_url).rstrip("/")
    stream = f"{origin.replace('http:', 'ws:')}/runtime/echo"
    number = deployment.app.store.number(TRUNK_NUMBER)
    assert number is not None
    answered = replace(number, assistant=an_assistant(stream_url=stream))
    deployment.app.store.transact(
        deployment.app.store._put_number(answered, "attribute_exists(pk)")
    )
    yield deployment
    server.stop()


def sipp(*arguments: str, folder: Path) -> subprocess.Popen[str]:
    """Start sipp on this machine for one call, with its traces in `folder`."""
    command = [str(SIPP), "-i", "127.0.0.1", "-m", "1", "-timeout", "20s", "-timeout_error"]
    return subprocess.Popen(
        [*command, "-nostdin", "-trace_err", *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def call_over_sip(us: Deployment, scenario: str, folder: Path, diversion: str) -> None:
    """Let a PBX send an INVITE to the bridge; fail unless the scenario goes as it says."""
    address = us.bridge(sip=True)["sip"]
    peer = sipp(
        "-sf",
        str(SCENARIOS / f"{scenario}.xml"),
        "-key",
        "diversion",
        diversion,
        address,
        folder=folder,
    )
    said, _ = peer.communicate(timeout=30)
    assert peer.returncode == 0, said[-2000:]


def free_port() -> int:
    """Return a UDP port that nobody listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_an_invite_becomes_a_call_to_the_number_that_the_pbx_was_called_at(
    us: Deployment, tmp_path: Path
) -> None:
    call_over_sip(us, "caller", tmp_path, TRUNK_NUMBER)

    call = us.ended()
    transcript = us.sandbox.get(f"/_/calls/{call.call_sid}").json()
    assert (call.phone_number, call.customer_number) == (TRUNK_NUMBER, CALLER)
    assert (call.status, call.sip_trunk_id) == (CallStatus.COMPLETED, TRUNK)
    assert list(dict.fromkeys(step.type for step in call.history)) == [
        "ringing",
        "answered",
        "completed",
    ]
    assert transcript["outcome"] == "streamed"
    assert transcript["streams"][0]["echoed"]


def test_a_caller_who_gives_up_while_it_rings_has_cancelled(us: Deployment, tmp_path: Path) -> None:
    us.sandbox.patch("/_/settings", json={"far_end_answers_after_s": 5}).raise_for_status()

    call_over_sip(us, "impatient", tmp_path, TRUNK_NUMBER)

    assert us.ended().status is CallStatus.CANCELLED


def test_an_invite_that_is_not_taken_is_declined(us: Deployment, tmp_path: Path) -> None:
    number = us.app.store.number(TRUNK_NUMBER)
    assert number is not None
    closed = replace(number, allowed_country_codes=("DE",))
    us.app.store.transact(us.app.store._put_number(closed, "attribute_exists(pk)"))

    call_over_sip(us, "declined", tmp_path, TRUNK_NUMBER)

    assert us.ended().status is CallStatus.CANCELLED


def test_a_call_of_ours_rings_a_real_sip_peer(us: Deployment, tmp_path: Path) -> None:
    port = free_port()
    bridge = us.bridge(sip=True, gateway=f"127.0.0.1:{port}")
    trunk = us.app.store.trunk(ORGANIZATION, TRUNK)
    assert trunk is not None
    url = f"{str(us.sandbox.base_url).rstrip('/')}{bridge['url']}"
    us.app.store.put_trunk(trunk, replace(trunk, bridge_url=url), ["bridge_url"])
    wanted = {"number": "*", "behaviour": "answer", "hangup_after_s": 0.3}
    us.sandbox.post("/_/far-ends", json=wanted).raise_for_status()
    peer = sipp("-sn", "uas", "-p", str(port), folder=tmp_path)

    request = a_dial(from_phone_number=TRUNK_NUMBER, to_phone_number=CALLER)
    dialing.initiate(us.app, ORGANIZATION, request)

    said, _ = peer.communicate(timeout=30)
    assert peer.returncode == 0, said[-2000:]
    assert us.ended().status is CallStatus.COMPLETED
