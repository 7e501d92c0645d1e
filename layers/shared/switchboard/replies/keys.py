"""API keys as the API shows them: never the secret, but once when it is made."""

from datetime import datetime
from typing import Annotated, TypedDict

from pydantic import Field

from ..model import Token
from ..permissions import Permissions, permissions_of

_Time = Annotated[str | None, Field(description="UTC.", examples=["2026-03-02T09:00:00+00:00"])]


class ApiKeyReply(TypedDict):
    """An API key, without its secret."""

    id: Annotated[int, Field(examples=[2001])]
    user_id: Annotated[
        int, Field(description="The organization's id: keys are its own.", examples=[1001])
    ]
    name: Annotated[str, Field(examples=["CI"])]
    key_prefix: Annotated[str, Field(examples=["burki_a1b2c3..."])]
    last_used_at: _Time
    usage_count: Annotated[
        int, Field(description="At least so many requests; written about once a minute.")
    ]
    is_active: Annotated[bool, Field(description="Neither revoked nor expired.")]
    permissions: Annotated[Permissions, Field(description="What `scopes` amount to.")]
    scopes: Annotated[list[str], Field(examples=[["calls:read", "numbers:read"]])]
    rate_limit: Annotated[
        dict[str, int], Field(description="Empty: keys have no limits of their own.")
    ]
    created_at: Annotated[str, Field(description="UTC.", examples=["2026-03-02T09:00:00+00:00"])]
    updated_at: _Time
    expires_at: _Time
    revoked_at: _Time


class NewApiKeyReply(TypedDict):
    """A new API key with its secret, which is never shown again."""

    api_key: ApiKeyReply
    key: Annotated[
        str,
        Field(
            description="Send it as `Authorization: Bearer …`.",
            examples=["burki_a1b2c3d4e5f6g7h8i9j0k1l2m3n4o5p6"],
        ),
    ]


def key_reply(token: Token, now: datetime) -> ApiKeyReply:
    """Return an API key as the contract shows it."""
    return {
        "id": token.id,
        "user_id": token.organization_id,
        "name": token.name,
        "key_prefix": token.prefix,
        "last_used_at": _text(token.last_used_at),
        "usage_count": token.usage_count,
        "is_active": token.is_valid_at(now),
        "permissions": permissions_of(token.scopes),
        "scopes": list(token.scopes),
        "rate_limit": {},
        "created_at": token.created_at.isoformat(),
        "updated_at": _text(token.updated_at or token.created_at),
        "expires_at": _text(token.expires_at),
        "revoked_at": _text(token.revoked_at),
    }


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
