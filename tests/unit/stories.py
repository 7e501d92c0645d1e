"""Whole calls as the two carriers tell them: real payloads, in the order in which they happened."""

import base64
import copy
import json
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from switchboard.carriers.base import InboundCall, OutboundAnswer
from switchboard.model import CallEvent
from tests.carriers.signing import SIGNERS, adapter, data, signed_request
from tests.clock import START, Clock

CALL_ID = 9001

Story = list[CallEvent]

_RINGS = ["status initiated", "status ringing"]
_TALKS = [
    "the callee of our own call answered",
    "status in-progress",
    "the media stream of an inbound call opened",
    "stream-stopped",
]
_TELNYX_TALKS = ["answered", "streaming.started", "streaming.stopped"]
_MACHINE = ["call.machine.detection.ended", "call.machine.greeting.ended"]

_STORIES = {
    "twilio": {
        "answered": [*_RINGS, *_TALKS, "status completed"],
        **{
            word: [*_RINGS, f"status {word}"]
            for word in ("busy", "no-answer", "failed", "canceled")
        },
    },
    "telnyx": {
        "answered": ["our own call rings", *_TELNYX_TALKS, "hangup normal_clearing"],
        "too long": ["our own call rings", *_TELNYX_TALKS, "hangup time_limit"],
        "a machine": [
            "our own call rings",
            "answered",
            *_MACHINE,
            "call.speak.started",
            "call.speak.ended",
            "hangup normal_clearing",
        ],
        "put through": [
            "our own call rings",
            *_TELNYX_TALKS,
            "bridged",
            "call.dtmf.received",
            "hangup normal_clearing",
            "call.cost",
        ],
        **{
            cause: ["our own call rings", f"hangup {cause}"]
            for cause in ("user_busy", "timeout", "no_answer", "originator_cancel", "not_found")
        },
    },
}


def stories() -> dict[str, Story]:
    """Return every story by carrier and name: each event two seconds after the one before."""
    return {
        f"{carrier} {name}": [_event(carrier, title, n) for n, title in enumerate(titles)]
        for carrier, told in _STORIES.items()
        for name, titles in told.items()
    }


def _event(carrier: str, title: str, n: int) -> CallEvent:
    [found] = [sample for sample in data(carrier, "events") if sample["name"] == title]
    sample = copy.deepcopy(found)
    clock = Clock(START + timedelta(seconds=2 * n))
    (_at_twilio if carrier == "twilio" else _at_telnyx)(sample, clock, n)
    webhook = adapter(carrier, SIGNERS[carrier].credentials, clock).parse(
        signed_request(carrier, sample, clock.now)
    )
    assert not isinstance(webhook, InboundCall)
    event = webhook.event if isinstance(webhook, OutboundAnswer) else webhook
    assert isinstance(event, CallEvent)
    assert event.call_id == CALL_ID
    return event


def _at_twilio(sample: dict[str, Any], clock: Clock, n: int) -> None:
    sample["call_id"] = CALL_ID
    form = sample["form"]
    if "Timestamp" in form:
        form["Timestamp"] = format_datetime(clock.now)
    if "SequenceNumber" in form:
        form["SequenceNumber"] = str(n)


def _at_telnyx(sample: dict[str, Any], clock: Clock, n: int) -> None:
    told = sample["json"]["data"]
    told |= {"id": f"event-{n}", "occurred_at": clock.now.isoformat()}
    state = json.dumps({"call": CALL_ID}).encode()
    told["payload"]["client_state"] = base64.b64encode(state).decode()
