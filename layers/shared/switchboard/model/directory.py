"""Who uses Switchboard, and what answers for them: organizations, tokens, assistants."""

from dataclasses import dataclass
from datetime import datetime

from .dialing import DialOptions, Limits
from .e164 import E164


@dataclass(frozen=True)
class Organization:
    """A tenant: everything else belongs to exactly one."""

    id: int
    name: str
    created_at: datetime
    limits: Limits = Limits()


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

    def is_valid_at(self, now: datetime) -> bool:
        """Whether the token opens anything at `now`."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True)
class Assistant:
    """A voice assistant: where its media runtime listens, and what to do without it."""

    id: int
    organization_id: int
    name: str
    stream_url: str
    """wss:// address of the media runtime."""
    created_at: datetime
    is_active: bool = True
    welcome_message: str | None = None
    fallback_message: str | None = None
    """Spoken when the assistant cannot take the call."""
    fallback_number: E164 | None = None
    """A person's number, rung instead of speaking the message."""
    dial_options: DialOptions = DialOptions()
    """For the calls that it places."""


@dataclass(frozen=True)
class Flow:
    """A conversation graph. The media runtime runs it; telephony only says which one it is."""

    id: int
    name: str
