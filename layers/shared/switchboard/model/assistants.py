"""What answers for an organization: assistants, and the conversation graphs over them."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .dialing import DialOptions
from .e164 import E164


@dataclass(frozen=True)
class Assistant:
    """A voice assistant: where its media runtime listens, and what to do without it.

    A number keeps a copy, which holds no more than answering needs: see `NOT_IN_COPIES`.
    """

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
    bypass_numbers: tuple[E164, ...] = ()
    """Callers who are put through to `transfer_number` without speaking to the assistant."""
    transfer_number: E164 | None = None
    """The first number that the assistant may transfer calls to."""
    recording_notice: str | None = None
    """Spoken before a call is recorded: the contract's disclosure message, if that is enabled."""
    version: int = 0
    """Counts the changes; 0 is not written yet."""
    updated_at: datetime | None = None
    description: str | None = None
    webhook_url: str | None = None
    sms_webhook_url: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    """What else a customer keeps here: the media runtime's settings, exactly as they came."""
    flow_ids: frozenset[int] = frozenset()
    """The flows whose base it is: while there is one, it cannot be deleted."""
    deleted_at: datetime | None = None
    """Set while its numbers are being unassigned: nothing is assigned to it any more."""


NOT_IN_COPIES = frozenset(
    {
        "updated_at",
        "description",
        "webhook_url",
        "sms_webhook_url",
        "extra",
        "flow_ids",
        "deleted_at",
    }
)
"""The fields of an assistant that no ringing phone waits for."""


@dataclass(frozen=True)
class Flow:
    """What numbers and calls keep of a flow. Telephony only says which one it is."""

    id: int
    name: str
    is_active: bool = True
    version: int = 0


@dataclass(frozen=True)
class ConversationFlow:
    """A conversation graph, which the media runtime runs with its base assistant's voice."""

    id: int
    organization_id: int
    base_assistant_id: int
    name: str
    graph: dict[str, Any]
    created_at: datetime
    updated_at: datetime
    is_active: bool = True
    version: int = 0
    """Counts the changes; 0 is not written yet."""
    leaving: frozenset[int] = frozenset()
    """Earlier base assistants, some of whose numbers may not have followed yet."""
    deleted_at: datetime | None = None
    """Set while its numbers are being unbound: nothing is bound to it any more."""

    @property
    def tag(self) -> Flow:
        """What its numbers keep of it."""
        return Flow(self.id, self.name, self.is_active, self.version)
