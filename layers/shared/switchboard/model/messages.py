"""Text messages."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from .e164 import E164
from .refusal import Refusal


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
    keyword: str | None = None
    """stop, start or help, when it is nothing but that."""


class TextStatus(StrEnum):
    """How far a text message of ours has come. It only ever moves forward."""

    QUEUED = "queued"
    SENDING = "sending"
    """The carrier is being asked."""
    UNKNOWN = "unknown"
    """No answer came: it may or may not be sent. It is not sent again."""
    SENT = "sent"
    """The carrier has taken it."""
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    """The carrier took it, and could not deliver it."""
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def rank(self) -> int:
        """Return how far this is: a status never gives way to one of a lower or equal rank."""
        return min(list(TextStatus).index(self), 4)

    @property
    def is_final(self) -> bool:
        """Whether nothing can change it any more."""
        return self.rank == 4

    @property
    def summary(self) -> str:
        """Return the contract's word for it."""
        return _SUMMARIES.get(self, self.value)


_SUMMARIES = {
    TextStatus.UNKNOWN: "sending",
    TextStatus.DELIVERED: "sent",
    TextStatus.UNDELIVERED: "failed",
}


@dataclass(frozen=True)
class Text:
    """A text message that a customer sends: the intent is written before a carrier is asked."""

    id: str
    """A UUID, as the contract has it."""
    organization_id: int
    carrier: str
    from_: E164
    to: E164
    body: str
    created_at: datetime
    updated_at: datetime
    status: TextStatus
    is_queued: bool
    """Whether the answer to whoever sent it was that it is queued."""
    segments: int
    encoding: str
    due: datetime | None = None
    """When it is sent; while it is being sent, when whoever sends it may be taken for dead."""
    media_urls: tuple[str, ...] = ()
    assistant_id: int | None = None
    message_sid: str | None = None
    """The carrier's id."""
    attempts: int = 0
    """How often the carrier was asked; all but the last time it certainly did nothing."""
    refusal: Refusal | None = None
    version: int = 1


@dataclass(frozen=True)
class Consent:
    """What the holder of a phone has last told one of our numbers with a keyword."""

    organization_id: int
    phone_number: str
    """Ours."""
    customer_number: str
    is_opted_out: bool
    said: str
    """stop, start or help; `carrier` when it was the carrier that told of the opt-out."""
    at: datetime
