"""Phone numbers that organizations hold, and the orders by which they buy them."""

from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any

from ..records import dataclass
from .assistants import Assistant, Flow
from .audit import Actor
from .e164 import E164
from .refusal import Refusal


class NumberStatus(StrEnum):
    """Whether a number is ours to use: `active` only when the carrier has said so."""

    PENDING = "pending"
    ACTIVE = "active"
    INACTIVE = "inactive"
    """Held by us, but its calls are known not to come to us."""
    RELEASING = "releasing"
    """The carrier is being asked to take it back, or was and did not answer."""


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
    is_complete: bool = True
    """False when it has said a part only: what it has not said, it may carry as well."""

    @property
    def may_text(self) -> bool:
        """Whether text messages can be sent from the number, as far as anybody knows."""
        return self.sms or self.mms or not self.is_complete


@dataclass(frozen=True)
class ReleaseClaim:
    """Why nobody else may release a number now, and what it was before."""

    was: NumberStatus
    first_at: datetime
    """When the carrier was asked for the first time."""
    running_since: datetime | None = None
    """When the attempt began that may still be running; None when it certainly is not."""


@dataclass(frozen=True)
class Number:
    """A phone number that an organization holds, with the assistant that answers it.

    The assistant is a copy, renewed when the assistant changes, so that answering
    a call takes one read.
    """

    organization_id: int
    phone_number: E164
    carrier: str
    status: NumberStatus
    order_key: str
    """Empty for a number that was not bought here, but found in the account."""
    created_at: datetime
    updated_at: datetime
    country_code: str | None = None
    carrier_number_id: str | None = None
    friendly_name: str | None = None
    capabilities: Capabilities = Capabilities()
    assistant: Assistant | None = None
    """Who answers it; with a flow, the flow's base assistant."""
    flow: Flow | None = None
    assigned_at: datetime | None = None
    """When the assistant or the flow got it."""
    allowed_country_codes: tuple[str, ...] = ()
    """ISO 3166: callers from elsewhere are turned away. Empty lets everybody through."""
    texts_are_off: bool = False
    """Switched off through our API: its messages are brought to nobody."""
    sip_trunk_id: str | None = None
    """The trunk that is tried first; None leaves it to the trunks' priorities."""
    release: ReleaseClaim | None = None
    """While the status is `releasing`."""
    version: int = 1
    """One more with every change but of the assistant's copy, which has a version of its own."""

    @property
    def id(self) -> int:
        """The digits: at most 15 of them, so that JSON's numbers hold it. See decision 12."""
        return int(self.phone_number[1:])


@dataclass(frozen=True)
class Release:
    """A number that an organization held once, and when it gave it back."""

    organization_id: int
    phone_number: E164
    carrier: str
    held_since: datetime
    released_at: datetime
    carrier_number_id: str | None = None
    friendly_name: str | None = None
    order_key: str | None = None


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
    sip_trunk_id: str | None = None
    carrier_order_id: str | None = None
    details: dict[str, Any] = field(default_factory=dict)
    """The contract's `purchase_details`: the carrier's own words."""
    refusal: Refusal | None = None
    to_record: Actor | None = None
    """Who asked for it, until the purchase is on record: a refused one never is."""


@dataclass(frozen=True)
class PurchaseResult:
    """What a carrier's own records say about an order."""

    status: OrderStatus
    details: dict[str, Any] = field(default_factory=dict)
    carrier_order_id: str | None = None
    carrier_number_id: str | None = None
    capabilities: Capabilities = Capabilities()
    refusal: Refusal | None = None
