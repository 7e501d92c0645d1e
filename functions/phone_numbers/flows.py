"""Which flow answers a number."""

from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayRouter

from switchboard import description, edge
from switchboard.errors import (
    AssistantNotFound,
    Conflict,
    FlowNotFound,
    NumberAssigned,
    NumberNotFound,
    NumberNotHeld,
    NumberNotReady,
)
from switchboard.numbers import assigning
from switchboard.replies.numbers import BindingReply, binding_reply

from .inputs import FlowId, NumberId

api = APIGatewayRouter()


@api.post(
    "/api/v1/flows/<flow_id>/phone-numbers/<phone_number_id>/assign",
    responses=description.replies(
        BindingReply,
        FlowNotFound,
        AssistantNotFound,
        NumberNotFound,
        NumberAssigned,
        NumberNotReady,
        NumberNotHeld,
        Conflict,
        *description.CARRIER,
    ),
    tags=["Number assignment"],
)
def assign_number_to_flow(flow_id: FlowId, phone_number_id: NumberId) -> Response[Any]:
    """Let a flow answer a number, in place of the assistant that had it."""
    organization_id = edge.authorized(api, "numbers:write")
    app = edge.current_app(api)
    number, flow = assigning.bind(app, organization_id, flow_id, phone_number_id)
    return edge.answer(200, binding_reply("assigned to", number, flow))


@api.post(
    "/api/v1/flows/<flow_id>/phone-numbers/<phone_number_id>/unassign",
    responses=description.replies(
        BindingReply, FlowNotFound, NumberNotFound, NumberNotReady, Conflict
    ),
    tags=["Number assignment"],
)
def unassign_number_from_flow(flow_id: FlowId, phone_number_id: NumberId) -> Response[Any]:
    """Take a number from a flow; nobody answers it then."""
    organization_id = edge.authorized(api, "numbers:write")
    app = edge.current_app(api)
    number, flow = assigning.unbind(app, organization_id, flow_id, phone_number_id)
    return edge.answer(200, binding_reply("unassigned from", number, flow))
