"""POST /api/v1/phone-numbers/purchase: buy a phone number and wire it to an assistant."""

from collections.abc import Callable
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, Field, StrictInt, StrictStr

from switchboard import edge, wiring
from switchboard.app import App
from switchboard.model import NumberOrder, OrderStatus
from switchboard.numbers import purchasing

api = edge.api()


class PurchaseBody(BaseModel):
    """What to buy."""

    phone_number: Annotated[StrictStr, Field(description="E.164", examples=["+14155550100"])]
    provider: Annotated[StrictStr, Field(description="twilio or telnyx")]
    country_code: Annotated[
        StrictStr | None, Field(description="ISO 3166, derived from the number when absent")
    ] = None
    assistant_id: StrictInt | None = None
    friendly_name: Annotated[StrictStr | None, Field(max_length=64)] = None
    messaging_profile_id: Annotated[StrictStr | None, Field(description="Telnyx")] = None


@api.post("/api/v1/phone-numbers/purchase")
@api.post("/phone-numbers/purchase")
def purchase_number(body: Annotated[PurchaseBody, Body()]) -> Response[edge.Json]:
    """Buy a phone number, at most once."""
    organization_id = edge.authorized(api, "numbers:write")
    request = purchasing.PurchaseRequest(**body.model_dump())
    key = edge.idempotency_key(api)
    bought = purchasing.purchase(edge.current_app(api), organization_id, request, key)
    headers = {"Idempotent-Replayed": "true"} if bought.replayed else {}
    return _answer(bought.order, headers)


def _answer(order: NumberOrder, headers: dict[str, str]) -> Response[edge.Json]:
    if order.refusal:
        refusal = order.refusal
        reply = edge.problem(api, refusal.status, refusal.code, refusal.message)
        reply.headers.update(headers)
        return reply
    status = 202 if order.status is OrderStatus.UNKNOWN else 200
    return edge.answer(status, _order_json(order), headers)


def _order_json(order: NumberOrder) -> edge.Json:
    return {
        "success": order.status is not OrderStatus.UNKNOWN,
        "phone_number": order.phone_number,
        "provider": order.carrier,
        "status": order.status.value,
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


def lambda_handler(
    event: dict[str, Any], context: LambdaContext, app: Callable[[], App] = wiring.app
) -> dict[str, Any]:
    """Answer an API request."""
    return edge.handle(api, event, context, app)
