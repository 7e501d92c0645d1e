"""Write a text message each way in the demo, and say what of it is missing."""

import time
from dataclasses import dataclass
from typing import Any

import httpx

from .evidence import bearer
from .outbound import CALLEE

Json = dict[str, Any]

_WRITER = "+14155550199"
_SENT = "Your table is booked for seven."
_ANSWER = "Thank you, we will be there."
_LIMIT_S = 60.0
_POLL_S = 0.5


@dataclass(frozen=True)
class TextEvidence:
    """What the API and the sandbox say of a message that a number sent, and of one that it got."""

    carrier: str
    number: str
    sent: str
    reply_status: int
    reply: Json
    state: Json
    """How the message stood in the end."""
    received: Json
    """What the sandbox's carrier says of the message that somebody wrote to the number."""

    def missing(self) -> list[str]:
        """Return, in words, what should be there and is not."""
        claims = {
            "the request to send a text message was answered 200": self.reply_status == 200,
            "the text message was delivered": self.state.get("state") == "delivered",
            "the webhook of the message that came was answered 2xx": (
                self.received.get("delivered") is True
            ),
        }
        return [claim for claim, seen in claims.items() if not seen]

    def message_ids(self) -> list[str]:
        """Return by which ids the events speak of the two messages."""
        found = (self.reply.get("message_id"), self.received.get("carrier_message_id"))
        return [str(message_id) for message_id in found if message_id]


def write(http: httpx.Client, env: dict[str, str], carrier: str, number: str) -> TextEvidence:
    """Have a number send a message, and somebody answer it."""
    sent = http.post(
        f"{env['SWITCHBOARD_URL']}/sms/send",
        headers=bearer(env) | {"Idempotency-Key": f"demo-text-{number}"},
        json={"from_phone_number": number, "to_phone_number": CALLEE, "message": _SENT},
    )
    state = _delivered(http, env, sent.json().get("message_id"))
    came = http.post(
        f"{env['SANDBOX_URL']}/_/messages",
        json={"carrier": carrier, "from": _WRITER, "to": number, "text": _ANSWER},
    )
    return TextEvidence(carrier, number, _SENT, sent.status_code, sent.json(), state, came.json())


def _delivered(http: httpx.Client, env: dict[str, str], message_id: str | None) -> Json:
    """Ask until the carrier's receipt has come, or for a minute."""
    until = time.monotonic() + _LIMIT_S
    state: Json = {}
    while message_id and time.monotonic() < until:
        found = http.get(f"{env['SWITCHBOARD_URL']}/sms/{message_id}/status", headers=bearer(env))
        state = found.json()
        if state.get("state") not in ("queued", "sending", "sent"):
            break
        time.sleep(_POLL_S)
    return state
