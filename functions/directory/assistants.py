"""/api/v1/assistants: what answers an organization's calls."""

from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Query
from aws_lambda_powertools.event_handler.router import APIGatewayRouter
from pydantic import Field

from switchboard import description, edge
from switchboard.directory import assistants
from switchboard.errors import (
    AssistantNotFound,
    Conflict,
    InvalidNumber,
    InvalidSettings,
    NotFound,
)
from switchboard.replies.assistants import AssistantCount, AssistantReply, assistant_reply
from switchboard.replies.common import Done

from .assistant_bodies import AssistantBody, NewAssistantBody
from .inputs import AssistantId, SliceQuery, page, slice_of

api = APIGatewayRouter()

_TAGS = ["Assistants"]
_CHANGED = description.replies(
    AssistantReply, AssistantNotFound, InvalidNumber, InvalidSettings, Conflict
)


class AssistantsQuery(SliceQuery):
    """Which assistants."""

    limit: Annotated[int, Field(ge=1, le=1000)] = 100
    active_only: bool = False
    my_assistants_only: Annotated[
        bool, Field(description="Accepted: all of them are the organization's.")
    ] = False
    include_stats: Annotated[
        bool, Field(description="Accepted: see GET /api/v1/calls/stats for figures.")
    ] = False


@api.post(
    "/api/v1/assistants",
    responses=description.replies(
        AssistantReply, InvalidNumber, InvalidSettings, NotFound, status=201
    ),
    tags=_TAGS,
)
def create_assistant(body: Annotated[NewAssistantBody, Body()]) -> Response[Any]:
    """Make an assistant. Settings that we do not know are stored and shown as they came."""
    organization_id = edge.authorized(api, "assistants:write")
    made = assistants.create(edge.current_app(api), organization_id, body.given())
    return edge.answer(201, assistant_reply(made))


@api.get("/api/v1/assistants", responses=description.list_of(AssistantReply), tags=_TAGS)
def list_assistants(query: Annotated[AssistantsQuery, Query()]) -> Response[Any]:
    """List assistants, oldest first, in parts: X-Next-Cursor says where the next one begins."""
    organization_id = edge.authorized(api, "assistants:read")
    wanted = slice_of(query, query.limit, active_only=query.active_only)
    found, last = assistants.page(edge.current_app(api), organization_id, wanted)
    return page([assistant_reply(it) for it in found], last)


@api.get("/api/v1/assistants/count", responses=description.replies(AssistantCount), tags=_TAGS)
def count_assistants(active_only: Annotated[bool, Query()] = False) -> Response[Any]:
    """Count assistants."""
    organization_id = edge.authorized(api, "assistants:read")
    count = assistants.count(edge.current_app(api), organization_id, active_only=active_only)
    return edge.answer(200, {"count": count})


@api.get(
    "/api/v1/assistants/<assistant_id>",
    responses=description.replies(AssistantReply, AssistantNotFound),
    tags=_TAGS,
)
def get_assistant(assistant_id: AssistantId) -> Response[Any]:
    """Show an assistant."""
    organization_id = edge.authorized(api, "assistants:read")
    found = assistants.find(edge.current_app(api), organization_id, assistant_id)
    return edge.answer(200, assistant_reply(found))


@api.put("/api/v1/assistants/<assistant_id>", responses=_CHANGED, tags=_TAGS)
def replace_assistant(
    assistant_id: AssistantId, body: Annotated[AssistantBody, Body()]
) -> Response[Any]:
    """Put each setting that is given in place of the old one. Its numbers follow."""
    organization_id = edge.authorized(api, "assistants:write")
    return _change(organization_id, assistant_id, body, merge=False)


@api.patch("/api/v1/assistants/<assistant_id>", responses=_CHANGED, tags=_TAGS)
def update_assistant(
    assistant_id: AssistantId, body: Annotated[AssistantBody, Body()]
) -> Response[Any]:
    """Merge settings into an assistant's, at every depth. Its numbers follow."""
    organization_id = edge.authorized(api, "assistants:write")
    return _change(organization_id, assistant_id, body, merge=True)


@api.patch(
    "/api/v1/assistants/<assistant_id>/status",
    responses=description.replies(AssistantReply, AssistantNotFound, Conflict),
    tags=_TAGS,
)
def switch_assistant(
    assistant_id: AssistantId, is_active: Annotated[bool, Query(examples=[False])]
) -> Response[Any]:
    """Let an assistant take calls, or send its callers to its fallback."""
    organization_id = edge.authorized(api, "assistants:write")
    app = edge.current_app(api)
    changed = assistants.set_active(app, organization_id, assistant_id, is_active)
    return edge.answer(200, assistant_reply(changed))


@api.delete(
    "/api/v1/assistants/<assistant_id>",
    responses=description.replies(Done, AssistantNotFound, Conflict),
    tags=_TAGS,
)
def delete_assistant(assistant_id: AssistantId) -> Response[Any]:
    """Delete an assistant. Its numbers stay, unassigned; its calls keep its name."""
    organization_id = edge.authorized(api, "assistants:write")
    gone = assistants.delete(edge.current_app(api), organization_id, assistant_id)
    message = f"Assistant '{gone.name}' deleted successfully"
    return edge.answer(200, {"success": True, "message": message})


def _change(
    organization_id: int, assistant_id: int, body: AssistantBody, *, merge: bool
) -> Response[Any]:
    app = edge.current_app(api)
    changed = assistants.change(app, organization_id, assistant_id, body.given(), merge=merge)
    return edge.answer(200, assistant_reply(changed))
