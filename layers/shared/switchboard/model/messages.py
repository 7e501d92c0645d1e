"""Text messages."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Message:
    """A text message that one of our numbers received."""

    message_sid: str
    """The carrier's id."""
    organization_id: int
    carrier: str
    from_: str
    to: str
    body: str
    received_at: datetime
    media_urls: tuple[str, ...] = ()
