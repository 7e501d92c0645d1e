"""Who did what: the record that nobody changes."""

from dataclasses import field
from datetime import datetime
from typing import Any

from ..records import dataclass


@dataclass(frozen=True)
class Actor:
    """Who asks for a change, as the API's door or the command knows it."""

    name: str
    """An API key's name, or what else acts: `switchboard command`."""
    key_id: int | None = None
    address: str | None = None
    """The IP address that the request came from."""
    request_id: str | None = None


@dataclass(frozen=True)
class AuditEntry:
    """One change: `action` (number.released) was done to `target` (a number's E.164, an id)."""

    id: int
    organization_id: int
    at: datetime
    actor: Actor
    action: str
    target: str
    details: dict[str, Any] = field(default_factory=dict)
    """What changed. Never a secret."""
