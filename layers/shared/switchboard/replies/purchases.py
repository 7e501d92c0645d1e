"""Purchases of phone numbers as the API shows them."""

from typing import Annotated, Any, TypedDict

from pydantic import Field

from ..model import NumberOrder, OrderStatus


class PurchaseReply(TypedDict):
    """A phone number that was bought or ordered: `status` says which."""

    success: Annotated[bool, Field(description="False: it is not known yet.", examples=[True])]
    phone_number: Annotated[str, Field(description="E.164.", examples=["+14155550100"])]
    provider: Annotated[str, Field(examples=["twilio"])]
    status: Annotated[OrderStatus, Field(examples=["active"])]
    purchase_details: Annotated[
        dict[str, Any],
        Field(
            description="The carrier's own words.",
            examples=[{"sid": "PN00000000000000000000000000000001", "provider": "twilio"}],
        ),
    ]
    message: Annotated[
        str, Field(examples=["Successfully purchased phone number +14155550100 from twilio"])
    ]


def purchase_reply(order: NumberOrder) -> PurchaseReply:
    """Return what became of an order."""
    return {
        "success": order.status is not OrderStatus.UNKNOWN,
        "phone_number": order.phone_number,
        "provider": order.carrier,
        "status": order.status,
        "purchase_details": order.details,
        "message": _message(order),
    }


def _message(order: NumberOrder) -> str:
    carrier = order.carrier.capitalize()
    text = _MESSAGES[order.status].format(order=order, carrier=carrier)
    if order.status is OrderStatus.PENDING and "requirements_status" in order.details:
        text += f" {carrier} wants an address or documents first: give them in its console."
    return text


_AGAIN = "Repeat the request with the same Idempotency-Key to see how it stands."
_MESSAGES = {
    OrderStatus.ACTIVE: "Successfully purchased phone number {order.phone_number} "
    "from {order.carrier}",
    OrderStatus.PENDING: "Ordered phone number {order.phone_number} from {carrier}, which has "
    "not delivered it yet. " + _AGAIN,
    OrderStatus.UNKNOWN: "{carrier} did not answer whether it sold {order.phone_number}. Do not "
    "buy another instead: it may be yours already. " + _AGAIN,
}
