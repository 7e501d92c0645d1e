"""A number's settings at its carrier: where its calls and messages go, and whether all is well."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from pydantic import Field, StrictBool, StrictStr

from switchboard import description, edge
from switchboard.errors import (
    Conflict,
    InvalidNumber,
    NotConfigurable,
    NotOwned,
    NumberNotFound,
    NumberNotHeld,
    NumberNotReady,
    UnknownProvider,
)
from switchboard.numbers import carrier_settings
from switchboard.replies.carrier_settings import (
    DiagnosisReply,
    WebhooksReply,
    WebhooksUpdated,
    diagnosis_reply,
    webhooks_reply,
    webhooks_updated,
)
from switchboard.request_model import RequestModel

from .inputs import PhoneNumber

api = APIGatewayRouter()

_TAGS = ["Phone numbers"]
_ERRORS: description.Errors = (
    InvalidNumber,
    UnknownProvider,
    NumberNotFound,
    NotOwned,
    NumberNotReady,
    NumberNotHeld,
    *description.CARRIER,
)
SHOWN = description.replies(WebhooksReply, *_ERRORS)
CHANGED = description.replies(WebhooksUpdated, NotConfigurable, Conflict, *_ERRORS)
DIAGNOSED = description.replies(DiagnosisReply, *_ERRORS)

Provider = Annotated[StrictStr | None, Field(description="Known from the number.", max_length=20)]


class WebhooksBody(RequestModel):
    """What to change; one action at least."""

    phone_number: Annotated[StrictStr, Field(description="E.164.", examples=["+14155550100"])]
    voice_webhook_url: Annotated[
        StrictStr | None,
        Field(
            max_length=2048,
            description="https://. The number is inactive until its calls come here again.",
        ),
    ] = None
    disable_sms: Annotated[StrictBool, Field(examples=[True])] = False
    enable_sms: StrictBool = False
    provider: Provider = None


@api.get("/api/v1/phone-numbers/<phone_number>/webhooks", responses=SHOWN, tags=_TAGS)
@api.get("/phone-numbers/<phone_number>/webhooks", responses=SHOWN, tags=_TAGS)
def get_webhooks(
    phone_number: PhoneNumber, provider: Annotated[Provider, Query()] = None
) -> Response[Any]:
    """Show where a number's calls and messages go, as the carrier has it now."""
    organization_id = edge.authorized(api, "numbers:read")
    app = edge.current_app(api)
    number, held = carrier_settings.webhooks(app, organization_id, phone_number, provider)
    return edge.answer(200, webhooks_reply(number, held))


@api.put("/api/v1/phone-numbers/webhooks", responses=CHANGED, tags=_TAGS)
@api.put("/phone-numbers/webhooks", responses=CHANGED, tags=_TAGS)
def update_webhooks(body: Annotated[WebhooksBody, Body()]) -> Response[Any]:
    """Send a number's calls elsewhere or back here, switch its messages on or off."""
    organization_id = edge.authorized(api, "numbers:write")
    wanted = carrier_settings.WebhookChanges(**body.model_dump())
    changed = carrier_settings.update_webhooks(edge.current_app(api), organization_id, wanted)
    return edge.answer(200, webhooks_updated(changed))


@api.get("/api/v1/phone-numbers/<phone_number>/diagnose", responses=DIAGNOSED, tags=_TAGS)
@api.get("/phone-numbers/<phone_number>/diagnose", responses=DIAGNOSED, tags=_TAGS)
def diagnose_number(phone_number: PhoneNumber) -> Response[Any]:
    """Look at a number at its carrier, and at all that its calls depend on there."""
    organization_id = edge.authorized(api, "numbers:read")
    examined = carrier_settings.diagnose(edge.current_app(api), organization_id, phone_number)
    return edge.answer(200, diagnosis_reply(examined))
