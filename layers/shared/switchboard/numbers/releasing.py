"""Giving a number back: claim it, ask the carrier, settle. Decision 15."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ..app import App
from ..carriers.base import Numbers
from ..errors import (
    Conflict,
    InvalidRequest,
    NotOwned,
    NumberNotFound,
    NumberNotReady,
    OutcomeUnknown,
    ReleaseInProgress,
    ServiceUnavailable,
    SwitchboardError,
)
from ..model import (
    E164,
    Number,
    NumberStatus,
    Release,
    ReleaseClaim,
    masked,
    parse_e164,
)
from ..store import NumberChange, Taken

logger = logging.getLogger(__name__)

# Longer than the function that releases may run: after this, whoever was releasing is dead.
_IN_FLIGHT = timedelta(seconds=60)
# How long a carrier may still be working on a request whose answer never came.
_GRACE = timedelta(minutes=5)
# The row may be renewed by others while it is released, such as its copy of the assistant.
_WRITE_TRIES = 6


@dataclass(frozen=True)
class Released:
    """What became of a request to release: certain, or to be asked again."""

    phone_number: E164
    carrier: str
    is_certain: bool


def release(
    app: App, organization_id: int, phone_number: str, provider: str | None = None
) -> Released:
    """Give a number back to its carrier for good; its calls are answered until it is gone.

    Raises InvalidNumber, UnknownProvider, InvalidRequest, NumberNotFound, NotOwned,
    NumberNotReady, ReleaseInProgress and CarrierNotConnected before the carrier is asked, and
    CarrierError when it certainly did nothing. Asking again after an answer that never came
    looks at the carrier first; so does asking again after a process died.
    """
    wanted = parse_e164(phone_number)
    for _ in range(_WRITE_TRIES):
        number = _own(app, organization_id, wanted, provider)
        carrier = app.carrier(number.carrier, organization_id)
        number_id = _id_of(carrier, number)
        try:
            claimed = _claim(app, number, number_id)
        except Taken:
            continue  # changed since it was read: look at what it is now
        is_certain = _give_back(app, carrier, claimed, is_repeated=number.release is not None)
        return Released(wanted, number.carrier, is_certain)
    raise ServiceUnavailable(f"{wanted} is being changed by others. Nothing was done. Try again.")


def finish(app: App, number: Number, *, by_person: bool) -> Released:
    """Finish a release that nobody settled, of the very row that was read.

    Unless a person asks for it, the carrier is asked again only where its id of the number names
    one purchase; elsewhere somebody may have bought the number anew, and Conflict is raised.
    Raises Taken when the row has changed since. Raises ReleaseInProgress, CarrierNotConnected, and
    CarrierError as `release` does.
    """
    _check_releasable(number, app.clock())
    carrier = app.carrier(number.carrier, number.organization_id)
    if by_person or (carrier.features.has_number_ids and number.carrier_number_id):
        claimed = _claim(app, number, number.carrier_number_id)
        is_certain = _give_back(app, carrier, claimed, is_repeated=True)
    elif carrier.find_held(number.phone_number) is None:
        is_certain = _settled(app, _claim(app, number, number.carrier_number_id))
    else:
        raise Conflict(
            f"{number.phone_number} is still held at {number.carrier}, and nothing tells whether "
            "it was bought anew since. Left to `switchboard reconcile --apply`, or to whoever "
            "repeats the release."
        )
    return Released(number.phone_number, number.carrier, is_certain)


# --- before the carrier is asked ---


def _own(app: App, organization_id: int, wanted: E164, provider: str | None) -> Number:
    if provider is not None:
        app.carrier_class(provider)
    number = app.store.number(wanted)
    if number is None:
        raise NumberNotFound(_why_not_found(app, organization_id, wanted))
    if number.organization_id != organization_id:
        raise NotOwned("Unauthorized: phone number belongs to different organization")
    if provider not in (None, number.carrier):
        raise InvalidRequest(
            f"{wanted} is held at {number.carrier}, not at {provider}. Nothing was released. "
            "Leave provider out, or name the right one."
        )
    _check_releasable(number, app.clock())
    return number


def _why_not_found(app: App, organization_id: int, wanted: E164) -> str:
    text = "Phone number not found in your account"
    gone = app.store.last_release(organization_id, wanted)
    if gone is None:
        return text
    return f"{text}: {wanted} was released on {gone.released_at:%Y-%m-%d at %H:%M:%S} UTC."


def _check_releasable(number: Number, now: datetime) -> None:
    if number.status is NumberStatus.PENDING:
        raise NumberNotReady(
            f"{number.phone_number} is ordered and not delivered yet: there is nothing to "
            "release. Repeat the purchase with its Idempotency-Key to see how it stands."
        )
    if is_in_flight(number, now):
        raise ReleaseInProgress(
            f"{number.phone_number} is just being released by another request. Repeat this one "
            "in a minute to see how it ended."
        )


def is_in_flight(number: Number, now: datetime) -> bool:
    """Tell whether somebody may still be asking the carrier to take a number back."""
    running = number.release.running_since if number.release else None
    return running is not None and now - running < _IN_FLIGHT


def _id_of(carrier: Numbers, number: Number) -> str | None:
    """Return the carrier's id of a number, looked up where a purchase has not told it.

    Noted with the claim, so that no repetition of the release names a later purchase.
    """
    if number.carrier_number_id or number.release:
        return number.carrier_number_id
    held = carrier.find_held(number.phone_number)
    return held.carrier_number_id if held else None


def _claim(app: App, number: Number, number_id: str | None) -> Number:
    now = app.clock()
    earlier = number.release
    claim = ReleaseClaim(
        was=earlier.was if earlier else number.status,
        first_at=earlier.first_at if earlier else now,
        running_since=now,
    )
    after = replace(
        number,
        status=NumberStatus.RELEASING,
        release=claim,
        carrier_number_id=number_id,
        updated_at=now,
    )
    return app.store.change_numbers([NumberChange(number, after)])[0]


# --- at the carrier ---


def _give_back(app: App, carrier: Numbers, claimed: Number, *, is_repeated: bool) -> bool:
    """Release a claimed number; say whether that is certain, or raise what refused it."""
    try:
        if not (is_repeated and _is_gone(carrier, claimed)):
            carrier.release(claimed)
    except OutcomeUnknown as error:
        logger.warning("release outcome unknown", extra=_trace(claimed, error))
        _mark(app, claimed, is_held=False)
        return False
    except SwitchboardError as error:
        logger.info("release refused", extra=_trace(claimed, error))
        # What an earlier attempt still does at the carrier is not known before that time.
        recent = is_repeated and app.clock() - _first(claimed) < _GRACE
        _mark(app, claimed, is_held=not recent)
        raise
    return _settled(app, claimed)


def _is_gone(carrier: Numbers, claimed: Number) -> bool:
    held = carrier.find_held(claimed.phone_number)
    if held is None:
        return True
    # Bought anew since, past us: that is another number, and not the one to release.
    return claimed.carrier_number_id not in (None, held.carrier_number_id)


def _first(claimed: Number) -> datetime:
    return claimed.release.first_at if claimed.release else claimed.updated_at


# --- settling ---


def _settled(app: App, claimed: Number) -> bool:
    gone = Release(
        organization_id=claimed.organization_id,
        phone_number=claimed.phone_number,
        carrier=claimed.carrier,
        held_since=claimed.created_at,
        released_at=app.clock(),
        carrier_number_id=claimed.carrier_number_id,
        friendly_name=claimed.friendly_name,
        order_key=claimed.order_key or None,
    )
    return _write(app, claimed, lambda number: app.store.settle_release(number, gone))


def _mark(app: App, claimed: Number, *, is_held: bool) -> None:
    """Write down that nobody is releasing any more, and whether the number is ours as before."""

    def change(number: Number) -> None:
        claim = claimed.release
        if is_held and claim:
            after = replace(number, status=claim.was, release=None)
        else:
            after = replace(number, release=replace(claim, running_since=None) if claim else None)
        app.store.change_numbers([NumberChange(number, after)])

    _write(app, claimed, change)


def _write(app: App, claimed: Number, write: Callable[[Number], None]) -> bool:
    """Write how an attempt ended, over whatever else changed meanwhile; say whether it is so.

    When it cannot be written the claim stays, and the next request looks at the carrier.
    """
    number: Number | None = claimed
    try:
        for _ in range(_WRITE_TRIES):
            if number is None or number.release != claimed.release:
                return True  # a later attempt has taken over, or finished
            try:
                write(number)
            except Taken:
                number = app.store.number(claimed.phone_number)
            else:
                return True
    except ServiceUnavailable as error:
        logger.error("release not settled", extra=_trace(claimed, error))
    return False


def _trace(number: Number, error: Exception) -> dict[str, object]:
    return {
        "organization_id": number.organization_id,
        "carrier": number.carrier,
        "phone_number": masked(number.phone_number),
        "problem": type(error).__name__,
    }
