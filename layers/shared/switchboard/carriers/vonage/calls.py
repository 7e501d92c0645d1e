"""What Vonage is told about calls: requests while they are placed or go on, NCCOs when it asks."""

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from ...errors import (
    CallNotActive,
    CarrierMisconfigured,
    InvalidCredentials,
    InvalidRequest,
    NothingThere,
)
from ...model import E164, Call, ConnectStream, Dial, Hangup, Instruction, MachinePolicy, Say
from ..base import WebhookReply, WebhookRequest, speakable
from ..problems import problem, unanswered
from .api import SMS_PATH, WEBHOOK_PATH, VonageApi

# When neither the call nor its assistant says how long it shall ring, and the longest it may.
_RING_TIMEOUT_S = 60
_RING_LIMIT_S = 120

# https://developer.vonage.com/en/voice/voice-api/concepts/advanced-machine-detection
_MACHINE_DETECTION: dict[MachinePolicy | None, dict[str, str]] = {
    # Without waiting: the person who answered would hear nothing until Vonage is sure.
    MachinePolicy.CONTINUE: {"behavior": "continue", "mode": "default"},
    MachinePolicy.HANG_UP: {"behavior": "hangup", "mode": "detect"},
    # Waits for the beep, so that the message is spoken after it.
    MachinePolicy.LEAVE_MESSAGE: {"behavior": "continue", "mode": "detect_beep"},
}

# 16 kHz is what speech recognition hears best, and what Vonage's own examples use.
_AUDIO = "audio/l16;rate=16000"
# https://developer.vonage.com/en/voice/voice-api/ncco-reference#websocket: all headers together.
_HEADERS_LIMIT = 512
# These come first: with them the runtime fetches what did not fit.
_NEEDED = ("call_id", "session_token", "session_url")
_SIP_LIMIT = 50

_APOLOGY = "We are sorry, this call cannot be connected right now. Please try again later."

type Json = dict[str, Any]


class VonageCalls(VonageApi):
    """What one Vonage account is told to do with calls."""

    def check_ready_to_dial(self) -> None:
        """Raise CarrierMisconfigured without an application, and InvalidCredentials without keys.

        By the signature secret alone could any event of the call be believed.
        """
        if not self._credentials.get("signature_secret"):
            said = "no signature_secret is stored"
            raise problem(InvalidCredentials, "Vonage", "dial", said=said)
        missing = [
            name for name in ("application_id", "private_key") if not self._credentials.get(name)
        ]
        if missing:
            said = f"the account's {' and '.join(missing)} is not known"
            raise problem(CarrierMisconfigured, "Vonage", "dial", said=said)

    def dial(self, call: Call, stream: ConnectStream) -> str:
        """Place a call. When it is answered, Vonage asks our answer URL what to do."""
        what = f"call {call.customer_number}"
        url = self._context.webhook_url(WEBHOOK_PATH, call.id)
        options = call.options
        wanted: Json = {
            "to": [_phone(call.customer_number)],
            "from": _phone(call.phone_number),
            "answer_url": [url],
            "answer_method": "POST",
            "event_url": [url],
            "event_method": "POST",
            "ringing_timer": min(options.ring_timeout or _RING_TIMEOUT_S, _RING_LIMIT_S),
        }
        if options.max_duration:
            wanted["length_timer"] = options.max_duration
        if detection := _MACHINE_DETECTION.get(options.machine_detection):
            wanted["advanced_machine_detection"] = detection
        placed = self._call_api(what, "POST", json=wanted, buys=True)
        sid = placed.get("uuid")
        if not isinstance(sid, str) or not sid:
            raise unanswered("Vonage", what, "its answer could not be read")
        return sid

    def hang_up(self, call: Call) -> None:
        """End a call; that it is over already is no error."""
        with suppress(CallNotActive):
            self._control(call, f"end call {call.call_sid}", {"action": "hangup"})

    def transfer(self, call: Call, to: str) -> None:
        """Replace the running instructions by one that connects."""
        ncco = [_connect(call, _endpoint(to))]
        action = {"action": "transfer", "destination": {"type": "ncco", "ncco": ncco}}
        self._control(call, f"transfer call {call.call_sid}", action)

    def _control(self, call: Call, what: str, action: Json) -> None:
        """Change a call; raise CallNotActive when it is over.

        A live call is in one of Vonage's regions and unknown to the others, which answer 404.
        An inbound call is in the region that it came to, whichever ours is.
        """
        for host in (None, *self._other_voice_hosts):
            try:
                self._call_api(
                    what, "PUT", f"/{call.call_sid}", host=host, json=action, changes=True
                )
            except NothingThere:
                continue
            except CarrierMisconfigured as error:
                # 400, which Vonage also answers for a call that is over.
                if self._is_over(call, host):
                    raise problem(CallNotActive, "Vonage", what, said="it is over") from error
                raise
            else:
                return
        raise problem(CallNotActive, "Vonage", what, said="it has no such call now")

    def _is_over(self, call: Call, host: str | None) -> bool:
        what = f"show call {call.call_sid}"
        found = self._call_api(what, "GET", f"/{call.call_sid}", host=host)
        return found.get("status") not in ("started", "ringing", "answered", "human", "machine")

    def reply(self, call: Call, instruction: Instruction) -> WebhookReply:
        """Answer with an NCCO: the reply to the webhook is the answer to the call."""
        ncco = _ncco(call, instruction)
        if isinstance(instruction, ConnectStream) and instruction.record:
            ncco = [*self._recorded(call, instruction.notice), *ncco]
        return _json(ncco)

    def _recorded(self, call: Call, notice: str | None) -> list[Json]:
        """Announce that the call is recorded, and only then begin."""
        # It goes on beside what comes after it. Its event names neither the call nor its id: only
        # by this URL do we know whose the recording is.
        record = {
            "action": "record",
            "split": "conversation",
            "channels": 2,
            "format": "mp3",
            "eventUrl": [self._context.webhook_url(WEBHOOK_PATH, call.id)],
        }
        return [_talk(notice), record] if notice else [record]

    def follow_up(
        self, request: WebhookRequest, call: Call, instruction: Callable[[], Instruction]
    ) -> None:
        """Nothing: one NCCO holds the whole instruction."""

    @staticmethod
    def apology(request: WebhookRequest) -> WebhookReply | None:
        """Speak to the caller who waits for an NCCO; None for an event or a message."""
        if urlsplit(request.url).path.endswith(SMS_PATH):
            return None
        try:
            said = json.loads(request.body) if request.method == "POST" else request.query
        except (ValueError, RecursionError):
            said = {}
        is_event = isinstance(said, dict) and ("status" in said or "timestamp" in said)
        return None if is_event else _json([_talk(_APOLOGY)])


def _ncco(call: Call, instruction: Instruction) -> list[Json]:
    match instruction:
        case ConnectStream(url=url):
            headers = _headers(instruction)
            stream = {"type": "websocket", "uri": url, "content-type": _AUDIO, "headers": headers}
            return [_connect(call, stream)]
        case Say(text=text):
            return [_talk(text)]
        case Dial(number=number):
            return [_connect(call, _phone(number))]
        case Hangup():
            # A call whose instructions are at their end is ended.
            return []


def _headers(stream: ConnectStream) -> dict[str, str]:
    """Return as many of the stream's parameters as Vonage carries."""
    told = {name: stream.parameters[name] for name in _NEEDED if name in stream.parameters}
    headers: dict[str, str] = {}
    for name, value in (told | stream.parameters).items():
        more = headers | {name: speakable(value)}
        if len(json.dumps(more)) <= _HEADERS_LIMIT:
            headers = more
    return headers


def _connect(call: Call, endpoint: Json) -> Json:
    # Vonage wants a number of ours here, for a media stream too.
    return {"action": "connect", "from": _digits(call.phone_number), "endpoint": [endpoint]}


def _endpoint(to: str) -> Json:
    if to.startswith("+"):
        return _phone(to)
    if len(to) > _SIP_LIMIT:
        raise InvalidRequest(
            f"Vonage takes SIP addresses of up to {_SIP_LIMIT} characters, and this one has "
            f"{len(to)}: {to}. Transfer the call to a shorter one, or to a number."
        )
    return {"type": "sip", "uri": to}


def _phone(number: str) -> Json:
    return {"type": "phone", "number": _digits(number)}


def _digits(number: E164 | str) -> str:
    return number.removeprefix("+")


def _talk(text: str) -> Json:
    return {"action": "talk", "text": speakable(text), "language": "en-US"}


def _json(ncco: list[Json]) -> WebhookReply:
    return WebhookReply(200, json.dumps(ncco), "application/json")
