"""Things for tests, with fixed values: say only what the test is about."""

from dataclasses import replace
from typing import Any

from switchboard.dialing import DialRequest
from switchboard.model import (
    E164,
    Assistant,
    Call,
    CallEvent,
    CallStatus,
    Capabilities,
    ConversationFlow,
    Direction,
    Number,
    NumberOrder,
    NumberStatus,
    Organization,
    Recording,
    SipTrunk,
    Text,
    TextStatus,
    Token,
)
from switchboard.numbers.purchasing import PurchaseRequest
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


def a_flow(**changes: Any) -> ConversationFlow:
    """Return an active flow over that assistant."""
    flow = ConversationFlow(
        id=6001,
        organization_id=ORGANIZATION,
        base_assistant_id=3001,
        name="Bookings",
        graph={"begin_node": "start", "nodes": {"start": {"prompt": "Take the booking."}}},
        created_at=START,
        updated_at=START,
    )
    return replace(flow, **changes)


def a_token(**changes: Any) -> Token:
    """Return an API key that may read numbers and whose secret nobody knows."""
    token = Token(
        id=2001,
        organization_id=ORGANIZATION,
        name="Deployment",
        hash="5" * 64,
        prefix="burki_7Qx...",
        scopes=("numbers:read",),
        created_at=START,
    )
    return replace(token, **changes)


def a_number(**changes: Any) -> Number:
    """Return an active number that an assistant answers."""
    number = Number(
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
        capabilities=Capabilities(voice=True, sms=True),
        assistant=an_assistant(),
    )
    return replace(number, **changes)


def a_text(**changes: Any) -> Text:
    """Return a text message that waits for its turn."""
    text = Text(
        id="0b3e6a52-6f0e-5c64-9d0c-2b1f4a3d7e11",
        organization_id=ORGANIZATION,
        carrier="twilio",
        from_=NUMBER,
        to=E164(CALLER),
        body="Your table is booked for seven.",
        created_at=START,
        updated_at=START,
        status=TextStatus.QUEUED,
        is_queued=True,
        segments=1,
        encoding="GSM-7",
        due=START,
        assistant_id=3001,
    )
    return replace(text, **changes)


def an_order(**changes: Any) -> NumberOrder:
    """Return the order by which that number was bought."""
    order = NumberOrder(
        id=4002,
        organization_id=ORGANIZATION,
        key="key-1",
        fingerprint="f",
        carrier="fake",
        phone_number=NUMBER,
        country_code="US",
        friendly_name="Front desk line",
        created_at=START,
        updated_at=START,
    )
    return replace(order, **changes)


def a_purchase(**changes: Any) -> PurchaseRequest:
    """Return a request to buy a number."""
    return replace(PurchaseRequest(provider="fake", phone_number=NUMBER), **changes)


TRUNK = "6f1c9a52-3e0b-4a53-9d53-0f6c1f0a2b7d"


def a_trunk(**changes: Any) -> SipTrunk:
    """Return an enabled trunk that Twilio bridges, without secrets."""
    trunk = SipTrunk(
        id=TRUNK,
        organization_id=ORGANIZATION,
        name="Office",
        gateway="sip.example.com:5060",
        created_at=START,
        updated_at=START,
        username="acme",
    )
    return replace(trunk, **changes)


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


def a_recording(**changes: Any) -> Recording:
    """Return a recording of that call, which nobody has fetched yet."""
    recording = Recording(
        id=7001,
        organization_id=ORGANIZATION,
        call_id=5001,
        carrier="fake",
        recording_sid="RE00000000000000000000000000000001",
        created_at=START,
        carrier_url="https://files.fake.example/1.mp3",
        duration=42,
        due=START,
    )
    return replace(recording, **changes)


def a_dial(**changes: Any) -> DialRequest:
    """Return a request to call somebody."""
    return replace(DialRequest(to_phone_number=CALLER, from_phone_number=NUMBER), **changes)
