"""Phone numbers as the API shows them, and what was done with them."""

from collections.abc import Sequence
from typing import Annotated, NotRequired, TypedDict

from pydantic import Field

from ..model import Assistant, Capabilities, ConversationFlow, Flow, Number, NumberStatus
from ..numbers.bulk import Assigned
from ..numbers.importing import CarrierSync
from ..numbers.releasing import Released

_Id = Annotated[int, Field(description="The number's digits.", examples=[14155550100])]
_E164 = Annotated[str, Field(description="E.164.", examples=["+14155550100"])]
_Time = Annotated[str, Field(description="UTC.", examples=["2026-03-02T09:00:00+00:00"])]
_Provider = Annotated[str, Field(examples=["twilio"])]
_CarrierId = Annotated[
    str,
    Field(
        description="The carrier's id of the number, whichever carrier it is; empty until known.",
        examples=["PN00000000000000000000000000000001"],
    ),
]
_Success = Annotated[bool, Field(examples=[True])]
_Message = Annotated[str, Field(description="Says so to a person.")]


class CapabilitiesReply(TypedDict):
    """What a number can carry, as its carrier says."""

    voice: Annotated[bool, Field(examples=[True])]
    sms: bool
    mms: bool
    fax: bool


def capabilities_reply(can: Capabilities) -> CapabilitiesReply:
    """Return what a number can carry."""
    return {"voice": can.voice, "sms": can.sms, "mms": can.mms, "fax": can.fax}


class Named(TypedDict):
    """Who answers a number."""

    id: Annotated[int, Field(examples=[3001])]
    name: Annotated[str, Field(examples=["Front desk"])]
    is_active: Annotated[bool, Field(examples=[True])]


class PhoneNumberReply(TypedDict):
    """A phone number that the organization holds."""

    id: _Id
    phone_number: _E164
    friendly_name: str | None
    provider: _Provider
    twilio_sid: _CarrierId
    is_active: Annotated[bool, Field(description="Its calls come to us.", examples=[True])]
    is_verified_caller_id: Annotated[bool, Field(examples=[False])]
    capabilities: CapabilitiesReply
    sip_trunk_id: str | None
    allowed_country_codes: Annotated[
        list[str] | None,
        Field(description="ISO 3166; null lets every caller through.", examples=[["US", "CA"]]),
    ]
    assistant: Annotated[Named | None, Field(description="Null when a flow answers.")]
    flow: Named | None
    created_at: _Time
    updated_at: _Time
    status: Annotated[NumberStatus, Field(description="Finer than is_active.", examples=["active"])]
    country_code: Annotated[str | None, Field(description="ISO 3166.", examples=["US"])]


class AssistantNumberReply(TypedDict):
    """A phone number, as lists for one assistant show it."""

    id: _Id
    phone_number: _E164
    friendly_name: str | None
    twilio_sid: _CarrierId
    is_active: Annotated[bool, Field(examples=[True])]
    capabilities: CapabilitiesReply
    provider: _Provider
    assigned_at: NotRequired[
        Annotated[str | None, Field(description="UTC; absent from lists of free numbers.")]
    ]


class NumberUpdated(TypedDict):
    """A phone number after a change."""

    success: _Success
    message: _Message
    phone_number: PhoneNumberReply


class ReleaseReply(TypedDict):
    """A phone number that was given back, or may have been: `success` says which."""

    success: _Success
    phone_number: _E164
    provider: _Provider
    message: _Message


class AssignmentData(TypedDict):
    """Which number was given to, or taken from, which assistant."""

    phone_number: _E164
    phone_number_id: _Id
    assistant_id: Annotated[int, Field(examples=[3001])]
    assistant_name: Annotated[str, Field(examples=["Front desk"])]
    friendly_name: NotRequired[str | None]
    was_synced: NotRequired[
        Annotated[bool, Field(description="It was found at a carrier just now.")]
    ]


class AssignmentReply(TypedDict):
    """An assistant got a number, or lost it."""

    success: _Success
    message: _Message
    data: AssignmentData


class BindingData(TypedDict):
    """Which number was given to, or taken from, which flow."""

    flow_id: Annotated[int, Field(examples=[7001])]
    flow_name: Annotated[str, Field(examples=["Reception"])]
    phone_number: _E164
    phone_number_id: _Id


class BindingReply(TypedDict):
    """A flow got a number, or lost it."""

    success: _Success
    message: _Message
    data: BindingData


class BulkFailure(TypedDict):
    """A number that was not assigned."""

    phone_number_id: _Id
    error: str


class BulkData(TypedDict):
    """What became of each number: `total_assigned` when all went well, else the rest."""

    successes: list[int]
    total_assigned: NotRequired[int]
    failures: NotRequired[list[BulkFailure]]
    total_requested: NotRequired[int]
    successful_count: NotRequired[int]
    failed_count: NotRequired[int]


class BulkReply(TypedDict):
    """Numbers that were given to an assistant: `success` when at least one was."""

    success: _Success
    message: _Message
    data: BulkData


class NotWired(TypedDict):
    """A number that was taken over, and whose calls do not come to us."""

    phone_number: _E164
    reason: str


class CarrierSyncReply(TypedDict):
    """What was done with the numbers of one carrier account."""

    provider: _Provider
    synced: Annotated[int, Field(description="In the organization now.", examples=[3])]
    imported: Annotated[int, Field(description="Of these, not there before.", examples=[1])]
    held_elsewhere: Annotated[int, Field(description="Left alone: not this organization's.")]
    complete: Annotated[bool, Field(description="False: sync again to go on.", examples=[True])]
    error: str | None


class SyncReply(TypedDict):
    """Every number of the connected carrier accounts was taken over."""

    success: _Success
    message: _Message
    synced_count: Annotated[int, Field(examples=[3])]
    imported_count: Annotated[int, Field(examples=[1])]
    not_wired: list[NotWired]
    carriers: list[CarrierSyncReply]


def number_reply(number: Number) -> PhoneNumberReply:
    """Return a number as the contract shows it: with an assistant or a flow, never both."""
    assistant = None if number.flow else number.assistant
    return {
        "id": number.id,
        "phone_number": number.phone_number,
        "friendly_name": number.friendly_name,
        "provider": number.carrier,
        "twilio_sid": number.carrier_number_id or "",
        "is_active": number.status is NumberStatus.ACTIVE,
        "is_verified_caller_id": False,
        "capabilities": capabilities_reply(number.capabilities),
        "sip_trunk_id": number.sip_trunk_id,
        "allowed_country_codes": list(number.allowed_country_codes) or None,
        "assistant": _named(assistant) if assistant else None,
        "flow": _named(number.flow) if number.flow else None,
        "created_at": number.created_at.isoformat(),
        "updated_at": number.updated_at.isoformat(),
        "status": number.status,
        "country_code": number.country_code,
    }


def free_number_reply(number: Number) -> AssistantNumberReply:
    """Return a number that an assistant could be given."""
    return {
        "id": number.id,
        "phone_number": number.phone_number,
        "friendly_name": number.friendly_name,
        "twilio_sid": number.carrier_number_id or "",
        "is_active": number.status is NumberStatus.ACTIVE,
        "capabilities": capabilities_reply(number.capabilities),
        "provider": number.carrier,
    }


def assistant_number_reply(number: Number) -> AssistantNumberReply:
    """Return a number that an assistant has."""
    at = number.assigned_at.isoformat() if number.assigned_at else None
    return {**free_number_reply(number), "assigned_at": at}


def release_reply(released: Released) -> ReleaseReply:
    """Return what became of a request to release."""
    text = _RELEASED if released.is_certain else _RELEASE_UNKNOWN
    return {
        "success": released.is_certain,
        "phone_number": released.phone_number,
        "provider": released.carrier,
        "message": text.format(released=released, carrier=released.carrier.capitalize()),
    }


_RELEASED = "Successfully released phone number {released.phone_number} from {released.carrier}"
_RELEASE_UNKNOWN = (
    "It is not certain whether {carrier} has taken {released.phone_number} back. Repeat the "
    "request: it looks first, and releases the number only if it is still held. Until then its "
    "calls are answered."
)


def assignment_reply(
    text: str, number: Number, assistant: Assistant, was_synced: bool | None = None
) -> AssignmentReply:
    """Return what was done with a number and an assistant; `text` says it."""
    data: AssignmentData = {
        "phone_number": number.phone_number,
        "phone_number_id": number.id,
        "assistant_id": assistant.id,
        "assistant_name": assistant.name,
    }
    if was_synced is not None:
        data["friendly_name"] = number.friendly_name
        data["was_synced"] = was_synced
    message = f"Phone number successfully {text} assistant '{assistant.name}'"
    return {"success": True, "message": message, "data": data}


def binding_reply(text: str, number: Number, flow: ConversationFlow) -> BindingReply:
    """Return what was done with a number and a flow; `text` says it."""
    return {
        "success": True,
        "message": f"Phone number successfully {text} flow '{flow.name}'",
        "data": {
            "flow_id": flow.id,
            "flow_name": flow.name,
            "phone_number": number.phone_number,
            "phone_number_id": number.id,
        },
    }


def bulk_reply(done: Assigned) -> BulkReply:
    """Return what became of each of many numbers."""
    good, bad = len(done.successes), len(done.failures)
    data: BulkData = {"successes": done.successes}
    if not bad:
        data["total_assigned"] = good
        text = f"Successfully assigned {good} phone numbers to assistant '{done.assistant.name}'"
        return {"success": True, "message": text, "data": data}
    data["failures"] = [
        {"phone_number_id": number_id, "error": error} for number_id, error in done.failures.items()
    ]
    data |= {"total_requested": good + bad, "successful_count": good, "failed_count": bad}
    text = f"Assigned {good} of {good + bad} phone numbers to assistant '{done.assistant.name}'"
    return {"success": good > 0, "message": text, "data": data}


def sync_reply(done: Sequence[CarrierSync]) -> SyncReply:
    """Return what was taken over from each carrier."""
    total = sum(len(it.synced) for it in done)
    counts = ", ".join(f"{it.carrier.capitalize()}: {len(it.synced)}" for it in done)
    text = f"Successfully synced {total} phone numbers: {counts}"
    for it in done:
        if it.error:
            text += f". {it.carrier.capitalize()} stopped: {it.error}"
        elif not it.is_complete:
            text += f". {it.carrier.capitalize()} has more: sync again to go on."
    return {
        "success": True,
        "message": text,
        "synced_count": total,
        "imported_count": sum(it.imported for it in done),
        "not_wired": [
            {"phone_number": number, "reason": reason}
            for it in done
            for number, reason in it.not_wired.items()
        ],
        "carriers": [_carrier_reply(it) for it in done],
    }


def _carrier_reply(done: CarrierSync) -> CarrierSyncReply:
    return {
        "provider": done.carrier,
        "synced": len(done.synced),
        "imported": done.imported,
        "held_elsewhere": done.held_elsewhere,
        "complete": done.is_complete,
        "error": str(done.error) if done.error else None,
    }


def _named(holder: Assistant | Flow) -> Named:
    return {"id": holder.id, "name": holder.name, "is_active": holder.is_active}
