"""Model ↔ DynamoDB item: how each kind of thing looks in the table."""

import json
from collections.abc import Iterable
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from .model import (
    E164,
    NOT_IN_COPIES,
    Actor,
    Assistant,
    AuditEntry,
    Bridge,
    Call,
    CallerId,
    CallStatus,
    CallStep,
    CallSummary,
    Capabilities,
    Consent,
    ConversationFlow,
    Cost,
    DialOptions,
    Direction,
    Flow,
    Fuse,
    Lease,
    Limits,
    MachinePolicy,
    Message,
    Number,
    NumberOrder,
    NumberStatus,
    OrderStatus,
    Organization,
    Recording,
    RecordingStatus,
    Refusal,
    Release,
    ReleaseClaim,
    SipTrunk,
    Spending,
    Text,
    TextStatus,
    Token,
    TrunkAttempt,
)

Item = dict[str, Any]

# Customers' own JSON: kept as text, for the table's numbers are not JSON's.
_JSON = ("metadata", "extra", "graph", "settings", "content")


def plain(value: Any) -> Any:
    """Turn a model object into what the table can hold: no None, times as ISO text in UTC."""
    match value:
        case StrEnum():
            return value.value
        case str() | int():
            return value
        case datetime():
            return value.isoformat()
        case dict():
            return {key: plain(item) for key, item in value.items() if _is_held(item)}
        case list() | tuple():
            return [plain(item) for item in value]
        case float():
            # Carriers' own details only; the table's numbers are decimals.
            return str(value)
    return plain(_fields(value)) if is_dataclass(value) else value


def fields_of(entity: Any) -> Item:
    """Return an entity's fields as an item without keys."""
    item: Item = plain(entity)
    for name in _JSON:
        if name in item:
            item[name] = json.dumps(getattr(entity, name))
    if isinstance(entity, Number) and entity.assistant:
        item["assistant"] = copy_of(entity.assistant)
    return item


def copy_of(assistant: Assistant) -> Item:
    """Return what a number keeps of the assistant that answers it."""
    held = _fields(assistant)
    kept: Item = plain({name: v for name, v in held.items() if name not in NOT_IN_COPIES})
    return kept


def _fields(entity: Any) -> Item:
    # Not `asdict`: it copies everything below, which is then gone through once more.
    return {it.name: getattr(entity, it.name) for it in fields(entity)}


def _is_held(value: Any) -> bool:
    # The table holds no empty sets.
    return value is not None and value != frozenset()


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _int(value: Any) -> int | None:
    return None if value is None else int(value)


def _e164(text: str | None) -> E164 | None:
    return E164(text) if text else None


def _ids(numbers: Iterable[Any] | None) -> frozenset[int]:
    return frozenset(map(int, numbers or ()))


def organization(item: Item) -> Organization:
    """Read an organization."""
    return Organization(
        id=int(item["id"]),
        name=item["name"],
        created_at=_at(item["created_at"]),
        limits=_limits(item.get("limits")),
        slug=item.get("slug"),
        description=item.get("description"),
        domain=item.get("domain"),
        settings=json.loads(item.get("settings", "{}")),
        credentials={name: dict(it) for name, it in item.get("credentials", {}).items()},
        updated_at=_time(item.get("updated_at")),
        version=int(item.get("version", 0)),
    )


def _limits(item: Item | None) -> Limits:
    # What is not set keeps its default, also a default that a later version brings.
    item = dict(item or {})
    countries = item.pop("allowed_countries", None)
    known: Any = {name: v if isinstance(v, bool) else int(v) for name, v in item.items()}
    return Limits(allowed_countries=None if countries is None else tuple(countries), **known)


def fuse(item: Item) -> Fuse:
    """Read a fuse."""
    return Fuse(
        organization_id=int(item["organization_id"]),
        span=int(item.get("span", 0)),
        calls=int(item.get("calls", 0)),
        calls_abroad=int(item.get("calls_abroad", 0)),
        spend_cents=int(item.get("spend_cents", 0)),
        tripped_at=_time(item.get("tripped_at")),
        reason=item.get("reason"),
        reset_at=_time(item.get("reset_at")),
        due=_time(item.get("due")),
        attempts=int(item.get("attempts", 0)),
    )


def caller_id(item: Item) -> CallerId:
    """Read a caller id."""
    return CallerId(E164(item["phone_number"]), item["carrier"])


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
        updated_at=_time(item.get("updated_at")),
        last_used_at=_time(item.get("last_used_at")),
        usage_count=int(item.get("usage_count", 0)),
        version=int(item.get("version", 0)),
    )


def assistant(item: Item) -> Assistant:
    """Read an assistant."""
    return Assistant(
        id=int(item["id"]),
        organization_id=int(item["organization_id"]),
        name=item["name"],
        stream_url=item["stream_url"],
        created_at=_at(item["created_at"]),
        is_active=item["is_active"],
        welcome_message=item.get("welcome_message"),
        fallback_message=item.get("fallback_message"),
        fallback_number=_e164(item.get("fallback_number")),
        dial_options=_options(item.get("dial_options")),
        bypass_numbers=tuple(E164(number) for number in item.get("bypass_numbers", ())),
        transfer_number=_e164(item.get("transfer_number")),
        recording_notice=item.get("recording_notice"),
        version=int(item.get("version", 0)),
        updated_at=_time(item.get("updated_at")),
        description=item.get("description"),
        webhook_url=item.get("webhook_url"),
        sms_webhook_url=item.get("sms_webhook_url"),
        extra=json.loads(item.get("extra", "{}")),
        flow_ids=_ids(item.get("flow_ids")),
        deleted_at=_time(item.get("deleted_at")),
    )


def _options(item: Item | None) -> DialOptions:
    item = item or {}
    policy = item.get("machine_detection")
    return DialOptions(
        ring_timeout=_int(item.get("ring_timeout")),
        max_duration=_int(item.get("max_duration")),
        machine_detection=MachinePolicy(policy) if policy else None,
        voicemail_message=item.get("voicemail_message"),
        record=item.get("record"),
    )


def _flow(item: Item | None) -> Flow | None:
    if not item:
        return None
    version = int(item.get("version", 0))
    return Flow(int(item["id"]), item["name"], item.get("is_active", True), version)


def conversation_flow(item: Item) -> ConversationFlow:
    """Read a flow."""
    return ConversationFlow(
        id=int(item["id"]),
        organization_id=int(item["organization_id"]),
        base_assistant_id=int(item["base_assistant_id"]),
        name=item["name"],
        graph=json.loads(item["graph"]),
        created_at=_at(item["created_at"]),
        updated_at=_at(item["updated_at"]),
        is_active=item["is_active"],
        version=int(item["version"]),
        leaving=_ids(item.get("leaving")),
        deleted_at=_time(item.get("deleted_at")),
    )


def number(item: Item) -> Number:
    """Read a phone number."""
    return Number(
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
        flow=_flow(item.get("flow")),
        assigned_at=_time(item.get("assigned_at")),
        allowed_country_codes=tuple(item.get("allowed_country_codes", ())),
        texts_are_off=bool(item.get("texts_are_off")),
        sip_trunk_id=item.get("sip_trunk_id"),
        release=_release_claim(item.get("release")),
        version=int(item.get("version", 0)),
    )


def _release_claim(item: Item | None) -> ReleaseClaim | None:
    if item is None:
        return None
    return ReleaseClaim(
        NumberStatus(item["was"]), _at(item["first_at"]), _time(item.get("running_since"))
    )


def release(item: Item) -> Release:
    """Read the release of a number."""
    return Release(
        organization_id=int(item["organization_id"]),
        phone_number=E164(item["phone_number"]),
        carrier=item["carrier"],
        held_since=_at(item["held_since"]),
        released_at=_at(item["released_at"]),
        carrier_number_id=item.get("carrier_number_id"),
        friendly_name=item.get("friendly_name"),
        order_key=item.get("order_key"),
    )


def order(item: Item) -> NumberOrder:
    """Read a number order."""
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
        sip_trunk_id=item.get("sip_trunk_id"),
        carrier_order_id=item.get("carrier_order_id"),
        details=_ints(item["details"]),
        refusal=_refusal(item.get("refusal")),
        to_record=_actor(item["to_record"]) if "to_record" in item else None,
    )


def _ints(details: Item) -> Item:
    # The table gives every number back as a Decimal, which JSON cannot hold.
    return {
        key: value if isinstance(value, str | bool | dict | list) else int(value)
        for key, value in details.items()
    }


def _refusal(item: Item | None) -> Refusal | None:
    return Refusal(int(item["status"]), item["code"], item["message"]) if item else None


def _spending(item: Item | None) -> Spending | None:
    return Spending(item["row"], int(item["cents"])) if item else None


def _cost(item: Item | None) -> Cost | None:
    return Cost(**item) if item else None


def recording(item: Item) -> Recording:
    """Read a recording."""
    return Recording(
        id=int(item["id"]),
        organization_id=int(item["organization_id"]),
        call_id=int(item["call_id"]),
        carrier=item["carrier"],
        recording_sid=item["recording_sid"],
        created_at=_at(item["created_at"]),
        status=RecordingStatus(item["status"]),
        carrier_url=item.get("carrier_url"),
        leg_id=item.get("leg_id"),
        started_at=_time(item.get("started_at")),
        duration=_int(item.get("duration")),
        channels=_int(item.get("channels")),
        attempts=int(item["attempts"]),
        due=_time(item.get("due")),
        problem=item.get("problem"),
        path=item.get("path"),
        size=_int(item.get("size")),
        sha256=item.get("sha256"),
        content_type=item.get("content_type"),
        stored_at=_time(item.get("stored_at")),
        version=int(item["version"]),
    )


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
        flow=_flow(item.get("flow")),
        welcome_message=item.get("welcome_message"),
        agenda=item.get("agenda"),
        stream_url=item.get("stream_url"),
        options=_options(item.get("options")),
        recording_notice=item.get("recording_notice"),
        metadata=json.loads(item.get("metadata", "{}")),
        answered_by=item.get("answered_by"),
        bridge=item.get("bridge"),
        attempts=tuple(_attempt(it) for it in item.get("attempts", ())),
        leases=tuple(Lease(**lease) for lease in item.get("leases", ())),
        spending=_spending(item.get("spending")),
        refusal=_refusal(item.get("refusal")),
        answered_with=item.get("answered_with"),
        ending_if_answered=_status(item.get("ending_if_answered")),
        answered_at=_time(item.get("answered_at")),
        ended_at=_time(item.get("ended_at")),
        duration=_int(item.get("duration")),
        hangup_cause=item.get("hangup_cause"),
        cost=_cost(item.get("cost")),
        history=tuple(_step(step) for step in item["history"]),
        event_count=int(item.get("event_count", 0)),
        report_sequence=_int(item.get("report_sequence")),
        reported_at=_time(item.get("reported_at")),
    )


def call_summary(item: Item) -> CallSummary:
    """Read as much of a call as searching looks at."""
    return CallSummary(
        id=int(item["id"]),
        status=CallStatus(item["status"]),
        call_sid=item["call_sid"],
        customer_number=item["customer_number"],
        assistant_id=_int(item.get("assistant_id")),
        assistant_name=item.get("assistant_name"),
        duration=_int(item.get("duration")),
    )


def trunk(item: Item) -> SipTrunk:
    """Read a SIP trunk."""
    return SipTrunk(
        id=item["id"],
        organization_id=int(item["organization_id"]),
        name=item["name"],
        gateway=item["gateway"],
        created_at=_at(item["created_at"]),
        updated_at=_at(item["updated_at"]),
        username=item["username"],
        priority=int(item["priority"]),
        enabled=item["enabled"],
        register=item["register"],
        provider=item.get("provider"),
        bridge=Bridge(item["bridge"]),
        bridge_url=item.get("bridge_url"),
        password_hint=item.get("password_hint"),
        signing_secret_hint=item.get("signing_secret_hint"),
        version=int(item["version"]),
        deleted_at=_time(item.get("deleted_at")),
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
        keyword=item.get("keyword"),
    )


def text(item: Item) -> Text:
    """Read a text message that was to be sent."""
    return Text(
        id=item["id"],
        organization_id=int(item["organization_id"]),
        carrier=item["carrier"],
        from_=E164(item["from_"]),
        to=E164(item["to"]),
        body=item["body"],
        created_at=_at(item["created_at"]),
        updated_at=_at(item["updated_at"]),
        status=TextStatus(item["status"]),
        is_queued=item["is_queued"],
        segments=int(item["segments"]),
        encoding=item["encoding"],
        due=_time(item.get("due")),
        media_urls=tuple(item["media_urls"]),
        assistant_id=_int(item.get("assistant_id")),
        message_sid=item.get("message_sid"),
        attempts=int(item["attempts"]),
        refusal=_refusal(item.get("refusal")),
        version=int(item["version"]),
    )


def consent(item: Item) -> Consent:
    """Read what somebody has last told one of our numbers."""
    return Consent(
        organization_id=int(item["organization_id"]),
        phone_number=item["phone_number"],
        customer_number=item["customer_number"],
        is_opted_out=item["is_opted_out"],
        said=item["said"],
        at=_at(item["at"]),
    )


def audit_fields(entry: AuditEntry) -> Item:
    """Return an audit entry's fields as an item without keys."""
    # The details are kept as text, for the table's numbers are not JSON's.
    item: Item = plain(entry)
    return item | {"details": json.dumps(plain(entry.details))}


def audit_entry(item: Item) -> AuditEntry:
    """Read an entry of the audit record."""
    return AuditEntry(
        id=int(item["id"]),
        organization_id=int(item["organization_id"]),
        at=_at(item["at"]),
        actor=_actor(item["actor"]),
        action=item["action"],
        target=item["target"],
        details=json.loads(item["details"]),
    )


def _actor(item: Item) -> Actor:
    return Actor(
        item["name"], _int(item.get("key_id")), item.get("address"), item.get("request_id")
    )


def _status(text: str | None) -> CallStatus | None:
    return CallStatus(text) if text else None


def _attempt(item: Item) -> TrunkAttempt:
    return TrunkAttempt(
        item["trunk_id"], item["bridge"], _at(item["at"]), item["call_sid"], item.get("outcome")
    )


def _step(item: Item) -> CallStep:
    return CallStep(item["event_id"], item["type"], _at(item["at"]), CallStatus(item["status"]))
