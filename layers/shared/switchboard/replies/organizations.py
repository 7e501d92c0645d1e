"""Organizations as the API shows them: never a credential, only how it ends."""

from dataclasses import asdict
from typing import Annotated, Any, TypedDict, cast

from pydantic import Field

from ..model import Fuse, Organization

_Time = Annotated[str, Field(description="UTC.", examples=["2026-03-02T09:00:00+00:00"])]
_Hint = Annotated[
    str | None,
    Field(description="Set, and ends so: it is never shown. Null is not set.", examples=["…f0c3"]),
]
_Unknown = Annotated[None, Field(description="Always null: this carrier is not served.")]


class LimitsReply(TypedDict):
    """How much an organization may call, and where to."""

    allowed_countries: Annotated[list[str], Field(description="ISO 3166.", examples=[["US", "CA"]])]
    premium_rate: bool
    satellite: bool
    concurrent_calls: Annotated[int, Field(examples=[10])]
    calls_per_second: Annotated[int, Field(examples=[1])]
    calls_per_day: Annotated[int, Field(examples=[1000])]
    daily_spend_cents: Annotated[int, Field(description="US cents, by estimate.", examples=[5000])]
    number_concurrent_calls: Annotated[
        int | None, Field(description="For each number; null is no limit.")
    ]
    number_calls_per_day: Annotated[
        int | None, Field(description="For each number; null is no limit.")
    ]
    fuse_calls: Annotated[
        int, Field(description="In ten minutes; more trips the fuse.", examples=[200])
    ]
    fuse_calls_abroad: Annotated[
        int, Field(description="Of these, to other countries than the caller's.", examples=[20])
    ]
    fuse_spend_cents: Annotated[
        int, Field(description="US cents in ten minutes, by estimate.", examples=[2500])
    ]


class FuseReply(TypedDict):
    """Whether outbound calls are stopped, and what was called in ten minutes."""

    tripped: Annotated[bool, Field(description="While true, no call can be placed.")]
    tripped_at: Annotated[str | None, Field(description="UTC.")]
    reason: Annotated[
        str | None,
        Field(description="The limit that was passed, or `by_hand`.", examples=["fuse_calls"]),
    ]
    calls: Annotated[int, Field(description="In the ten minutes that were called in last.")]
    calls_abroad: int
    spend_cents: Annotated[int, Field(description="US cents, by estimate.")]
    ending_calls: Annotated[bool, Field(description="Whether some may still be in progress.")]
    limits: LimitsReply


class OrganizationReply(TypedDict):
    """An organization, with what may be shown of its credentials."""

    id: Annotated[int, Field(examples=[1001])]
    name: Annotated[str, Field(examples=["Acme"])]
    slug: Annotated[str, Field(examples=["acme"])]
    description: str | None
    domain: str | None
    is_active: Annotated[bool, Field(examples=[True])]
    settings: Annotated[
        dict[str, Any],
        Field(examples=[{"stream_url": "wss://media.example.com/stream"}]),
    ]
    limits: LimitsReply
    api_keys: Annotated[dict[str, Any], Field(description="Empty: see /api/v1/users/me/api-keys.")]
    twilio_account_sid: _Hint
    twilio_auth_token: _Hint
    telnyx_api_key: _Hint
    telnyx_public_key: _Hint
    telnyx_connection_id: _Hint
    vonage_api_key: _Hint
    vonage_api_secret: _Hint
    vonage_application_id: _Hint
    vonage_private_key: _Hint
    vonage_signature_secret: _Hint
    sip_gateway: _Unknown
    sip_username: _Unknown
    sip_password: _Unknown
    sip_trunk_config: Annotated[dict[str, Any] | None, Field(description="Always null.")]
    created_at: _Time
    updated_at: Annotated[str | None, Field(description="UTC.")]


class Validation(TypedDict):
    """Whether a carrier accepts credentials; they were not stored."""

    valid: Annotated[bool, Field(examples=[True])]
    error: Annotated[str | None, Field(description="What the carrier says, or what is missing.")]
    friendly_name: Annotated[
        str | None, Field(description="What the carrier calls the account.", examples=["Acme"])
    ]


class Health(TypedDict):
    """The API can be reached."""

    status: Annotated[str, Field(examples=["healthy"])]
    service: Annotated[str, Field(examples=["switchboard"])]


def organization_reply(organization: Organization) -> OrganizationReply:
    """Return an organization as the contract shows it."""
    twilio = organization.credentials.get("twilio", {})
    telnyx = organization.credentials.get("telnyx", {})
    vonage = organization.credentials.get("vonage", {})
    return {
        "id": organization.id,
        "name": organization.name,
        "slug": organization.slug or f"organization-{organization.id}",
        "description": organization.description,
        "domain": organization.domain,
        "is_active": True,
        "settings": organization.settings,
        "limits": _limits(organization),
        "api_keys": {},
        "twilio_account_sid": twilio.get("account_sid"),
        "twilio_auth_token": twilio.get("auth_token"),
        "telnyx_api_key": telnyx.get("api_key"),
        "telnyx_public_key": telnyx.get("public_key"),
        "telnyx_connection_id": telnyx.get("connection_id"),
        "vonage_api_key": vonage.get("api_key"),
        "vonage_api_secret": vonage.get("api_secret"),
        "vonage_application_id": vonage.get("application_id"),
        "vonage_private_key": vonage.get("private_key"),
        "vonage_signature_secret": vonage.get("signature_secret"),
        "sip_gateway": None,
        "sip_username": None,
        "sip_password": None,
        "sip_trunk_config": None,
        "created_at": organization.created_at.isoformat(),
        "updated_at": organization.updated_at.isoformat() if organization.updated_at else None,
    }


def fuse_reply(fuse: Fuse, organization: Organization) -> FuseReply:
    """Return an organization's fuse as the API shows it."""
    return {
        "tripped": fuse.tripped_at is not None,
        "tripped_at": fuse.tripped_at.isoformat() if fuse.tripped_at else None,
        "reason": fuse.reason,
        "calls": fuse.calls,
        "calls_abroad": fuse.calls_abroad,
        "spend_cents": fuse.spend_cents,
        "ending_calls": fuse.due is not None,
        "limits": _limits(organization),
    }


def _limits(organization: Organization) -> LimitsReply:
    limits = organization.limits
    return cast(LimitsReply, asdict(limits) | {"allowed_countries": list(limits.countries)})
