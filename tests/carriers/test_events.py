"""What carriers say is understood: every event of theirs, in our words."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import pytest

from switchboard.carriers import CARRIERS
from switchboard.carriers.base import InboundCall, OutboundAnswer, Webhook, WebhookRequest
from switchboard.errors import InvalidRequest
from switchboard.model import CallEvent
from tests.carriers.signing import SIGNERS, adapter, data, signed_request
from tests.clock import START, Clock

EVENTS = [
    pytest.param(name, sample, id=f"{name}-{sample['name']}")
    for name in CARRIERS
    for sample in data(name, "events")
]
NONSENSE = {
    "twilio": [b"", b"CallStatus=ringing", b"\xff\xfe", b"{}", b"CallSid=", b"CallSid=CA1"],
    "telnyx": [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b'{"data": []}',
        b'{"data": {}}',
        b'{"data": {"payload": []}}',
        *(
            b'{"data": {"event_type": "number_order.complete", "payload": '
            b'{"customer_reference": "switchboard-7001", "phone_numbers": %b}}}' % numbers
            for numbers in (b'"x"', b"[1]", b"[{}]", b"[]", b"null")
        ),
        b'{"data": {"event_type": "call.initiated", "payload": '
        b'{"call_control_id": "v3:a", "direction": "incoming"}}}',
        b'{"data": {"event_type": "call.initiated", "payload": '
        b'{"call_control_id": "v3:a", "direction": "incoming", "to": {"number": 1}}}}',
    ],
    "vonage": [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"status": "ringing"}',
        b'{"status": "ringing", "uuid": ""}',
        b'{"uuid": "u", "to": "sip:ann"}',
        b'{"uuid": "u", "to": {"number": 1}}',
        b'{"recording_url": "https://api.nexmo.com/v1/files/1"}',
        b'{"recording_url": 7, "recording_uuid": "1"}',
        b'{"recording_url": "https://api.nexmo.com/v1/files/1", "recording_uuid": "../1"}',
    ],
}


@pytest.mark.parametrize(("name", "sample"), EVENTS)
def test_an_event_is_understood(name: str, sample: dict[str, Any]) -> None:
    carrier = adapter(name, SIGNERS[name].credentials, Clock())

    understood = carrier.parse(signed_request(name, sample, START))

    assert type(understood).__name__ == sample["is"]
    told = _told(understood)
    assert {key: told[key] for key in sample["expect"]} == sample["expect"]


@pytest.mark.parametrize("name", CARRIERS)
def test_an_event_without_a_time_is_dated_now(name: str) -> None:
    carrier = adapter(name, SIGNERS[name].credentials, Clock())
    sample = data(name, "events")[0]
    if "json" in sample:
        # Vonage's question for an answer has no time at all.
        sample["json"].get("data", {})["occurred_at"] = "some time ago"

    understood = carrier.parse(signed_request(name, sample, START))

    assert isinstance(understood, InboundCall)
    assert understood.event.occurred_at == START


@pytest.mark.parametrize(
    ("name", "body"), [(name, body) for name in CARRIERS for body in NONSENSE[name]]
)
def test_what_makes_no_sense_is_refused(name: str, body: bytes) -> None:
    carrier = adapter(name, SIGNERS[name].credentials, Clock())
    path = data(name, "events")[0]["path"]
    url = f"https://hooks.example.com{path}?org=1001"

    with pytest.raises(InvalidRequest):
        _act_on(carrier.parse(WebhookRequest("POST", url, {}, body)))


def _act_on(understood: Webhook) -> None:
    """Refuse what would be taken for an event of a call that nobody can name."""
    if isinstance(understood, CallEvent) and understood.status is None:
        raise InvalidRequest("nothing to act on")


def _told(understood: Webhook) -> dict[str, Any]:
    if isinstance(understood, InboundCall):
        told = asdict(understood.event) | {"from_": understood.from_, "to": understood.to}
    elif isinstance(understood, OutboundAnswer):
        told = asdict(understood.event)
    else:
        told = asdict(understood)
    return {key: _plain(value) for key, value in told.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return list(value) if isinstance(value, tuple) else value
