"""Taking a text message from a customer: check, find its time, write it down, send or queue it."""

import hashlib
import json
import uuid
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from .. import segments
from ..app import App
from ..destinations import check_destination
from ..errors import (
    IdempotencyKeyReused,
    InvalidNumber,
    InvalidRequest,
    LimitExceeded,
    MessageInProgress,
    NoAssistant,
    NotOwned,
    NumberNotReady,
    RecipientOptedOut,
    ServiceUnavailable,
)
from ..items import Item
from ..model import (
    BYO,
    E164,
    NO_TEXTS_OVER_TRUNKS,
    Limits,
    Number,
    NumberStatus,
    Organization,
    Text,
    TextStatus,
    parse_e164,
)
from ..store import Taken, TextContext
from . import dispatching

PACE_SETTING = "sms_segments_per_second"
# What every kind of number may send anywhere: https://www.twilio.com/docs/messaging/guides/mps
_SLOWEST = 1.0
_FASTEST = 100.0
# Of so many requests at once for one number, the last finds its turn at the last try.
_WRITE_TRIES = 25
_ID_SPACE = uuid.UUID("6f4a9d0e-6a0b-4c3e-9a1f-5d2f5e9b7c11")
# Longer than the function that sends may run.
IN_FLIGHT = timedelta(seconds=60)


@dataclass(frozen=True)
class TextRequest:
    """What a customer asks for, as it came."""

    from_phone_number: str | None
    to_phone_number: str | None
    message: str | None
    media_urls: tuple[str, ...] = ()
    queue: bool = True


@dataclass(frozen=True)
class Accepted:
    """A text message, and whether the answer is one that was given before."""

    text: Text
    replayed: bool = False


def send(app: App, organization_id: int, request: TextRequest, key: str | None) -> Accepted:
    """Take a message that is sent at most once per Idempotency-Key, now or when its turn has come.

    Raises InvalidRequest, NotOwned, NoAssistant, RecipientOptedOut, DestinationNotAllowed,
    LimitExceeded and their like before anything is written. What came of one that was not
    queued is in the message: sent, failed with its refusal, or unknown.
    """
    from_, to = _numbers(request)
    fingerprint = _fingerprint(request)
    found = app.store.text_context(organization_id, from_, to, key)
    if found.asked:
        return Accepted(_repeat(app, found.asked, str(key), fingerprint), replayed=True)
    number = _sender(organization_id, from_, found)
    check_destination(to, found.organization.limits if found.organization else Limits())
    if found.consent and found.consent.is_opted_out:
        raise RecipientOptedOut(opted_out_message(from_, to))
    app.secrets.carrier(organization_id, number.carrier)  # raises unless it is connected
    draft = _draft(app, number, to, request)
    try:
        text = _written(app, draft, found, key, fingerprint)
    except Taken as taken:
        # Another request with the same key came between.
        return Accepted(_repeat(app, taken.found[1] or {}, str(key), fingerprint), replayed=True)
    return Accepted(text if request.queue else dispatching.attempt(app, text))


def opted_out_message(from_: str, to: str) -> str:
    """Return what whoever writes to somebody is told who wants no messages."""
    return (
        f"{to} has told {from_} to stop: no text message may be sent until they write START to "
        "it. Nothing was sent."
    )


# --- before anything is written ---


def _numbers(request: TextRequest) -> tuple[E164, E164]:
    found = []
    for name in ("from_phone_number", "to_phone_number"):
        given = getattr(request, name)
        if not given or not given.strip():
            raise InvalidRequest(f"{name} is required")
        try:
            found.append(parse_e164(given.strip()))
        except InvalidNumber as error:
            raise InvalidNumber(
                f"Invalid {name} format. Use E.164 format (e.g., +1234567890)"
            ) from error
    return found[0], found[1]


def _body(request: TextRequest) -> str:
    if not request.media_urls and not (request.message or "").strip():
        raise InvalidRequest("message is required")
    return request.message or ""


def _fingerprint(request: TextRequest) -> str:
    return hashlib.sha256(json.dumps(asdict(request), sort_keys=True).encode()).hexdigest()


def _sender(organization_id: int, from_: E164, found: TextContext) -> Number:
    number = found.number
    if number is None or number.organization_id != organization_id:
        raise NotOwned("Unauthorized: phone number belongs to different organization")
    if number.status not in (NumberStatus.ACTIVE, NumberStatus.INACTIVE):
        raise NumberNotReady(f"{from_} is {number.status}: it cannot send messages meanwhile.")
    if number.assistant is None:
        raise NoAssistant(f"No assistant found for phone number {from_}")
    if number.carrier == BYO:
        raise InvalidRequest(f"{from_} cannot send text messages. {NO_TEXTS_OVER_TRUNKS}")
    if not number.capabilities.may_text:
        raise InvalidRequest(
            f"{from_} cannot send text messages: its carrier says that it has no SMS. After a "
            "change at the carrier, POST /api/v1/organization/phone-numbers/sync reads it anew."
        )
    return number


# --- writing it down ---


def _draft(app: App, number: Number, to: E164, request: TextRequest) -> Text:
    body = _body(request)
    size, now = segments.measured(body), app.clock()
    return Text(
        id=_new_id(app),
        organization_id=number.organization_id,
        carrier=number.carrier,
        from_=number.phone_number,
        to=to,
        body=body,
        created_at=now,
        updated_at=now,
        status=TextStatus.QUEUED if request.queue else TextStatus.SENDING,
        is_queued=request.queue,
        segments=size.count,
        encoding=size.encoding,
        media_urls=request.media_urls,
        assistant_id=number.assistant.id if number.assistant else None,
        # One that is not queued is claimed by whoever writes it.
        attempts=0 if request.queue else 1,
    )


def _new_id(app: App) -> str:
    return str(uuid.uuid5(_ID_SPACE, str(app.new_id())))


def _written(app: App, draft: Text, found: TextContext, key: str | None, fingerprint: str) -> Text:
    """Write a message at the first time at which its number is free; raise Taken for its key."""
    takes = timedelta(seconds=draft.segments / pace(found.organization))
    free_at = found.free_at
    for _ in range(_WRITE_TRIES):
        now = app.clock()
        turn = max(now, free_at) if free_at else now
        if not draft.is_queued:
            _refuse_waiting(turn, now, found.organization)
        text = replace(draft, due=turn if draft.is_queued else now + IN_FLIGHT)
        try:
            app.store.add_text(text, key, fingerprint, free_at, turn + takes)
            return text
        except Taken as taken:
            if 1 in taken.failed:
                raise
            if 0 in taken.failed:
                draft = replace(draft, id=_new_id(app))
            free_at = app.store.free_at(draft.organization_id, draft.from_)
    raise ServiceUnavailable("Too many messages are sent from this number at once. Try again.")


def pace(organization: Organization | None) -> float:
    """Return how many segments a second each number of an organization sends."""
    wanted = organization.settings.get(PACE_SETTING) if organization else None
    if isinstance(wanted, bool) or not isinstance(wanted, int | float):
        return _SLOWEST
    return min(max(float(wanted), 0.1), _FASTEST)


def _refuse_waiting(due: datetime, now: datetime, organization: Organization | None) -> None:
    if due > now:
        seconds = ceil((due - now).total_seconds())
        raise LimitExceeded(PACE_SETTING, ceil(pace(organization)), retry_after=seconds)


def _repeat(app: App, pointer: Item, key: str, fingerprint: str) -> Text:
    if pointer.get("fingerprint") != fingerprint:
        raise IdempotencyKeyReused(
            f"Idempotency-Key '{key}' was used for another message. Send a new key for a new one."
        )
    text = app.store.text(str(pointer["text_id"]))
    if text is None:
        raise ServiceUnavailable("The earlier message with this Idempotency-Key cannot be read.")
    if text.is_queued or text.status is not TextStatus.SENDING:
        return text
    if text.due and app.clock() < text.due:
        raise MessageInProgress(
            f"The message to {text.to} with this Idempotency-Key is still being sent. Repeat the "
            "request in a few seconds to see how it went."
        )
    return dispatching.given_up(app, text)
