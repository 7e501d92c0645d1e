"""Take a dial: check it as Telnyx does, enter the call, and let it run."""

import base64
import re
import time
from typing import Any

from sandbox import ids, inventory
from sandbox.books import Resource
from sandbox.telnyx import verified
from sandbox.telnyx.commands import (
    REPEAT_WINDOW_S,
    TelnyxCall,
    check_client_state,
    check_stream,
)
from sandbox.telnyx.machines import MODES
from sandbox.telnyx.outbound import OutboundCall
from sandbox.telnyx.resources import APPLICATIONS
from sandbox.telnyx.rest import data, error, insufficient_funds, invalid
from sandbox.wire import Asked, Refused, Reply

_SIP = re.compile(r"^sips?:[^\s@]+@[^\s@]+$")
_RANGES = {"timeout_secs": (5, 600), "time_limit_secs": (30, 14_400)}


def dial(asked: Asked) -> Reply:
    """Place a call; it runs beside the request."""
    body = asked.body
    application = _application(asked)
    _check_numbers(asked)
    _check_options(body)
    if asked.account.balance <= 0:
        raise Refused(insufficient_funds())
    repeated = _repeated(asked)
    if repeated is not None:
        text = "The dial came again with the same command_id: ignored"
        repeated.note("command_repeated", text, command="dial")
        return data(_shown(repeated))
    return data(_shown(_place(asked, application)))


def _place(asked: Asked, application: Resource) -> TelnyxCall:
    body, far_end = asked.body, asked.world.far_ends.at(asked.body["to"])
    call = TelnyxCall(
        "telnyx",
        asked.account.id,
        body["from"],
        body["to"],
        "v3:" + ids.uuid(),
        far_end.plan,
        direction="outbound",
        reference=_readable(body.get("client_state")),
        status="queued",
        client_state=body.get("client_state"),
        dialled=body,
        recording_id=ids.uuid() if body.get("record") == "record-from-answer" else None,
    )
    text = f"{call.from_} dials {call.to} (telnyx)"
    call.note("queued", text, carrier_call_id=call.carrier_call_id)
    player = OutboundCall(asked.world, asked.account, application, call, far_end)
    asked.world.play(call, player.play())
    return call


def _shown(call: TelnyxCall) -> dict[str, Any]:
    body: dict[str, Any] = {
        "record_type": "call",
        "call_control_id": call.carrier_call_id,
        "call_leg_id": call.leg_id,
        "call_session_id": call.session_id,
        "is_alive": False,
    }
    if call.client_state:
        body["client_state"] = call.client_state
    if call.recording_id:
        body["recording_id"] = call.recording_id
    return body


def _application(asked: Asked) -> Resource:
    for name in ("connection_id", "to", "from"):
        if not asked.body.get(name):
            detail = f"The {name} field is required."
            raise Refused(error(422, "10004", "Missing required parameter", detail, f"/{name}"))
    connection = str(asked.body["connection_id"])
    found = asked.world.books.resource(asked.account, APPLICATIONS, connection)
    if found is None or not found.body.get("active", True):
        detail = "The connection_id is not the id of an active call control application."
        raise Refused(invalid("/connection_id", detail))
    return found


def _check_numbers(asked: Asked) -> None:
    to, from_ = asked.body["to"], asked.body["from"]
    if not isinstance(to, str):
        raise Refused(invalid("/to", "The sandbox rings one number: to must be a string."))
    for name, value in (("to", to), ("from", from_)):
        is_address = name == "to" and _SIP.match(to)
        if not is_address and not inventory.E164.match(str(value)):
            detail = f"The {name} number must be in +E.164 format."
            raise Refused(error(422, "10016", "Invalid phone number", detail, f"/{name}"))
    if _SIP.match(to):
        return  # what Telnyx asks of a caller id that is shown over SIP is not documented
    owned = asked.world.books.owner("telnyx", from_)
    own = owned is not None and owned.account == asked.account.id
    if not own and not verified.is_verified(asked, from_):
        detail = f"Unverified origination number {from_} (D51): buy it or verify it."
        raise Refused(error(403, "10010", "Authorization failed", detail, "/from"))


def _check_options(body: dict[str, Any]) -> None:
    check_client_state(body.get("client_state"))
    check_stream(body.get("stream_url"))
    if body.get("answering_machine_detection", "disabled") not in MODES:
        detail = f"There are: {', '.join(MODES)}."
        raise Refused(invalid("/answering_machine_detection", detail))
    for name, (least, most) in _RANGES.items():
        value = body.get(name, least)
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if not is_number or not least <= value <= most:
            raise Refused(invalid(f"/{name}", f"{name} must be from {least} to {most}."))


def _repeated(asked: Asked) -> TelnyxCall | None:
    """Find the call that a dial with the same command_id made within a minute."""
    command_id = asked.body.get("command_id")
    if command_id is None:
        return None
    since = time.monotonic() - REPEAT_WINDOW_S
    return next(
        (
            call
            for call in asked.world.calls.values()
            if isinstance(call, TelnyxCall)
            and call.account == asked.account.id
            and call.dialled.get("command_id") == command_id
            and call.began > since
        ),
        None,
    )


def _readable(state: str | None) -> str | None:
    """Decode a client state (known to be base64) for those who look for a call by it."""
    return base64.b64decode(state).decode("utf-8", "replace") if state else None
