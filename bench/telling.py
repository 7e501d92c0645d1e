"""Telling customers: the requests that delivering an event takes, and sending a text message."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from bench import round_trips
from bench.deployment import Deployment, RoundTrips, deployment
from bench.figures import Figure
from functions.sms import app as sms
from switchboard.events import delivering
from switchboard.events.office import Answer, Message, Office
from switchboard.model import STATUS_UPDATE, Endpoint, OutboxEvent

_CALLEE = "+12125550199"
_LAST_RECEIPTS = ("delivered", "message.finalized", "message.delivered")
_RECEIPT_S, _POLL_S = 10.0, 0.05
_CARRIERS = ("twilio", "telnyx", "vonage")
# The event, its assistant, its receiver; the event before it and how that was delivered; the
# claim that begins it; how it went.
_DELIVERY_DYNAMODB = 7
# What it needs in one batch; its row, its key and the number's time; how it went.
_TEXT_DYNAMODB = 4


@dataclass
class _Queue:
    messages: list[tuple[Message, int]] = field(default_factory=list)

    def put(self, messages: Sequence[tuple[Message, int]]) -> None:
        self.messages += messages


class _Sender:
    def send(self, endpoint: Endpoint, event: OutboxEvent, headers: Mapping[str, str]) -> Answer:
        return Answer(200)


def measure() -> Iterator[Figure]:
    """Yield the round trips of a text message at each carrier, and of an event's delivery."""
    for carrier in _CARRIERS:
        with deployment(carrier) as deployed:
            round_trips.purchase(deployed)
            sent = text(deployed)
        yield Figure(f"text.{carrier}.dynamodb", sent.dynamodb, "requests", _TEXT_DYNAMODB)
        yield Figure(f"text.{carrier}.carrier", sent.carrier, "requests", 1)
    with deployment("twilio") as deployed:
        round_trips.purchase(deployed)
        delivered = delivery(deployed)
    yield Figure("event.delivered.dynamodb", delivered.dynamodb, "requests", _DELIVERY_DYNAMODB)


def text(deployed: Deployment) -> RoundTrips:
    """Send a message in the request that asks for it; return what the function took."""
    event = round_trips.example("sms", "send-now")
    wanted = {"from_phone_number": round_trips.NUMBER, "to_phone_number": _CALLEE}
    event["body"] = json.dumps(json.loads(event["body"]) | wanted)
    event["requestContext"]["authorizer"] = round_trips.authorized(deployed)
    # The message's receipts wait: what they take is not the sender's.
    with deployed.public.one_at_a_time, deployed.meter.counting() as found:
        reply = sms.lambda_handler(event, round_trips.Context(), lambda: deployed.app)
    if reply["statusCode"] != 200:
        raise RuntimeError(f"The message was not sent: {reply['body']}")
    _await_receipt(deployed)
    return found[0]


def _await_receipt(deployed: Deployment) -> None:
    # None must be under way when the deployment is taken down.
    until = time.monotonic() + _RECEIPT_S
    while time.monotonic() < until:
        told = deployed.sandbox.get("/_/webhooks").raise_for_status().json()["webhooks"]
        if any(webhook.get("event") in _LAST_RECEIPTS for webhook in told):
            return
        time.sleep(_POLL_S)
    raise RuntimeError("The carrier never said that the message was delivered")


def delivery(deployed: Deployment) -> RoundTrips:
    """Deliver a call's second event, which its receiver takes; return what that took."""
    store = deployed.app.store
    assistant = store.assistant(deployed.organization_id, deployed.assistant_id)
    assert assistant is not None
    store.put_assistant(replace(assistant, webhook_url="https://example.com/events"))
    round_trips.inbound_call(deployed)
    office = Office(deployed.app, _Queue(), _Sender())
    first, second = [
        event
        for event in store.events_after(assistant.organization_id, "0", 100)
        if event.type == STATUS_UPDATE
    ][:2]
    # With its first event a receiver gets a row of its own.
    delivering.handle(office, {"event": first.id, "organization": first.organization_id})
    with deployed.meter.counting() as found:
        delivering.handle(office, {"event": second.id, "organization": second.organization_id})
    return found[0]
