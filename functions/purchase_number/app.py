"""POST /api/v1/phone-numbers/purchase: buy a phone number and wire it to an assistant."""

from collections.abc import Callable
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import Field, StrictInt, StrictStr

from switchboard import description, edge, wiring
from switchboard.app import App
from switchboard.errors import (
    AddressRequired,
    AssistantNotFound,
    IdempotencyKeyReused,
    InsufficientBalance,
    InvalidNumber,
    NotFound,
    NumberUnavailable,
    PurchaseInProgress,
    UnknownProvider,
)
from switchboard.model import NumberOrder, OrderStatus
from switchboard.numbers import purchasing
from switchboard.replies.purchases import PurchaseReply, purchase_reply
from switchboard.request_model import RequestModel

api = edge.api()


PROVIDERS = (
    "twilio, telnyx, vonage, or byo-sip-trunk: then a number that you hold elsewhere is registered."
)


class PurchaseBody(RequestModel):
    """What to buy."""

    phone_number: Annotated[StrictStr, Field(description="E.164.", examples=["+12125550147"])]
    provider: Annotated[StrictStr, Field(description=PROVIDERS, examples=["twilio"])]
    country_code: Annotated[
        StrictStr | None, Field(description="ISO 3166; derived from the number when absent.")
    ] = None
    assistant_id: Annotated[
        StrictInt | None, Field(description="Who answers it from the first moment.")
    ] = None
    friendly_name: Annotated[
        StrictStr | None,
        Field(description="The number itself when absent.", max_length=64, examples=["Front desk"]),
    ] = None
    messaging_profile_id: Annotated[
        StrictStr | None, Field(description="Telnyx only: not the connected account's own.")
    ] = None
    sip_trunk_id: Annotated[
        StrictStr | None,
        Field(
            max_length=36,
            description="byo-sip-trunk only: which trunk carries its calls. Without it the first "
            "enabled one does.",
        ),
    ] = None


_UNKNOWN = "Twilio did not answer whether it sold +12125550147. Do not buy another instead: …"
REPLIES = description.replies(
    PurchaseReply,
    InvalidNumber,
    UnknownProvider,
    InsufficientBalance,
    AssistantNotFound,
    NotFound,
    NumberUnavailable,
    IdempotencyKeyReused,
    PurchaseInProgress,
    AddressRequired,
    *description.CARRIER,
) | description.replies(
    PurchaseReply,
    status=202,
    example={"success": False, "message": _UNKNOWN, "status": "unknown"},
)


@api.post("/api/v1/phone-numbers/purchase", responses=REPLIES, tags=["Phone numbers"])
@api.post("/phone-numbers/purchase", responses=REPLIES, tags=["Phone numbers"])
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
    return edge.answer(status, purchase_reply(order), headers)


def lambda_handler(
    event: dict[str, Any], context: LambdaContext, app: Callable[[], App] = wiring.app
) -> dict[str, Any]:
    """Answer an API request."""
    return edge.handle(api, event, context, app)
