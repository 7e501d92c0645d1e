"""What an organization's own bridge says: signed JSON, see docs/sip-bridge.md."""

import hmac
import json
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import urlsplit

from ...errors import InvalidRequest, SignatureInvalid, SignatureUnauthorized
from ...model import CallEvent, CallStatus, Direction
from ..base import InboundCall, OutboundAnswer, Prewarm, Webhook, WebhookRequest
from ..sip import Headers, called_numbers, ending, number_in, user_of
from .bridge import CALL_PATH, PREWARM_PATH, SID_LIMIT, BridgeApi, signature

_FRESH_S = 300
# Far more than any INVITE has, and little enough to look through while a phone rings.
_HEADERS_LIMIT = 64
_VALUE_LIMIT = 2_048
_TEXT_LIMIT = 512
_SENTENCES_LIMIT = 16_384
_FIGURE_LIMIT = 10**9

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
_ANSWERED_BY = ("human", "machine", "fax", "unknown")


class BridgeWebhooks(BridgeApi):
    """What the bridge of one trunk says of its calls."""

    forgery: ClassVar[type[SignatureInvalid]] = SignatureUnauthorized

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
        if _path(request).endswith(PREWARM_PATH):
            return _prewarm(request)
        body = _Body(request.body)
        if not _asks(request, body):
            return self._event(body)
        if body.call_id or body.direction is Direction.OUTBOUND:
            return OutboundAnswer(self._event(body, CallStatus.IN_PROGRESS))
        event = self._event(body, CallStatus.RINGING)
        headers = body.headers
        return InboundCall(
            event,
            from_=event.from_,
            to=event.to,
            candidates=called_numbers(headers),
        )

    def _event(self, body: "_Body", asking: CallStatus | None = None) -> CallEvent:
        sid, word = body.call_sid, body.text("status", 40).lower()
        code = body.figure("sip_code")
        status = asking or _STATUS.get(word)
        if status is None and word:
            raise InvalidRequest(f"status must be one of: {', '.join(_STATUS)}")
        if status is None and code is None:
            raise InvalidRequest("An event needs a status or a sip_code")
        kind = asking.value if asking else word or f"sip-{code}"
        return CallEvent(
            id=f"{sid}:{kind}:{body.text('sequence', 40)}",
            type=kind,
            call_sid=sid,
            occurred_at=body.time("timestamp") or self._context.clock(),
            **_readings(status, code),
            direction=body.direction,
            from_=_caller(body),
            to=_called(body),
            duration=body.figure("duration"),
            hangup_cause=_cause(body, code),
            answered_by=body.choice("answered_by", _ANSWERED_BY),
            call_id=body.call_id,
            trunk_id=self._credentials["trunk_id"],
        )


def is_asking(request: WebhookRequest) -> bool:
    """Tell whether somebody waits for the reply, on the line."""
    try:
        return _asks(request, _Body(request.body)) and not _path(request).endswith(PREWARM_PATH)
    except InvalidRequest:
        return False


def _asks(request: WebhookRequest, body: "_Body") -> bool:
    # A bridge with a single URL sends its events there too: those have a status.
    return _path(request).endswith(CALL_PATH) and not body.text("status", 40)


def _path(request: WebhookRequest) -> str:
    return urlsplit(request.url).path


def _readings(status: CallStatus | None, code: int | None) -> dict[str, Any]:
    """Return how an end is read for a call that was answered, and for one that was not.

    A code tells the latter best: bridges say `failed` of a busy line, and `completed` of any
    call that is over.
    """
    if status is None:
        status = CallStatus.FAILED if code is None else ending(code)
    if not status.is_final or code is None or 200 <= code < 300:
        return {"status": status}
    if status is CallStatus.COMPLETED:
        return {"status": status, "status_unanswered": ending(code)}
    return {"status": ending(code) if status is CallStatus.FAILED else status}


def _cause(body: "_Body", code: int | None) -> str | None:
    return body.text("cause", _TEXT_LIMIT) or (str(code) if code is not None else None)


def _caller(body: "_Body") -> str:
    """Return who calls: a number where there is one, or the user of the address.

    What the network asserts counts only when the caller has not asked to stay unknown.
    """
    given, headers = body.text("from", _TEXT_LIMIT), body.headers
    hidden = "anonymous" in given.lower() or any(
        "id" in value.lower().split(";") for value in headers.get("privacy", ())
    )
    asserted = "" if hidden else next(iter(headers.get("p-asserted-identity", ())), "")
    return number_in(given) or number_in(asserted) or user_of(given)


def _called(body: "_Body") -> str:
    given = body.text("to", _TEXT_LIMIT)
    return number_in(given) or user_of(given)


def _prewarm(request: WebhookRequest) -> Prewarm:
    try:
        body = _Body(request.body)
        return Prewarm(
            call_sid=body.call_sid,
            from_number=_e164_or_user(body.text("from_number", _TEXT_LIMIT)),
            to_number=_e164_or_user(body.text("to_number", _TEXT_LIMIT)),
            outbound=body.truth("outbound"),
            assistant_id=body.figure("assistant_id", 2**53 - 1),
            welcome_message=body.text("welcome_message", _SENTENCES_LIMIT) or None,
            agenda=body.text("agenda", _SENTENCES_LIMIT) or None,
            variables=body.variables,
        )
    except InvalidRequest as error:
        return Prewarm(call_sid="", problem=str(error))


def _e164_or_user(text: str) -> str:
    return number_in(text) or user_of(text)


class _Body:
    """A bridge's JSON object; raises InvalidRequest for whatever is not as documented."""

    def __init__(self, raw: bytes) -> None:
        self._fields = _object(raw, "The body")

    @property
    def call_sid(self) -> str:
        """Return the bridge's id of the call."""
        sid = self.text("call_sid", SID_LIMIT)
        if not sid:
            # The contract's words, for all three paths.
            raise InvalidRequest("call_sid required")
        if not sid.isprintable():
            raise InvalidRequest("call_sid must be printable text")
        return sid

    @property
    def call_id(self) -> int | None:
        """Return our own id, which the bridge gives back with every event of our call."""
        return self.figure("call_id", 2**53 - 1)

    @property
    def direction(self) -> Direction | None:
        """Return who started the call, if it says."""
        word = self.choice("direction", tuple(Direction))
        return Direction(word) if word else None

    @property
    def headers(self) -> Headers:
        """Return the INVITE's headers; its address and the body's `to` are among them."""
        given = self._fields.get("headers") or {}
        if not isinstance(given, dict) or len(given) > _HEADERS_LIMIT:
            raise InvalidRequest(f"headers must be an object of at most {_HEADERS_LIMIT} names")
        found = {name.lower(): _values(name, value) for name, value in given.items()}
        to = self.text("to", _TEXT_LIMIT)
        return ({"to": (to,)} if to else {}) | found

    @property
    def variables(self) -> dict[str, Any]:
        """Return the contract's variables: an object, or one written as text."""
        given = self._fields.get("variables")
        if isinstance(given, str) and given:
            return _object(given.encode("utf-8", "surrogatepass"), "variables")
        if given and not isinstance(given, dict):
            raise InvalidRequest("variables must be an object")
        return given or {}

    def text(self, name: str, limit: int) -> str:
        """Return a text, or a whole number as text; empty when it is absent."""
        value = self._fields.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < _FIGURE_LIMIT:
            value = str(value)
        if value is None:
            return ""
        if not isinstance(value, str) or len(value) > limit or not _is_valid(value):
            raise InvalidRequest(f"{name} must be text of at most {limit} characters")
        return value.strip()

    def figure(self, name: str, limit: int = _FIGURE_LIMIT) -> int | None:
        """Return a whole number that is not negative."""
        value = self._fields.get(name)
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 16:
            value = int(value)
        if value is None or value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= limit:
            raise InvalidRequest(f"{name} must be a whole number from 0 to {limit}")
        return value

    def truth(self, name: str) -> bool:
        """Return yes or no; what is absent is no."""
        value = self._fields.get(name)
        if value in (None, "", "false", "true") or isinstance(value, bool):
            return value in (True, "true")
        raise InvalidRequest(f"{name} must be true or false")

    def choice(self, name: str, words: tuple[str, ...]) -> str | None:
        """Return one of some words, or None."""
        word = self.text(name, 40)
        if word and word not in words:
            raise InvalidRequest(f"{name} must be one of: {', '.join(words)}")
        return word or None

    def time(self, name: str) -> datetime | None:
        """Return an ISO 8601 time with its zone."""
        text = self.text(name, 40)
        try:
            found = datetime.fromisoformat(text) if text else None
            # Out of range only when the zone is taken away.
            return found.astimezone(UTC) if found and found.tzinfo else _no_zone(name, found)
        except (ValueError, OverflowError) as error:
            raise InvalidRequest(f"{name} must be a time like 2026-11-21T16:00:00Z") from error


def _no_zone(name: str, found: datetime | None) -> None:
    if found:
        raise InvalidRequest(f"{name} must say its zone, like 2026-11-21T16:00:00Z")


def _values(name: str, value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    right = len(values) <= _HEADERS_LIMIT and all(
        isinstance(one, str) and len(one) <= _VALUE_LIMIT and _is_valid(one) for one in values
    )
    if not right:
        raise InvalidRequest(
            f"The header {name[:80]} must be text of at most {_VALUE_LIMIT} characters, or a list"
        )
    return tuple(values)


def _is_valid(text: str) -> bool:
    # A lone half of a pair cannot be stored or sent on.
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _object(raw: bytes, what: str) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"{what} must be a JSON object") from error
    if not isinstance(found, dict):
        raise InvalidRequest(f"{what} must be a JSON object")
    return found
