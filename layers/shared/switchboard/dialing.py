"""Placing a call: resolve, render, reserve, dial once, settle."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from math import ceil
from typing import Any

from . import fuses, limits, placing, templates
from .app import App
from .destinations import check_destination
from .errors import (
    CallInProgress,
    IdempotencyKeyReused,
    InvalidNumber,
    InvalidRequest,
    LimitExceeded,
    NoAssistant,
    NotOwned,
    ServiceUnavailable,
)
from .items import Item
from .model import (
    BYO,
    E164,
    Assistant,
    Call,
    CallStatus,
    DialOptions,
    Direction,
    Limits,
    MachinePolicy,
    NumberStatus,
    parse_e164,
)
from .placing import Way
from .store import DialContext, Draw, Place, Quota, Taken

_WRITE_TRIES = 4
_METADATA_LIMIT = 16 * 1024


@dataclass(frozen=True)
class DialRequest:
    """What a customer asks for, as it came."""

    to_phone_number: str | None
    from_phone_number: str | None
    assistant_id: int | None = None
    welcome_message: str | None = None
    agenda: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    options: DialOptions = field(default_factory=DialOptions)


@dataclass(frozen=True)
class Dialled:
    """A call, and whether the answer is one that was given before."""

    call: Call
    replayed: bool = False


def initiate(
    app: App, organization_id: int, request: DialRequest, key: str | None = None
) -> Dialled:
    """Place a call at most once per Idempotency-Key, and never twice by ourselves.

    Raises InvalidRequest, NotOwned, NoAssistant, DestinationNotAllowed, LimitExceeded,
    FuseTripped and their like before anything is dialled. What the carrier answered is in the
    call: dialing, failed with its refusal, or unknown.
    """
    from_, to = _numbers(request)
    fingerprint = _fingerprint(request)
    found = app.store.dial_context(organization_id, from_, request.assistant_id, key)
    if found.asked:
        return Dialled(_repeat(app, found.asked, str(key), fingerprint), replayed=True)
    fuses.check(found.fuse)
    carrier = _carrier_of(from_, found)
    way = _way(app, organization_id, carrier, found)
    assistant = _assistant(request, from_, found)
    allowed = found.organization.limits if found.organization else Limits()
    check_destination(to, allowed)
    call = _new_call(app, organization_id, carrier, from_, to, assistant, request)
    if found.number and request.assistant_id is None:
        # An assistant that was asked for speaks for itself, outside the number's flow.
        call = replace(call, flow=found.number.flow)
    way.voice.check_ready_to_dial()
    call = way.taken_by(call, app.clock())
    call, places, quotas = limits.reserved(call, allowed, app.clock())
    drawn = fuses.drawn(found.fuse, call, allowed, app.clock())
    try:
        _reserve(app, call, key, fingerprint, places, quotas, drawn)
    except Taken as taken:
        # Another request with the same key came between.
        return Dialled(_repeat(app, taken.found[1] or {}, str(key), fingerprint), replayed=True)
    return Dialled(placing.place(app, way, call))


# --- before anything is dialled ---


def _numbers(request: DialRequest) -> tuple[E164, E164]:
    if not request.from_phone_number:
        raise InvalidRequest("from_phone_number is required")
    if not request.to_phone_number:
        raise InvalidRequest("to_phone_number is required")
    try:
        return parse_e164(request.from_phone_number), parse_e164(request.to_phone_number)
    except InvalidNumber as error:
        raise InvalidNumber(
            "Invalid phone number format. Use E.164 format (e.g., +1234567890)"
        ) from error


def _carrier_of(from_: E164, found: DialContext) -> str:
    number = found.number
    if number is not None:
        if number.status is not NumberStatus.ACTIVE:
            raise InvalidRequest(f"{from_} is not active yet: its carrier has not delivered it.")
        if not number.capabilities.voice:
            raise InvalidRequest(f"{from_} cannot place calls: its carrier says it has no voice.")
        return number.carrier
    verified = found.caller_id_carrier
    if verified is None:
        raise NotOwned(f"Unauthorized: phone number {from_} does not belong to your organization")
    return verified


def _way(app: App, organization_id: int, carrier: str, found: DialContext) -> Way:
    if carrier == BYO and found.number:
        return placing.over_trunks(app, found.number)
    app.secrets.read_for_call(organization_id, carrier)
    return Way(app.voice(carrier, organization_id))


def _assistant(request: DialRequest, from_: E164, found: DialContext) -> Assistant:
    if request.assistant_id is not None:
        if found.assistant is None:
            raise NotOwned(
                f"Unauthorized: assistant {request.assistant_id} does not belong to your "
                "organization"
            )
        assistant: Assistant | None = found.assistant
    else:
        assistant = found.number.assistant if found.number else None
    if assistant is None:
        raise NoAssistant(f"No assistant found for phone number {from_}")
    if not assistant.is_active:
        raise InvalidRequest(f"Assistant '{assistant.name}' is not active. Activate it first.")
    return assistant


def _new_call(
    app: App,
    organization_id: int,
    carrier: str,
    from_: E164,
    to: E164,
    assistant: Assistant,
    request: DialRequest,
) -> Call:
    options = _options(request, assistant)
    now = app.clock()
    call = Call(
        id=app.new_id(),
        organization_id=organization_id,
        carrier=carrier,
        call_sid="",
        direction=Direction.OUTBOUND,
        phone_number=from_,
        customer_number=to,
        status=CallStatus.QUEUED,
        created_at=now,
        assistant_id=assistant.id,
        assistant_name=assistant.name,
        stream_url=assistant.stream_url,
        metadata=request.metadata,
        answered_with="stream",
    )
    texts = templates.render_all(
        {
            "welcome_message": request.welcome_message or assistant.welcome_message,
            "agenda": request.agenda,
            "voicemail_message": options.voicemail_message,
        },
        request.variables,
        {
            "from_number": from_,
            "to_number": to,
            "direction": call.direction.value,
            "call_id": call.id,
            "now": now.isoformat(timespec="seconds"),
        },
    )
    return replace(
        call,
        welcome_message=texts["welcome_message"],
        agenda=texts["agenda"],
        options=replace(options, voicemail_message=texts["voicemail_message"]),
        recording_notice=assistant.recording_notice if options.record else None,
    )


def _options(request: DialRequest, assistant: Assistant) -> DialOptions:
    options = request.options.over(assistant.dial_options)
    if options.machine_detection is MachinePolicy.LEAVE_MESSAGE and not options.voicemail_message:
        raise InvalidRequest("machine_detection leave_message needs a voicemail_message")
    if len(json.dumps(request.metadata)) > _METADATA_LIMIT:
        raise InvalidRequest(f"metadata is larger than {_METADATA_LIMIT // 1024} KB")
    return options


def _fingerprint(request: DialRequest) -> str:
    text = json.dumps(asdict(request), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


# --- reserving ---


def _reserve(
    app: App,
    call: Call,
    key: str | None,
    fingerprint: str,
    places: list[Place],
    quotas: list[Quota],
    drawn: Draw,
) -> None:
    """Write the call and what it takes up.

    Raises LimitExceeded, FuseTripped, or Taken when the key was used.
    """
    # A row that is not there yet has room for the first: not if the limit has none at all.
    _refuse(
        app,
        [quota for quota in quotas if quota.amount > quota.most],
        [place for place in places if place.most < 1],
    )
    for _ in range(_WRITE_TRIES):
        try:
            fuses.check_draw(app, drawn)
            app.store.reserve_call(call, key, fingerprint, places, quotas, drawn)
            return
        except Taken as taken:
            if 1 in taken.failed:
                raise
            drawn = _looked_at_again(app, taken, places, quotas, drawn)
    raise ServiceUnavailable("Too many calls are being placed at once. Try again in a moment.")


def _looked_at_again(
    app: App, taken: Taken, places: list[Place], quotas: list[Quota], drawn: Draw
) -> Draw:
    """Return the fuse as it is now if the call may be tried again.

    Raises FuseTripped and LimitExceeded.
    """
    if 0 in taken.failed:
        raise ServiceUnavailable("Two calls got the same id. Send the call again.") from taken
    # The call and its key come first, the fuse is last.
    if 2 + len(places) + len(quotas) in taken.failed:
        fuse = app.store.fuse(drawn.seen.organization_id)
        drawn = fuses.drawn_again(drawn, fuse, app.clock())
        fuses.check_draw(app, drawn)
    full = [place for n, place in enumerate(places, 2) if n in taken.failed]
    used = [quota for n, quota in enumerate(quotas, 2 + len(places)) if n in taken.failed]
    if used:
        _refuse(app, used, full)
    now = app.clock()
    if full and not sum(app.store.free_expired(place.lease.row, now) for place in full):
        _refuse(app, used, full)
    return drawn


# When a place gets free nobody knows; asking again every few seconds is fair.
_PLACE_RETRY_S = 5


def _refuse(app: App, used: list[Quota], full: list[Place]) -> None:
    """Raise LimitExceeded for the first limit that is reached, if one is."""
    for quota in used:
        wait = ceil((quota.until - app.clock()).total_seconds())
        raise LimitExceeded(quota.limit, quota.most, retry_after=max(1, wait))
    for place in full:
        raise LimitExceeded(place.limit, place.most, retry_after=_PLACE_RETRY_S)


def _repeat(app: App, pointer: Item, key: str, fingerprint: str) -> Call:
    if pointer.get("fingerprint") != fingerprint:
        raise IdempotencyKeyReused(
            f"Idempotency-Key '{key}' was used for another call. Send a new key for a new call."
        )
    call = app.store.call(int(pointer["call_id"]))
    if call is None:
        raise ServiceUnavailable("The earlier call with this Idempotency-Key cannot be read.")
    if call.status is not CallStatus.QUEUED:
        return call
    if placing.is_in_flight(call, app.clock()):
        raise CallInProgress(
            f"The call to {call.customer_number} with this Idempotency-Key is still being placed. "
            "Repeat the request in a few seconds to see how it went."
        )
    # Whoever was dialling died: whether the carrier was asked, nobody knows.
    return replace(call, status=CallStatus.UNKNOWN)
