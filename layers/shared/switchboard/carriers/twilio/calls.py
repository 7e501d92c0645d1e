"""What Twilio is told about calls: requests while they are placed or go on, TwiML when it asks."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from ...errors import InvalidCredentials
from ...model import (
    Call,
    ConnectStream,
    Dial,
    Direction,
    Hangup,
    Instruction,
    MachinePolicy,
    Say,
    SipRoute,
)
from ..base import WebhookReply, WebhookRequest, speakable
from ..problems import problem
from .api import FALLBACK_PATH, RECORDING_PATH, STATUS_PATH, VOICE_PATH, TwilioApi

# When neither the call nor its assistant says how long it shall ring.
_RING_TIMEOUT_S = 60

# https://www.twilio.com/docs/voice/twiml/stream: name and value of a <Parameter> together.
_PARAMETER_LIMIT = 500

_APOLOGY = "We are sorry, this call cannot be connected right now. Please try again later."


class TwilioCalls(TwilioApi):
    """What one Twilio account is told to do with calls."""

    def check_ready_to_dial(self) -> None:
        """Raise InvalidCredentials unless there are an account's own SID and a token.

        Beside them nothing is needed: every Twilio account that holds a number can dial.
        """
        if self._account_sid and not self._credentials.get("auth_token"):
            raise problem(InvalidCredentials, "Twilio", "dial", said="no auth_token is stored")

    def dial(self, call: Call, stream: ConnectStream, route: SipRoute | None = None) -> str:
        """Place a call. When it is answered, Twilio asks our voice URL what to do."""
        options = call.options
        status_url = self._context.webhook_url(STATUS_PATH, call.id)
        extra: dict[str, Any] = _sip_login(route)
        if options.max_duration:
            extra["time_limit"] = options.max_duration
        return self._ask(
            f"call {call.customer_number}",
            lambda client: _call_sid(
                client.calls.create(
                    to=route.address_of(call.customer_number) if route else call.customer_number,
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

    def reply(self, call: Call, instruction: Instruction) -> WebhookReply:
        """Answer with TwiML: the reply to the webhook is the answer to the call."""
        own_id = call.id if call.direction is Direction.OUTBOUND else None
        return _twiml(
            instruction,
            self._context.webhook_url(STATUS_PATH, own_id),
            self._context.webhook_url(RECORDING_PATH, own_id),
        )

    def follow_up(
        self, request: WebhookRequest, call: Call, instruction: Callable[[], Instruction]
    ) -> None:
        """Nothing: one TwiML document holds the whole instruction."""

    @staticmethod
    def apology(request: WebhookRequest) -> WebhookReply | None:
        """Speak to the caller who waits for TwiML; a status callback is repeated instead."""
        return _twiml(Say(_APOLOGY)) if urlsplit(request.url).path.endswith(VOICE_PATH) else None


def _sip_login(route: SipRoute | None) -> dict[str, Any]:
    # https://www.twilio.com/docs/voice/api/call-resource: the gateway may challenge Twilio.
    if route is None or not route.username:
        return {}
    return {"sip_auth_username": route.username, "sip_auth_password": route.password}


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


def _twiml(
    instruction: Instruction, stream_status_url: str = "", recording_url: str = ""
) -> WebhookReply:
    from twilio.twiml.voice_response import VoiceResponse

    response = VoiceResponse()
    match instruction:
        case ConnectStream():
            if instruction.record:
                _record(response, instruction.notice, recording_url)
            _connect(response, instruction, stream_status_url)
        case Say(text=text):
            response.say(speakable(text))
        case Dial(number=number):
            response.dial(number)
        case Hangup():
            response.hangup()
    return WebhookReply(200, str(response), "application/xml")


def _record(response: Any, notice: str | None, recording_url: str) -> None:
    """Announce that the call is recorded, and only then begin."""
    from twilio.twiml.voice_response import Start

    if notice:
        response.say(speakable(notice))
    start = Start()
    # Not `Record` of the request that dials: that begins before anybody has heard of it.
    # https://www.twilio.com/docs/voice/twiml/recording
    start.recording(
        recording_status_callback=recording_url,
        recording_status_callback_method="POST",
        channels="dual",
        track="both",
    )
    response.append(start)


def _connect(response: Any, instruction: ConnectStream, status_url: str) -> None:
    from twilio.twiml.voice_response import Connect

    connect = Connect()
    # Twilio takes no query in a stream's URL: what it says is told as parameters.
    address = urlsplit(instruction.url)
    stream = connect.stream(url=urlunsplit(address._replace(query="")), status_callback=status_url)
    query = dict(parse_qsl(address.query, keep_blank_values=True))
    for name, value in (query | instruction.parameters).items():
        # What does not fit is fetched by the runtime, with the session token.
        if len(name) + len(value) <= _PARAMETER_LIMIT:
            stream.parameter(name=name, value=speakable(value))
    response.append(connect)
