"""A carrier that lives in memory: it keeps books, and fails as it is told."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, ClassVar

from switchboard.carriers.base import (
    CarrierContext,
    Check,
    Connection,
    Credentials,
    Expected,
    RecordingSource,
    Trace,
    Webhook,
    WebhookReply,
    WebhookRequest,
)
from switchboard.carriers.stock import (
    AvailableNumber,
    Drift,
    HeldNumber,
    NumberSearch,
    Verification,
)
from switchboard.errors import NumberNotHeld, SignatureInvalid, UnknownProvider
from switchboard.model import (
    E164,
    Call,
    Capabilities,
    ConnectStream,
    Instruction,
    Number,
    NumberOrder,
    OrderStatus,
    PurchaseResult,
    Recording,
    Say,
    Text,
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
    texts: list[Text] = field(default_factory=list)
    """Every text message that was really sent."""
    text_errors: list[Exception] = field(default_factory=list)
    """Raised by the next messages, before they take effect."""
    hung_up: list[str] = field(default_factory=list)
    transfers: list[tuple[str, str]] = field(default_factory=list)
    for_sale: list[AvailableNumber] = field(default_factory=list)
    country_codes: list[str] = field(default_factory=lambda: ["CA", "US"])
    held: dict[str, HeldNumber] = field(default_factory=dict)
    """What the account holds, by phone number."""
    released: list[str] = field(default_factory=list)
    """The carrier's id of every number that was really given back."""
    requests: list[str] = field(default_factory=list)
    """The name of every method that would have asked the carrier about its numbers."""
    failures: dict[str, list[Exception]] = field(default_factory=dict)
    """By method: raised by the next such requests, before they take effect."""
    account_drifts: tuple[Drift, ...] = ()
    """What all numbers share and is not as connecting makes it."""
    odd: dict[str, Exception] = field(default_factory=dict)
    """By phone number: raised whenever it is looked for."""
    vanished: dict[str, list[Exception]] = field(default_factory=dict)
    """By method: raised by the next such requests, after they took effect."""
    traces: list[Trace] = field(default_factory=list)
    """What its records of calls show when they are asked for any."""
    caller_ids: dict[str, str] = field(default_factory=dict)
    """What the account lists as verified, with names."""

    def hold(self, phone_number: str, **changes: Any) -> HeldNumber:
        """Put a number into the account as if bought in the carrier's portal."""
        held = HeldNumber(
            E164(phone_number),
            f"PN{phone_number[1:]}",
            friendly_name=phone_number,
            capabilities=Capabilities(voice=True, sms=True),
            country_code="US",
            points_nowhere=True,
        )
        self.held[phone_number] = held = replace(held, **changes)
        return held

    def ask(self, method: str) -> None:
        """Note a request, let happen what happens meanwhile, and fail if told so."""
        self.requests.append(method)
        if self.meanwhile:
            meanwhile, self.meanwhile = self.meanwhile, None
            meanwhile()
        if self.failures.get(method):
            raise self.failures[method].pop(0)

    def lose(self, method: str) -> None:
        """Fail, if told so, although the request took effect."""
        if self.vanished.get(method):
            raise self.vanished[method].pop(0)


class FakeStock:
    """The numbers of the fake carrier's account, but for buying them."""

    books: Books

    def search(self, wanted: NumberSearch) -> list[AvailableNumber]:
        self.books.ask("search")
        return [it for it in self.books.for_sale if it.country_code == wanted.country_code][
            : wanted.limit
        ]

    def countries(self) -> list[str]:
        self.books.ask("countries")
        return list(self.books.country_codes)

    def find_held(self, phone_number: str) -> HeldNumber | None:
        self.books.ask("find_held")
        if phone_number in self.books.odd:
            raise self.books.odd[phone_number]
        return self.books.held.get(phone_number)

    def inspect(self, phone_number: str) -> HeldNumber | None:
        self.books.ask("inspect")
        return self.books.held.get(phone_number)

    def held_numbers(self) -> Iterator[HeldNumber]:
        self.books.ask("held_numbers")
        yield from list(self.books.held.values())

    def release(self, number: Number) -> None:
        self.books.ask("release")
        held = self.books.held.get(number.phone_number)
        if held and number.carrier_number_id in (None, held.carrier_number_id):
            del self.books.held[number.phone_number]
            self.books.released.append(held.carrier_number_id)
        self.books.lose("release")

    def voice_url(self) -> str:
        return "https://hooks.example.com/fake"

    def wire(self, number: Number) -> None:
        self._change(
            "wire",
            number,
            points_here=True,
            points_nowhere=False,
            voice_url=self.voice_url(),
            drifts=(),
        )

    def set_voice_url(self, number: Number, url: str) -> None:
        self._change(
            "set_voice_url",
            number,
            points_here=url == self.voice_url(),
            points_nowhere=False,
            voice_url=url,
        )

    def set_sms(self, number: Number, enabled: bool) -> str:
        self._change("set_sms", number, sms_url="ours" if enabled else None)
        return "enabled (ours)" if enabled else "disabled (empty URL)"

    def _change(self, method: str, number: Number, **changes: Any) -> None:
        self.books.ask(method)
        if number.phone_number not in self.books.held:
            raise NumberNotHeld(f"fake does not hold {number.phone_number}.")
        held = self.books.held[number.phone_number]
        self.books.held[number.phone_number] = replace(held, **changes)
        self.books.lose(method)

    def verified_caller_ids(self) -> list[tuple[E164, str]]:
        self.books.ask("verified_caller_ids")
        return [(E164(number), name) for number, name in self.books.caller_ids.items()]

    def verify_caller_id(
        self, phone_number: E164, friendly_name: str, code: str | None = None
    ) -> Verification:
        self.books.ask("verify_caller_id")
        if phone_number in self.books.caller_ids:
            return Verification(phone_number, is_verified=True)
        return Verification(phone_number, code="123456")


def carriers(books: Books) -> Callable[[str], Any]:
    """Return a registry with one carrier, `fake`, that keeps these books."""

    class Fake(FakeStock):
        name: ClassVar[str] = "fake"
        forgery: ClassVar[type[SignatureInvalid]] = SignatureInvalid
        verified_with: ClassVar[str] = "signing_key"
        asks_with_get: ClassVar[bool] = False
        credential_fields: ClassVar[tuple[str, ...]] = ("key",)
        credential_options: ClassVar[tuple[str, ...]] = ()
        features: ClassVar[Any] = SimpleNamespace(has_number_ids=True)

        def __init__(self, credentials: Credentials, context: CarrierContext) -> None:
            self.credentials = credentials
            self.books = books

        def connect(self) -> Connection:
            if books.meanwhile:
                meanwhile, books.meanwhile = books.meanwhile, None
                meanwhile()
            if books.connect_errors:
                raise books.connect_errors.pop(0)
            books.connections += 1
            books.account_drifts = ()
            made = {**self.credentials, "application": f"A{books.connections}"}
            return Connection(made, [Check("application", f"made A{books.connections}")])

        def is_account_of(self, earlier: Credentials) -> bool:
            return ("other" in str(self.credentials)) == ("other" in str(earlier))

        def check(self, expected: Expected) -> list[Check]:
            books.expected.append(expected)
            return list(books.checks)

        def account_drifts(self) -> tuple[Drift, ...]:
            books.ask("account_drifts")
            return books.account_drifts

        def account_name(self) -> str:
            books.ask("account_name")
            return "Acme"

        def has_verified(self, phone_number: str) -> bool:
            return phone_number in books.verified

        def buy(self, order: NumberOrder) -> PurchaseResult:
            if books.meanwhile:
                meanwhile, books.meanwhile = books.meanwhile, None
                meanwhile()
            if books.buy_errors:
                raise books.buy_errors.pop(0)
            books.bought.append(order)
            books.hold(
                order.phone_number,
                carrier_number_id="PN1",
                points_here=True,
                points_nowhere=False,
                voice_url="ours",
            )
            if books.lost_answers:
                raise books.lost_answers.pop(0)
            return _result(order, books.first_status or books.status)

        def find_purchase(self, order: NumberOrder) -> PurchaseResult | None:
            books.looks += 1
            if books.look_errors:
                raise books.look_errors.pop(0)
            known = any(order.id == bought.id for bought in books.bought)
            return _result(order, books.status) if known else None

        def was_sold(self, order: NumberOrder) -> PurchaseResult | None:
            return self.find_purchase(order)

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

        def recording_source(self, recording: Recording) -> RecordingSource:
            books.ask("recording_source")
            url = recording.carrier_url or "https://files.fake.example/1.mp3"
            return RecordingSource(
                url, {"Authorization": "secret"}, re.compile(r"files\.fake\.example")
            )

        def traces(self, call: Call) -> list[Trace]:
            books.ask("traces")
            return [
                replace(it, events=tuple(replace(event, call_id=call.id) for event in it.events))
                for it in books.traces
                if call.call_sid in ("", it.call_sid)
            ]

        def send_text(self, text: Text) -> str:
            if books.meanwhile:
                meanwhile, books.meanwhile = books.meanwhile, None
                meanwhile()
            if books.text_errors:
                raise books.text_errors.pop(0)
            books.texts.append(text)
            if books.lost_answers:
                raise books.lost_answers.pop(0)
            return f"SM{len(books.texts)}"

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
