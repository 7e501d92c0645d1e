"""Assistants as the API shows them."""

from dataclasses import asdict
from typing import Annotated, TypedDict, cast

from pydantic import Field

from ..model import Assistant


class DialOptionsReply(TypedDict):
    """How an assistant's calls are placed; null is the deployment's default."""

    ring_timeout: Annotated[int | None, Field(description="Seconds.", examples=[30])]
    max_duration: Annotated[int | None, Field(description="Seconds.", examples=[3600])]
    machine_detection: Annotated[str | None, Field(examples=["hang_up"])]
    voicemail_message: str | None
    record: bool | None


class AssistantReply(TypedDict):
    """An assistant, as far as telephony goes."""

    id: Annotated[int, Field(examples=[3001])]
    organization_id: Annotated[int, Field(examples=[1001])]
    name: Annotated[str, Field(examples=["Front desk"])]
    stream_url: Annotated[
        str,
        Field(
            description="Where its media runtime listens.",
            examples=["wss://media.example.com/stream"],
        ),
    ]
    created_at: Annotated[str, Field(description="UTC.", examples=["2026-03-02T09:00:00+00:00"])]
    is_active: Annotated[bool, Field(examples=[True])]
    welcome_message: Annotated[str | None, Field(examples=["Hello from Acme"])]
    fallback_message: Annotated[str | None, Field(description="Spoken when it cannot take a call.")]
    fallback_number: Annotated[
        str | None, Field(description="E.164: rung when it cannot take a call.")
    ]
    dial_options: DialOptionsReply


def assistant_reply(assistant: Assistant) -> AssistantReply:
    """Return an assistant as the contract shows it, as far as telephony goes."""
    shown = asdict(assistant) | {"created_at": assistant.created_at.isoformat()}
    return cast(AssistantReply, shown)
