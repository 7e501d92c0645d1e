"""What Twilio sends: signed forms, one for each thing that happens."""

import hmac
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from twilio.request_validator import RequestValidator, add_port, remove_port

from ...errors import CarrierError, InvalidRequest, RecipientOptedOut, SignatureInvalid
from ...model import CallEvent, CallStatus, Direction, Refusal, TextStatus, parse_e164
from ..base import (
    Ignored,
    InboundCall,
    InboundMessage,
    MessageReceipt,
    OutboundAnswer,
    RecordingSaved,
    Webhook,
    WebhookRequest,
)
from ..sip import TRUNK_FAILURES, called_numbers, is_sip, party, user_of
from .api import OLD_SMS_PATH, RECORDING_PATH, RECORDING_SID, SMS_PATH, VOICE_PATH, TwilioApi

CALL_STATUS = {
    "queued": CallStatus.QUEUED,
    "initiated": CallStatus.DIALING,
    "ringing": CallStatus.RINGING,
    "in-progress": CallStatus.IN_PROGRESS,
    "completed": CallStatus.COMPLETED,
    "busy": CallStatus.BUSY,
    "no-answer": CallStatus.NO_ANSWER,
    "failed": CallStatus.FAILED,
    "canceled": CallStatus.CANCELLED,
    # Of the media stream: for an inbound call, the only sign that it was answered.
    "stream-started": CallStatus.IN_PROGRESS,
}
ANSWERED_BY = {
    "human": "human",
    **dict.fromkeys(
        ["machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other"], "machine"
    ),
    "fax": "fax",
    "unknown": "unknown",
}
_SIP_HEADER = "SipHeader_"
# https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
_TEXT_STATUS = {
    **dict.fromkeys(["accepted", "scheduled", "queued", "sending", "sent"], TextStatus.SENT),
    **dict.fromkeys(["delivered", "read"], TextStatus.DELIVERED),
    "undelivered": TextStatus.UNDELIVERED,
    "failed": TextStatus.FAILED,
    "canceled": TextStatus.CANCELLED,
}
_OPTED_OUT = "21610"
_DIRECTIONS = {
    "inbound": Direction.INBOUND,
    "outbound-api": Direction.OUTBOUND,
    "outbound-dial": Direction.OUTBOUND,
}


class TwilioWebhooks(TwilioApi):
    """What one Twilio account says of its calls and messages."""

    forgery: ClassVar[type[SignatureInvalid]] = SignatureInvalid
    verified_with: ClassVar[str] = "auth_token"
    asks_with_get: ClassVar[bool] = False

    def verify(self, request: WebhookRequest) -> None:
        """Check X-Twilio-Signature: https://www.twilio.com/docs/usage/security."""
        given = request.headers.get("x-twilio-signature", "").encode("utf-8", "replace")
        validator, form = RequestValidator(self._credentials["auth_token"]), _Form(request.body)
        if form.may_begin_in_the_url:
            raise self.forgery("Invalid webhook signature")
        url = urlsplit(request.url)
        # Twilio signs the URL now with its port and now without. Not the validator's own
        # comparison: it is a loop in Python, which takes as long as what it looks at is long.
        for signed in (remove_port(url), add_port(url)):
            right = validator.compute_signature(signed, form).encode()
            if hmac.compare_digest(given, right):
                return
        raise self.forgery("Invalid webhook signature")

    def parse(self, request: WebhookRequest) -> Webhook:
        """Read a voice webhook or a status callback."""
        form = _Form(request.body)
        path = urlsplit(request.url).path
        if path.endswith(RECORDING_PATH):
            return _recording(form, request.call_id)
        if path.endswith((SMS_PATH, OLD_SMS_PATH)):
            return _receipt(form, request.text_id) or _message(form)
        event = replace(self._call_event(form), call_id=request.call_id)
        if not path.endswith(VOICE_PATH):
            return event
        if request.call_id is not None or event.direction is Direction.OUTBOUND:
            return OutboundAnswer(event)
        if is_sip(event.to):
            # Through a SIP domain: https://www.twilio.com/docs/voice/api/sip-interface
            numbers = called_numbers(_sip_headers(form) | {"to": event.to})
            return InboundCall(event, event.from_, user_of(event.to), numbers)
        return InboundCall(event, from_=event.from_, to=parse_e164(event.to))

    def _call_event(self, form: "_Form") -> CallEvent:
        sid = form["CallSid"]
        # Streams and asynchronous machine detection report without a call status.
        word = form["StreamEvent"] or form["CallStatus"] or "machine-detection"
        if not sid:
            raise InvalidRequest("A Twilio call webhook without CallSid")
        return CallEvent(
            # Not I-Twilio-Idempotency-Token: the signature does not cover headers.
            id=f"{sid}:{word}:{form['StreamSid'] or form['SequenceNumber']}",
            type=word,
            call_sid=sid,
            occurred_at=_timestamp(form["Timestamp"]) or self._context.clock(),
            status=CALL_STATUS.get(word),
            direction=_DIRECTIONS.get(form["Direction"]),
            from_=party(form["From"]) if is_sip(form["From"]) else form["From"],
            to=form["To"],
            duration=form.figure("CallDuration"),
            hangup_cause=form["SipResponseCode"] or None,
            answered_by=ANSWERED_BY.get(form["AnsweredBy"]),
            not_this_trunk=_is_trunk_failure(word, form),
        )


class _Form:
    """A form body as Twilio signs it: blank values count, and a name may come several times."""

    def __init__(self, body: bytes) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True):
            self._values.setdefault(name, []).append(value)

    def __iter__(self) -> Any:
        return iter(self._values)

    def __getitem__(self, name: str) -> str:
        return self._values.get(name, [""])[0]

    @property
    def may_begin_in_the_url(self) -> bool:
        """Tell whether what ends the URL could have been moved to where the form begins.

        Twilio signs the URL, names and values in one piece, and our URLs end in the digits of an
        id: a caught request to `?call=1001-95` would verify as one to `?call=1001-9` whose first
        name begins with 5. No name that Twilio gives begins with a digit, and none is empty.
        """
        return any(not name or name[0].isdigit() for name in self._values)

    def figure(self, name: str) -> int | None:
        """Return a whole number, or None for anything else and for more than nine digits."""
        text = self[name]
        return int(text) if text.isdecimal() and len(text) <= 9 else None

    def getall(self, name: str) -> list[str]:
        """Return every value of `name`; the SDK's validator asks for this."""
        return self._values[name]


def _is_trunk_failure(word: str, form: _Form) -> bool:
    # The events are numbered from 0, `initiated`: after `ringing` the last one is 2 or more.
    rang = (form.figure("SequenceNumber") or 0) > 1
    failed = word in ("failed", "no-answer") and form["SipResponseCode"] in TRUNK_FAILURES
    return failed and is_sip(form["To"]) and not rang


def _sip_headers(form: _Form) -> dict[str, str]:
    named = (name for name in form if name.startswith(_SIP_HEADER))
    return {name.removeprefix(_SIP_HEADER).lower(): ", ".join(form.getall(name)) for name in named}


def _receipt(form: _Form, text_id: str | None) -> MessageReceipt | None:
    status = _TEXT_STATUS.get(form["MessageStatus"] or form["SmsStatus"])
    if status is None or not form["MessageSid"]:
        return None
    return MessageReceipt(form["MessageSid"], status, text_id, _why_not(form["ErrorCode"]))


def _why_not(code: str) -> Refusal | None:
    if not code:
        return None
    kind = RecipientOptedOut if code == _OPTED_OUT else CarrierError
    said = f"Twilio did not deliver the message (error {code}): see "
    return Refusal(kind.status, kind.code, f"{said}https://www.twilio.com/docs/api/errors/{code}")


def _message(form: _Form) -> InboundMessage:
    if not form["MessageSid"]:
        raise InvalidRequest("A Twilio message webhook without MessageSid")
    return InboundMessage(
        message_sid=form["MessageSid"],
        from_=form["From"],
        to=form["To"],
        body=form["Body"],
        # Of a messaging service with Advanced Opt-Out, which has keywords of its own.
        keyword=form["OptOutType"].lower() or None,
        # Ten is the most that one message carries.
        media_urls=tuple(
            form[f"MediaUrl{place}"] for place in range(min(form.figure("NumMedia") or 0, 10))
        ),
    )


def _recording(form: _Form, call_id: int | None) -> RecordingSaved | Ignored:
    sid, status = form["RecordingSid"], form["RecordingStatus"]
    if not (RECORDING_SID.fullmatch(sid) and form["CallSid"] and status):
        raise InvalidRequest("A recording webhook without RecordingSid, CallSid or RecordingStatus")
    if status != "completed":
        return Ignored(f"recording-{status}")
    return RecordingSaved(
        recording_sid=sid,
        call_sid=form["CallSid"],
        call_id=call_id,
        url=form["RecordingUrl"] or None,
        started_at=_timestamp(form["RecordingStartTime"]),
        duration=form.figure("RecordingDuration"),
        channels=form.figure("RecordingChannels"),
    )


def _timestamp(text: str) -> datetime | None:
    try:
        return parsedate_to_datetime(text).astimezone(UTC) if text else None
    except (ValueError, OverflowError):
        return None
