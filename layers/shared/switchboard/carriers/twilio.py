"""Twilio: everything that is known about it.

Round trips: buying a configured number takes 1 request, answering a call 0.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from twilio.request_validator import RequestValidator

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
    OutcomeUnknown,
    RateLimited,
    SignatureInvalid,
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
    Say,
    parse_e164,
)
from .base import (
    CarrierContext,
    Check,
    Connection,
    Credentials,
    Expected,
    InboundCall,
    InboundMessage,
    OutboundAnswer,
    Verdict,
    Webhook,
    WebhookReply,
    WebhookRequest,
    speakable,
)
from .problems import Problem, problem, unanswered

if TYPE_CHECKING:
    from twilio.base.exceptions import TwilioException
    from twilio.rest import Client
    from twilio.rest.api.v2010.account import AccountInstance
    from twilio.rest.api.v2010.account.incoming_phone_number import IncomingPhoneNumberInstance

VOICE_PATH = "/twiml"
STATUS_PATH = "/call-status"
SMS_PATH = "/webhooks/sms/twilio"
FALLBACK_PATH = "/fallback/twilio.xml"

# Connecting and reading are timed separately: twice this, and the rest of a purchase,
# stay under API Gateway's 29 s.
_TIMEOUT_S = 12
# When neither the call nor its assistant says how long it shall ring.
_RING_TIMEOUT_S = 60

# https://www.twilio.com/docs/voice/twiml/stream: name and value of a <Parameter> together.
_PARAMETER_LIMIT = 500

# The largest that Twilio allows; it gives 50 unless asked.
_PAGE_SIZE = 1000

_ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}")

_CALL_STATUS = {
    "queued": CallStatus.QUEUED,
    "initiated": CallStatus.DIALING,
    "ringing": CallStatus.RINGING,
    "in-progress": CallStatus.IN_PROGRESS,
    "completed": CallStatus.COMPLETED,
    "busy": CallStatus.BUSY,
    "no-answer": CallStatus.NO_ANSWER,
    "failed": CallStatus.FAILED,
    "canceled": CallStatus.CANCELLED,
    # Of the media stream: for an inbound call, the only sign that it was answered.
    "stream-started": CallStatus.IN_PROGRESS,
}
_ANSWERED_BY = {
    "human": "human",
    **dict.fromkeys(
        ["machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other"], "machine"
    ),
    "fax": "fax",
    "unknown": "unknown",
}
_DIRECTIONS = {
    "inbound": Direction.INBOUND,
    "outbound-api": Direction.OUTBOUND,
    "outbound-dial": Direction.OUTBOUND,
}

# https://www.twilio.com/docs/api/errors. HTTP statuses are not dependable per code: codes decide.
_PROBLEMS: dict[int, Problem] = {
    **dict.fromkeys([21422, 21452], NumberUnavailable),
    **dict.fromkeys([21421, 21401, 21451, 21457, 21458], InvalidNumber),
    **dict.fromkeys([21631, 21615, 21628, 21629, 21649, 21650, 21651], AddressRequired),
    **dict.fromkeys([20006, 20008, 20010, 20403, 10002, 21404, 22300], CarrierPermissionDenied),
    **dict.fromkeys([21205, 21502, 21218, 21420], CarrierMisconfigured),
    20003: InvalidCredentials,
    21220: CallNotActive,
    **dict.fromkeys([21211, 21217, 21214, 13223, 13224, 21201, 21212, 21213], InvalidNumber),
    **dict.fromkeys(
        [21210, 21215, 13227, 21203, 21216, 13225, 21219, 21226], CarrierPermissionDenied
    ),
    10004: RateLimited,
    20429: RateLimited,
}
# "Account not active": also what an empty balance looks like, there is no code for that.
_SUSPENDED = (20005, 10001)

# What the SDK, or we, stumble over in an answer that is not what Twilio documents. The request
# may have taken effect all the same. (requests' exceptions are ValueErrors too, in part.)
_UNREADABLE = (ValueError, TypeError, AttributeError, LookupError)

_APOLOGY = "We are sorry, this call cannot be connected right now. Please try again later."


class Twilio:
    """One Twilio account. Credentials: `account_sid` (AC…) and `auth_token`."""

    name: ClassVar[str] = "twilio"
    forgery: ClassVar[type[SignatureInvalid]] = SignatureInvalid
    credential_fields: ClassVar[tuple[str, ...]] = ("account_sid", "auth_token")

    def __init__(self, credentials: Credentials, context: CarrierContext) -> None:
        self._credentials = credentials
        self._context = context

    # --- the account ---

    def connect(self) -> Connection:
        """Read the account and its balance. Twilio wants nothing else: URLs go with each number."""
        account = self._account
        balance = self._ask("read the balance", lambda client: client.api.account.balance.fetch())
        if account.status != "active":
            raise problem(
                CarrierPermissionDenied, "Twilio", "accept the account", said=str(account.status)
            )
        return Connection(
            credentials={key: self._credentials[key] for key in ("account_sid", "auth_token")},
            checks=[
                Check("account", f"{account.friendly_name} is active"),
                Check("balance", f"{balance.balance} {balance.currency}"),
            ],
        )

    @property
    def _account_sid(self) -> str:
        sid = str(self._credentials.get("account_sid") or "")
        if not _ACCOUNT_SID.fullmatch(sid):
            raise InvalidCredentials(
                "The Twilio account_sid is AC and 32 characters, as the Twilio Console shows it "
                "under Account Info. An API key's SID (SK…) will not do: webhooks are signed with "
                "the account's own auth_token."
            )
        return sid

    @cached_property
    def _account(self) -> "AccountInstance":
        sid = self._account_sid
        return self._ask("read the account", lambda client: client.api.accounts(sid).fetch())

    def check(self, expected: Expected) -> list[Check]:
        """Look at the account, its balance, our numbers and our caller ids.

        Two requests, one for each 1,000 numbers of the account, one for each caller id.
        """
        # Imported here: answering a call needs none of it.
        from . import checks

        return checks.run(
            "Twilio",
            [
                ("account", self._check_account),
                ("balance", self._check_balance),
                ("phone numbers", lambda: self._check_numbers(expected.phone_numbers)),
                ("caller ids", lambda: checks.caller_ids(self, expected.caller_ids)),
            ],
        )

    def _check_account(self) -> Iterator[Check]:
        account = self._account
        yield Check("credentials", "accepted")
        shown = f"{account.friendly_name} is {account.status}"
        if account.status != "active":
            mend = "The Twilio Console says why: mostly an empty balance or a review."
            yield Check("account", shown, Verdict.FAILED, mend)
        elif account.type == "Trial":
            # https://www.twilio.com/docs/usage/tutorials/how-to-use-your-free-trial-account
            mend = "Upgrade the account in the Twilio Console to call anybody else."
            trial = f"{shown}, a trial: it calls only numbers that are verified at Twilio"
            yield Check("account", trial, Verdict.WARNING, mend)
        else:
            yield Check("account", shown)

    def _check_balance(self) -> Iterator[Check]:
        from . import checks

        if self._account.owner_account_sid not in (None, self._account_sid):
            yield Check("balance", "a subaccount has none of its own: its main account pays")
            return
        found = self._ask("read the balance", lambda client: client.api.account.balance.fetch())
        mend = "Add funds in the Twilio Console under Billing, and switch on auto-recharge."
        yield checks.money(found.balance, found.currency, mend)

    def _check_numbers(self, phone_numbers: tuple[E164, ...]) -> list[Check]:
        from . import checks

        if not phone_numbers:
            return [Check("phone numbers", "none were bought here")]
        held = self._ask(
            "list the account's numbers",
            lambda client: {
                str(number.phone_number): number
                for number in client.incoming_phone_numbers.list(page_size=_PAGE_SIZE)
            },
        )
        wrong = [check for number in phone_numbers for check in self._check_number(number, held)]
        return checks.summed("phone numbers", wrong, f"{len(phone_numbers)}, all pointing here")

    def _check_number(
        self, phone_number: E164, held: Mapping[str, "IncomingPhoneNumberInstance"]
    ) -> list[Check]:
        from . import checks

        if phone_number not in held:
            mend = "Was it released at Twilio, or is another account connected than it was?"
            return [Check(phone_number, "is not in the account", Verdict.FAILED, mend)]
        # These win over the URLs: https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
        others: dict[str, Any] = {"voice_application_sid": None, "trunk_sid": None}
        urls = self._number_urls()
        answering = {name: urls.pop(name) for name in ("voice_url", "voice_method")} | others
        mend = f"Set this at {phone_number} in the Twilio Console under Phone Numbers."
        number = held[phone_number]
        return [
            *checks.compared(phone_number, answering, number, mend),
            *checks.compared(
                phone_number, urls | {"sms_application_sid": None}, number, mend, Verdict.WARNING
            ),
        ]

    def has_verified(self, phone_number: E164) -> bool:
        """Look for the number among the account's verified caller ids."""
        found = self._ask(
            f"show the caller id {phone_number}",
            lambda client: [
                it.phone_number
                for it in client.outgoing_caller_ids.list(phone_number=phone_number, limit=50)
            ],
        )
        return phone_number in found

    # --- numbers ---

    def _number_urls(self) -> dict[str, Any]:
        url = self._context.webhook_url
        return {
            "voice_url": url(VOICE_PATH),
            "voice_method": "POST",
            "voice_fallback_url": self._context.public_base_url + FALLBACK_PATH,
            "voice_fallback_method": "GET",
            "status_callback": url(STATUS_PATH),
            "status_callback_method": "POST",
            "sms_url": url(SMS_PATH),
            "sms_method": "POST",
        }

    def buy(self, order: NumberOrder) -> PurchaseResult:
        """Buy and configure in one request.

        Twilio answers 201 for a number that the account already owns, and updates it:
        https://github.com/danielberkompas/ex_twilio/issues/116
        """
        return self._ask(
            f"sell {order.phone_number}",
            lambda client: _purchase(
                client.incoming_phone_numbers.create(
                    phone_number=order.phone_number,
                    friendly_name=order.friendly_name[:64],
                    **self._number_urls(),
                )
            ),
            buys=True,
        )

    def find_purchase(self, order: NumberOrder) -> PurchaseResult | None:
        """Look for the number in the account, pointing at us: buying sets both at once."""
        wanted = (order.phone_number, self._context.webhook_url(VOICE_PATH))
        # The filter matches parts of numbers, so several may come back.
        held = self._ask(
            f"list {order.phone_number}",
            lambda client: [
                _purchase(number)
                for number in client.incoming_phone_numbers.list(
                    phone_number=order.phone_number, limit=50
                )
                if (number.phone_number, number.voice_url) == wanted
            ],
        )
        return held[0] if held else None

    # --- calls ---

    def check_ready_to_dial(self) -> None:
        """Raise InvalidCredentials unless there are an account's own SID and a token.

        Beside them nothing is needed: every Twilio account that holds a number can dial.
        """
        if self._account_sid and not self._credentials.get("auth_token"):
            raise problem(InvalidCredentials, "Twilio", "dial", said="no auth_token is stored")

    def dial(self, call: Call, stream: ConnectStream) -> str:
        """Place a call. When it is answered, Twilio asks our voice URL what to do."""
        options = call.options
        status_url = self._context.webhook_url(STATUS_PATH, call.id)
        extra: dict[str, Any] = {}
        if options.max_duration:
            extra["time_limit"] = options.max_duration
        if options.record:
            extra["record"] = True
        return self._ask(
            f"call {call.customer_number}",
            lambda client: _call_sid(
                client.calls.create(
                    to=call.customer_number,
                    from_=call.phone_number,
                    url=self._context.webhook_url(VOICE_PATH, call.id),
                    method="POST",
                    fallback_url=self._context.public_base_url + FALLBACK_PATH,
                    fallback_method="GET",
                    status_callback=status_url,
                    status_callback_method="POST",
                    status_callback_event=["initiated", "ringing", "answered", "completed"],
                    timeout=options.ring_timeout or _RING_TIMEOUT_S,
                    **extra,
                    **_machine_detection(options.machine_detection, status_url),
                )
            ),
            buys=True,
        )

    def hang_up(self, call: Call) -> None:
        """End a call; Twilio takes `completed` for one that is ringing or over, too."""
        self._ask(
            f"end call {call.call_sid}",
            lambda client: client.calls(call.call_sid).update(status="completed"),
        )

    def transfer(self, call: Call, to: str) -> None:
        """Replace the running instructions by a <Dial>."""
        self._ask(
            f"transfer call {call.call_sid}",
            lambda client: client.calls(call.call_sid).update(twiml=_transfer_twiml(to)),
        )

    # --- webhooks ---

    def verify(self, request: WebhookRequest) -> None:
        """Check X-Twilio-Signature: https://www.twilio.com/docs/usage/security."""
        signature = request.headers.get("x-twilio-signature", "")
        validator = RequestValidator(self._credentials["auth_token"])
        if not validator.validate(request.url, _Form(request.body), signature):
            raise self.forgery("Invalid webhook signature")

    def parse(self, request: WebhookRequest) -> Webhook:
        """Read a voice webhook or a status callback."""
        form = _Form(request.body)
        path = urlsplit(request.url).path
        if path.endswith(SMS_PATH):
            return _message(form)
        event = replace(self._call_event(form), call_id=request.call_id)
        if not path.endswith(VOICE_PATH):
            return event
        if request.call_id is not None or event.direction is Direction.OUTBOUND:
            return OutboundAnswer(event)
        return InboundCall(event, from_=event.from_, to=parse_e164(event.to))

    def _call_event(self, form: "_Form") -> CallEvent:
        sid = form["CallSid"]
        # Streams and asynchronous machine detection report without a call status.
        word = form["StreamEvent"] or form["CallStatus"] or "machine-detection"
        if not sid:
            raise InvalidRequest("A Twilio call webhook without CallSid")
        return CallEvent(
            # Not I-Twilio-Idempotency-Token: the signature does not cover headers.
            id=f"{sid}:{word}:{form['StreamSid'] or form['SequenceNumber']}",
            type=word,
            call_sid=sid,
            occurred_at=_timestamp(form["Timestamp"]) or self._context.clock(),
            status=_CALL_STATUS.get(word),
            direction=_DIRECTIONS.get(form["Direction"]),
            from_=form["From"],
            to=form["To"],
            duration=form.figure("CallDuration"),
            hangup_cause=form["SipResponseCode"] or None,
            answered_by=_ANSWERED_BY.get(form["AnsweredBy"]),
        )

    def reply(self, call: Call, instruction: Instruction) -> WebhookReply:
        """Answer with TwiML: the reply to the webhook is the answer to the call."""
        own_id = call.id if call.direction is Direction.OUTBOUND else None
        return _twiml(instruction, self._context.webhook_url(STATUS_PATH, own_id))

    def follow_up(
        self, request: WebhookRequest, call: Call, instruction: Callable[[], Instruction]
    ) -> None:
        """Nothing: one TwiML document holds the whole instruction."""

    @staticmethod
    def apology(request: WebhookRequest) -> WebhookReply | None:
        """Speak to the caller who waits for TwiML; a status callback is repeated instead."""
        return _twiml(Say(_APOLOGY)) if urlsplit(request.url).path.endswith(VOICE_PATH) else None

    # --- requests ---

    def _ask[T](self, what: str, request: Callable[["Client"], T], *, buys: bool = False) -> T:
        # Imported here: answering a call needs none of it, and it costs a third of a cold start.
        from requests import RequestException
        from twilio.base.exceptions import TwilioException

        try:
            return request(self._client())
        except TwilioException as error:
            failure = self._refusal(error, what)
        except RequestException as error:
            failure = _no_answer(error, what)
        except _UNREADABLE:
            failure = unanswered("Twilio", what, "its answer could not be read")
        if isinstance(failure, OutcomeUnknown) and not buys:
            failure = problem(CarrierUnavailable, "Twilio", what, said="no usable answer came")
        raise failure

    def _client(self) -> "Client":
        from twilio.http.http_client import TwilioHttpClient
        from twilio.rest import Client

        client = Client(
            self._credentials["account_sid"],
            self._credentials["auth_token"],
            # Never repeats a request by itself: a purchase must not be.
            http_client=TwilioHttpClient(timeout=_TIMEOUT_S),
        )
        client.api.base_url = self._context.api_url
        return client

    def _refusal(self, error: "TwilioException", what: str) -> Exception:
        status, code, said = _error_parts(error)
        # Without them the SDK could not read the answer, and whether it was a yes is not known.
        if status is None:
            return unanswered("Twilio", what, said)
        if code in _SUSPENDED:
            kind: Problem = (
                InsufficientBalance if self._is_out_of_funds() else CarrierPermissionDenied
            )
        elif code in _PROBLEMS:
            kind = _PROBLEMS[code]
        elif status == 429:
            kind = RateLimited
        elif status >= 500:
            return unanswered("Twilio", what, f"error {code}")
        elif status == 401:
            kind = InvalidCredentials
        else:
            kind = CarrierError
        return problem(kind, "Twilio", what, said=said, code=str(code))

    def _is_out_of_funds(self) -> bool:
        try:
            balance = self._client().api.account.balance.fetch()
            return float(balance.balance) <= 0
        except Exception:
            # A suspended account often cannot read its balance either, which says the same.
            return True


def _error_parts(error: "TwilioException") -> tuple[int | None, int, str]:
    """Return HTTP status, Twilio's code (the status if it sent none) and Twilio's words."""
    match error.args:
        case [str(), response] if hasattr(response, "status_code"):
            # A list that was refused keeps the answer, unread.
            body = _json_object(response.text)
            status, code = response.status_code, body.get("code")
            said = body.get("message")
        case _:
            # Two unrelated classes carry the other errors, with the same fields.
            status, code = getattr(error, "status", None), getattr(error, "code", None)
            said = getattr(error, "msg", None) or getattr(error, "detail", None) or error
    for prefix in ("Unable to create record: ", "Unable to fetch record: "):
        said = str(said).removeprefix(prefix)
    return status, int(code or status or 0), str(said or "")


def _json_object(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


class _Form:
    """A form body as Twilio signs it: blank values count, and a name may come several times."""

    def __init__(self, body: bytes) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
            self._values.setdefault(name, []).append(value)

    def __iter__(self) -> Any:
        return iter(self._values)

    def __getitem__(self, name: str) -> str:
        return self._values.get(name, [""])[0]

    def figure(self, name: str) -> int | None:
        """Return a whole number, or None for anything else and for more than nine digits."""
        text = self[name]
        return int(text) if text.isdecimal() and len(text) <= 9 else None

    def getall(self, name: str) -> list[str]:
        """Return every value of `name`; the SDK's validator asks for this."""
        return self._values[name]


def _message(form: _Form) -> InboundMessage:
    if not form["MessageSid"]:
        raise InvalidRequest("A Twilio message webhook without MessageSid")
    return InboundMessage(
        message_sid=form["MessageSid"],
        from_=form["From"],
        to=form["To"],
        body=form["Body"],
        # Ten is the most that one message carries.
        media_urls=tuple(
            form[f"MediaUrl{place}"] for place in range(min(form.figure("NumMedia") or 0, 10))
        ),
    )


def _timestamp(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None


def _purchase(number: "IncomingPhoneNumberInstance") -> PurchaseResult:
    if not number.sid or not number.phone_number:
        raise ValueError("an answer without a number")
    # Older API versions spell the keys SMS and MMS.
    capabilities = {key.lower(): bool(value) for key, value in dict(number.capabilities).items()}
    created = number.date_created
    return PurchaseResult(
        status=OrderStatus.ACTIVE,
        carrier_number_id=number.sid,
        capabilities=Capabilities(
            **{key: capabilities.get(key, False) for key in ("voice", "sms", "mms", "fax")}
        ),
        details={
            "sid": number.sid,
            "phone_number": number.phone_number,
            "friendly_name": number.friendly_name,
            "voice_url": number.voice_url,
            "sms_url": number.sms_url,
            "capabilities": capabilities,
            "date_created": created.isoformat() if created else None,
            "provider": Twilio.name,
        },
    )


def _call_sid(placed: Any) -> str:
    if not placed.sid:
        raise ValueError("an answer without a call")
    return str(placed.sid)


def _machine_detection(policy: MachinePolicy | None, status_url: str) -> dict[str, str]:
    match policy:
        case MachinePolicy.HANG_UP:
            return {"machine_detection": "Enable"}
        case MachinePolicy.LEAVE_MESSAGE:
            # Waits for the beep, so that the message is spoken after it.
            return {"machine_detection": "DetectMessageEnd"}
        case MachinePolicy.CONTINUE:
            # Without async the person who answered would hear nothing until Twilio is sure.
            return {
                "machine_detection": "Enable",
                "async_amd": "true",
                "async_amd_status_callback": status_url,
            }
    return {}


def _transfer_twiml(to: str) -> str:
    from twilio.twiml.voice_response import VoiceResponse

    response = VoiceResponse()
    if to.startswith("+"):
        response.dial(to)
    else:
        response.dial().sip(to)
    return str(response)


def _no_answer(error: Exception, what: str) -> Exception:
    from requests import ConnectTimeout
    from urllib3.exceptions import NewConnectionError

    reason = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, ConnectTimeout) or isinstance(reason, NewConnectionError):
        return problem(CarrierUnavailable, "Twilio", what, said="it cannot be reached")
    return unanswered("Twilio", what)


def _twiml(instruction: Instruction, stream_status_url: str = "") -> WebhookReply:
    from twilio.twiml.voice_response import Connect, VoiceResponse

    response = VoiceResponse()
    match instruction:
        case ConnectStream(url=url, parameters=parameters):
            connect = Connect()
            # Twilio takes no query in a stream's URL: what it says is told as parameters.
            address = urlsplit(url)
            stream = connect.stream(
                url=urlunsplit(address._replace(query="")), status_callback=stream_status_url
            )
            query = dict(parse_qsl(address.query, keep_blank_values=True))
            for name, value in (query | parameters).items():
                # What does not fit is fetched by the runtime, with the session token.
                if len(name) + len(value) <= _PARAMETER_LIMIT:
                    stream.parameter(name=name, value=speakable(value))
            response.append(connect)
        case Say(text=text):
            response.say(speakable(text))
        case Dial(number=number):
            response.dial(number)
        case Hangup():
            response.hangup()
    return WebhookReply(200, str(response), "application/xml")
