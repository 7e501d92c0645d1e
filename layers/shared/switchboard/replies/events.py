"""Events, their deliveries and their receivers, as the API shows them."""

import json
from typing import Annotated, Any, TypedDict

from pydantic import Field

from ..events.catching_up import Page, attempt_id
from ..model import Attempt, Delivery, Endpoint, OutboxEvent

_Time = Annotated[str, Field(description="UTC.", examples=["2026-03-02T09:00:00+00:00"])]
_Id = Annotated[str, Field(examples=["evt_5001_1"])]
_Webhook = Annotated[
    str, Field(description="The receiver's id.", examples=["5a2f0c6e9b1d4c7a8e3f"])
]


class EventReply(TypedDict):
    """Something that happened."""

    id: Annotated[str, Field(description="The header `webhook-id`.", examples=["evt_5001_1"])]
    type: Annotated[str, Field(examples=["status-update"])]
    created_at: _Time
    call_id: Annotated[int | None, Field(examples=[5001])]
    assistant_id: Annotated[int | None, Field(examples=[3001])]
    sequence: Annotated[
        int | None, Field(description="Its place among its call's events, from 1.", examples=[1])
    ]
    payload: Annotated[dict[str, Any], Field(description="What receivers get, as it was sent.")]


class EventPage(TypedDict):
    """Some events, oldest first."""

    items: list[EventReply]
    next: Annotated[str, Field(description="Send it as `after`, now or later.")]
    has_more: Annotated[bool, Field(description="Whether there is more already.")]


class DeliveryReply(TypedDict):
    """How the sending of an event to one receiver stands."""

    event_id: _Id
    webhook_id: _Webhook
    webhook_url: Annotated[str, Field(examples=["https://example.com/events"])]
    type: Annotated[str, Field(examples=["status-update"])]
    state: Annotated[
        str, Field(description="pending, parked, delivered or dead.", examples=["dead"])
    ]
    attempts: Annotated[int, Field(examples=[12])]
    first_at: _Time
    next_attempt_at: Annotated[str | None, Field(description="While it is pending.")]
    last_status: Annotated[int | None, Field(examples=[500])]
    last_error: Annotated[str | None, Field(examples=["the receiver answered 500"])]
    settled_at: Annotated[str | None, Field(description="When it arrived or was given up.")]
    call_id: Annotated[int | None, Field(examples=[5001])]
    assistant_id: Annotated[int | None, Field(examples=[3001])]


class EventDetail(EventReply):
    """An event with its deliveries."""

    deliveries: list[DeliveryReply]


class DeadLetters(TypedDict):
    """Deliveries that were given up, oldest first."""

    items: list[DeliveryReply]
    next: Annotated[str | None, Field(description="Send it as `cursor`; null at the end.")]


class Redelivered(TypedDict):
    """What is being sent again."""

    success: Annotated[bool, Field(examples=[True])]
    message: Annotated[str, Field(description="Says so to a person.")]
    redelivered: Annotated[int, Field(description="So many deliveries.", examples=[1])]
    next: Annotated[
        str | None, Field(description="Repeat the request with it as `cursor` for the rest.")
    ]


class WebhookReply(TypedDict):
    """A receiver of events."""

    id: _Webhook
    url: Annotated[str, Field(examples=["https://example.com/events"])]
    registered: Annotated[
        bool, Field(description="False for one that only gets its assistants' calls.")
    ]
    types: Annotated[
        list[str], Field(description="Empty is everything; the end of a call comes in any case.")
    ]
    ed25519: Annotated[bool, Field(description="Whether events carry that signature, too.")]
    enabled: bool
    disabled_reason: str | None
    failing: Annotated[bool, Field(description="Whether it is taken for dead just now.")]
    failures: Annotated[int, Field(description="Attempts that failed in a row.", examples=[0])]
    created_at: _Time


class WebhookSecrets(TypedDict):
    """How a receiver verifies its events, by Standard Webhooks."""

    secret: Annotated[str, Field(description="`whsec_…`, for HMAC-SHA256.")]
    previous_secret: Annotated[str | None, Field(description="While events carry both.")]
    previous_until: Annotated[str | None, Field(description="UTC; when that ends.")]
    public_key: Annotated[str | None, Field(description="`whpk_…`, for Ed25519 if it is on.")]


class WebhookLog(TypedDict):
    """What came of sending an event once."""

    id: int
    call_id: int | None
    assistant_id: int | None
    webhook_url: str
    webhook_type: Annotated[str, Field(examples=["status-update"])]
    request_payload: Annotated[
        Any, Field(description="An object; the text of its first 10 KB where it is longer.")
    ]
    response_status_code: Annotated[int | None, Field(examples=[200])]
    response_body: Annotated[str | None, Field(description="Its first 10 KB.")]
    response_time_ms: Annotated[int | None, Field(examples=[87])]
    attempted_at: _Time
    success: bool
    error_message: str | None
    retry_count: Annotated[int, Field(description="0 for the first attempt.", examples=[0])]
    webhook_metadata: Annotated[dict[str, Any], Field(description="event_id and webhook_id.")]


class Reported(TypedDict):
    """What was reported is kept."""

    success: Annotated[bool, Field(examples=[True])]
    message: Annotated[str, Field(description="Says so to a person.")]
    in_end_of_call_report: Annotated[
        bool, Field(description="False when that was sent already: a `report-update` follows.")
    ]


def event_reply(event: OutboxEvent) -> EventReply:
    """Return an event as the API shows it."""
    return {
        "id": event.id,
        "type": event.type,
        "created_at": event.created_at.isoformat(),
        "call_id": event.call_id,
        "assistant_id": event.assistant_id,
        "sequence": event.sequence,
        "payload": json.loads(event.payload),
    }


def event_detail(event: OutboxEvent, deliveries: list[Delivery]) -> EventDetail:
    """Return an event with how its deliveries stand."""
    return {**event_reply(event), "deliveries": [delivery_reply(it) for it in deliveries]}


def event_page(page: Page) -> EventPage:
    """Return some events."""
    items = [event_reply(it) for it in page.events]
    return {"items": items, "next": page.next, "has_more": page.has_more}


def delivery_reply(delivery: Delivery) -> DeliveryReply:
    """Return how a delivery stands."""
    return {
        "event_id": delivery.event_id,
        "webhook_id": delivery.endpoint_id,
        "webhook_url": delivery.url,
        "type": delivery.type,
        "state": delivery.state.value,
        "attempts": delivery.attempts,
        "first_at": delivery.first_at.isoformat(),
        "next_attempt_at": delivery.due.isoformat() if delivery.due else None,
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
        "settled_at": delivery.settled_at.isoformat() if delivery.settled_at else None,
        "call_id": delivery.call_id,
        "assistant_id": delivery.assistant_id,
    }


def redelivered(count: int, cursor: str | None = None) -> Redelivered:
    """Return what is being sent again."""
    message = f"{count} {'delivery is' if count == 1 else 'deliveries are'} being made again"
    return {"success": True, "message": message, "redelivered": count, "next": cursor}


def webhook_reply(endpoint: Endpoint) -> WebhookReply:
    """Return a receiver as the API shows it."""
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "registered": endpoint.is_registered,
        "types": list(endpoint.types),
        "ed25519": endpoint.uses_ed25519,
        "enabled": endpoint.disabled_at is None,
        "disabled_reason": endpoint.disabled_reason,
        "failing": endpoint.probe_at is not None,
        "failures": endpoint.failures,
        "created_at": endpoint.created_at.isoformat(),
    }


def secrets_reply(
    endpoint: Endpoint, secret: str, previous: str | None, public_key: str | None
) -> WebhookSecrets:
    """Return what a receiver verifies with."""
    until = endpoint.previous_until if previous else None
    return {
        "secret": secret,
        "previous_secret": previous,
        "previous_until": until.isoformat() if until else None,
        "public_key": public_key,
    }


def log_reply(attempt: Attempt) -> WebhookLog:
    """Return an attempt as the contract's webhook log."""
    return {
        "id": attempt_id(attempt),
        "call_id": attempt.call_id,
        "assistant_id": attempt.assistant_id,
        "webhook_url": attempt.url,
        "webhook_type": attempt.type,
        "request_payload": _payload(attempt.request),
        "response_status_code": attempt.status,
        "response_body": attempt.response,
        "response_time_ms": attempt.milliseconds,
        "attempted_at": attempt.at.isoformat(),
        "success": attempt.success,
        "error_message": attempt.error,
        "retry_count": attempt.number - 1,
        "webhook_metadata": {"event_id": attempt.event_id, "webhook_id": attempt.endpoint_id},
    }


def _payload(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text  # cut off
