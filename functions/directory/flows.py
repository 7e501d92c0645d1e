"""/api/v1/flows: conversation graphs over assistants."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from pydantic import ConfigDict, Field, StrictBool, StrictInt, StrictStr

from switchboard import description, edge
from switchboard.directory import flows
from switchboard.errors import AssistantNotFound, Conflict, FlowNotFound, InvalidSettings, NotFound
from switchboard.ids import LAST_ID
from switchboard.replies.common import Done
from switchboard.replies.flows import FlowReply, flow_reply
from switchboard.request_model import RequestModel

from .inputs import FlowId, SliceQuery, page, slice_of

api = APIGatewayRouter()

_TAGS = ["Flows"]
_GRAPH: dict[str, Any] = {
    "begin_node": "greet",
    "nodes": {
        "greet": {
            "type": "conversation",
            "prompt": "Greet the caller and ask what they need.",
            "transitions": [{"kind": "prompt", "to": "book", "when": "They want to book."}],
        },
        "book": {"type": "conversation", "prompt": "Take the booking."},
    },
}

_Base = Annotated[StrictInt | None, Field(ge=1, le=LAST_ID)]


class FlowBody(RequestModel):
    """What shall become different in a flow."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Bookings by night"}]})

    # A factory, for "" stands for "not given" and is not a name that anybody may send.
    name: Annotated[StrictStr, Field(default_factory=str, min_length=1, max_length=255)]
    base_assistant_id: _Base = None
    graph: dict[str, Any] | None = None
    is_active: StrictBool = True


class NewFlowBody(FlowBody):
    """A new flow; without a base it gets an assistant of its own."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "Bookings", "base_assistant_id": 3001, "graph": _GRAPH}]
        }
    )

    name: Annotated[StrictStr, Field(min_length=1, max_length=255)]


class FlowsQuery(SliceQuery):
    """Which flows."""

    limit: Annotated[int, Field(ge=1, le=500)] = 100
    active_only: bool = True


@api.post(
    "/api/v1/flows",
    responses=description.replies(
        FlowReply, AssistantNotFound, InvalidSettings, NotFound, Conflict, status=201
    ),
    tags=_TAGS,
)
def create_flow(body: Annotated[NewFlowBody, Body()]) -> Response[Any]:
    """Make a flow; `warnings` tells what in its graph looks like a mistake."""
    organization_id = edge.authorized(api, "assistants:write")
    given = body.model_dump(exclude_unset=True)
    return edge.answer(201, flow_reply(flows.create(edge.current_app(api), organization_id, given)))


@api.get("/api/v1/flows", responses=description.list_of(FlowReply), tags=_TAGS)
def list_flows(query: Annotated[FlowsQuery, Query()]) -> Response[Any]:
    """List flows, oldest first, in parts: X-Next-Cursor says where the next one begins."""
    organization_id = edge.authorized(api, "assistants:read")
    wanted = slice_of(query, query.limit, active_only=query.active_only)
    found, last = flows.page(edge.current_app(api), organization_id, wanted)
    return page([flow_reply(it) for it in found], last)


@api.get(
    "/api/v1/flows/<flow_id>", responses=description.replies(FlowReply, FlowNotFound), tags=_TAGS
)
def get_flow(flow_id: FlowId) -> Response[Any]:
    """Show a flow."""
    organization_id = edge.authorized(api, "assistants:read")
    return edge.answer(200, flow_reply(flows.find(edge.current_app(api), organization_id, flow_id)))


@api.put(
    "/api/v1/flows/<flow_id>",
    responses=description.replies(
        FlowReply, FlowNotFound, AssistantNotFound, InvalidSettings, Conflict
    ),
    tags=_TAGS,
)
def update_flow(flow_id: FlowId, body: Annotated[FlowBody, Body()]) -> Response[Any]:
    """Put what is given in place of what was. The flow's numbers follow."""
    organization_id = edge.authorized(api, "assistants:write")
    given = body.model_dump(exclude_unset=True)
    changed = flows.change(edge.current_app(api), organization_id, flow_id, given)
    return edge.answer(200, flow_reply(changed))


@api.delete(
    "/api/v1/flows/<flow_id>",
    responses=description.replies(Done, FlowNotFound, Conflict),
    tags=_TAGS,
)
def delete_flow(flow_id: FlowId) -> Response[Any]:
    """Delete a flow. Its numbers stay, and nobody answers them; its base assistant stays."""
    organization_id = edge.authorized(api, "assistants:write")
    gone = flows.delete(edge.current_app(api), organization_id, flow_id)
    message = f"Flow '{gone.name}' deleted successfully"
    return edge.answer(200, {"success": True, "message": message})
