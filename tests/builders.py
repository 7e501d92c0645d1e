"""Things for tests, with fixed values: say only what the test is about."""

from dataclasses import replace
from typing import Any

from switchboard.model import (
    E164,
    Assistant,
    Call,
    CallEvent,
    CallStatus,
    Direction,
    Number,
    NumberStatus,
    Organization,
)
from switchboard.numbers import PurchaseRequest
from tests.clock import START

ORGANIZATION = 1001
OTHER_ORGANIZATION = 2002
NUMBER = E164("+14155550100")
CALLER = "+12125550199"
CALL_SID = "CA00000000000000000000000000000001"


def an_organization(**changes: Any) -> Organization:
    """Return an organization."""
    return replace(Organization(ORGANIZATION, "Acme", START), **changes)


def an_assistant(**changes: Any) -> Assistant:
    """Return an active assistant with a media runtime."""
    assistant = Assistant(
        id=3001,
        organization_id=ORGANIZATION,
        name="Front desk",
        stream_url="wss://media.example.com/stream",
        created_at=START,
        welcome_message="Hello from Acme",
    )
    return replace(assistant, **changes)


def a_number(**changes: Any) -> Number:
    """Return an active number that an assistant answers."""
    number = Number(
        id=4001,
        organization_id=ORGANIZATION,
        phone_number=NUMBER,
        carrier="fake",
        status=NumberStatus.ACTIVE,
        order_key="key-1",
        created_at=START,
        updated_at=START,
        country_code="US",
        carrier_number_id="PN1",
        friendly_name="Front desk line",
        assistant=an_assistant(),
    )
    return replace(number, **changes)


def a_purchase(**changes: Any) -> PurchaseRequest:
    """Return a request to buy a number."""
    return replace(PurchaseRequest(provider="fake", phone_number=NUMBER), **changes)


def an_event(**changes: Any) -> CallEvent:
    """Return the first event of an inbound call."""
    event = CallEvent(
        id="event-1",
        type="ringing",
        call_sid=CALL_SID,
        occurred_at=START,
        status=CallStatus.RINGING,
        direction=Direction.INBOUND,
        from_=CALLER,
        to=NUMBER,
    )
    return replace(event, **changes)


def a_call(**changes: Any) -> Call:
    """Return a ringing inbound call."""
    call = Call(
        id=5001,
        organization_id=ORGANIZATION,
        carrier="fake",
        call_sid=CALL_SID,
        direction=Direction.INBOUND,
        phone_number=NUMBER,
        customer_number=CALLER,
        status=CallStatus.RINGING,
        created_at=START,
        assistant_id=3001,
        assistant_name="Front desk",
        answered_with="stream",
    )
    return replace(call, **changes)
