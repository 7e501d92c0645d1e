"""Telnyx's orders of numbers, as answers and events show them."""

from typing import Any

from ...errors import InvalidRequest, NumberUnavailable
from ...model import (
    E164,
    Capabilities,
    NumberOrder,
    OrderStatus,
    PurchaseResult,
    Refusal,
    parse_e164,
)
from ..base import OrderUpdate
from ..problems import problem
from .api import Record, TelnyxApi

_ORDER_STATUS = {"success": OrderStatus.ACTIVE, "pending": OrderStatus.PENDING}
_DOCUMENTS_WANTED = {"requirement-info-pending", "requirement-info-exception"}
# Begins the customer_reference of every order of ours; our id of the order follows.
_REFERENCE = "switchboard"


def reference(order: NumberOrder) -> str:
    """Return the customer_reference by which an order of ours is found again."""
    return f"{_REFERENCE}-{order.id}"


def purchase(placed: Any, phone_number: E164) -> PurchaseResult:
    """Return what became of an order; raise ValueError when it says too little to tell."""
    if not placed.id or not placed.status:
        raise ValueError("an answer without an order")
    status = _ORDER_STATUS.get(placed.status, OrderStatus.FAILED)
    return PurchaseResult(
        status=status,
        carrier_order_id=placed.id,
        # The order does not say what the number can do. It is tied to an application, so
        # calls reach us, and to a messaging profile when it has one.
        capabilities=Capabilities(voice=True, sms=bool(placed.messaging_profile_id)),
        details={
            "id": placed.id,
            "phone_number": phone_number,
            "status": placed.status,
            "connection_id": placed.connection_id,
            "messaging_profile_id": placed.messaging_profile_id,
            "date_created": placed.created_at,
            "provider": TelnyxApi.name,
            "phone_numbers_count": placed.phone_numbers_count,
            "customer_reference": placed.customer_reference,
            **_requirements(placed),
        },
        refusal=_refusal(placed, phone_number) if status is OrderStatus.FAILED else None,
    )


def _requirements(placed: Any) -> dict[str, str]:
    # Such an order stays open at Telnyx and is delivered once a person has given the papers,
    # so it is not refused: giving the claim back would leave a number that nobody knows of.
    # A list of orders shows less of their numbers than an order does.
    numbers = placed.phone_numbers or []
    states = {str(number.requirements_status) for number in numbers}
    waiting = sorted(states & _DOCUMENTS_WANTED)
    return {"requirements_status": waiting[0]} if waiting else {}


def _refusal(placed: Any, phone_number: E164) -> Refusal:
    failed = problem(
        NumberUnavailable, "Telnyx", f"deliver {phone_number}", said=f"order {placed.status}"
    )
    return Refusal(failed.status, failed.code, str(failed))


def order_update(payload: dict[str, Any]) -> OrderUpdate | None:
    """Return what became of an order of ours; None for an order that somebody else placed.

    The signed event holds the whole order, so nobody has to look it up.
    """
    mark, _, order_id = str(payload.get("customer_reference")).partition("-")
    if mark != _REFERENCE or not order_id.isdecimal():
        return None
    try:
        [number] = payload["phone_numbers"]
        phone_number = parse_e164(str(number["phone_number"]))
        placed = Record(payload, phone_numbers=[Record(number)])
        return OrderUpdate(int(order_id), phone_number, purchase(placed, phone_number))
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidRequest("A Telnyx order event without its order") from error
