"""Model ↔ DynamoDB item: how each kind of thing looks in the table."""

from dataclasses import asdict
from datetime import datetime
from enum import StrEnum
from typing import Any

from .model import (
    E164,
    Assistant,
    Call,
    CallStatus,
    CallStep,
    Capabilities,
    Direction,
    Message,
    Number,
    NumberOrder,
    NumberStatus,
    OrderStatus,
    Organization,
    Refusal,
    Token,
)

Item = dict[str, Any]


def plain(value: Any) -> Any:
    """Turn a model object into what the table can hold: no None, times as ISO text in UTC."""
    match value:
        case datetime():
            return value.isoformat()
        case StrEnum():
            return value.value
        case dict():
            return {key: plain(item) for key, item in value.items() if item is not None}
        case list() | tuple():
            return [plain(item) for item in value]
        case float():
            # Carriers' own details only; the table's numbers are decimals.
            return str(value)
    return value


def fields_of(entity: Any) -> Item:
    """Return an entity's fields as an item without keys."""
    item: Item = plain(asdict(entity))
    return item


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _int(value: Any) -> int | None:
    return None if value is None else int(value)


def organization(item: Item) -> Organization:
    """Read an organization."""
    return Organization(int(item["id"]), item["name"], _at(item["created_at"]))


def token(item: Item) -> Token:
    """Read an API token."""
    return Token(
        id=int(item["id"]),
        organization_id=int(item["organization_id"]),
        name=item["name"],
        hash=item["hash"],
        prefix=item["prefix"],
        scopes=tuple(item["scopes"]),
        created_at=_at(item["created_at"]),
        expires_at=_time(item.get("expires_at")),
        revoked_at=_time(item.get("revoked_at")),
    )


def assistant(item: Item) -> Assistant:
    """Read an assistant."""
    number = item.get("fallback_number")
    return Assistant(
        id=int(item["id"]),
        organization_id=int(item["organization_id"]),
        name=item["name"],
        stream_url=item["stream_url"],
        created_at=_at(item["created_at"]),
        is_active=item["is_active"],
        welcome_message=item.get("welcome_message"),
        fallback_message=item.get("fallback_message"),
        fallback_number=E164(number) if number else None,
    )


def number(item: Item) -> Number:
    """Read a phone number."""
    return Number(
        id=int(item["id"]),
        organization_id=int(item["organization_id"]),
        phone_number=E164(item["phone_number"]),
        carrier=item["carrier"],
        status=NumberStatus(item["status"]),
        order_key=item["order_key"],
        created_at=_at(item["created_at"]),
        updated_at=_at(item["updated_at"]),
        country_code=item.get("country_code"),
        carrier_number_id=item.get("carrier_number_id") or None,
        friendly_name=item.get("friendly_name"),
        capabilities=Capabilities(**item["capabilities"]),
        assistant=assistant(item["assistant"]) if "assistant" in item else None,
    )


def order(item: Item) -> NumberOrder:
    """Read a number order."""
    refusal = item.get("refusal")
    return NumberOrder(
        id=int(item["id"]),
        organization_id=int(item["organization_id"]),
        key=item["key"],
        fingerprint=item["fingerprint"],
        carrier=item["carrier"],
        phone_number=E164(item["phone_number"]),
        country_code=item.get("country_code"),
        friendly_name=item["friendly_name"],
        created_at=_at(item["created_at"]),
        updated_at=_at(item["updated_at"]),
        status=OrderStatus(item["status"]),
        assistant_id=_int(item.get("assistant_id")),
        messaging_profile_id=item.get("messaging_profile_id"),
        carrier_order_id=item.get("carrier_order_id"),
        details=_ints(item["details"]),
        refusal=Refusal(int(refusal["status"]), refusal["code"], refusal["message"])
        if refusal
        else None,
    )


def _ints(details: Item) -> Item:
    # The table gives every number back as a Decimal, which JSON cannot hold.
    return {
        key: value if isinstance(value, str | bool | dict | list) else int(value)
        for key, value in details.items()
    }


def call(item: Item) -> Call:
    """Read a call."""
    return Call(
        id=int(item["id"]),
        organization_id=int(item["organization_id"]),
        carrier=item["carrier"],
        call_sid=item["call_sid"],
        direction=Direction(item["direction"]),
        phone_number=E164(item["phone_number"]),
        customer_number=item["customer_number"],
        status=CallStatus(item["status"]),
        created_at=_at(item["created_at"]),
        version=int(item["version"]),
        assistant_id=_int(item.get("assistant_id")),
        assistant_name=item.get("assistant_name"),
        welcome_message=item.get("welcome_message"),
        answered_with=item.get("answered_with"),
        ending_if_answered=_status(item.get("ending_if_answered")),
        answered_at=_time(item.get("answered_at")),
        ended_at=_time(item.get("ended_at")),
        duration=_int(item.get("duration")),
        hangup_cause=item.get("hangup_cause"),
        history=tuple(_step(step) for step in item["history"]),
    )


def message(item: Item) -> Message:
    """Read a text message."""
    return Message(
        message_sid=item["message_sid"],
        organization_id=int(item["organization_id"]),
        carrier=item["carrier"],
        from_=item["from_"],
        to=item["to"],
        body=item["body"],
        received_at=_at(item["received_at"]),
        media_urls=tuple(item["media_urls"]),
    )


def _status(text: str | None) -> CallStatus | None:
    return CallStatus(text) if text else None


def _step(item: Item) -> CallStep:
    return CallStep(item["event_id"], item["type"], _at(item["at"]), CallStatus(item["status"]))
