"""What every carrier's records say of calls whose events, or whose very answer, were lost."""

from dataclasses import replace
from datetime import timedelta

import pytest

from switchboard.calls import advance
from switchboard.carriers import carrier_class
from switchboard.errors import CarrierUnavailable, NotConfigurable, OutcomeUnknown
from switchboard.model import BYO, Call, CallStatus, Direction, NumberOrder
from tests.carriers.conftest import Subject
from tests.carriers.dialing import CALL_ID, Phone
from tests.carriers.lab import Lab
from tests.sandbox.servers import Customer, wait_until


@pytest.fixture
def phone(subject: Subject, lab: Lab, us: Customer, order: NumberOrder) -> Phone:
    """Return each carrier in turn, with a number to call from, and nobody who hears webhooks."""
    subject.carrier.buy(order)
    return Phone(subject, lab, us)


def told(phone: Phone, call: Call) -> Call:
    """Return the call after all that the carrier's records say of it."""
    for trace in phone.subject.carrier.traces(call):
        for event in trace.events:
            assert event.call_id == call.id
            call = advance(call, event) or call
    return call


def over(phone: Phone) -> None:
    """Wait until every call has ended."""

    def open_calls() -> list[object]:
        found = phone.lab.control.get("/_/calls").json()["calls"]
        return [it for it in found if it["ended_at"] is None]

    wait_until(lambda: not open_calls())


def test_a_call_whose_answer_was_lost_is_found_by_what_we_know(phone: Phone, lab: Lab) -> None:
    phone.answered_with()
    phone.far_end("busy")
    lab.fault(phone.subject.name, "dial", "lost_answer")
    call = phone.call()
    with pytest.raises(OutcomeUnknown):
        phone.subject.carrier.dial(call, phone.stream)
    over(phone)

    found = told(phone, call)

    assert found.call_sid
    assert found.status is CallStatus.BUSY
    assert found.ended_at


def test_a_call_that_was_never_placed_leaves_no_trace(phone: Phone, lab: Lab) -> None:
    phone.answered_with()
    phone.far_end("busy")
    # Another call to the same person, long before.
    earlier = phone.call(8001)
    phone.subject.carrier.dial(earlier, phone.stream)
    over(phone)
    later = phone.subject.context.clock() + timedelta(minutes=10)

    assert phone.subject.carrier.traces(replace(phone.call(), created_at=later)) == []


def test_a_call_that_goes_on_is_found_before_it_has_ended(phone: Phone, lab: Lab) -> None:
    phone.answered_with()
    phone.far_end("answer", hangup_after_s=5)
    lab.fault(phone.subject.name, "dial", "lost_answer")
    call = phone.call()
    with pytest.raises(OutcomeUnknown):
        phone.subject.carrier.dial(call, phone.stream)

    found = told(phone, call)
    assert found.call_sid
    assert not found.status.is_final
    phone.subject.carrier.hang_up(found)


@pytest.mark.parametrize(
    ("behaviour", "status"),
    [
        ("answer_and_hang_up", CallStatus.COMPLETED),
        ("no_answer", CallStatus.NO_ANSWER),
        ("reject", CallStatus.FAILED),
    ],
)
def test_a_call_is_asked_for_by_its_id_and_its_end_is_read(
    phone: Phone, behaviour: str, status: CallStatus
) -> None:
    phone.answered_with()
    phone.far_end(behaviour)
    call = phone.dial(ring_timeout=5)
    over(phone)

    [trace] = phone.subject.carrier.traces(call)
    assert trace.is_certain
    assert trace.call_sid == call.call_sid
    assert told(phone, call).status is status


def test_an_inbound_call_whose_last_event_was_lost_is_read_too(phone: Phone, lab: Lab) -> None:
    report = lab.ring(phone.subject.name, phone.call().phone_number, hangup_after_s=0.05)
    call = replace(
        phone.call(),
        call_sid=report["carrier_call_id"],
        direction=Direction.INBOUND,
        customer_number="+12125550199",
        status=CallStatus.RINGING,
    )

    assert told(phone, call).status.is_final


def test_a_call_that_the_carrier_does_not_know_has_no_trace(phone: Phone) -> None:
    sid = {"twilio": "CA" + "0" * 32}.get(
        phone.subject.name, "63f61863-4a51-4f6b-86e1-46edebcf9356"
    )

    assert phone.subject.carrier.traces(replace(phone.call(), call_sid=sid)) == []


def test_records_that_cannot_be_read_say_so(phone: Phone, lab: Lab) -> None:
    lab.fault(phone.subject.name, "*", "server_error")

    with pytest.raises(CarrierUnavailable):
        phone.subject.carrier.traces(phone.call(CALL_ID))


def test_looking_at_the_records_changes_nothing(phone: Phone, lab: Lab) -> None:
    with lab.requests() as made:
        phone.subject.carrier.traces(phone.call())
        phone.subject.carrier.traces(replace(phone.call(), call_sid="CA" + "0" * 32))

    assert {request.method for request in made} == {"GET"}


def test_the_records_of_a_trunk_cannot_be_read(phone: Phone) -> None:
    trunk = carrier_class(BYO)({}, phone.subject.context)

    with pytest.raises(NotConfigurable):
        trunk.traces(phone.call())
