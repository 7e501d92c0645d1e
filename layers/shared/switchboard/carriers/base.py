"""What every carrier can do, in words that no carrier owns."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Protocol

import urllib3

from ..errors import SignatureInvalid
from ..model import E164, Call, CallEvent, Instruction, NumberOrder, PurchaseResult

# What neither XML 1.0 nor UTF-8 can carry.
_UNSPEAKABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

Credentials = Mapping[str, Any]
"""One carrier account of one organization, as its secret holds it."""


@dataclass(frozen=True)
class WebhookRequest:
    """A request from a carrier. Nothing in it is true until its signature is verified."""

    method: str
    url: str
    """The public URL exactly as the carrier was given it."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


@dataclass(frozen=True)
class WebhookReply:
    """What the carrier gets back."""

    status: int = 200
    body: str = ""
    content_type: str = "text/plain"


@dataclass(frozen=True)
class InboundCall:
    """Somebody is ringing one of our numbers, and the carrier asks what to do."""

    event: CallEvent
    from_: str
    to: E164


@dataclass(frozen=True)
class OrderUpdate:
    """The carrier says how the order of a number went."""

    order_id: int
    phone_number: E164
    result: PurchaseResult


@dataclass(frozen=True)
class InboundMessage:
    """Somebody wrote to one of our numbers."""

    message_sid: str
    from_: str
    to: str
    body: str
    media_urls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Ignored:
    """An event that asks nothing of us."""

    type: str


Webhook = InboundCall | CallEvent | OrderUpdate | InboundMessage | Ignored


@dataclass(frozen=True)
class CarrierContext:
    """What a carrier needs beside its credentials: where it is, and what to tell it about us."""

    api_url: str
    public_base_url: str
    stage: str
    organization_id: int
    clock: Callable[[], datetime]
    http: urllib3.PoolManager
    """For requests on the path of a ringing phone, where no carrier's SDK is imported."""

    def webhook_url(self, path: str) -> str:
        """Return the public URL of `path` for this organization: one opaque id, nothing else."""
        return f"{self.public_base_url}{path}?org={self.organization_id}"


@dataclass(frozen=True)
class Check:
    """One thing looked at while connecting an account: what it is and how it stands."""

    name: str
    result: str


@dataclass(frozen=True)
class Connection:
    """A carrier account made ready: what to store, and what was found or made."""

    credentials: dict[str, Any]
    checks: list[Check] = field(default_factory=list)


def speakable(text: str) -> str:
    """Return `text` with a space for each character that no document or message can carry."""
    return _UNSPEAKABLE.sub(" ", text)


class Carrier(Protocol):
    """One carrier account of one organization.

    Every method that talks to the carrier raises CarrierError: OutcomeUnknown when the
    request may have taken effect, anything else when it certainly has not.
    """

    name: ClassVar[str]
    forgery: ClassVar[type[SignatureInvalid]]
    """What the contract answers to a webhook that this carrier did not sign."""
    credential_fields: ClassVar[tuple[str, ...]]
    """What a person must know to connect an account: connect() finds or makes the rest."""

    def __init__(self, credentials: Credentials, context: CarrierContext) -> None: ...

    def connect(self) -> Connection:
        """Probe the credentials; find or make, once, what the carrier wants beside numbers."""
        ...

    def buy(self, order: NumberOrder) -> PurchaseResult:
        """Buy the number, its webhooks pointing at us. Never repeated by itself."""
        ...

    def find_purchase(self, order: NumberOrder) -> PurchaseResult | None:
        """Look in the carrier's records for what became of an order; None if it has no trace."""
        ...

    def verify(self, request: WebhookRequest) -> None:
        """Raise SignatureInvalid unless the carrier signed exactly this request, just now."""
        ...

    def parse(self, request: WebhookRequest) -> Webhook:
        """Turn a verified request into our words; raise InvalidRequest when it makes no sense."""
        ...

    def reply(self, call: Call, instruction: Instruction) -> WebhookReply:
        """Tell the carrier what to do with a ringing call. Safe to repeat."""
        ...

    def follow_up(self, request: WebhookRequest) -> None:
        """Do what an instruction still needs after this event. Safe to repeat."""
        ...

    @staticmethod
    def apology(request: WebhookRequest) -> WebhookReply | None:
        """Return what a caller hears when we failed, or None when the reply is not heard."""
        ...
