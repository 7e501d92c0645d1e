"""What Telnyx is told about calls: requests to place them, commands while they go on."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from ...errors import CarrierMisconfigured, InvalidCredentials
from ...model import Call, ConnectStream, Dial, Hangup, Instruction, MachinePolicy, Say, SipRoute
from ..base import WebhookReply, WebhookRequest, speakable
from ..problems import problem
from .api import TelnyxApi, public_key
from .state import client_state, read_client_state
from .webhooks import is_detection, read_event

# When neither the call nor its assistant says how long it shall ring.
_RING_TIMEOUT_S = 60
_CALL_LIMIT_S = 14400

_MACHINE_DETECTION: dict[MachinePolicy | None, dict[str, Any]] = {
    MachinePolicy.CONTINUE: {"answering_machine_detection": "detect"},
    MachinePolicy.HANG_UP: {"answering_machine_detection": "detect"},
    MachinePolicy.LEAVE_MESSAGE: {"answering_machine_detection": "greeting_end"},
}
_RECORDED = {
    "record": "record-from-answer",
    "record_channels": "dual",
    "record_format": "mp3",
}
_WAITS_FOR_DETECTION = (MachinePolicy.HANG_UP, MachinePolicy.LEAVE_MESSAGE)

_APOLOGY = "We are sorry, this call cannot be connected right now. Please try again later."


class TelnyxCalls(TelnyxApi):
    """What one Telnyx account is told to do with calls."""

    def check_ready_to_dial(self) -> None:
        """Raise CarrierMisconfigured without an application and an outbound voice profile (D38).

        And InvalidCredentials without a key, or with one by which no event could be believed.
        """
        if not self._credentials.get("api_key"):
            raise problem(InvalidCredentials, "Telnyx", "dial", said="no api_key is stored")
        public_key(str(self._credentials.get("public_key") or ""))
        wanted = ("connection_id", "outbound_voice_profile_id")
        missing = [name for name in wanted if not self._credentials.get(name)]
        if missing:
            said = f"the account's {' and '.join(missing)} is not known"
            raise problem(CarrierMisconfigured, "Telnyx", "dial", said=said)

    def dial(self, call: Call, stream: ConnectStream, route: SipRoute | None = None) -> str:
        """Place a call that streams as soon as it is answered.

        Unless it must be known first who answers: then the stream begins with a command.
        """
        options = call.options
        wanted: dict[str, Any] = _MACHINE_DETECTION.get(options.machine_detection, {})
        waits = options.machine_detection in _WAITS_FOR_DETECTION
        if waits and stream.record and not stream.notice:
            wanted = wanted | _RECORDED
        if not waits:
            wanted = wanted | _beginning(stream)
        if options.max_duration:
            wanted = wanted | {"time_limit_secs": min(options.max_duration, _CALL_LIMIT_S)}
        if route and route.username:
            login = {"sip_auth_username": route.username, "sip_auth_password": route.password}
            wanted = wanted | login
        request: dict[str, Any] = wanted | {
            "connection_id": self._credentials["connection_id"],
            "to": route.address_of(call.customer_number) if route else call.customer_number,
            "from_": call.phone_number,
            "client_state": client_state(call=call.id) if waits else _first_state(call, stream),
            # Each attempt over another trunk is a dial of its own.
            "command_id": f"dial-{call.id}" + (f"-{route.trunk_id}" if route else ""),
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

    def reply(self, call: Call, instruction: Instruction) -> WebhookReply:
        """Send the command that answers the call: Telnyx does not read the reply."""
        match instruction:
            case ConnectStream():
                stream = {"client_state": _first_state(call, instruction)} | _beginning(instruction)
                self._command(call.call_sid, "answer", stream)
            case Say(text=text):
                self._command(call.call_sid, "answer", {"client_state": client_state(say=text)})
            case Dial(number=number):
                self._command(call.call_sid, "answer", {"client_state": client_state(dial=number)})
            case Hangup():
                self._command(call.call_sid, "hangup", {})
        return WebhookReply()

    def follow_up(
        self, request: WebhookRequest, call: Call, instruction: Callable[[], Instruction]
    ) -> None:
        """Speak or transfer once the call is answered; hang up once the sentence is spoken.

        What is recorded is announced first: the stream and the recording begin after it.

        A caller whose media stream could not be opened hears an apology.
        """
        data, payload = read_event(request)
        if is_detection(data) and call.options.machine_detection in _WAITS_FOR_DETECTION:
            self._after_detection(data, call, instruction())
            return
        state = read_client_state(payload.get("client_state"))
        sid = str(payload.get("call_control_id"))
        match data.get("event_type"), state:
            case "call.answered", {"notice": "due"}:
                self._announce(call, call.recording_notice)
            case "call.speak.ended", {"notice": "spoken"}:
                self._after_notice(call, instruction())
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

    def _announce(self, call: Call, notice: str | None) -> None:
        state = client_state(call=call.id, notice="spoken")
        # Under an id of its own: an apology within the next minute is another sentence.
        speech = _speech(notice or "") | {"command_id": f"notice-{call.call_sid[-40:]}"}
        self._command(call.call_sid, "speak", speech | {"client_state": state})

    def _after_notice(self, call: Call, instruction: Instruction) -> None:
        """Begin to stream and to record, both only now: the announcement is over."""
        match instruction:
            case ConnectStream():
                state = {"client_state": client_state(call=call.id)}
                self._command(call.call_sid, "streaming_start", _stream_fields(instruction) | state)
                # After the stream: without a recording the caller is served all the same.
                recorded = {"format": "mp3", "channels": "dual"}
                self._command(call.call_sid, "record_start", recorded | state)
            case Say(text=text):
                self._command(call.call_sid, "speak", _speech(text, call=call.id))
            case Dial(number=number):
                self._command(call.call_sid, "transfer", {"to": number} | _nothing_left())
            case Hangup():
                self._command(call.call_sid, "hangup", {})

    def _after_detection(self, data: dict[str, Any], call: Call, instruction: Instruction) -> None:
        greeting_is_over = "greeting" in data["event_type"]
        match instruction:
            case ConnectStream(notice=str(notice)) if not greeting_is_over:
                self._announce(call, notice)
            case ConnectStream() if not greeting_is_over:
                stream = _stream_fields(instruction) | {"client_state": client_state(call=call.id)}
                self._command(call.call_sid, "streaming_start", stream)
            case Hangup():
                self._command(call.call_sid, "hangup", {})
            case Say(text=text) if greeting_is_over:
                self._command(call.call_sid, "speak", _speech(text, call=call.id))

    @staticmethod
    def apology(request: WebhookRequest) -> WebhookReply | None:
        """None: a failed event comes again, up to six times, and its reply is never heard."""
        return None


def _call_control_id(placed: Any) -> str:
    if not placed.call_control_id:
        raise ValueError("an answer without a call")
    return str(placed.call_control_id)


def _speech(text: str, **state: Any) -> dict[str, Any]:
    return {
        "payload": speakable(text),
        "voice": "female",
        "language": "en-US",
        "client_state": client_state(end=True, **state),
    }


def _nothing_left() -> dict[str, str]:
    # For a transfer: neither leg may look as if it still had to be put through.
    return {"client_state": client_state(), "target_leg_client_state": client_state()}


def _beginning(stream: ConnectStream) -> dict[str, Any]:
    """Return what a call begins with; nothing while an announcement comes first."""
    if stream.notice:
        return {}
    return _stream_fields(stream) | (_RECORDED if stream.record else {})


def _first_state(call: Call, stream: ConnectStream) -> str:
    if stream.notice:
        return client_state(call=call.id, notice="due")
    return client_state(call=call.id)


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
