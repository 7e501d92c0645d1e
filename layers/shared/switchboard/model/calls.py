"""Calls, what carriers say about them, and what is counted of them."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from .assistants import Flow
from .dialing import DialOptions, Lease, Spending
from .e164 import E164
from .refusal import Refusal
from .trunks import BYO


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


@dataclass(frozen=True)
class Cost:
    """What a carrier says that a call cost."""

    amount: str
    """A decimal number, as the carrier writes it."""
    currency: str
    """ISO 4217."""


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
    cost: Cost | None = None
    call_id: int | None = None
    """Our id of the call, when the carrier gives it back."""
    not_this_trunk: bool = False
    """A call over a SIP trunk ended because of the trunk: nobody heard it ring."""
    trunk_id: str | None = None
    """The SIP trunk whose own bridge says it."""


@dataclass(frozen=True)
class CallStep:
    """A line of a call's history: which event came, and where it put the call."""

    event_id: str
    type: str
    at: datetime
    status: CallStatus


@dataclass(frozen=True)
class TrunkAttempt:
    """One try to place a call over a SIP trunk: written down before anybody is asked."""

    trunk_id: str
    bridge: str
    """The carrier that was asked, or `own`."""
    at: datetime
    call_sid: str = ""
    """What the bridge called it, once that is known."""
    outcome: str | None = None
    """Why it was not this trunk; None while it is, or may be."""


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
    recording_notice: str | None = None
    """Spoken before it is recorded."""
    metadata: dict[str, Any] = field(default_factory=dict)
    """The customer's own notes: the contract's `call_meta`."""
    answered_with: str | None = None
    """What the caller got: `stream`, `say`, `dial`, or `reject` when turned away."""
    answered_by: str | None = None
    """Who took an outbound call, if it was found out: human, machine, fax or unknown."""
    bridge: str | None = None
    """The carrier that carries a call of a SIP trunk; None when `carrier` does it itself."""
    attempts: tuple[TrunkAttempt, ...] = ()
    """Over which trunks it was placed, the last one last; the one that it came in over."""
    leases: tuple[Lease, ...] = ()
    """The places it takes up under the organization's limits, until it has ended."""
    spending: Spending | None = None
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
    cost: Cost | None = None
    """None as long as the carrier has not said, and where it never says."""
    history: tuple[CallStep, ...] = ()
    event_count: int = field(default=0, compare=False)
    """How many events customers were told of it: the last one's sequence number."""
    report_sequence: int | None = field(default=None, compare=False)
    """Which of them is the end-of-call report."""
    reported_at: datetime | None = None
    """When its media runtime reported on it."""

    @property
    def carried_by(self) -> str:
        """The carrier that is asked to do something with the call."""
        return self.bridge or self.carrier

    @property
    def is_recorded(self) -> bool:
        """Whether its recording comes here: what an own bridge records, that keeps."""
        return bool(self.options.record) and self.carried_by != BYO

    @property
    def sip_trunk_id(self) -> str | None:
        """The trunk that it goes over, or went over at last; None where that is not known."""
        return self.attempts[-1].trunk_id if self.attempts else None

    @property
    def may_fail_over(self) -> bool:
        """Whether it was placed over a SIP trunk, and nobody has heard or taken it."""
        placed = self.direction is Direction.OUTBOUND and bool(self.attempts)
        # By the carriers' own word: Telnyx has none, and its calls are `ringing` from the start.
        rang = any(step.type == CallStatus.RINGING for step in self.history)
        return placed and not rang and self.status.rank < CallStatus.IN_PROGRESS.rank

    @property
    def waits_for_another_trunk(self) -> bool:
        """Whether the last attempt failed because of its trunk, and nothing was decided since."""
        failed = bool(self.attempts) and self.attempts[-1].outcome is not None
        return failed and not self.status.is_final

    def is_over(self, call_sid: str) -> bool:
        """Whether this was the carrier's id of an attempt that another trunk has taken over."""
        return any(it.outcome and it.call_sid == call_sid for it in self.attempts)


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
