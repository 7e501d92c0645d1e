"""An inbound call at the sandbox's Telnyx."""

import base64
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from starlette.responses import Response

from tests.sandbox.clients import TelnyxClient
from tests.sandbox.servers import Customer, Received

NUMBER = "+14155550100"
CALLER = "+14155550111"
OK = Response("{}", media_type="application/json")


@pytest.fixture
def number(telnyx: TelnyxClient, customer: Customer) -> str:
    """Buy a number that is connected to an application of the customer's."""
    application = telnyx(
        "POST",
        "/call_control_applications",
        json={
            "application_name": "test",
            "webhook_event_url": f"{customer.url}/events",
            "webhook_event_failover_url": f"{customer.url}/failover",
            "webhook_api_version": "2",
        },
    )
    assert application.status_code == 201
    telnyx.search(NUMBER)
    order = telnyx.order(NUMBER, connection_id=application.json()["data"]["id"])
    assert order.json()["data"]["status"] == "success", order.text
    return NUMBER


def call(sandbox: httpx.Client, **plan: Any) -> dict[str, Any]:
    wanted = {"carrier": "telnyx", "from": CALLER, "to": NUMBER, "hangup_after_s": 0.2} | plan
    answer = sandbox.post("/_/calls", json=wanted)
    assert answer.status_code == 200, answer.text
    report: dict[str, Any] = answer.json()
    return report


def on_ringing(
    telnyx: TelnyxClient, *commands: tuple[str, dict[str, Any]]
) -> Callable[[Received], Response]:
    """Answer `call.initiated` with commands; their replies are checked."""

    def answer(got: Received) -> Response:
        payload = got.event["payload"]
        if got.event["event_type"] == "call.initiated" and payload["direction"] == "incoming":
            for action, body in commands:
                path = f"/calls/{payload['call_control_id']}/actions/{action}"
                telnyx("POST", path, json=body).raise_for_status()
        return OK

    return answer


def events(customer: Customer) -> list[str]:
    return [got.event["event_type"] for got in customer.at("/events")]


def test_an_answered_call_opens_its_stream_with_the_client_state(
    sandbox: httpx.Client, customer: Customer, telnyx: TelnyxClient, number: str
) -> None:
    url = str(sandbox.base_url).replace("http://", "ws://").rstrip("/") + "/runtime/echo/42?token=x"
    state = base64.b64encode(b"42").decode()
    answer = {
        "stream_url": url,
        "stream_bidirectional_mode": "rtp",
        "client_state": state,
        "command_id": "one",
    }
    customer.answers["/events"] = on_ringing(telnyx, ("answer", answer), ("answer", answer))

    report = call(sandbox)

    assert report["outcome"] == "streamed", json.dumps(report, indent=1)
    assert report["streams"][0]["start"]["start"]["client_state"] == state
    assert report["streams"][0]["echoed"]
    assert events(customer) == [
        "call.initiated",
        "call.answered",
        "streaming.started",
        "streaming.stopped",
        "call.hangup",
    ]
    assert customer.at("/events")[-1].event["payload"]["hangup_cause"] == "normal_clearing"
    assert "command_repeated" in [step["what"] for step in report["steps"]]


def test_events_are_signed_over_the_time_and_the_body(
    sandbox: httpx.Client, customer: Customer, telnyx: TelnyxClient, number: str
) -> None:
    customer.answers["/events"] = on_ringing(telnyx, ("reject", {"cause": "USER_BUSY"}))

    report = call(sandbox)

    assert report["status"] == "busy"
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(telnyx.public_key))
    for got in customer.received:
        signature = base64.b64decode(got.headers["telnyx-signature-ed25519"])
        key.verify(signature, got.headers["telnyx-timestamp"].encode() + b"|" + got.raw)


def test_a_sentence_is_spoken_and_the_caller_is_transferred(
    sandbox: httpx.Client, customer: Customer, telnyx: TelnyxClient, number: str
) -> None:
    customer.answers["/events"] = on_ringing(
        telnyx,
        ("answer", {}),
        ("speak", {"payload": "One moment.", "voice": "female"}),
        ("transfer", {"to": "+14155550199"}),
    )

    report = call(sandbox)

    assert report["said"] == ["One moment."]
    assert report["outcome"] == "dialled"
    told = [got.event for got in customer.at("/events")]
    legs = [event["payload"] for event in told if event["event_type"] == "call.initiated"]
    assert [leg["direction"] for leg in legs] == ["incoming", "outgoing"]


def test_a_call_nobody_answers_is_given_up_by_the_caller(
    sandbox: httpx.Client, customer: Customer, number: str
) -> None:
    customer.answers["/events"] = lambda _: OK

    report = call(sandbox)

    assert report["status"] == "canceled"
    assert customer.at("/events")[-1].event["payload"]["hangup_cause"] == "originator_cancel"


def test_an_event_is_tried_three_times_and_then_sent_to_the_failover_url(
    sandbox: httpx.Client, customer: Customer, number: str
) -> None:
    customer.answers["/events"] = lambda _: Response(status_code=500)
    customer.answers["/failover"] = lambda _: OK

    call(sandbox)

    tries = [json.loads(got.raw)["meta"]["attempt"] for got in customer.received[:4]]
    assert tries == [1, 2, 3, 4]
    assert customer.received[3] in customer.at("/failover")
    assert len({got.event["id"] for got in customer.received[:4]}) == 1


def refused(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["code"]


def test_commands_out_of_turn_are_refused_with_telnyxs_codes(
    sandbox: httpx.Client, customer: Customer, telnyx: TelnyxClient, number: str
) -> None:
    seen: list[tuple[int, str]] = []

    def out_of_turn(got: Received) -> Response:
        if got.event["event_type"] == "call.initiated":
            path = f"/calls/{got.event['payload']['call_control_id']}/actions"
            speech = {"payload": "x", "voice": "female"}
            seen.append(refused(telnyx("POST", f"{path}/speak", json=speech)))
            seen.append(refused(telnyx("POST", f"{path}/answer", json={"client_state": "!"})))
            public = {"stream_url": "ws://media.example.com/x"}
            seen.append(refused(telnyx("POST", f"{path}/answer", json=public)))
            telnyx("POST", f"{path}/hangup", json={}).raise_for_status()
        return OK

    customer.answers["/events"] = out_of_turn

    report = call(sandbox)

    ended = telnyx("POST", f"/calls/{report['carrier_call_id']}/actions/hangup", json={})
    unknown = telnyx("POST", "/calls/v3:none/actions/answer", json={})
    assert seen == [(422, "90034"), (422, "90017"), (422, "10015")]
    assert refused(ended) == (422, "90018")
    assert refused(unknown) == (422, "90015")
    assert not telnyx("GET", f"/calls/{report['carrier_call_id']}").json()["data"]["is_alive"]
