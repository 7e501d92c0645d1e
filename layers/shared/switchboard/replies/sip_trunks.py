"""SIP trunks as the API shows them: never a secret, but a signing secret once when it is new."""

from collections.abc import Sequence
from typing import Annotated, NotRequired, TypedDict, cast

from pydantic import Field

from ..model import Bridge, SipTrunk
from ..trunks import Changed

_Id = Annotated[str, Field(examples=["6f1c9a52-3e0b-4a53-9d53-0f6c1f0a2b7d"])]
_Name = Annotated[str, Field(examples=["Office"])]
_Time = Annotated[str, Field(description="UTC.", examples=["2026-03-02T09:00:00+00:00"])]


class SipTrunkReply(TypedDict):
    """A SIP trunk, with what may be shown of its password."""

    id: _Id
    name: _Name
    gateway: Annotated[
        str, Field(description="A host, or host:port.", examples=["sip.example.com:5060"])
    ]
    username: Annotated[str, Field(examples=["acme"])]
    password: Annotated[
        str | None,
        Field(
            description="Set, and ends so: it is never shown. Null is not set.", examples=["…tery"]
        ),
    ]
    has_password: Annotated[bool, Field(examples=[True])]
    priority: Annotated[int, Field(description="The lower one is tried first.", examples=[1])]
    enabled: Annotated[bool, Field(examples=[True])]
    register: Annotated[bool, Field(description="Your own bridge shall register there.")]
    provider: Annotated[str | None, Field(description="What you call the company behind it.")]
    bridge: Annotated[Bridge, Field(description="Who speaks SIP with it.", examples=["twilio"])]
    bridge_url: Annotated[str | None, Field(description="Where your own bridge is asked to call.")]
    created_at: _Time
    updated_at: _Time


class NewSipTrunkReply(SipTrunkReply):
    """A SIP trunk that may have a new signing secret."""

    signing_secret: NotRequired[
        Annotated[
            str,
            Field(
                description="Signs what your own bridge and we tell each other. Only when it is "
                "new, and never shown again."
            ),
        ]
    ]


class TrunkReadiness(TypedDict):
    """Whether a SIP trunk could carry a call now."""

    id: _Id
    name: _Name
    is_ready: Annotated[bool, Field(examples=[True])]
    problem: Annotated[str | None, Field(description="What keeps it from it.")]


class SipTrunkSync(TypedDict):
    """The SIP trunks that calls can take."""

    success: Annotated[bool, Field(examples=[True])]
    message: Annotated[str, Field(examples=["Synced 2 enabled trunk(s) to bridge"])]
    total_trunks: Annotated[int, Field(examples=[2])]
    enabled_trunks: Annotated[int, Field(examples=[2])]
    trunks: list[TrunkReadiness]


def trunk_reply(trunk: SipTrunk) -> SipTrunkReply:
    """Return a trunk as the contract shows it, but for the password."""
    return {
        "id": trunk.id,
        "name": trunk.name,
        "gateway": trunk.gateway,
        "username": trunk.username,
        "password": trunk.password_hint,
        "has_password": trunk.has_password,
        "priority": trunk.priority,
        "enabled": trunk.enabled,
        "register": trunk.register,
        "provider": trunk.provider,
        "bridge": trunk.bridge,
        "bridge_url": trunk.bridge_url,
        "created_at": trunk.created_at.isoformat(),
        "updated_at": trunk.updated_at.isoformat(),
    }


def changed_reply(changed: Changed) -> NewSipTrunkReply:
    """Return a trunk that was made or changed, with its signing secret if that is new."""
    shown = cast(NewSipTrunkReply, trunk_reply(changed.trunk))
    if changed.signing_secret:
        shown["signing_secret"] = changed.signing_secret
    return shown


def sync_reply(trunks: Sequence[tuple[SipTrunk, str | None]]) -> SipTrunkSync:
    """Return how the trunks stand, in the contract's words."""
    enabled = sum(trunk.enabled for trunk, _ in trunks)
    return {
        "success": True,
        "message": f"Synced {enabled} enabled trunk(s) to bridge",
        "total_trunks": len(trunks),
        "enabled_trunks": enabled,
        "trunks": [
            {"id": it.id, "name": it.name, "is_ready": problem is None, "problem": problem}
            for it, problem in trunks
        ],
    }
