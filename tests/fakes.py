"""A carrier that lives in memory: it keeps books, and fails as it is told."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from switchboard.carriers.base import (
    CarrierContext,
    Check,
    Connection,
    Credentials,
    Expected,
    Webhook,
    WebhookReply,
    WebhookRequest,
)
from switchboard.errors import SignatureInvalid, UnknownProvider
from switchboard.model import (
    Call,
    Capabilities,
    ConnectStream,
    Instruction,
    NumberOrder,
    OrderStatus,
    PurchaseResult,
    Say,
)


@dataclass
class Books:
    """What the fake carrier knows, and what it will do next."""

    bought: list[NumberOrder] = field(default_factory=list)
    """Every purchase that took effect."""
    buy_errors: list[Exception] = field(default_factory=list)
    """Raised by the next purchases, before they take effect."""
    lost_answers: list[Exception] = field(default_factory=list)
    """Raised by the next purchases, after they took effect."""
    look_errors: list[Exception] = field(default_factory=list)
    status: OrderStatus = OrderStatus.ACTIVE
    """What looking at an order shows."""
    first_status: OrderStatus | None = None
    """What the purchase itself answers, when that differs."""
    looks: int = 0
    meanwhile: Callable[[], object] | None = None
    """Happens once, while a purchase or a connection is being made."""
    connect_errors: list[Exception] = field(default_factory=list)
    """Raised by the next attempts to connect, before anything is made."""
    connections: int = 0
    webhook: Webhook | Exception | None = None
    """What the next webhook says."""
    instructions: list[Instruction] = field(default_factory=list)
    reply_errors: list[Exception] = field(default_factory=list)
    follow_ups: int = 0
    checks: list[Check] = field(default_factory=list)
    """What looking at the account shows."""
    expected: list[Expected] = field(default_factory=list)
    """What the account was looked at for."""
    verified: list[str] = field(default_factory=list)
    """Caller ids."""
    unready: Exception | None = None
    """Why the account cannot dial."""
    dialled: list[Call] = field(default_factory=list)
    """Every call that was really placed."""
    dial_errors: list[Exception] = field(default_factory=list)
    """Raised by the next dials, before they take effect."""
    hung_up: list[str] = field(default_factory=list)
    transfers: list[tuple[str, str]] = field(default_factory=list)


def carriers(books: Books) -> Callable[[str], Any]:
    """Return a registry with one carrier, `fake`, that keeps these books."""

    class Fake:
        name: ClassVar[str] = "fake"
        forgery: ClassVar[type[SignatureInvalid]] = SignatureInvalid
        credential_fields: ClassVar[tuple[str, ...]] = ("key",)

        def __init__(self, credentials: Credentials, context: CarrierContext) -> None:
            self.credentials = credentials

        def connect(self) -> Connection:
            if books.meanwhile:
                meanwhile, books.meanwhile = books.meanwhile, None
                meanwhile()
            if books.connect_errors:
                raise books.connect_errors.pop(0)
            books.connections += 1
            made = {**self.credentials, "application": f"A{books.connections}"}
            return Connection(made, [Check("application", f"made A{books.connections}")])

        def check(self, expected: Expected) -> list[Check]:
            books.expected.append(expected)
            return list(books.checks)

        def has_verified(self, phone_number: str) -> bool:
            return phone_number in books.verified

        def buy(self, order: NumberOrder) -> PurchaseResult:
            if books.meanwhile:
                meanwhile, books.meanwhile = books.meanwhile, None
                meanwhile()
            if books.buy_errors:
                raise books.buy_errors.pop(0)
            books.bought.append(order)
            if books.lost_answers:
                raise books.lost_answers.pop(0)
            return _result(order, books.first_status or books.status)

        def find_purchase(self, order: NumberOrder) -> PurchaseResult | None:
            books.looks += 1
            if books.look_errors:
                raise books.look_errors.pop(0)
            known = any(order.id == bought.id for bought in books.bought)
            return _result(order, books.status) if known else None

        def verify(self, request: WebhookRequest) -> None:
            if request.headers.get("signature") != "good":
                raise SignatureInvalid("Invalid webhook signature")

        def parse(self, request: WebhookRequest) -> Webhook:
            if isinstance(books.webhook, Exception):
                raise books.webhook
            assert books.webhook is not None
            return books.webhook

        def reply(self, call: Call, instruction: Instruction) -> WebhookReply:
            if books.reply_errors:
                raise books.reply_errors.pop(0)
            books.instructions.append(instruction)
            return WebhookReply(200, repr(instruction))

        def check_ready_to_dial(self) -> None:
            if books.unready:
                raise books.unready

        def dial(self, call: Call, stream: ConnectStream) -> str:
            if books.meanwhile:
                meanwhile, books.meanwhile = books.meanwhile, None
                meanwhile()
            if books.dial_errors:
                raise books.dial_errors.pop(0)
            books.dialled.append(call)
            books.instructions.append(stream)
            if books.lost_answers:
                raise books.lost_answers.pop(0)
            return f"CA{call.id}"

        def hang_up(self, call: Call) -> None:
            if books.reply_errors:
                raise books.reply_errors.pop(0)
            books.hung_up.append(call.call_sid)

        def transfer(self, call: Call, to: str) -> None:
            if books.reply_errors:
                raise books.reply_errors.pop(0)
            books.transfers.append((call.call_sid, to))

        def follow_up(
            self, request: WebhookRequest, call: Call, instruction: Callable[[], Instruction]
        ) -> None:
            books.follow_ups += 1

        @staticmethod
        def apology(request: WebhookRequest) -> WebhookReply | None:
            return WebhookReply(200, repr(Say("sorry"))) if "voice" in request.url else None

    def find(name: str) -> Any:
        if name != "fake":
            raise UnknownProvider("Provider must be 'fake'")
        return Fake

    return find


def _result(order: NumberOrder, status: OrderStatus) -> PurchaseResult:
    return PurchaseResult(
        status=status,
        carrier_order_id=f"CO{order.id}",
        carrier_number_id="PN1" if status is OrderStatus.ACTIVE else None,
        capabilities=Capabilities(voice=True, sms=True),
        details={"sid": "PN1", "phone_number": order.phone_number, "phone_numbers_count": 1},
    )
