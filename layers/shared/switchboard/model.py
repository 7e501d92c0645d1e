"""What Switchboard knows about: numbers, orders, assistants, calls. Data and its own rules only."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NewType

from .errors import InvalidNumber

E164 = NewType("E164", str)
_E164 = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_NUMBER_IN_TEXT = re.compile(r"\+\d{7,}")


def parse_e164(text: str) -> E164:
    """Return `text` as an E.164 number ("+" and 7 to 15 digits) or raise InvalidNumber."""
    number = text.strip()
    if not _E164.fullmatch(number):
        raise InvalidNumber("Phone number must be in E.164 format (e.g., +1234567890)")
    return E164(number)


def masked(number: str) -> str:
    """Shorten a phone number for a log line: enough to recognize it, not enough to call it."""
    return f"{number[:5]}…{number[-2:]}" if len(number) > 7 else "…"


def without_numbers(text: str) -> str:
    """Return a text for a log line, every phone number in it shortened."""
    return _NUMBER_IN_TEXT.sub(lambda found: masked(found[0]), text)


class Direction(StrEnum):
    """Who started the call: the other side (inbound) or we (outbound)."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class CallStatus(StrEnum):
    """Where a call is now, or how it ended. It only ever moves to a higher rank."""

    QUEUED = "queued"
    UNKNOWN = "unknown"
    """We asked the carrier to dial, and no answer came: it may be ringing somewhere."""
    DIALING = "dialing"
    RINGING = "ringing"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def rank(self) -> int:
        """How far the call has come; all endings share the highest rank."""
        return _RANKS.get(self, _FINAL_RANK)

    @property
    def is_final(self) -> bool:
        """Whether the call has ended."""
        return self.rank == _FINAL_RANK

    @property
    def summary(self) -> str:
        """The contract's word: ongoing, completed, or failed (busy and the like)."""
        if not self.is_final:
            return "ongoing"
        return "completed" if self is CallStatus.COMPLETED else "failed"


_RANKS = {
    CallStatus.QUEUED: 0,
    CallStatus.UNKNOWN: 1,
    CallStatus.DIALING: 2,
    CallStatus.RINGING: 3,
    CallStatus.IN_PROGRESS: 4,
}
_FINAL_RANK = 5


class MachinePolicy(StrEnum):
    """What to do when a machine answers a call of ours."""

    OFF = "off"
    """Do not find out."""
    CONTINUE = "continue"
    """Find out, note it, and let the assistant speak all the same."""
    HANG_UP = "hang_up"
    LEAVE_MESSAGE = "leave_message"
    """Wait for the beep, speak the voicemail message, hang up."""


class NumberStatus(StrEnum):
    """Whether a number is ours to use: `active` only when the carrier has said so."""

    PENDING = "pending"
    ACTIVE = "active"


class OrderStatus(StrEnum):
    """How far an order to buy a number has come."""

    SUBMITTED = "submitted"
    """Written down; the carrier is being asked."""
    PENDING = "pending"
    """The carrier took the order and has not delivered yet."""
    ACTIVE = "active"
    FAILED = "failed"
    UNKNOWN = "unknown"
    """No answer came: the number may or may not be bought."""

    @property
    def is_final(self) -> bool:
        """Whether nothing can change the order any more."""
        return self in (OrderStatus.ACTIVE, OrderStatus.FAILED)


@dataclass(frozen=True)
class Capabilities:
    """What a number can carry, as its carrier says."""

    voice: bool = False
    sms: bool = False
    mms: bool = False
    fax: bool = False


@dataclass(frozen=True)
class DialOptions:
    """How to dial, and what to do then. None leaves it to the assistant, or to the default."""

    ring_timeout: int | None = None
    """Seconds until an unanswered call is given up."""
    max_duration: int | None = None
    """Seconds after which the carrier ends the call."""
    machine_detection: MachinePolicy | None = None
    voicemail_message: str | None = None
    record: bool | None = None

    def over(self, defaults: "DialOptions") -> "DialOptions":
        """Return these options, with `defaults` where they say nothing."""
        own = {name: value for name, value in vars(self).items() if value is not None}
        return replace(defaults, **own)


@dataclass(frozen=True)
class Limits:
    """How much an organization may call, and where to."""

    allowed_countries: tuple[str, ...] | None = None
    """ISO 3166 codes. None is the default list; an empty one allows no calls."""
    premium_rate: bool = False
    """Also shared-cost, personal and pager numbers: whoever holds them sets the price."""
    satellite: bool = False
    concurrent_calls: int = 10
    calls_per_second: int = 1
    calls_per_day: int = 1000
    daily_spend_cents: int = 5000
    """US cents, by estimate."""
    number_concurrent_calls: int | None = None
    """For each of its numbers; None leaves only the organization's own limit."""
    number_calls_per_day: int | None = None

    @property
    def countries(self) -> tuple[str, ...]:
        """The countries that may be called."""
        return _DEFAULT_COUNTRIES if self.allowed_countries is None else self.allowed_countries


_DEFAULT_COUNTRIES = ("US", "CA")


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


@dataclass(frozen=True)
class Number:
    """A phone number that an organization holds, with the assistant that answers it.

    The assistant is a copy, renewed when the assistant changes, so that answering
    a call takes one read.
    """

    id: int
    organization_id: int
    phone_number: E164
    carrier: str
    status: NumberStatus
    order_key: str
    created_at: datetime
    updated_at: datetime
    country_code: str | None = None
    carrier_number_id: str | None = None
    friendly_name: str | None = None
    capabilities: Capabilities = Capabilities()
    assistant: Assistant | None = None
    """Who answers it; with a flow, the flow's base assistant."""
    flow: Flow | None = None


@dataclass(frozen=True)
class Refusal:
    """Why an order failed, as it was told to the buyer."""

    status: int
    code: str
    message: str


@dataclass(frozen=True)
class NumberOrder:
    """The intent to buy one number, written before the carrier is asked.

    `key` is the buyer's Idempotency-Key, or made from the id when none was sent.
    """

    id: int
    organization_id: int
    key: str
    fingerprint: str
    """SHA-256 of what was asked for: the same key may not ask for something else."""
    carrier: str
    phone_number: E164
    country_code: str | None
    friendly_name: str
    created_at: datetime
    updated_at: datetime
    status: OrderStatus = OrderStatus.SUBMITTED
    assistant_id: int | None = None
    messaging_profile_id: str | None = None
    carrier_order_id: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    """The contract's `purchase_details`: the carrier's own words."""
    refusal: Refusal | None = None


@dataclass(frozen=True)
class PurchaseResult:
    """What a carrier's own records say about an order."""

    status: OrderStatus
    details: dict[str, Any] = field(default_factory=dict)
    carrier_order_id: str | None = None
    carrier_number_id: str | None = None
    capabilities: Capabilities = Capabilities()
    refusal: Refusal | None = None


@dataclass(frozen=True)
class CallEvent:
    """One thing a carrier said about a call, in our words.

    `status` is where it puts the call. A carrier whose last event does not say how
    the call ended (Telnyx) gives both readings: `status` for a call that was
    answered, `status_unanswered` for one that was not.
    """

    id: str
    """The carrier's id of the event: the same one comes again when it repeats itself."""
    type: str
    """The carrier's word for it."""
    call_sid: str
    occurred_at: datetime
    status: CallStatus | None = None
    status_unanswered: CallStatus | None = None
    direction: Direction | None = None
    from_: str = ""
    to: str = ""
    duration: int | None = None
    """Seconds."""
    hangup_cause: str | None = None
    answered_by: str | None = None
    call_id: int | None = None
    """Our id of the call, when the carrier gives it back."""


@dataclass(frozen=True)
class CallStep:
    """A line of a call's history: which event came, and where it put the call."""

    event_id: str
    type: str
    at: datetime
    status: CallStatus


@dataclass(frozen=True)
class Lease:
    """A place among the calls that may go on at once. It ends by itself when nobody returns it."""

    row: str
    """Where the places of one limit are kept."""
    holder: str
    """When it ends (epoch seconds) and whose it is."""


@dataclass(frozen=True)
class Spending:
    """An estimate that counts against the limit of its day."""

    row: str
    cents: int


@dataclass(frozen=True)
class Call:
    """A conversation with one other party, and everything that happened to it."""

    id: int
    organization_id: int
    carrier: str
    call_sid: str
    """The carrier's id: Twilio's CallSid, Telnyx's call_control_id. Empty until it is known."""
    direction: Direction
    phone_number: E164
    """Our side, in both directions."""
    customer_number: str
    """The other side: E.164, or the carrier's word for a withheld number."""
    status: CallStatus
    created_at: datetime
    version: int = 1
    assistant_id: int | None = None
    assistant_name: str | None = None
    flow: Flow | None = None
    welcome_message: str | None = None
    agenda: str | None = None
    stream_url: str | None = None
    """Where the assistant's runtime listens, as it was when an outbound call was placed."""
    options: DialOptions = DialOptions()
    metadata: dict[str, Any] = field(default_factory=dict)
    """The customer's own notes: the contract's `call_meta`."""
    answered_with: str | None = None
    """What the caller got: `stream`, `say` or `dial`."""
    answered_by: str | None = None
    """Who took an outbound call, if it was found out: human, machine, fax or unknown."""
    leases: tuple["Lease", ...] = ()
    """The places it takes up under the organization's limits, until it has ended."""
    spending: "Spending | None" = None
    """What it was estimated to cost, until its end tells better."""
    refusal: Refusal | None = None
    """Why it was never dialled."""
    ending_if_answered: CallStatus | None = None
    """The other reading of an end that came before the answer: see CallEvent."""
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    duration: int | None = None
    """Seconds between answer and end."""
    hangup_cause: str | None = None
    history: tuple[CallStep, ...] = ()


@dataclass(frozen=True)
class CallSummary:
    """As much of a call as searching and counting look at."""

    id: int
    status: CallStatus
    call_sid: str
    customer_number: str
    assistant_id: int | None = None
    assistant_name: str | None = None
    duration: int | None = None


@dataclass(frozen=True)
class CallTotals:
    """How many calls there are, and how long people spoke."""

    calls: int = 0
    timed: int = 0
    """Those with a duration: somebody spoke."""
    seconds: int = 0

    @property
    def average_seconds(self) -> float:
        """The average of the calls in which somebody spoke; 0 without any."""
        return round(self.seconds / self.timed, 2) if self.timed else 0.0


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


@dataclass(frozen=True)
class ConnectStream:
    """Instruction: open a media stream to the assistant's runtime."""

    url: str
    parameters: dict[str, str]
    call_id: int
    session_token: str


@dataclass(frozen=True)
class Say:
    """Instruction: speak a sentence and hang up."""

    text: str


@dataclass(frozen=True)
class Dial:
    """Instruction: put the caller through to a person."""

    number: E164


@dataclass(frozen=True)
class Hangup:
    """Instruction: end the call."""


Instruction = ConnectStream | Say | Dial | Hangup
