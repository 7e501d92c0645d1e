"""Text messages as the API shows them: the contract's words, and beside them our own finer ones."""

from datetime import datetime
from typing import Annotated, Literal, TypedDict, cast

from pydantic import Field

from ..model import Text, TextStatus
from ..texting.looking import Cancelling

_UUID = "0b3e6a52-6f0e-5c64-9d0c-2b1f4a3d7e11"
_Id = Annotated[str, Field(examples=[_UUID])]
_Provider = Annotated[str, Field(examples=["twilio"])]
_State = Annotated[
    TextStatus,
    Field(
        description="Finer than `status`: also delivered, undelivered and unknown.",
        examples=["delivered"],
    ),
]


class TextAccepted(TypedDict):
    """A text message that was taken."""

    success: Annotated[bool, Field(examples=[True])]
    message_id: Annotated[
        str | None,
        Field(
            description="Ours of a queued message, the carrier's of one that was sent at once.",
            examples=[_UUID],
        ),
    ]
    message: Annotated[str, Field(examples=["SMS queued successfully via twilio"])]
    provider: _Provider
    status: Annotated[
        Literal["queued", "sent", "unknown"],
        Field(
            description="`unknown`: the carrier did not answer; it is not sent again.",
            examples=["queued"],
        ),
    ]
    queued: Annotated[bool, Field(examples=[True])]
    segments: Annotated[int, Field(description="As carriers bill it.", examples=[1])]
    encoding: Annotated[Literal["GSM-7", "UCS-2"], Field(examples=["GSM-7"])]


class TextState(TypedDict):
    """How far a text message has come."""

    success: Annotated[bool, Field(description="The message is known.", examples=[True])]
    message_id: _Id
    status: Annotated[
        Literal["queued", "sending", "sent", "failed", "cancelled"], Field(examples=["sent"])
    ]
    provider_message_id: Annotated[
        str | None, Field(examples=["SM00000000000000000000000000000001"])
    ]
    error: Annotated[str | None, Field(description="Why it failed.", examples=[None])]
    error_code: Annotated[str | None, Field(description="The same for a program.")]
    updated_at: Annotated[str, Field(description="UTC.", examples=["2026-03-02T09:00:01+00:00"])]
    state: _State
    provider: _Provider
    segments: Annotated[int, Field(examples=[1])]
    due_at: Annotated[str | None, Field(description="While it waits: its turn.", examples=[None])]


class TextCancelled(TypedDict):
    """Whether a text message was taken back."""

    success: Annotated[bool, Field(description="False: it stays as it is.", examples=[True])]
    message_id: _Id
    message: Annotated[str, Field(examples=["Message cancelled"])]
    status: Annotated[str, Field(description="As `new_status`.", examples=["cancelled"])]
    previous_status: Annotated[str, Field(examples=["queued"])]
    new_status: Annotated[str, Field(examples=["cancelled"])]


class TextCounts(TypedDict):
    """One carrier's messages of the organization."""

    pending: Annotated[int, Field(examples=[3])]
    active: Annotated[int, Field(description="Being sent, or unknown.", examples=[0])]
    failed: Annotated[int, Field(description="In the last 24 hours.", examples=[0])]


class TextQueues(TypedDict):
    """What waits in the queue."""

    timestamp: Annotated[str, Field(examples=["2026-03-02T09:00:00+00:00"])]
    queues: Annotated[
        dict[str, TextCounts],
        Field(examples=[{"twilio": {"pending": 3, "active": 0, "failed": 0}}]),
    ]
    pending: Annotated[int, Field(description="Of all carriers.", examples=[3])]
    processing: Annotated[int, Field(description="Likewise.", examples=[0])]
    total_queued: Annotated[int, Field(description="The two together.", examples=[3])]


def accepted_reply(text: Text) -> TextAccepted:
    """Return the answer to whoever sent a message."""
    status: Literal["queued", "sent", "unknown"] = "queued" if text.is_queued else "sent"
    said = f"SMS {status} successfully via {text.carrier}"
    if not text.is_queued and text.status is TextStatus.UNKNOWN:
        status = "unknown"
        said = text.refusal.message if text.refusal else "The carrier did not answer."
    at_once = text.message_sid or text.id
    return {
        "success": status != "unknown",
        "message_id": text.id if text.is_queued else at_once,
        "message": said,
        "provider": text.carrier,
        "status": status,
        "queued": text.is_queued,
        "segments": text.segments,
        "encoding": "GSM-7" if text.encoding == "GSM-7" else "UCS-2",
    }


def state_reply(text: Text) -> TextState:
    """Return how far a message has come."""
    waits = text.status is TextStatus.QUEUED and text.due
    summary = cast(Literal["queued", "sending", "sent", "failed", "cancelled"], text.status.summary)
    return {
        "success": True,
        "message_id": text.id,
        "status": summary,
        "provider_message_id": text.message_sid,
        "error": text.refusal.message if text.refusal else None,
        "error_code": text.refusal.code if text.refusal else None,
        "updated_at": text.updated_at.isoformat(),
        "state": text.status,
        "provider": text.carrier,
        "segments": text.segments,
        "due_at": text.due.isoformat() if waits and text.due else None,
    }


def queues_reply(counts: dict[str, dict[str, int]], now: datetime) -> TextQueues:
    """Return what waits: the contract's figures by carrier, the published clients' sums."""
    pending = sum(count["pending"] for count in counts.values())
    active = sum(count["active"] for count in counts.values())
    return {
        "timestamp": now.isoformat(),
        "queues": {name: cast(TextCounts, count) for name, count in counts.items()},
        "pending": pending,
        "processing": active,
        "total_queued": pending + active,
    }


def cancelled_reply(done: Cancelling) -> TextCancelled:
    """Return whether a message was taken back."""
    was = done.before.summary
    kept = f"Message cannot be cancelled: it is {was} already"
    return {
        "success": done.is_cancelled,
        "message_id": done.text.id,
        "message": "Message cancelled" if done.is_cancelled else kept,
        "status": done.text.status.summary,
        "previous_status": was,
        "new_status": done.text.status.summary,
    }
