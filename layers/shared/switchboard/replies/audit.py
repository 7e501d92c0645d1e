"""The record of who changed what, as the API shows it."""

from typing import Annotated, Any, TypedDict

from pydantic import Field

from ..model import AuditEntry


class ActorReply(TypedDict):
    """Who asked for a change."""

    name: Annotated[str, Field(description="The API key's name.", examples=["CI"])]
    key_id: Annotated[
        int | None, Field(description="Null for the `switchboard` command.", examples=[2001])
    ]
    address: Annotated[
        str | None, Field(description="Where the request came from.", examples=["203.0.113.7"])
    ]
    request_id: Annotated[str | None, Field(description="The request's id, as errors name it.")]


class AuditReply(TypedDict):
    """One change."""

    id: Annotated[int, Field(examples=[6001])]
    at: Annotated[str, Field(description="UTC.", examples=["2026-03-02T09:00:00+00:00"])]
    actor: ActorReply
    action: Annotated[str, Field(examples=["number.released"])]
    target: Annotated[
        str, Field(description="A number in E.164, or an id.", examples=["+14155550100"])
    ]
    details: Annotated[dict[str, Any], Field(description="What changed; never a secret.")]


class AuditPage(TypedDict):
    """Some of the record, newest first."""

    items: list[AuditReply]
    next: Annotated[
        str | None,
        Field(description="Send it as `cursor` for what is older; null at the end."),
    ]


def audit_reply(entry: AuditEntry) -> AuditReply:
    """Return one change as the API shows it."""
    actor = entry.actor
    return {
        "id": entry.id,
        "at": entry.at.isoformat(),
        "actor": {
            "name": actor.name,
            "key_id": actor.key_id,
            "address": actor.address,
            "request_id": actor.request_id,
        },
        "action": entry.action,
        "target": entry.target,
        "details": entry.details,
    }
