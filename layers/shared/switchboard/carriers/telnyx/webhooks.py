"""What Telnyx sends: signed events, one for each thing that happens."""

import base64
import json
from datetime import UTC, datetime
from typing import Any, ClassVar

from cryptography.exceptions import InvalidSignature

from ...errors import (
    CarrierError,
    InvalidRequest,
    RecipientOptedOut,
    SignatureInvalid,
    SignatureUnauthorized,
)
from ...model import CallEvent, CallStatus, Cost, Direction, Refusal, TextStatus, parse_e164
from ..base import (
    Ignored,
    InboundCall,
    InboundMessage,
    MessageReceipt,
    RecordingSaved,
    Webhook,
    WebhookRequest,
)
from ..sip import TRUNK_FAILURES, called_numbers, is_sip, party, user_of
from .api import OPTED_OUT, TelnyxApi, public_key
from .state import own_id, read_client_state

_FRESH_S = 300

_EVENT_STATUS = {
    "call.initiated": CallStatus.RINGING,  # there is no ringing event
    "call.answered": CallStatus.IN_PROGRESS,
    "call.bridged": CallStatus.IN_PROGRESS,
    # None of these happens before the answer, whose own event may be lost or late.
    "streaming.started": CallStatus.IN_PROGRESS,
    "call.machine.detection.ended": CallStatus.IN_PROGRESS,
    "call.machine.premium.detection.ended": CallStatus.IN_PROGRESS,
}
_DIRECTIONS = {
    "incoming": Direction.INBOUND,
    "outgoing": Direction.OUTBOUND,
}
_MACHINES = {"machine": "machine", "fax_detected": "fax"}

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

_TEXT_STATUS = {
    **dict.fromkeys(["queued", "sending", "sent", "delivery_unconfirmed"], TextStatus.SENT),
    "delivered": TextStatus.DELIVERED,
    "delivery_failed": TextStatus.UNDELIVERED,
    "sending_failed": TextStatus.FAILED,
    "expired": TextStatus.FAILED,
}
_KEYWORDS = {"OPT_IN": "start", "OPT_OUT": "stop", "HELP": "help"}

_ORDER_EVENTS = {"number_order.complete", "number.order.status.update"}


class TelnyxWebhooks(TelnyxApi):
    """What one Telnyx account says of its calls, messages and orders."""

    forgery: ClassVar[type[SignatureInvalid]] = SignatureUnauthorized
    asks_with_get: ClassVar[bool] = False

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
            key = public_key(self._credentials["public_key"])
            key.verify(signature, stamp.encode() + b"|" + request.body)
        except (ValueError, InvalidSignature) as error:
            raise self.forgery("Invalid signature") from error

    def parse(self, request: WebhookRequest) -> Webhook:
        """Read an event of a call or of an order; anything else asks nothing of us yet."""
        data, payload = read_event(request)
        event_type = str(data.get("event_type", ""))
        if event_type in _ORDER_EVENTS:
            # Imported here: no call needs it.
            from .orders import order_update

            return order_update(payload) or Ignored(event_type)
        if event_type == "message.received":
            return _message(payload)
        if event_type == "call.recording.saved":
            return _recording(data, payload)
        if event_type in ("message.sent", "message.finalized"):
            return _receipt(payload, request.text_id)
        if not event_type.startswith(("call.", "streaming.")) or not payload.get("call_control_id"):
            return Ignored(event_type)
        event = self._call_event(data, payload)
        # Outgoing legs are announced the same way, and must not be answered.
        if event_type == "call.initiated" and event.direction is Direction.INBOUND:
            if is_sip(event.to):
                numbers = called_numbers(_sip_headers(payload) | {"to": event.to})
                return InboundCall(event, event.from_, user_of(event.to), numbers)
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
        caller = str(payload.get("from") or "")
        state = read_client_state(payload.get("client_state"))
        return CallEvent(
            id=str(data.get("id")),
            type=event_type,
            call_sid=str(payload["call_control_id"]),
            occurred_at=_timestamp(data.get("occurred_at")) or self._context.clock(),
            status=status,
            status_unanswered=unanswered_status,
            direction=_DIRECTIONS.get(str(direction)),
            from_=party(caller) if is_sip(caller) else caller,
            to=str(payload.get("to") or ""),
            hangup_cause=str(cause) if cause else None,
            answered_by=_answered_by(event_type, payload),
            cost=_cost(payload),
            call_id=own_id(state),
            not_this_trunk=event_type == "call.hangup" and _is_trunk_failure(payload),
        )


def read_event(request: WebhookRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return an event's data and its payload; raise InvalidRequest when it has none."""
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise InvalidRequest("A Telnyx webhook that is not JSON") from error
    data = body.get("data") if isinstance(body, dict) else None
    payload = data.get("payload") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(payload, dict):
        raise InvalidRequest("A Telnyx webhook without data and payload")
    return data, payload


def _cost(payload: dict[str, Any]) -> Cost | None:
    # Only `call.cost` has it, which comes when the call is over: all its parts in one currency.
    total, parts = payload.get("total_cost"), payload.get("cost_parts")
    if not isinstance(total, str) or not isinstance(parts, list) or not parts:
        return None
    currency = parts[0].get("currency") if isinstance(parts[0], dict) else None
    return Cost(total, str(currency)) if currency else None


def is_detection(data: dict[str, Any]) -> bool:
    """Tell whether an event says who answered, a person or a machine."""
    return str(data.get("event_type")).startswith("call.machine.")


def _is_trunk_failure(payload: dict[str, Any]) -> bool:
    # No event says that it rings: what may be the person's doing, or ours, is not the trunk's.
    by_somebody = payload.get("hangup_cause") in _HANGUP_UNANSWERED
    code = str(payload.get("sip_hangup_cause"))
    return is_sip(str(payload.get("to"))) and code in TRUNK_FAILURES and not by_somebody


def _sip_headers(payload: dict[str, Any]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for kind in ("sip_headers", "custom_headers"):
        listed = payload.get(kind)
        for header in listed if isinstance(listed, list) else ():
            match header:
                case {"name": str(name), "value": str(value)}:
                    headers[name.lower()] = f"{headers.get(name.lower(), '')}, {value}".lstrip(", ")
    return headers


def _answered_by(event_type: str, payload: dict[str, Any]) -> str | None:
    if not (event_type.startswith("call.machine.") and event_type.endswith("detection.ended")):
        return None
    result = str(payload.get("result"))
    return "human" if result.startswith("human") else _MACHINES.get(result, "unknown")


def _message(payload: dict[str, Any]) -> InboundMessage:
    try:
        return InboundMessage(
            message_sid=str(payload["id"]),
            from_=str(payload["from"]["phone_number"]),
            to=str(payload["to"][0]["phone_number"]),
            body=str(payload.get("text") or ""),
            media_urls=tuple(str(media["url"]) for media in payload.get("media") or []),
            # What it has answered by itself, by keywords that the account can change.
            keyword=_KEYWORDS.get(str(payload.get("autoresponse_type"))),
        )
    except (KeyError, TypeError, IndexError) as error:
        raise InvalidRequest("A Telnyx message without id, from or to") from error


def _recording(data: dict[str, Any], payload: dict[str, Any]) -> RecordingSaved:
    # The API's description shows neither call_control_id nor recording_id in this event; its
    # guide shows both: https://developers.telnyx.com/docs/voice/programmable-voice/storing-call-recordings
    urls = payload.get("recording_urls")
    urls = urls if isinstance(urls, dict) else {}
    url = urls.get("mp3") or urls.get("wav")
    began, ended = (
        _timestamp(payload.get(f"recording_{moment}_at")) for moment in ("started", "ended")
    )
    leg = str(payload.get("call_leg_id") or "")
    return RecordingSaved(
        recording_sid=str(payload.get("recording_id") or data.get("id")),
        call_sid=str(payload.get("call_control_id") or ""),
        call_id=own_id(read_client_state(payload.get("client_state"))),
        url=str(url) if url else None,
        leg_id=leg or None,
        started_at=began,
        duration=round((ended - began).total_seconds()) if began and ended else None,
        channels=2 if payload.get("channels") == "dual" else 1,
    )


def _receipt(payload: dict[str, Any], text_id: str | None) -> Webhook:
    try:
        message_sid, word = str(payload["id"]), str(payload["to"][0]["status"])
    except (KeyError, TypeError, IndexError) as error:
        raise InvalidRequest("A Telnyx receipt without id or to") from error
    if word not in _TEXT_STATUS:
        return Ignored(f"message {word}")
    return MessageReceipt(message_sid, _TEXT_STATUS[word], text_id, _why_not(payload))


def _why_not(payload: dict[str, Any]) -> Refusal | None:
    match payload.get("errors"):
        case [{"code": code, **said}, *_]:
            kind = RecipientOptedOut if str(code) == OPTED_OUT else CarrierError
            words = said.get("detail") or said.get("title") or "no reason given"
            text = f"Telnyx did not deliver the message: {words} (error {code})."
            return Refusal(kind.status, kind.code, text)
    return None


def _timestamp(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None
