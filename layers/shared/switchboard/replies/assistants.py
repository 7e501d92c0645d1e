"""Assistants as the API shows them."""

from dataclasses import asdict
from typing import Annotated, Any, TypedDict, cast

from pydantic import ConfigDict, Field, with_config

from ..directory import documents
from ..model import Assistant

_Url = Annotated[str | None, Field(description="https.")]
_Settings = Annotated[dict[str, Any], Field(description="As they came.")]


class DialOptionsReply(TypedDict):
    """How an assistant's calls are placed; null is the deployment's default."""

    ring_timeout: Annotated[int | None, Field(description="Seconds.", examples=[30])]
    max_duration: Annotated[int | None, Field(description="Seconds.", examples=[3600])]
    machine_detection: Annotated[str | None, Field(examples=["hang_up"])]
    voicemail_message: str | None
    record: bool | None


@with_config(ConfigDict(extra="allow"))
class AssistantReply(TypedDict):
    """An assistant, with whatever else was stored with it."""

    id: Annotated[int, Field(examples=[3001])]
    organization_id: Annotated[int, Field(examples=[1001])]
    user_id: Annotated[None, Field(description="Always null: keys act, not users.")]
    name: Annotated[str, Field(examples=["Front desk"])]
    description: str | None
    stream_url: Annotated[
        str,
        Field(
            description="Where its media runtime listens.",
            examples=["wss://media.example.com/stream"],
        ),
    ]
    is_active: Annotated[bool, Field(examples=[True])]
    welcome_message: Annotated[str | None, Field(examples=["Hello from Acme"])]
    fallback_message: Annotated[str | None, Field(description="Spoken when it cannot take a call.")]
    fallback_number: Annotated[
        str | None, Field(description="E.164: rung when it cannot take a call.")
    ]
    bypass_numbers: Annotated[
        list[str],
        Field(description="Callers who are put through to the first transfer number at once."),
    ]
    webhook_url: _Url
    sms_webhook_url: _Url
    messaging_service_sid: str | None
    dial_options: DialOptionsReply
    llm_settings: _Settings
    tools_settings: _Settings
    recording_settings: _Settings
    custom_settings: _Settings
    end_call_message: str | None
    transfer_call_message: str | None
    idle_message: str | None
    idle_timeout: int | None
    max_idle_messages: int | None
    max_call_length: Annotated[int | None, Field(description="Seconds.")]
    created_at: Annotated[str, Field(description="UTC.", examples=["2026-03-02T09:00:00+00:00"])]
    updated_at: Annotated[str | None, Field(description="UTC.")]
    version: Annotated[int, Field(description="Counts the changes.", examples=[1])]


class AssistantCount(TypedDict):
    """How many assistants there are."""

    count: Annotated[int, Field(examples=[1])]


# What the contract shows and telephony does not ask for: as it came, or null.
_KEPT = (
    "messaging_service_sid",
    "end_call_message",
    "transfer_call_message",
    "idle_message",
    "idle_timeout",
    "max_idle_messages",
)


def assistant_reply(assistant: Assistant) -> AssistantReply:
    """Return an assistant as the contract shows it: all that was stored, with our own fields."""
    shown = dict.fromkeys(_KEPT) | documents.nested(assistant)
    shown |= {name: getattr(assistant, name) for name in documents.FIELDS}
    shown |= {
        "id": assistant.id,
        "organization_id": assistant.organization_id,
        "user_id": None,
        "bypass_numbers": list(assistant.bypass_numbers),
        "dial_options": asdict(assistant.dial_options),
        "created_at": assistant.created_at.isoformat(),
        "updated_at": assistant.updated_at.isoformat() if assistant.updated_at else None,
        "version": assistant.version,
    }
    return cast(AssistantReply, shown)
