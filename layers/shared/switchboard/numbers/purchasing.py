"""Buying a number: write the intent, claim the number, spend, settle."""

import hashlib
import json
import logging
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from .. import items
from ..app import App
from ..carriers.base import Numbers, OrderUpdate
from ..errors import (
    AssistantNotFound,
    CarrierError,
    CarrierUnavailable,
    IdempotencyKeyReused,
    InsufficientBalance,
    InvalidNumber,
    InvalidRequest,
    NumberUnavailable,
    OutcomeUnknown,
    PurchaseInProgress,
    ServiceUnavailable,
    SwitchboardError,
)
from ..model import (
    E164,
    Assistant,
    Number,
    NumberOrder,
    NumberStatus,
    OrderStatus,
    PurchaseResult,
    Refusal,
    masked,
    parse_e164,
)
from ..store import Taken
from .trunk_choice import no_such_trunk, trunk_for

logger = logging.getLogger(__name__)

# Longer than the function that buys may run: after this, whoever was buying is dead.
_IN_FLIGHT = timedelta(seconds=60)
GRACE = timedelta(minutes=5)
"""How long a carrier may still be working on a request whose answer never came."""
# Waits between looks at a pending order, in seconds: 6 s in all, well inside a request.
_PATIENCE = (0.5, 1.0, 1.5, 3.0)


@dataclass(frozen=True)
class PurchaseRequest:
    """What a buyer asks for, as it came."""

    provider: str
    phone_number: str
    country_code: str | None = None
    assistant_id: int | None = None
    friendly_name: str | None = None
    messaging_profile_id: str | None = None
    sip_trunk_id: str | None = None
    """Of numbers that the organization holds elsewhere only."""


@dataclass(frozen=True)
class Purchase:
    """An order, and whether the answer is one that was given before."""

    order: NumberOrder
    replayed: bool = False


def purchase(
    app: App, organization_id: int, request: PurchaseRequest, key: str | None = None
) -> Purchase:
    """Buy a number at most once per Idempotency-Key, and at most once at all.

    Raises InvalidRequest, AssistantNotFound, NumberUnavailable, IdempotencyKeyReused,
    PurchaseInProgress and ServiceUnavailable before the carrier is asked, and
    CarrierUnavailable when it certainly did nothing: the same key may try again then. What
    it answered is in the order: active, pending, failed with its refusal, or unknown.
    """
    order, assistant = _validated(app, organization_id, request, key)
    carrier = app.carrier(order.carrier, organization_id)
    number = _claimed_number(app, order, assistant)
    try:
        app.store.claim(order, number)
    except Taken as taken:
        earlier, holder, *_ = taken.found
        if earlier:
            return Purchase(_repeat(app, carrier, items.order(earlier), order), replayed=True)
        if not holder and 2 in taken.failed:
            raise no_such_trunk(str(order.sip_trunk_id)) from taken  # deleted since it was read
        if not holder or not _is_free_again(app, items.number(holder), order):
            raise NumberUnavailable(_why_taken(order, holder)) from taken
        return purchase(app, organization_id, request, key)
    return Purchase(_buy(app, carrier, order, number))


def settle_delivered(app: App, organization_id: int, update: OrderUpdate) -> None:
    """Settle an order by what its carrier has announced of it."""
    number = app.store.number(update.phone_number)
    if number is None or number.organization_id != organization_id:
        return
    order = app.store.order(organization_id, number.order_key)
    if order is None or order.id != update.order_id or order.status.is_final:
        return
    _settled_as(app, order, number, update.result)


def settle_open(app: App, number: Number) -> NumberOrder | None:
    """Settle the order that a pending number waits for by what the carrier's records say.

    Left alone while somebody may still be buying. None when the number has no order any more.
    Raises CarrierNotConnected, ServiceUnavailable.
    """
    order = app.store.order(number.organization_id, number.order_key)
    if order is None or order.status.is_final or is_in_flight(order, app.clock()):
        return order
    return _look(app, app.carrier(order.carrier, order.organization_id), order)


# --- before any money ---


def _validated(
    app: App, organization_id: int, request: PurchaseRequest, key: str | None
) -> tuple[NumberOrder, Assistant | None]:
    phone_number = parse_e164(request.phone_number)
    app.carrier_class(request.provider)
    trunk_id = trunk_for(app, organization_id, request.provider, request.sip_trunk_id)
    country_code = _country(phone_number, request.country_code)
    assistant = None
    if request.assistant_id is not None:
        assistant = app.store.assistant(organization_id, request.assistant_id)
        if assistant is None:
            raise AssistantNotFound(f"Assistant with ID {request.assistant_id} not found")
    order_id, now = app.new_id(), app.clock()
    order = NumberOrder(
        id=order_id,
        organization_id=organization_id,
        key=key or f"order-{order_id}",
        fingerprint=_fingerprint(request),
        carrier=request.provider,
        phone_number=phone_number,
        country_code=country_code,
        friendly_name=request.friendly_name or phone_number,
        created_at=now,
        updated_at=now,
        assistant_id=request.assistant_id,
        messaging_profile_id=request.messaging_profile_id,
        sip_trunk_id=trunk_id,
        to_record=app.actor,
    )
    return order, assistant


def _country(phone_number: E164, given: str | None) -> str | None:
    # Imported here: a webhook that settles an order needs none of it, and a caller would wait.
    import phonenumbers

    parsed = phonenumbers.parse(phone_number)
    derived = phonenumbers.region_code_for_number(parsed)
    if given is None:
        return derived
    given = given.upper()
    calling_code = phonenumbers.country_code_for_region(given)
    if not calling_code:
        raise InvalidRequest(f"country_code must be two letters of ISO 3166, not '{given}'")
    # Toll-free numbers are shared by all countries of a calling code: that much must agree.
    shared = phonenumbers.number_type(parsed) == phonenumbers.PhoneNumberType.TOLL_FREE
    if calling_code != parsed.country_code or (derived not in (None, given) and not shared):
        raise InvalidNumber(
            f"{phone_number} is not a number of {given}. Leave country_code out to derive it."
        )
    return given


def _fingerprint(request: PurchaseRequest) -> str:
    asked = asdict(request)
    if request.sip_trunk_id is None:
        # Requests from before there were trunks keep their fingerprints.
        del asked["sip_trunk_id"]
    text = json.dumps(asked, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _claimed_number(app: App, order: NumberOrder, assistant: Assistant | None) -> Number:
    return Number(
        organization_id=order.organization_id,
        phone_number=order.phone_number,
        carrier=order.carrier,
        status=NumberStatus.PENDING,
        order_key=order.key,
        created_at=order.created_at,
        updated_at=order.created_at,
        country_code=order.country_code,
        friendly_name=order.friendly_name,
        assistant=assistant,
        sip_trunk_id=order.sip_trunk_id,
    )


# --- when something stands already ---


def _repeat(app: App, carrier: Numbers, earlier: NumberOrder, wanted: NumberOrder) -> NumberOrder:
    if earlier.fingerprint != wanted.fingerprint:
        raise IdempotencyKeyReused(
            f"Idempotency-Key '{wanted.key}' was used for another purchase, of "
            f"{earlier.phone_number}. Send a new key for a new purchase."
        )
    if earlier.status.is_final:
        return earlier
    if is_in_flight(earlier, app.clock()):
        raise PurchaseInProgress(
            f"The purchase of {earlier.phone_number} with this Idempotency-Key is still being "
            "carried out. Repeat the request in a few seconds to see how it ended."
        )
    return _look(app, carrier, earlier)


def is_in_flight(order: NumberOrder, now: datetime) -> bool:
    """Tell whether somebody may still be asking the carrier for an order's number."""
    return order.status is OrderStatus.SUBMITTED and now - order.updated_at < _IN_FLIGHT


def _is_free_again(app: App, holder: Number, order: NumberOrder) -> bool:
    """Settle an abandoned purchase of the same number; say whether that freed the number."""
    if holder.organization_id != order.organization_id:
        return False
    if holder.status is not NumberStatus.PENDING:
        return False
    abandoned = app.store.order(holder.organization_id, holder.order_key)
    if abandoned is None or is_in_flight(abandoned, app.clock()):
        return False
    carrier = app.carrier(abandoned.carrier, abandoned.organization_id)
    return _look(app, carrier, abandoned).status is OrderStatus.FAILED


def _why_taken(order: NumberOrder, holder: items.Item | None) -> str:
    if holder is None or int(holder["organization_id"]) != order.organization_id:
        return f"{order.phone_number} is not available. Search again and choose another number."
    if holder["status"] == NumberStatus.RELEASING:
        return (
            f"{order.phone_number} is yours and just being released. Nothing was bought. Repeat "
            "the release to see how it stands, and search again before buying it anew."
        )
    if holder["status"] != NumberStatus.PENDING:
        return f"{order.phone_number} is already yours. Nothing was bought."
    return (
        f"{order.phone_number} is being bought by an earlier request whose outcome is not known "
        "yet. Repeat that request with its Idempotency-Key, or this one in some minutes."
    )


# --- spending ---


def _buy(app: App, carrier: Numbers, order: NumberOrder, number: Number) -> NumberOrder:
    try:
        result = carrier.buy(order)
    except OutcomeUnknown as error:
        logger.warning("purchase outcome unknown", extra=_trace(order, error))
        return _settled(app, replace(order, status=OrderStatus.UNKNOWN), number)
    except CarrierUnavailable as error:
        logger.info("purchase not possible now", extra=_trace(order, error))
        app.store.withdraw(order)
        raise
    except (NumberUnavailable, InsufficientBalance) as error:
        return _refused_unless_sold(app, carrier, order, number, error)
    except SwitchboardError as error:
        logger.info("purchase refused", extra=_trace(order, error))
        return _settled(app, _refused(order, _refusal(error)), None)
    return _sold(app, carrier, order, number, result)


def _refused_unless_sold(
    app: App, carrier: Numbers, order: NumberOrder, number: Number, refused: SwitchboardError
) -> NumberOrder:
    """Settle a refusal, unless it answers the second of two requests that the network made of one.

    Then the first has bought the number, so that the second finds it taken or the account empty.
    """
    try:
        sold = carrier.was_sold(order)
    except CarrierError as error:
        logger.warning("refused purchase not certain", extra=_trace(order, error))
        return _settled(app, replace(order, status=OrderStatus.UNKNOWN), number)
    if sold is not None:
        logger.warning("refused purchase was sold", extra=_trace(order, refused))
        return _sold(app, carrier, order, number, sold)
    logger.info("purchase refused", extra=_trace(order, refused))
    return _settled(app, _refused(order, _refusal(refused)), None)


def _sold(
    app: App, carrier: Numbers, order: NumberOrder, number: Number, result: PurchaseResult
) -> NumberOrder:
    result = _await_delivery(app, carrier, _merged(order, result), result)
    return _settled_as(app, order, number, result)


def _await_delivery(
    app: App, carrier: Numbers, order: NumberOrder, result: PurchaseResult
) -> PurchaseResult:
    for seconds in _PATIENCE:
        if result.status is not OrderStatus.PENDING:
            break
        app.sleep(seconds)
        try:
            result = carrier.find_purchase(order) or result
        except CarrierError as error:
            logger.warning("order not readable", extra=_trace(order, error))
            break
    return result


def _look(app: App, carrier: Numbers, order: NumberOrder) -> NumberOrder:
    """Settle an order whose outcome is open by what the carrier's records say, if they do."""
    number = app.store.number(order.phone_number)
    if number is None or number.order_key != order.key:
        # An open order always holds its number; settled meanwhile, the table has the answer.
        return app.store.order(order.organization_id, order.key) or order
    try:
        result = carrier.find_purchase(order)
    except CarrierError as error:
        logger.warning("order not readable", extra=_trace(order, error))
        return replace(order, status=_still_open(order))
    if result is not None:
        return _settled_as(app, order, number, result)
    if app.clock() - order.created_at < GRACE:
        return replace(order, status=OrderStatus.UNKNOWN)
    nothing = CarrierUnavailable(
        f"{order.phone_number} was not bought: {order.carrier} has no record of the purchase."
    )
    return _settled(app, _refused(order, _refusal(nothing)), None)


def _still_open(order: NumberOrder) -> OrderStatus:
    return OrderStatus.PENDING if order.status is OrderStatus.PENDING else OrderStatus.UNKNOWN


# --- settling ---


def _merged(order: NumberOrder, result: PurchaseResult) -> NumberOrder:
    return replace(
        order,
        status=result.status,
        carrier_order_id=result.carrier_order_id or order.carrier_order_id,
        details=order.details | result.details,
        refusal=result.refusal,
    )


def _refused(order: NumberOrder, refusal: Refusal) -> NumberOrder:
    return replace(order, status=OrderStatus.FAILED, refusal=refusal)


def _refusal(error: SwitchboardError) -> Refusal:
    # This answer now belongs to the key, and so does its repetition.
    text = f"{error} A new attempt needs a new Idempotency-Key."
    return Refusal(error.status, error.code, text)


def _settled_as(
    app: App, order: NumberOrder, number: Number, result: PurchaseResult
) -> NumberOrder:
    if result.status is OrderStatus.FAILED:
        return _settled(app, _merged(order, result), None)
    bought = replace(
        number,
        status=NumberStatus.ACTIVE if result.status is OrderStatus.ACTIVE else NumberStatus.PENDING,
        carrier_number_id=result.carrier_number_id,
        capabilities=result.capabilities,
    )
    return _settled(app, _merged(order, result), bought)


def _settled(app: App, order: NumberOrder, number: Number | None) -> NumberOrder:
    order = replace(order, updated_at=app.clock())
    try:
        app.store.settle(order, number)
    except Taken:
        # Another process looked at the same time and wrote first: its word stands.
        return app.store.order(order.organization_id, order.key) or order
    except ServiceUnavailable as error:
        # The intent stands in the table, so the purchase is found again by looking.
        logger.error("purchase not settled", extra=_trace(order, error))
        return replace(order, status=OrderStatus.UNKNOWN)
    return order


def _trace(order: NumberOrder, error: Exception) -> dict[str, object]:
    return {
        "order_id": order.id,
        "organization_id": order.organization_id,
        "carrier": order.carrier,
        "phone_number": masked(order.phone_number),
        "problem": type(error).__name__,
    }
