"""What every carrier can do, in words that no carrier owns."""

import re
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Protocol

import urllib3

from ..errors import SignatureInvalid
from ..model import (
    E164,
    Call,
    CallEvent,
    ConnectStream,
    Instruction,
    MachinePolicy,
    NumberOrder,
    PurchaseResult,
    Recording,
    Refusal,
    SipRoute,
    Text,
    TextStatus,
)
from ..records import dataclass
from .features import Features
from .stock import Drift, Stock, Verification

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
    call_id: int | None = None
    """Our id of the call, when the URL was given for one call only."""
    query: Mapping[str, str] = field(default_factory=dict)
    """All of a GET's, ours and the carrier's, in no dependable order."""
    trunk_id: str | None = None
    """The SIP trunk that the URL was given for."""
    text_id: str | None = None
    """Our id of the text message, when the URL was given for one message only."""


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
    to: str
    """E.164; over SIP whatever was dialled."""
    called: tuple[tuple[E164, ...], ...] | None = None
    """Over SIP only: the numbers that each header names, the most telling header first."""


@dataclass(frozen=True)
class Prewarm:
    """A bridge announces a call, so that all is ready when it asks what to do with it."""

    event: CallEvent
    from_number: str = ""
    to_number: str = ""
    outbound: bool = False
    assistant_id: int | None = None
    welcome_message: str | None = None
    agenda: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NotUnderstood:
    """A request whose refusal the contract words in a way of its own."""

    reply: WebhookReply


@dataclass(frozen=True)
class OutboundAnswer:
    """Somebody took a call of ours, and the carrier asks what they shall hear."""

    event: CallEvent
    awaited_by: MachinePolicy | None = None
    """Who alone has waited for this moment: calls with another policy go on as they are."""


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
    keyword: str | None = None
    """stop, start or help, when the carrier itself took it for that."""


@dataclass(frozen=True)
class MessageReceipt:
    """The carrier says how far a text message of ours has come."""

    message_sid: str
    status: TextStatus
    text_id: str | None = None
    """Our id of it, when the URL was given for this message only."""
    refusal: Refusal | None = None


@dataclass(frozen=True)
class RecordingSaved:
    """The carrier has recorded a call, and the file can be fetched."""

    recording_sid: str
    call_sid: str
    """Empty when the carrier does not say it: then it gives `call_id` back."""
    call_id: int | None = None
    url: str | None = None
    leg_id: str | None = None
    started_at: datetime | None = None
    duration: int | None = None
    """Seconds."""
    channels: int | None = None


@dataclass(frozen=True)
class RecordingSource:
    """Where a recording's file is, and what opens it."""

    url: str
    headers: Mapping[str, str]
    hosts: re.Pattern[str]
    """The carrier's own hosts: nothing is fetched from any other, whatever a URL says."""


# When a carrier places what we ask it for: its clock and ours may differ a little, and whoever
# dials does it within a minute, or is dead.
PLACED_BEFORE = timedelta(seconds=5)
PLACED_AFTER = timedelta(seconds=90)


@dataclass(frozen=True)
class Trace:
    """A call as the carrier's own records have it."""

    call_sid: str
    events: tuple[CallEvent, ...]
    """What we were told of it or should have been, in order; they name our call."""
    is_certain: bool = False
    """It carries our id of the call, or was asked for by its own: no other can be meant."""


@dataclass(frozen=True)
class Ignored:
    """An event that asks nothing of us."""

    type: str


Webhook = (
    InboundCall
    | OutboundAnswer
    | CallEvent
    | OrderUpdate
    | InboundMessage
    | Prewarm
    | NotUnderstood
    | RecordingSaved
    | MessageReceipt
    | Ignored
)


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
    urls_allowed: tuple[str, ...] = ()
    """Beginnings of an organization's own URLs that need not be HTTPS: the local stack's."""

    def trunk_url(self, path: str, trunk_id: str) -> str:
        """Return the public URL of `path` for what speaks for one SIP trunk."""
        return f"{self.public_base_url}{path}?trunk={self.organization_id}-{trunk_id}"

    def webhook_url(self, path: str, call_id: int | None = None) -> str:
        """Return the public URL of `path` for this organization, or for one call of it.

        It carries one opaque id and nothing else.
        """
        if call_id is None:
            return f"{self.public_base_url}{path}?org={self.organization_id}"
        return f"{self.public_base_url}{path}?call={self.organization_id}-{call_id}"

    def text_url(self, path: str, text_id: str) -> str:
        """Return the public URL of `path` for one text message of this organization."""
        return f"{self.public_base_url}{path}?message={self.organization_id}-{text_id}"


class Verdict(StrEnum):
    """How a thing that was looked at stands."""

    OK = "ok"
    WARNING = "warning"
    """Calls work, but not as somebody may expect."""
    FAILED = "failed"


@dataclass(frozen=True)
class Check:
    """One thing looked at in an account: what it is, how it stands, how to mend it."""

    name: str
    result: str
    verdict: Verdict = Verdict.OK
    advice: str = ""


@dataclass(frozen=True)
class Expected:
    """What an account must serve, as our own table has it."""

    phone_numbers: tuple[E164, ...] = ()
    """The active numbers that were bought at this carrier."""
    caller_ids: tuple[E164, ...] = ()
    """Other numbers that the organization shows when it calls through this carrier."""
    countries: tuple[str, ...] = ()
    """ISO 3166 codes of the countries that may be called."""


@dataclass(frozen=True)
class Connection:
    """A carrier account made ready: what to store, and what was found or made."""

    credentials: dict[str, Any]
    checks: list[Check] = field(default_factory=list)


def speakable(text: str) -> str:
    """Return `text` with a space for each character that no document or message can carry."""
    return _UNSPEAKABLE.sub(" ", text)


class _Connected(Protocol):
    """One carrier account of one organization.

    Every method that talks to the carrier raises CarrierError: OutcomeUnknown when the
    request may have taken effect, anything else when it certainly has not.
    """

    name: ClassVar[str]

    def __init__(self, credentials: Credentials, context: CarrierContext) -> None: ...


class Voice(_Connected, Protocol):
    """Its calls, and what the carrier says of them: all that a ringing phone needs."""

    forgery: ClassVar[type[SignatureInvalid]]
    """What the contract answers to a webhook that this carrier did not sign."""
    verified_with: ClassVar[str]
    """The credential by which its webhooks are verified."""
    asks_with_get: ClassVar[bool]
    """Whether a GET with fields of the carrier's own is a webhook: else it is but a probe."""

    def check_ready_to_dial(self) -> None:
        """Raise CarrierError if the stored credentials lack what dialling needs. No request."""
        ...

    def dial(self, call: Call, stream: ConnectStream, route: SipRoute | None = None) -> str:
        """Place a call and return the carrier's id of it. Never repeated by itself.

        Its events come back with our id of the call. `stream` is what a person who takes
        it shall be connected with. With a `route` it goes over that SIP trunk, and
        CarrierUnavailable means that another one may be tried.
        """
        ...

    def hang_up(self, call: Call) -> None:
        """End a call. One that has ended already is no error."""
        ...

    def transfer(self, call: Call, to: str) -> None:
        """Put the other side through to a number (E.164) or a SIP URI, without us.

        Raises CallNotActive when the call is not going on.
        """
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

    def follow_up(
        self, request: WebhookRequest, call: Call, instruction: Callable[[], Instruction]
    ) -> None:
        """Do what a call still needs after this event. Safe to repeat.

        `instruction` says what whoever took a call of ours shall hear.
        """
        ...

    @staticmethod
    def apology(request: WebhookRequest) -> WebhookReply | None:
        """Return what a caller hears when we failed, or None when the reply is not heard."""
        ...


class Numbers(Stock, _Connected, Protocol):
    """Its numbers: to buy them, and all that comes before and after."""

    def buy(self, order: NumberOrder) -> PurchaseResult:
        """Buy the number, its webhooks pointing at us. Never repeated by itself."""
        ...

    def find_purchase(self, order: NumberOrder) -> PurchaseResult | None:
        """Look in the carrier's records for what became of an order; None if it has no trace."""
        ...

    def was_sold(self, order: NumberOrder) -> PurchaseResult | None:
        """Look what the account has of a number that it was refused a moment ago; None: nothing.

        A network may send a request twice: the first buys, and the refusal answers the second.
        One request, which changes nothing. Raises CarrierError also where the account holds the
        number and it is not certain that this order bought it.
        """
        ...


class Account(_Connected, Protocol):
    """The account itself."""

    credential_fields: ClassVar[tuple[str, ...]]
    """What a person must know to connect an account: connect() finds or makes the rest."""
    credential_options: ClassVar[tuple[str, ...]]
    """What he may say beside them."""

    def connect(self) -> Connection:
        """Probe the credentials; find or make, once, what the carrier wants beside numbers.

        What an earlier connection made is among the credentials, and may belong to another
        account.
        """
        ...

    def is_account_of(self, earlier: Credentials) -> bool:
        """Tell whether it is the account that earlier credentials opened, whatever its keys are.

        A request only where the credentials do not say it.
        """
        ...

    def check(self, expected: Expected) -> list[Check]:
        """Look at everything that calls depend on; never stop at the first thing that is wrong.

        Changes nothing. What the carrier refuses to show is a check that failed with its words.
        """
        ...

    def account_drifts(self) -> tuple[Drift, ...]:
        """Return which webhooks that all of its numbers share are not as connect() makes them.

        Changes nothing.
        """
        ...

    def account_name(self) -> str:
        """Read what the carrier calls the account: proof that the credentials are right."""
        ...

    def has_verified(self, phone_number: E164) -> bool:
        """Tell whether the account may show a number that it did not buy when it calls."""
        ...

    def verified_caller_ids(self) -> list[tuple[E164, str]]:
        """Return every number that the account may show beside those it holds, with its name."""
        ...

    def verify_caller_id(
        self, phone_number: E164, friendly_name: str, code: str | None = None
    ) -> Verification:
        """Have the carrier call a number, so that who answers proves to hold it.

        `code` is what that call told, where the carrier wants to hear it from us.
        """
        ...


class Recordings(_Connected, Protocol):
    """Its recordings of our calls."""

    def recording_source(self, recording: Recording) -> RecordingSource:
        """Return where to fetch a recording now; asks the carrier when its link is too old."""
        ...


class Traces(_Connected, Protocol):
    """Its records of calls, which know what no webhook has told us."""

    def traces(self, call: Call) -> list[Trace]:
        """Return what the records say of a call: by its id where that is known.

        Else every call between its two numbers that was placed when we asked for it, oldest
        first. None when there is no trace of it. Changes nothing. Raises NotConfigurable where
        no records can be read.
        """
        ...


class Texts(_Connected, Protocol):
    """Its text messages. What it says of them comes as its other webhooks do."""

    def send_text(self, text: Text) -> str:
        """Send a text message and return the carrier's id of it. Never repeated by itself.

        Its receipts come back with our id of the message. Raises RecipientOptedOut when the
        carrier knows that whom it is for wants none.
        """
        ...


class Carrier(Voice, Numbers, Recordings, Texts, Traces, Account, Protocol):
    """All that a carrier can do."""

    features: ClassVar[Features]
    """Where it differs from the others."""
