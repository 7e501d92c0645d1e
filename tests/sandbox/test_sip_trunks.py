"""A carrier's SIP interface in the sandbox: gateways that fail, and calls that come over SIP."""

from typing import Any

import httpx
import pytest

from tests.sandbox.clients import TelnyxClient, TwilioClient, program_far_end, transcript
from tests.sandbox.servers import Customer
from tests.sandbox.test_twilio_outbound import dialled, statuses

GATEWAY = "sip.example.com:5060"
CALLEE = f"sip:+12125550199@{GATEWAY}"
OURS = "+14155550177"


@pytest.mark.parametrize(
    ("behaviour", "code"), [("gateway_down", "503"), ("gateway_silent", "408")]
)
def test_a_gateway_that_fails_lets_no_phone_ring(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient, behaviour: str, code: str
) -> None:
    program_far_end(sandbox, f"@{GATEWAY}", behaviour)

    # Twilio asks for no proof of a caller id that is shown over SIP.
    transcript(sandbox, dialled(twilio, customer, To=CALLEE, From=OURS))

    assert statuses(customer) == ["initiated", "failed"]
    end = customer.at("/status")[-1].form
    assert (end["SipResponseCode"], end["SequenceNumber"]) == (code, "1")


def test_others_are_not_behind_that_gateway(
    sandbox: httpx.Client, customer: Customer, twilio: TwilioClient
) -> None:
    program_far_end(sandbox, "@other.example.com", "gateway_down")
    customer.says("/voice", "<Hangup/>")

    report = transcript(sandbox, dialled(twilio, customer, To=CALLEE, From=OURS))

    assert report["status"] == "completed"


def ring(sandbox: httpx.Client, carrier: str, **wanted: Any) -> httpx.Response:
    """Let a gateway send a call to a carrier's SIP domain."""
    accounts = sandbox.get("/_/accounts", params={"carrier": carrier}).json()["accounts"]
    call = {
        "carrier": carrier,
        "to": f"sip:100@acme.sip.{carrier}.com",
        "from": "sip:+12125550199@203.0.113.7",
        "account": accounts[0]["id"],
        "sip_headers": {"Diversion": f"<sip:{OURS}@pbx.example.com>"},
        "hangup_after_s": 0.1,
    }
    return sandbox.post("/_/calls", json=call | wanted)


def test_a_call_over_sip_asks_the_domains_url(sandbox: httpx.Client, customer: Customer) -> None:
    customer.says("/voice", "<Say>Hello</Say>")

    answer = ring(sandbox, "twilio", voice_url=f"{customer.url}/voice?org=1")

    assert answer.status_code == 200, answer.text
    asked = customer.at("/voice")[0].form
    assert asked["To"] == "sip:100@acme.sip.twilio.com"
    assert asked["SipDomain"] == "acme.sip.twilio.com"
    assert asked["SipHeader_Diversion"] == f"<sip:{OURS}@pbx.example.com>"


def test_a_call_over_sip_is_announced_with_its_headers(
    sandbox: httpx.Client, customer: Customer, telnyx: TelnyxClient
) -> None:
    application = {"application_name": "a", "webhook_event_url": f"{customer.url}/events"}
    made = telnyx("POST", "/call_control_applications", json=application).json()["data"]

    ring(sandbox, "telnyx", connection_id=made["id"])

    told = customer.received[0].event
    assert told["event_type"] == "call.initiated"
    assert told["payload"]["to"] == "sip:100@acme.sip.telnyx.com"
    assert told["payload"]["custom_headers"] == [
        {"name": "Diversion", "value": f"<sip:{OURS}@pbx.example.com>"}
    ]


@pytest.mark.parametrize(
    "wrong", [{"account": "AC0"}, {"from": "nobody"}, {"sip_headers": ["x"]}, {"say": 5}]
)
def test_what_no_gateway_does_is_refused(sandbox: httpx.Client, wrong: dict[str, Any]) -> None:
    assert ring(sandbox, "twilio", **wrong).status_code == 422
