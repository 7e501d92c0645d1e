"""Who uses Switchboard: organizations, and the tokens that act for them."""

from dataclasses import field
from datetime import datetime
from typing import Any

from ..records import dataclass
from .dialing import Limits
from .e164 import E164


@dataclass(frozen=True)
class Organization:
    """A tenant: everything else belongs to exactly one."""

    id: int
    name: str
    created_at: datetime
    limits: Limits = Limits()
    slug: str | None = None
    description: str | None = None
    domain: str | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    """The organization's own JSON; `stream_url` in it serves assistants that have none."""
    credentials: dict[str, dict[str, str]] = field(default_factory=dict)
    """What may be shown of each connected carrier's credentials: their last characters."""
    updated_at: datetime | None = None
    version: int = 0


@dataclass(frozen=True)
class CallerId:
    """A number of another company, which a carrier has verified to be the organization's own."""

    phone_number: E164
    carrier: str


@dataclass(frozen=True)
class Token:
    """An API token, known by its hash only. `scopes` say what it may do."""

    id: int
    organization_id: int
    name: str
    hash: str
    """SHA-256 of the secret, in hex."""
    prefix: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    updated_at: datetime | None = None
    last_used_at: datetime | None = None
    """As the door has written it, which it does once a minute at most."""
    usage_count: int = 0
    """At least so often."""
    version: int = 1
    """One more with every change; being used is none."""

    def is_valid_at(self, now: datetime) -> bool:
        """Whether the token opens anything at `now`."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)
