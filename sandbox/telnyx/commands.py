"""Telnyx's call control commands: check that the call is in a state for them, hand them on."""

import asyncio
import base64
import binascii
import time
from dataclasses import dataclass, field
from typing import Any

from sandbox import ids
from sandbox.media import StreamRefused, check_stream_url
from sandbox.telnyx.rest import data, error, invalid, not_found
from sandbox.transcript import Call
from sandbox.wire import Asked, Handler, Refused, Reply

REPEAT_WINDOW_S = 60.0
_REQUIRED = {
    "reject": ("cause",),
    "transfer": ("to",),
    "speak": ("payload", "voice"),
    "streaming_start": ("stream_url",),
    "record_start": ("format", "channels"),
    "send_dtmf": ("digits",),
}
_ANY_TIME = ("answer", "reject", "hangup", "client_state_update")
ACTIONS = (
    "answer",
    "reject",
    "hangup",
    "speak",
    "transfer",
    "playback_start",
    "playback_stop",
    "send_dtmf",
    "streaming_start",
    "streaming_stop",
    "record_start",
    "record_stop",
)


@dataclass
class TelnyxCall(Call):
    """A call with Telnyx's handles and the commands it was given."""

    leg_id: str = field(default_factory=ids.uuid)
    session_id: str = field(default_factory=ids.uuid)
    client_state: str | None = None
    dialled: dict[str, Any] = field(default_factory=dict)
    recording_id: str | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    """All that was to be told of it, whether or not anybody heard."""
    commands: "asyncio.Queue[tuple[str, dict[str, Any]]]" = field(default_factory=asyncio.Queue)
    command_ids: dict[str, float] = field(default_factory=dict)

    def is_repeat(self, command_id: str | None) -> bool:
        """Tell whether a command came before under this id within a minute, and remember it."""
        if command_id is None:
            return False
        now = time.monotonic()
        before = self.command_ids.get(command_id)
        self.command_ids[command_id] = now
        return before is not None and now - before < REPEAT_WINDOW_S


def _call(asked: Asked) -> TelnyxCall:
    call = asked.world.call_by_carrier_id("telnyx", asked.path["id"])
    if not isinstance(call, TelnyxCall) or call.account != asked.account.id:
        detail = "The call control id is not valid."
        raise Refused(error(422, "90015", "Invalid Call Control ID", detail))
    return call


def command(action: str) -> Handler:
    """Return the handler of one command."""

    def handle(asked: Asked) -> Reply:
        call = _call(asked)
        _check(call, action, asked.body)
        if call.is_repeat(asked.body.get("command_id")):
            text = f"Command {action} came again with the same command_id: ignored"
            call.note("command_repeated", text, command=action)
            return data({"result": "ok"})
        if "client_state" in asked.body:
            call.client_state = asked.body["client_state"]
        call.note("command", f"Command {action}", command=action, body=asked.body)
        if action == "answer":
            call.pick_up()
        call.commands.put_nowait((action, asked.body))
        return data({"result": "ok"})

    return handle


def _check(call: TelnyxCall, action: str, body: dict[str, Any]) -> None:
    _check_moment(call, action)
    for name in _REQUIRED.get(action, ()):
        if not body.get(name):
            detail = f"The {name} field is required."
            raise Refused(error(422, "10004", "Missing required parameter", detail, f"/{name}"))
    check_client_state(body.get("client_state"))
    check_stream(body.get("stream_url"))


def _check_moment(call: TelnyxCall, action: str) -> None:
    if call.over.is_set():
        detail = "This call is no longer active and can't receive commands."
        raise Refused(error(422, "90018", "Call has already ended", detail))
    if call.answered is None and action not in _ANY_TIME:
        detail = "This call can't receive this command because it has not been answered yet."
        raise Refused(error(422, "90034", "Call not answered yet", detail))
    if call.direction == "outbound" and action in ("answer", "reject"):
        detail = "This call can't receive this command because it is outgoing."
        raise Refused(error(422, "90034", "Call is outgoing", detail))


def check_client_state(state: Any) -> None:
    """Refuse a client state that is not base64."""
    if state is None:
        return
    try:
        base64.b64decode(str(state), validate=True)
    except (binascii.Error, ValueError) as problem:
        detail = "The client_state is not base64."
        raise Refused(
            error(422, "90017", "Invalid value for client_state", detail, "/client_state")
        ) from problem


def check_stream(url: Any) -> None:
    """Refuse a stream URL that no carrier would open."""
    try:
        if url is not None:
            check_stream_url(str(url))
    except StreamRefused as problem:
        raise Refused(invalid("/stream_url", str(problem))) from problem


def update_client_state(asked: Asked) -> Reply:
    """Set the state that the call's next events carry."""
    call = _call(asked)
    _check(call, "client_state_update", asked.body)
    call.client_state = asked.body.get("client_state")
    return data({"result": "ok"})


def get(asked: Asked) -> Reply:
    """Show a call: whether it lives, and for how long it did."""
    call = asked.world.call_by_carrier_id("telnyx", asked.path["id"])
    if not isinstance(call, TelnyxCall) or call.account != asked.account.id:
        raise Refused(not_found())
    body: dict[str, Any] = {
        "record_type": "call",
        "call_control_id": call.carrier_call_id,
        "call_leg_id": call.leg_id,
        "call_session_id": call.session_id,
        "is_alive": not call.over.is_set(),
        "call_duration": call.duration_s,
        "start_time": call.started_at,
    }
    if call.client_state:
        body["client_state"] = call.client_state
    if call.ended_at:
        body["end_time"] = call.ended_at
    return data(body)
