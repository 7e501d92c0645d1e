"""Telnyx: everything that is known about it.

Round trips: buying a configured number takes 1 request (3 when Telnyx wants a search first,
and one for each look at an order that is still pending), answering a call 1.
"""

import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import urllib3
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ..errors import (
    AddressRequired,
    CallNotActive,
    CarrierError,
    CarrierMisconfigured,
    CarrierPermissionDenied,
    CarrierUnavailable,
    InsufficientBalance,
    InvalidCredentials,
    InvalidNumber,
    InvalidRequest,
    NumberUnavailable,
    RateLimited,
    SignatureInvalid,
    SignatureUnauthorized,
)
from ..model import (
    E164,
    Call,
    CallEvent,
    CallStatus,
    Capabilities,
    ConnectStream,
    Dial,
    Direction,
    Hangup,
    Instruction,
    MachinePolicy,
    NumberOrder,
    OrderStatus,
    PurchaseResult,
    Refusal,
    Say,
    parse_e164,
)
from .base import (
    CarrierContext,
    Check,
    Connection,
    Credentials,
    Expected,
    Ignored,
    InboundCall,
    InboundMessage,
    OrderUpdate,
    Verdict,
    Webhook,
    WebhookReply,
    WebhookRequest,
    speakable,
)
from .problems import Problem, problem, unanswered

if TYPE_CHECKING:
    from telnyx import Telnyx as Client

WEBHOOK_PATH = "/telnyx-webhook"

_TIMEOUT_S = 12
# When neither the call nor its assistant says how long it shall ring.
_RING_TIMEOUT_S = 60
_FRESH_S = 300
# Telnyx gives a webhook 2 s unless the application says otherwise (0 to 30).
_WEBHOOK_TIMEOUT_S = 10
# The largest that Telnyx allows; it gives 20 unless asked.
_PAGE_SIZE = 250
# A call that gets no command ends after this: the caller hears the end, not ringing forever.
_FIRST_COMMAND_TIMEOUT_S = 15
_CALL_LIMIT_S = 14400
# "If there is no reply in 500 ms or a 5xx, send the same command again": the command_id
# makes the second a no-op. https://developers.telnyx.com/docs/voice/programmable-voice
_COMMAND_RETRY = urllib3.Retry(
    total=1,
    allowed_methods=None,
    status_forcelist=(500, 502, 503, 504),
    raise_on_status=False,
    # Somebody hears it ring: Telnyx sends its event again, and sooner than it asks us to wait.
    respect_retry_after_header=False,
)
_COMMAND_TIMEOUT = urllib3.Timeout(connect=0.5, read=1.0)
# The call is over, or is already past what the command asks for.
_TOO_LATE = {"90018", "90034"}

_PROBLEMS: dict[str, Problem] = {
    **dict.fromkeys(["85000", "85001", "85006"], NumberUnavailable),
    **dict.fromkeys(["10016", "10002"], InvalidNumber),
    **dict.fromkeys(["20100", "20012"], InsufficientBalance),
    **dict.fromkeys(["10009", "20001", "20002", "20003", "20006", "20008"], InvalidCredentials),
    **dict.fromkeys(
        ["10010", "10038", "10039", "20013", "20014", "20015", "20016", "20017"],
        CarrierPermissionDenied,
    ),
    **dict.fromkeys(["10015", "85004", "85005"], CarrierMisconfigured),
    **dict.fromkeys([str(code) for code in range(20200, 20210)], AddressRequired),
    **dict.fromkeys(["85007", "85008", "90041", "90042", "90043"], RateLimited),
    **dict.fromkeys(["10021", "10035", "10036"], CarrierUnavailable),
}
# For codes that are not listed. 10011 must not be: it comes with 429 and, meaning something
# else, with 422.
_STATUS_PROBLEMS: dict[int, Problem] = {
    401: InvalidCredentials,
    402: InsufficientBalance,
    403: CarrierPermissionDenied,
    429: RateLimited,
}
_SEARCH_FIRST = "85000"
# What the SDK, or we, stumble over in an answer that is not what Telnyx documents. The
# request may have taken effect all the same.
_UNREADABLE = (ValueError, TypeError, AttributeError, LookupError)

_ORDER_STATUS = {"success": OrderStatus.ACTIVE, "pending": OrderStatus.PENDING}

_DOCUMENTS_WANTED = {"requirement-info-pending", "requirement-info-exception"}

_EVENT_STATUS = {
    "call.initiated": CallStatus.RINGING,  # there is no ringing event
    "call.answered": CallStatus.IN_PROGRESS,
    "call.bridged": CallStatus.IN_PROGRESS,
    # None of these happens before the answer, whose own event may be lost or late.
    "streaming.started": CallStatus.IN_PROGRESS,
    "call.machine.detection.ended": CallStatus.IN_PROGRESS,
    "call.machine.premium.detection.ended": CallStatus.IN_PROGRESS,
}
_MACHINES = {"machine": "machine", "fax_detected": "fax"}
_MACHINE_DETECTION: dict[MachinePolicy | None, dict[str, Any]] = {
    MachinePolicy.CONTINUE: {"answering_machine_detection": "detect"},
    MachinePolicy.HANG_UP: {"answering_machine_detection": "detect"},
    MachinePolicy.LEAVE_MESSAGE: {"answering_machine_detection": "greeting_end"},
}
_WAITS_FOR_DETECTION = (MachinePolicy.HANG_UP, MachinePolicy.LEAVE_MESSAGE)

# How a call that nobody answered ended; one that was answered is completed whatever the cause.
_HANGUP_UNANSWERED = {
    # Normal clearing without an answer means that the answer's event was lost or is late.
    "normal_clearing": CallStatus.COMPLETED,
    "time_limit": CallStatus.COMPLETED,  # counts from the answer
    "originator_cancel": CallStatus.CANCELLED,
    "timeout": CallStatus.NO_ANSWER,
    "no_answer": CallStatus.NO_ANSWER,
    "user_busy": CallStatus.BUSY,
}
_APOLOGY = "We are sorry, this call cannot be connected right now. Please try again later."

_ORDER_EVENTS = {"number_order.complete", "number.order.status.update"}
_ORDER_FIELDS = (
    "id",
    "status",
    "connection_id",
    "messaging_profile_id",
    "created_at",
    "phone_numbers_count",
    "customer_reference",
)
# Begins the customer_reference of every order of ours; our id of the order follows.
_REFERENCE = "switchboard"


class Telnyx:
    """One Telnyx account. Credentials: `api_key`, `public_key`, and what connect() finds."""

    name: ClassVar[str] = "telnyx"
    forgery: ClassVar[type[SignatureInvalid]] = SignatureUnauthorized
    credential_fields: ClassVar[tuple[str, ...]] = ("api_key", "public_key")

    def __init__(self, credentials: Credentials, context: CarrierContext) -> None:
        self._credentials = credentials
        self._context = context

    # --- the account ---

    def connect(self) -> Connection:
        """Read the balance; find or make the voice profile, the application, the messaging profile.

        They carry our mark in their name, by which the next run finds them.
        """
        _public_key(self._credentials["public_key"])
        balance = self._ask("read the balance", lambda client: client.balance.retrieve().data)
        profile_id, profile = self._outbound_voice_profile()
        connection_id, application = self._application(profile_id)
        messaging_id, messaging = self._messaging_profile()
        return Connection(
            credentials={
                "api_key": self._credentials["api_key"],
                "public_key": self._credentials["public_key"],
                "connection_id": connection_id,
                "outbound_voice_profile_id": profile_id,
                "messaging_profile_id": messaging_id,
            },
            checks=[
                Check("balance", f"{balance.balance} {balance.currency}" if balance else "unknown"),
                Check("outbound voice profile", profile),
                Check("call control application", application),
                Check("messaging profile", messaging),
                # An account setting without an API of its own that we know.
                Check(
                    "order notifications",
                    "send number orders' events in the Telnyx portal to "
                    f"{self._context.webhook_url(WEBHOOK_PATH)}, so that pending orders settle",
                ),
            ],
        )

    @property
    def _mark(self) -> str:
        return f"switchboard-{self._context.stage}-{self._context.organization_id}"

    def _outbound_voice_profile(self) -> tuple[str, str]:
        return self._adopt(
            "outbound voice profile",
            "name",
            find=lambda client, mark: client.outbound_voice_profiles.list(
                filter={"name": {"contains": mark}}, page_size=_PAGE_SIZE
            ),
            make=lambda client, mark: client.outbound_voice_profiles.create(name=mark),
        )

    def _application(self, profile_id: str) -> tuple[str, str]:
        url = self._context.webhook_url(WEBHOOK_PATH)
        wanted: dict[str, Any] = {
            "application_name": self._mark,
            "webhook_event_url": url,
            # Replies are not heard on Telnyx, so no static document can stand in for us:
            # the second URL is for three more attempts.
            "webhook_event_failover_url": url,
            "webhook_api_version": "2",
            "webhook_timeout_secs": _WEBHOOK_TIMEOUT_S,
            "first_command_timeout": True,
            "first_command_timeout_secs": _FIRST_COMMAND_TIMEOUT_S,
            "active": True,
            # Without a profile the first dial fails with D38.
            "outbound": {"outbound_voice_profile_id": profile_id},
        }
        return self._adopt(
            "call control application",
            "application_name",
            find=lambda client, mark: client.call_control_applications.list(
                filter={"application_name": {"contains": mark}}, page_size=_PAGE_SIZE
            ),
            make=lambda client, _: client.call_control_applications.create(**wanted),
            renew=lambda client, found: client.call_control_applications.update(found, **wanted),
        )

    def _messaging_profile(self) -> tuple[str, str]:
        wanted: dict[str, Any] = {
            "webhook_url": self._context.webhook_url(WEBHOOK_PATH),
            "webhook_api_version": "2",
        }
        return self._adopt(
            "messaging profile",
            "name",
            find=lambda client, mark: client.messaging_profiles.list(
                filter_name_contains=mark, page_size=_PAGE_SIZE
            ),
            make=lambda client, mark: client.messaging_profiles.create(
                name=mark, whitelisted_destinations=["*"], **wanted
            ),
            renew=lambda client, found: client.messaging_profiles.update(found, **wanted),
        )

    def _adopt(
        self,
        what: str,
        attribute: str,
        *,
        find: Callable[["Client", str], Iterable[Any]],
        make: Callable[["Client", str], Any],
        renew: Callable[["Client", str], Any] | None = None,
    ) -> tuple[str, str]:
        """Return the id of the one that carries our mark, made if there is none, and a report."""
        mark = self._mark
        # The filters match parts of names; the SDK follows the pages to the end.
        found = self._ask(
            f"list each {what}",
            lambda client: [it for it in find(client, mark) if getattr(it, attribute) == mark],
        )
        if not found:
            made = self._ask(f"make a {what}", lambda client: make(client, mark).data, buys=True)
            return str(made.id), f"made {made.id}"
        found_id = str(found[0].id)
        if renew is None:
            return found_id, f"found {found_id}"
        # Whatever was changed by hand meanwhile is put right again.
        self._ask(f"update the {what}", lambda client: renew(client, found_id))
        return found_id, f"found {found_id}, its URLs and limits renewed"

    def check(self, expected: Expected) -> list[Check]:
        """Look at the key, the balance, what connect() made, our numbers and our caller ids.

        Four requests, one for each 250 numbers of the account, one for each caller id.
        """
        # Imported here: answering a call needs none of it.
        from . import checks

        return checks.run(
            "Telnyx",
            [
                ("signing key", self._check_key),
                ("balance", self._check_balance),
                ("call control application", self._check_application),
                ("outbound voice profile", lambda: self._check_profile(expected.countries)),
                ("messaging profile", self._check_messaging),
                ("phone numbers", lambda: self._check_numbers(expected.phone_numbers)),
                ("caller ids", lambda: checks.caller_ids(self, expected.caller_ids)),
            ],
        )

    @property
    def _connect_again(self) -> str:
        organization = self._context.organization_id
        return (
            f"Run 'switchboard carriers connect telnyx --organization {organization}', which puts "
            "right what is wrong."
        )

    def _check_key(self) -> Iterator[Check]:
        try:
            _public_key(str(self._credentials.get("public_key") or ""))
        except InvalidCredentials as error:
            yield Check("signing key", str(error), Verdict.FAILED, self._connect_again)
        else:
            yield Check("signing key", "well-formed")

    def _check_balance(self) -> Iterator[Check]:
        from . import checks

        found: Any = self._ask("read the balance", lambda client: client.balance.retrieve().data)
        yield Check("credentials", "accepted")
        # An account may have a credit beside what it has paid in.
        amount = found.available_credit or found.balance
        mend = "Add funds in the Telnyx portal under Billing, and switch on auto-recharge."
        yield checks.money(amount, found.currency, mend)

    def _known_id(self, field: str, what: str) -> str:
        found = self._credentials.get(field)
        if not found:
            raise problem(
                CarrierMisconfigured, "Telnyx", f"show the {what}", said=f"no {field} is stored"
            )
        return str(found)

    def _check_application(self) -> list[Check]:
        from . import checks

        name = "call control application"
        found_id = self._known_id("connection_id", name)
        found: Any = self._ask(
            "show the call control application",
            lambda client: client.call_control_applications.retrieve(found_id).data,
        )
        url, mend = self._context.webhook_url(WEBHOOK_PATH), self._connect_again
        needed = {"active": True, "webhook_event_url": url, "webhook_api_version": "2"}
        wrong = [
            *checks.compared(name, needed, found, mend),
            *checks.compared(
                name, {"webhook_event_failover_url": url}, found, mend, Verdict.WARNING
            ),
            *self._check_patience(found),
            *self._check_attached(found),
        ]
        return checks.summed(name, wrong, f"{found.application_name}, pointing here")

    def _check_patience(self, application: Any) -> Iterator[Check]:
        seconds = application.webhook_timeout_secs
        if (seconds or 0) < _WEBHOOK_TIMEOUT_S:
            shown = f"{seconds} s" if seconds else "Telnyx's own 2 s"
            said = f"webhook_timeout_secs is {shown}: a cold start may take longer"
            yield Check("call control application", said, Verdict.WARNING, self._connect_again)

    def _check_attached(self, application: Any) -> Iterator[Check]:
        outbound = application.outbound
        attached = outbound and outbound.outbound_voice_profile_id
        known = self._credentials.get("outbound_voice_profile_id")
        if not attached:
            said = "no outbound voice profile is attached, so that every dial fails (D38)"
            yield Check("call control application", said, Verdict.FAILED, self._connect_again)
        elif attached != known:
            said = f"outbound voice profile {attached} is attached, not {known}, looked at below"
            yield Check("call control application", said, Verdict.WARNING, self._connect_again)

    def _check_profile(self, countries: tuple[str, ...]) -> list[Check]:
        from . import checks

        name = "outbound voice profile"
        found_id = self._known_id("outbound_voice_profile_id", name)
        found: Any = self._ask(
            "show the outbound voice profile",
            lambda client: client.outbound_voice_profiles.retrieve(found_id).data,
        )
        where = f"the Telnyx portal under Outbound Voice Profiles, {found.name}"
        wrong = checks.compared(name, {"enabled": True}, found, f"Enable it in {where}.")
        allowed = found.whitelisted_destinations
        closed = [it for it in countries if allowed is not None and it not in allowed]
        if closed:
            said = f"our limits allow {', '.join(closed)}, the profile does not (D41)"
            mend = f"Allow the same destinations in {where}."
            wrong.append(Check(name, said, Verdict.WARNING, mend))
        return checks.summed(name, wrong, f"{found.name}, enabled")

    def _check_messaging(self) -> list[Check]:
        from . import checks

        name = "messaging profile"
        found_id = self._known_id("messaging_profile_id", name)
        found: Any = self._ask(
            "show the messaging profile",
            lambda client: client.messaging_profiles.retrieve(found_id).data,
        )
        wanted = {
            "webhook_url": self._context.webhook_url(WEBHOOK_PATH),
            "webhook_api_version": "2",
            "enabled": True,
        }
        wrong = checks.compared(name, wanted, found, self._connect_again)
        return checks.summed(name, wrong, f"{found.name}, pointing here")

    def _check_numbers(self, phone_numbers: tuple[E164, ...]) -> list[Check]:
        from . import checks

        if not phone_numbers:
            return [Check("phone numbers", "none were bought here")]
        held = self._ask(
            "list the account's numbers",
            lambda client: {
                str(number.phone_number): number
                for number in client.phone_numbers.list(page_size=_PAGE_SIZE)
            },
        )
        wrong = [check for number in phone_numbers for check in self._check_number(number, held)]
        return checks.summed("phone numbers", wrong, f"{len(phone_numbers)}, all pointing here")

    def _check_number(self, phone_number: E164, held: Mapping[str, Any]) -> list[Check]:
        from . import checks

        if phone_number not in held:
            mend = "Was it released at Telnyx, or is another account connected than it was?"
            return [Check(phone_number, "is not in the account", Verdict.FAILED, mend)]
        wanted = {"status": "active", "connection_id": self._credentials.get("connection_id")}
        mend = (
            "In the Telnyx portal under Numbers, My Numbers, choose the application "
            f"{self._mark} for {phone_number}."
        )
        return checks.compared(phone_number, wanted, held[phone_number], mend)

    def has_verified(self, phone_number: E164) -> bool:
        """Look for the number among the account's verified numbers."""
        found = self._ask(
            "list the verified numbers",
            lambda client: [
                it.phone_number
                for it in client.verified_numbers.list(page_size=_PAGE_SIZE)
                if it.verified_at
            ],
        )
        return phone_number in found

    # --- numbers ---

    def buy(self, order: NumberOrder) -> PurchaseResult:
        """Order the number, tied to our application and messaging profile in the same request.

        Telnyx sells only what the account's own search returned lately (85000). That refusal
        is certain, so the number is searched for and ordered once more.
        """
        what = f"sell {order.phone_number}"
        try:
            return self._order(order)
        except _SearchFirst:
            self._search(order)
        try:
            return self._order(order)
        except _SearchFirst as error:
            raise problem(
                NumberUnavailable, "Telnyx", what, said=str(error), code=_SEARCH_FIRST
            ) from error

    def _order(self, order: NumberOrder) -> PurchaseResult:
        return self._ask(
            f"sell {order.phone_number}",
            lambda client: _purchase(
                client.number_orders.create(
                    phone_numbers=[{"phone_number": order.phone_number}],
                    connection_id=self._credentials["connection_id"],
                    messaging_profile_id=self._messaging_profile_id(order),
                    customer_reference=_reference(order),
                ).data,
                order.phone_number,
            ),
            buys=True,
        )

    def _search(self, order: NumberOrder) -> None:
        self._ask(
            f"search for {order.phone_number}",
            lambda client: client.available_phone_numbers.list(
                filter={
                    "country_code": order.country_code or "US",
                    "phone_number": {"contains": order.phone_number.lstrip("+")},
                }
            ),
        )

    def _messaging_profile_id(self, order: NumberOrder) -> str:
        return order.messaging_profile_id or str(self._credentials["messaging_profile_id"])

    def find_purchase(self, order: NumberOrder) -> PurchaseResult | None:
        """Look for the order by its id, else by our reference, which every order carries."""
        what = f"show the order for {order.phone_number}"
        if order.carrier_order_id:
            order_id = order.carrier_order_id
            return self._ask(
                what,
                lambda client: _purchase(
                    client.number_orders.retrieve(order_id).data, order.phone_number
                ),
            )
        reference = _reference(order)
        matching = self._ask(
            what,
            lambda client: [
                _purchase(placed, order.phone_number)
                for placed in client.number_orders.list(filter={"customer_reference": reference})
                if placed.customer_reference == reference
            ],
        )
        return matching[0] if matching else None

    # --- calls ---

    def check_ready_to_dial(self) -> None:
        """Raise CarrierMisconfigured without an application and an outbound voice profile (D38).

        And InvalidCredentials without a key, or with one by which no event could be believed.
        """
        if not self._credentials.get("api_key"):
            raise problem(InvalidCredentials, "Telnyx", "dial", said="no api_key is stored")
        _public_key(str(self._credentials.get("public_key") or ""))
        wanted = ("connection_id", "outbound_voice_profile_id")
        missing = [name for name in wanted if not self._credentials.get(name)]
        if missing:
            said = f"the account's {' and '.join(missing)} is not known"
            raise problem(CarrierMisconfigured, "Telnyx", "dial", said=said)

    def dial(self, call: Call, stream: ConnectStream) -> str:
        """Place a call that streams as soon as it is answered.

        Unless it must be known first who answers: then the stream begins with a command.
        """
        options = call.options
        wanted: dict[str, Any] = _MACHINE_DETECTION.get(options.machine_detection, {})
        if options.machine_detection not in _WAITS_FOR_DETECTION:
            wanted = wanted | _stream_fields(stream)
        if options.max_duration:
            wanted = wanted | {"time_limit_secs": min(options.max_duration, _CALL_LIMIT_S)}
        if options.record:
            wanted = wanted | {
                "record": "record-from-answer",
                "record_channels": "dual",
                "record_format": "mp3",
            }
        request: dict[str, Any] = wanted | {
            "connection_id": self._credentials["connection_id"],
            "to": call.customer_number,
            "from_": call.phone_number,
            "client_state": _state(call=call.id),
            "command_id": f"dial-{call.id}",
            "timeout_secs": options.ring_timeout or _RING_TIMEOUT_S,
        }
        return self._ask(
            f"call {call.customer_number}",
            lambda client: _call_control_id(client.calls.dial(**request).data),
            buys=True,
        )

    def hang_up(self, call: Call) -> None:
        """End a call; that it is over already is no error (90018)."""
        self._command(call.call_sid, "hangup", {})

    def transfer(self, call: Call, to: str) -> None:
        """Put the other side through; our own leg ends then."""
        # Another target is another command, also within the time in which a repeat is ignored.
        command = {"to": to, "command_id": f"transfer-{call.call_sid[-40:]}-{to[-24:]}"}
        self._command(call.call_sid, "transfer", command | _nothing_left(), strict=True)

    # --- webhooks ---

    def verify(self, request: WebhookRequest) -> None:
        """Check telnyx-signature-ed25519 over `timestamp|body`, and that the timestamp is fresh.

        https://developers.telnyx.com/docs/voice/programmable-voice/receiving-webhooks
        """
        stamp = request.headers.get("telnyx-timestamp", "")
        if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):
            raise self.forgery("Invalid signature")
        if abs(self._context.clock().timestamp() - int(stamp)) > _FRESH_S:
            raise self.forgery("Invalid signature: the timestamp is too far from now")
        try:
            signature = base64.b64decode(
                request.headers.get("telnyx-signature-ed25519", ""), validate=True
            )
            key = _public_key(self._credentials["public_key"])
            key.verify(signature, stamp.encode() + b"|" + request.body)
        except (ValueError, InvalidSignature) as error:
            raise self.forgery("Invalid signature") from error

    def parse(self, request: WebhookRequest) -> Webhook:
        """Read an event of a call or of an order; anything else asks nothing of us yet."""
        data, payload = _event(request)
        event_type = str(data.get("event_type", ""))
        if event_type in _ORDER_EVENTS:
            return _order_update(payload) or Ignored(event_type)
        if event_type == "message.received":
            return _message(payload)
        if not event_type.startswith(("call.", "streaming.")) or not payload.get("call_control_id"):
            return Ignored(event_type)
        event = self._call_event(data, payload)
        # Outgoing legs are announced the same way, and must not be answered.
        if event_type == "call.initiated" and event.direction is Direction.INBOUND:
            return InboundCall(event, from_=event.from_, to=parse_e164(event.to))
        return event

    def _call_event(self, data: dict[str, Any], payload: dict[str, Any]) -> CallEvent:
        event_type = data["event_type"]
        status, unanswered_status = _EVENT_STATUS.get(event_type), None
        cause = payload.get("hangup_cause")
        if event_type == "call.hangup":
            status = CallStatus.COMPLETED
            unanswered_status = _HANGUP_UNANSWERED.get(str(cause), CallStatus.FAILED)
        direction = payload.get("direction")
        state = _read_state(payload.get("client_state"))
        return CallEvent(
            id=str(data.get("id")),
            type=event_type,
            call_sid=str(payload["call_control_id"]),
            occurred_at=_timestamp(data.get("occurred_at")) or self._context.clock(),
            status=status,
            status_unanswered=unanswered_status,
            direction=_DIRECTIONS.get(str(direction)),
            from_=str(payload.get("from") or ""),
            to=str(payload.get("to") or ""),
            hangup_cause=str(cause) if cause else None,
            answered_by=_answered_by(event_type, payload),
            call_id=_own_id(state),
        )

    def reply(self, call: Call, instruction: Instruction) -> WebhookReply:
        """Send the command that answers the call: Telnyx does not read the reply."""
        match instruction:
            case ConnectStream():
                stream = _stream_fields(instruction) | {"client_state": _state(call=call.id)}
                self._command(call.call_sid, "answer", stream)
            case Say(text=text):
                self._command(call.call_sid, "answer", {"client_state": _state(say=text)})
            case Dial(number=number):
                self._command(call.call_sid, "answer", {"client_state": _state(dial=number)})
            case Hangup():
                self._command(call.call_sid, "hangup", {})
        return WebhookReply()

    def follow_up(
        self, request: WebhookRequest, call: Call, instruction: Callable[[], Instruction]
    ) -> None:
        """Speak or transfer once the call is answered; hang up once the sentence is spoken.

        A caller whose media stream could not be opened hears an apology.
        """
        data, payload = _event(request)
        if _is_detection(data) and call.options.machine_detection in _WAITS_FOR_DETECTION:
            self._after_detection(data, call, instruction())
            return
        state, sid = _read_state(payload.get("client_state")), str(payload.get("call_control_id"))
        match data.get("event_type"), state:
            case "call.answered", {"say": text}:
                self._command(sid, "speak", _speech(text))
            case "call.answered", {"dial": number}:
                # The person's leg has events of its own, an answer among them: neither leg may
                # look as if it still had to be put through.
                self._command(sid, "transfer", {"to": number} | _nothing_left())
            case "streaming.failed", {"call": _}:
                # The call is answered and would stay silent until the caller gives up.
                self._command(sid, "speak", _speech(_APOLOGY))
            case "streaming.stopped", {"call": _}:
                # The runtime closed its stream: that ends the call, as it does at Twilio.
                self._command(sid, "hangup", {})
            case "call.speak.ended", {"end": True}:
                self._command(sid, "hangup", {})

    def _after_detection(self, data: dict[str, Any], call: Call, instruction: Instruction) -> None:
        greeting_is_over = "greeting" in data["event_type"]
        match instruction:
            case ConnectStream() if not greeting_is_over:
                stream = _stream_fields(instruction) | {"client_state": _state(call=call.id)}
                self._command(call.call_sid, "streaming_start", stream)
            case Hangup():
                self._command(call.call_sid, "hangup", {})
            case Say(text=text) if greeting_is_over:
                self._command(call.call_sid, "speak", _speech(text, call=call.id))

    @staticmethod
    def apology(request: WebhookRequest) -> WebhookReply | None:
        """None: a failed event comes again, up to six times, and its reply is never heard."""
        return None

    # --- requests ---

    def _command(
        self, call_sid: str, action: str, body: dict[str, Any], *, strict: bool = False
    ) -> None:
        # Plain HTTP: the SDK's import costs more than everything else on this path together.
        url = f"{self._context.api_url}/calls/{quote(call_sid, safe='')}/actions/{action}"
        # Repeats of one command within 60 s are ignored.
        body = {"command_id": f"{action}-{call_sid[-40:]}"} | body
        what = f"{action} the call"
        try:
            answer = self._context.http.request(
                "POST",
                url,
                json=body,
                headers={"Authorization": f"Bearer {self._credentials['api_key']}"},
                retries=_COMMAND_RETRY,
                timeout=_COMMAND_TIMEOUT,
            )
        except urllib3.exceptions.HTTPError as error:
            raise unanswered("Telnyx", what) from error
        if answer.status >= 400:
            self._refuse_command(answer, what, strict)

    def _refuse_command(self, answer: urllib3.BaseHTTPResponse, what: str, strict: bool) -> None:
        try:
            body = answer.json()
        except ValueError:
            body = None
        code, said = _first_error(body)
        if code in _TOO_LATE and strict:
            raise problem(CallNotActive, "Telnyx", what, said=said, code=code)
        if code not in _TOO_LATE:
            raise problem(_kind(answer.status, code), "Telnyx", what, said=said, code=code)

    def _ask[T](self, what: str, request: Callable[["Client"], T], *, buys: bool = False) -> T:
        # Imported here: answering a call must not pay for it.
        import telnyx

        try:
            return request(self._client)
        except telnyx.APIStatusError as error:
            code, said = _first_error(error.body)
            if code == _SEARCH_FIRST:
                raise _SearchFirst(said) from error
            if error.status_code >= 500 and buys:
                raise unanswered("Telnyx", what, f"error {error.status_code}") from error
            raise problem(
                _kind(error.status_code, code), "Telnyx", what, said=said, code=code
            ) from error
        except telnyx.APIConnectionError as error:
            if buys and not _was_never_sent(error):
                raise unanswered("Telnyx", what) from error
            raise problem(
                CarrierUnavailable, "Telnyx", what, said="it cannot be reached"
            ) from error
        except _UNREADABLE as error:
            if buys:
                raise unanswered("Telnyx", what, "its answer could not be read") from error
            raise problem(
                CarrierUnavailable, "Telnyx", what, said="its answer could not be read"
            ) from error

    @cached_property
    def _client(self) -> "Client":
        # One for all requests of a purchase or a connection: one TLS handshake, not several.
        import telnyx

        return telnyx.Telnyx(
            api_key=self._credentials["api_key"],
            base_url=self._context.api_url,
            timeout=_TIMEOUT_S,
            # The SDK would repeat a POST twice, orders included.
            max_retries=0,
        )


class _SearchFirst(CarrierError):
    """Telnyx has not shown this number to the account lately."""


_DIRECTIONS = {
    "incoming": Direction.INBOUND,
    "outgoing": Direction.OUTBOUND,
}


def _kind(status: int, code: str) -> Problem:
    # The statuses that come with a code are documented for few of them: the code decides.
    listed = _PROBLEMS.get(code) or _STATUS_PROBLEMS.get(status)
    return listed or (CarrierUnavailable if status >= 500 else CarrierError)


def _first_error(body: object) -> tuple[str, str]:
    match body:
        case {"errors": [{**error}, *_]}:
            return str(error.get("code", "")), str(error.get("detail") or error.get("title") or "")
    return "", ""


def _was_never_sent(error: Exception) -> bool:
    import httpx

    return isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout)


def _call_control_id(placed: Any) -> str:
    if not placed.call_control_id:
        raise ValueError("an answer without a call")
    return str(placed.call_control_id)


def _reference(order: NumberOrder) -> str:
    return f"{_REFERENCE}-{order.id}"


def _purchase(placed: Any, phone_number: E164) -> PurchaseResult:
    if not placed.id or not placed.status:
        raise ValueError("an answer without an order")
    status = _ORDER_STATUS.get(placed.status, OrderStatus.FAILED)
    created = placed.created_at
    return PurchaseResult(
        status=status,
        carrier_order_id=placed.id,
        # The order does not say what the number can do. It is tied to an application, so
        # calls reach us, and to a messaging profile when it has one.
        capabilities=Capabilities(voice=True, sms=bool(placed.messaging_profile_id)),
        details={
            "id": placed.id,
            "phone_number": phone_number,
            "status": placed.status,
            "connection_id": placed.connection_id,
            "messaging_profile_id": placed.messaging_profile_id,
            "date_created": created.isoformat() if isinstance(created, datetime) else created,
            "provider": Telnyx.name,
            "phone_numbers_count": placed.phone_numbers_count,
            "customer_reference": placed.customer_reference,
            **_requirements(placed),
        },
        refusal=_refusal(placed, phone_number) if status is OrderStatus.FAILED else None,
    )


def _requirements(placed: Any) -> dict[str, str]:
    # Such an order stays open at Telnyx and is delivered once a person has given the papers,
    # so it is not refused: giving the claim back would leave a number that nobody knows of.
    # A list of orders shows less of their numbers than an order does.
    numbers = placed.phone_numbers or []
    states = {str(getattr(number, "requirements_status", "")) for number in numbers}
    waiting = sorted(states & _DOCUMENTS_WANTED)
    return {"requirements_status": waiting[0]} if waiting else {}


def _refusal(placed: Any, phone_number: E164) -> Refusal:
    failed = problem(
        NumberUnavailable, "Telnyx", f"deliver {phone_number}", said=f"order {placed.status}"
    )
    return Refusal(failed.status, failed.code, str(failed))


def _public_key(text: str) -> Ed25519PublicKey:
    try:
        return Ed25519PublicKey.from_public_bytes(base64.b64decode(text, validate=True))
    except ValueError as error:
        raise InvalidCredentials(
            "The Telnyx public_key must be the base64 text of 32 bytes that the Telnyx portal "
            "shows under Keys & Credentials, Public Key."
        ) from error


def _event(request: WebhookRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise InvalidRequest("A Telnyx webhook that is not JSON") from error
    data = body.get("data") if isinstance(body, dict) else None
    payload = data.get("payload") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(payload, dict):
        raise InvalidRequest("A Telnyx webhook without data and payload")
    return data, payload


def _order_update(payload: dict[str, Any]) -> OrderUpdate | None:
    """Return what became of an order of ours; None for an order that somebody else placed.

    The signed event holds the whole order, so nobody has to look it up.
    """
    mark, _, order_id = str(payload.get("customer_reference")).partition("-")
    if mark != _REFERENCE or not order_id.isdecimal():
        return None
    try:
        [number] = payload["phone_numbers"]
        phone_number = parse_e164(str(number["phone_number"]))
        placed = SimpleNamespace(
            **{name: payload.get(name) for name in _ORDER_FIELDS},
            phone_numbers=[SimpleNamespace(**number)],
        )
        return OrderUpdate(int(order_id), phone_number, _purchase(placed, phone_number))
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidRequest("A Telnyx order event without its order") from error


def _message(payload: dict[str, Any]) -> InboundMessage:
    try:
        return InboundMessage(
            message_sid=str(payload["id"]),
            from_=str(payload["from"]["phone_number"]),
            to=str(payload["to"][0]["phone_number"]),
            body=str(payload.get("text") or ""),
            media_urls=tuple(str(media["url"]) for media in payload.get("media") or []),
        )
    except (KeyError, TypeError, IndexError) as error:
        raise InvalidRequest("A Telnyx message without id, from or to") from error


def _timestamp(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None


def _state(**state: Any) -> str:
    # Must be base64 (90017 otherwise); comes back with every event of the leg.
    return base64.b64encode(json.dumps(state).encode()).decode()


def _read_state(text: object) -> object:
    try:
        return json.loads(base64.b64decode(str(text or ""), validate=True))
    except ValueError:
        return None


def _speech(text: str, **state: Any) -> dict[str, Any]:
    return {
        "payload": speakable(text),
        "voice": "female",
        "language": "en-US",
        "client_state": _state(end=True, **state),
    }


def _nothing_left() -> dict[str, str]:
    # For a transfer: neither leg may look as if it still had to be put through.
    return {"client_state": _state(), "target_leg_client_state": _state()}


def _own_id(state: object) -> int | None:
    own_id = state.get("call") if isinstance(state, dict) else None
    return own_id if isinstance(own_id, int) else None


def _is_detection(data: dict[str, Any]) -> bool:
    return str(data.get("event_type")).startswith("call.machine.")


def _answered_by(event_type: str, payload: dict[str, Any]) -> str | None:
    if not (event_type.startswith("call.machine.") and event_type.endswith("detection.ended")):
        return None
    result = str(payload.get("result"))
    return "human" if result.startswith("human") else _MACHINES.get(result, "unknown")


def _stream_fields(instruction: ConnectStream) -> dict[str, Any]:
    return {
        "stream_url": _stream_url(instruction),
        # What the caller says. With both tracks the runtime would hear itself.
        "stream_track": "inbound_track",
        # The default, mp3, plays nothing that a voice runtime sends.
        "stream_bidirectional_mode": "rtp",
        "stream_bidirectional_codec": "PCMU",
    }


def _stream_url(instruction: ConnectStream) -> str:
    # Telnyx's answer takes no stream parameters: the call and its token ride in the URL,
    # and the runtime fetches the rest with them.
    parts = urlsplit(instruction.url)
    query = [
        *parse_qsl(parts.query, keep_blank_values=True),
        ("call_id", str(instruction.call_id)),
        ("session_token", instruction.session_token),
    ]
    return urlunsplit(parts._replace(query=urlencode(query)))
