"""Calls over a SIP trunk through each carrier that can bridge them, against the sandbox."""

from dataclasses import replace
from typing import Any

import pytest

from switchboard.calls import advance
from switchboard.errors import OutcomeUnknown
from switchboard.model import BYO, CallStatus, SipRoute
from tests.carriers.conftest import Connect
from tests.carriers.dialing import CALLEE, Phone, wait_for
from tests.carriers.lab import Lab
from tests.sandbox.servers import Customer, wait_until

GATEWAY = "sip.example.com:5060"
ROUTE = SipRoute("6f1c9a52-3e0b-4a53-9d53-0f6c1f0a2b7d", GATEWAY, "acme", "correct horse battery")


@pytest.fixture(params=["twilio", "telnyx"])
def phone(request: pytest.FixtureRequest, connect: Connect, lab: Lab, us: Customer) -> Phone:
    """Return each carrier that bridges trunks; the number that calls is none of its own."""
    return Phone(connect(request.param), lab, us)


def gateway(phone: Phone, behaviour: str, **more: Any) -> None:
    """Decide what is behind the gateway."""
    wanted = {"number": f"@{GATEWAY}", "behaviour": behaviour, "after_s": 0.02} | more
    phone.lab.control.post("/_/far-ends", json=wanted).raise_for_status()


def dial(phone: Phone, route: SipRoute = ROUTE) -> str:
    """Place a call over the trunk and return the carrier's id of it."""
    return phone.subject.carrier.dial(phone.call(), phone.stream, route)


def test_a_call_goes_to_the_number_behind_the_gateway_with_the_login(phone: Phone) -> None:
    side = phone.answered_with()
    gateway(phone, "answer", hangup_after_s=0.1)

    sid = dial(phone)

    report = phone.transcript(replace(phone.call(), call_sid=sid))
    assert report["to"] == f"sip:{CALLEE}@{GATEWAY}"
    assert report["from"] == phone.call().phone_number
    assert report["outcome"] == "streamed"
    assert [it for it in phone.lab.tap.exchanges if b"correct" in it.body]
    ended = wait_for(side, CallStatus.COMPLETED)
    assert (ended.call_id, ended.not_this_trunk) == (phone.call().id, False)


@pytest.mark.parametrize(
    ("behaviour", "not_this_trunk"),
    [
        ("gateway_down", True),
        ("gateway_silent", True),
        ("busy", False),
        ("reject", False),
        ("no_answer", False),
        ("unknown_number", False),
    ],
)
def test_only_the_gateways_own_failure_means_not_this_trunk(
    phone: Phone, behaviour: str, not_this_trunk: bool
) -> None:
    side = phone.answered_with()
    gateway(phone, behaviour)

    phone.transcript(replace(phone.call(), call_sid=dial(phone)))

    assert side.failures == []
    assert [event.not_this_trunk for event in side.events][-1] is not_this_trunk


def test_a_lost_answer_stays_unknown_over_a_trunk_too(phone: Phone) -> None:
    phone.lab.fault(phone.subject.name, "dial", "lost_answer")

    with pytest.raises(OutcomeUnknown):
        dial(phone)


def test_a_gateway_without_a_login_is_told_none(phone: Phone) -> None:
    phone.answered_with()
    gateway(phone, "busy")

    sid = dial(phone, SipRoute(ROUTE.trunk_id, GATEWAY))

    phone.transcript(replace(phone.call(), call_sid=sid))
    bodies = [it.body.lower() for it in phone.lab.tap.exchanges]
    assert not [body for body in bodies if b"sipauth" in body or b"sip_auth" in body]


def test_a_call_whose_answer_was_lost_is_found_in_the_carriers_records(phone: Phone) -> None:
    phone.answered_with()
    gateway(phone, "busy")
    phone.lab.fault(phone.subject.name, "dial", "lost_answer")
    with pytest.raises(OutcomeUnknown):
        dial(phone)
    wait_until(lambda: phone.lab.control.get("/_/calls").json()["calls"][0]["ended_at"])
    call = replace(phone.call(), carrier=BYO, bridge=phone.subject.name)

    [trace] = phone.subject.carrier.traces(call)

    for event in trace.events:
        call = advance(call, event) or call
    assert call.status is CallStatus.BUSY
    assert {event.call_id for event in trace.events} == {call.id}
