"""What customers are told: events, where they go, and how each delivery stands."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

STATUS_UPDATE = "status-update"
END_OF_CALL_REPORT = "end-of-call-report"
REPORT_UPDATE = "report-update"
"""What a media runtime reported too late for the end-of-call report."""
NUMBER_UPDATE = "number-update"
RECORDING_UPDATE = "recording-update"
"""A carrier has a recording; later, that it is kept here or could not be had."""
SMS_RECEIVED = "sms_received"
SMS_STATUS = "sms-status"
"""How a text message ended that was sent: delivered, undelivered, failed."""
WEBHOOK_TEST = "webhook-test"
EVENT_TYPES = (
    STATUS_UPDATE,
    END_OF_CALL_REPORT,
    REPORT_UPDATE,
    RECORDING_UPDATE,
    NUMBER_UPDATE,
    SMS_RECEIVED,
    SMS_STATUS,
)


@dataclass(frozen=True)
class OutboxEvent:
    """Something that happened, written in the transaction that made it so."""

    id: str
    """The same in every delivery and every repetition."""
    organization_id: int
    type: str
    created_at: datetime
    payload: str
    """The JSON that receivers get, byte for byte the same each time."""
    cursor: str
    """Its place among the organization's events."""
    call_id: int | None = None
    assistant_id: int | None = None
    sequence: int | None = None
    """Its place among its call's events: 1, 2, 3 … without gaps."""
    is_terminal: bool = False
    """No subscription can leave it out."""
    revision: int = 0
    """One more whenever a report comes in that it will hold."""
    due: datetime | None = None
    """When it shall be sent; None once that was begun."""

    @property
    def previous_id(self) -> str | None:
        """The event of the same call that receivers should get first."""
        if self.call_id is None or self.sequence is None or self.sequence < 2:
            return None
        return call_event_id(self.call_id, self.sequence - 1)


def call_event_id(call_id: int, sequence: int) -> str:
    """Return the id of a call's event. No dot: signatures are made of parts joined by dots."""
    return f"evt_{call_id}_{sequence}"


class DeliveryState(StrEnum):
    """How far the sending of one event to one receiver has come."""

    PENDING = "pending"
    """Being sent, or to be sent when it is due."""
    PARKED = "parked"
    """Waiting for its receiver to answer anybody at all."""
    DELIVERED = "delivered"
    DEAD = "dead"
    """Given up, until somebody asks for it again."""


@dataclass(frozen=True)
class Delivery:
    """One event for one receiver."""

    event_id: str
    endpoint_id: str
    organization_id: int
    url: str
    type: str
    first_at: datetime
    state: DeliveryState
    call_id: int | None = None
    assistant_id: int | None = None
    attempts: int = 0
    due: datetime | None = None
    """When it is tried next; while it is being tried, when it may be taken for crashed."""
    last_status: int | None = None
    last_error: str | None = None
    parked_at_failures: int | None = None
    """How often the receiver had failed when this was parked."""
    settled_at: datetime | None = None
    version: int = 1


@dataclass(frozen=True)
class Endpoint:
    """A receiver: an assistant's URL, or one that gets all of an organization's events."""

    id: str
    """Made from organization and URL, so that everybody finds the same."""
    organization_id: int
    url: str
    """https://, or the ARN of an SQS queue or of an EventBridge bus."""
    created_at: datetime
    is_registered: bool = False
    """Whether it gets everything, and not just what its assistants' calls do."""
    types: tuple[str, ...] = ()
    """What a registered one wants; empty is everything. Terminal events come in any case."""
    key_version: int = 1
    """Which signing secret is in use: each rotation adds one."""
    previous_until: datetime | None = None
    """Until when the secret before is used as well."""
    uses_ed25519: bool = False
    disabled_at: datetime | None = None
    disabled_reason: str | None = None
    failures: int = 0
    """Attempts that failed one after another, whatever event they carried."""
    probe_at: datetime | None = None
    """Set while the receiver is taken for dead: when the next attempt may be made."""
    recovered_at: datetime | None = None
    """When it last answered after it had failed."""
    version: int = 0


@dataclass(frozen=True)
class Attempt:
    """What came of sending an event once: the contract's webhook log."""

    event_id: str
    organization_id: int
    endpoint_id: str
    url: str
    type: str
    at: datetime
    number: int
    """1 is the first."""
    request: str
    success: bool = False
    status: int | None = None
    response: str | None = None
    milliseconds: int | None = None
    error: str | None = None
    call_id: int | None = None
    assistant_id: int | None = None


@dataclass(frozen=True)
class Report:
    """What a call's media runtime had to say at its end."""

    call_id: int
    received_at: datetime
    content: dict[str, object] = field(default_factory=dict)
    """summary, messages, structured_data, recording_url, ended_reason."""
