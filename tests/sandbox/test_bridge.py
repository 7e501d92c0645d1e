"""The sandbox's bridge and Switchboard: calls through a bridge of the customer's own, both ways."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from local.workspace import ROOT
from switchboard import control, dialing, webhook_edge
from switchboard.app import App
from switchboard.model import BYO, CallStatus, DialOptions, MachinePolicy, TrunkSecrets
from tests.builders import CALLER, ORGANIZATION, a_dial, an_assistant
from tests.clock import Clock
from tests.functions.bridges import SECRET, TRUNK, TRUNK_NUMBER, a_trunk, said
from tests.sandbox.bridges import Deployment, deployed
from tests.sandbox.servers import wait_until

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:moto")

SECOND = "7c1f4a52-0f6e-4f0e-9d6b-3a2f5b8c9d11"


@pytest.fixture
def clock() -> Clock:
    """A clock that stands still now: the bridge signs with the real time."""
    return Clock(now=datetime.now(UTC))


@pytest.fixture
def us(app: App, sandbox: httpx.Client) -> Iterator[Deployment]:
    """Our side, with a number on a trunk whose own bridge is the sandbox."""
    deployment, server = deployed(app, sandbox)
    yield deployment
    server.stop()


def answered_by_us(us: Deployment, **changes: Any) -> None:
    """Let the sandbox's runtime answer the trunk's number."""
    stream = f"{str(us.sandbox.base_url).replace('http:', 'ws:').rstrip('/')}/runtime/echo"
    number = us.app.store.number(TRUNK_NUMBER)
    assert number is not None
    assistant = an_assistant(stream_url=stream, **changes)
    us.app.store.transact(
        us.app.store._put_number(replace(number, assistant=assistant), "attribute_exists(pk)")
    )


def point_trunk_at(us: Deployment, bridge: dict[str, Any], trunk_id: str = TRUNK) -> None:
    """Tell the trunk where its bridge takes commands."""
    trunk = us.app.store.trunk(ORGANIZATION, trunk_id)
    assert trunk is not None
    url = f"{str(us.sandbox.base_url).rstrip('/')}{bridge['url']}"
    us.app.store.put_trunk(trunk, replace(trunk, bridge_url=url), ["bridge_url"])


@pytest.fixture
def dialable(us: Deployment) -> Deployment:
    """Our side, with a bridge that takes commands."""
    answered_by_us(us)
    point_trunk_at(us, us.bridge())
    return us


def ring(us: Deployment, **wanted: Any) -> dict[str, Any]:
    """Let somebody call through the bridge; return the transcript."""
    bridge = us.bridge()
    call = {"from": f"sip:{CALLER}@pbx.example.com", "to": f"sip:{TRUNK_NUMBER}@bridge.example.com"}
    answer = us.sandbox.post(f"/_/bridges/{bridge['id']}/calls", json=call | wanted)
    transcript: dict[str, Any] = answer.raise_for_status().json()
    return transcript


def dial(us: Deployment, **changes: Any) -> dialing.Dialled:
    """Place a call from the trunk's number."""
    request = a_dial(from_phone_number=TRUNK_NUMBER, to_phone_number=CALLER, **changes)
    return dialing.initiate(us.app, ORGANIZATION, request)


def far_end(us: Deployment, behaviour: str, **more: Any) -> None:
    """Decide what the person who is called does."""
    wanted = {"number": "*", "behaviour": behaviour, "after_s": 0.02} | more
    us.sandbox.post("/_/far-ends", json=wanted).raise_for_status()


def fault(us: Deployment, operation: str, name: str, **more: Any) -> None:
    """Let something go wrong."""
    wanted = {"carrier": "bridge", "operation": operation, "fault": name} | more
    us.sandbox.post("/_/faults", json=wanted).raise_for_status()


def dials(us: Deployment) -> list[dict[str, Any]]:
    """Return what the bridge was asked to call."""
    answer = us.sandbox.get("/_/requests", params={"operation": "originate"})
    found: list[dict[str, Any]] = answer.raise_for_status().json()["requests"]
    return found


def test_the_documented_command_line_signs_as_it_should(us: Deployment) -> None:
    answered_by_us(us)
    page = (ROOT / "docs" / "sip-bridge.md").read_text()
    script = next(it for it in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) if "openssl" in it)
    known = {"SIGNING_SECRET": SECRET, "SWITCHBOARD_URL": us.url}

    done = subprocess.run(
        ["bash", "-c", script],
        env=os.environ | known | {"TRUNK": f"{ORGANIZATION}-{TRUNK}", "no_proxy": "*"},
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(done.stdout)["action"] == "stream"


def test_a_call_through_a_bridge_speaks_with_the_assistant(us: Deployment) -> None:
    answered_by_us(us)

    transcript = ring(us, hangup_after_s=0.3)

    call = us.ended()
    assert transcript["outcome"] == "streamed"
    assert transcript["streams"][0]["echoed"]
    told = transcript["streams"][0]["start"]["start"]["customParameters"]
    assert told["welcome_message"] == "Hello from Acme"
    assert told["call_id"] == str(call.id)
    assert (call.status, call.customer_number) == (CallStatus.COMPLETED, CALLER)


def test_a_call_through_a_bridge_is_announced_and_recorded_there(us: Deployment) -> None:
    notice = "This call is recorded."
    answered_by_us(us, dial_options=DialOptions(record=True), recording_notice=notice)

    transcript = ring(us)

    assert transcript["said"] == [notice]
    assert "recording" in [step["what"] for step in transcript["steps"]]
    assert transcript["outcome"] == "streamed"


@pytest.mark.parametrize("name", ["duplicate", "reorder", "drop"])
def test_events_that_are_repeated_reordered_or_lost_do_not_confuse_us(
    us: Deployment, name: str
) -> None:
    answered_by_us(us)
    fault(us, "webhook", name, event="answered")

    ring(us, hangup_after_s=0.2)

    assert us.ended().status is CallStatus.COMPLETED


def test_the_sandboxs_bridge_takes_no_command_that_is_not_signed(us: Deployment) -> None:
    bridge = us.bridge()
    command = {"command": "originate", "call_id": 1, "from": TRUNK_NUMBER, "to": CALLER}

    assert us.sandbox.post(bridge["url"], json=command).status_code == 401
    assert us.sandbox.post("/bridge/none", json=command).status_code == 404
    assert dials(us) == []


def test_a_bridge_that_is_not_described_fully_is_refused(us: Deployment) -> None:
    answer = us.sandbox.post("/_/bridges", json={"trunk": "1001-x"})

    assert answer.status_code == 422
    assert "base_url" in answer.json()["detail"]


@pytest.mark.parametrize("name", ["bad_signature", "unsigned", "stale"])
def test_a_bridge_that_signs_wrongly_is_not_believed(us: Deployment, name: str) -> None:
    fault(us, "webhook", name, event="call", times=3)

    transcript = ring(us)

    assert transcript["outcome"] == "application_error"
    sent = [step["status"] for step in transcript["steps"] if step["what"] == "webhook"]
    assert sent[:3] == [401, 401, 401]


def test_whoever_takes_our_call_speaks_with_the_assistant(dialable: Deployment) -> None:
    far_end(dialable, "answer", hangup_after_s=0.3)

    placed = dial(dialable, agenda="Confirm the delivery").call

    call = dialable.ended()
    [asked] = dials(dialable)
    assert placed.carrier == BYO
    assert (call.status, call.sip_trunk_id) == (CallStatus.COMPLETED, TRUNK)
    assert asked["body"]["on_answer"]["parameters"]["agenda"] == "Confirm the delivery"
    assert SECRET not in repr(asked)


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        ("busy", CallStatus.BUSY),
        ("no_answer", CallStatus.NO_ANSWER),
        ("reject", CallStatus.FAILED),
        ("unknown_number", CallStatus.FAILED),
    ],
)
def test_what_the_callee_does_is_the_end_whatever_other_trunk_there_is(
    dialable: Deployment, behaviour: str, status: CallStatus
) -> None:
    second_trunk(dialable)
    far_end(dialable, behaviour)

    dial(dialable)

    assert dialable.ended().status is status
    assert len(dials(dialable)) == 1


def second_trunk(us: Deployment) -> None:
    """Give the organization another trunk, with a bridge of its own."""
    trunk = a_trunk(id=SECOND, name="Second", priority=2)
    us.app.store.add_trunk(trunk)
    us.app.secrets.store_trunk(ORGANIZATION, SECOND, TrunkSecrets("another-password", SECRET))
    point_trunk_at(us, us.bridge(trunk=SECOND), SECOND)


@pytest.mark.parametrize("name", ["not_this_trunk", "trunk_timeout"])
def test_a_trunk_that_is_down_leaves_the_call_to_the_next(dialable: Deployment, name: str) -> None:
    second_trunk(dialable)
    fault(dialable, "originate", name)
    far_end(dialable, "answer", hangup_after_s=0.2)

    dial(dialable)

    call = dialable.ended()
    assert (call.status, call.sip_trunk_id) == (CallStatus.COMPLETED, SECOND)
    assert [it["body"]["trunk_id"] for it in dials(dialable)] == [TRUNK, SECOND]


def test_a_trunk_that_fails_before_it_rings_leaves_the_call_to_the_next(
    dialable: Deployment,
) -> None:
    second_trunk(dialable)
    far_end(dialable, "unreachable")

    dial(dialable)

    assert dialable.ended().status is CallStatus.FAILED
    assert [it["body"]["trunk_id"] for it in dials(dialable)] == [TRUNK, SECOND]


def test_a_phone_that_rang_is_not_rung_again_over_another_trunk(dialable: Deployment) -> None:
    second_trunk(dialable)
    far_end(dialable, "no_answer", after_s=2)
    dial(dialable)
    wait_until(lambda: dialable.call().status is CallStatus.RINGING)
    sid = dialable.call().call_sid

    failed = {"call_sid": sid, "call_id": dialable.call().id, "status": "failed", "sip_code": 408}
    event = said("/sip-status", failed, at=datetime.now(UTC).timestamp())
    webhook_edge.handle(event, BYO, lambda: dialable.app)

    assert dialable.call().status is CallStatus.NO_ANSWER
    assert len(dials(dialable)) == 1


def test_an_answer_that_never_came_stops_the_search_for_a_trunk(dialable: Deployment) -> None:
    second_trunk(dialable)
    fault(dialable, "originate", "lost_answer")
    far_end(dialable, "answer", after_s=0.3, hangup_after_s=0.2)

    placed = dial(dialable)

    assert placed.call.status in (CallStatus.UNKNOWN, CallStatus.DIALING, CallStatus.RINGING)
    # The bridge did call, and tells of it with our own id.
    assert dialable.ended().status is CallStatus.COMPLETED
    assert len(dials(dialable)) == 1


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("invalid_credentials", "invalid_credentials"),
        ("rate_limited", "rate_limited"),
        ("number_taken", "invalid_number"),
    ],
)
def test_a_bridges_refusal_is_told_in_its_words(dialable: Deployment, name: str, code: str) -> None:
    fault(dialable, "originate", name)

    refusal = dial(dialable).call.refusal

    assert refusal is not None
    assert refusal.code == code
    assert "Your bridge did not call" in refusal.message


def test_a_machine_that_answers_hears_the_voicemail_message(dialable: Deployment) -> None:
    far_end(dialable, "machine")
    options = DialOptions(
        machine_detection=MachinePolicy.LEAVE_MESSAGE, voicemail_message="Call us back."
    )

    dial(dialable, options=options)

    call = dialable.ended()
    heard = dialable.sandbox.get(f"/_/calls/{call.call_sid}").json()["said"]
    assert (call.answered_by, heard) == ("machine", ["Call us back."])


def in_progress(us: Deployment) -> None:
    """Place a call that goes on until it is ended."""
    far_end(us, "answer", hangup_after_s=20)
    dial(us)
    wait_until(lambda: us.call().status is CallStatus.IN_PROGRESS)


def test_a_call_through_a_bridge_can_be_ended(dialable: Deployment) -> None:
    in_progress(dialable)

    control.terminate(dialable.app, ORGANIZATION, dialable.call().call_sid)

    assert dialable.ended().status is CallStatus.COMPLETED


def test_a_call_through_a_bridge_can_be_put_through(dialable: Deployment) -> None:
    in_progress(dialable)
    sid = dialable.call().call_sid

    control.transfer(dialable.app, ORGANIZATION, sid, "+14155550142")

    transcript = dialable.sandbox.get(f"/_/calls/{sid}").json()
    assert [step["to"] for step in transcript["steps"] if step["what"] == "transferred"] == [
        "+14155550142"
    ]
