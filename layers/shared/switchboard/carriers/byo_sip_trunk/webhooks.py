"""What an organization's own bridge says: signed JSON, see docs/sip-bridge.md."""

import hmac
import json
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from ...errors import InvalidRequest, SignatureInvalid, SignatureUnauthorized
from ...ids import LAST_ID
from ...model import CallEvent, CallStatus, Direction, is_e164
from ..base import (
    InboundCall,
    NotUnderstood,
    OutboundAnswer,
    Prewarm,
    Webhook,
    WebhookReply,
    WebhookRequest,
)
from ..sip import TRUNK_FAILURES, called_numbers, ending, party, user_of
from .body import TEXT_LIMIT, Body
from .bridge import CALL_PATH, PREWARM_PATH, BridgeApi, signature

_FRESH_S = 300
_SENTENCES_LIMIT = 16_384
_SHOWN = 64

_STATUS = {
    "queued": CallStatus.QUEUED,
    "dialing": CallStatus.DIALING,
    "trying": CallStatus.DIALING,
    "ringing": CallStatus.RINGING,
    "answered": CallStatus.IN_PROGRESS,
    "in-progress": CallStatus.IN_PROGRESS,
    "completed": CallStatus.COMPLETED,
    "busy": CallStatus.BUSY,
    "no-answer": CallStatus.NO_ANSWER,
    "failed": CallStatus.FAILED,
    "canceled": CallStatus.CANCELLED,
    "cancelled": CallStatus.CANCELLED,
}
_PROVISIONAL = {180: CallStatus.RINGING, 183: CallStatus.RINGING}
# How a call ends that a trunk has failed; one that is `completed` may have been answered.
_NOBODY_HEARD = (CallStatus.FAILED, CallStatus.NO_ANSWER)
_ANSWERED_BY = ("human", "machine", "fax", "unknown")


class BridgeWebhooks(BridgeApi):
    """What the bridge of one trunk says of its calls."""

    forgery: ClassVar[type[SignatureInvalid]] = SignatureUnauthorized
    verified_with: ClassVar[str] = "signing_secret"
    asks_with_get: ClassVar[bool] = False

    def verify(self, request: WebhookRequest) -> None:
        """Check X-Switchboard-Signature over `<timestamp>.<body>`, and that it is of now."""
        secret = self._credentials.get("signing_secret")
        stamp = request.headers.get("x-switchboard-timestamp", "")
        # Without a secret anybody could sign.
        if not secret or not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12):
            raise self.forgery("Invalid signature")
        if abs(self._context.clock().timestamp() - int(stamp)) > _FRESH_S:
            raise self.forgery("Invalid signature: the timestamp is too far from now")
        given = request.headers.get("x-switchboard-signature", "")
        right = signature(secret, stamp, request.body)
        if not hmac.compare_digest(given.encode("utf-8", "replace"), right.encode()):
            raise self.forgery("Invalid signature")

    def parse(self, request: WebhookRequest) -> Webhook:
        """Read a question, an event or an announcement."""
        return _read(request, self._credentials["trunk_id"], self._context.clock())


def is_question(request: WebhookRequest) -> bool:
    """Tell whether somebody waits for the reply, on the line."""
    try:
        read = _read(request, "", datetime.fromtimestamp(0, UTC))
    except InvalidRequest:
        return False
    return isinstance(read, InboundCall | OutboundAnswer)


def _read(request: WebhookRequest, trunk_id: str, now: datetime) -> Webhook:
    if _path(request).endswith(PREWARM_PATH):
        return _announcement(request, trunk_id, now)
    body = Body(request.body)
    if not _asks(request, body):
        return _event(body, trunk_id, now)
    if body.call_id or body.direction is Direction.OUTBOUND:
        return OutboundAnswer(_event(body, trunk_id, now, CallStatus.IN_PROGRESS))
    event = _event(body, trunk_id, now, CallStatus.RINGING)
    return InboundCall(event, event.from_, event.to, called_numbers(body.headers))


def _announcement(request: WebhookRequest, trunk_id: str, now: datetime) -> Webhook:
    try:
        body = Body(request.body)
        sid = body.call_sid
        return Prewarm(
            CallEvent(f"{sid}:prewarm", "prewarm", sid, now, trunk_id=trunk_id),
            from_number=_shown(body.text("from_number", TEXT_LIMIT)),
            to_number=_shown(body.text("to_number", TEXT_LIMIT)),
            outbound=body.truth("outbound"),
            assistant_id=body.figure("assistant_id", LAST_ID),
            welcome_message=body.text("welcome_message", _SENTENCES_LIMIT) or None,
            agenda=body.text("agenda", _SENTENCES_LIMIT) or None,
            variables=body.variables,
        )
    except InvalidRequest as error:
        # The contract's own form, on this path only.
        refused = json.dumps({"error": str(error)})
        return NotUnderstood(WebhookReply(400, refused, "application/json"))


def _event(body: Body, trunk_id: str, now: datetime, asking: CallStatus | None = None) -> CallEvent:
    sid, word = body.call_sid, body.text("status", 40).lower()
    code, duration = body.sip_code, body.figure("duration")
    status = asking or _STATUS.get(word)
    if status is None and word:
        raise InvalidRequest(f"status must be one of: {', '.join(_STATUS)}")
    if status is None and code is None:
        raise InvalidRequest("An event needs a status or a sip_code")
    kind = asking.value if asking else word or f"sip-{code}"
    readings = _readings(status, code, spoken=bool(duration))
    return CallEvent(
        id=f"{sid}:{kind}:{body.text('sequence', 40)}",
        type=kind,
        call_sid=sid,
        occurred_at=body.time("timestamp") or now,
        **readings,
        direction=body.direction,
        from_=_caller(body),
        to=_shown(body.text("to", TEXT_LIMIT)),
        duration=duration,
        hangup_cause=body.text("cause", TEXT_LIMIT) or (None if code is None else str(code)),
        answered_by=body.choice("answered_by", _ANSWERED_BY),
        call_id=body.call_id,
        trunk_id=trunk_id,
        not_this_trunk=str(code) in TRUNK_FAILURES and readings["status"] in _NOBODY_HEARD,
    )


def _asks(request: WebhookRequest, body: Body) -> bool:
    # A bridge with a single URL sends its events there too: those have a status.
    return _path(request).endswith(CALL_PATH) and not body.text("status", 40)


def _path(request: WebhookRequest) -> str:
    return urlsplit(request.url).path


def _readings(status: CallStatus | None, code: int | None, spoken: bool) -> dict[str, Any]:
    """Return how an end is read for a call that was answered, and for one that was not.

    A code tells the latter best: bridges say `failed` of a busy line, and `completed` of any
    call that is over.
    """
    if code is not None and code < 200:
        return {"status": status or _PROVISIONAL.get(code, CallStatus.DIALING)}
    if status is None:
        status = CallStatus.FAILED if code is None else ending(code)
    if not status.is_final or code is None or code < 300 or spoken:
        return {"status": status}
    if status is CallStatus.COMPLETED:
        return {"status": status, "status_unanswered": ending(code)}
    return {"status": ending(code) if status is CallStatus.FAILED else status}


def _caller(body: Body) -> str:
    """Return who calls: a number where there is one, or the user of the address.

    What the network asserts counts only when the caller has not asked to stay unknown.
    """
    given, headers = body.text("from", TEXT_LIMIT), body.headers
    wishes = headers.get("privacy", "").lower().replace(",", ";").split(";")
    hidden = "anonymous" in given.lower() or "id" in map(str.strip, wishes)
    asserted = "" if hidden else headers.get("p-asserted-identity", "")
    caller = _shown(given)
    return caller if is_e164(caller) or not asserted else _shown(asserted)


def _shown(address: str) -> str:
    """Return the phone number of an address, or who is addressed: what may be stored and shown."""
    found = party(address)
    found = found if is_e164(found) else user_of(found)
    return "".join(filter(str.isprintable, found))[:_SHOWN]
