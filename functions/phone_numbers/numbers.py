"""The organization's numbers: list, show, change, give back."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from pydantic import Field, StrictInt, StrictStr, model_validator

from switchboard import description, edge
from switchboard.errors import (
    AssistantNotFound,
    Conflict,
    FlowNotFound,
    InvalidNumber,
    NotFound,
    NotOwned,
    NumberNotFound,
    NumberNotHeld,
    NumberNotReady,
    ReleaseInProgress,
    UnknownProvider,
)
from switchboard.ids import LAST_ID
from switchboard.numbers import holding, listing, releasing, updating
from switchboard.replies.numbers import (
    NumberUpdated,
    PhoneNumberReply,
    ReleaseReply,
    number_reply,
    release_reply,
)
from switchboard.request_model import RequestModel
from switchboard.store import NumberPage

from .inputs import NumberId, PageQuery

api = APIGatewayRouter()

LISTED = description.list_of(PhoneNumberReply)


class NumbersQuery(PageQuery):
    """Which numbers: what is filtered out of a page makes it shorter."""

    include_assigned: bool = True
    include_unassigned: bool = True
    include_inactive: Annotated[
        bool, Field(description="Also those whose calls do not come here (yet, or any more).")
    ] = False


class UpdateBody(RequestModel):
    """What to change; what is left out stays."""

    friendly_name: Annotated[
        StrictStr | None, Field(min_length=1, max_length=64, examples=["Front desk line"])
    ] = None
    assistant_id: Annotated[
        StrictInt | None,
        Field(ge=0, le=LAST_ID, description="Who shall answer it; 0 is nobody."),
    ] = None
    flow_id: Annotated[
        StrictInt | None,
        Field(ge=0, le=LAST_ID, description="Which flow shall answer it; 0 is none."),
    ] = None
    sip_trunk_id: Annotated[
        StrictStr | None,
        Field(
            max_length=36,
            description="Which SIP trunk carries its calls, for numbers of byo-sip-trunk; an empty "
            "text leaves that to the trunks' priorities.",
        ),
    ] = None
    allowed_country_codes: Annotated[
        list[Annotated[StrictStr, Field(pattern="^[A-Za-z]{2}$")]] | None,
        Field(
            max_length=300,
            description="ISO 3166: callers from elsewhere are turned away. Null or empty lets "
            "every caller through.",
            examples=[["US", "CA"]],
        ),
    ] = None

    @model_validator(mode="after")
    def _one_holder(self) -> "UpdateBody":
        if self.assistant_id and self.flow_id:
            raise ValueError("a number has an assistant or a flow, never both")
        return self


class ReleaseBody(RequestModel):
    """What to give back."""

    phone_number: Annotated[StrictStr, Field(description="E.164.", examples=["+14155550100"])]
    provider: Annotated[
        StrictStr | None, Field(description="Refused when the number is held at another.")
    ] = None


@api.get("/api/v1/assistants/organization/phone-numbers", responses=LISTED, tags=["Phone numbers"])
@api.get("/api/v1/phone-numbers", responses=LISTED, tags=["Phone numbers"])
def list_numbers(query: Annotated[NumbersQuery, Query()]) -> Response[Any]:
    """List the organization's numbers, in the order of the number."""
    organization_id = edge.authorized(api, "numbers:read")
    wanted = listing.NumberFilter(
        query.include_assigned, query.include_unassigned, query.include_inactive
    )
    app = edge.current_app(api)
    return page(listing.find(app, organization_id, wanted, query.cursor, query.limit))


@api.get(
    "/api/v1/assistants/organization/phone-numbers/available",
    responses=LISTED,
    tags=["Phone numbers"],
)
def list_available(query: Annotated[PageQuery, Query()]) -> Response[Any]:
    """List the numbers that neither an assistant nor a flow answers."""
    organization_id = edge.authorized(api, "numbers:read")
    app = edge.current_app(api)
    return page(listing.available(app, organization_id, query.cursor, query.limit))


@api.get(
    "/api/v1/assistants/organization/phone-numbers/<phone_number_id>",
    responses=description.replies(PhoneNumberReply, NumberNotFound),
    tags=["Phone numbers"],
)
def get_number(phone_number_id: NumberId) -> Response[Any]:
    """Show a number."""
    organization_id = edge.authorized(api, "numbers:read")
    number = holding.by_id(edge.current_app(api), organization_id, phone_number_id)
    return edge.answer(200, number_reply(number))


@api.patch(
    "/api/v1/assistants/organization/phone-numbers/<phone_number_id>",
    responses=description.replies(
        NumberUpdated,
        NumberNotFound,
        AssistantNotFound,
        FlowNotFound,
        NotFound,
        NumberNotReady,
        NumberNotHeld,
        Conflict,
        *description.CARRIER,
    ),
    tags=["Phone numbers"],
)
def update_number(phone_number_id: NumberId, body: Annotated[UpdateBody, Body()]) -> Response[Any]:
    """Change a number's name, who answers it, who may call it, or its SIP trunk."""
    organization_id = edge.authorized(api, "numbers:write")
    countries = body.allowed_country_codes
    if "allowed_country_codes" in body.model_fields_set:
        countries = countries or []
    patch = updating.NumberPatch(
        friendly_name=body.friendly_name,
        assistant_id=body.assistant_id,
        flow_id=body.flow_id,
        allowed_country_codes=None if countries is None else tuple(countries),
        sip_trunk_id=body.sip_trunk_id,
    )
    number = updating.update(edge.current_app(api), organization_id, phone_number_id, patch)
    message = f"Phone number {number.phone_number} updated successfully"
    shown = number_reply(number)
    return edge.answer(200, {"success": True, "message": message, "phone_number": shown})


RELEASE = description.replies(
    ReleaseReply,
    InvalidNumber,
    UnknownProvider,
    NumberNotFound,
    NotOwned,
    NumberNotReady,
    ReleaseInProgress,
    *description.CARRIER,
) | description.replies(ReleaseReply, status=202)


@api.post("/api/v1/phone-numbers/release", responses=RELEASE, tags=["Phone numbers"])
@api.post("/phone-numbers/release", responses=RELEASE, tags=["Phone numbers"])
def release_number(body: Annotated[ReleaseBody, Body()]) -> Response[Any]:
    """Give a number back to its carrier. That cannot be undone."""
    organization_id = edge.authorized(api, "numbers:write")
    app = edge.current_app(api)
    released = releasing.release(app, organization_id, body.phone_number, body.provider)
    return edge.answer(200 if released.is_certain else 202, release_reply(released))


def page(found: NumberPage) -> Response[Any]:
    """Return a page of numbers, and where the next one begins."""
    shown = [number_reply(number) for number in found.numbers]
    return edge.answer(200, shown, next_page(found))


def next_page(found: NumberPage) -> dict[str, str]:
    """Return the header that leads to the next page, if there is one."""
    return {"X-Next-Cursor": found.last[1:]} if found.last else {}
