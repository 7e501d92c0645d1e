"""Which assistant answers a number: by id, by the number itself, many at once."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from pydantic import Field, StrictBool, StrictInt, StrictStr

from switchboard import description, edge
from switchboard.errors import (
    AssistantNotFound,
    Conflict,
    InvalidNumber,
    NumberAssigned,
    NumberNotFound,
    NumberNotHeld,
    NumberNotReady,
)
from switchboard.ids import LAST_ID
from switchboard.numbers import assigning, bulk, listing
from switchboard.replies.assistants import AssistantReply, assistant_reply
from switchboard.replies.numbers import (
    AssignmentReply,
    AssistantNumberReply,
    BulkReply,
    assignment_reply,
    assistant_number_reply,
    bulk_reply,
    free_number_reply,
)
from switchboard.request_model import RequestModel

from .inputs import AssistantId, NumberId, PageQuery, PhoneNumber
from .numbers import next_page

api = APIGatewayRouter()

_TAGS = ["Number assignment"]
ASSIGNED = description.replies(
    AssignmentReply,
    AssistantNotFound,
    NumberNotFound,
    NumberAssigned,
    NumberNotReady,
    NumberNotHeld,
    Conflict,
    *description.CARRIER,
)
UNASSIGNED = description.replies(
    AssignmentReply, AssistantNotFound, NumberNotFound, NumberNotReady, Conflict
)
LISTED = description.list_of(AssistantNumberReply, AssistantNotFound)


class ByNumberBody(RequestModel):
    """A number, by itself."""

    phone_number: Annotated[StrictStr, Field(description="E.164.", examples=["+14155550100"])]


class AssignByNumberBody(ByNumberBody):
    """Which number to give to the assistant."""

    friendly_name: Annotated[StrictStr | None, Field(min_length=1, max_length=100)] = None
    auto_sync: Annotated[
        StrictBool, Field(description="Look for it in the carrier accounts when it is not here.")
    ] = True


class AnsweringBody(RequestModel):
    """Which assistant, as the published JavaScript client says it."""

    assistant_id: Annotated[StrictInt, Field(alias="assistantId", ge=1, examples=[3001])]


@api.get("/api/v1/assistants/<assistant_id>/phone-numbers", responses=LISTED, tags=_TAGS)
def list_assistant_numbers(
    assistant_id: AssistantId, query: Annotated[PageQuery, Query()]
) -> Response[Any]:
    """List the numbers that an assistant has."""
    organization_id = edge.authorized(api, "numbers:read")
    found = listing.of_assistant(
        edge.current_app(api), organization_id, assistant_id, query.cursor, query.limit
    )
    shown = [assistant_number_reply(number) for number in found.numbers]
    return edge.answer(200, shown, next_page(found))


@api.get("/api/v1/assistants/<assistant_id>/available-phone-numbers", responses=LISTED, tags=_TAGS)
def list_available_to_assistant(
    assistant_id: AssistantId, query: Annotated[PageQuery, Query()]
) -> Response[Any]:
    """List the numbers that an assistant could be given."""
    organization_id = edge.authorized(api, "numbers:read")
    found = listing.available_to(
        edge.current_app(api), organization_id, assistant_id, query.cursor, query.limit
    )
    shown = [free_number_reply(number) for number in found.numbers]
    return edge.answer(200, shown, next_page(found))


@api.get(
    "/api/v1/assistants/by-phone/<phone_number>",
    responses=description.replies(AssistantReply, AssistantNotFound, InvalidNumber),
    tags=_TAGS,
)
def get_assistant_by_number(phone_number: PhoneNumber) -> Response[Any]:
    """Show the assistant that answers a number, also as the base of a flow."""
    organization_id = edge.authorized(api, "numbers:read")
    app = edge.current_app(api)
    return edge.answer(
        200, assistant_reply(listing.assistant_by_number(app, organization_id, phone_number))
    )


@api.post(
    "/api/v1/assistants/<assistant_id>/phone-numbers/<phone_number_id>/assign",
    responses=ASSIGNED,
    tags=_TAGS,
)
def assign_number(assistant_id: AssistantId, phone_number_id: NumberId) -> Response[Any]:
    """Give a number to an assistant."""
    organization_id = edge.authorized(api, "numbers:write")
    return _assigned(organization_id, assistant_id, phone_number_id)


@api.post(
    "/api/v1/assistants/<assistant_id>/phone-numbers/<phone_number_id>/unassign",
    responses=UNASSIGNED,
    tags=_TAGS,
)
def unassign_number(assistant_id: AssistantId, phone_number_id: NumberId) -> Response[Any]:
    """Take a number from an assistant."""
    organization_id = edge.authorized(api, "numbers:write")
    return _unassigned(organization_id, phone_number_id, assistant_id)


@api.post(
    "/api/v1/assistants/phonenumbers/<phone_number_id>/assign", responses=ASSIGNED, tags=_TAGS
)
def assign_number_to(
    phone_number_id: NumberId, body: Annotated[AnsweringBody, Body()]
) -> Response[Any]:
    """Give a number to an assistant, as the published JavaScript client asks for it."""
    organization_id = edge.authorized(api, "numbers:write")
    return _assigned(organization_id, body.assistant_id, phone_number_id)


@api.post(
    "/api/v1/assistants/phonenumbers/<phone_number_id>/unassign", responses=UNASSIGNED, tags=_TAGS
)
def unassign_number_from_any(phone_number_id: NumberId) -> Response[Any]:
    """Take a number from its assistant, as the published JavaScript client asks for it."""
    organization_id = edge.authorized(api, "numbers:write")
    return _unassigned(organization_id, phone_number_id, None)


@api.post(
    "/api/v1/assistants/<assistant_id>/phone-numbers/bulk-assign",
    responses=description.replies(BulkReply, AssistantNotFound),
    tags=_TAGS,
)
def assign_many_numbers(
    assistant_id: AssistantId,
    body: Annotated[
        list[Annotated[StrictInt, Field(ge=1, le=LAST_ID)]],
        Body(max_length=bulk.MOST, examples=[[14155550100, 14155550101]]),
    ],
) -> Response[Any]:
    """Give up to 1000 numbers to an assistant, and say what became of each."""
    organization_id = edge.authorized(api, "numbers:write")
    done = bulk.assign_all(edge.current_app(api), organization_id, assistant_id, body)
    return edge.answer(200, bulk_reply(done))


@api.post(
    "/api/v1/assistants/<assistant_id>/phone-numbers/assign-by-number",
    responses=ASSIGNED,
    tags=_TAGS,
)
def assign_by_number(
    assistant_id: AssistantId, body: Annotated[AssignByNumberBody, Body()]
) -> Response[Any]:
    """Give a number to an assistant; take it over first if only the carrier knows it."""
    organization_id = edge.authorized(api, "numbers:write")
    number, assistant, was_synced = assigning.assign_by_number(
        edge.current_app(api),
        organization_id,
        assistant_id,
        body.phone_number,
        body.friendly_name,
        body.auto_sync,
    )
    return edge.answer(200, assignment_reply("assigned to", number, assistant, was_synced))


@api.post(
    "/api/v1/assistants/<assistant_id>/phone-numbers/unassign-by-number",
    responses=UNASSIGNED,
    tags=_TAGS,
)
def unassign_by_number(
    assistant_id: AssistantId, body: Annotated[ByNumberBody, Body()]
) -> Response[Any]:
    """Take a number from an assistant."""
    organization_id = edge.authorized(api, "numbers:write")
    app = edge.current_app(api)
    number, assistant = assigning.unassign_by_number(
        app, organization_id, assistant_id, body.phone_number
    )
    return edge.answer(200, assignment_reply("unassigned from", number, assistant))


def _assigned(organization_id: int, assistant_id: int, number_id: int) -> Response[Any]:
    app = edge.current_app(api)
    number, assistant = assigning.assign(app, organization_id, assistant_id, number_id)
    return edge.answer(200, assignment_reply("assigned to", number, assistant))


def _unassigned(organization_id: int, number_id: int, assistant_id: int | None) -> Response[Any]:
    number, assistant = assigning.unassign(
        edge.current_app(api), organization_id, number_id, assistant_id
    )
    return edge.answer(200, assignment_reply("unassigned from", number, assistant))
