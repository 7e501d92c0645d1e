"""Events, their deliveries and their receivers ↔ DynamoDB items: see `items`."""

import json
from datetime import datetime
from typing import Any

from .items import Item
from .model import Attempt, Delivery, DeliveryState, Endpoint, OutboxEvent, Report


def event(item: Item) -> OutboxEvent:
    """Read an event of the outbox."""
    return OutboxEvent(
        id=item["id"],
        organization_id=int(item["organization_id"]),
        type=item["type"],
        created_at=datetime.fromisoformat(item["created_at"]),
        payload=item["payload"],
        cursor=item["cursor"],
        call_id=_optional_int(item.get("call_id")),
        assistant_id=_optional_int(item.get("assistant_id")),
        sequence=_optional_int(item.get("sequence")),
        is_terminal=item["is_terminal"],
        revision=int(item["revision"]),
        due=_optional_time(item.get("due")),
    )


def delivery(item: Item) -> Delivery:
    """Read a delivery."""
    return Delivery(
        event_id=item["event_id"],
        endpoint_id=item["endpoint_id"],
        organization_id=int(item["organization_id"]),
        url=item["url"],
        type=item["type"],
        first_at=datetime.fromisoformat(item["first_at"]),
        state=DeliveryState(item["state"]),
        call_id=_optional_int(item.get("call_id")),
        assistant_id=_optional_int(item.get("assistant_id")),
        attempts=int(item["attempts"]),
        due=_optional_time(item.get("due")),
        last_status=_optional_int(item.get("last_status")),
        last_error=item.get("last_error"),
        parked_at_failures=_optional_int(item.get("parked_at_failures")),
        settled_at=_optional_time(item.get("settled_at")),
        version=int(item["version"]),
    )


def endpoint(item: Item) -> Endpoint:
    """Read a receiver."""
    return Endpoint(
        id=item["id"],
        organization_id=int(item["organization_id"]),
        url=item["url"],
        created_at=datetime.fromisoformat(item["created_at"]),
        is_registered=item["is_registered"],
        types=tuple(item["types"]),
        key_version=int(item["key_version"]),
        previous_until=_optional_time(item.get("previous_until")),
        uses_ed25519=item["uses_ed25519"],
        disabled_at=_optional_time(item.get("disabled_at")),
        disabled_reason=item.get("disabled_reason"),
        failures=int(item["failures"]),
        probe_at=_optional_time(item.get("probe_at")),
        recovered_at=_optional_time(item.get("recovered_at")),
        version=int(item["version"]),
    )


def attempt(item: Item) -> Attempt:
    """Read an attempt to deliver."""
    return Attempt(
        event_id=item["event_id"],
        organization_id=int(item["organization_id"]),
        endpoint_id=item["endpoint_id"],
        url=item["url"],
        type=item["type"],
        at=datetime.fromisoformat(item["at"]),
        number=int(item["number"]),
        request=item["request"],
        success=item["success"],
        status=_optional_int(item.get("status")),
        response=item.get("response"),
        milliseconds=_optional_int(item.get("milliseconds")),
        error=item.get("error"),
        call_id=_optional_int(item.get("call_id")),
        assistant_id=_optional_int(item.get("assistant_id")),
    )


def report(item: Item) -> Report:
    """Read what a media runtime reported."""
    return Report(
        int(item["call_id"]),
        datetime.fromisoformat(item["received_at"]),
        json.loads(item["content"]),
    )


def _optional_time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _optional_int(value: Any) -> int | None:
    return None if value is None else int(value)
