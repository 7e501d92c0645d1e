"""What Vonage sends: signed JSON, to one URL that is asked for answers and told of events."""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import urlsplit

from ...errors import InvalidRequest, SignatureInvalid, SignatureMissing
from ...model import CallEvent, CallStatus, Cost, Direction, MachinePolicy, parse_e164
from ..base import (
    Ignored,
    InboundCall,
    OutboundAnswer,
    RecordingSaved,
    Webhook,
    WebhookRequest,
)
from .api import SMS_PATH, VonageApi, time_of, with_plus

_FRESH_S = 300
_RECORDING_SID = re.compile(r"[\w-]{1,64}", re.ASCII)
_LATEST = 1e12

_CALL_STATUS = {
    "started": CallStatus.DIALING,
    "ringing": CallStatus.RINGING,
    "answered": CallStatus.IN_PROGRESS,
    # Neither is found out before the answer, whose own event may be lost or late.
    "human": CallStatus.IN_PROGRESS,
    "machine": CallStatus.IN_PROGRESS,
    "busy": CallStatus.BUSY,
    "cancelled": CallStatus.CANCELLED,
    "unanswered": CallStatus.NO_ANSWER,
    "timeout": CallStatus.NO_ANSWER,
    "rejected": CallStatus.FAILED,
    "failed": CallStatus.FAILED,
    "completed": CallStatus.COMPLETED,
}
_DIRECTIONS = {"inbound": Direction.INBOUND, "outbound": Direction.OUTBOUND}
_ANSWERED_BY = {"human": "human", "machine": "machine"}
# What was heard of a machine beyond that it is one: its beep, or that none came.
_BEEPS = ("beep_start", "beep_timeout")


class VonageWebhooks(VonageApi):
    """What one Vonage account says of its calls and messages."""

    # Vonage sends some callbacks unsigned and, after a 5xx, again with a signature.
    forgery: ClassVar[type[SignatureInvalid]] = SignatureMissing
    asks_with_get: ClassVar[bool] = True

    def verify(self, request: WebhookRequest) -> None:
        """Check the token in Authorization: its signature, its age, and its hash of the payload.

        https://developer.vonage.com/en/getting-started/concepts/webhooks
        """
        claims = self._claims(request.headers.get("authorization", ""))
        stamp = claims.get("iat")
        # True is an int to Python, and JSON's numbers may be infinite.
        if not isinstance(stamp, int | float) or stamp is True or not abs(stamp) < _LATEST:
            raise self.forgery("Invalid signature")
        if abs(self._context.clock().timestamp() - stamp) > _FRESH_S:
            raise self.forgery("Invalid signature: the token was made too far from now")
        ours = self._credentials
        # Two organizations may share an account, whose secret signs for both.
        own_application = claims.get("application_id") in (None, ours.get("application_id"))
        if claims.get("api_key") != ours.get("api_key") or not own_application:
            raise self.forgery("Invalid signature: another account's or application's")
        told = str(claims.get("payload_hash")).lower().encode()
        payloads = [request.body] if request.method == "POST" else _queries(request)
        hashes = [hashlib.sha256(payload).hexdigest().encode() for payload in payloads]
        if not any(hmac.compare_digest(told, it) for it in hashes):
            raise self.forgery("Invalid signature")

    def _claims(self, header: str) -> dict[str, Any]:
        # Not by PyJWT, which imports the whole of `cryptography` while a phone rings.
        scheme, _, token = header.partition(" ")
        signed, _, signature = token.rpartition(".")
        secret = str(self._credentials.get("signature_secret") or "")
        if scheme != "Bearer" or not secret or not token.isascii():
            raise self.forgery("Invalid signature")
        digest = hmac.digest(secret.encode(), signed.encode(), "sha256")
        wanted = base64.urlsafe_b64encode(digest).rstrip(b"=")
        if not hmac.compare_digest(wanted, signature.encode()):
            raise self.forgery("Invalid signature")
        head, _, claims = signed.partition(".")
        # Only after the signature: what a stranger wrote is not even read.
        parts = [_json_object(_base64url(part)) for part in (head, claims)]
        if parts[0].get("alg") != "HS256":
            raise self.forgery("Invalid signature")
        return parts[1]

    def parse(self, request: WebhookRequest) -> Webhook:
        """Read a question for an answer, or an event of a call; a message has its own URL."""
        said = _payload(request)
        if urlsplit(request.url).path.endswith(SMS_PATH):
            # Imported here: no call needs it.
            from .messages import read_message

            return read_message(said, request.text_id)
        if said.get("recording_url"):
            return _recording(said, request.call_id)
        word = str(said.get("status") or "")
        # Of a machine, the other name is used.
        sid = str(said.get("uuid") or said.get("call_uuid") or "")
        if not word and not (sid and said.get("to") and "timestamp" not in said):
            if not said:
                raise InvalidRequest("A Vonage webhook that says nothing")
            return Ignored(_other(said))
        if not sid:
            raise InvalidRequest("A Vonage call webhook without uuid")
        event = self._call_event(said, word or "answer", sid, request.call_id)
        if word and not _is_phone(said.get("to")):
            # The other leg of a call that we connected: a media stream, or a SIP address.
            return Ignored(f"{word} of another leg")
        if not word:
            return self._question(event, request)
        if word == "machine" and said.get("sub_state") in _BEEPS:
            # A call that went on without waiting hears of the beep too: nothing begins anew there.
            return OutboundAnswer(event, awaited_by=MachinePolicy.LEAVE_MESSAGE)
        return event

    def _question(self, event: CallEvent, request: WebhookRequest) -> Webhook:
        if request.call_id is not None:
            return OutboundAnswer(event)
        return InboundCall(event, from_=event.from_, to=parse_e164(event.to))

    def _call_event(
        self, said: dict[str, Any], word: str, sid: str, call_id: int | None
    ) -> CallEvent:
        status = _CALL_STATUS.get(word)
        duration = _figure(said.get("duration"))
        at = time_of(said.get("end_time")) or time_of(said.get("timestamp"))
        if word == "answer":
            # An outbound call is asked about once somebody has taken it.
            status = CallStatus.RINGING if call_id is None else CallStatus.IN_PROGRESS
        # The end of a call that nobody answered, if the event that said why was lost.
        unanswered = CallStatus.COMPLETED if duration else CallStatus.FAILED
        cause = said.get("detail") or said.get("sip_code") or said.get("reason")
        return CallEvent(
            # The same event that comes again has another token: its own words are its name.
            id=":".join([sid, word, *(str(said[it]) for it in _IDENTITY if it in said)]),
            type=word,
            call_sid=sid,
            occurred_at=at or self._context.clock(),
            status=status,
            status_unanswered=unanswered if word == "completed" else None,
            direction=_DIRECTIONS.get(str(said.get("direction"))),
            from_=with_plus(said.get("from")),
            to=with_plus(said.get("to")),
            duration=duration,
            hangup_cause=str(cause) if cause and status and status.is_final else None,
            answered_by=_ANSWERED_BY.get(word),
            cost=_cost(said),
            call_id=call_id,
        )


_IDENTITY = ("sub_state", "detail", "timestamp")
# What our own URLs carry.
_OWN = ("org", "call", "message")
# As Vonage's pages list what it asks an answer URL with.
_ASKED_WITH = ("to", "from", "conversation_uuid", "uuid")


def _queries(request: WebhookRequest) -> Iterator[bytes]:
    """Yield what may have been hashed of a query, which reaches us without its order.

    Vonage hashes a JSON object of the parameters. Whether our own is among them is not
    documented; any of these that fits has all the others.
    """
    own = {name: value for name, value in request.query.items() if name in _OWN}
    asked = {name: value for name, value in request.query.items() if name not in own}
    first = {name: asked[name] for name in _ASKED_WITH if name in asked}
    for told in (asked, first | asked, request.query, own | first | asked, first | asked | own):
        yield json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode(errors="replace")


def _payload(request: WebhookRequest) -> dict[str, Any]:
    if request.method != "POST":
        return dict(request.query)
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("A Vonage webhook that is not JSON") from error
    if not isinstance(body, dict):
        raise InvalidRequest("A Vonage webhook that is no JSON object")
    return body


def _recording(said: dict[str, Any], call_id: int | None) -> RecordingSaved:
    # It names the conversation and not the call: our own id of that is in the URL.
    sid, url = said.get("recording_uuid"), said.get("recording_url")
    if not (isinstance(sid, str) and _RECORDING_SID.fullmatch(sid) and isinstance(url, str)):
        raise InvalidRequest("A Vonage recording without recording_uuid or recording_url")
    began, ended = time_of(said.get("start_time")), time_of(said.get("end_time"))
    return RecordingSaved(
        recording_sid=sid,
        call_sid="",
        call_id=call_id,
        url=url,
        started_at=began,
        duration=round((ended - began).total_seconds()) if began and ended else None,
    )


def _cost(said: dict[str, Any]) -> Cost | None:
    price = said.get("price")
    # Vonage's prices are in euros, whatever the account is billed in.
    return Cost(price, "EUR") if isinstance(price, str) and price else None


def _other(said: dict[str, Any]) -> str:
    return str(said.get("type") or said.get("reason") or "unknown")


def _is_phone(text: object) -> bool:
    # Machine events name no numbers.
    return text is None or (isinstance(text, str) and text.isascii() and text.isdecimal())


def _figure(text: object) -> int | None:
    found = str(text)
    return int(found) if found.isascii() and found.isdecimal() and len(found) <= 9 else None


def _base64url(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _json_object(text: bytes) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
