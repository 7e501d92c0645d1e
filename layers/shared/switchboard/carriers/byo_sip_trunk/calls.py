"""What an organization's own bridge is told about calls: see docs/sip-bridge.md."""

import json
from collections.abc import Callable
from typing import Any

from ...model import (
    Call,
    ConnectStream,
    Dial,
    Hangup,
    Instruction,
    MachinePolicy,
    Say,
    SipRoute,
)
from ..base import WebhookReply, WebhookRequest
from .body import SID_LIMIT
from .bridge import CALL_PATH, STATUS_PATH, BridgeApi, unreadable
from .webhooks import is_question

# When neither the call nor its assistant says how long it shall ring.
_RING_TIMEOUT_S = 60
# "Decline": no other line of the organization shall ring either.
_DECLINE = 603

_APOLOGY = "We are sorry, this call cannot be connected right now. Please try again later."

# The bridge must hear what answered before it is told what to do.
_WAITS_FOR_DETECTION = (MachinePolicy.HANG_UP, MachinePolicy.LEAVE_MESSAGE)


class BridgeCalls(BridgeApi):
    """What the bridge of one trunk is told to do with calls."""

    def check_ready_to_dial(self) -> None:
        """Raise CarrierMisconfigured unless the trunk has a bridge that can be told anything."""
        self._bridge_url("dial")

    def dial(self, call: Call, stream: ConnectStream, route: SipRoute | None = None) -> str:
        """Ask the bridge to call, over this trunk and no other.

        CarrierUnavailable means that it did not call and another trunk may be tried.
        """
        options, trunk = call.options, self._credentials["trunk_id"]
        command: dict[str, Any] = {
            "command": "originate",
            "call_id": call.id,
            "trunk_id": trunk,
            "from": call.phone_number,
            "to": call.customer_number,
            "ring_timeout": options.ring_timeout or _RING_TIMEOUT_S,
            "max_duration": options.max_duration,
            "record": bool(options.record),
            "machine_detection": (options.machine_detection or MachinePolicy.OFF).value,
            "webhook_url": self._context.trunk_url(CALL_PATH, trunk),
            "status_url": self._context.trunk_url(STATUS_PATH, trunk),
        }
        if options.machine_detection not in _WAITS_FOR_DETECTION:
            command["on_answer"] = action(call, stream)
        what = f"call {call.customer_number}"
        sid = self._originate(what, command).get("call_sid")
        if not (isinstance(sid, str) and 0 < len(sid) <= SID_LIMIT and sid.isprintable()):
            raise unreadable(what)
        return sid

    def hang_up(self, call: Call) -> None:
        """End a call; that the bridge knows it no more is no error."""
        command = {"command": "hangup", "call_id": call.id, "call_sid": call.call_sid}
        self._command("end the call", command, over_is_well=True)

    def transfer(self, call: Call, to: str) -> None:
        """Put the other side through; the bridge closes the stream."""
        command = {
            "command": "transfer",
            "call_id": call.id,
            "call_sid": call.call_sid,
            "to": to,
        }
        self._command("transfer the call", command)

    def reply(self, call: Call, instruction: Instruction) -> WebhookReply:
        """Answer with what to do: the reply to the webhook is the answer to the call."""
        return _json(action(call, instruction))

    def follow_up(
        self, request: WebhookRequest, call: Call, instruction: Callable[[], Instruction]
    ) -> None:
        """Nothing: the bridge was told the whole instruction."""

    @staticmethod
    def apology(request: WebhookRequest) -> WebhookReply | None:
        """Speak to the caller who waits; whatever nobody waits for is sent again instead."""
        return _json({"action": "say", "text": _APOLOGY}) if is_question(request) else None


def action(call: Call, instruction: Instruction) -> dict[str, Any]:
    """Return an instruction as the protocol words it."""
    match instruction:
        case ConnectStream(url=url, parameters=parameters, session_token=token):
            stream = {
                "action": "stream",
                "call_id": call.id,
                "stream_url": url,
                "token": token,
                "parameters": parameters,
            }
            # The bridge records, and keeps the file.
            asked = {"record": True, "notice": instruction.notice} if instruction.record else {}
            return stream | asked
        case Say(text=text):
            return {"action": "say", "call_id": call.id, "text": text}
        case Dial(number=number):
            return {"action": "dial", "call_id": call.id, "to": number}
        case Hangup():
            return {"action": "reject", "call_id": call.id, "sip_code": _DECLINE}


def _json(body: dict[str, Any]) -> WebhookReply:
    return WebhookReply(200, json.dumps(body), "application/json")
